"""People whom pages of a search show: into the ledger at once, as planned purchases, and as rows a little later.

A page is one transaction of the ledger: who they are, what is known of them, that this search has seen them, what is
to be bought, that the page was read, and its body, which stays until its people are loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pyarrow as pa
import sqlalchemy as sa
import structlog

from enrichment.ledger import scans
from enrichment.ledger.deliveries import Deliveries, known_hashes
from enrichment.ledger.recognizing import recognize
from enrichment.ledger.seen import facts_of, first_seen, remember
from enrichment.ledger.sightings import seen_since, seen_versions, sight
from enrichment.tables import TIME
from pipelines.employers import EmployerArrivals, NewEmployers
from pipelines.feed import Parcel
from pipelines.leads.people import VENDOR, implied, recognized
from pipelines.leads.profiles import profile_keys
from pipelines.search_context import SearchContext
from pipelines.tables import PEOPLE, PEOPLE_SEEN
from sources.clodura.columns import People, concat, read_people
from sources.clodura.records import parse_page
from sources.clodura.windows import PageRead

log = structlog.get_logger("leadsync.searching")

#: people handed on at a time
BATCH = 1000


@dataclass(frozen=True, repr=False)
class _Known:
    """What the ledger says of the people of a page."""

    keys: list[str]
    first: list[int]
    #: when the page showed them
    seen: int
    #: places on the page of those whom this scan had not seen before
    fresh: list[int]
    #: of these: whom an earlier search of this run has shown
    elsewhere: frozenset[str]
    #: hashes of their rows that the destination has
    has: Mapping[str, str]
    employers: NewEmployers
    #: how many people this window had shown before
    again: int
    #: something is to be bought of them
    planned: bool
    spool_id: int | None


@dataclass(repr=False)
class _Waiting:
    """People who wait to be handed on."""

    people: list[People] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    has: dict[str, str] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    spooled: list[int] = field(default_factory=list)


class Arrivals:
    """Takes in the people of one run's searches, page by page."""

    def __init__(self, context: SearchContext) -> None:
        self._context = context
        self._employers = EmployerArrivals(context)
        self._waiting = _Waiting()
        self._searched: list[str] = []
        self._began = context.now()
        self._wanted: set[str] = set()  # of a run that wants some people only: those it has
        self._shown: dict[str, int] = {}
        self._taken_back: set[tuple[str, str]] = set()

    @property
    def full(self) -> bool:
        """Whether there are as many people as were asked for."""
        limit = self._context.limit
        return limit is not None and len(self._wanted) >= limit

    @property
    def left(self) -> int | None:
        """How many people are still wanted; None: all there are."""
        limit = self._context.limit
        return None if limit is None else max(0, limit - len(self._wanted))

    def searching(self, search: str) -> None:
        """A search begins."""
        self._shown.clear()
        if search not in self._searched:
            self._searched.append(search)

    @property
    def shown(self) -> Mapping[str, int]:
        """Of a scan that is alone: through which of its windows each of its people was last shown."""
        return self._shown

    def taken_back(self, search: str) -> Collection[str]:
        """Who was handed on as seen by a search, by an earlier run that did not load it."""
        return {key for name, key in self._taken_back if name == search}

    async def take_in(self, search: str, scan: scans.Scan, number: int, read: PageRead) -> int:
        """Take in a page of a window; returns how many of its people the window had shown before."""
        context = self._context
        context.tally.pages += bool(read.page.records)
        context.tally.records += len(read.page.records)
        people = self._chosen(read.people)
        noted = {
            "scan_id": scan.scan_id,
            "number": number,
            "walk": read.walk,
            "page": read.page.number,
            "fill": read.fill.value,
            "people": len(read.page.records),
            "unreadable": read.page.unreadable,
        }
        if not people:
            await context.ledger.run(scans.note_page, noted)
            return 0
        known = await self._know(search, people, read, noted, alone=scan.alone)
        if self._taken_back:  # they are counted
            counted = known.elsewhere | {key for key in known.keys if (search, key) in self._taken_back}
            known = replace(known, elsewhere=counted)
        tally = context.tally
        new = [place for place in known.fresh if known.keys[place] not in known.elsewhere]
        tally.people += len(new)
        tally.without_id += sum(not people.vendor_keys[place] for place in new)
        if known.planned:
            context.planned()
        await self._see(people, known)
        await self._hand_on(search, least=BATCH)
        return known.again

    async def take_back(self, page: scans.Spooled) -> None:
        """Take in a page that an earlier run has read and not loaded. One that cannot be read any more is told."""
        context, now = self._context, self._context.now()
        try:
            people = _each_once(read_people(parse_page(page.page, scans.restored(page.body)).records))
        except (OSError, ValueError, MemoryError) as error:  # the disk, or whoever wrote to the ledger
            log.warning("kept_page_unreadable", search=page.search, page=page.page, error=type(error).__name__)
            context.tally.unreadable += 1
            await context.ledger.run(scans.lose, page, now)
            return

        def work(connection: sa.Connection) -> _Known:
            keys = self._keys(connection, people)
            then = first_seen(connection, keys)  # they were noted with the page
            first = [then.get(key, page.at) for key in keys]
            return self._known(connection, people, keys, first, keys, page.spool_id, page.at)

        known = await context.ledger.run(work)
        # a page of a full window and those of its parts show the same people, and so do pages of two scans
        fresh = [place for place, key in enumerate(known.keys) if (page.search, key) not in self._taken_back]
        self._taken_back |= {(page.search, key) for key in known.keys}
        context.tally.people += len(fresh)
        await self._see(people, replace(known, fresh=fresh))
        await self._hand_on(page.search, least=BATCH)

    async def finish(self, search: str) -> None:
        """Hand on all that waits."""
        await self._hand_on(search, least=1)

    async def settle(self) -> None:
        """All has been seen: hand on what has changed of employers."""
        await self._employers.settle()

    def _chosen(self, people: People) -> People:
        """Each person once, and no more than are wanted."""
        people = _each_once(people)
        if self._context.limit is None:
            return people
        places = []
        for place, key in enumerate(people.keys):
            if key not in self._wanted:
                if self.full:
                    self._context.tally.cut = True
                    continue
                self._wanted.add(key)
            places.append(place)
        return people.take(places)

    async def _know(
        self, search: str, people: People, read: PageRead, noted: Mapping[str, Any], *, alone: bool
    ) -> _Known:
        context, number = self._context, noted["number"]
        now = context.now()
        body = scans.shrunk(read.page.body)
        earlier = self._searched[:-1]

        def work(connection: sa.Connection) -> _Known:
            scans.note_page(connection, noted)
            spool_id = scans.put(connection, search, noted, body, context.sink_id, now)
            known = self._recognize(connection, people, spool_id, now)
            before = sight(connection, search, noted["scan_id"], number, known.keys, now, alone=alone)
            if alone:
                before = [self._shown.get(key) for key in known.keys]
            fresh = [place for place, window in enumerate(before) if window is None]
            keys = [known.keys[place] for place in fresh]
            older = [known.keys[place] for place in fresh if known.first[place] != now]  # the others nobody has shown
            planned = 0
            if context.buying and fresh:
                persons = list(map(recognized, people.take(fresh).persons(), keys))
                planned = context.plan(connection, persons, search, now) + context.verify(connection, keys, now)
            return _Known(
                keys=known.keys,
                first=known.first,
                seen=now,
                fresh=fresh,
                elsewhere=frozenset(seen_since(connection, earlier, older, self._began) if earlier and older else ()),
                has=known.has,
                employers=known.employers,
                again=sum(window == number for window in before),
                planned=planned > 0,
                spool_id=spool_id,
            )

        known = await context.ledger.run(work)
        if alone:
            self._shown |= dict.fromkeys(known.keys, number)
        return known

    def _keys(self, connection: sa.Connection, people: People) -> list[str]:
        profiles = profile_keys(people.linkedin_urls)
        return recognize(connection, VENDOR, people.keys, people.vendor_keys, profiles, implied)

    def _recognize(self, connection: sa.Connection, people: People, spool_id: int, now: int) -> _Known:
        keys = self._keys(connection, people)
        facts = people.facts()
        for place, key in enumerate(keys):
            if key != people.keys[place]:
                facts[place] = facts_of(recognized(people.person(place), key))
        jobs = [orjson.dumps(job).decode() if any(job) else None for job in people.jobs()]
        first = remember(connection, keys, facts, jobs, now)
        older = [key for key, seen in zip(keys, first, strict=True) if seen != now]  # nobody else was ever handed on
        return self._known(connection, people, keys, first, older, spool_id, now)

    def _known(
        self,
        connection: sa.Connection,
        people: People,
        keys: list[str],
        first: list[int],
        older: Sequence[str],
        spool_id: int,
        seen: int,
    ) -> _Known:
        return _Known(
            keys=keys,
            first=first,
            seen=seen,
            fresh=list(range(len(people))),
            elsewhere=frozenset(),
            has=known_hashes(connection, self._context.sink_id, PEOPLE.name, older),
            employers=self._employers.see(connection, people.employers()),
            again=0,
            planned=False,
            spool_id=spool_id,
        )

    async def _see(self, people: People, known: _Known) -> None:
        await self._employers.hand_on(known.employers)
        fresh = people.take(known.fresh)
        waiting = self._waiting
        if fresh:
            waiting.people.append(fresh)
            waiting.keys += [known.keys[place] for place in known.fresh]
            waiting.first += [known.first[place] for place in known.fresh]
            waiting.seen += [known.seen] * len(known.fresh)
            waiting.hashes += fresh.hashes()
            waiting.has.update(known.has)
            waiting.elsewhere |= known.elsewhere
        if known.spool_id is not None:
            waiting.spooled.append(known.spool_id)

    async def _hand_on(self, search: str, least: int) -> None:
        if len(self._waiting.keys) < least and not (least == 1 and self._waiting.spooled):
            return
        context = self._context
        waiting, self._waiting = self._waiting, _Waiting()
        owed = []
        for place, (key, content) in enumerate(zip(waiting.keys, waiting.hashes, strict=True)):
            had = waiting.has.get(key)
            if key not in waiting.elsewhere:
                context.tally.new += had is None
                context.tally.unchanged += had == content
                context.tally.changed += had is not None and had != content
            if had != content:
                owed.append(place)
        if owed:
            people, keys = concat(waiting.people).take(owed), [waiting.keys[place] for place in owed]
            first = pa.array([waiting.first[place] for place in owed], TIME)
            table = people.table(keys).append_column(PEOPLE.schema.field(-1), first)
            deliveries = Deliveries(PEOPLE.name, keys, [waiting.hashes[place] for place in owed])
            await context.feed.put(Parcel(PEOPLE, table, deliveries))
        rows = _seen(search, waiting.keys, waiting.seen)
        # only who was taken back may have a second row in this run
        versions = seen_versions(search, waiting.keys, waiting.seen) if self._taken_back else None
        await context.feed.put(Parcel(PEOPLE_SEEN, rows, versions=versions, spooled=waiting.spooled))


def _seen(search: str, keys: Sequence[str], seen: Sequence[int]) -> pa.Table:
    """Rows of `people_seen`: when the search showed them."""
    columns = [
        pa.array(keys, pa.string()),
        pa.repeat(search, len(keys)),
        pa.array(seen, TIME),
        pa.nulls(len(keys), TIME),
    ]
    return pa.Table.from_arrays(columns, schema=PEOPLE_SEEN.schema)


def _each_once(people: People) -> People:
    """Nobody twice."""
    if len(set(people.keys)) == len(people):
        return people
    return people.take([place for place, key in enumerate(people.keys) if people.keys.index(key) == place])
