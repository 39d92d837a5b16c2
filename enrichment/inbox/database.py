"""Opening the inbox: a SQLite file beside the ledger, written in groups as the ledger is."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from enrichment.inbox import documents, schema
from enrichment.storage import GroupWriter, Work, connect, explain, identity, open_file
from sources.errors import LedgerError

P = ParamSpec("P")
T = TypeVar("T")

WHAT = "inbox"


def inbox_path(ledger: str | Path) -> Path:
    """The inbox of a ledger's file: ``ledger.db`` has ``ledger.inbox.db`` beside it, whatever way leads there."""
    path = Path(ledger).resolve()
    return path.with_name(f"{path.stem}.{WHAT}{path.suffix}")


def waiting_in(path: Path) -> int:
    """How many documents wait in an inbox; 0 where there is none, and none is made. LedgerError where it cannot be
    read.
    """
    if not path.is_file() or not path.stat().st_size:
        return 0
    engine = sa.create_engine("sqlite://", creator=lambda: connect(path), hide_parameters=True)
    try:
        with engine.connect() as connection:
            return documents.count(connection) if schema.version(connection) else 0
    except SQLAlchemyError as error:
        raise LedgerError(explain(error, path, WHAT)) from error
    finally:
        engine.dispose()


class Inbox:
    """An open inbox. Threads and tasks may share it: one thread writes, reads have connections of their own."""

    def __init__(self, path: Path) -> None:
        """Open or create it; readable by its owner alone. LedgerError where that cannot be."""
        self._engine = open_file(path, WHAT)
        try:
            schema.to_newest(self._engine)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise LedgerError(explain(error, path, WHAT)) from error
        except LedgerError:
            self._engine.dispose()
            raise
        self.path = path
        self._place = identity(path)
        self._writer = GroupWriter(self._engine, WHAT)

    def call(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `GroupWriter.call`."""
        return self._writer.call(work, *args, **kwargs)

    async def run(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `GroupWriter.run`."""
        return await self._writer.run(work, *args, **kwargs)

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one consistent state and writes nothing."""
        try:
            with self._engine.connect().execution_options(read_only=True) as connection:
                yield connection
        except SQLAlchemyError as error:
            raise LedgerError(explain(error, self.path, WHAT)) from error

    def check_place(self) -> None:
        """LedgerError where the file is no longer where it was opened: what is written to it now, nobody would find."""
        if identity(self.path) != self._place:
            raise LedgerError(
                f"The inbox {self.path} was moved or replaced while it was open, so nothing more is kept in it. What "
                f"was kept before is in the file that was moved. Start again what has it open."
            )

    def close(self) -> None:
        """Finish what is queued and close."""
        self._writer.close()
        self._engine.dispose()

    def __enter__(self) -> Inbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Watch:
    """Tells, without reading or locking anything, whether somebody has written to an inbox, in whatever process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = connect(path)
        self._connection.isolation_level = None  # it begins nothing
        self._seen: int | None = None

    def news(self) -> bool:
        """Whether there was a commit since the last look; so at the first one. LedgerError where it cannot be told."""
        try:
            version = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as error:
            raise LedgerError(f"The inbox {self._path} cannot be read: {error}. What it holds is kept.") from error
        changed = version != self._seen
        self._seen = version
        return changed

    def close(self) -> None:
        """Look no more."""
        self._connection.close()
