"""Caps on what may be bought, and whether one more purchase fits. Pure.

What counts against a cap is the most that can be charged: settled calls by their upper bound, all that is reserved,
sent, accepted or in doubt by its worst case. Amounts are 1/100 of their unit; units never mix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a cap sums over."""

    RUN = "run"
    DAY = "day"  # UTC


@dataclass(frozen=True)
class Cap:
    """At most ``amount`` (1/100 ``unit``) in a ``scope``; ``setting`` names where the user set it."""

    setting: str
    scope: Scope
    unit: str
    amount: int


class Headroom:
    """What is left under each cap, while purchases are reserved one after the other."""

    def __init__(self, caps: Sequence[Cap], used: Mapping[Cap, int]) -> None:
        self._left = {cap: cap.amount - used[cap] for cap in caps}
        #: the cap that last refused a purchase
        self.refused_by: Cap | None = None

    def take(self, unit: str, worst: int) -> bool:
        """Reserve ``worst`` under every cap of the unit, or nothing at all."""
        concerned = [cap for cap in self._left if cap.unit == unit]
        for cap in concerned:
            if self._left[cap] < worst:
                self.refused_by = cap
                return False
        for cap in concerned:
            self._left[cap] -= worst
        return True
