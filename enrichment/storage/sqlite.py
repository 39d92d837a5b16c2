"""SQLite files: read by their owner alone, durable (WAL, synchronous=FULL), their troubles told in plain words.

A connection is only ever made to the very file that was opened first: one that was deleted or replaced meanwhile is
told, and no empty one appears in its place.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from enrichment.storage.private import private_file
from sources.errors import ConfigurationError, LedgerError
from sources.redaction import plain_words, shown

#: seconds to wait for a lock that another process holds
BUSY = 15.0
#: KiB of the file that a connection keeps in memory at most
CACHE = 32_768
#: pages of the log (of 4 KiB) at which what is in it goes into the file: a page that changed many times, once
CHECKPOINT = 4_000
#: what is lost with what only a damaged file knew
_LOSSES = {"inbox": "answers that it alone held are asked for again, as far as the vendor still gives them."}
_LOSS = "what it alone knew would be bought again."
#: what SQLite keeps beside a file while it is open, or for who opens it after a crash
BESIDE = ("-wal", "-shm", "-journal")

#: which file it is, whatever lies at its path by now: device and inode
Identity = tuple[int, int]


def file_of(url: str) -> str:
    """The file that ``ledger.url`` names. ConfigurationError where it names none."""
    try:
        parsed = sa.make_url(url)
    except SQLAlchemyError:
        raise ConfigurationError(
            'ledger.url: not a database URL. Write it like "sqlite:///.leadsync/ledger.db".'
        ) from None
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        kind = shown(f"{parsed.drivername}:...")  # no more of it: a password may hold what ends one
        raise ConfigurationError(
            f"ledger.url: {kind} is not a SQLite file, and that is where the ledger lives. Write it like "
            f'"sqlite:///.leadsync/ledger.db".'
        )
    return parsed.database


def identity(path: Path) -> Identity | None:
    """Which file lies there; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def open_file(path: Path, what: str) -> sa.Engine:
    """An engine for a file that is made where there is none; ``what`` names it in errors ("ledger").

    Transactions begin IMMEDIATE, but for connections with the execution option ``read_only``.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        private_file(path)
        for beside in (Path(f"{path}{ending}") for ending in BESIDE):
            if beside.exists():  # SQLite gives new ones the rights of the file itself
                private_file(beside)
    except OSError as error:
        raise LedgerError(
            f"The {what} {path} cannot be made or written: {error.strerror}. Nothing was bought: no purchase goes out "
            f"without it. Set ledger.url to a file in a folder that you may write to."
        ) from error
    connect = partial(_connect, path.absolute(), identity(path))
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, creator=connect, hide_parameters=True)  # in errors and logs
    sa.event.listen(engine, "connect", _set_up)
    sa.event.listen(engine, "begin", _begin)
    return engine


def connect(path: Path) -> sqlite3.Connection:
    """A connection to a file that must be there."""
    where = f"file:{quote(str(path))}?mode=rw"  # read-only would leave files of the log behind
    return sqlite3.connect(where, uri=True, timeout=BUSY, check_same_thread=False)


def _connect(path: Path, opened: Identity | None) -> sqlite3.Connection:
    if identity(path) != opened:
        raise sqlite3.OperationalError("it was deleted or replaced while it was in use")
    return connect(path)


def _set_up(connection: Any, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, so that savepoints and IMMEDIATE work
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    # what a savepoint may have to undo: in a file it takes half the time. It is a list that each statement that fires
    # triggers walks through, so one piece of work should not hold tens of thousands of these.
    cursor.execute("PRAGMA temp_store=MEMORY")
    cursor.execute(f"PRAGMA cache_size=-{CACHE}")
    cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    reading = connection.get_execution_options().get("read_only")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def in_transaction(connection: sa.Connection) -> bool:
    """Whether a transaction is open: SQLite ends it by itself where the disk is full or fails, and rolls all back."""
    return raw(connection).in_transaction


def raw(connection: sa.Connection) -> sqlite3.Connection:
    """SQLite's own connection under one of SQLAlchemy's."""
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def explain(error: SQLAlchemyError, path: str | Path | None, what: str) -> str:
    """What is wrong with the file, what that did to data and money, what to do."""
    reason = plain_words(str(getattr(error, "orig", None) or error).partition("\n")[0])
    mend = "What was answered before is kept; the next run goes on from there."
    if "locked" in reason:
        mend = f"Another process holds it for more than {BUSY:g} s: end that one, or run again later."
    elif "malformed" in reason or "not a database" in reason:
        mend = f"Restore it from a backup, or move it aside; {_LOSSES.get(what, _LOSS)}"
    elif "readonly" in reason or "unable to open" in reason:
        mend = "Make it a file that you may write to, in a folder that you may write to."
    elif "full" in reason:
        mend = "Free some disk and run again; what was answered before is kept."
    elif "I/O" in reason:
        mend = "See whether its disk is full, failing or gone, and run again; what was answered before is kept."
    elif "deleted or replaced" in reason:
        mend = "Put the one that was there back, or the newest backup of it: what it alone knew would be bought again."
    return f"The {what} {path} cannot be used: {reason}. No purchase goes out without it. {mend}"
