"""A run: search, buy once, load, sum up. What comes before anything is spent is `pipelines.preparing`."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog

from enrichment.caps import Scope
from enrichment.ids import micros
from enrichment.ledger import books, runs, scans, searches, verdicts
from enrichment.ledger.deliveries import Deliveries, deliver, parts
from enrichment.ledger.found import emails_of
from enrichment.ledger.ledger_time import keep_time, ledger_time
from enrichment.ledger.standings import known_of, order_of
from enrichment.ledger.waterfalls import people_of
from enrichment.source import enrichment as enrichment_source
from pipelines import sink, summary
from pipelines.feed import Feed
from pipelines.leads.askable import lacking
from pipelines.options import SyncOptions, checked
from pipelines.playground import playground
from pipelines.preparing import Prepared, prepared
from pipelines.session import Session
from pipelines.settings import Settings
from pipelines.signals import stopping_on_signals
from pipelines.summary import Halted, Verdict
from pipelines.tables import RUNS
from pipelines.telling import Progress, Teller
from sources.clock import SYSTEM_CLOCK
from sources.clodura.provider import VERIFY_EMAIL
from sources.errors import DestinationError, LeadsyncError, LedgerError, NotEntitled
from sources.garbage import seldom_collected
from sources.providers import CONTACTS, Channel

log = structlog.get_logger("leadsync.sync")

#: seconds between sums for the live view, and so many times what the last ones took, where that is longer
LOOK_EVERY, LOOK_TIMES = 1.0, 20.0
#: rows noted as delivered in one transaction
NOTED = 10_000


def sync(options: SyncOptions, settings: Settings, teller: Teller) -> dict[str, Any]:
    """Run once; returns what `--json` prints. LeadsyncError where the run could not even begin."""
    options = checked(options)
    with ExitStack() as stack:
        if options.sandbox:
            settings = stack.enter_context(playground(settings, teller))
        with prepared(options, settings, teller) as (ready, listening), seldom_collected():
            return _Run(ready, teller).run(listening)


class _Run:
    """The main thread's part: loads what comes until the session is over, then sums up."""

    def __init__(self, prepared: Prepared, teller: Teller) -> None:
        self._it = prepared
        self._teller = teller
        self._feed = Feed()
        self._interrupted = False
        self._started = time.monotonic()
        self._started_at = prepared.ledger.call(keep_time, micros(SYSTEM_CLOCK))
        self._trouble: BaseException | None = None
        self._result: dict[str, Any] | None = None
        self._seen = books.RunBooks()
        self._look_at = 0.0

    def run(self, listening: Any) -> dict[str, Any]:
        it = self._it
        session = Session(it.plan, it.ledger, it.inbox, self._feed, listening)
        with stopping_on_signals(partial(self._interrupt, session)):
            it.ledger.call(runs.start, it.plan.run_id, self._started_at)
            session.start()
            with self._teller.watching(partial(self._progress, session)):
                try:
                    while self._result is None:
                        self._flush(session, it.settings.enrichment.flush_every)
                except LeadsyncError as error:
                    self._trouble = error
                    session.stop()
                    self._feed.abandon()
                    session.join()
                    self._conclude_all_the_same(session)
        if session.error is not None and not isinstance(session.error, LeadsyncError):
            raise session.error
        result = {**(self._result or {}), "seconds": round(time.monotonic() - self._started, 1)}
        if it.options.leads is not None:
            return {**result, **self._of_list(session)}
        return {**result, "verifications": self._verdicts()} if it.options.verify is not None else result

    def _of_list(self, session: Session) -> dict[str, Any]:
        """What there is to tell of a list, or of the one person asked for."""
        it = self._it
        assert it.options.leads is not None
        if it.options.leads.one is None:
            rejects = it.plan.leads.rejects if it.plan.leads is not None else None
            path = str(rejects.path) if rejects is not None and session.tally.rejected else None
            return {
                "rows": session.tally.records + session.tally.rejected,
                "rejected": session.tally.rejected,
                "rejects": path,
            }
        with it.ledger.read() as connection:
            known = [emails_of(connection, key, it.settings.enrichment.email_providers) for key in session.person_ids]
            asked = bool(known_of(connection, session.person_ids, [Channel.EMAIL]))
            persons = people_of(connection, session.person_ids)
        context, without = session.context, None
        if persons and context is not None and not asked:
            asking = context.asking
            without = lacking([asking.providers[name] for name in order_of(asking, Channel.EMAIL)], persons[0])
        return {"emails": [row for rows in known for row in rows], "lacking": without}

    def _flush(self, session: Session, seconds: float) -> None:
        """One package: what comes through the feed in so many seconds, then all that the ledger owes.

        The last one, once the session is over, holds the run's own row, too: each package takes dlt half a second.
        """
        it = self._it
        handed: list[Deliveries] = []
        spooled: list[int] = []
        ended: list[tuple[int, str]] = []

        def rows() -> Iterator[tuple[Any, Any]]:
            for parcel in self._feed.take(seconds):
                if parcel.deliveries is not None:
                    handed.append(parcel.deliveries)
                spooled.extend(parcel.spooled)
                ended.extend(parcel.ended)
                yield parcel.spec, parcel.table
            sink.still_there(it.destination, it.dataset, it.sink_id)
            if self._feed.finished:
                session.join()
                yield RUNS, RUNS.table([self._conclude(session)])

        owed = enrichment_source(it.ledger, it.sink_id, handed)
        try:
            load_id = it.loader.load([*it.loader.feed(rows()), *owed.resources.values()])
        except DestinationError:
            sink.still_there(it.destination, it.dataset, it.sink_id)  # or a better word for why it failed
            raise
        for part in parts(handed, NOTED):  # whoever buys meanwhile has a turn between two of them
            it.ledger.call(deliver, it.sink_id, part, load_id)

        def note(connection: sa.Connection) -> None:
            scans.loaded(connection, spooled)
            for scan_id, coverage in ended:
                scans.finish(connection, scan_id, coverage, ledger_time(connection, micros(SYSTEM_CLOCK)))

        it.ledger.call(note)
        for noted in (handed, spooled, ended):  # what dlt made of the package is cycles, and they hold these
            noted.clear()
        gc.collect()  # a tenth of a second: what was there before the run is left out of it

    def _conclude(self, session: Session) -> dict[str, Any]:
        """Judge the run and note its end in the ledger; returns its row. Again where its last load has failed."""
        it = self._it
        verdict = self._judge(session)
        result = self._result = self._sum_up(session, verdict)
        now = self._now()
        it.ledger.call(runs.finish, it.plan.run_id, now, verdict.exit_code, verdict.exit_reason, result)
        return {**result, "started_at": self._started_at, "finished_at": now, "summary": json.dumps(result)}

    def _conclude_all_the_same(self, session: Session) -> None:
        """The end of a run that the ledger may not even be able to note; LedgerError where it cannot be read either."""
        try:
            self._conclude(session)
        except LedgerError:
            if self._result is None:
                raise LedgerError(self._judge(session).message or "The ledger cannot be read.") from None

    def _judge(self, session: Session) -> Verdict:
        context = session.context
        return summary.judge(
            errors=[session.error, self._trouble],
            run_error=context.run_error if context is not None else None,
            halted=_halted(session),
            tally=session.tally,
            report=session.report,
            interrupted=self._interrupted,
            unwritten=context.tally.unwritten if context is not None else 0,
        )

    def _now(self) -> int:
        with self._it.ledger.read() as connection:
            return ledger_time(connection, micros(SYSTEM_CLOCK))

    def _sum_up(self, session: Session, verdict: Verdict) -> dict[str, Any]:
        it = self._it
        with it.ledger.read() as connection:
            done = books.of_run(connection, it.plan.run_id, self._started_at)
            states = books.by_state(connection)
            search_spent = searches.spent(connection, it.plan.run_id)
        return summary.as_object(
            run_id=it.plan.run_id,
            channels=[str(channel) for channel in it.plan.engine.channels],
            waterfall={str(channel): names for channel, names in it.plan.waterfall.order.items()},
            verdict=verdict,
            halted=_halted(session),
            tally=session.tally,
            books=done,
            states=states,
            report=session.report,
            units=self._units,
            search_spent=search_spent,
            seconds=time.monotonic() - self._started,
            database=it.destination.location,
            query=it.destination.example(f"SELECT * FROM {it.dataset}.leads LIMIT 10"),
            verification_refused=next(map(str, _verification_refused(session).values()), None),
        )

    def _verdicts(self) -> list[dict[str, Any]]:
        it = self._it
        with it.ledger.read() as connection:
            if it.plan.addresses:
                return verdicts.of_addresses(connection, it.plan.addresses)
            return verdicts.of_run(connection, it.plan.run_id)

    def _progress(self, session: Session) -> Progress:
        tally, context = session.tally, session.context
        if (started := time.monotonic()) >= self._look_at:
            with suppress(LedgerError), self._it.ledger.read() as connection:  # the run will meet it where it matters
                self._seen = books.of_run(connection, self._it.plan.run_id, self._started_at)
            took = time.monotonic() - started
            self._look_at = started + max(LOOK_EVERY, LOOK_TIMES * took)
        done = self._seen
        spent = {unit: done.spent.get(unit, books.Amount()).most / 100 for unit in self._units}
        return Progress(
            pages=tally.pages,
            people=tally.people,
            sent=done.calls_sent,
            purchases=done.purchases_sent,
            in_flight=context.tally.in_flight if context is not None else 0,
            settled=done.calls_settled,
            emails=done.emails_found,
            phones=done.phones_found,
            spent=spent,
            caps={unit: cap / 100 for unit in self._units if (cap := self._cap(unit)) is not None},
        )

    @property
    def _units(self) -> list[str]:
        return list(dict.fromkeys(vendor.settings.unit for vendor in self._it.plan.vendors.values()))

    def _cap(self, unit: str) -> int | None:
        """The least of the caps on all that this run may spend in a unit, in 1/100 of it."""
        names = [name for name, vendor in self._it.plan.vendors.items() if vendor.settings.unit == unit]
        caps = [cap for cap in self._it.plan.engine.caps if cap.scope is Scope.RUN]
        return min((cap.amount for cap in caps if all(cap.concerns(name, unit) for name in names)), default=None)

    def _interrupt(self, session: Session) -> None:
        self._interrupted = True
        self._teller.say("Stopping: what is on the wire is waited for, what came is loaded. Again to stop at once.")
        session.stop()


def _halted(session: Session) -> list[Halted]:
    """Whom this run could not ask any more, but for what is beside the point of it."""
    context = session.context
    if context is None:
        return []
    refused = _verification_refused(session)
    errors = {key: error for key, error in context.halted.items() if key not in refused}
    return summary.halted_by(errors, context.passed_over)


def _verification_refused(session: Session) -> dict[tuple[str, str], LeadsyncError]:
    """What the vendor's plan lacks of verification, where that is beside the point of the run."""
    context = session.context
    if context is None or not any(channel in context.settings.channels for channel in CONTACTS):
        return {}
    return {
        key: error for key, error in context.halted.items() if key[1] == VERIFY_EMAIL and isinstance(error, NotEntitled)
    }
