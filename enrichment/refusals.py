"""Polls that a vendor refuses or leaves unanswered: how long none is sent. Pure: the clock's seconds are handed in."""

from __future__ import annotations

import math

from enrichment.decisions import REFUSED
from sources.clock import Dice


class Refusals:
    """One provider's, in a row. Times are seconds of one clock."""

    def __init__(self) -> None:
        self.in_a_row = 0
        #: when the next poll may be sent
        self.until = -math.inf
        self._since = -math.inf

    def another(self, asked: float, now: float, dice: Dice) -> None:
        """A poll that was sent at ``asked`` was refused; those that were under way together count as one."""
        if asked >= self._since:
            self.in_a_row += 1
            self._since = now
            self.until = max(self.until, now + (REFUSED.delay(self.in_a_row, 0.0, None, dice) or 0.0))

    def over(self) -> None:
        """One was answered."""
        self.in_a_row = 0
