"""Whether and when to send a repeatable request again, as a value: nothing here sleeps or sends.

Only free or metered-but-harmless requests (search, track, credits) ever get here. A paid request has no back-off
of its own: the ledger decides what becomes of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from sources.clock import Dice

#: Statuses after which the very same repeatable request may succeed.
RETRYABLE = frozenset({408, 425, 429, *range(500, 600)})
#: The longest `Retry-After` believed, in seconds: more is cut to it, so that a far end with a wrong clock is not waited
#: for through weeks.
LONGEST = 2 * 86_400.0


@dataclass(frozen=True)
class Backoff:
    """Exponential delays, the upper half of each left to chance, inside a budget of time (all in seconds)."""

    budget: float = 120.0
    first: float = 0.5
    largest: float = 30.0

    def delay(self, attempt: int, elapsed: float, retry_after: float | None, dice: Dice) -> float | None:
        """Seconds to wait before attempt ``attempt + 1`` (attempts count from 1), or None to give up.

        ``elapsed`` is what the attempts and waits so far have taken. A `Retry-After` is a floor, never shortened.
        """
        ceiling: float = min(self.largest, self.first * 2.0 ** (attempt - 1))
        wait = ceiling * (0.5 + 0.5 * dice.random())
        if retry_after is not None:
            wait = max(wait, retry_after)
        return wait if elapsed + wait <= self.budget else None


#: No second attempt: whoever asks has better reasons to choose when.
ONCE = Backoff(budget=0.0)


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait by a `Retry-After` header (delta-seconds or HTTP date), or None where it says nothing usable.

    Clodura documents no such header; one public client reads it where present.
    """
    if value is None:
        return None
    try:
        seconds = float(value.strip())
    except ValueError:
        when = parse_http_date(value)
        if when is None:
            return None
        seconds = when - now
    return min(max(seconds, 0.0), LONGEST) if math.isfinite(seconds) else None


def parse_http_date(value: str | None) -> float | None:
    """Epoch seconds of an HTTP date (`Date`, `Retry-After`), or None where it is none."""
    try:
        when = parsedate_to_datetime((value or "").strip())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if when.tzinfo is None:  # the oldest form of date names no zone: HTTP knows UTC only
        when = when.replace(tzinfo=UTC)
    return when.timestamp()
