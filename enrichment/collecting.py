"""Collecting: what was accepted comes back by webhook or by poll, is kept raw, read, and settles its calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import anyio
import sqlalchemy as sa
import structlog

from enrichment.carrying import carry
from enrichment.context import Context
from enrichment.ledger import evidence, polls
from enrichment.ledger.evidence import Evidence, Verdict
from enrichment.ledger.polls import Poll
from enrichment.reading import read_safely
from enrichment.settling import settle_document
from sources.answers import refusal
from sources.errors import QuotaExhausted, Unavailable
from sources.providers import Outcome, Reading, Via
from sources.transport import Answer

log = structlog.get_logger("leadsync.enrichment")

#: polls under way at a time
CONCURRENCY = 8
#: documents of the inbox applied in one transaction
AT_ONCE = 50
#: a poll waits at most so many times the poll interval for its next turn
FURTHEST = 12
#: answers fetched by poll, with no webhook ever seen, after which webhooks count as absent
ABSENT_AFTER = 3
#: seconds between looks for calls to give up
GIVE_UP_EVERY = 1.0


class Collector:
    """Applies the inbox and polls open jobs."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._webhooks_seen = False
        self._by_poll = 0
        self._gave_up_at = 0.0

    @property
    def first_poll_delay(self) -> float:
        """Seconds after which a fresh job is asked about: later while webhooks may be trusted to come."""
        settings = self._context.settings
        absent = self._by_poll >= ABSENT_AFTER and not self._webhooks_seen
        return settings.webhook_grace if settings.receiving and not absent else settings.poll_interval

    async def apply_inbox(self) -> int:
        """Apply every document that waits; returns how many."""
        await carry(self._context.inbox, self._context.ledger)
        applied = 0
        while done := await self._context.ledger.run(self._apply_some, self._context.now()):
            for document, changed, readings in done:
                self._applied(document, changed, readings)
            applied += len(done)
        return applied

    async def read_mail(self) -> None:
        """Apply documents as they come; runs until cancelled."""
        while True:
            await self.apply_inbox()
            await self._context.mail.wait(5.0)

    async def poll_jobs(self) -> None:
        """Poll jobs as they come due; runs until cancelled."""
        context = self._context
        while True:
            await self._give_up()
            due = await context.ledger.run(polls.due, context.now(), CONCURRENCY * 4)
            if due and not context.run_error:
                await self._poll(due)
                continue
            next_at = await context.ledger.run(polls.next_due)
            wait = 1.0 if next_at is None else min(1.0, (next_at - context.now()) / 1_000_000)
            await context.poll.wait(max(wait, 0.01))

    async def poll_everything(self) -> None:
        """Ask once about every job that is open: the last thing before a run ends."""
        context = self._context
        now = context.now()
        await context.ledger.run(polls.all_now, now, context.run_id)
        while not context.run_error and not context.stopping:
            due = await context.ledger.run(polls.due, now, CONCURRENCY * 4)
            if not due:
                return
            await self._poll(due)

    async def _give_up(self) -> None:
        context = self._context
        if context.clock.monotonic() - self._gave_up_at < GIVE_UP_EVERY:
            return
        self._gave_up_at = context.clock.monotonic()
        now = context.now()
        before = context.surely() - round(context.settings.give_up_after * 1_000_000)  # no jump ends a wait
        if await context.ledger.run(polls.give_up, before, now):
            context.wake.set()

    async def _poll(self, due: Sequence[Poll]) -> None:
        limiter = anyio.CapacityLimiter(CONCURRENCY)
        async with anyio.create_task_group() as tasks:
            for poll in due:
                tasks.start_soon(self._poll_one, poll, limiter)

    async def _poll_one(self, poll: Poll, limiter: anyio.CapacityLimiter) -> None:
        context = self._context
        provider = context.providers.get(poll.provider)
        answer: Answer | None = None
        if provider is not None and not context.run_error:
            async with limiter:
                try:
                    answer = await provider.poll(poll.operation, poll.tracking_id)
                    context.tally.polls += 1
                except (Unavailable, QuotaExhausted) as error:
                    log.warning("poll_unanswered", provider=poll.provider, error=type(error).__name__)
        if answer is not None and answer.status == 401:
            context.halt_run(refusal(answer, "the tracking of a reveal", poll.provider.capitalize()))
        delay = context.settings.poll_interval * min(2.0**poll.polls, FURTHEST)
        next_at = context.now() + round(delay * 1_000_000)
        await context.ledger.run(polls.polled, poll, next_at, context.run_id)
        if answer is not None and answer.ok and answer.body.strip():
            await self._keep_news(poll, answer.body)

    async def _keep_news(self, poll: Poll, body: bytes) -> None:
        """Keep a poll's answer where there is news in it, and apply it in the same breath."""
        context = self._context
        now = context.now()

        def work(connection: sa.Connection) -> tuple[Evidence, Sequence[Reading]] | None:
            document = evidence.with_calls(connection, 0, poll.provider, poll.request_id, Via.POLL, body)
            readings = self._read(document)
            if all(r.outcome is None and not r.foreign and not (r.emails or r.phones) for r in readings):
                return None
            inbox_id = evidence.receive(connection, poll.provider, poll.request_id, Via.POLL, body, now)
            if inbox_id is None:
                return None
            changed = settle_document(context, connection, replace(document, inbox_id=inbox_id), readings, now)
            return (document, readings) if changed else None

        if applied := await context.ledger.run(work):
            document, readings = applied
            self._by_poll += 1
            if self._by_poll == ABSENT_AFTER and not self._webhooks_seen and context.settings.receiving:
                at = context.now() + round(context.settings.poll_interval * 1_000_000)
                await context.ledger.run(polls.sooner, at)
            self._settled(poll.provider)
            context.learn_credits(poll.provider, poll.operation, document.run_id, readings)

    def _apply_some(self, connection: sa.Connection, now: int) -> list[tuple[Evidence, bool, Sequence[Reading]]]:
        """Apply some of the inbox in one transaction; a document that breaks us is set aside, not the others."""
        done: list[tuple[Evidence, bool, Sequence[Reading]]] = []
        for document in evidence.pending(connection, AT_ONCE):
            readings = self._read(document)
            try:
                with connection.begin_nested():
                    changed = settle_document(self._context, connection, document, readings, now)
            except (ValueError, TypeError, AssertionError, LookupError) as error:
                log.error("document_not_applied", request_id=document.request_id, error=type(error).__name__)
                evidence.judged(connection, document.inbox_id, Verdict.BROKEN, type(error).__name__, now)
                changed = False
            done.append((document, changed, readings))
        return done

    def _applied(self, document: Evidence, changed: bool, readings: Sequence[Reading]) -> None:
        if document.via is Via.WEBHOOK:
            self._webhooks_seen = True
            self._context.tally.webhooks += 1
        if changed:
            self._settled(document.provider)
            self._context.learn_credits(document.provider, document.operation, document.run_id, readings)
        if any(reading.outcome is Outcome.UNREADABLE for reading in readings):
            log.warning("answer_unreadable", provider=document.provider, request_id=document.request_id)

    def _read(self, document: Evidence) -> Sequence[Reading]:
        provider = self._context.providers.get(document.provider)
        if provider is None or not document.calls:
            return ()
        asks = [call.parameters for call in document.calls]
        return read_safely(provider, document.operation, document.body, asks, document.tracking_id, document.via)

    def _settled(self, provider: str) -> None:
        context = self._context
        context.tally.settled += 1
        context.doubtful.pop(provider, None)
        context.wake.set()
