"""Rate limits, several windows at once. The vendor documents that there are limits and none of their numbers."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Final

_UNITS: Final = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}


def parse_limit(text: str) -> tuple[int, float]:
    """Calls and seconds of a limit such as "10/second"."""
    match = re.fullmatch(r"([1-9]\d*)/(second|minute|hour|day)", text)
    if match is None:
        raise ValueError(f"a limit is written as '10/second', '100/minute', '5000/hour' or '2000/day', not {text!r}")
    return int(match[1]), _UNITS[match[2]]


class RateLimiter:
    """Admits a call when every window has room. A refused call takes none."""

    def __init__(self, limits: tuple[str, ...], now: Callable[[], float]) -> None:
        self._now = now
        self._windows = [(*parse_limit(limit), deque[float]()) for limit in limits]

    def wait(self) -> float:
        """Take room for one call and return 0, or return the seconds until there is room."""
        now = self._now()
        waits = [0.0]
        for calls, seconds, times in self._windows:
            while times and times[0] <= now - seconds:
                times.popleft()
            if len(times) >= calls:
                waits.append(times[0] + seconds - now)
        if len(waits) == 1:
            for _, _, times in self._windows:
                times.append(now)
        return max(waits)
