"""Who was seen by which search: when last, through which window of which scan, and since when no more."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

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
_MISSING = Statement(
    """
    SELECT person_id, last_seen_at, coalesce(missing_since, ?) FROM sightings
    WHERE search = ? AND person_id > ? AND scan_id <> ? AND last_seen_at < ?
        AND (missing_since IS NULL OR missing_since >= ?)
    ORDER BY person_id LIMIT ?
    """
)
_MISS = Statement(
    """
    UPDATE sightings SET missing_since = ?
    WHERE search = ? AND person_id > ? AND person_id <= ? AND scan_id <> ? AND last_seen_at < ?
        AND missing_since IS NULL
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
    connection: sa.Connection, search: str, scan_id: int, number: int, keys: Sequence[str], now: int
) -> list[int | None]:
    """Note that a search has seen these people now, through a window of a scan.

    Returns for each the number of the window through which this scan has seen them before, None where it had not.
    """
    known = listed(sorted(set(keys)))
    before = dict(_BEFORE.rows(connection, search, known, scan_id))
    _SIGHT.run(connection, search, scan_id, number, now, known)
    told: list[int | None] = []
    for key in keys:
        told.append(before.get(key))
        before[key] = number
    return told


def missing(
    connection: sa.Connection,
    search: str,
    scan_id: int,
    began: int,
    now: int,
    after: str = "",
    marked_since: int | None = None,
    most: int = CHUNK,
) -> list[tuple[str, int, int]]:
    """Note whom a search has seen, and neither this scan of it, which began then, nor any later one: missing since now.

    Returns ``most`` of them at most, by person_id, from the one ``after`` on, as (person_id, last_seen_at,
    missing_since); fewer than ``most`` are the last ones. ``marked_since``: those, too, who are missing since then or
    later, so that what a run that died has noted is told all the same.
    """
    again = now + 1 if marked_since is None else marked_since
    found = _MISSING.rows(connection, now, search, after, scan_id, began, again, most)
    if found:
        _MISS.run(connection, now, search, after, found[-1][0], scan_id, began)
    return found
