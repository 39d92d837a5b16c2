"""Which jobs of one operation to ask the vendor about, and when. Pure: the clock's seconds are handed in.

A call is precious, so a job is asked about once as a rule: at the age by which nearly all have ended
(`enrichment.durations`). While nothing is known of that, one job at a time is asked, at ages that double, and the
others wait for what it says. Where webhooks are expected, each job is left to its webhook for as long as any took, and
a grace.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from enrichment.durations import Durations
from enrichment.posting import Posting
from sources.clock import Dice

#: while fewer ends than so many are known, so many jobs are asked about at a time: what comes back concerns the rest
AT_A_TIME = ((3, 1), (8, 2), (20, 4))
MOST_AT_A_TIME = 16
#: one job of so many is asked about earlier than usual, to notice a vendor that has become faster
EARLY_EVERY = 8
#: while nothing is known, each age tried is so many times the one before
DOUBLE = 2.0
#: the pause after a poll without news: this part of the job's age, twice as much after each more; at most (seconds)
PAUSE, LONGEST_PAUSE = 0.25, 3600.0
#: it is at least the poll interval, or this (seconds) where that is longer
LEAST_PAUSE = 1.0
#: and up to this part longer, by chance
JITTER = 0.1
#: a job that had ended says how long they take if its answer came within so many times the age it was due at, or so
#: many seconds after that: one that waited for the rate limits does not
IN_TIME, IN_TIME_SECONDS = 1.25, 0.1


@dataclass
class Job:
    """A job that may be asked about. Times are seconds of one clock."""

    request_id: str
    tracking_id: str
    accepted: float
    #: accepted in this run: its age says how long jobs take, and its webhook would have reached us
    fresh: bool = True
    #: polls that had no news; those of them that came no earlier than nearly all jobs end
    polls: int = 0
    misses: int = 0
    #: when it was last asked about, the pause after that, when it may be asked again
    asked: float | None = None
    pause: float = 0.0
    again: float = 0.0
    #: the age it was due at, while it is being asked about
    due: float | None = None


class Schedule:
    """The open jobs of one operation. ``interval`` and ``grace`` in seconds, as the settings give them."""

    def __init__(self, durations: Durations, *, interval: float, grace: float, dice: Dice) -> None:
        self.durations = durations
        self._interval = interval
        self._grace = grace
        self._dice = dice
        self._waiting: dict[str, Job] = {}  # never asked about, oldest first
        self._scouts: dict[str, Job] = {}  # the same; these are asked early
        self._asked: dict[str, Job] = {}  # asked about without news, the longest ago first
        self._under_way: dict[str, Job] = {}
        self._added = 0

    def __len__(self) -> int:
        return sum(map(len, self._groups()))

    @property
    def under_way(self) -> int:
        """How many jobs are being asked about."""
        return len(self._under_way)

    def add(self, job: Job) -> None:
        """A job was accepted, after those added before it."""
        self._added += 1
        group = self._scouts if self._added % EARLY_EVERY == 0 else self._waiting
        (self._asked if job.polls else group)[job.request_id] = job

    def first(self, posting: Posting) -> float | None:
        """The age at which jobs are asked about for the first time; None: only single ones are, to find out."""
        if posting is Posting.ABSENT:
            return self.durations.usual
        longest = self.durations.longest
        return None if longest is None else longest + self._grace

    def expected(self, posting: Posting) -> float:
        """The age at which a job accepted now will be asked about, as far as is known: seconds."""
        return self.first(posting) or self._probe_age(posting) or self._grace

    def due(self, now: float, room: int, posting: Posting) -> list[Job]:
        """At most ``room`` jobs to ask about now; they are under way until `ended`, `missed`, `put_off` or `drop`."""
        first = self.first(posting)
        room = min(room, self._at_a_time() - len(self._under_way))
        ripe = self._probes(now, posting) if first is None else self._ripe(now, first, posting)
        chosen = list(islice(ripe, max(0, room)))
        for job, age in chosen:
            self._start(job, age)
        return [job for job, _ in chosen]

    def next_at(self, posting: Posting) -> float:
        """When the next job is due, as far as is known now; infinity while those under way must be heard first."""
        first = self.first(posting)
        if len(self._under_way) >= (1 if first is None else self._at_a_time()):
            return math.inf
        if first is None:
            probe, age = self._probe(), self._probe_age(posting)
            return math.inf if probe is None or age is None else max(probe.accepted + age, probe.again)
        times = [self._again(job, first) for job in self._asked.values()]
        times += [head.accepted + age for group, age in self._never_asked(first, posting) for head in _head(group)]
        return min(times, default=math.inf)

    def worth_asking(self, now: float) -> tuple[list[Job], list[Job]]:
        """Before a run ends: jobs never asked about, and those asked so long ago that half of their pause is over.

        Both oldest first: where the older ones have not ended, the younger ones hardly have.
        """
        never = [j for group in (self._waiting, self._scouts) for j in group.values() if self.may_have_ended(j, now)]
        asked = [job for job in self._asked.values() if job.asked is None or now >= job.asked + job.pause / 2]
        return sorted(never, key=_accepted), sorted(asked, key=_accepted)

    def may_have_ended(self, job: Job, now: float) -> bool:
        """False while no job is known to have ended, and another had not at this one's age."""
        return self.durations.usual is not None or now - job.accepted > self.durations.unfinished

    def ask(self, job: Job) -> None:
        """A job is asked about now, due or not."""
        self._start(job, None)

    def ended(self, job: Job, asked: float, answered: float) -> None:
        """A job asked about at ``asked`` had ended."""
        self._under_way.pop(job.request_id, None)
        in_time = math.inf if job.due is None or job.polls else max(job.due * IN_TIME, job.due + IN_TIME_SECONDS)
        if job.fresh and answered - job.accepted <= in_time:
            self.durations.ended(job.request_id, asked - job.accepted)
        else:
            self.durations.forget(job.request_id)

    def posted(self, request_id: str, now: float) -> None:
        """A job's webhook came and says that it ended."""
        for group in (*self._groups(), self._under_way):
            job = group.pop(request_id, None)
            if job is not None and job.fresh:
                self.durations.ended(request_id, max(0.0, now - job.accepted), exactly=True)

    def missed(self, job: Job, asked: float, posting: Posting) -> None:
        """A job asked about at ``asked`` had no news: it is asked again later, and each time later still."""
        age, first = asked - job.accepted, self.first(posting)
        job.polls += 1
        job.misses += first is not None and age >= first
        if job.fresh:
            self.durations.missed(job.request_id, age)
        later = self.durations.later_than(age)
        pause = max(PAUSE * age * 2.0 ** max(0, job.misses - 1), 0.0 if later is None else later - age)
        self.put_off(job, asked, pause)

    def put_off(self, job: Job, now: float, pause: float) -> None:
        """A job is not asked about for ``pause`` seconds: nothing is known of it."""
        self.drop(job.request_id)
        job.asked = now
        job.pause = min(max(pause, min(self._interval, LEAST_PAUSE), job.pause), LONGEST_PAUSE)
        job.again = now + job.pause * (1 + JITTER * self._dice.random())
        self._asked[job.request_id] = job

    def drop(self, request_id: str) -> None:
        """A job is not asked about any more."""
        for group in (*self._groups(), self._under_way):
            group.pop(request_id, None)

    def _start(self, job: Job, age: float | None) -> None:
        self.drop(job.request_id)
        job.due = age
        self._under_way[job.request_id] = job

    def _groups(self) -> tuple[dict[str, Job], ...]:
        return self._waiting, self._scouts, self._asked

    def _at_a_time(self) -> int:
        known = self.durations.known
        return next((most for fewer, most in AT_A_TIME if known < fewer), MOST_AT_A_TIME)

    def _never_asked(self, first: float, posting: Posting) -> tuple[tuple[dict[str, Job], float], ...]:
        """Those never asked about, with the age they are due at."""
        early = self.durations.early if posting is Posting.ABSENT else None
        return (self._waiting, first), (self._scouts, first if early is None else min(first, early))

    def _ripe(self, now: float, first: float, posting: Posting) -> Iterator[tuple[Job, float]]:
        for job in self._asked.values():
            if self._again(job, first) <= now:
                yield job, now - job.accepted
        for group, age in self._never_asked(first, posting):
            for job in group.values():
                if now < job.accepted + age:
                    break
                yield job, age

    def _again(self, job: Job, first: float) -> float:
        """A job that was asked too early, as is known now, waits as long as those that were never asked."""
        early = job.asked is not None and job.asked - job.accepted < first
        return max(job.again, job.accepted + first) if early else job.again

    def _probes(self, now: float, posting: Posting) -> Iterator[tuple[Job, float]]:
        job, age = self._probe(), self._probe_age(posting)
        if job is not None and age is not None and not self._under_way and now >= max(job.accepted + age, job.again):
            yield job, age

    def _probe(self) -> Job | None:
        """The oldest of those never asked about, else the one asked longest ago."""
        never = [*_head(self._waiting), *_head(self._scouts)]
        return min(never, key=_accepted, default=next(_head(self._asked), None))

    def _probe_age(self, posting: Posting) -> float | None:
        """The age at which the next job is tried; None: none is for now."""
        usual, unfinished = self.durations.usual, self.durations.unfinished * DOUBLE
        if posting is Posting.SUSPECT:
            return None
        if posting is Posting.ABSENT:
            return max(self._interval, unfinished)
        return max(self._grace, unfinished) if usual is None else usual + self._grace


def _accepted(job: Job) -> float:
    return job.accepted


def _head(group: dict[str, Job]) -> Iterator[Job]:
    yield from islice(group.values(), 1)
