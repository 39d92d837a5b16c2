"""A ledger of any older version becomes one of the newest, keeps every call, and is whole whenever the process dies."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from enrichment.ledger import Ledger, ledger_version, migrate
from enrichment.ledger.schema import metadata
from tests.support.forked import Forked
from tests.support.old_ledgers import VERSIONS, dump, restore
from tests.support.project import finish

#: what each of the dumps holds
STATES = {"accepted": 2, "in_doubt": 2, "planned": 2, "rejected": 1, "sent": 2}


def _rows(path: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]


def _tables(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        ]


def test_there_is_a_dump_of_every_version() -> None:
    """A new migration needs a dump of what was the newest before it: tests/support/old_ledgers.py makes one."""
    made = sorted(path.name[:4] for path in (Path(migrate.__file__).parent / "migrations" / "versions").glob("0*.py"))
    assert made[: len(VERSIONS)] == list(VERSIONS)
    assert len(made) - len(VERSIONS) <= 1
    assert made[-1] == migrate.NEWEST


@pytest.mark.parametrize("version", VERSIONS)
class TestEveryVersion:
    def test_it_gets_exactly_the_declared_schema_and_keeps_every_row(self, version: str, tmp_path: Path) -> None:
        path = tmp_path / "ledger.db"
        restore(version, path)
        assert ledger_version(path) == version
        before = {table: _rows(path, table) for table in _tables(path) if table != "alembic_version"}
        states = [row["state"] for row in before["calls"]]
        assert {state: states.count(state) for state in STATES} == STATES
        assert {row["outcome"] for row in before["calls"] if row["state"] == "settled"} == {"found", "not_found"}
        with Ledger("sqlite:///ledger.db", tmp_path) as ledger, ledger.read() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
            assert migrate.version(connection) == migrate.NEWEST
        for table, known in before.items():
            now = _rows(path, table)
            assert [{column: row[column] for column in known[0]} for row in now] == known if known else now == []

    def test_opened_again_it_stays_as_it_is(self, version: str, tmp_path: Path) -> None:
        restore(version, tmp_path / "ledger.db")
        Ledger("sqlite:///ledger.db", tmp_path).close()
        once = dump(tmp_path / "ledger.db")
        Ledger("sqlite:///ledger.db", tmp_path).close()
        assert dump(tmp_path / "ledger.db") == once


#: opens a ledger in a process of its own, which ends at a moment of the migration
_OPEN = """
import os
from pathlib import Path
import sqlalchemy as sa
from enrichment.ledger import Ledger
from sources.crashpoints import arm
def end(moment):
    if moment == "{moment}":
        os._exit(9)
arm(end)
@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def look(connection, cursor, statement, *others):
    end(" ".join(statement.split()[:3]))
Ledger("sqlite:///ledger.db", Path.cwd())
os._exit(0)
"""


@pytest.mark.parametrize(
    ("moment", "left"),
    [
        ("CREATE TABLE search_charges", "0001"),  # between two migrations
        ("ledger.before:migrate.to_newest", "0001"),
        ("ledger.after:migrate.to_newest", migrate.NEWEST),
    ],
)
def test_a_process_that_dies_while_it_migrates_leaves_the_old_version_whole(
    moment: str, left: str, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.db"
    restore("0001", path)
    before = dump(path)
    done = finish(Forked(["--version"], tmp_path, {}, prelude=_OPEN.format(moment=moment)))
    assert done.exit_code == 9, done.stderr
    assert ledger_version(path) == left
    if left == "0001":
        assert dump(path) == before
    with Ledger("sqlite:///ledger.db", tmp_path) as ledger, ledger.read() as connection:
        assert migrate.version(connection) == migrate.NEWEST
        assert len(_rows(path, "calls")) == 16
