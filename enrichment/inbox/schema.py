"""The inbox's tables and versions: each a step that brings the one before to it, SQLite's own number its name."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

from sources.errors import LedgerError

metadata = MetaData()

documents = Table(
    "documents",
    metadata,
    Column("document_id", Integer, primary_key=True, autoincrement=True),
    Column("provider", String(64), nullable=False),
    Column("request_id", String(36), nullable=False),
    Column("received_at", BigInteger, nullable=False),  # microseconds since the epoch
    Column("content_type", Text),
    Column("body_hash", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("event_id", Text),  # the vendor's name for what it tells, the same in every delivery of it
    Index("an_event_is_kept_once", "request_id", "event_id", unique=True),
    UniqueConstraint("request_id", "body_hash", name="a_body_is_kept_once"),
    sqlite_autoincrement=True,  # a number never comes again: what was carried is removed by it
)

#: a document is removed as soon as it is in the ledger, and its space is used again
checks = Table(
    "checks",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("checked_at", BigInteger, nullable=False),  # when somebody last made sure that this can be written
)

#: step N brings version N to N + 1; never changed once released, only added to
STEPS: Sequence[Sequence[str]] = (
    (
        "CREATE TABLE documents (document_id INTEGER PRIMARY KEY AUTOINCREMENT, provider VARCHAR(64) NOT NULL, "
        "request_id VARCHAR(36) NOT NULL, received_at BIGINT NOT NULL, content_type TEXT, "
        "body_hash VARCHAR(64) NOT NULL, body BLOB NOT NULL, "
        "CONSTRAINT a_body_is_kept_once UNIQUE (request_id, body_hash))",
        "CREATE TABLE checks (one INTEGER PRIMARY KEY, checked_at BIGINT NOT NULL)",
    ),
    (
        "ALTER TABLE documents ADD COLUMN event_id TEXT",
        "CREATE UNIQUE INDEX an_event_is_kept_once ON documents (request_id, event_id)",
    ),
)


def version(connection: sa.Connection) -> int:
    """The version of an open inbox; 0 where nothing is in it yet."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def to_newest(engine: sa.Engine) -> None:
    """Take the steps that are missing, in one transaction. LedgerError where a newer leadsync has been here."""
    newest = len(STEPS)
    with engine.connect().execution_options(read_only=True) as connection:
        if version(connection) == newest:  # a look that waits for nobody who writes
            return
    with engine.begin() as connection:
        found = version(connection)
        if found > newest:
            raise LedgerError(
                f"The inbox {engine.url.database} was written by a newer leadsync (version {found}, this one knows "
                f"{newest}). Nothing was changed or bought. Use that leadsync again."
            )
        if found == 0 and sa.inspect(connection).get_table_names():
            raise LedgerError(
                f"The file {engine.url.database} is a database of something else, and the inbox belongs there. Nothing "
                f"was changed or bought. Move it away, or set ledger.url to a file in another folder."
            )
        for step in STEPS[found:]:
            for statement in step:
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA user_version = {newest}")
