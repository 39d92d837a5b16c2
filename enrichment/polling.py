"""Polling: asks the vendor about accepted jobs, as seldom as will do. What to ask when is decided in `schedule`.

A poll is free, but a call, and those are limited. It buys nothing: if the process dies at any line here, the job is
asked about again, and nothing else is lost.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import anyio
import anyio.abc
import sqlalchemy as sa
import structlog

from enrichment.context import Context
from enrichment.learned import Learned
from enrichment.ledger import evidence, polls
from enrichment.ledger.polls import OpenJob
from enrichment.posting import Posting, Webhooks
from enrichment.refusals import Refusals
from enrichment.schedule import PAUSE, Job, Schedule
from enrichment.settling import read_document, settle_document
from sources.answers import refusal
from sources.errors import LedgerError, QuotaExhausted, Unavailable
from sources.providers import Via
from sources.transport import Answer

log = structlog.get_logger("leadsync.enrichment")

#: polls under way at a time
CONCURRENCY = 16
#: jobs asked about together where a run begins or ends; where none of them has ended, the younger ones are left alone
TOGETHER = 5
#: seconds for which a run that ends asks about what is still open
LAST_QUESTIONS = 120.0
#: polls of a job without news after which an earlier run's plan of when to ask again is kept to
OFTEN = 3
#: seconds between looks for calls to give up: a part of the time after which they are, within bounds
GIVE_UP_PART, GIVE_UP_LEAST, GIVE_UP_MOST = 0.05, 1.0, 60.0
#: seconds between the moments at which what was learned is written down
NOTE_EVERY = 60.0
#: seconds between looks where nothing announces itself, at the least and at the most
LOOK_LEAST, LOOK_MOST = 0.01, 1.0


class Poller:
    """Asks about open jobs while a run goes on, and once more before it ends."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._learned = Learned()
        self._schedules: dict[tuple[str, str], Schedule] = {}
        self._webhooks: dict[str, Webhooks] = {}
        self._refusals: defaultdict[str, Refusals] = defaultdict(Refusals)
        self._earlier: list[OpenJob] = []
        self._scope = anyio.CancelScope()
        self._closing = False
        self._look_at = math.inf
        self._gave_up_at = -math.inf
        self._noted_at = context.clock.monotonic()
        self._origin = context.clock.time() - context.clock.monotonic()

    def now(self) -> float:
        """Epoch seconds that do not jump while we run."""
        return self._origin + self._context.clock.monotonic()

    def load(self, connection: sa.Connection) -> None:
        """Take on what earlier runs have learned and left open."""
        self._learned.load(connection)
        self._earlier = [job for job in polls.open_jobs(connection) if job.provider in self._context.providers]

    def first_poll_in(self, provider: str, operation: str) -> float:
        """Seconds after which a job accepted now will be asked about, as far as is known."""
        return self._schedule(provider, operation).expected(self._posting(provider))

    def accepted(self, provider: str, operation: str, request_id: str, tracking_id: str) -> None:
        """A job of this run was accepted."""
        schedule = self._schedule(provider, operation)
        schedule.add(Job(request_id, tracking_id, self.now()))
        if schedule.next_at(self._posting(provider)) < self._look_at:
            self._context.poll.set()

    def posted(self, provider: str, operation: str, request_id: str, *, ended: bool) -> None:
        """A webhook came; ``ended``: it says that its job did."""
        self._webhooks_of(provider).came()
        if ended and (provider, operation) in self._schedules:
            self._schedules[provider, operation].posted(request_id, self.now())

    async def run(self) -> None:
        """Ask about jobs as they come due, until `finish`."""
        context = self._context
        with self._scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._ask_earlier)
                while not self._closing:
                    await self._give_up()
                    await self._note_down(NOTE_EVERY)
                    self._ask_due(tasks)
                    self._look_at = self._next_look()
                    await context.poll.wait(min(max(self._look_at - self.now(), LOOK_LEAST), LOOK_MOST))

    def finish(self) -> None:
        """Ask about no more as it comes due; `run` ends when what is under way is answered."""
        self._closing = True
        self._scope.deadline = anyio.current_time() + LAST_QUESTIONS
        self._context.poll.set()

    def stop(self) -> None:
        """Ask about nothing more, whatever is under way: it can be asked about again."""
        self._closing = True
        self._scope.cancel()
        self._context.poll.set()

    async def last_questions(self) -> None:
        """Ask about what is open where that is worth a call, and write down what was learned: before a run ends."""
        with anyio.move_on_after(LAST_QUESTIONS) as self._scope:
            for (provider, operation), schedule in self._schedules.items():
                for group in schedule.worth_asking(self.now()):
                    await self._ask_while_worth(provider, operation, group)
        await self._note_down(0.0)

    async def _ask_earlier(self) -> None:
        """Ask about what earlier runs left, for nobody was there when its webhook came: those in doubt once each."""
        now = self.now()
        left: dict[tuple[str, str], list[Job]] = {}
        doubtful: dict[tuple[str, str], list[Job]] = {}
        for open_job in self._earlier:
            key, job = (open_job.provider, open_job.operation), _of_earlier_run(open_job, now)
            schedule = self._schedule(*key)
            if open_job.doubtful:
                doubtful.setdefault(key, []).append(job)
            elif job.again > now or now - job.accepted < (schedule.durations.usual or schedule.durations.unfinished):
                schedule.add(job)
            else:  # should we end before its turn, it is worth asking about once more
                schedule.put_off(job, now, PAUSE * (now - job.accepted))
                left.setdefault(key, []).append(job)
        self._earlier = []
        for (provider, operation), jobs in doubtful.items():
            for some in _parts(jobs):
                await self._ask_together(provider, operation, some)
        for (provider, operation), jobs in left.items():
            await self._ask_while_worth(provider, operation, jobs)

    async def _ask_while_worth(self, provider: str, operation: str, jobs: Sequence[Job]) -> None:
        """Ask about jobs, oldest first, until some together had no news: the younger ones hardly have."""
        for some in _parts(jobs):
            if await self._ask_together(provider, operation, some) == 0:
                return

    async def _ask_together(self, provider: str, operation: str, jobs: Sequence[Job]) -> int | None:
        """Ask about jobs, due or not; returns how many had ended, None where nobody was asked."""
        context = self._context
        if context.run_error is not None or context.stopping or self._paused_for(provider) > 0:
            return 0
        schedule = self._schedules[provider, operation]
        heard: list[bool] = []

        async def ask(job: Job) -> None:
            heard.append(await self._ask(provider, operation, job))

        async with anyio.create_task_group() as tasks:
            for job in self._still_open(schedule, jobs):
                schedule.ask(job)
                tasks.start_soon(ask, job)
        return sum(heard) if heard else None

    def _ask_due(self, tasks: anyio.abc.TaskGroup) -> None:
        if self._context.run_error is not None or self._context.stopping:
            return
        now = self.now()
        # those that have been due the longest go first, whatever they are
        for (provider, operation), schedule in sorted(
            self._schedules.items(), key=lambda item: item[1].next_at(self._posting(item[0][0]))
        ):
            room = self._room(provider)
            jobs = schedule.due(now, room, self._posting(provider)) if room > 0 else []
            for job in self._still_open(schedule, jobs):
                tasks.start_soon(self._ask, provider, operation, job)

    def _still_open(self, schedule: Schedule, jobs: Sequence[Job]) -> list[Job]:
        """Those that the ledger has no end of, and has not given up since they were last asked about."""
        if not jobs:
            return []
        ids = [job.request_id for job in jobs]
        known = {job.request_id: job for job in self._context.ledger.look(polls.open_jobs, ids)}
        left = []
        for job in jobs:
            open_job = known.get(job.request_id)
            if open_job is None or (open_job.doubtful and open_job.polled_by == self._context.run_id):
                schedule.drop(job.request_id)
                schedule.durations.forget(job.request_id)
            else:
                left.append(job)
        return left

    async def _ask(self, provider: str, operation: str, job: Job) -> bool:
        """Ask about a job and keep what is said; whether it had ended."""
        context, schedule, asked = self._context, self._schedules[provider, operation], self.now()
        answer: Answer | None = None
        try:
            answer = await context.providers[provider].poll(operation, job.tracking_id)
        except QuotaExhausted as error:
            self._refusals[provider].until = error.until
        except Unavailable as error:
            log.warning("poll_unanswered", provider=provider, status=error.status)
        ended = False
        with anyio.CancelScope(shield=True):  # an answer is a call spent: it is not let go
            if answer is not None:
                context.tally.polls += 1
            if answer is not None and (answer.ok or answer.status == 404):
                self._refusals[provider].over()
                ended = await self._heard(provider, job, answer.body if answer.ok else b"")
                if ended:
                    schedule.ended(job, asked, self.now())
                else:
                    schedule.missed(job, asked, self._posting(provider))
                    again = context.now() + round((job.again - self.now()) * 1_000_000)
                    await context.ledger.run(polls.asked, job.request_id, again, context.run_id)
            else:
                if answer is not None and answer.status == 401:
                    self._key_refused(provider, answer)
                self._refusals[provider].another(asked, self.now(), context.dice)
                schedule.put_off(job, asked, self._paused_for(provider))
        context.poll.set()
        return ended

    def _key_refused(self, provider: str, answer: Answer) -> None:
        error = refusal(answer, "the tracking of a job", provider.capitalize())
        if self._context.others(provider):
            self._context.halt(provider, None, error)
        else:
            self._context.halt_run(error)

    async def _heard(self, provider: str, job: Job, body: bytes) -> bool:
        """Keep a poll's answer where there is news in it, and apply it in the same breath; whether the job ended."""
        if not body.strip():
            return False
        context, now = self._context, self._context.now()
        told = context.ledger.look(evidence.with_calls, 0, provider, job.request_id, Via.POLL, body)
        readings = read_document(context, told)
        if all(r.outcome is None and not r.foreign and not (r.emails or r.phones) for r in readings):
            return False

        def work(connection: sa.Connection) -> tuple[bool, bool]:
            document = evidence.with_calls(connection, 0, provider, job.request_id, Via.POLL, body)
            inbox_id = evidence.receive(connection, provider, job.request_id, Via.POLL, body, now)
            changed = inbox_id is not None and settle_document(
                context, connection, replace(document, inbox_id=inbox_id), readings, now
            )
            is_open = polls.is_open(connection, job.request_id)
            if not is_open:
                polls.asked(connection, job.request_id, None, context.run_id)
            return changed, is_open

        changed, is_open = await context.ledger.run(work)
        if changed:
            context.settled(provider)
            context.learn(provider, told.operation, told.run_id, readings)
            if job.fresh:
                self._webhooks_of(provider).fetched(self.now())
        return not is_open

    def _next_look(self) -> float:
        """When there may be something to do, unless an answer or a new job comes first."""
        now, times = self.now(), [math.inf]
        for (provider, _), schedule in self._schedules.items():
            webhooks = self._webhooks_of(provider)
            times.append(webhooks.judged_at(now))
            if self._room(provider, paused=False) > 0:
                times.append(max(schedule.next_at(webhooks.posting(now)), now + self._paused_for(provider)))
        return min(times)

    def _room(self, provider: str, *, paused: bool = True) -> int:
        """How many more jobs of a provider may be asked about now; one at a time while it refuses."""
        if paused and self._paused_for(provider) > 0:
            return 0
        under_way = sum(schedule.under_way for schedule in self._schedules.values())
        return (1 if self._refusals[provider].in_a_row else CONCURRENCY) - under_way

    def _paused_for(self, provider: str) -> float:
        return self._refusals[provider].until - self.now()

    def _webhooks_of(self, provider: str) -> Webhooks:
        settings = self._context.settings
        fresh = Webhooks(receiving=settings.receiving, grace=settings.webhook_grace)
        return self._webhooks.setdefault(provider, fresh)

    def _posting(self, provider: str) -> Posting:
        return self._webhooks_of(provider).posting(self.now())

    def _schedule(self, provider: str, operation: str) -> Schedule:
        if (provider, operation) not in self._schedules:
            context, settings = self._context, self._context.settings
            self._schedules[provider, operation] = Schedule(
                self._learned.durations(provider, operation),
                interval=settings.poll_interval,
                grace=settings.webhook_grace,
                dice=context.dice,
            )
        return self._schedules[provider, operation]

    async def _give_up(self) -> None:
        context = self._context
        after = context.settings.give_up_after
        now = context.clock.monotonic()
        if now - self._gave_up_at < min(max(after * GIVE_UP_PART, GIVE_UP_LEAST), GIVE_UP_MOST):
            return
        self._gave_up_at = now
        before = context.surely() - round(after * 1_000_000)  # no jump ends a wait
        if await context.ledger.run(polls.give_up, before, context.now()):
            context.wake.set()

    async def _note_down(self, every: float) -> None:
        """Write down what was learned, if that was not done for so many seconds. It is nothing to end a run for."""
        now = self._context.clock.monotonic()
        if now - self._noted_at < every:
            return
        self._noted_at = now
        with suppress(LedgerError):
            await self._context.ledger.run(self._learned.note)


def _of_earlier_run(open_job: OpenJob, now: float) -> Job:
    job = Job(
        open_job.request_id,
        open_job.tracking_id,
        accepted=min(open_job.accepted_at / 1_000_000, now),  # a clock that was ahead then makes nobody wait
        fresh=False,
        polls=open_job.polls,
    )
    if job.polls >= OFTEN and open_job.next_poll_at is not None:
        job.again = open_job.next_poll_at / 1_000_000
    return job


def _parts(jobs: Sequence[Job]) -> Iterator[Sequence[Job]]:
    for start in range(0, len(jobs), TOGETHER):
        yield jobs[start : start + TOGETHER]
