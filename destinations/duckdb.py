"""DuckDB, the default destination: one file, one writer at a time."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from destinations.contract import DestinationOptions
from sources.errors import ConfigurationError, DestinationError
from sources.redaction import plain_words
from sources.tracebacks import disarm

_NOTHING_SPENT = "Nothing was bought by this attempt; what was bought before is in the ledger."


class DuckDB:
    """A DuckDB file; see `destinations.contract.Destination`."""

    name = "duckdb"

    def __init__(self, path: Path, dataset: str) -> None:
        self.path = path
        self.dataset = dataset

    @property
    def location(self) -> str:
        """See `Destination.location`."""
        return str(self.path)

    @property
    def exists(self) -> bool:
        """See `Destination.exists`."""
        return self.path.exists()

    def fits(self) -> None:
        """See `Destination.fits`."""
        if self.path.stem == self.dataset:
            raise ConfigurationError(
                f"pipelines.duckdb_path and pipelines.dataset: the file {self.path.name} and the dataset "
                f"{self.dataset!r} have the same name, which DuckDB cannot tell apart. Rename one of them."
            )
        if not self.path.parent.is_dir():
            raise ConfigurationError(
                f"pipelines.duckdb_path: the folder {self.path.parent} does not exist. Make it, or choose another."
            )
        if self.path.is_dir():
            raise ConfigurationError(
                f"pipelines.duckdb_path: {self.path} is a folder. Name a file, such as leads.duckdb."
            )

    def check(self) -> None:
        """See `Destination.check`. The file is made where there is none."""
        self.fits()
        self.execute([])
        reserved = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
        if self.dataset in {"information_schema", "pg_catalog", *(row[0] for row in self.query(reserved))}:
            raise ConfigurationError(f"pipelines.dataset: {self.dataset!r} is a word of DuckDB's own. Choose another.")

    def to_dlt(self) -> Any:
        """See `Destination.to_dlt`."""
        import dlt

        return dlt.destinations.duckdb(credentials=str(self.path))

    def tables(self) -> set[str]:
        """See `Destination.tables`."""
        found = self.query(f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{self.dataset}'")
        return {str(row[0]) for row in found}

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """See `Destination.query`."""
        with self._open() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return rows

    def execute(self, statements: Sequence[str]) -> None:
        """See `Destination.execute`."""
        with self._open() as connection:
            connection.begin()
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def example(self, sql: str) -> str:
        """See `Destination.example`."""
        return f"duckdb {shlex.quote(str(self.path))} {shlex.quote(sql)}"

    @contextmanager
    def _open(self) -> Iterator[Any]:
        import duckdb

        try:
            connection = duckdb.connect(str(self.path))
            try:
                yield connection
            finally:
                connection.close()
        except duckdb.Error as error:
            reason = plain_words(str(error).partition("\n")[0], frozenset({self.dataset}))
            holder = _holder(str(error))
            disarm(error)  # it may quote a row
            raise DestinationError(_explain(reason, holder, self.path)) from error


def _holder(text: str) -> str:
    """The program that holds the file, as DuckDB names it."""
    match = re.search(r"held in (.*?(?:\(PID \d+\)|$))", text.partition("\n")[0])
    return match[1].rstrip(".") if match else "another process"


def _explain(first: str, holder: str, path: Path) -> str:
    if "lock" in first.lower():
        return (
            f"The DuckDB file {path} is open in another program ({holder}), and DuckDB lets one at a time write. "
            f"{_NOTHING_SPENT} Close it there and run again."
        )
    if "not a valid" in first.lower() or "corrupt" in first.lower() or "serialization" in first.lower():
        return (
            f"The file {path} is not a DuckDB database that can be read ({first}). {_NOTHING_SPENT} Move it aside: "
            f"the next run makes a new one and loads everything from the ledger, at no cost."
        )
    return (
        f"The DuckDB file {path} cannot be used: {first.rstrip('.')}. {_NOTHING_SPENT} Mend what it names, or choose "
        f"another file or dataset (pipelines.duckdb_path, pipelines.dataset): all that was bought is loaded there, at "
        f"no cost."
    )


def make(options: DestinationOptions) -> DuckDB:
    """The destination that the settings describe."""
    return DuckDB((options.folder / options.duckdb_path).absolute(), options.dataset)
