"""Reading the credits page: what is left, for both plan families. Pure.

Prospect plans count what was used of an allowance (``contactsView`` of ``maxContacts``, the latter a string;
``directDials`` of ``maxDirectDials``); the others tell one number, ``remainingCredits``, which may be fractional.
Export credits are told nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_POOL = "remainingCredits"
_EMAILS = ("contactsView", "maxContacts")
_PHONES = ("directDials", "maxDirectDials")


@dataclass(frozen=True)
class Counter:
    """What is used of an allowance, in credits. None: not told, or no number."""

    used: float | None
    most: float | None

    @property
    def left(self) -> float | None:
        """What is not used yet, never less than nothing."""
        return None if self.used is None or self.most is None else max(0.0, self.most - self.used)


@dataclass(frozen=True)
class Balance:
    """A credits answer. ``plan`` is the family it is the answer of; None where it is of neither, or of both."""

    plan: str | None = None
    pool: float | None = None
    emails: Counter | None = None
    phones: Counter | None = None


def read_balance(document: Mapping[str, Any]) -> Balance:
    """The balance in a credits answer, at its top or one object further down."""
    inner = [value for value in document.values() if isinstance(value, Mapping)]
    for found in (document, *inner):
        pool = _POOL in found
        standard = any(name in found for name in (*_EMAILS, *_PHONES))
        if pool or standard:
            return Balance(
                plan=None if pool and standard else "multi_provider" if pool else "standard",
                pool=_number(found.get(_POOL)),
                emails=_counter(found, *_EMAILS),
                phones=_counter(found, *_PHONES),
            )
    return Balance()


def _counter(found: Mapping[str, Any], used: str, most: str) -> Counter | None:
    return Counter(_number(found.get(used)), _number(found.get(most))) if used in found or most in found else None


def _number(value: object) -> float | None:
    """A finite number, or a text that is one ("1,000" too)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value.replace(",", "")) if isinstance(value, str) else float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
