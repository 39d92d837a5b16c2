"""Reading what is left on the account. Pure.

Wire fact: ``/check-balance`` answers ``{"credits": <number>}`` (OpenAPI, newer snapshots only).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sources.documents import NotJson, parse
from sources.sixtyfour.amounts import CENT, CREDIT, hundredths

#: cents of one credit: no page states it (see `sources.sixtyfour.amounts`)
CENTS_A_CREDIT = CREDIT // CENT


@dataclass(frozen=True)
class Balance:
    """What is left, in 1/100 credit, and the same in 1/100 cent as far as the rate is known; None: not told."""

    credits: int | None

    @property
    def cents(self) -> int | None:
        """In 1/100 cent, the unit of charges."""
        return None if self.credits is None else self.credits * CENTS_A_CREDIT


def read_balance(body: bytes) -> Balance | None:
    """The balance of an answer; None where it is none, such as the start page of a web application."""
    try:
        document: Any = parse(body)
    except NotJson:
        return None
    if not isinstance(document, dict) or "credits" not in document:
        return None
    told = document["credits"]
    below = isinstance(told, int | float) and not isinstance(told, bool) and told < 0
    bounds = hundredths(-told if below else told, 100)
    if bounds is None:
        return Balance(None)
    return Balance(-bounds[1] if below else bounds[0])
