"""Lists that are a table or a query of any database that SQLAlchemy speaks to. Read, and never written.

What is asked is looked at, and nothing is ever committed. That guards against slips, not against whoever has the
password; a user of the database who may only read is the better guard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from pipelines.leads.tables import BATCH, Rows, Table
from sources.errors import ConfigurationError, SourceError
from sources.redaction import plain_words, redact_url, secrets
from sources.tracebacks import disarm

#: what to install for the module, or the dialect, that is missing; others are named as they are
_PACKAGES = {
    "psycopg": "psycopg[binary]", "psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient", "pymysql": "PyMySQL",
    "snowflake": "snowflake-sqlalchemy", "bigquery": "sqlalchemy-bigquery", "redshift": "sqlalchemy-redshift",
    "databricks": "databricks-sqlalchemy", "clickhouse": "clickhouse-sqlalchemy", "trino": "trino",
    "duckdb": "duckdb-engine", "awsathena": "PyAthena",
}  # fmt: skip
_NO_CODE = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
_READS = re.compile(r"(?:select|with)\b", re.IGNORECASE)
_WRITES = re.compile(r"\(\s*(?:insert|update|delete|merge)\b|\binto\b", re.IGNORECASE)


def only_reads(sql: str) -> bool:
    """Whether a text is one SELECT, or WITH and a SELECT, and writes nothing as far as can be seen."""
    code = _NO_CODE.sub(lambda found: "''" if found[0][0] in "'\"`" else " ", sql).strip().rstrip(";").rstrip()
    return bool(_READS.match(code)) and ";" not in code and not _WRITES.search(code)


@contextmanager
def open_database(url: str, folder: Path, query: str | None, table: str | None) -> Iterator[Table]:
    """The rows of ``query``, or of ``table`` (``name`` or ``schema.name``). Streams where the driver does.

    Raises `ConfigurationError` (a URL, driver or query that cannot be meant so) and `SourceError`.
    """
    name = redact_url(url)
    engine = _engine(url, folder, name)
    what = f"The {'query' if query else 'table'} cannot be read from {name}"
    try:
        with ExitStack() as stack:
            with _told(what):
                connection = stack.enter_context(engine.connect())
                streaming = connection.execution_options(stream_results=True, max_row_buffer=BATCH)
                rows = streaming.execute(sa.text(query) if query else _whole(table or ""))
                columns = tuple(rows.keys())
            yield Table(name, columns, _batches(rows, what))
    finally:
        engine.dispose()


def _batches(rows: sa.CursorResult[Any], what: str) -> Iterator[Rows]:
    while True:
        with _told(what):
            batch = rows.fetchmany(BATCH)
        if not batch:
            return
        yield batch


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Errors of the database, in our words."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        said = plain_words(str(getattr(error, "orig", None) or error).partition("\n")[0].rstrip("."))
        disarm(error)
        if isinstance(error, sa.exc.StatementError):
            error.statement = error.params = None
        raise SourceError(f"{what}: {said}.", "Mend the URL, the query or the table's name.") from error


def _whole(table: str) -> sa.Select[Any]:
    schema, _, name = table.rpartition(".")
    return sa.select(sa.literal_column("*")).select_from(sa.table(name, schema=schema or None))


def _engine(url: str, folder: Path, name: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        secrets.add(parsed.password if isinstance(parsed.password, str) else None)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed, folder)
        return sa.create_engine(parsed)
    except sa.exc.NoSuchModuleError:
        kind = re.split(r"[:+]", url, maxsplit=1)[0]
        raise ConfigurationError(f"{name}: {_install(kind)}") from None
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{name}: {_install((error.name or '').partition('.')[0])}") from None
    except (sa.exc.ArgumentError, ValueError) as error:
        disarm(error)
        raise ConfigurationError(
            f"{name} is no URL of a database: write it like postgresql+psycopg://host/database"
        ) from None


def _install(module: str) -> str:
    package = _PACKAGES.get(module)
    known = re.fullmatch(r"[A-Za-z][\w-]{0,40}", module) is not None
    if package is None and not known:
        return "it names no kind of database: write it like postgresql+psycopg://host/database"
    named = f"pip install '{package}'" if package else f"install SQLAlchemy's driver for {module}"
    return f"the driver for it is not installed. Into leadsync's environment: {named}"


def _sqlite(url: sa.URL, folder: Path) -> sa.Engine:
    """A file that is there, opened so that it cannot be written: SQLite would make the one that is not."""
    import sqlite3

    path = folder / (url.database or "")
    if not url.database or not path.is_file():
        raise ConfigurationError(f"sqlite:///{url.database or ''}: there is no such file")
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    return sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=sa.NullPool)
