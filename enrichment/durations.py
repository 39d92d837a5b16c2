"""How long jobs of one operation take, learned from the jobs before. Pure: no clock, no I/O.

Ages are seconds since a job was accepted. A webhook tells a job's end exactly. A poll tells only on which side of an
age it lies: not ended at one, ended by another. So an age is judged as by a trial: of the jobs known to have ended by
then or later, how many were later? The least age that all but a twentieth had ended by is when to ask.

The last hundred ends count, so that a vendor that becomes slower or faster is followed: slower at once, for each poll
that comes too early says so; faster by jobs that are asked about earlier than usual, now and then (`early`). Jobs that
never end say nothing of the others, once it is clear that they are stuck. What this comes to is in docs/adr/0006.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

#: ends remembered
WINDOW = 100
#: the share of jobs that may be asked about too early
TOO_EARLY = 0.05
#: jobs that must have ended by an age, or after one, before that is believed
ENOUGH = 3
#: where every age known is too early: so many times the largest
FURTHER = 1.5
#: a job is stuck, and not one of many that take longer: so many polls had no news while so many other jobs ended
STUCK, OVERTAKEN = 3, 5
#: where so many of the last so many jobs had not ended when they were first asked about, all take longer
SLUMP, TRIALS = 6, 8
#: the share of stuck jobs is believed up to here
MOST_STUCK = 0.5
#: asking earlier than usual begins once so many ends are known, and goes down to this part of the usual age at a time
SETTLED, STEP = 16, 0.25
#: it stops within so many times of an age known to be too early, but for those that the usual age itself has met
CLOSE, NEAR = 1.2, 1.05
#: the longest counts up to so many times the third longest: a single one is no measure for the others
OUTLIER, THIRD = 3.0, 3
#: while fewer ends than so many are known, the longest of all may be so many times as long
FEW, FEW_FURTHER = 8, 2.0


@dataclass(frozen=True)
class End:
    """A job's end: after the age ``after``, at ``by`` at the latest. Equal: exactly then."""

    after: float
    by: float


@dataclass
class _Asked:
    """A job asked about without news: its age the first time and the last, how often; ends seen before the first."""

    first: float
    seen: int
    last: float = 0.0
    times: int = 0
    stuck: bool = False


class Durations:
    """What is known of how long jobs take. ``unfinished``: the largest age at which one had not ended."""

    def __init__(self, ends: Iterable[End] = (), unfinished: float = 0.0) -> None:
        self._ends = deque(ends, maxlen=WINDOW)
        self._asked: dict[str, _Asked] = {}
        #: of the jobs whose fate is known, whether they are stuck
        self._fates: deque[bool] = deque(maxlen=WINDOW)
        #: the last jobs to be asked about for the first time (or to need no poll): at which age, whether they had ended
        self._trials: deque[tuple[float, bool]] = deque(maxlen=TRIALS)
        self._seen = 0
        self._floor, self._floor_until = 0.0, 0
        self.unfinished = unfinished
        #: what follows from all this, until something is added to it
        self._reckoned: dict[str, float | None] = {}

    @property
    def ends(self) -> tuple[End, ...]:
        """What is remembered, oldest first."""
        return tuple(self._ends)

    @property
    def known(self) -> int:
        """How many ends are remembered."""
        return len(self._ends)

    def missed(self, job: str, age: float) -> None:
        """A poll at ``age`` had no news."""
        if job not in self._asked:
            self._asked[job] = _Asked(first=age, seen=self._seen)
            self._tried(age, ended=False)
        asked = self._asked[job]
        asked.last = age
        asked.times += 1
        self.unfinished = max(self.unfinished, age)
        self._reckoned.clear()
        if not asked.stuck and asked.times >= STUCK and self._seen - asked.seen >= OVERTAKEN:
            asked.stuck = True
            self._fates.append(True)

    def ended(self, job: str, age: float, *, exactly: bool = False) -> None:
        """A job is known to have ended by ``age``, or at it."""
        asked = self._asked.pop(job, None)
        if asked is None:
            self._tried(age, ended=True)
        after = age if exactly else min(asked.last, age) if asked is not None else 0.0
        self._ends.append(End(after, age))
        self._fates.append(False)
        self._seen += 1
        self._reckoned.clear()

    def _tried(self, age: float, *, ended: bool) -> None:
        """A job was asked about for the first time. Where most of the last ones had not ended, all take longer now:
        ages known from better times do not count for a while.
        """
        self._trials.append((age, ended))
        early = [age for age, ended in self._trials if not ended]
        if len(early) >= SLUMP:
            self._floor, self._floor_until = FURTHER * max(early), self._seen + SETTLED
            self._trials.clear()

    def forget(self, job: str) -> None:
        """Nothing more will be heard of a job."""
        self._asked.pop(job, None)
        self._reckoned.clear()

    @property
    def usual(self) -> float | None:
        """The age by which nearly all jobs have ended; None while no end is known."""
        if "usual" not in self._reckoned:
            self._reckoned["usual"] = self._reckon_usual()
        return self._reckoned["usual"]

    @property
    def longest(self) -> float | None:
        """The longest that jobs are known to take, single ones far beyond the others aside; None while none is known.

        Longer still where some that have not ended take longer.
        """
        if "longest" not in self._reckoned:
            self._reckoned["longest"] = self._reckon_longest()
        return self._reckoned["longest"]

    def _reckon_usual(self) -> float | None:
        by = sorted(end.by for end in self._ends)
        exact = sorted(end.by for end in self._ends if end.after == end.by)
        too_early = self._too_early()
        floor = self._floor if self._seen < self._floor_until else 0.0
        for age in by:
            ended = bisect_right(by, age)
            later = len(exact) - bisect_right(exact, age) + len(too_early) - bisect_left(too_early, age)
            if ended >= min(ENOUGH, len(by)) and later <= TOO_EARLY * (ended + later):
                return max(age, floor)
        return max(too_early[-1] * FURTHER, floor) if by else None

    def _reckon_longest(self) -> float | None:
        proven = sorted(end.by for end in self._ends if end.after > 0)
        if not proven:
            return None
        longest = min(proven[-1], OUTLIER * proven[-min(THIRD, len(proven))])
        longest *= FEW_FURTHER if len(proven) < FEW else 1.0
        later = max(self._open(), default=0.0)
        return longest if later < longest else later * FURTHER

    def _too_early(self) -> list[float]:
        """Ages that polls found too early, ascending."""
        return sorted([*(end.after for end in self._ends if end.after < end.by), *self._open()])

    def _open(self) -> list[float]:
        """The ages at which jobs that have not ended were first asked, ascending, but for as many as will be stuck."""
        recent = [a.first for a in self._asked.values() if not a.stuck and self._seen - a.seen < WINDOW]
        stuck = min(sum(self._fates), MOST_STUCK * len(self._fates))
        return sorted(recent)[: max(0, len(recent) - round(stuck))]

    def later_than(self, age: float) -> float | None:
        """The age by which most of those had ended that took longer than ``age``; None: too few are known."""
        by = sorted(end.by for end in self._ends if age <= end.after * NEAR)
        return by[len(by) * 4 // 5] if len(by) >= ENOUGH else None

    @property
    def early(self) -> float | None:
        """An age earlier than usual that is worth a try; None where the usual one is known to be hardly too late."""
        usual = self.usual
        if usual is None or self.known < SETTLED:
            return None
        too_early = max((age for age in self._too_early() if age * NEAR < usual), default=0.0)
        return None if too_early * CLOSE >= usual else math.sqrt(max(too_early, usual * STEP) * usual)

    def as_json(self) -> dict[str, Any]:
        """What the next run should know."""
        ends = [[round(end.after, 3), round(end.by, 3)] for end in self._ends]
        return {"ends": ends, "unfinished": round(self.unfinished, 3)}

    @classmethod
    def from_json(cls, document: Any) -> Durations:
        """What an earlier run knew; nothing, where that is not what `as_json` makes."""
        try:
            ends = [End(float(after), float(by)) for after, by in document["ends"]]
            unfinished = float(document["unfinished"])
        except (TypeError, ValueError, KeyError):
            return cls()
        if not all(0 <= end.after <= end.by < math.inf for end in ends) or not 0 <= unfinished < math.inf:
            return cls()
        return cls(ends, unfinished)
