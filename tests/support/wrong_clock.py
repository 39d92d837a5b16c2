"""A clock that tests set forward and back; or one that runs as the machine's does, so much ahead of it."""

from __future__ import annotations

import anyio

from sources.clock import SystemClock

HOUR, DAY = 3600.0, 86_400.0


class HandClock:
    """Stands still until `pass_`; `wall` may be set to anything."""

    def __init__(self, wall: float) -> None:
        self.wall = wall
        self.steady = 0.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.steady

    async def sleep(self, seconds: float) -> None:
        self.pass_(seconds)
        await anyio.lowlevel.checkpoint()

    def pass_(self, seconds: float) -> None:
        """Time goes by."""
        self.wall += seconds
        self.steady += seconds


class ShiftedClock(SystemClock):
    """The machine's clock, ``ahead`` seconds of the right time (negative: behind)."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead

    def time(self) -> float:
        return super().time() + self.ahead


#: a prelude for a run whose clock is so many seconds ahead
SHIFTED = """
from sources.clock import SystemClock
def shifted(self, before=SystemClock.time):
    return before(self) + {ahead}
SystemClock.time = shifted
"""
