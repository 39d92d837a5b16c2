"""Opening the ledger, and writing to it in groups: many small transactions, one commit.

A commit waits for the disk (SQLite in WAL mode with synchronous=FULL does some 500 a second). `Ledger.run` and
`Ledger.call` return only once their work is durable, but all work that waits at the same moment shares one commit. A
piece of work that fails is rolled back alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from enrichment.ledger import migrate
from sources.errors import ConfigurationError, LedgerError

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[sa.Connection, P], T]

#: pieces of work that share one commit at most
GROUP = 256
#: seconds to wait for a lock that another process holds
BUSY = 15


@dataclass
class _Job:
    work: Callable[[sa.Connection], Any]
    future: Future[Any]


def ledger_path(url: str, folder: Path) -> Path:
    """The file that a ledger's URL names, whether it is there or not. ConfigurationError where it names none."""
    return folder / _sqlite_file(url)[1]


def ledger_version(path: Path) -> str | None:
    """The version of the ledger in a file, None where it is no ledger yet; changes nothing. LedgerError otherwise."""
    where = f"file:{quote(str(path))}?mode=rw"  # read-only would leave files of the log behind
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(where, uri=True, timeout=BUSY))
    try:
        with engine.connect() as connection:
            return migrate.version(connection)
    except SQLAlchemyError as error:
        raise LedgerError(_explain(error, sa.URL.create("sqlite", database=str(path)))) from error
    finally:
        engine.dispose()


class Ledger:
    """An open ledger. Threads and tasks may share it: one thread writes, reads have connections of their own."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        """Open or create the ledger at a SQLAlchemy URL; a relative SQLite path is taken from ``folder``."""
        self._engine = _make_engine(url, folder or Path.cwd())
        self._jobs: queue.Queue[_Job | None] = queue.Queue()
        self._gate = threading.Lock()
        self._closed = False
        try:
            migrate.to_newest(self._engine)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise LedgerError(_explain(error, self._engine.url)) from error
        self._writer = threading.Thread(target=self._write, name="ledger", daemon=True)
        self._writer.start()

    @property
    def path(self) -> str:
        """Where the ledger is, without any password."""
        return self._engine.url.database or self._engine.url.render_as_string(hide_password=True)

    def submit(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a piece of work; the future is done once it is durable."""
        future: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise LedgerError(f"The ledger {self.path} is closed. Nothing was bought.")
            self._jobs.put(_Job(lambda connection: work(connection, *args, **kwargs), future))
        return future

    def call(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a piece of work durably, from a thread that may block."""
        return self.submit(work, *args, **kwargs).result()

    async def run(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a piece of work durably, from the event loop. Cancelled before its turn, it is not done at all."""
        return await asyncio.wrap_future(self.submit(work, *args, **kwargs))

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one consistent state and writes nothing."""
        with self._engine.connect().execution_options(read_only=True) as connection:
            yield connection

    def close(self) -> None:
        """Finish what is queued and close."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._writer.join()
        self._engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self) -> None:
        running = True
        while running:
            jobs = [self._jobs.get()]
            while len(jobs) < GROUP:
                try:
                    jobs.append(self._jobs.get_nowait())
                except queue.Empty:
                    break
            running = None not in jobs  # `close` puts it last
            group = [job for job in jobs if job is not None and job.future.set_running_or_notify_cancel()]
            if group:
                self._write_group(group)

    def _write_group(self, group: list[_Job]) -> None:
        done: list[tuple[_Job, Any]] = []
        failed: list[tuple[_Job, BaseException]] = []
        try:
            with self._engine.begin() as connection:
                for job in group:
                    try:
                        with connection.begin_nested():
                            result = job.work(connection)
                        done.append((job, result))
                    except SQLAlchemyError as error:
                        failed.append((job, LedgerError(_explain(error, self._engine.url))))
                    except Exception as error:  # noqa: BLE001 - belongs to whoever gave us the work
                        failed.append((job, error))
        except SQLAlchemyError as error:  # nothing of the group is durable
            trouble = LedgerError(_explain(error, self._engine.url))
            failed = [(job, trouble) for job in group]
            done = []
        for job, result in done:
            job.future.set_result(result)
        for job, problem in failed:
            job.future.set_exception(problem)


def _sqlite_file(url: str) -> tuple[sa.URL, str]:
    try:
        parsed = sa.make_url(url)
    except SQLAlchemyError:
        raise ConfigurationError(
            'ledger.url: not a database URL. Write it like "sqlite:///.leadsync/ledger.db".'
        ) from None
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise ConfigurationError(
            f"ledger.url: {parsed.render_as_string()!r} is not a SQLite file, and that is where the ledger lives. "
            f'Write it like "sqlite:///.leadsync/ledger.db".'
        )
    return parsed, parsed.database


def _make_engine(url: str, folder: Path) -> sa.Engine:
    parsed, file = _sqlite_file(url)
    path = folder / file
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        os.chmod(path, 0o600)
    except OSError as error:
        raise LedgerError(
            f"The ledger {path} cannot be made or written: {error.strerror}. Nothing was bought: no purchase goes out "
            f"without it. Set ledger.url to a file in a folder that you may write to."
        ) from error
    engine = sa.create_engine(parsed.set(database=str(path)), connect_args={"timeout": BUSY})
    sa.event.listen(engine, "connect", _set_up)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, so that savepoints and IMMEDIATE work
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get("read_only")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _explain(error: SQLAlchemyError, url: sa.URL) -> str:
    reason = str(getattr(error, "orig", None) or error).splitlines()[0]
    where = url.database
    mend = "What was answered before is kept; the next run goes on from there."
    if "locked" in reason:
        mend = f"Another process holds it for more than {BUSY} s: end that one, or run again later."
    elif "malformed" in reason or "not a database" in reason:
        mend = "Restore it from a backup, or move it aside; what it alone knew would be bought again."
    elif "readonly" in reason or "unable to open" in reason:
        mend = "Make it a file that you may write to, in a folder that you may write to."
    elif "full" in reason:
        mend = "Free some disk and run again."
    return f"The ledger {where} cannot be used: {reason}. No purchase goes out without it. {mend}"
