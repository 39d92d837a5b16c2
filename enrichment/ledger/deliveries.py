"""What a destination (a sink) has been given. Written only after a load succeeded: a crash gives twice, never less."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.ledger.schema import delivered, meta

_CHUNK = 2000
_LAST_LOAD = "last_load:"


@dataclass(frozen=True)
class Delivery:
    """A row handed over: its table, its key there, and what names its content (a hash or a version)."""

    table: str
    key: str = field(repr=False)  # may hold an address
    hash: str


def known_hashes(connection: sa.Connection, sink_id: str, table: str, keys: Sequence[str]) -> dict[str, str]:
    """What the sink has of these keys."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), _CHUNK):
        query = sa.select(delivered.c.key, delivered.c.hash).where(
            delivered.c.sink_id == sink_id,
            delivered.c.table_name == table,
            delivered.c.key.in_(keys[start : start + _CHUNK]),
        )
        found |= {row.key: row.hash for row in connection.execute(query)}
    return found


def deliver(connection: sa.Connection, sink_id: str, deliveries: Sequence[Delivery], load_id: str | None) -> None:
    """Note rows as delivered, and that this load was the last."""
    if load_id is not None:
        last = upsert(meta).values(key=_LAST_LOAD + sink_id, value=load_id)
        connection.execute(last.on_conflict_do_update(index_elements=["key"], set_={"value": last.excluded.value}))
    if not deliveries:
        return
    statement = upsert(delivered)
    statement = statement.on_conflict_do_update(
        index_elements=["sink_id", "table_name", "key"],
        set_={"hash": statement.excluded.hash, "load_id": statement.excluded.load_id},
    )
    connection.execute(
        statement,
        [
            {"sink_id": sink_id, "table_name": d.table, "key": d.key, "hash": d.hash, "load_id": load_id}
            for d in deliveries
        ],
    )


def announce(connection: sa.Connection, sink_id: str, deliveries: Sequence[Delivery]) -> None:
    """Note, before a load, that the sink may have these rows from now on: in which version, only `deliver` can say."""
    if deliveries:
        connection.execute(
            upsert(delivered).on_conflict_do_nothing(),
            [{"sink_id": sink_id, "table_name": d.table, "key": d.key, "hash": ""} for d in deliveries],
        )


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
