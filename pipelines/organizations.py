"""What is known of organizations while a search runs: each record tells a part, and records may contradict. Pure.

A new organization is handed on at once. One that is known changes only when the whole search has been seen: a field
keeps its value as long as any record still says so, and takes another (the least, so that the order of records does
not matter) only where none does. An unchanged search thus changes nothing.

A search may show a hundred thousand of them, and as a rule every record says the same of one: of each only its row is
kept, as JSON, with a bit for each field that a record has confirmed, and what else was said of fields without that bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

Row = dict[str, Any]


class Organizations:
    """Collects what records say of organizations."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}
        self._confirmed: dict[str, int] = {}
        #: ids of which a record has said exactly what is known: as a rule every other says the same
        self._sure: set[str] = set()
        #: fields that no record has confirmed: what records say instead, in their order
        self._instead: dict[str, dict[str, list[Any]]] = {}

    def unknown(self, rows: Iterable[Row]) -> list[str]:
        """Ids among these rows that were not seen in this search before."""
        return list({row["organization_id"] for row in rows} - self._known.keys())

    def see(self, rows: Iterable[Row], before: Mapping[str, Row]) -> list[Row]:
        """Take in rows; ``before`` holds what earlier runs knew of ids asked for by `unknown`. Returns the new ones."""
        new: dict[str, Row] = {}
        for row in rows:
            key = row["organization_id"]
            kept = self._known.get(key)
            said = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
            if kept == said and key in self._sure:
                continue
            if key in new:
                known = new[key]
            elif kept is not None:
                known = orjson.loads(kept)
            else:
                known = dict(before.get(key) or row)
                if key not in before:
                    new[key] = known
            self._hear(key, known, row, fill=key in new)
            # a copy: what orjson writes into is some kilobytes large, and stays so
            self._known[key] = now = bytes(memoryview(orjson.dumps(known, option=orjson.OPT_SORT_KEYS)))
            if now == said and key not in self._instead:
                self._sure.add(key)
            elif now != kept:
                self._sure.discard(key)
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

    def settled(self) -> Iterator[Row]:
        """The organizations as they are now that everything was seen, one by one: all of them, changed or not."""
        for key, kept in self._known.items():
            instead = self._instead.get(key, {})
            known: Row = orjson.loads(kept)
            yield {name: min(instead[name], key=str) if name in instead else value for name, value in known.items()}

    def settle(self) -> list[Row]:
        """See `settled`."""
        return list(self.settled())
