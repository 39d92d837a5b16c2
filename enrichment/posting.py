"""Whether a vendor's webhooks come, are late, or prove absent. Pure: the clock's seconds are handed in."""

from __future__ import annotations

import math
from enum import Enum, auto

#: results in a row that had to be fetched until webhooks may count as absent: before the first one came, after it
ABSENT_AFTER, ABSENT_AGAIN_AFTER = 3, 20
#: and so many times the grace must have passed since the first of them: a webhook may be later than the job's end
LATE = 4.0


class Posting(Enum):
    """What to expect of webhooks."""

    EXPECTED = auto()
    SUSPECT = auto()  # results had to be fetched; their webhooks may only be late
    ABSENT = auto()


class Webhooks:
    """Whether one provider's webhooks can be counted on. Times are seconds of one clock."""

    def __init__(self, *, receiving: bool, grace: float) -> None:
        self._receiving = receiving
        self._patience = LATE * grace
        self._need = ABSENT_AFTER
        self._fetched = 0
        self._since = 0.0

    def came(self) -> None:
        """One came."""
        self._need, self._fetched = ABSENT_AGAIN_AFTER, 0

    def fetched(self, now: float) -> None:
        """A result was there that no webhook had brought."""
        self._since = self._since if self._fetched else now
        self._fetched += 1

    def posting(self, now: float) -> Posting:
        """What to expect of them."""
        if not self._receiving:
            return Posting.ABSENT
        if self._fetched < self._need:
            return Posting.EXPECTED
        return Posting.SUSPECT if now < self._since + self._patience else Posting.ABSENT

    def judged_at(self, now: float) -> float:
        """When they will count as absent unless one comes; infinity where that is not in doubt."""
        return self._since + self._patience if self.posting(now) is Posting.SUSPECT else math.inf
