"""Searches inside a run: each is read whole, over as many runs as it takes, and what became of it is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enrichment.ledger import scans
from enrichment.ledger.runs import cover
from enrichment.ledger.sightings import CHUNK, missing, missing_deliveries, sighted, unasked, untold
from enrichment.ledger.waterfalls import people_of
from pipelines.arrivals import BATCH, Arrivals
from pipelines.feed import Parcel
from pipelines.scan_notes import LedgerNotes, named, words
from pipelines.search_context import SearchContext, SearchTally, Unseen
from pipelines.tables import PEOPLE_SEEN, SEARCH_COVERAGE
from sources.clodura.choices import Choices
from sources.clodura.filters import SearchFilters
from sources.clodura.scan import Scan, Scanning, ScanReport
from sources.clodura.scans import ScanWindow
from sources.clodura.splitting import changed
from sources.clodura.windows import Coverage, PageRead
from sources.errors import LeadsyncError, LedgerError, RequestRefused

__all__ = ["SearchContext", "SearchTally", "Searches"]

#: scans that have seen everybody there is
WHOLE = (Coverage.COMPLETE, Coverage.SPLIT)


@dataclass(frozen=True)
class _Ended:
    """A scan that is over, which the ledger notes once that is loaded."""

    scan: scans.Scan
    coverage: Coverage


class Searches:
    """Runs searches one after the other, up to a number of people in all."""

    def __init__(self, context: SearchContext) -> None:
        self._context = context
        self._arrivals = Arrivals(context)

    async def run(self, searches: Mapping[str, SearchFilters]) -> None:
        """Run them all. What one cannot answer is noted in the tally; what concerns all ends the searching."""
        await self._take_back()
        for name, filters in searches.items():
            if self._stopped():
                break
            try:
                await self._search(name, filters)
            except RequestRefused as error:
                named = RequestRefused(f"Search {name}: {error}", status=error.status)
                self._context.tally.errors.append(named)
            except LedgerError:
                raise  # without it nothing goes on
            except LeadsyncError as error:
                self._context.tally.errors.append(error)
                break
        await self._arrivals.settle()

    def _stopped(self) -> bool:
        return self._context.stopped() or self._arrivals.full

    async def _take_back(self) -> None:
        """What an earlier run has read and not loaded goes first: it is not asked for again.

        The last page first: whoever is on several is handed on as the last of them told.
        """
        context, last = self._context, ""
        before: int | None = None
        while pages := await context.ledger.run(scans.spooled, context.sink_id, before, 20):
            for page in pages:
                if last not in ("", page.search):
                    await self._arrivals.finish(last)
                last = page.search
                await self._arrivals.take_back(page)
            before = pages[-1].spool_id
        if last:
            await self._arrivals.finish(last)

    async def _search(self, name: str, filters: SearchFilters) -> None:
        """One scan; and another where the first was only the end of one whose pages an earlier run has all read."""
        ended = await self._scan(name, filters)
        if ended is not None:
            await self._scan(name, filters, ended)

    async def _scan(self, name: str, filters: SearchFilters, after: _Ended | None = None) -> _Ended | None:
        """One scan; returned where it was only the end of one, and another is to follow."""
        context = self._context
        self._arrivals.searching(name)
        started = context.now()
        one, sent = await self._begin(name, filters, started, after)
        await self._plan_shown(name, one)
        notes = LedgerNotes(context.ledger, name, one, self._arrivals.shown)

        async def on_page(window: ScanWindow, read: PageRead) -> int:
            return await self._arrivals.take_in(name, one, window.number, read)

        scanning = Scanning(
            limit=self._arrivals.left,
            stopped=self._stopped,
            patience=context.patience,
            meter=context.meter(name),
            now=context.now,
        )
        reading = Scan(context.client, sent, notes, on_page, scanning)
        try:
            await reading.run()
        finally:
            report = reading.report()
            await self._arrivals.finish(name)
            only_end = one.resumed and report.calls == 0 and report.coverage is not Coverage.INTERRUPTED
            followed = only_end and after is None and not self._stopped()
            await self._end(name, sent, one, report, started, followed=followed)
        return _Ended(one, report.coverage) if followed else None

    async def _begin(
        self, name: str, filters: SearchFilters, now: int, after: _Ended | None
    ) -> tuple[scans.Scan, SearchFilters]:
        """The scan to go on with or to begin, and the filters to send. ``after``: it is over, and not loaded yet."""
        context = self._context
        everybody = filters.model_copy(update={"exclude_viewed_people": None}).fingerprint()
        choices = context.choices.get(name, Choices())
        if context.limit is not None:
            asked = scans.Asked(name, filters.fingerprint(), everybody, context.sink_id)
            return await context.ledger.run(scans.alone, asked, now), filters
        whole = not filters.exclude_viewed_people
        if choices.new_only and whole:
            last = await context.ledger.run(scans.last_whole, name, filters.fingerprint(), context.sink_id)
            if after is not None and after.scan.whole and after.coverage in scans.READ:
                last = max(last or 0, after.scan.started_at)
            if last is not None and now < last + choices.full_scan_every * 1_000_000:
                filters, whole = changed(filters, exclude_viewed_people=True), False
        since = now - round(choices.resume_within * 1_000_000)
        begun = await context.ledger.run(
            scans.begin,
            scans.Asked(name, filters.fingerprint(), everybody, context.sink_id),
            whole=whole,
            now=now,
            since=since,
            besides=0 if after is None else after.scan.scan_id,
        )
        return begun, filters

    async def _end(
        self,
        name: str,
        filters: SearchFilters,
        one: scans.Scan,
        report: ScanReport,
        started: int,
        *,
        followed: bool,
    ) -> None:
        """Tell what became of a scan; of one that is ``followed`` by another in this run, whose word counts, less."""
        context, tally = self._context, self._context.tally
        coverage = report.coverage
        if context.limit is not None and (self._arrivals.full and (tally.cut or coverage is Coverage.INTERRUPTED)):
            coverage = Coverage.LIMITED
        tally.calls += report.calls
        tally.unreadable += report.unreadable
        if one.whole and coverage in WHOLE:
            await self._miss(name, one)
        if followed:
            over = ((one.scan_id, str(coverage)),)
            await context.feed.put(Parcel(SEARCH_COVERAGE, SEARCH_COVERAGE.table([]), ended=over))
            return
        await self._tell_missing(name)
        if coverage is Coverage.TRUNCATED:
            tally.unseen += [Unseen(name, words(window, filters), window.left) for window in report.truncated]
            tally.truncated.append(name)
        elif coverage is Coverage.UNPROVEN:
            tally.unproven.append(name)
        elif coverage in (Coverage.GAPS, Coverage.INTERRUPTED):
            tally.incomplete.append(name)
        await self._cover(name, filters, one, report, coverage, started)

    async def _miss(self, name: str, one: scans.Scan) -> None:
        """Everybody there is was seen: whom the search showed before and does not show now is missing.

        But not where something on a page could not be read: it may have been any of them.
        """
        ledger, after = self._context.ledger, ""
        if await ledger.run(scans.unreadable, one.scan_id):
            return
        while True:
            part = await ledger.run(missing, name, one.scan_id, one.started_at, self._context.now(), after)
            if len(part) < CHUNK:
                return
            after = part[-1]

    async def _tell_missing(self, name: str) -> None:
        """Who is missing, and what is loaded into does not know it: whichever run, for whatever sink, has marked it."""
        context, after = self._context, ""
        seen = self._arrivals.taken_back(name)  # of two rows in one package either might stay: they have time
        while True:
            part = await context.ledger.run(untold, name, context.sink_id, after)
            told = [row for row in part if row[0] not in seen]
            if told:
                context.tally.missing += len(told)
                rows = [
                    {"person_id": person, "search": name, "last_seen_at": last, "missing_since": since}
                    for person, last, since in told
                ]
                await context.feed.put(Parcel(PEOPLE_SEEN, PEOPLE_SEEN.table(rows), missing_deliveries(name, told)))
            if len(part) < CHUNK:
                return
            after = part[-1][0]

    async def _plan_shown(self, name: str, one: scans.Scan) -> None:
        """Plan what was never asked about people whom this scan will not show again: a channel may be new."""
        context, after = self._context, ""
        if not context.channels or one.alone or not (one.resumed or not one.whole):
            return
        scan_id = one.scan_id if one.whole else None

        def work(connection: sa.Connection, after: str) -> tuple[list[str], int]:
            keys = unasked(connection, name, scan_id, context.channels, after, BATCH)
            persons, now = people_of(connection, keys), context.now()
            return keys, context.plan(connection, persons, name, now) + context.verify(connection, keys, now)

        while not self._stopped():
            keys, planned = await context.ledger.run(work, after)
            if planned:
                context.planned()
            if len(keys) < BATCH:
                return
            after = keys[-1]

    async def _cover(
        self,
        name: str,
        filters: SearchFilters,
        one: scans.Scan,
        report: ScanReport,
        coverage: Coverage,
        started: int,
    ) -> None:
        context = self._context
        people = len(self._arrivals.shown) if one.alone else await context.ledger.run(sighted, name, one.scan_id)
        finger = {**report.fingerprints, 0: filters.fingerprint()}
        rows = {row["window"]: row for row in (self._row(name, window, finger, started) for window in report.windows)}
        root = rows.pop(named(name, filters.fingerprint()), {})
        rows[""] = {
            "role": "search",
            "part_of": None,
            "split_by": None,
            "people_left": None,
            "pages": 0,
            "calls": 0,
            **root,
            "window": named(name, filters.fingerprint()),
            "filters": json.dumps(filters.wire(), sort_keys=True, ensure_ascii=False),
            "coverage": coverage,
            "people": people,
            "started_at": one.started_at if one.resumed else started,
            "finished_at": context.now(),
        }
        full = [{**row, "run_id": context.run_id, "search": name} for row in rows.values()]
        await context.ledger.run(cover, [{column: row[column] for column in _COVERED} for row in full])
        ended = ((one.scan_id, str(coverage)),) if coverage is not Coverage.INTERRUPTED else ()
        await context.feed.put(Parcel(SEARCH_COVERAGE, SEARCH_COVERAGE.table(full), ended=ended))

    def _row(self, name: str, window: ScanWindow, finger: Mapping[int, str], started: int) -> dict[str, Any]:
        known = window.parent is not None and window.parent in finger
        return {
            "window": named(name, window.fingerprint),
            "role": window.role,
            "part_of": named(name, finger[window.parent]) if known and window.parent is not None else None,
            "split_by": window.split_by,
            "filters": json.dumps(window.filters.wire(), sort_keys=True, ensure_ascii=False),
            "coverage": window.coverage or Coverage.INTERRUPTED,
            "pages": window.pages,
            "people": window.people,
            "people_left": window.left,
            "calls": window.calls,
            "started_at": window.started_at or started,
            "finished_at": window.finished_at or self._context.now(),
        }


_COVERED = (
    "run_id", "search", "window", "filters", "coverage", "pages", "people", "calls", "started_at", "finished_at",
)  # fmt: skip
