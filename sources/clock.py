"""Time and chance, handed in: nothing below reads the machine's clock or dice by itself.

``time()`` is seconds since the epoch and may jump; ``monotonic()`` never goes back and is only good for differences.
"""

from __future__ import annotations

import random
import time as _time
from typing import Protocol

import anyio


class Clock(Protocol):
    """What the engine and the limits need of time."""

    def time(self) -> float:
        """Seconds since the epoch, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait without blocking the loop."""
        ...


class SystemClock:
    """The machine's own clock."""

    def time(self) -> float:
        """See `Clock.time`."""
        return _time.time()

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return _time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await anyio.sleep(max(0.0, seconds))


class Dice(Protocol):
    """The one thing that jitter needs of chance."""

    def random(self) -> float:
        """A number in [0, 1)."""
        ...


SYSTEM_CLOCK = SystemClock()
SYSTEM_DICE: Dice = random.Random()
