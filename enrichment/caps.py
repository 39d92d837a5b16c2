"""Caps on what may be bought, and whether one more purchase fits. Pure.

What counts against a cap is the most that can be charged: settled calls by their upper bound, all that is reserved,
sent, accepted or in doubt by its worst case. It counts at the time it was reserved. Amounts are 1/100 of their unit;
units never mix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

DAY = 86_400 * 1_000_000


class Scope(StrEnum):
    """What a cap sums over; days and months are UTC. Of one answer nothing is summed: it is who may be asked at all."""

    RUN = "run"
    DAY = "day"
    MONTH = "month"
    ANSWER = "answer"


@dataclass(frozen=True)
class Cap:
    """At most ``amount`` (1/100 ``unit``) in a ``scope``; ``setting`` names where the user set it.

    ``provider`` None: all providers that charge in that unit together.
    """

    setting: str
    scope: Scope
    unit: str
    amount: int
    provider: str | None = None

    def concerns(self, provider: str, unit: str) -> bool:
        """Whether a purchase from that provider in that unit counts."""
        return self.unit == unit and self.provider in (None, provider)


def start_of(scope: Scope, now: int) -> int:
    """When the day or month around ``now`` began, both in microseconds since the epoch."""
    if scope is Scope.DAY:
        return now - now % DAY
    day = datetime.fromtimestamp(now // 1_000_000, UTC)
    return round(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp()) * 1_000_000


class Headroom:
    """What is left under each cap, while purchases are reserved one after the other."""

    def __init__(self, caps: Sequence[Cap], used: Mapping[Cap, int]) -> None:
        self._left = {cap: cap.amount - used[cap] for cap in caps}
        #: the cap that last refused a purchase; of several, the one that leaves least
        self.refused_by: Cap | None = None

    def take(self, provider: str, unit: str, worst: int) -> bool:
        """Reserve ``worst`` under every cap that it concerns, or nothing at all."""
        concerned = [cap for cap in self._left if cap.concerns(provider, unit)]
        tight = [cap for cap in concerned if self._left[cap] < worst]
        if tight:
            self.refused_by = min(tight, key=lambda cap: self._left[cap])
            return False
        for cap in concerned:
            self._left[cap] -= worst
        return True
