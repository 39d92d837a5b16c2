"""A vendor's jobs in simulated time, asked about by a `Schedule`: hours of polling in milliseconds, and no wire."""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from enrichment.durations import Durations
from enrichment.posting import Webhooks
from enrichment.schedule import Job, Schedule

#: seconds a poll takes
ROUND_TRIP = 0.05
#: how long a job takes, by its number: seconds
Takes = Callable[[random.Random, int], float]

NEVER = math.inf


def fixed(seconds: float) -> Takes:
    """All jobs take the same."""
    return lambda dice, number: seconds


def between(least: float, most: float) -> Takes:
    """Anything between two bounds."""
    return lambda dice, number: dice.uniform(least, most)


def lognormal(median: float, sigma: float) -> Takes:
    """Most are short, some are very long."""
    return lambda dice, number: median * math.exp(sigma * dice.gauss(0, 1))


def some(share: float, others: Takes, rest: Takes) -> Takes:
    """A share of the jobs is of another kind."""
    return lambda dice, number: (others if dice.random() < share else rest)(dice, number)


def then(number: int, before: Takes, after: Takes) -> Takes:
    """From one job on, all are of another kind."""
    return lambda dice, at: (before if at < number else after)(dice, at)


@dataclass
class Outcome:
    """What became of a simulated run. ``asked``: (job, age, whether it had ended) of each poll, in order."""

    durations: Durations
    #: when each job ends
    ends: dict[int, float] = field(default_factory=dict)
    asked: list[tuple[int, float, bool]] = field(default_factory=list)
    #: seconds between a job's end and the moment we knew
    late: dict[int, float] = field(default_factory=dict)
    pauses: dict[int, list[float]] = field(default_factory=dict)

    @property
    def polls_an_answer(self) -> float:
        return len(self.asked) / max(1, len(self.late))

    def lateness(self, share: float) -> float:
        """How late this share of the answers came at most: seconds."""
        return sorted(self.late.values())[math.ceil(share * len(self.late)) - 1]


@dataclass
class Simulation:
    """``rate`` jobs a second are accepted; ``webhooks``: how long after a job's end its webhook comes, None: never."""

    jobs: int
    takes: Takes
    rate: float = 10.0
    interval: float = 5.0
    grace: float = 5.0
    webhooks: Takes | None = None
    receiving: bool = False
    durations: Durations | None = None
    seed: int = 1
    until: float = NEVER
    polls_a_second: float = 100.0

    def run(self) -> Outcome:
        dice = random.Random(self.seed)
        known = self.durations or Durations()
        schedule = Schedule(known, interval=self.interval, grace=self.grace, dice=random.Random(self.seed + 1))
        trust = Webhooks(receiving=self.receiving or self.webhooks is not None, grace=self.grace)
        outcome = Outcome(known)
        events: list[tuple[float, int, Callable[[float], None]]] = []
        order = count()
        ends = outcome.ends
        free_at = -NEVER

        def at(time: float, what: Callable[[float], None]) -> None:
            if time < NEVER:
                heapq.heappush(events, (time, next(order), what))

        def accept(number: int) -> Callable[[float], None]:
            def accepted(now: float) -> None:
                ends[number] = now + self.takes(dice, number)
                schedule.add(Job(str(number), str(number), now))
                if self.webhooks is not None:
                    at(ends[number] + self.webhooks(dice, number), lambda now: posted(number, now))

            return accepted

        def posted(number: int, now: float) -> None:
            outcome.late.setdefault(number, now - ends[number])
            trust.came()
            schedule.posted(str(number), now)

        def answer(job: Job, asked: float, sent: float) -> Callable[[float], None]:
            def answered(now: float) -> None:
                number = int(job.request_id)
                ended = ends[number] <= sent
                outcome.asked.append((number, sent - job.accepted, ended))
                if ended:
                    if number not in outcome.late:
                        trust.fetched(now)
                    outcome.late.setdefault(number, now - ends[number])
                    schedule.ended(job, asked, now)
                else:
                    schedule.missed(job, asked, trust.posting(now))
                    outcome.pauses.setdefault(number, []).append(job.again - asked)

            return answered

        for number in range(self.jobs):
            at(number / self.rate, accept(number))
        look_at = NEVER
        while events or look_at < NEVER:
            now = min(events[0][0] if events else NEVER, look_at)
            if now > self.until or len(outcome.late) == self.jobs:
                break
            if events and events[0][0] <= now:
                heapq.heappop(events)[2](now)
            for job in schedule.due(now, 16 - schedule.under_way, trust.posting(now)):
                sent = free_at = max(now, free_at + 1 / self.polls_a_second)
                at(sent + ROUND_TRIP, answer(job, now, sent))
            look_at = min(schedule.next_at(trust.posting(now)), trust.judged_at(now))
            look_at = max(look_at, now + 1e-3)
        return outcome
