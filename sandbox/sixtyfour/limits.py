"""The rate limit of a key and the headers that tell of it (errors page: 500 a minute, X-RateLimit-*)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.sixtyfour.switches import SixtyfourSwitches

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a call may go on: ``wait`` is 0 then, else the seconds until there is room."""

    wait: float
    headers: Headers = ()


class RateGate:
    """Counts the calls of the minute, be it of the clock or the last sixty seconds. ``now`` is the clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._times: deque[float] = deque()

    def admit(self, switches: SixtyfourSwitches, *, counted: bool) -> Admission:
        """Take room for one call, unless it does not count; a refused call takes none."""
        limit, length, now = switches.sixtyfour_rate_limit, switches.sixtyfour_rate_seconds, self._now()
        if limit <= 0 or length <= 0 or not counted:
            return Admission(0.0)
        fixed = switches.sixtyfour_rate_window == "fixed"
        begin = now // length * length if fixed else now - length
        while self._times and self._times[0] < begin:
            self._times.popleft()
        full = len(self._times) >= limit
        if not full:
            self._times.append(now)
        reset = (begin if fixed else self._times[0]) + length
        remaining = limit - len(self._times)
        return Admission(max(reset - now, 0.001) if full else 0.0, _headers(switches, remaining, reset, now))


def _headers(switches: SixtyfourSwitches, remaining: int, reset: float, now: float) -> Headers:
    if not switches.sixtyfour_rate_headers:
        return ()
    told = [
        (b"x-ratelimit-limit", b"%d" % switches.sixtyfour_rate_limit),
        (b"x-ratelimit-remaining", b"%d" % max(0, remaining)),
    ]
    match switches.sixtyfour_rate_reset:
        case "seconds":
            told.append((b"x-ratelimit-reset", b"%d" % math.ceil(reset - now)))
        case "epoch":
            told.append((b"x-ratelimit-reset", b"%d" % math.ceil(reset)))
    return tuple(told)
