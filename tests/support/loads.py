"""A folder with a ledger and a DuckDB file, prepared and flushed as a run does it, without searching or buying."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from destinations.duckdb import DuckDB
from enrichment.ledger import Ledger
from enrichment.ledger.deliveries import Deliveries, deliver
from enrichment.source import enrichment
from pipelines import sink
from pipelines.loading import TABLES, Loader
from pipelines.tables import PEOPLE
from tests.support.ledgers import new_ledger
from tests.support.purchases import MISSED, NOW, claim, found, plan, send, tell

#: columns that tell of loads, not of what was bought
OF_LOADS = ("_dlt_load_id",)


@dataclass
class Opened:
    """A ledger and a dataset that is ready to be loaded into; ``told`` is what a person would have read."""

    ledger: Ledger
    loader: Loader
    destination: DuckDB
    sink_id: str
    told: list[str] = field(default_factory=list)

    def flush(self, *people: str) -> list[Deliveries]:
        """Load these people (as found by a search) and all that is owed; what was handed over."""
        handed: list[Deliveries] = []
        rows = [
            {"person_id": name, "source": "test", "full_name": name.title(), "first_seen_at": NOW} for name in people
        ]
        owed = enrichment(self.ledger, self.sink_id, handed)
        parts = [(PEOPLE, PEOPLE.table(rows))] if rows else []
        load_id = self.loader.load([*self.loader.feed(parts), *owed.resources.values()])
        self.ledger.call(deliver, self.sink_id, handed, load_id)
        return handed


@dataclass(frozen=True)
class Home:
    """The folder."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "leads.duckdb"

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        with new_ledger(self.folder) as ledger:
            yield ledger

    @contextmanager
    def open(self, dataset: str = "crm", database: str = "leads.duckdb") -> Iterator[Opened]:
        """As a run begins."""
        destination = DuckDB(self.folder / database, dataset)
        told: list[str] = []
        with self.ledger() as ledger:
            if (cleared := destination.clear()) is not None:
                told.append(cleared)
            destination.check()
            loader = Loader(destination, dataset, self.folder / ".leadsync" / "dlt")
            sink_id = sink.prepare(loader, destination, dataset, ledger, NOW, told.append)
            yield Opened(ledger, loader, destination, sink_id, told)

    def buy(self, *people: str) -> None:
        """Buy an address for each; of every third nothing is found."""
        with self.ledger() as ledger:
            plan(ledger, *people)
            claimed, _ = claim(ledger)
            for number, item in enumerate(claimed):
                send(ledger, item)
                name = item.parameters[0]["personId"]
                tell(ledger, item.request_id, MISSED if number % 3 == 2 else found(f"{name}@x.io", f"{name}@y.io"))

    def sql(self, query: str, database: str = "leads.duckdb") -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.folder / database), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def rows(
        self, dataset: str = "crm", database: str = "leads.duckdb", without: Sequence[str] = ("runs", "leadsync_sinks")
    ) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables, but for what tells of loads."""
        found: dict[str, list[tuple[Any, ...]]] = {}
        for spec in TABLES:
            if spec.name not in without:
                columns = ", ".join(f'"{name}"' for name in spec.schema.names)
                found[spec.name] = self.sql(f"SELECT {columns} FROM {dataset}.{spec.name} ORDER BY ALL", database)
        return found
