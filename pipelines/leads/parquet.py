"""Lists that are parquet files, read by DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.leads.tables import BATCH, Rows, Table
from sources.errors import SourceError
from sources.redaction import plain_words
from sources.tracebacks import disarm


@contextmanager
def open_parquet(path: Path, name: str) -> Iterator[Table]:
    """A parquet file; its values keep their types. Raises `SourceError`."""
    import duckdb

    with duckdb.connect() as connection:
        file = re.sub(r"([*?\[])", r"[\1]", str(path))  # a name may look like a pattern
        with _told(name):
            found = connection.execute("SELECT count(*) FROM read_parquet(?)", [file]).fetchone()
            rows = connection.execute("SELECT * FROM read_parquet(?)", [file])
        columns = tuple(column[0] for column in rows.description)
        yield Table(name, columns, _batches(rows, name), found[0] if found else None)


def _batches(rows: Any, name: str) -> Iterator[Rows]:
    while True:
        with _told(name):
            batch = rows.fetchmany(BATCH)
        if not batch:
            return
        yield batch


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Errors of DuckDB, in our words."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        said = plain_words(str(error).partition("\n")[0].rstrip("."))
        disarm(error)
        raise SourceError(f"{name} cannot be read as parquet: {said}.", "Write it anew, or save it as CSV.") from error
