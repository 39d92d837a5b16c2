"""The engine: sends what is wanted, collects what was accepted, and decides when a run has nothing left to wait for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import anyio
import anyio.abc
import sqlalchemy as sa
import structlog

from enrichment.caps import Cap
from enrichment.carrying import watch
from enrichment.collecting import Collector
from enrichment.context import IN_DOUBT_GRACE, LEASE, Context
from enrichment.ledger import books, claims, polls, waterfalls
from enrichment.polling import Poller
from enrichment.sending import Sender
from sources.errors import KeyRefused, LedgerError, NotEntitled, VendorError
from sources.providers import CONTACTS, Channel

log = structlog.get_logger("leadsync.enrichment")

#: people for whom another provider is asked in one transaction
AT_ONCE = 500
#: seconds between looks at the ledger where nothing announces itself
LOOK_EVERY = 1.0
#: and while calls wait for others to share their request with
GATHER_LOOK = 0.25
#: and at least so many, whatever announces itself
ROUND = 0.02


class Ending(StrEnum):
    """Why the engine stopped."""

    DONE = "done"
    CAP = "cap"
    QUOTA = "quota"
    DEADLINE = "deadline"
    STOPPED = "stopped"
    HALTED = "halted"  # an operation, a provider or the run was refused; see `Context.halted` and `Context.run_error`


@dataclass(frozen=True)
class Report:
    """How a run of the engine ended. ``left``: wanted calls not sent. ``outstanding``: accepted ones without result.

    ``ran_dry``: calls of this run for which the vendor's credits did not last; a later run asks anew.
    """

    ending: Ending
    left: int
    outstanding: int
    refused_by: Cap | None = None
    ran_dry: int = 0


class Engine:
    """Drives one run: `start` takes on what earlier runs left, `run` works until nothing is left to do or wait for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._poller = Poller(context)
        self._collector = Collector(context, self._poller)
        self._sender = Sender(context, self._poller)
        self._planning = True
        self._passed_over: set[tuple[str, str]] = set()
        self._refused_by: Cap | None = None

    async def start(self, *, alone: bool) -> None:
        """Take over from workers that are gone, apply what lies in the inbox, look for jobs that are open.

        ``alone``: we hold the lock of this ledger, so that every other worker is gone.
        """
        context = self._context
        now = context.now()

        def work(connection: sa.Connection) -> tuple[int, int]:
            return claims.take_over(connection, now, all_owners=alone)

        back, doubtful = await context.ledger.run(work)
        if back or doubtful:
            log.warning("worker_gone", planned_again=back, in_doubt=doubtful)
        await self._collector.apply_inbox()
        context.ledger.look(self._poller.load)

    def more_planned(self) -> None:
        """There are new calls to send."""
        self._context.wake.set()

    def no_more_plans(self) -> None:
        """The searches are over: once everything is sent and settled, the run is."""
        self._planning = False
        self._context.wake.set()

    def collects(self, provider: str) -> bool:
        """Whether answers of a provider may have to be collected: this run buys there, or something is open there."""
        context = self._context
        if any(channel in context.settings.channels for channel in context.providers[provider].operations):
            return True
        try:
            return context.ledger.look(polls.to_collect, provider, context.run_id)
        except LedgerError:  # nobody knows: then there may be
            return True

    def mail(self) -> None:
        """A document was put into the inbox."""
        self._context.mail.set()

    def stop(self) -> None:
        """End soon: send nothing more, wait only for what is on the wire."""
        self._context.stopping = True
        self._sender.stop_waiting()
        self._poller.stop()
        self._context.wake.set()

    async def run(self) -> Report:
        """Work until done. What is on the wire is always waited for, whatever ends the run."""
        async with anyio.create_task_group() as helpers:
            helpers.start_soon(self._keep_lease)
            helpers.start_soon(watch, self._context.inbox, self._context.mail, self._context.clock)
            helpers.start_soon(self._collector.read_mail)
            async with anyio.create_task_group() as asking:
                asking.start_soon(self._poller.run)
                async with anyio.create_task_group() as senders:
                    ending = await self._dispatch(senders)
                self._poller.finish()
            await self._poller.last_questions()
            helpers.cancel_scope.cancel()
        await self._collector.apply_inbox()
        return await self._report(ending)

    async def _dispatch(self, senders: anyio.abc.TaskGroup) -> Ending:
        context = self._context
        enough = context.settings.max_unanswered // 2
        while True:
            if self._sender.lanes.in_flight > enough:  # claim several at a time: each look at the ledger costs
                await context.wake.wait(LOOK_EVERY)
                continue
            await self._pass_over()
            claimed, self._refused_by = await self._sender.claim(senders)
            if claimed:
                continue
            ending, wait = await self._look()
            if ending is not None and self._sender.lanes.in_flight == 0:
                if context.halted.keys() - self._passed_over:
                    continue  # somebody was refused since we looked whom to pass over
                if ending is Ending.CAP:  # what a cap left may have become more since it refused: now nothing is open
                    claimed, self._refused_by = await self._sender.claim(senders)
                if not claimed:
                    return ending
                continue
            await context.wake.wait(min(wait, LOOK_EVERY))
            await context.clock.sleep(ROUND)  # much may wake us at the same moment: one look is enough for all of it

    async def _pass_over(self) -> None:
        """Whoever waits for a provider that cannot be asked any more in this run is asked for at the next one."""
        context = self._context
        for key in context.halted.keys() - self._passed_over:
            if not self._sender.lanes.busy_with(*key):  # else what is claimed comes back, and is looked for again
                self._passed_over.add(key)
            if not context.others(key[0]) or context.run_error is not None:
                continue

            waiting = await context.ledger.run(waterfalls.waiting_at, context.run_id, *key)
            channels = waterfalls.follows(context.providers[key[0]], key[1])
            planned = 0
            for start in range(0, len(waiting), AT_ONCE):  # answers must be written down in between
                some = waiting[start : start + AT_ONCE]
                planned += await context.ledger.run(waterfalls.plan_next, context.asking, some, channels, context.now())
            if planned:
                log.info("passed_over", provider=key[0], operation=key[1], asked_elsewhere=planned)

    async def _look(self) -> tuple[Ending | None, float]:
        """Whether the run is over, else how long to wait before looking again (seconds)."""
        context = self._context
        if context.stopping:
            return Ending.STOPPED, LOOK_EVERY
        if context.run_error is not None:
            return Ending.HALTED, LOOK_EVERY
        operations = self._sender.lanes.open_operations()
        now = context.now()
        in_flight = self._sender.lanes.in_flight  # before the look: one that is refused meanwhile is not seen by it

        def work(connection: sa.Connection) -> tuple[int | None, int, int, int]:
            return (
                claims.next_due(connection, context.run_id, operations),
                books.outstanding(connection, context.providers),
                books.in_doubt_of(connection, context.run_id),
                books.in_other_hands(connection, context.run_id, context.owner),
            )

        next_due, outstanding, in_doubt, elsewhere = context.ledger.look(work)
        if self._planning or in_flight:
            return None, self._until(next_due, now)
        if next_due is not None and await self._prove(operations):
            return None, 0.0
        late = context.remaining() <= 0
        if next_due is not None and not self._sender.lanes.hurry and self._sender.lanes.gathering():
            self._sender.lanes.hurry = (
                late or not outstanding
            )  # nothing under way that could bring more to share a request
            return None, 0.0 if self._sender.lanes.hurry else min(GATHER_LOOK, LOOK_EVERY)
        if next_due is not None:
            due_in = max((next_due - now) / 1_000_000, self._sender.lanes.paused_for())
            capped = self._refused_by is not None and next_due <= now
            if not capped and (due_in <= 0 or due_in <= context.remaining()):
                return None, due_in
            if outstanding and not late:
                return None, LOOK_EVERY  # a settled call may free what its worst case holds
            return (Ending.CAP if capped else Ending.DEADLINE), 0.0
        if (outstanding or elsewhere) and not late:
            return None, LOOK_EVERY
        grace = self._grace() if in_doubt else 0.0
        if grace > 0:
            return None, grace
        if outstanding:
            return Ending.DEADLINE, 0.0
        return self._ending(), 0.0

    async def _prove(self, operations: Sequence[tuple[str, str]]) -> bool:
        """Make sure of hosts and keys that no search has proven before anything is bought; True where that was news."""
        context = self._context
        news = False
        for name in sorted({provider for provider, _ in operations}):
            provider = context.providers[name]
            if provider.proven:
                continue
            news = True
            try:
                await provider.prove()
            except KeyRefused as error:
                if context.others(name):
                    context.halt(name, None, error)
                else:
                    context.halt_run(error)
            except VendorError as error:
                context.halt(name, None, error)
        return news

    def _grace(self) -> float:
        """Seconds left to wait for webhooks of calls whose submit's answer was lost."""
        context = self._context
        if not context.settings.receiving or self._sender.last_sent is None:
            return 0.0
        return self._sender.last_sent + IN_DOUBT_GRACE - context.clock.monotonic()

    def _ending(self) -> Ending:
        if self._sender.lanes.quotas:
            return Ending.QUOTA
        return Ending.HALTED if self._context.halted else Ending.DONE

    def _until(self, next_due: int | None, now: int) -> float:
        if next_due is None:
            return LOOK_EVERY
        return max((next_due - now) / 1_000_000, self._sender.lanes.paused_for(), 0.05)

    async def _report(self, ending: Ending) -> Report:
        context = self._context

        missing = self._not_in_plan()

        def work(connection: sa.Connection) -> tuple[int, int, int]:
            return (
                books.wanted_left(connection, context.run_id, missing),
                books.outstanding(connection, context.providers),
                books.ran_dry(connection, context.run_id),
            )

        left, outstanding, ran_dry = await context.ledger.run(work)
        if ending in (Ending.HALTED, Ending.QUOTA) and not left and context.run_error is None:
            ending = Ending.DEADLINE if outstanding else Ending.DONE
        return Report(ending, left, outstanding, self._refused_by if ending is Ending.CAP else None, ran_dry)

    def _not_in_plan(self) -> list[str]:
        """Verification that the vendor's plan lacks: beside the buying of contacts no reason to fail a run."""
        context = self._context
        if not any(channel in context.settings.channels for channel in CONTACTS):
            return []
        verifier = context.verifier
        verify = verifier.operations[Channel.VERIFICATION].name if verifier is not None else None
        return [
            operation
            for (_, operation), error in context.halted.items()
            if operation == verify and isinstance(error, NotEntitled)
        ]

    async def _keep_lease(self) -> None:
        context = self._context
        while True:
            await context.clock.sleep(LEASE / 3)
            now = context.now()
            back, doubtful = await context.ledger.run(self._renew, now, now + round(LEASE * 1_000_000))
            if back or doubtful:
                log.warning("worker_gone", planned_again=back, in_doubt=doubtful)
                context.wake.set()

    def _renew(self, connection: sa.Connection, now: int, until: int) -> tuple[int, int]:
        """Keep what is ours; then take over what nobody keeps. In this order: we may have slept past our own lease."""
        claims.renew(connection, self._context.owner, until)
        return claims.take_over(connection, now, all_owners=False)
