"""Runs and what their searches covered; small facts about the ledger itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.ledger.schema import meta, runs, windows

#: the fact that is the key made for webhook URLs
SIGNING_KEY = "webhook_signing_key"


def start(connection: sa.Connection, run_id: str, now: int) -> None:
    """A run begins."""
    connection.execute(runs.insert().values(run_id=run_id, started_at=now))


def finish(
    connection: sa.Connection, run_id: str, now: int, exit_code: int, exit_reason: str, summary: Mapping[str, Any]
) -> None:
    """A run ends, for this reason, with this summary."""
    connection.execute(
        runs.update()
        .where(runs.c.run_id == run_id)
        .values(finished_at=now, exit_code=exit_code, exit_reason=exit_reason, summary=json.dumps(summary))
    )


def latest(connection: sa.Connection, limit: int) -> list[Mapping[str, Any]]:
    """The last runs, newest first."""
    return [*connection.execute(sa.select(runs).order_by(runs.c.started_at.desc()).limit(limit)).mappings()]


def cover(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note how windows of a search were read; of two readings of one in one run the later stands."""
    if not rows:
        return
    new = upsert(windows)
    keys = ("run_id", "search", "window")
    changed = {name: new.excluded[name] for name in rows[0] if name not in keys}
    statement = new.on_conflict_do_update(index_elements=keys, set_=changed)
    connection.execute(statement, [dict(row) for row in rows])


def fact(connection: sa.Connection, key: str) -> str | None:
    """A fact about this ledger."""
    return connection.execute(sa.select(meta.c.value).where(meta.c.key == key)).scalar()


def keep_fact(connection: sa.Connection, key: str, value: str) -> str:
    """Note a fact, unless it is known; returns what is known now."""
    connection.execute(upsert(meta).values(key=key, value=value).on_conflict_do_nothing())
    return str(fact(connection, key))


def note_fact(connection: sa.Connection, key: str, value: str) -> None:
    """Note a fact in place of what was known before."""
    new = upsert(meta).values(key=key, value=value)
    connection.execute(new.on_conflict_do_update(index_elements=["key"], set_={"value": new.excluded.value}))


def signing_key(connection: sa.Connection) -> str:
    """The key that signs webhook URLs where the settings give none: made once, then kept."""
    return keep_fact(connection, SIGNING_KEY, secrets.token_hex(32))
