"""What 429s mean for the rate, as values: nothing here waits, sends or looks at a clock.

A vendor's own limit may be lower than the one configured, and it documents neither. So the share of the limits that is
made use of falls with 429s and comes back by itself: fast to where the last 429 came, slowly past it, then fast again
(as CUBIC does it for TCP, RFC 9438). A single 429 among good answers changes nothing: it is no message about the rate.
"""

from __future__ import annotations

import math
from enum import Enum

#: good answers after which a 429 counts as a single one
SINGLE = 10
#: what is left of the share after a 429: where it had come back, and where it had not
AGAIN, SOONER = 0.95, 0.7
#: a step, in seconds or good answers, the sooner: after one the share is back where it was cut, after three at 1
STEP_SECONDS, STEP_ANSWERS = 5.0, 50
STEPS = 3
#: seconds after the last 429 in which the whole rate is back, at the latest
RECOVERY = STEPS * STEP_SECONDS
#: the least share; of each window at least one request is left
LEAST = 0.05


class Refusal(Enum):
    """What a 429 says of the rate."""

    SINGLE = "single"  # nothing
    SLOWER = "slower"  # less of it is let through than is sent
    CLOSED = "closed"  # nothing is let through at all any more


class Throttle:
    """The share of the configured rate that is made use of, from the answers as they come. Times are monotonic."""

    def __init__(self) -> None:
        self._good = SINGLE  # answers since the last 429
        self._cut_at = -math.inf
        self._since_cut = 0  # good answers
        self._before = self._after = 1.0  # the share before and after the last cut
        self._refused_at = -math.inf

    def share(self, now: float) -> float:
        """The share to make use of: in (0, 1]."""
        steps = max((now - self._cut_at) / STEP_SECONDS, self._since_cut / STEP_ANSWERS)
        if steps >= STEPS:
            return 1.0
        if steps < 1:
            return self._before - (self._before - self._after) * (1 - steps) ** 3
        return self._before + (1 - self._before) * ((steps - 1) / (STEPS - 1)) ** 3

    def whole_in(self, now: float) -> float:
        """Seconds until the whole rate is back, if no 429 comes and no good answer either."""
        return max(0.0, self._cut_at + RECOVERY - now) if self.share(now) < 1.0 else 0.0

    def answered(self) -> None:
        """A request was answered by anything but 429."""
        self._good += 1
        self._since_cut += 1

    def refused(self, sent: float, now: float) -> Refusal:
        """A 429 came to a request that was sent at ``sent``."""
        if self._good >= SINGLE:
            refusal = Refusal.SINGLE
        elif self._good == 0 and sent >= self._refused_at:  # it left after the last 429, and none was answered since
            refusal = Refusal.CLOSED
        else:
            refusal = Refusal.SLOWER
        if refusal is not Refusal.SINGLE and sent >= self._cut_at:  # what left before a cut says nothing about it
            share = self.share(now)
            back = share >= self._before
            self._before, self._after = share, max(LEAST, share * (AGAIN if back else SOONER))
            self._cut_at, self._since_cut = now, 0
        self._good, self._refused_at = 0, now
        return refusal
