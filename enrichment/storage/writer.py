"""Writing in groups: many small transactions, one commit.

A commit waits for the disk (SQLite in WAL mode with synchronous=FULL does some 500 a second). `GroupWriter.run` and
`GroupWriter.call` return only once their work is durable, but all work that waits at the same moment shares one commit.
A piece of work that fails is rolled back alone; where SQLite gives up the whole transaction (a full or failing disk),
all of the group fails, done or not.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from enrichment.storage.sqlite import explain, in_transaction, raw
from enrichment.storage.statements import Savepoint
from sources.crashpoints import name_of, reach
from sources.errors import LedgerError

P = ParamSpec("P")
T = TypeVar("T")
Work = Callable[Concatenate[sa.Connection, P], T]

#: pieces of work that share one commit at most
GROUP = 256


@dataclass
class _Job:
    name: str
    work: Callable[[sa.Connection], Any]
    future: Future[Any]


class GroupWriter:
    """The one thread that writes to a database; threads and tasks may share it. ``what`` names the database."""

    def __init__(self, engine: sa.Engine, what: str) -> None:
        self._engine = engine
        self._what = what
        self._jobs: queue.Queue[_Job | None] = queue.Queue()
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._write, name=what, daemon=True)
        self._thread.start()

    def submit(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Queue a piece of work; the future is done once it is durable."""
        future: Future[T] = Future()
        with self._gate:
            if self._closed:
                raise LedgerError(f"The {self._what} {self._engine.url.database} is closed. Nothing was bought.")
            self._jobs.put(_Job(name_of(work), lambda connection: work(connection, *args, **kwargs), future))
        return future

    def call(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a piece of work durably, from a thread that may block."""
        return self.submit(work, *args, **kwargs).result()

    async def run(self, work: Work[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do a piece of work durably, from the event loop. Cancelled before its turn, it is not done at all."""
        return await asyncio.wrap_future(self.submit(work, *args, **kwargs))

    @property
    def closed(self) -> bool:
        """Whether it takes no more work."""
        return self._closed

    def close(self) -> None:
        """Finish what is queued and take no more."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

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
        wrote: list[str] = []
        try:
            with self._engine.begin() as connection:
                for job in group:
                    before = _changes(connection)
                    try:
                        with Savepoint(connection) if len(group) > 1 else nullcontext():
                            result = job.work(connection)
                        done.append((job, result))
                        if _changes(connection) > before:
                            wrote.append(job.name)
                    except SQLAlchemyError as error:
                        failed.append((job, self._trouble(error)))
                    except Exception as error:  # noqa: BLE001 - belongs to whoever gave us the work
                        failed.append((job, error))
                    if failed and len(group) == 1:  # it had no savepoint of its own: all is rolled back
                        raise failed[0][1]
                    if not in_transaction(connection):  # what was done before in it is undone
                        raise failed[-1][1] if failed else self._ended()
                self._reach("before", wrote)
            self._reach("after", wrote)
        except Exception as error:  # noqa: BLE001 - nothing of the group is durable, and nobody may wait for ever
            trouble = self._trouble(error) if isinstance(error, SQLAlchemyError) else error
            failed = [(job, trouble) for job in group]
            done = []
        for job, result in done:
            job.future.set_result(result)
        for job, problem in failed:
            job.future.set_exception(problem)

    def _reach(self, moment: str, wrote: list[str]) -> None:
        for name in wrote:
            reach(f"{self._what}.{moment}:{name}")

    def _ended(self) -> LedgerError:
        return LedgerError(f"A transaction of the {self._what} {self._engine.url.database} ended before its time.")

    def _trouble(self, error: SQLAlchemyError) -> LedgerError:
        return LedgerError(explain(_first(error), self._engine.url.database, self._what))


def _changes(connection: sa.Connection) -> int:
    """Rows that this connection has ever written."""
    return raw(connection).total_changes


def _first(error: SQLAlchemyError) -> SQLAlchemyError:
    """What went wrong first: a transaction that SQLite has given up makes rolling back its savepoint fail, too."""
    before = error.__context__
    while before is not None:
        if isinstance(before, SQLAlchemyError):
            error = before
        before = before.__context__
    return error
