"""SQLite files: read by their owner alone, durable (WAL, synchronous=FULL), their troubles told in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from enrichment.storage.private import private_file
from sources.errors import ConfigurationError, LedgerError
from sources.redaction import plain_words, shown

#: seconds to wait for a lock that another process holds
BUSY = 15
#: what is lost with what only a damaged file knew
_LOSSES = {"inbox": "answers that it alone held are asked for again, as far as the vendor still gives them."}
_LOSS = "what it alone knew would be bought again."
#: what SQLite keeps beside a file while it is open, or for who opens it after a crash
BESIDE = ("-wal", "-shm", "-journal")


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
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, connect_args={"timeout": BUSY}, hide_parameters=True)  # in errors and logs
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


def explain(error: SQLAlchemyError, path: str | Path | None, what: str) -> str:
    """What is wrong with the file, what that did to data and money, what to do."""
    reason = plain_words(str(getattr(error, "orig", None) or error).partition("\n")[0])
    mend = "What was answered before is kept; the next run goes on from there."
    if "locked" in reason:
        mend = f"Another process holds it for more than {BUSY} s: end that one, or run again later."
    elif "malformed" in reason or "not a database" in reason:
        mend = f"Restore it from a backup, or move it aside; {_LOSSES.get(what, _LOSS)}"
    elif "readonly" in reason or "unable to open" in reason:
        mend = "Make it a file that you may write to, in a folder that you may write to."
    elif "full" in reason:
        mend = "Free some disk and run again."
    return f"The {what} {path} cannot be used: {reason}. No purchase goes out without it. {mend}"
