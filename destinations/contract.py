"""The contract of a destination: what `sync` relies on, whichever one it is.

* `check` proves that rows can be written, before anything is spent, and changes nothing that matters. Its first part
  is `fits`, which opens nothing and makes nothing.
* `to_dlt` gives dlt its destination; paths in it are absolute.
* `query` and `execute` speak to the very database that rows are loaded into.
* Rows are merged on their keys: loading the same row twice leaves one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class DestinationOptions:
    """What the settings say of a destination. ``folder`` is where relative paths start."""

    folder: Path
    dataset: str
    duckdb_path: str = "leads.duckdb"


class Destination(Protocol):
    """A place that rows are merged into."""

    @property
    def name(self) -> str:
        """The name in the registry."""
        ...

    @property
    def location(self) -> str:
        """Where it is, for people: no password in it."""
        ...

    @property
    def exists(self) -> bool:
        """Whether there is anything yet that `check` would open and not make."""
        ...

    def fits(self) -> None:
        """Raise `ConfigurationError` where the settings cannot be meant so; opens nothing and makes nothing."""
        ...

    def clear(self) -> str | None:
        """Put aside what can never be opened and holds no row; says what was done, None where there was nothing."""
        ...

    def check(self) -> None:
        """Raise `ConfigurationError` or `DestinationError` unless rows can be written."""
        ...

    def to_dlt(self) -> Any:
        """The dlt destination."""
        ...

    def columns(self) -> Mapping[str, Mapping[str, str]]:
        """Tables and views of the dataset with their columns and the types of these; empty where there is none."""
        ...

    def type_of(self, kind: Any) -> str:
        """The type, as `columns` names it, of a column that Arrow values of that kind are loaded into."""
        ...

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a SELECT. Raises `DestinationError`."""
        ...

    def read(self, sql: str) -> AbstractContextManager[tuple[tuple[str, ...], Iterator[list[tuple[Any, ...]]]]]:
        """Columns and batches of rows of one SELECT of a user's, as they are asked for; it cannot write.

        Raises `ConfigurationError` where it is no SELECT, or asks for what is not there, and `DestinationError`.
        """
        ...

    def execute(self, statements: Sequence[str]) -> None:
        """Run statements in one transaction. Raises `DestinationError`."""
        ...

    def held(self) -> AbstractContextManager[None]:
        """Keep it open for as long as a block lasts, where it is there: whoever opens it meanwhile, dlt as well, finds
        it open. Nobody else can write to it. Raises `DestinationError`.
        """
        ...

    def example(self, sql: str) -> str:
        """A command line that runs a SELECT, to paste."""
        ...
