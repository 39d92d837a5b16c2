"""Who somebody is, whatever they are named by: a vendor's id here, a profile there, a name and a domain elsewhere.

Identifiers are (kind, value), the surest first. The same person keeps the key under which we met them first, so that
nothing is bought again for being named otherwise. Where a surer identifier says that it is somebody else, it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.ledger.schema import aliases
from enrichment.ledger.schema import people as people_seen

Identifier = tuple[str, str]

#: the kind of alias that is another key of ours
SAME = "same"
#: the kind that is a profile
PROFILE = "linkedin"

_CHUNK = 400


@dataclass(frozen=True)
class Named:
    """Somebody who is to be recognized. ``key`` is theirs where nobody knows them yet."""

    key: str = field(repr=False)
    identifiers: tuple[Identifier, ...] = field(repr=False)


def identify(
    connection: sa.Connection,
    people: Sequence[Named],
    implied: Callable[[str], Identifier | None] = lambda key: None,
) -> list[str]:
    """The key of each, in order; identifiers that are new are noted.

    ``implied``: the identifier that a key is itself (a vendor's own id); it is not noted.
    """
    known = _known(connection, {identifier for person in people for identifier in person.identifiers})
    own = {key: found for person in people if (found := implied(key := person.key)) is not None}
    for key in _seen(connection, own):  # a vendor's own id that we know somebody by is as good as a note of it
        known.setdefault(own[key], key)
    same = _known(connection, {(SAME, key) for key in known.values()})
    known = {identifier: same.get((SAME, key), key) for identifier, key in known.items()}
    named_by: dict[str, set[Identifier]] = defaultdict(set)
    for key, identifier in _of(connection, set(known.values())):
        named_by[key].add(identifier)
    new: dict[Identifier, str] = {}
    keys = []
    for person in people:
        key = _recognized(person, known, named_by, implied) or person.key
        for identifier in person.identifiers:
            other = known.get(identifier)
            ours = Named(key, (*person.identifiers, *named_by[key], *filter(None, [implied(key)])))
            if other not in (None, key) and not _contradicts(ours, named_by[str(other)], str(other), implied):
                # met under two names before anybody said that they are one: what was bought under either counts
                new[SAME, str(other)] = key
                known |= {named: key for named, of in known.items() if of == other}
                named_by[key] |= named_by.pop(str(other))
            if identifier not in known and identifier != implied(key):
                known[identifier] = new[identifier] = key
                named_by[key].add(identifier)
        keys.append(key)
    if new:
        rows = [{"kind": kind, "value": value, "person_id": key} for (kind, value), key in new.items()]
        connection.execute(upsert(aliases).on_conflict_do_nothing(), rows)
    return keys


def same_as(connection: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    """Other keys that the same people were met under, each with the key that counts."""
    found: dict[str, str] = {}
    for start in range(0, len(keys), _CHUNK):
        rows = connection.execute(
            sa.select(aliases.c.value, aliases.c.person_id).where(
                aliases.c.kind == SAME, aliases.c.person_id.in_(keys[start : start + _CHUNK])
            )
        )
        found |= {row.value: row.person_id for row in rows}
    return found


def _contradicts(person: Named, theirs: set[Identifier], key: str, implied: Callable[[str], Identifier | None]) -> bool:
    """Whether a key is somebody else's than ``person``, by anything that both are known by."""
    known = theirs | {found for found in [implied(key)] if found is not None}
    return any(_differs(kind, value, known) for kind, value in person.identifiers)


def _seen(connection: sa.Connection, keys: Iterable[str]) -> list[str]:
    listed = list(keys)
    found: list[str] = []
    for start in range(0, len(listed), _CHUNK):
        query = sa.select(people_seen.c.person_id).where(people_seen.c.person_id.in_(listed[start : start + _CHUNK]))
        found += connection.execute(query).scalars().all()
    return found


def _recognized(
    person: Named,
    known: dict[Identifier, str],
    named_by: dict[str, set[Identifier]],
    implied: Callable[[str], Identifier | None],
) -> str | None:
    surer: list[Identifier] = []
    for identifier in person.identifiers:
        if implied(person.key) == identifier and identifier not in known:
            surer.append(identifier)
            continue
        key = known.get(identifier)
        if key is not None:
            theirs = named_by[key] | {found for found in [implied(key)] if found is not None}
            if not any(_differs(kind, value, theirs) for kind, value in surer):
                return key
        surer.append(identifier)
    return None


def _differs(kind: str, value: str, theirs: Iterable[Identifier]) -> bool:
    """Whether somebody is known by another value of a kind, and not by this one."""
    values = [known for of, known in theirs if of == kind]
    return bool(values) and value not in values


def _known(connection: sa.Connection, wanted: Iterable[Identifier]) -> dict[Identifier, str]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, value in wanted:
        by_kind[kind].append(value)
    found: dict[Identifier, str] = {}
    for kind, values in by_kind.items():
        for start in range(0, len(values), _CHUNK):
            rows = connection.execute(
                sa.select(aliases.c.value, aliases.c.person_id).where(
                    aliases.c.kind == kind, aliases.c.value.in_(values[start : start + _CHUNK])
                )
            )
            found |= {(kind, row.value): row.person_id for row in rows}
    return found


def _of(connection: sa.Connection, keys: set[str]) -> list[tuple[str, Identifier]]:
    listed, found = sorted(keys), []
    for start in range(0, len(listed), _CHUNK):
        rows = connection.execute(sa.select(aliases).where(aliases.c.person_id.in_(listed[start : start + _CHUNK])))
        found += [(row.person_id, (row.kind, row.value)) for row in rows]
    return found
