"""What a destination (a sink) has been given. Written only after a load succeeded: a crash gives twice, never less."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.ledger.schema import delivered

_CHUNK = 2000


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
    """Note rows as delivered."""
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
