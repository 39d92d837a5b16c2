"""Lists that are parquet files, read by DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pipelines.leads.tables import BATCH, Table
from sources.errors import SourceError
from sources.redaction import plain_words
from sources.tracebacks import disarm


@contextmanager
def open_parquet(path: Path, name: str) -> Iterator[Table]:
    """A parquet file; its values keep their types. Raises `SourceError`."""
    import duckdb

    try:
        with duckdb.connect() as connection:
            file = re.sub(r"([*?\[])", r"[\1]", str(path))  # a name may look like a pattern
            found = connection.execute("SELECT count(*) FROM read_parquet(?)", [file]).fetchone()
            rows = connection.execute("SELECT * FROM read_parquet(?)", [file])
            columns = tuple(column[0] for column in rows.description)
            yield Table(name, columns, iter(partial(rows.fetchmany, BATCH), []), found[0] if found else None)
    except duckdb.Error as error:
        said = plain_words(str(error).partition("\n")[0].rstrip("."))
        disarm(error)
        raise SourceError(f"{name} cannot be read as parquet: {said}.", "Write it anew, or save it as CSV.") from error
