"""Searches inside a run: every page becomes planned purchases at once, and rows in the feed a little later."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from enrichment.ledger import Ledger
from enrichment.ledger.aliases import identify
from enrichment.ledger.deliveries import Deliveries, known_hashes
from enrichment.ledger.runs import cover
from enrichment.ledger.seen import known_organizations, remember_organizations, remember_people
from pipelines.feed import Feed, Parcel
from pipelines.leads.people import implied, recognized, shown_as
from pipelines.organizations import Organizations
from pipelines.tables import ORGANIZATIONS, PEOPLE, PEOPLE_SEEN, SEARCH_COVERAGE
from sources.clodura.client import CloduraClient
from sources.clodura.filters import SearchFilters
from sources.clodura.records import Page, Record, person_key
from sources.clodura.tables import Row, organization_row, person_row, row_hash
from sources.clodura.windows import Coverage, WindowReport, walk
from sources.errors import LeadsyncError, LedgerError, RequestRefused
from sources.metering import Meter
from sources.providers import Person

#: people handed on at a time
BATCH = 1000


@dataclass
class SearchTally:
    """What the searches of a run found. ``new``, ``changed``, ``unchanged``: against what the destination has."""

    pages: int = 0
    calls: int = 0
    records: int = 0
    people: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    unreadable: int = 0
    without_id: int = 0
    #: rows of a list that name nobody
    rejected: int = 0
    truncated: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    errors: list[LeadsyncError] = field(default_factory=list)


@dataclass
class SearchContext:
    """What the searches of a run work with."""

    client: CloduraClient
    #: plans what is to be bought of these people, as this search shows them; returns how many calls are new
    plan: Callable[[sa.Connection, Sequence[Person], str | None, int], int]
    ledger: Ledger
    feed: Feed
    sink_id: str
    run_id: str
    now: Callable[[], int]
    planned: Callable[[], None]
    stopped: Callable[[], bool]
    patience: Callable[[], float | None]
    limit: int | None = None
    #: books what a search of that name may cost; None where searching is free
    meter: Callable[[str], Meter | None] = lambda search: None
    #: plans to verify what these people's addresses are worth; returns how many calls are new
    verify: Callable[[sa.Connection, Sequence[str], int], int] = lambda connection, person_ids, now: 0
    tally: SearchTally = field(default_factory=SearchTally)


class Searches:
    """Runs searches one after the other, up to a number of people in all."""

    def __init__(self, context: SearchContext) -> None:
        self._context = context
        self._organizations = Organizations()
        self._people: set[str] = set()  # over all searches, as they show them
        self._handed: dict[str, str] = {}  # the hash of the row handed on, by the key that we know somebody by
        self._rows: list[tuple[Row, int]] = []  # people of the running search, with when they were first seen
        self._listed: set[str] = set()  # people of the running search

    async def run(self, searches: Mapping[str, SearchFilters]) -> None:
        """Run them all. What one cannot answer is noted in the tally; what concerns all ends the searching."""
        for name, filters in searches.items():
            if self._context.stopped() or self._wanted() == 0:
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
        await self._settle_organizations()

    def _wanted(self) -> int | None:
        limit = self._context.limit
        return None if limit is None else max(0, limit - len(self._people))

    async def _search(self, name: str, filters: SearchFilters) -> None:
        context = self._context
        started = context.now()
        self._listed = set()

        async def on_page(page: Page) -> None:
            await self._on_page(name, page)

        report: WindowReport | None = None
        try:
            report = await walk(
                context.client,
                filters,
                on_page,
                limit=self._wanted(),
                stopped=lambda: context.stopped() or self._wanted() == 0,
                patience=context.patience,
                meter=context.meter(name),
            )
        finally:
            await self._hand_on(name, least=1)
            await self._cover(name, filters, report, started)

    async def _on_page(self, search: str, page: Page) -> None:
        context = self._context
        context.tally.pages += 1
        context.tally.records += len(page.records)
        fresh = self._fresh(page.records)
        if not fresh:
            return
        fresh_rows = [person_row(record) for record in fresh]
        organizations = [row for row in map(organization_row, fresh) if row is not None]
        unknown = self._organizations.unknown(organizations)
        shown = [_person(record, row) for record, row in zip(fresh, fresh_rows, strict=True)]
        now = context.now()

        def work(connection: sa.Connection) -> tuple[list[str], dict[str, int], dict[str, Row]]:
            keys = identify(connection, [shown_as(person) for person in shown], implied)
            persons = [recognized(person, key) for person, key in zip(shown, keys, strict=True)]
            seen = remember_people(connection, persons, now)
            context.plan(connection, persons, search, now)
            context.verify(connection, keys, now)
            return keys, seen, known_organizations(connection, unknown)

        keys, first, before = await context.ledger.run(work)
        context.planned()
        rows = [{**row, "person_id": key} for row, key in zip(fresh_rows, keys, strict=True)]
        self._rows += [(row, first[row["person_id"]]) for row in rows]
        new = self._organizations.see(organizations, before)
        if new:
            await context.ledger.run(remember_organizations, new)
            await self._hand_on_organizations(new)
        await self._hand_on(search, least=BATCH)

    def _fresh(self, records: Sequence[Record]) -> list[Record]:
        """Records of people this search has not shown yet, as many as are still wanted."""
        fresh = []
        for record in records:
            person_id, vendor_key = person_key(record)
            if person_id in self._listed:
                continue
            if person_id not in self._people and self._wanted() == 0:
                continue
            self._listed.add(person_id)
            if person_id not in self._people:
                self._people.add(person_id)
                self._context.tally.people = len(self._people)
                self._context.tally.without_id += not vendor_key
            fresh.append(record)
        return fresh

    async def _hand_on(self, search: str, least: int) -> None:
        if len(self._rows) < least:
            return
        context = self._context
        rows, self._rows = self._rows, []
        hashes = {row["person_id"]: row_hash(row) for row, _ in rows}
        has = await context.ledger.run(known_hashes, context.sink_id, PEOPLE.name, list(hashes))
        owed = []
        for row, first in rows:
            person_id = row["person_id"]
            handed, self._handed[person_id] = self._handed.get(person_id), hashes[person_id]
            if handed is None:  # not by an earlier search of this run
                context.tally.new += person_id not in has
                context.tally.unchanged += has.get(person_id) == hashes[person_id]
                context.tally.changed += person_id in has and has[person_id] != hashes[person_id]
            if hashes[person_id] not in (handed, has.get(person_id)):
                owed.append((row, first))
        if owed:
            table = PEOPLE.table([{**row, "first_seen_at": first} for row, first in owed])
            keys = [row["person_id"] for row, _ in owed]
            deliveries = Deliveries(PEOPLE.name, keys, [hashes[key] for key in keys])
            await context.feed.put(Parcel(PEOPLE, table, deliveries))
        now = context.now()
        seen = [{"person_id": row["person_id"], "search": search, "last_seen_at": now} for row, _ in rows]
        await context.feed.put(Parcel(PEOPLE_SEEN, PEOPLE_SEEN.table(seen)))

    async def _hand_on_organizations(self, rows: Sequence[Row]) -> None:
        context = self._context
        hashes = {row["organization_id"]: row_hash(row) for row in rows}
        has = await context.ledger.run(known_hashes, context.sink_id, ORGANIZATIONS.name, list(hashes))
        owed = [row for row in rows if has.get(row["organization_id"]) != hashes[row["organization_id"]]]
        for start in range(0, len(owed), BATCH):
            part = owed[start : start + BATCH]
            keys = [row["organization_id"] for row in part]
            deliveries = Deliveries(ORGANIZATIONS.name, keys, [hashes[key] for key in keys])
            await context.feed.put(Parcel(ORGANIZATIONS, ORGANIZATIONS.table(part), deliveries))

    async def _settle_organizations(self) -> None:
        settled = self._organizations.settle()
        await self._context.ledger.run(remember_organizations, settled)
        await self._hand_on_organizations(settled)

    async def _cover(self, name: str, filters: SearchFilters, report: WindowReport | None, started: int) -> None:
        context = self._context
        coverage = report.coverage if report is not None else Coverage.INTERRUPTED
        if coverage is Coverage.INTERRUPTED and self._wanted() == 0:
            coverage = Coverage.LIMITED
        if report is not None:
            context.tally.calls += report.calls
            context.tally.unreadable += report.unreadable
        if coverage is Coverage.TRUNCATED:
            context.tally.truncated.append(name)
        elif coverage in (Coverage.GAPS, Coverage.INTERRUPTED):
            context.tally.incomplete.append(name)
        row: dict[str, Any] = {
            "run_id": context.run_id,
            "search": name,
            "window": f"{name}/{filters.fingerprint()}",
            "filters": json.dumps(filters.wire(), sort_keys=True, ensure_ascii=False),
            "coverage": coverage,
            "pages": report.pages if report is not None else 0,
            "people": len(self._listed),
            "calls": report.calls if report is not None else 0,
            "started_at": started,
            "finished_at": context.now(),
        }
        await context.ledger.run(cover, row)
        await context.feed.put(Parcel(SEARCH_COVERAGE, SEARCH_COVERAGE.table([row])))


def _person(record: Record, row: Row) -> Person:
    organization = organization_row(record) or {}
    return Person(
        person_id=row["person_id"],
        vendor_key=person_key(record)[1],
        first_name=row["first_name"],
        last_name=row["last_name"],
        linkedin_url=row["linkedin_url"],
        company_domain=organization.get("domain"),
        organization_name=organization.get("name"),
        country=row["country"],
        full_name=row["full_name"],
        title=row["title"],
    )
