"""Who was seen by which search: when last, through which window of which scan, and since when no more."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from enrichment.ledger.deliveries import Deliveries
from enrichment.storage import Statement, listed

#: people that are told at a time
CHUNK = 10_000

_BEFORE = Statement(
    """
    SELECT person_id, number FROM sightings
    WHERE search = ? AND person_id IN (SELECT value FROM json_each(?)) AND scan_id = ?
    """
)
_SIGHT = Statement(
    """
    INSERT INTO sightings (search, person_id, scan_id, number, last_seen_at, missing_since)
    SELECT ?, value, ?, ?, ?, NULL FROM json_each(?) WHERE true
    ON CONFLICT (search, person_id) DO UPDATE SET
        scan_id = excluded.scan_id, number = excluded.number, last_seen_at = excluded.last_seen_at,
        missing_since = NULL
    """
)
_SIGHT_ALONE = Statement(
    """
    INSERT INTO sightings (search, person_id, scan_id, number, last_seen_at, missing_since)
    SELECT ?, value, ?, ?, ?, NULL FROM json_each(?) WHERE true
    ON CONFLICT (search, person_id) DO UPDATE SET last_seen_at = excluded.last_seen_at, missing_since = NULL
    """
)
_SAME = """scan_id IN (
    SELECT other.scan_id FROM scans AS one JOIN scans AS other
    ON other.search = one.search
        AND coalesce(other.everybody, other.fingerprint) = coalesce(one.everybody, one.fingerprint)
    WHERE one.scan_id = ?
)"""
_MISSING = Statement(
    f"""
    SELECT person_id FROM sightings
    WHERE search = ? AND person_id > ? AND scan_id <> ? AND last_seen_at < ? AND missing_since IS NULL AND {_SAME}
    ORDER BY person_id LIMIT ?
    """
)
_MISS = Statement(
    f"""
    UPDATE sightings SET missing_since = ?
    WHERE search = ? AND person_id > ? AND person_id <= ? AND scan_id <> ? AND last_seen_at < ?
        AND missing_since IS NULL AND {_SAME}
    """
)
_UNTOLD = Statement(
    """
    SELECT sightings.person_id, sightings.last_seen_at, sightings.missing_since
    FROM sightings JOIN delivered AS theirs
        ON theirs.sink_id = ? AND theirs.table_name = 'people' AND theirs.key = sightings.person_id
    LEFT JOIN delivered AS told
        ON told.sink_id = ? AND told.table_name = 'people_seen'
        AND told.key = sightings.search || '/' || sightings.person_id
    WHERE sightings.search = ? AND sightings.person_id > ? AND sightings.missing_since IS NOT NULL
        AND told.hash IS NOT CAST(sightings.missing_since AS TEXT)
    ORDER BY sightings.person_id LIMIT ?
    """
)
_UNASKED = Statement(
    """
    SELECT person_id FROM sightings
    WHERE search = ? AND person_id > ? AND missing_since IS NULL AND (? IS NULL OR scan_id = ?)
        AND EXISTS (
            SELECT 1 FROM json_each(?) WHERE NOT EXISTS (
                SELECT 1 FROM calls WHERE calls.person_id = sightings.person_id AND calls.channel = json_each.value
            )
        )
    ORDER BY person_id LIMIT ?
    """
)

_SEEN = Statement(
    """
    SELECT DISTINCT person_id FROM sightings
    WHERE search IN (SELECT value FROM json_each(?)) AND person_id IN (SELECT value FROM json_each(?))
        AND last_seen_at >= ?
    """
)
_SIGHTED = Statement("SELECT count(*) FROM sightings WHERE search = ? AND scan_id = ?")


def seen_since(connection: sa.Connection, searches: Sequence[str], keys: Sequence[str], since: int) -> list[str]:
    """Which of these people any of these searches has shown since then."""
    return [key for (key,) in _SEEN.rows(connection, listed(searches), listed(keys), since)]


def sighted(connection: sa.Connection, search: str, scan_id: int) -> int:
    """How many people a scan of a search has seen."""
    return int(_SIGHTED.rows(connection, search, scan_id)[0][0])


def sight(
    connection: sa.Connection,
    search: str,
    scan_id: int,
    number: int,
    keys: Sequence[str],
    now: int,
    *,
    alone: bool = False,
) -> list[int | None]:
    """Note that a search has seen these people now, through a window of a scan.

    A scan that is ``alone`` takes nobody from another one, which may be open: of those known it notes when, and no
    more. So it has to know itself whom it has seen.

    Returns for each the number of the window through which this scan has seen them before, None where it had not.
    """
    known = listed(sorted(set(keys)))
    before = dict(_BEFORE.rows(connection, search, known, scan_id))
    (_SIGHT_ALONE if alone else _SIGHT).run(connection, search, scan_id, number, now, known)
    told: list[int | None] = []
    for key in keys:
        told.append(before.get(key))
        before[key] = number
    return told


def missing(
    connection: sa.Connection, search: str, scan_id: int, began: int, now: int, after: str = "", most: int = CHUNK
) -> list[str]:
    """Note whom a search has seen, and neither this scan of it, which began then, nor any later one: missing since now.

    Only those whom a scan with the same filters was the last to see (whether it left out people for having been viewed
    or not): who was found by other filters may have left these for no other reason. Returns the ids of ``most`` of
    them at most, in order, from the one ``after`` on; fewer than ``most`` are the last ones.
    """
    found = [key for (key,) in _MISSING.rows(connection, search, after, scan_id, began, scan_id, most)]
    if found:
        _MISS.run(connection, now, search, after, found[-1], scan_id, began, scan_id)
    return found


def untold(
    connection: sa.Connection, search: str, sink_id: str, after: str = "", most: int = CHUNK
) -> list[tuple[str, int, int]]:
    """Who is missing, and known to a sink, which has not been told so.

    Returns ``most`` of them at most, by person_id, from the one ``after`` on, as (person_id, last_seen_at,
    missing_since); fewer than ``most`` are the last ones.
    """
    return _UNTOLD.rows(connection, sink_id, sink_id, search, after, most)


def missing_deliveries(search: str, rows: Sequence[tuple[str, int, int]]) -> Deliveries:
    """What is noted once a sink has been told of these (`untold`); as small as they are few."""
    keys = [f"{search}/{person_id}" for person_id, *_ in rows]
    return Deliveries("people_seen", keys, [str(since) for *_, since in rows])


def seen_versions(search: str, keys: Sequence[str], seen: Sequence[int]) -> Deliveries:
    """When people were seen, as versions of the rows that `missing_deliveries` names; nothing that is to be noted."""
    return Deliveries("people_seen", [f"{search}/{key}" for key in keys], [f"seen {at}" for at in seen])


def unasked(
    connection: sa.Connection, search: str, scan_id: int | None, channels: Sequence[str], after: str, most: int
) -> list[str]:
    """People whom a search shows, for whom a channel was never asked, by id from the one ``after`` on.

    ``scan_id``: whom this scan was the last to show; None: any.
    """
    return [key for (key,) in _UNASKED.rows(connection, search, after, scan_id, scan_id, listed(channels), most)]
