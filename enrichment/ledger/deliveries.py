"""What a destination (a sink) has been given. Written only after a load succeeded: a crash gives twice, never less."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.ledger.schema import delivered, meta
from enrichment.storage import Statement, listed

_CHUNK = 2000
_LAST_LOAD = "last_load:"

_HAS = Statement(
    """
    SELECT key, hash FROM delivered
    WHERE sink_id = ? AND table_name = ? AND key IN (SELECT value FROM json_each(?))
    """
)
_DELIVER = Statement(  # of a JSON object, key by key
    """
    INSERT INTO delivered (sink_id, table_name, key, hash, load_id)
    SELECT ?, ?, key, value, ? FROM json_each(?) WHERE true
    ON CONFLICT (sink_id, table_name, key) DO UPDATE SET hash = excluded.hash, load_id = excluded.load_id
    """
)
_ANNOUNCE = Statement(
    """
    INSERT INTO delivered (sink_id, table_name, key, hash) SELECT ?, ?, value, '' FROM json_each(?) WHERE true
    ON CONFLICT DO NOTHING
    """
)


@dataclass(frozen=True)
class Deliveries:
    """Rows of a table handed over: their keys there, and what names the content of each (a hash or a version).

    In columns, because a flush may hand over a hundred thousand.
    """

    table: str
    keys: Sequence[str] = field(repr=False)  # may hold addresses
    hashes: Sequence[str] = field(repr=False)

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, rows: slice) -> Deliveries:
        return Deliveries(self.table, self.keys[rows], self.hashes[rows])


def parts(deliveries: Sequence[Deliveries], most: int) -> Iterator[list[Deliveries]]:
    """The same in lists of no more than ``most`` rows; an empty one where there are none."""
    part: list[Deliveries] = []
    room = most
    for rows in deliveries:
        start = 0
        while start < len(rows):
            if not room:
                yield part
                part, room = [], most
            part.append(rows[start : start + room])
            start += len(part[-1])
            room -= len(part[-1])
    yield part


def known_hashes(connection: sa.Connection, sink_id: str, table: str, keys: Sequence[str]) -> dict[str, str]:
    """What the sink has of these keys."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), _CHUNK):
        found.update(_HAS.rows(connection, sink_id, table, listed(keys[start : start + _CHUNK])))
    return found


def deliver(connection: sa.Connection, sink_id: str, deliveries: Iterable[Deliveries], load_id: str | None) -> None:
    """Note rows as delivered, and that this load was the last."""
    if load_id is not None:
        last = upsert(meta).values(key=_LAST_LOAD + sink_id, value=load_id)
        connection.execute(last.on_conflict_do_update(index_elements=["key"], set_={"value": last.excluded.value}))
    for rows in deliveries:
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            hashes = dict(zip(part.keys, part.hashes, strict=True))
            _DELIVER.run(connection, sink_id, rows.table, load_id, listed(hashes))


def announce(connection: sa.Connection, sink_id: str, deliveries: Deliveries) -> None:
    """Note, before a load, that the sink may have these rows from now on: in which version, only `deliver` can say."""
    _ANNOUNCE.run(connection, sink_id, deliveries.table, listed(deliveries.keys))


def forget(connection: sa.Connection, sink_id: str, tables: Sequence[str]) -> int:
    """The sink has lost these tables: all their rows are owed again."""
    result = connection.execute(
        delivered.delete().where(delivered.c.sink_id == sink_id, delivered.c.table_name.in_(tables))
    )
    return result.rowcount


def last_load(connection: sa.Connection, sink_id: str) -> str | None:
    """The last load that this ledger knows a sink to have."""
    return connection.execute(sa.select(meta.c.value).where(meta.c.key == _LAST_LOAD + sink_id)).scalar()


def forget_loads(connection: sa.Connection, sink_id: str, kept: Collection[str]) -> int:
    """The sink has lost all loads but those kept: their rows are owed again. Returns how many rows."""
    mine = delivered.c.sink_id == sink_id
    known = connection.execute(sa.select(delivered.c.load_id).where(mine).distinct()).scalars().all()
    forgotten = 0
    for load_id in known:
        if load_id not in kept:
            which = delivered.delete().where(mine, delivered.c.load_id.is_not_distinct_from(load_id))
            forgotten += connection.execute(which).rowcount
    connection.execute(meta.delete().where(meta.c.key == _LAST_LOAD + sink_id))
    return forgotten


def has(
    sink_id: str, table: str, key: sa.ColumnElement[str], version: sa.ColumnElement[Any] | None = None
) -> sa.ColumnElement[bool]:
    """A condition: the sink has this row (in this version, where one is given)."""
    query = (
        sa.select(sa.literal(1))
        .select_from(delivered)
        .where(delivered.c.sink_id == sink_id, delivered.c.table_name == table, delivered.c.key == key)
    )
    if version is not None:
        query = query.where(delivered.c.hash == sa.cast(version, sa.String))
    return query.exists()
