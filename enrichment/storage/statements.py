"""Statements that run for each purchase, compiled once: SQLAlchemy would take several times as long as SQLite does.

What is compiled is SQLAlchemy's own SQL, and errors are SQLAlchemy's own, so that nobody else needs to know.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, cast

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.dml import Insert

from enrichment.storage.sqlite import raw

_DIALECT = sqlite.dialect(paramstyle="named")


class Prepared:
    """A statement of SQLAlchemy Core with named parameters (no expanding ones); ``keys`` are the columns of an insert.

    It runs inside the transaction that the connection is in; it begins none.
    """

    def __init__(self, statement: sa.Executable, keys: Sequence[str] | None = None) -> None:
        if isinstance(statement, Insert) and not keys:
            raise TypeError("say which columns are inserted")
        compiled = cast(Any, statement).compile(dialect=_DIALECT, column_keys=list(keys) if keys else None)
        self._sql = str(compiled)
        if "POSTCOMPILE" in self._sql:
            raise TypeError("a list of values has no fixed length: name each of them")
        asked_for = {name for name, parameter in compiled.binds.items() if parameter.required}
        #: values that the statement itself holds
        self._fixed = {name: value for name, value in compiled.params.items() if name not in asked_for}
        columns = [str(column.name) for column in getattr(statement, "exported_columns", ())]
        self._row: Any = namedtuple("Row", columns) if columns else None

    def run(self, connection: sa.Connection, values: Mapping[str, Any]) -> int:
        """Run it; returns how many rows it touched."""
        return self._execute(connection, values).rowcount

    def run_for_each(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run it once for each of several sets of values."""
        for values in rows:
            self._execute(connection, values)

    def rows(self, connection: sa.Connection, values: Mapping[str, Any]) -> list[Any]:
        """Its rows, with the columns' names as attributes."""
        found = self._execute(connection, values).fetchall()
        return list(map(self._row._make, found))

    def value(self, connection: sa.Connection, values: Mapping[str, Any]) -> Any:
        """The first value of its first row; None where there is none."""
        found = self._execute(connection, values).fetchall()
        return found[0][0] if found else None

    def _execute(self, connection: sa.Connection, values: Mapping[str, Any]) -> sqlite3.Cursor:
        try:
            return raw(connection).execute(self._sql, {**self._fixed, **values})
        except sqlite3.Error as error:
            raise _as_sqlalchemys(self._sql, error) from error


class Statement:
    """A statement in SQLite's own words, with ``?`` for each value, for many rows at a time: nothing is built per row.

    A list of values is one value, a JSON array (`listed`), read by ``IN (SELECT value FROM json_each(?))``. It runs
    inside the transaction that the connection is in; it begins none.
    """

    def __init__(self, sql: str) -> None:
        self._sql = " ".join(sql.split())

    def run(self, connection: sa.Connection, *values: Any) -> int:
        """Run it; returns how many rows it touched."""
        try:
            return raw(connection).execute(self._sql, values).rowcount
        except sqlite3.Error as error:
            raise _as_sqlalchemys(self._sql, error) from error

    def run_for_each(self, connection: sa.Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Run it once for each of many sets of values."""
        try:
            raw(connection).executemany(self._sql, rows)
        except sqlite3.Error as error:
            raise _as_sqlalchemys(self._sql, error) from error

    def rows(self, connection: sa.Connection, *values: Any) -> list[Any]:
        """Its rows, as tuples."""
        try:
            return raw(connection).execute(self._sql, values).fetchall()
        except sqlite3.Error as error:
            raise _as_sqlalchemys(self._sql, error) from error


def listed(values: Sequence[str] | Mapping[str, str]) -> str:
    """Texts, or texts by texts, as the one value that a `Statement` takes for all of them."""
    return orjson.dumps(values).decode()


class Savepoint:
    """What is done in the block is undone by `undo`, or by an error that leaves it; the transaction goes on.

    As `Connection.begin_nested`, which compiles its two statements anew each time.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def undo(self) -> None:
        """Undo what was done in the block so far."""
        _say(self._connection, "ROLLBACK TO piece")

    def __enter__(self) -> Savepoint:
        _say(self._connection, "SAVEPOINT piece")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.undo()
        _say(self._connection, "RELEASE piece")


def _say(connection: sa.Connection, sql: str) -> None:
    try:
        raw(connection).execute(sql)
    except sqlite3.Error as error:
        raise _as_sqlalchemys(sql, error) from error


def _as_sqlalchemys(sql: str, error: sqlite3.Error) -> sa.exc.SQLAlchemyError:
    """The same error as SQLAlchemy raises it; without the values, which hold personal data."""
    kind = getattr(sa.exc, type(error).__name__, sa.exc.DBAPIError)
    return cast(sa.exc.SQLAlchemyError, kind(sql, None, error))
