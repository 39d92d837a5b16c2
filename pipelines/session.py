"""The part of a run that lives on the event loop: searches, purchases and the receiver, in a thread of its own.

The main thread belongs to dlt, which is sync and catches signals there. The two meet in the feed and in the ledger.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
import anyio.from_thread
import sqlalchemy as sa
import structlog
import uvicorn

from enrichment.capability import Capability
from enrichment.context import PATIENCE, Context, EngineSettings
from enrichment.engine import Engine, Report
from enrichment.ids import micros, new_id
from enrichment.inbox import Inbox
from enrichment.ledger import Ledger, verifying
from enrichment.ledger.counters import LedgerCounters
from enrichment.ledger.ledger_time import LedgerClock, ledger_time
from enrichment.ledger.searches import SearchBudget
from enrichment.ledger.verifying import plan_addresses, plan_for_people, plan_known
from enrichment.ledger.waterfalls import plan_contacts, want_again
from enrichment.metering import NONE, LedgerMeter, SearchPrice
from enrichment.waterfall import Waterfall
from pipelines import receiver
from pipelines.enriching import Enriching, EnrichingContext, ListOfLeads
from pipelines.feed import Feed
from pipelines.searching import SearchContext, Searches, SearchTally
from sources.clock import SYSTEM_CLOCK, SYSTEM_DICE, Clock
from sources.clodura.choices import Choices
from sources.clodura.filters import SearchFilters
from sources.clodura.prices import UNIT
from sources.clodura.provider import NAME, CloduraProvider
from sources.concurrency import first_error
from sources.connecting import Given, WebhookCheck
from sources.errors import KeyRefused
from sources.metering import Meter
from sources.providers import CONTACTS, Person, Provider
from sources.registry import connecting
from sources.settings import VendorSettings
from sources.tracebacks import disarm

log = structlog.get_logger("leadsync.session")


@dataclass(frozen=True)
class Vendor:
    """A vendor's settings and its key. ``account`` names the account for rate counters, without telling the key."""

    settings: VendorSettings
    api_key: str = field(repr=False)
    account: str


@dataclass(frozen=True)
class SessionPlan:
    """All that a session needs to know beforehand."""

    run_id: str
    sink_id: str
    #: everybody this run talks to, by name; the search vendor first
    vendors: Mapping[str, Vendor]
    searches: Mapping[str, SearchFilters]
    engine: EngineSettings
    capability: Capability
    waterfall: Waterfall
    #: how webhooks of a vendor prove where they come from, beside their URL
    checks: Mapping[str, WebhookCheck] = field(default_factory=dict)
    #: how each search wants to be read
    choices: Mapping[str, Choices] = field(default_factory=dict)
    limit: int | None = None
    #: seconds after which contacts are bought anew; None: never
    refresh_after: float | None = None
    search_price: SearchPrice = SearchPrice(NAME, UNIT, NONE)  # noqa: RUF009 - a frozen value
    #: verify these addresses, or (empty) all known ones that the policy wants, and search nothing
    addresses: Sequence[str] | None = field(default=None, repr=False)
    deep: bool = False
    user_agent: str = "leadsync"
    #: enrich the people of this list, and search nothing
    leads: ListOfLeads | None = None
    #: one person is asked for, and somebody waits: where a vendor can, the answer comes with the request
    single: bool = False


class Session:
    """Runs searches and engine in a thread; the main thread loads meanwhile what comes through the feed."""

    def __init__(
        self, plan: SessionPlan, ledger: Ledger, inbox: Inbox, feed: Feed, listening: socket.socket | None
    ) -> None:
        self._plan = plan
        self._ledger = ledger
        self._inbox = inbox
        self._feed = feed
        self._listening = listening
        self._thread = threading.Thread(target=self._run, name="leadsync-session", daemon=True)
        self._stop = threading.Event()
        self._engine: Engine | None = None
        self._token: Any = None
        self.tally = SearchTally()
        self._budget = SearchBudget(plan.run_id, plan.search_price.cap)
        self.context: Context | None = None
        self.report: Report | None = None
        #: the people of a list, once they are known
        self.person_ids: list[str] = []
        #: what broke the session, where something did that nobody foresaw
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether there is anything left to do."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End soon, and in good order. May be called from a signal handler."""
        self._stop.set()
        engine, token = self._engine, self._token
        if engine is not None and token is not None:
            try:
                token.call_soon_threadsafe(engine.stop)
            except RuntimeError:  # the loop is gone already
                return

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def _run(self) -> None:
        try:
            anyio.run(self._main)
        except BaseExceptionGroup as group:
            disarm(group)
            self.error = first_error(group)
        except BaseException as error:  # noqa: BLE001 - the main thread tells
            self.error = error
            disarm(error)
        finally:
            self._feed.close()

    async def _main(self) -> None:
        import asyncio

        plan = self._plan
        with self._ledger.read() as connection:
            clock = LedgerClock(SYSTEM_CLOCK, ledger_time(connection, micros(SYSTEM_CLOCK)))
        async with AsyncExitStack() as stack:
            providers = {
                name: await stack.enter_async_context(self._connected(name, vendor, clock))
                for name, vendor in plan.vendors.items()
            }
            searcher = providers[NAME]
            assert isinstance(searcher, CloduraProvider)
            context = self.context = Context(
                ledger=self._ledger,
                providers=providers,
                settings=plan.engine,
                clock=clock,
                dice=SYSTEM_DICE,
                run_id=plan.run_id,
                owner=f"{socket.gethostname()[:20]}:{os.getpid()}:{new_id()[-12:]}",
                capability=plan.capability,
                started=clock.monotonic(),
                inbox=self._inbox,
                waterfall=plan.waterfall,
            )
            if plan.refresh_after is not None:
                context.stale_before = context.began - round(plan.refresh_after * 1_000_000)
            engine = Engine(context)
            self._engine, self._token = engine, asyncio.get_running_loop()
            if self._stop.is_set():
                engine.stop()
            search_context = SearchContext(
                client=searcher.client,
                plan=partial(_plan_contacts, context),
                ledger=self._ledger,
                feed=self._feed,
                sink_id=plan.sink_id,
                run_id=plan.run_id,
                now=context.now,
                planned=engine.more_planned,
                stopped=lambda: context.stopping or context.run_error is not None,
                patience=lambda: max(PATIENCE, context.remaining()),
                limit=plan.limit,
                buying=bool(plan.engine.channels),
                channels=[channel for channel in plan.engine.channels if channel in CONTACTS],
                choices=plan.choices,
                meter=partial(self._meter, context),
                verify=partial(_plan_verifications, context),
                tally=self.tally,
            )
            async with anyio.create_task_group() as tasks:
                server = self._receive(tasks, engine)
                await engine.start(alone=True)
                if plan.limit is None:
                    await self._ledger.run(self._want_again, context)
                tasks.start_soon(self._search, search_context, context, engine)
                self.report = await engine.run()
                if server is not None:
                    server.should_exit = True

    async def _search(self, search_context: SearchContext, context: Context, engine: Engine) -> None:
        try:
            if self._plan.addresses is not None:
                await self._ledger.run(self._plan_addresses, context)
                engine.more_planned()
            if self._plan.leads is not None:
                enriching = Enriching(self._enriching_context(search_context))
                await enriching.run(self._plan.leads)
                self.person_ids = enriching.person_ids
            await Searches(search_context).run(self._plan.searches)
            for error in self.tally.errors:
                if isinstance(error, KeyRefused):
                    context.halt_run(error)
        finally:
            engine.no_more_plans()

    def _enriching_context(self, searching: SearchContext) -> EnrichingContext:
        return EnrichingContext(
            ledger=self._ledger,
            feed=self._feed,
            sink_id=self._plan.sink_id,
            now=searching.now,
            plan=searching.plan,
            planned=searching.planned,
            stopped=searching.stopped,
            tally=self.tally,
            limit=self._plan.limit,
            verify=searching.verify,
        )

    def _connected(self, name: str, vendor: Vendor, clock: Clock) -> AbstractAsyncContextManager[Provider]:
        plan = self._plan
        given = Given(
            api_key=vendor.api_key,
            account=vendor.account,
            counters=LedgerCounters(self._ledger),
            clock=clock,
            paid_concurrency=plan.engine.max_unanswered,
            user_agent=plan.user_agent,
            deep=plan.deep,
            single=plan.single,
            collects=lambda: self._engine is None or self._engine.collects(name),
        )
        return connecting(name).connect(vendor.settings, given)

    def _meter(self, context: Context, search: str) -> Meter | None:
        if self._plan.search_price.charge == NONE:
            return None
        return LedgerMeter(self._ledger, self._plan.search_price, self._budget, search, context.now)

    def _want_again(self, connection: sa.Connection, context: Context) -> None:
        searches, now = list(self._plan.searches), context.now()
        want_again(connection, context.asking, searches, self._plan.engine.channels, now)
        if (verifier := context.verifier) is not None:
            policy = context.settings.verifying
            verifying.want_again(connection, verifier, policy, searches, context.run_id, now)

    def _plan_addresses(self, connection: sa.Connection, context: Context) -> None:
        provider, policy = context.verifier, context.settings.verifying
        if provider is None:
            return
        if self._plan.addresses:
            addresses, again_after = self._plan.addresses, policy.again_after
            plan_addresses(connection, provider, again_after, addresses, context.run_id, context.now())
        else:
            plan_known(connection, provider, policy, context.run_id, context.now())

    def _receive(self, tasks: anyio.abc.TaskGroup, engine: Engine) -> uvicorn.Server | None:
        if self._listening is None:
            return None
        keep = receiver.keeping(self._inbox, SYSTEM_CLOCK, engine.mail)
        prove = receiver.proving(self._inbox, SYSTEM_CLOCK)
        app = receiver.make_app(self._plan.capability, keep, prove, checks=self._plan.checks)
        server = receiver.make_server(app)
        tasks.start_soon(server.serve, [self._listening])  # the socket listens already: nothing is turned away
        return server


def _plan_contacts(
    context: Context, connection: sa.Connection, persons: Sequence[Person], search: str | None, now: int
) -> int:
    return plan_contacts(connection, context.asking, persons, now, search=search)


def _plan_verifications(context: Context, connection: sa.Connection, person_ids: Sequence[str], now: int) -> int:
    provider = context.verifier
    if provider is None:
        return 0
    return plan_for_people(connection, provider, context.settings.verifying, person_ids, context.run_id, now)
