"""Who has been seen: when first, and what a provider may be asked with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
import sqlalchemy as sa

from enrichment.storage import Statement, listed
from sources.providers import Person

_FIRST = Statement("SELECT person_id, first_seen_at FROM people WHERE person_id IN (SELECT value FROM json_each(?))")
_KNOWN = Statement(
    """
    SELECT person_id, first_seen_at, facts, job, job_since FROM people
    WHERE person_id IN (SELECT value FROM json_each(?))
    """
)
_ADD = Statement("INSERT INTO people (person_id, first_seen_at, facts, job, job_since) VALUES (?, ?, ?, ?, ?)")
_CHANGE = Statement("UPDATE people SET facts = ?, job = ?, job_since = ? WHERE person_id = ?")
_FORMER = Statement("INSERT INTO history (person_id, valid_from, valid_to, job) VALUES (?, ?, ?, ?)")

_ORGANIZATIONS = Statement(
    "SELECT organization_id, row FROM organizations WHERE organization_id IN (SELECT value FROM json_each(?))"
)
_REMEMBER = Statement(
    """
    INSERT INTO organizations (organization_id, row) VALUES (?, ?)
    ON CONFLICT (organization_id) DO UPDATE SET row = excluded.row WHERE row <> excluded.row
    """
)


def remember_people(connection: sa.Connection, persons: Sequence[Person], now: int) -> dict[str, int]:
    """Note people and what is known of them; returns when each was first seen (microseconds)."""
    keys = [person.person_id for person in persons]
    first = remember(connection, keys, list(map(facts_of, persons)), [None] * len(keys), now)
    return dict(zip(keys, first, strict=True))


def first_seen(connection: sa.Connection, keys: Sequence[str]) -> dict[str, int]:
    """When each of those who were seen at all was first seen (microseconds)."""
    return dict(_FIRST.rows(connection, listed(keys)))


def remember(
    connection: sa.Connection, keys: Sequence[str], facts: Sequence[str], jobs: Sequence[str | None], now: int
) -> list[int]:
    """Note people, what is known of them and what they do; returns when each was first seen, in order.

    ``facts``: as `facts_of` writes them. ``jobs``: JSON arrays of title, seniority, organization_id and the
    organization's name; None where nothing is said of it, and what is kept stays. Where somebody's job is another than
    the one kept, that one goes to `history`. Times are microseconds.
    """
    known: dict[str, tuple[int, str, str | None, int | None]] = {
        key: kept for key, *kept in _KNOWN.rows(connection, listed(keys))
    }
    new: set[str] = set()
    changed: set[str] = set()
    former: list[tuple[str, int, int, str]] = []
    first: list[int] = []
    for key, fact, job in zip(keys, facts, jobs, strict=True):
        kept = known.get(key)
        if kept is None:
            new.add(key)
            known[key] = (now, fact, job, None if job is None else now)
            first.append(now)
            continue
        seen, as_known, did, since = kept
        first.append(seen)
        if job is None or job == did:
            if fact != as_known:
                changed.add(key)
                known[key] = (seen, fact, did, since)
            continue
        at = now
        if did is not None and since is not None:
            at = max(now, since + 1)  # pages may be written down in another order than they came in
            former.append((key, since, at, did))
        changed.add(key)
        known[key] = (seen, fact, job, at)
    if new:
        _ADD.run_for_each(connection, [(key, *known[key]) for key in sorted(new)])
    if changed := changed - new:
        _CHANGE.run_for_each(connection, [(*known[key][1:], key) for key in sorted(changed)])
    if former:
        _FORMER.run_for_each(connection, former)
    return first


def facts_of(person: Person) -> str:
    """What is known of a person beside the key, as it is kept: JSON."""
    known = {name: value for name, value in asdict(person).items() if value is not None and name != "person_id"}
    return json.dumps(known, sort_keys=True, ensure_ascii=False)


def known_organizations(connection: sa.Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Rows of organizations as last handed on, by id."""
    return {key: json.loads(row) for key, row in _ORGANIZATIONS.rows(connection, listed(ids))} if ids else {}


def remember_organizations(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note rows of organizations as they are handed on."""
    texts = [orjson.dumps(row, option=orjson.OPT_SORT_KEYS).decode() for row in rows]
    _REMEMBER.run_for_each(connection, [(row["organization_id"], text) for row, text in zip(rows, texts, strict=True)])
