"""What is known of organizations while a search runs: each record tells a part, and records may contradict. Pure.

A new organization is handed on at once. One that is known changes only when the whole search has been seen: a field
keeps its value as long as any record still says so, and takes another (the least, so that the order of records does
not matter) only where none does. An unchanged search thus changes nothing.

A search may show a hundred thousand of them, and as a rule every record says the same of one, which is what the ledger
has: of those no more is kept than a hash of it. Of each other one its row is kept, as JSON, with a bit for each field
that a record has confirmed, and what else was said of fields without that bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

import orjson

from sources.clodura.columns import Employer, Row, organization

#: the rows that the ledger has, of those asked for, by id
LookUp = Callable[[Sequence[str]], Mapping[str, Row]]


class Organizations:
    """Collects what records say of organizations."""

    def __init__(self) -> None:
        #: those of which records have said nothing but what the ledger has: a hash of that
        self._sure: dict[str, int] = {}
        self._others: dict[str, bytes] = {}
        self._confirmed: dict[str, int] = {}
        #: fields that no record has confirmed: what records say instead, in their order
        self._instead: dict[str, dict[str, list[Any]]] = {}

    def see(self, employers: Iterable[Employer], look_up: LookUp) -> list[Row]:
        """Take in what records say; returns the rows of new ones, which are for the ledger."""
        told = [employer for employer in employers if self._sure.get(str(employer[0])) != hash(employer)]
        ids = {str(employer[0]) for employer in told} - self._others.keys()
        before = look_up(list(ids)) if ids else {}
        new: dict[str, Row] = {}
        at_hand: dict[str, Row] = {}
        for employer in told:
            row, key = organization(employer), str(employer[0])
            sure = self._sure.get(key)
            if sure == hash(employer):  # since a moment ago
                continue
            if key in at_hand:
                known = at_hand[key]
            elif key in self._others:
                known = orjson.loads(self._others[key])
            else:
                known = dict(before.get(key) or row)
                if key not in before:
                    new[key] = known
            at_hand[key] = known
            if sure is not None:
                del self._sure[key]
                self._confirmed[key] = sum(1 << place for place, name in enumerate(row) if known.get(name))
            self._hear(key, known, row, fill=key in new)
            self._keep(key, known, row, employer)
        return list(new.values())

    def _hear(self, key: str, known: Row, row: Row, fill: bool) -> None:
        confirmed, instead = self._confirmed.get(key, 0), self._instead.get(key, {})
        for place, (name, value) in enumerate(row.items()):
            if not value:
                continue
            if fill and not known[name]:
                known[name] = value
            if known.get(name) == value:
                confirmed |= 1 << place
                instead.pop(name, None)
            elif not confirmed >> place & 1 and value not in instead.setdefault(name, []):
                instead[name].append(value)
        self._confirmed[key] = confirmed
        if instead:
            self._instead[key] = instead
        else:
            self._instead.pop(key, None)

    def _keep(self, key: str, known: Row, row: Row, employer: Employer) -> None:
        if known == row and key not in self._instead:
            self._sure[key] = hash(employer)
            self._others.pop(key, None)
            del self._confirmed[key]
        else:
            # a copy: what orjson writes into is some kilobytes large, and stays so
            self._others[key] = bytes(memoryview(orjson.dumps(known)))

    def settled(self, size: int) -> Iterator[Callable[[LookUp], list[Row]]]:
        """The organizations as they are now that everything was seen, changed or not: so many with each call."""
        for part in _parts(self._sure, size):
            yield partial(_looked_up, part)
        for part in _parts(self._others, size):
            yield partial(self._settled, part)

    def _settled(self, ids: Sequence[str], _: LookUp) -> list[Row]:
        return [self._with_what_was_said_instead(key) for key in ids]

    def _with_what_was_said_instead(self, key: str) -> Row:
        instead = self._instead.get(key, {})
        known: Row = orjson.loads(self._others[key])
        return {name: min(instead[name], key=str) if name in instead else value for name, value in known.items()}


def _looked_up(ids: Sequence[str], look_up: LookUp) -> list[Row]:
    return list(look_up(ids).values())


def _parts(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    left = iter(list(ids))
    while part := list(islice(left, size)):
        yield part
