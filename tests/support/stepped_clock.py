"""A clock for tests that moves on by itself, only when everybody waits."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from itertools import count

import anyio
import anyio.lowlevel

EPOCH = 1_700_000_000.0


class SteppedClock:
    """Time that moves only when everybody sleeps, and then to the moment the first sleeper wakes.

    ``wall`` is what the machine's calendar clock shows at monotonic 0; tests set it back and forth.
    """

    def __init__(self, wall: float = EPOCH) -> None:
        self.wall = wall
        self.now = 0.0
        self._sleepers: list[tuple[float, int, anyio.Event]] = []
        self._order = count()

    def time(self) -> float:
        return self.wall + self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        # a real clock moves on by itself: so does this one, where a wait is too small to change its value
        until = max(self.now + seconds, self.now + 1e-6)
        woken = anyio.Event()
        heapq.heappush(self._sleepers, (until, next(self._order), woken))
        await woken.wait()

    async def run(self) -> None:
        """Move time on until cancelled."""
        while True:
            for _ in range(20):  # turns enough for everybody who can go on to come to their next wait
                await anyio.lowlevel.checkpoint()
            if self._sleepers:
                self.now = max(self.now, self._sleepers[0][0])
                while self._sleepers and self._sleepers[0][0] <= self.now:
                    heapq.heappop(self._sleepers)[2].set()


def play(clock: SteppedClock, story: Callable[[], Awaitable[None]]) -> None:
    """Run a story while the clock moves on by itself."""

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(clock.run)
            await story()
            tasks.cancel_scope.cancel()

    anyio.run(main)
