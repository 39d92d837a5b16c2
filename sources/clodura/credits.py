"""Reading the credits page: what is left, on both plan families. Pure.

Wire facts (the vendor's credits page, one tab a family): Prospect plans count what was used of an allowance,
``contactsView`` of ``maxContacts`` (a string) and ``directDials`` of ``maxDirectDials``; the others tell one number,
``remainingCredits``, which is fractional once addresses were verified. Export credits are told nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from sources.clodura.prices import CREDIT

_POOL = "remainingCredits"
_EMAILS = ("contactsView", "maxContacts")
_PHONES = ("directDials", "maxDirectDials")
#: "357", "356.96", "1,000", "-0.04"; more digits than any balance has are none
_AMOUNT = re.compile(r"-?(?:\d{1,3}(?:,\d{3}){1,4}|\d{1,15})(?:\.\d{1,30})?")


@dataclass(frozen=True)
class Counter:
    """What is used of an allowance, in 1/100 credit. None: not told, or no number."""

    used: int | None
    most: int | None

    @property
    def left(self) -> int | None:
        """What is not used yet, never less than nothing."""
        return None if self.used is None or self.most is None else max(0, self.most - self.used)


@dataclass(frozen=True)
class Balance:
    """A credits answer, in 1/100 credit; None: not told, or no number.

    ``plan`` is the family whose fields the answer holds ("standard" or "multi_provider"), None where it holds neither's
    or both. ``pool`` is what the single-pool plans have left, of everything; ``emails`` and ``phones`` are the counters
    of the Prospect plans.
    """

    plan: str | None = None
    pool: int | None = None
    emails: Counter | None = None
    phones: Counter | None = None


def read_balance(document: Mapping[str, Any]) -> Balance:
    """The balance in a credits answer, at its top or one object further down. Never raises."""
    inner = [value for value in document.values() if isinstance(value, Mapping)]
    for found in (document, *inner):
        pool = _POOL in found
        standard = any(name in found for name in (*_EMAILS, *_PHONES))
        if pool or standard:
            return Balance(
                plan=None if pool and standard else "multi_provider" if pool else "standard",
                pool=_hundredths(found.get(_POOL)),
                emails=_counter(found, *_EMAILS),
                phones=_counter(found, *_PHONES),
            )
    return Balance()


def _counter(found: Mapping[str, Any], used: str, most: str) -> Counter | None:
    if used not in found and most not in found:
        return None
    return Counter(_hundredths(found.get(used)), _hundredths(found.get(most)))


def _hundredths(value: object) -> int | None:
    """1/100 credits of a number, or of a text that is one; what is below 1/100 is not counted as there."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int) and abs(value) >= 10**15:
        return None  # Python writes no integer of more than 4,300 digits
    shown = value.strip() if isinstance(value, str) else format(Decimal(repr(value)), "f")
    if len(shown) > 50 or not _AMOUNT.fullmatch(shown):
        return None  # infinity and NaN too
    return int((Decimal(shown.replace(",", "")) * CREDIT).to_integral_value(ROUND_FLOOR))
