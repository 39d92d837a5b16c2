"""Who has been seen: when first, and what a provider may be asked with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.ledger.schema import organizations, people
from sources.providers import Person

_CHUNK = 500


def remember_people(connection: sa.Connection, persons: Sequence[Person], now: int) -> dict[str, int]:
    """Note people and what is known of them; returns when each was first seen (microseconds)."""
    rows = [{"person_id": p.person_id, "first_seen_at": now, "facts": _facts(p)} for p in persons]
    if not rows:
        return {}
    statement = upsert(people)
    statement = statement.on_conflict_do_update(
        index_elements=["person_id"],
        set_={"facts": statement.excluded.facts},
        where=people.c.facts != statement.excluded.facts,
    )
    connection.execute(statement, rows)
    first: dict[str, int] = {}
    for start in range(0, len(rows), _CHUNK):
        ids = [row["person_id"] for row in rows[start : start + _CHUNK]]
        known = connection.execute(
            sa.select(people.c.person_id, people.c.first_seen_at).where(people.c.person_id.in_(ids))
        )
        first |= {row.person_id: row.first_seen_at for row in known}
    return first


def _facts(person: Person) -> str:
    known = {name: value for name, value in asdict(person).items() if value is not None and name != "person_id"}
    return json.dumps(known, sort_keys=True, ensure_ascii=False)


def known_organizations(connection: sa.Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Rows of organizations as last handed on, by id."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(ids), _CHUNK):
        query = sa.select(organizations).where(organizations.c.organization_id.in_(ids[start : start + _CHUNK]))
        found |= {row.organization_id: json.loads(row.row) for row in connection.execute(query)}
    return found


def remember_organizations(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note rows of organizations as they are handed on."""
    if not rows:
        return
    statement = upsert(organizations)
    statement = statement.on_conflict_do_update(
        index_elements=["organization_id"], set_={"row": statement.excluded.row}
    )
    connection.execute(
        statement,
        [
            {"organization_id": row["organization_id"], "row": json.dumps(row, sort_keys=True, ensure_ascii=False)}
            for row in rows
        ],
    )
