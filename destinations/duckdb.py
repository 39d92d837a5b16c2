"""DuckDB, the default destination: one file, one writer at a time."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from destinations.contract import DestinationOptions
from sources.errors import ConfigurationError, DestinationError
from sources.redaction import plain_words
from sources.tracebacks import disarm

#: bytes of the three headers that a file begins with; a shorter one was never finished and holds no row
_HEADERS = 3 * 4096
#: rows that `read` hands on at a time
_BATCH = 1000
_ALL_AGAIN = "all that was bought is loaded there, at no cost."


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

    def clear(self) -> str | None:
        """See `Destination.clear`: a file that DuckDB could not finish making, for want of room, cannot be opened."""
        if not _unfinished(self.path):
            return None
        aside = next(place for place in _asides(self.path) if not place.exists())
        try:
            os.rename(self.path, aside)
        except OSError as error:
            raise DestinationError(
                f"The DuckDB file {self.path} was never finished (a full disk?), cannot be opened and cannot be moved "
                f"aside ({error.strerror}).",
                "Remove it: there is no row in it.",
            ) from error
        return (
            f"The DuckDB file {self.path} was never finished (a full disk?) and cannot be opened: it holds no row, and "
            f"was moved aside to {aside.name}. A new one is made; all that was bought is loaded into it, at no cost."
        )

    def check(self) -> None:
        """See `Destination.check`. The file is made where there is none."""
        self.fits()
        reserved = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
        if self.dataset in {"information_schema", "pg_catalog", *(row[0] for row in self.query(reserved))}:
            raise ConfigurationError(f"pipelines.dataset: {self.dataset!r} is a word of DuckDB's own. Choose another.")

    def to_dlt(self) -> Any:
        """See `Destination.to_dlt`."""
        import dlt
        from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials

        # each table is loaded by a thread of dlt's; more in each only take memory, and the search its processor
        return dlt.destinations.duckdb(credentials=DuckDbCredentials(str(self.path), global_config={"threads": 1}))

    def columns(self) -> Mapping[str, Mapping[str, str]]:
        """See `Destination.columns`."""
        found: dict[str, dict[str, str]] = {}
        columns = "SELECT table_name, column_name, data_type FROM information_schema.columns"
        for table, column, kind in self.query(f"{columns} WHERE table_schema = '{self.dataset}'"):
            found.setdefault(table, {})[column] = kind
        return found

    def type_of(self, kind: Any) -> str:
        """See `Destination.type_of`."""
        return "JSON" if str(kind).startswith("list<") else _TYPES[str(kind)]

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """See `Destination.query`."""
        with self._open() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
            return rows

    @contextmanager
    def read(self, sql: str) -> Iterator[tuple[tuple[str, ...], Iterator[list[tuple[Any, ...]]]]]:
        """See `Destination.read`."""
        if not self.exists:
            raise ConfigurationError(
                f"There is no DuckDB file {self.path} yet (pipelines.duckdb_path), and so nothing to read from it."
            )
        import duckdb

        # what fails where the rows are used is none of this file's errors
        with self._told():
            connection = duckdb.connect(str(self.path))
        try:
            with self._told():
                rows = _selected(connection, sql)
            yield tuple(column[0] for column in rows.description), self._batches(rows)
        finally:
            connection.close()

    def execute(self, statements: Sequence[str]) -> None:
        """See `Destination.execute`."""
        with self._open() as connection:
            connection.begin()
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    @contextmanager
    def held(self) -> Iterator[None]:
        """See `Destination.held`. To open a file takes 15 ms, to open one that this process has open takes none."""
        if not self.exists:
            yield
            return
        import duckdb

        with self._told():
            connection = duckdb.connect(str(self.path))
        try:
            yield
        finally:
            connection.close()

    def example(self, sql: str) -> str:
        """See `Destination.example`."""
        return f"duckdb {shlex.quote(str(self.path))} {shlex.quote(sql)}"

    @contextmanager
    def _open(self) -> Iterator[Any]:
        import duckdb

        with self._told():
            connection = duckdb.connect(str(self.path))
            try:
                yield connection
            finally:
                connection.close()

    def _batches(self, rows: Any) -> Iterator[list[tuple[Any, ...]]]:
        while True:
            with self._told():
                batch = rows.fetchmany(_BATCH)
            if not batch:
                return
            yield batch

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of DuckDB, in our words."""
        import duckdb

        try:
            yield
        except duckdb.Error as error:
            said = str(error).partition("\n")[0].rstrip(".")
            disarm(error)  # it may quote a row
            shown = plain_words(said, frozenset({self.dataset}))
            raise DestinationError(*_explain(said, shown, self.path)) from error


#: Arrow's names -> DuckDB's
_TYPES = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "timestamp[us, tz=UTC]": "TIMESTAMP WITH TIME ZONE",
}


def _selected(connection: Any, sql: str) -> Any:
    """The result of a SELECT, none of whose rows is made yet."""
    import duckdb

    try:
        statements = connection.extract_statements(sql)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise ConfigurationError("--query: it is not one SELECT. leadsync only reads by it.")
        connection.execute("BEGIN TRANSACTION READ ONLY")
        return connection.execute(statements[0])
    except (
        duckdb.ParserException,
        duckdb.BinderException,
        duckdb.CatalogException,
        duckdb.ConversionException,
        duckdb.TransactionException,
    ) as error:
        said = plain_words(str(error).partition("\n")[0].rstrip("."), _names(sql))
        disarm(error)
        raise ConfigurationError(f"--query: DuckDB cannot run it: {said}.") from error


def _names(sql: str) -> frozenset[str]:
    """Names of tables and columns that a user typed, in small letters: no value, which may be somebody."""
    return frozenset(re.findall(r"\w+", re.sub(r"'(?:[^']|'')*'", " ", sql).lower()))


def _unfinished(path: Path) -> bool:
    """Whether a file is the beginning of what DuckDB makes, and no more: never a short file of somebody else's."""
    try:
        with path.open("rb") as file:
            start = file.read(_HEADERS)
    except OSError:
        return False
    return len(start) < _HEADERS and (start[8:12] == b"DUCK" or not start.strip(b"\0"))


def _asides(path: Path) -> Iterator[Path]:
    yield path.with_name(f"{path.name}.unfinished")
    for number in range(2, 1000):
        yield path.with_name(f"{path.name}.unfinished-{number}")


def _explain(said: str, shown: str, path: Path) -> tuple[str, str]:
    """What is wrong with the file, and what to do: ``said`` decides, ``shown`` is what may be told of it."""
    words = said.lower()
    if "could not set lock" in words or "conflicting lock" in words:
        match = re.search(r"held in (.*?(?:\(PID \d+\)|$))", said)
        holder = match[1].rstrip(".") if match else "another process"
        return (
            f"The DuckDB file {path} is open in another program ({holder}), and DuckDB lets one at a time write.",
            "Close it there and run again.",
        )
    if "no space left" in words or "file too large" in words:
        return f"The DuckDB file {path} cannot grow: {shown}.", "Free some disk there and run again."
    if "version number" in words:
        return (
            f"The DuckDB file {path} was written by a version of DuckDB that this one cannot read ({shown}).",
            f"Update DuckDB in leadsync's environment, or choose another file (pipelines.duckdb_path): {_ALL_AGAIN}",
        )
    if any(word in words for word in ("not a valid", "corrupt", "serialization", "could not read enough bytes")):
        return (
            f"The file {path} is not a DuckDB database that can be read ({shown}).",
            "Move it aside, and the file with .wal behind its name: the next run makes a new one and loads everything "
            "from the ledger, at no cost.",
        )
    return (
        f"The DuckDB file {path} cannot be used: {shown}.",
        f"Mend what it names, or choose another file or dataset (pipelines.duckdb_path, pipelines.dataset): "
        f"{_ALL_AGAIN}",
    )


def make(options: DestinationOptions) -> DuckDB:
    """The destination that the settings describe."""
    return DuckDB((options.folder / options.duckdb_path).absolute(), options.dataset)
