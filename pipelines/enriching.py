"""A list inside a run: its people become planned purchases batch by batch, and rows in the feed a little later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread
import sqlalchemy as sa

from enrichment.ledger import Ledger, runs
from enrichment.ledger.aliases import identify
from enrichment.ledger.deliveries import Deliveries, known_hashes
from enrichment.ledger.schema import people as known_people
from enrichment.ledger.seen import remember_people
from enrichment.ledger.waterfalls import people_of
from pipelines.feed import Feed, Parcel
from pipelines.leads.lead import Lead, Reject
from pipelines.leads.people import implied, merged, named, organization_of, person_of, row_of, shown_as
from pipelines.leads.rejects import Rejects
from pipelines.searching import SearchTally
from pipelines.tables import ORGANIZATIONS, PEOPLE
from sources.clodura.tables import row_hash
from sources.errors import LeadsyncError, LedgerError
from sources.providers import Person

#: the fact that everybody whom searches had shown before lists were read is known by their profiles, too
_ALIASES = "aliases_made"
_AT_ONCE = 500


@dataclass(frozen=True)
class ListOfLeads:
    """An open list. ``batches`` is read once; what names nobody goes to ``rejects``, None: it is only counted."""

    batches: Iterator[Sequence[Lead | Reject]] = field(repr=False)
    rejects: Rejects | None = None


@dataclass
class EnrichingContext:
    """What a list is worked with."""

    ledger: Ledger
    feed: Feed
    sink_id: str
    now: Callable[[], int]
    #: plans what is to be bought of these people; returns how many calls are new
    plan: Callable[[sa.Connection, Sequence[Person], str | None, int], int]
    planned: Callable[[], None]
    stopped: Callable[[], bool]
    tally: SearchTally
    limit: int | None = None
    #: plans to verify what these people's addresses are worth
    verify: Callable[[sa.Connection, Sequence[str], int], int] = lambda connection, person_ids, now: 0


class Enriching:
    """Takes a list's people on, each once."""

    def __init__(self, context: EnrichingContext) -> None:
        self._context = context
        #: the people of this run
        self.person_ids: list[str] = []
        self._listed: set[str] = set()

    async def run(self, leads: ListOfLeads) -> None:
        """To the list's end, the limit or a stop. What breaks the list off is noted in the tally."""
        context = self._context
        await context.ledger.run(_know_by_profile)
        try:
            while not context.stopped() and not self._full():
                batch = await anyio.to_thread.run_sync(next, leads.batches, None)
                if batch is None:
                    return
                rejected = [item for item in batch if isinstance(item, Reject)]
                context.tally.rejected += len(rejected)
                if rejected and leads.rejects is not None:
                    await anyio.to_thread.run_sync(leads.rejects.add, rejected)
                await self._take_on([item for item in batch if isinstance(item, Lead)])
        except LedgerError:
            raise  # without it nothing goes on
        except LeadsyncError as error:
            context.tally.errors.append(error)

    def _full(self) -> bool:
        limit = self._context.limit
        return limit is not None and len(self._listed) >= limit

    async def _take_on(self, leads: Sequence[Lead]) -> None:
        for start in range(0, len(leads), _AT_ONCE):
            if self._full() or self._context.stopped():
                return
            await self._some(leads[start : start + _AT_ONCE])

    async def _some(self, leads: Sequence[Lead]) -> None:
        context = self._context
        now = context.now()
        context.tally.records += len(leads)

        def work(connection: sa.Connection) -> tuple[dict[str, Lead], dict[str, int]]:
            fresh: dict[str, Lead] = {}
            for lead, key in zip(leads, identify(connection, [named(lead) for lead in leads], implied), strict=True):
                if key not in self._listed and (context.limit is None or len(self._listed) < context.limit):
                    self._listed.add(key)
                    fresh[key] = lead
            before = {person.person_id: person for person in people_of(connection, fresh)}
            persons = [merged(before.get(key), person_of(lead, key)) for key, lead in fresh.items()]
            first = remember_people(connection, persons, now)
            context.plan(connection, persons, None, now)
            context.verify(connection, list(fresh), now)
            return fresh, first

        fresh, first = await context.ledger.run(work)
        self.person_ids += fresh
        context.tally.people = len(self._listed)
        context.planned()
        await self._hand_on(fresh, first)

    async def _hand_on(self, leads: dict[str, Lead], first: dict[str, int]) -> None:
        context = self._context
        organizations = {row["organization_id"]: row for row in map(organization_of, leads.values()) if row is not None}
        if organizations:
            await self._put(ORGANIZATIONS, "organization_id", list(organizations.values()))
        rows = [row_of(lead, key) for key, lead in leads.items()]
        new = await self._put(PEOPLE, "person_id", rows, first)
        context.tally.new += new
        context.tally.unchanged += len(rows) - new

    async def _put(
        self, spec: Any, key: str, rows: Sequence[dict[str, Any]], first: dict[str, int] | None = None
    ) -> int:
        """Hand on what the destination lacks; returns how many. What a search has loaded is better known there."""
        context = self._context
        hashes = {row[key]: row_hash(row) for row in rows}
        has = await context.ledger.run(known_hashes, context.sink_id, spec.name, list(hashes))
        owed = [row for row in rows if row[key] not in has]
        if owed:
            full = [{**row, "first_seen_at": first[row[key]]} for row in owed] if first is not None else owed
            keys = [row[key] for row in owed]
            deliveries = Deliveries(spec.name, keys, [hashes[one] for one in keys])
            await context.feed.put(Parcel(spec, spec.table(full), deliveries))
        return len(owed)


def _know_by_profile(connection: sa.Connection) -> None:
    """Once for a ledger of an earlier version: whom searches have shown is known by their profiles, too."""
    if runs.fact(connection, _ALIASES) is not None:
        return
    ids = connection.execute(sa.select(known_people.c.person_id)).scalars().all()
    for start in range(0, len(ids), _AT_ONCE):
        identify(
            connection, [shown_as(person) for person in people_of(connection, ids[start : start + _AT_ONCE])], implied
        )
    runs.note_fact(connection, _ALIASES, "1")
