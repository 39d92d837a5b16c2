"""Sending: claims planned calls, puts each on the wire once, writes down what the wire said.

If the process dies, at any line: before `mark_sent` nothing was sent; after it the ledger says `sent`, and the next
start turns that into `in_doubt`. Nothing here ever sends a call a second time by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import anyio
import anyio.abc
import sqlalchemy as sa
import structlog

from enrichment.caps import Cap
from enrichment.context import DOUBTFUL_HALT, DOUBTFUL_SLOW, LEASE, PATIENCE, UNREACHABLE_AFTER, Context
from enrichment.decisions import REFUSED, Decision, Halt, decide
from enrichment.lanes import Lanes
from enrichment.ledger import answers, claims, evidence, waterfalls
from enrichment.ledger.answers import SubmitAnswer
from enrichment.ledger.claims import Claimed, Worker
from enrichment.polling import Poller
from enrichment.reading import read_safely
from enrichment.settling import settle_document
from enrichment.states import State
from sources.answers import refusal
from sources.crashpoints import reach
from sources.errors import LedgerError, QuotaExhausted, Unavailable
from sources.providers import Outcome, Provider, Reading, Via
from sources.transport import Answered, Lost, NeverConnected, NeverSent, PaidOutcome

log = structlog.get_logger("leadsync.enrichment")

T = TypeVar("T")

#: seconds between tries to write down the answer to a purchase; after the last one its call is in doubt
AGAIN = (0.2, 0.5, 1.0)


class Sender:
    """Drives planned calls onto the wire, at most ``max_unanswered`` requests at a time."""

    def __init__(self, context: Context, poller: Poller) -> None:
        self._context = context
        self._poller = poller
        self.lanes = Lanes(context)
        self._scopes: set[anyio.CancelScope] = set()
        #: calls that were refused as a part of a request, with nothing to say which of them was wrong
        self._alone: set[str] = set()
        self._unconnected_since: dict[str, float] = {}
        self._unconnected: dict[str, int] = {}
        #: when the last request left (monotonic)
        self.last_sent: float | None = None

    def stop_waiting(self) -> None:
        """Give back what waits for its turn; what is on the wire goes on."""
        for scope in self._scopes:
            scope.cancel()

    async def claim(self, tasks: anyio.abc.TaskGroup) -> tuple[int, Cap | None]:
        """Claim what may go out now and start sending it; returns how many requests, and the cap that refused more."""
        context = self._context
        lanes = self.lanes.free()
        if not lanes:
            return 0, None
        now = context.now()
        worker = Worker(context.run_id, context.owner, now + round(LEASE * 1_000_000))
        claimed, refused_by = await context.ledger.run(
            claims.claim, worker, lanes, context.settings.caps, now, self._alone
        )
        self.lanes.claimed(lanes, [(item.provider, item.operation) for item in claimed])
        context.tally.in_flight = self.lanes.in_flight
        for item in claimed:
            tasks.start_soon(self._send, item)
        return len(claimed), refused_by

    async def _send(self, claimed: Claimed) -> None:
        context = self._context
        provider = context.providers[claimed.provider]
        scope = anyio.CancelScope()
        self._scopes.add(scope)
        try:
            with scope:
                await self._send_once(provider, claimed)
        except QuotaExhausted as error:
            self.lanes.quotas[claimed.provider] = error
        finally:
            self._scopes.discard(scope)
            self.lanes.answered((claimed.provider, claimed.operation))
            context.tally.in_flight = self.lanes.in_flight
            context.wake.set()

    async def _send_once(self, provider: Provider, claimed: Claimed) -> None:
        context = self._context
        sent = False
        try:
            async with provider.slot(patience=max(context.remaining(), PATIENCE)) as slot:
                key = (claimed.provider, claimed.operation)
                if context.stopping or context.run_error or key in context.halted:
                    return
                if (gone := context.ledger.gone) is not None:
                    context.halt_run(gone)
                    return
                worst = provider.charges(claimed.operation, Outcome.UNREADABLE)
                now = context.now()
                with anyio.CancelScope(shield=True):  # from here on the answer must be written down
                    sent = await context.ledger.run(claims.mark_sent, claimed, worst, context.owner, now)
                    if not sent:
                        return
                    self.last_sent = context.clock.monotonic()
                    context.tally.sent += 1
                    reach(f"submit.before:{claimed.operation}")
                    try:
                        outcome = await provider.submit(
                            slot, claimed.operation, claimed.parameters, self._callback(claimed)
                        )
                    except Exception as error:
                        await self._answered(provider, claimed, Lost(type(error).__name__))
                        raise
                    reach(f"submit.after:{claimed.operation}")
                    await self._answered(provider, claimed, outcome)
        finally:
            if not sent:
                with anyio.CancelScope(shield=True):
                    await context.ledger.run(claims.release, claimed, context.owner, context.now())

    def _callback(self, claimed: Claimed) -> str | None:
        base = self._context.settings.callback_base
        return self._context.capability.url(base, claimed.provider, claimed.request_id) if base else None

    async def _answered(self, provider: Provider, claimed: Claimed, outcome: PaidOutcome) -> None:
        context = self._context
        readings: Sequence[Reading] = ()
        tracking_id: str | None = None
        if isinstance(outcome, Answered) and outcome.answer.ok:
            tracking_id = provider.tracking_id(outcome.answer.body)
            body = outcome.answer.body
            readings = read_safely(provider, claimed.operation, body, claimed.parameters, tracking_id, Via.SUBMIT)
        spared = self._spared(provider, claimed, outcome)
        conflict = isinstance(outcome, Answered) and outcome.answer.status == 409
        now = context.now()
        first_poll_in = self._poller.first_poll_in(claimed.provider, claimed.operation)
        noted = _noted(outcome, tracking_id, now + round(first_poll_in * 1_000_000))

        def work(connection: sa.Connection) -> Decision:
            decision = decide(
                outcome,
                readings,
                proven=provider.proven,
                attempts=claimed.attempts,
                earlier_unresolved=conflict and answers.earlier_unresolved(connection, claimed),
                dice=context.dice,
                missing_is_answer=self.lanes.operation(provider.name, claimed.operation).missing_is_answer,
            )
            if _tells(decision, readings):  # the result itself came back, or a part of it
                accepted = Decision(State.ACCEPTED, decision.event)
                answers.answered(connection, claimed, accepted, noted, context.owner, now)
                self._settle(connection, claimed, readings, noted, now)
            else:
                answers.answered(connection, claimed, decision, noted, context.owner, now, spared=spared)
                if decision.state in (State.SETTLED, State.REJECTED):
                    self._ask_elsewhere(connection, provider, claimed, now)
            return decision

        decision = await self._write_down(work)
        if decision.state is State.ACCEPTED and tracking_id is not None:
            self._poller.accepted(claimed.provider, claimed.operation, claimed.request_id, tracking_id)
        self._learn(provider, claimed, outcome, decision)
        context.learn(provider.name, claimed.operation, context.run_id, readings)

    def _spared(self, provider: Provider, claimed: Claimed, outcome: PaidOutcome) -> tuple[str, ...]:
        """The calls of a rejected request that were not what was wrong; all, each alone, where nobody can tell."""
        if len(claimed.call_ids) == 1 or not isinstance(outcome, Answered | NeverSent):
            return ()
        wrong: tuple[int, ...] = ()
        if isinstance(outcome, Answered):
            wrong = provider.refused_asks(outcome.answer.body, claimed.parameters)
        if not wrong:
            self._alone |= set(claimed.call_ids)
        return tuple(call_id for place, call_id in enumerate(claimed.call_ids) if place not in wrong)

    async def _write_down(self, work: Callable[[sa.Connection], T]) -> T:
        """Write down what became of a purchase, in several tries; from the first that fails on nothing more is sent."""
        context = self._context
        for pause in AGAIN:
            try:
                return await context.ledger.run(work)
            except LedgerError as error:
                context.halt_run(error)
            await context.clock.sleep(pause)
        try:
            return await context.ledger.run(work)
        except LedgerError:
            context.tally.unwritten += 1
            raise

    def _ask_elsewhere(self, connection: sa.Connection, provider: Provider, claimed: Claimed, now: int) -> None:
        """Whom a status alone has told that there is nothing to be had here."""
        context = self._context
        channels = waterfalls.follows(provider, claimed.operation)
        if any(context.waterfall.goes_on(channel) for channel in channels):
            person_ids = waterfalls.people_in(connection, claimed.call_ids)
            waterfalls.plan_next(connection, context.asking, person_ids, channels, now)

    def _settle(
        self, connection: sa.Connection, claimed: Claimed, readings: Sequence[Reading], noted: SubmitAnswer, now: int
    ) -> None:
        body = noted.body or b""
        inbox_id = evidence.receive(connection, claimed.provider, claimed.request_id, Via.SUBMIT, body, now)
        if inbox_id is None:
            return
        document = evidence.with_calls(connection, inbox_id, claimed.provider, claimed.request_id, Via.SUBMIT, body)
        settle_document(self._context, connection, document, readings, now)

    def _learn(self, provider: Provider, claimed: Claimed, outcome: PaidOutcome, decision: Decision) -> None:
        """What an answer says about the calls that come after it."""
        context = self._context
        clock = context.clock
        if isinstance(outcome, NeverSent):
            log.error("request_wrong", provider=provider.name, operation=claimed.operation, reason=outcome.reason)
            return
        if isinstance(outcome, NeverConnected):
            since = self._unconnected_since.setdefault(provider.name, clock.monotonic())
            streak = self._unconnected[provider.name] = self._unconnected.get(provider.name, 0) + 1
            pause = REFUSED.delay(streak, 0.0, None, context.dice) or 0.0
            self.lanes.pause(provider.name, pause)
            if clock.monotonic() - since > min(UNREACHABLE_AFTER, context.settings.wait):
                context.halt(
                    provider.name,
                    None,
                    Unavailable(
                        f"{provider.name} could not be reached for {UNREACHABLE_AFTER:.0f} s ({outcome.reason}). "
                        f"Nothing was bought meanwhile; what is planned goes out in the next run."
                    ),
                )
            return
        self._unconnected_since.pop(provider.name, None)
        self._unconnected.pop(provider.name, None)
        if decision.state is State.IN_DOUBT:
            self._doubt(provider)
            return
        context.doubtful.pop(provider.name, None)
        if isinstance(outcome, Answered):
            if outcome.answer.status == 429:
                context.tally.throttled += 1
                self.lanes.pause(provider.name, decision.delay)
            elif decision.halt is Halt.NOTHING:
                self.lanes.opens((claimed.provider, claimed.operation))
            else:
                what = claimed.operation.replace("_", " ")
                error = refusal(outcome.answer, what, provider.name.capitalize())
                if decision.halt is Halt.RUN and not context.others(provider.name):
                    context.halt_run(error)
                else:
                    operation = claimed.operation if decision.halt is Halt.OPERATION else None
                    context.halt(provider.name, operation, error)

    def _doubt(self, provider: Provider) -> None:
        """A vendor that is down must not turn every planned call into one in doubt."""
        context = self._context
        streak = context.doubtful[provider.name] = context.doubtful.get(provider.name, 0) + 1
        if streak < DOUBTFUL_SLOW:
            return
        self.lanes.closes(provider.name)
        pause = REFUSED.delay(streak - DOUBTFUL_SLOW + 1, 0.0, None, context.dice) or 0.0
        self.lanes.pause(provider.name, pause)
        if streak >= DOUBTFUL_HALT:
            error = Unavailable(
                f"{provider.name} failed {streak} times in a row, and whether it charged for those calls is unknown: "
                f"they are in doubt and not sent again. The rest stays planned for the next run."
            )
            context.halt(provider.name, None, error)


def _tells(decision: Decision, readings: Sequence[Reading]) -> bool:
    """Whether a 2xx says of any call what came of it; of the others it may be all that ever comes."""
    if decision.state is State.ACCEPTED:
        return any(reading.outcome is not None or reading.emails or reading.phones for reading in readings)
    return decision.state is State.SETTLED and decision.outcome is None


def _noted(outcome: PaidOutcome, tracking_id: str | None, first_poll_at: int) -> SubmitAnswer:
    if isinstance(outcome, Answered):
        return SubmitAnswer(
            http_outcome="answered",
            http_status=outcome.answer.status,
            tracking_id=tracking_id,
            body=outcome.answer.body or None,
            first_poll_at=first_poll_at,
        )
    words = {NeverConnected: "never_connected", NeverSent: "never_sent", Lost: "lost"}
    return SubmitAnswer(http_outcome=words[type(outcome)])
