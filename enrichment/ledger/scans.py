"""Scans: searches read whole, over as many runs as it takes. What was read of them is not asked for again.

A page is noted in one transaction with its people, and with its body, which stays in the spool until its people are
loaded: a crash costs the pages in flight and no other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.ledger.schema import (
    full_windows,
    people,
    scan_pages,
    scan_windows,
    scans,
    sightings,
    spool,
    windows,
)
from enrichment.storage.statements import Prepared, Statement, listed

#: fast, and a page of JSON shrinks to a sixth all the same (docs/adr/0011 tells what else was tried)
_CODEC = "lz4"
#: stands for the scan of those who are on no page that was kept
NO_SCAN = 0
#: what a scan covered that has read all that could be read
READ = ("complete", "split", "unproven", "truncated")
#: bytes that tell how large a body was
_SIZE = 4


@dataclass(frozen=True)
class Scan:
    """A scan that is open. ``whole``: its filters leave nobody out for having been viewed before."""

    scan_id: int
    started_at: int
    whole: bool
    #: an earlier run began it
    resumed: bool
    #: it wants a part of the search only, and nobody goes on with it
    alone: bool = False


@dataclass(frozen=True)
class Spooled:
    """A page whose people are not loaded yet, as it was put."""

    spool_id: int
    search: str
    page: int
    at: int
    #: of which window of which scan, in which walk; None: an earlier version did not note it
    scan_id: int | None
    number: int | None
    walk: int | None
    #: see `restored`
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Asked:
    """What a scan is to read: a search with these filters, for a sink.

    ``everybody`` names the same filters with nobody left out for having been viewed.
    """

    search: str
    fingerprint: str = field(repr=False)
    everybody: str = field(repr=False)
    sink_id: str


def begin(connection: sa.Connection, asked: Asked, *, whole: bool, now: int, since: int, besides: int = 0) -> Scan:
    """The open scan of a search with these very filters for this sink, begun not before ``since``; else a new one.

    Any other open scan of the search is given up: what its pages showed is kept, where it stood is not, nor whom it
    has marked as missing, for that was not told. But for the one ``besides``, which is over and about to be loaded.
    A scan for another sink is given up, too: who was last seen through which window is noted once for all sinks.
    """
    is_open = (scans.c.search == asked.search, scans.c.finished_at.is_(None), scans.c.scan_id != besides)
    left = [*connection.execute(sa.select(scans).where(*is_open).order_by(scans.c.scan_id.desc()))]
    found = None
    for row in left:
        same = (row.fingerprint, row.sink_id) == (asked.fingerprint, asked.sink_id)
        if same and since <= row.started_at and found is None:
            found = Scan(row.scan_id, row.started_at, bool(row.whole), resumed=True)
        else:
            _give_up(connection, row, now)
    if found is not None:
        return found
    return Scan(_insert(connection, asked, whole, now), now, whole, resumed=False)


def _give_up(connection: sa.Connection, scan: Any, now: int) -> None:
    marked = sightings.update().where(sightings.c.search == scan.search, sightings.c.missing_since >= scan.started_at)
    connection.execute(marked.values(missing_since=None))
    finish(connection, scan.scan_id, "interrupted", now)


def _insert(connection: sa.Connection, asked: Asked, whole: bool, now: int) -> int:
    over = sa.select(scans.c.scan_id).where(scans.c.finished_at.is_not(None))
    for table in (scan_pages, scan_windows):  # of one that wanted a part only, and died
        connection.execute(table.delete().where(table.c.scan_id.in_(over)))
    row = {**asdict(asked), "started_at": now, "whole": int(whole)}
    inserted = connection.execute(scans.insert().values(row)).inserted_primary_key
    assert inserted is not None
    return int(inserted[0])


def alone(connection: sa.Connection, asked: Asked, now: int) -> Scan:
    """A scan that no other run will go on with: it wants a part of the search only. Open ones stay as they are."""
    scan_id = _insert(connection, asked, False, now)
    connection.execute(scans.update().where(scans.c.scan_id == scan_id).values(finished_at=now, coverage="limited"))
    return Scan(scan_id, now, whole=False, resumed=False, alone=True)


def finish(connection: sa.Connection, scan_id: int, coverage: str, now: int) -> None:
    """A scan is over: where it stood is not needed any more."""
    ended = scans.update().where(scans.c.scan_id == scan_id)
    connection.execute(ended.values(finished_at=now, coverage=coverage))
    for table in (scan_pages, scan_windows):
        connection.execute(table.delete().where(table.c.scan_id == scan_id))


def last_whole(connection: sa.Connection, search: str, fingerprint: str, sink_id: str | None = None) -> int | None:
    """When a whole scan of a search with these filters was last finished with everybody seen; None: never.

    ``sink_id``: for this sink; None: for any.
    """
    query = sa.select(sa.func.max(scans.c.started_at)).where(
        scans.c.search == search,
        scans.c.fingerprint == fingerprint,
        scans.c.whole == 1,
        scans.c.finished_at.is_not(None),
        scans.c.coverage.in_(READ),
    )
    if sink_id is not None:
        query = query.where(scans.c.sink_id == sink_id)
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def unreadable(connection: sa.Connection, scan_id: int) -> int:
    """How many items of the pages of a scan that is open nobody could read."""
    query = sa.select(sa.func.coalesce(sa.func.sum(scan_pages.c.unreadable), 0))
    return int(connection.execute(query.where(scan_pages.c.scan_id == scan_id)).scalar_one())


def windows_of(connection: sa.Connection, scan_id: int) -> list[Mapping[str, Any]]:
    """The windows noted of a scan, in order."""
    query = sa.select(scan_windows).where(scan_windows.c.scan_id == scan_id).order_by(scan_windows.c.number)
    return [{**row, "details": json.loads(row["details"])} for row in connection.execute(query).mappings()]


def keep_windows(connection: sa.Connection, scan_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note windows, new or changed: number, parent, role, filters (JSON), state, coverage, details (an object)."""
    new = upsert(scan_windows)
    names = ("state", "coverage", "details")
    statement = new.on_conflict_do_update(
        index_elements=["scan_id", "number"], set_={name: new.excluded[name] for name in names}
    )
    rows = [{**row, "scan_id": scan_id, "details": json.dumps(row["details"])} for row in rows]
    connection.execute(statement, rows)


def pages_of(connection: sa.Connection, scan_id: int, number: int) -> list[Any]:
    """The pages noted of a window: walk, page, fill, people, unreadable."""
    wanted = (scan_pages.c.scan_id == scan_id, scan_pages.c.number == number)
    return [*connection.execute(sa.select(scan_pages).where(*wanted).order_by(scan_pages.c.walk, scan_pages.c.page))]


_PAGE_KEYS = ("scan_id", "number", "walk", "page", "fill", "people", "unreadable")
_page = upsert(scan_pages)
_NOTE_PAGE = Prepared(
    _page.on_conflict_do_update(
        index_elements=["scan_id", "number", "walk", "page"],
        set_={name: _page.excluded[name] for name in ("fill", "people", "unreadable")},
    ),
    _PAGE_KEYS,
)
_SPOOL = Prepared(
    spool.insert().returning(spool.c.spool_id),
    ("search", "page", "body", "at", "sink_id", "scan_id", "number", "walk"),
)
_SHOWN = Statement(
    """
    SELECT count(*) FROM sightings
    WHERE search = ? AND scan_id = ? AND number IN (SELECT value FROM json_each(?))
    """
)
_DOMAINS = Statement(
    """
    SELECT DISTINCT json_extract(facts, '$.company_domain') AS domain FROM people
    WHERE person_id IN (SELECT value FROM json_each(?)) AND domain IS NOT NULL
    ORDER BY domain
    """
)
_LOADED = Prepared(spool.delete().where(spool.c.spool_id == sa.bindparam("spool_id")))


def note_page(connection: sa.Connection, page: Mapping[str, Any]) -> None:
    """Note that a page was answered: scan_id, number, walk, page, fill, people, unreadable."""
    _NOTE_PAGE.run(connection, page)


def shrunk(body: bytes) -> bytes:
    """A body as the spool keeps it."""
    import pyarrow as pa

    return len(body).to_bytes(_SIZE, "big") + bytes(pa.compress(body, codec=_CODEC, asbytes=True))


def restored(body: bytes) -> bytes:
    """The body that was kept so."""
    import pyarrow as pa

    size = int.from_bytes(body[:_SIZE], "big")
    return bytes(pa.decompress(body[_SIZE:], decompressed_size=size, codec=_CODEC, asbytes=True))


def put(connection: sa.Connection, search: str, page: Mapping[str, Any], body: bytes, sink_id: str, now: int) -> int:
    """Keep the body (`shrunk`) of a page, noted as in `note_page`, until its people are in the sink.

    ``now``: the time at which they are noted as seen. Returns its number.
    """
    of = {name: page[name] for name in ("page", "scan_id", "number", "walk")}
    return int(_SPOOL.value(connection, {**of, "search": search, "body": body, "at": now, "sink_id": sink_id}))


def loaded(connection: sa.Connection, spool_ids: Sequence[int]) -> None:
    """The people of these pages are where they belong."""
    _LOADED.run_for_each(connection, [{"spool_id": spool_id} for spool_id in spool_ids])


def spooled(connection: sa.Connection, sink_id: str, before: int | None, most: int) -> list[Spooled]:
    """Pages that a run has left behind for this sink, the last one first, from before one of them on."""
    mine = (spool.c.sink_id == sink_id) | spool.c.sink_id.is_(None)
    query = sa.select(spool).where(mine).order_by(spool.c.spool_id.desc()).limit(most)
    query = query if before is None else query.where(spool.c.spool_id < before)
    names = [one.name for one in fields(Spooled)]
    return [Spooled(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]


def lose(connection: sa.Connection, page: Spooled, now: int) -> None:
    """What was kept of a page cannot be read: it is to be asked for again, and its people count as not seen.

    Where its window is not open any more the whole scan is given up, and the next one begins anew.
    """
    connection.execute(spool.delete().where(spool.c.spool_id == page.spool_id))
    of = (scans.c.scan_id == page.scan_id, scans.c.finished_at.is_(None))
    scan = connection.execute(sa.select(scans).where(*of)).one_or_none()
    if scan is None:
        return
    window = (scan_windows.c.scan_id == page.scan_id, scan_windows.c.number == page.number)
    if connection.execute(sa.select(scan_windows.c.state).where(*window)).scalar() != "open":
        _give_up(connection, scan, now)
        return
    keys = ("scan_id", "number", "walk", "page")
    connection.execute(scan_pages.delete().where(*(scan_pages.c[name] == getattr(page, name) for name in keys)))
    shown_there = (
        sightings.c.search == page.search,
        sightings.c.scan_id == page.scan_id,
        sightings.c.number == page.number,
        sightings.c.last_seen_at == page.at,
    )
    connection.execute(sightings.update().where(*shown_there).values(scan_id=NO_SCAN))


def only_shown_by(connection: sa.Connection, search: str, scan_id: int, number: int) -> list[str]:
    """People whom a window of a scan was the last to show."""
    query = sa.select(sightings.c.person_id).where(
        sightings.c.search == search, sightings.c.scan_id == scan_id, sightings.c.number == number
    )
    return list(connection.execute(query).scalars())


def shown(connection: sa.Connection, search: str, scan_id: int, numbers: Sequence[int]) -> int:
    """How many people these windows of a scan were the last to show."""
    return int(_SHOWN.rows(connection, search, scan_id, json.dumps([*numbers]))[0][0])


def domains(connection: sa.Connection, search: str, scan_id: int, numbers: Sequence[int]) -> list[str]:
    """Domains of the employers of people whom these windows were the last to show."""
    domain = sa.func.json_extract(people.c.facts, "$.company_domain")
    query = (
        sa.select(domain)
        .select_from(sightings.join(people, people.c.person_id == sightings.c.person_id))
        .where(
            sightings.c.search == search,
            sightings.c.scan_id == scan_id,
            sightings.c.number.in_(sa.select(sa.func.json_each(json.dumps([*numbers])).table_valued("value").c.value)),
            domain.is_not(None),
        )
        .distinct()
        .order_by(domain)
    )
    return list(connection.execute(query).scalars())


def domains_of(connection: sa.Connection, person_ids: Sequence[str]) -> list[str]:
    """Domains of these people's employers."""
    return [domain for (domain,) in _DOMAINS.rows(connection, listed(person_ids))]


def expected(connection: sa.Connection, search: str, window: str) -> int | None:
    """How many people a window of a search held when it was last read whole."""
    query = (
        sa.select(windows.c.people)
        .where(windows.c.search == search, windows.c.window == window, windows.c.coverage == "complete")
        .order_by(windows.c.finished_at.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def remembered(connection: sa.Connection, fingerprint: str) -> str | None:
    """How a window was split the last time that it held more than can be shown."""
    query = sa.select(full_windows.c.split).where(full_windows.c.fingerprint == fingerprint)
    return connection.execute(query).scalar()


def remember(connection: sa.Connection, fingerprint: str, split: str | None, now: int) -> None:
    """Note that; None: it does not hold so many any more."""
    if split is None:
        connection.execute(full_windows.delete().where(full_windows.c.fingerprint == fingerprint))
        return
    new = upsert(full_windows).values(fingerprint=fingerprint, split=split, at=now)
    changed = {"split": new.excluded.split, "at": new.excluded.at}
    connection.execute(new.on_conflict_do_update(index_elements=["fingerprint"], set_=changed))
