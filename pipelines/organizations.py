"""What is known of organizations while a search runs: each record tells a part, and records may contradict. Pure.

A new organization is handed on at once. One that is known changes only when the whole search has been seen: a field
keeps its value as long as any record still says so, and takes another (the least, so that the order of records does
not matter) only where none does. An unchanged search thus changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Row = dict[str, Any]


class Organizations:
    """Collects what records say of organizations."""

    def __init__(self) -> None:
        self._known: dict[str, Row] = {}
        self._said: dict[str, dict[str, list[Any]]] = {}

    def unknown(self, rows: Iterable[Row]) -> list[str]:
        """Ids among these rows that were not seen in this search before."""
        return list({row["organization_id"] for row in rows} - self._known.keys())

    def see(self, rows: Iterable[Row], before: Mapping[str, Row]) -> list[Row]:
        """Take in rows; ``before`` holds what earlier runs knew of ids asked for by `unknown`. Returns the new ones."""
        new: dict[str, Row] = {}
        for row in rows:
            key = row["organization_id"]
            known = self._known.get(key)
            if known is None:
                known = self._known[key] = dict(before.get(key) or row)
                if key not in before:
                    new[key] = known
            said = self._said.setdefault(key, {})
            for name, value in row.items():
                if value and value not in said.setdefault(name, []):
                    said[name].append(value)
                    if key in new and not known[name]:
                        known[name] = value
        return list(new.values())

    def settle(self) -> list[Row]:
        """The organizations as they are now that everything was seen: all of them, changed or not."""
        settled = []
        for key, known in self._known.items():
            said = self._said[key]
            row = {
                name: value if not said.get(name) or value in said[name] else min(said[name], key=str)
                for name, value in known.items()
            }
            settled.append(row)
        return settled
