"""How long jobs take, kept in the ledger from one run to the next, for each operation of each provider."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from enrichment.durations import Durations
from enrichment.ledger import runs

#: the fact of the ledger that holds it
FACT = "durations"


class Learned:
    """What earlier runs learned and this one learns. A crash forgets it harmlessly: it is learned anew."""

    def __init__(self) -> None:
        self._known: dict[str, Durations] = {}

    def load(self, connection: sa.Connection) -> None:
        """Take on what earlier runs wrote down; nothing, where that cannot be read."""
        try:
            facts: Any = json.loads(runs.fact(connection, FACT) or "{}")
        except ValueError:
            return
        if isinstance(facts, dict):
            self._known = {name: Durations.from_json(fact) for name, fact in facts.items()}

    def note(self, connection: sa.Connection) -> None:
        """Write it down."""
        facts = {name: durations.as_json() for name, durations in self._known.items()}
        runs.note_fact(connection, FACT, json.dumps(facts))

    def durations(self, provider: str, operation: str) -> Durations:
        """What is known of an operation; to be added to."""
        return self._known.setdefault(f"{provider}/{operation}", Durations())
