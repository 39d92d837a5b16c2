"""Opening the ledger: a SQLite file of the newest version, with one thread that writes to it in groups."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from enrichment.ledger import migrate
from enrichment.storage import GroupWriter, Work, connect, explain, file_of, identity, open_file, rescue
from sources.errors import LedgerError

P = ParamSpec("P")
T = TypeVar("T")

WHAT = "ledger"


def ledger_path(url: str, folder: Path) -> Path:
    """The file that a ledger's URL names, whether it is there or not. ConfigurationError where it names none."""
    return folder / file_of(url)


def ledger_version(path: Path) -> str | None:
    """The version of the ledger in a file, None where it is no ledger yet; changes nothing. LedgerError otherwise."""
    engine = sa.create_engine("sqlite://", creator=lambda: connect(path), hide_parameters=True)
    try:
        with engine.connect() as connection:
            return migrate.version(connection)
    except SQLAlchemyError as error:
        raise LedgerError(explain(error, path, WHAT)) from error
    finally:
        engine.dispose()


class Ledger:
    """An open ledger. Threads and tasks may share it: one thread writes, reads have connections of their own."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        """Open or create the ledger at a SQLAlchemy URL; a relative SQLite path is taken from ``folder``."""
        self._file = ledger_path(url, folder or Path.cwd()).absolute()
        self._engine = open_file(self._file, WHAT)
        self._identity = identity(self._file)
        try:
            migrate.to_newest(self._engine)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise LedgerError(explain(error, self._engine.url.database, WHAT)) from error
        self._writer = GroupWriter(self._engine, WHAT)

    @property
    def path(self) -> str:
        """Where the ledger is, without any password."""
        return self._engine.url.database or self._engine.url.render_as_string(hide_password=True)

    def submit(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See `GroupWriter.submit`."""
        return self._writer.submit(work, *args, **kwargs)

    def call(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `GroupWriter.call`."""
        return self._writer.call(work, *args, **kwargs)

    async def run(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `GroupWriter.run`."""
        return await self._writer.run(work, *args, **kwargs)

    def look(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read something small at once, in this very thread. LedgerError where that fails."""
        with self.read() as connection:
            return work(connection, *args, **kwargs)

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one consistent state and writes nothing. LedgerError where it cannot be read."""
        try:
            with self._engine.connect().execution_options(read_only=True) as connection:
                yield connection
        except SQLAlchemyError as error:
            raise LedgerError(explain(error, self._engine.url.database, WHAT)) from error

    @property
    def gone(self) -> LedgerError | None:
        """What to tell where the file was deleted or replaced while it is open: nothing more may be bought then."""
        if identity(self._file) == self._identity:
            return None
        return LedgerError(
            f"The {WHAT} {self._file} was deleted or replaced while it was in use. Nothing was bought from then on."
        )

    def close(self) -> None:
        """Finish what is queued and close. LedgerError where the file is gone: what was in it is written down again."""
        if not self._writer.closed:
            self._writer.close()
            gone = self.gone
            told = rescue.rescue(self._engine, self._file, WHAT) if gone is not None else ""
            self._engine.dispose()
            if gone is not None:
                raise LedgerError(f"{gone} {told}")

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
