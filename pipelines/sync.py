"""`leadsync sync`: search, buy once, load. The order of what is done before anything is spent is the point of it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

import destinations
from destinations import Destination, DestinationOptions
from enrichment.capability import Capability
from enrichment.context import EngineSettings
from enrichment.ids import micros, new_id
from enrichment.ledger import Ledger, books, ledger_path, runs
from enrichment.ledger.deliveries import Delivery, deliver
from enrichment.source import enrichment as enrichment_source
from pipelines import sink, summary, webhooks
from pipelines.environment import user_agent
from pipelines.feed import Feed
from pipelines.loading import Loader
from pipelines.locks import only_one
from pipelines.options import SyncOptions, checked, chosen_caps, chosen_channels, chosen_searches
from pipelines.playground import playground
from pipelines.session import Session, SessionPlan
from pipelines.settings import Settings
from pipelines.summary import Verdict
from pipelines.tables import RUNS
from pipelines.telling import Progress, Teller
from pipelines.vendor import HOME, account_of, keep_realm, locks_of, need_url, usable_key
from sources.clock import SYSTEM_CLOCK
from sources.clodura.prices import UNIT
from sources.errors import LeadsyncError

log = structlog.get_logger("leadsync.sync")

#: seconds between sums for the live view
LOOK_EVERY = 1.0


@dataclass(frozen=True)
class Prepared:
    """Everything checked and opened; nothing spent yet."""

    options: SyncOptions
    settings: Settings
    plan: SessionPlan
    ledger: Ledger
    loader: Loader
    destination: Destination
    dataset: str
    sink_id: str


def sync(options: SyncOptions, settings: Settings, teller: Teller) -> dict[str, Any]:
    """Run once; returns what `--json` prints. LeadsyncError where the run could not even begin."""
    options = checked(options)
    with ExitStack() as stack:
        if options.sandbox:
            settings = stack.enter_context(playground(settings, teller))
        with _prepared(options, settings, teller) as (prepared, listening):
            return _Run(prepared, teller).run(listening)


@contextmanager
def _prepared(options: SyncOptions, settings: Settings, teller: Teller) -> Iterator[tuple[Prepared, Any]]:
    """Check names, settings and searches; then the locks, the ledger, the socket, the destination. In this order."""
    searches, warnings = chosen_searches(options, settings)
    channels = chosen_channels(options, settings)
    caps = chosen_caps(options, settings)
    dataset = options.dataset or settings.pipelines.dataset
    destination = destinations.make(
        options.destination or settings.pipelines.destination,
        DestinationOptions(options.folder, dataset, settings.pipelines.duckdb_path),
    )
    api_key = usable_key(settings.clodura)
    reception = webhooks.plan_reception(
        settings.webhook, settings.clodura.base_url, need_url(settings.clodura, channels)
    )
    for text in [*warnings, *([reception.warning] if reception.warning else [])]:
        teller.warn(text)
    home = options.folder / HOME
    with ExitStack() as stack:
        of_folder, of_ledger = locks_of(options.folder, ledger_path(settings.ledger.url, options.folder))
        stack.enter_context(only_one([of_folder]))
        ledger = stack.enter_context(Ledger(settings.ledger.url, options.folder))
        stack.enter_context(only_one([of_ledger]))
        keep_realm(ledger, settings)
        destination.check()
        base, listening = webhooks.open_reception(reception)
        if listening is not None:
            stack.callback(listening.close)
        loader = Loader(destination, dataset, home / "dlt")
        sink_id = sink.prepare(loader, destination, dataset, ledger, micros(SYSTEM_CLOCK), teller.say)
        run_id = new_id()
        plan = SessionPlan(
            run_id=run_id,
            sink_id=sink_id,
            clodura=settings.clodura,
            api_key=api_key,
            searches=searches,
            engine=EngineSettings(
                channels=channels,
                caps=caps,
                max_unanswered=settings.enrichment.max_unanswered,
                poll_interval=settings.enrichment.poll_interval,
                webhook_grace=settings.enrichment.webhook_grace,
                give_up_after=settings.enrichment.give_up_after,
                wait=options.wait,
                callback_base=base,
                receiving=listening is not None,
            ),
            capability=_capability(ledger, settings),
            account=account_of(api_key),
            limit=options.limit,
            user_agent=user_agent(),
        )
        yield Prepared(options, settings, plan, ledger, loader, destination, dataset, sink_id), listening


class _Run:
    """The main thread's part: loads what comes until the session is over, then sums up."""

    def __init__(self, prepared: Prepared, teller: Teller) -> None:
        self._it = prepared
        self._teller = teller
        self._feed = Feed()
        self._interrupted = False
        self._started = time.monotonic()
        self._started_at = micros(SYSTEM_CLOCK)
        self._trouble: BaseException | None = None
        self._seen = books.RunBooks()
        self._looked = 0.0

    def run(self, listening: Any) -> dict[str, Any]:
        it = self._it
        run_id = it.plan.run_id
        it.ledger.call(runs.start, run_id, self._started_at)
        session = Session(it.plan, it.ledger, self._feed, listening)
        with _signals(partial(self._interrupt, session)):
            session.start()
            with self._teller.watching(partial(self._progress, session)):
                try:
                    while session.running or not self._feed.finished:
                        self._flush(it.settings.enrichment.flush_every)
                except LeadsyncError as error:
                    self._trouble = error
                    session.stop()
                    self._feed.abandon()
                session.join()
            return self._finish(session)

    def _flush(self, seconds: float, rows: list[tuple[Any, Any]] | None = None) -> None:
        """One package: what comes through the feed in so many seconds, then all that the ledger owes."""
        it = self._it
        handed: list[Delivery] = []

        def parts() -> Iterator[tuple[Any, Any]]:
            for parcel in self._feed.take(seconds):
                handed.extend(parcel.deliveries)
                yield parcel.spec, parcel.table
            yield from rows or ()

        owed = enrichment_source(it.ledger, it.sink_id, handed)
        load_id = it.loader.load([*it.loader.feed(parts()), *owed.resources.values()])
        it.ledger.call(deliver, it.sink_id, handed, load_id)

    def _finish(self, session: Session) -> dict[str, Any]:
        it = self._it
        context = session.context
        verdict = summary.judge(
            error=self._trouble or session.error,
            run_error=context.run_error if context is not None else None,
            halted=list(context.halted.values()) if context is not None else [],
            tally=session.tally,
            report=session.report,
            interrupted=self._interrupted,
        )
        result = self._sum_up(session, verdict)
        now = micros(SYSTEM_CLOCK)
        it.ledger.call(runs.finish, it.plan.run_id, now, verdict.exit_code, verdict.exit_reason, result)
        if self._trouble is None:
            try:
                self._flush(0.0, [(RUNS, RUNS.table([self._run_row(result, now)]))])
            except LeadsyncError as error:
                self._trouble = error
                verdict = Verdict(error.exit_code, "failed", str(error))
                result = self._sum_up(session, verdict)
                it.ledger.call(runs.finish, it.plan.run_id, now, verdict.exit_code, verdict.exit_reason, result)
        if session.error is not None and not isinstance(session.error, LeadsyncError):
            raise session.error
        return result

    def _sum_up(self, session: Session, verdict: Verdict) -> dict[str, Any]:
        it = self._it
        with it.ledger.read() as connection:
            done = books.of_run(connection, it.plan.run_id, self._started_at)
            states = books.by_state(connection)
        return summary.as_object(
            run_id=it.plan.run_id,
            verdict=verdict,
            tally=session.tally,
            books=done,
            states=states,
            report=session.report,
            units=[UNIT],
            search_charge=it.settings.clodura.search_charge,
            seconds=time.monotonic() - self._started,
            database=it.destination.location,
            query=it.destination.example(f"SELECT * FROM {it.dataset}.leads LIMIT 10"),
        )

    def _run_row(self, result: dict[str, Any], now: int) -> dict[str, Any]:
        import json

        return {**result, "started_at": self._started_at, "finished_at": now, "summary": json.dumps(result)}

    def _progress(self, session: Session) -> Progress:
        tally, context = session.tally, session.context
        if time.monotonic() - self._looked >= LOOK_EVERY:
            self._looked = time.monotonic()
            with self._it.ledger.read() as connection:
                self._seen = books.of_run(connection, self._it.plan.run_id, self._started_at)
        done = self._seen
        spent = done.spent.get(UNIT)
        caps = [cap.amount for cap in self._it.plan.engine.caps]
        return Progress(
            pages=tally.pages,
            people=tally.people,
            sent=done.calls_sent,
            in_flight=context.tally.in_flight if context is not None else 0,
            settled=done.calls_settled,
            emails=done.emails_found,
            phones=done.phones_found,
            spent=(spent.most if spent is not None else 0) / 100,
            cap=min(caps) / 100 if caps else None,
        )

    def _interrupt(self, session: Session) -> None:
        self._interrupted = True
        self._teller.say("Stopping: what is on the wire is waited for, what came is loaded. Again to stop at once.")
        session.stop()


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """The first SIGINT or SIGTERM stops in good order, the second one at once. What is bought is in the ledger."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def first(number: int, _frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        stop()

    for number in before:
        signal.signal(number, first)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _capability(ledger: Ledger, settings: Settings) -> Capability:
    key = settings.webhook.signing_key or ledger.call(runs.signing_key)
    return Capability(key, [settings.webhook.signing_key_previous or ""])
