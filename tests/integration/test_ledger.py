"""Opening the ledger, a real SQLite file, and writing to it in groups."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from enrichment.ledger import Ledger, migrate
from enrichment.ledger.schema import meta, metadata
from sources.errors import ConfigurationError, LedgerError
from tests.support.purchases import (
    rows,
)

DAY = 86_400 * 1_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger("sqlite:///home/ledger.db", tmp_path) as ledger:
        yield ledger


def _put(connection: sa.Connection, key: str, value: str = "x") -> None:
    connection.execute(meta.insert().values(key=key, value=value))


class TestOpening:
    def test_migrations_make_exactly_the_declared_schema(self, ledger: Ledger) -> None:
        with ledger.read() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
            assert migrate.version(connection) == migrate.NEWEST

    def test_a_ledger_of_a_newer_version_is_left_alone(self, ledger: Ledger, tmp_path: Path) -> None:
        ledger.call(lambda connection: connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'")))
        ledger.close()
        with pytest.raises(LedgerError, match="newer leadsync"):
            Ledger("sqlite:///home/ledger.db", tmp_path)

    def test_only_its_owner_may_read_it(self, ledger: Ledger) -> None:
        ledger.call(_put, "a")
        for path in Path(ledger.path).parent.glob("ledger.db*"):
            assert path.stat().st_mode & 0o077 == 0, path
        assert Path(ledger.path).parent.stat().st_mode & 0o077 == 0

    def test_it_is_durable_and_readable_while_written(self, ledger: Ledger) -> None:
        with ledger.read() as connection:
            assert connection.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(sa.text("PRAGMA synchronous")).scalar() == 2

    @pytest.mark.parametrize("url", ["nonsense", "postgresql://u:canary@h/d", "sqlite://", "sqlite:///:memory:"])
    def test_another_kind_of_url_is_refused_without_showing_a_password(self, url: str, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match=r"ledger\.url") as told:
            Ledger(url, tmp_path)
        assert "canary" not in str(told.value)

    def test_a_file_that_is_no_database_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "ledger.db").write_bytes(b"no database" * 500)
        with pytest.raises(LedgerError, match="not a database"):
            Ledger("sqlite:///ledger.db", tmp_path)

    def test_a_ledger_locked_by_another_process_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("enrichment.storage.sqlite.BUSY", 0.1)
        with Ledger("sqlite:///ledger.db", tmp_path) as ledger:
            other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerError, match="Another process holds it"):
                ledger.call(_put, "a")
            other.execute("ROLLBACK")
            ledger.call(_put, "b")
            other.close()


class TestWritingInGroups:
    def test_work_that_fails_is_rolled_back_alone(self, ledger: Ledger) -> None:
        started = threading.Event()
        go = threading.Event()

        def hold(connection: sa.Connection) -> None:
            started.set()
            go.wait(10)

        def fail(connection: sa.Connection) -> None:
            _put(connection, "failed")
            raise ValueError("mine")

        first = ledger.submit(hold)  # the three others wait, and share the next commit
        assert started.wait(10)
        futures = [ledger.submit(_put, "good"), ledger.submit(fail), ledger.submit(_put, "good too")]
        go.set()
        first.result()
        with pytest.raises(ValueError, match="mine"):
            futures[1].result()
        futures[0].result()
        futures[2].result()
        assert {row["key"] for row in rows(ledger, meta)} == {"good", "good too"}

    def test_work_of_many_threads_is_all_done(self, ledger: Ledger) -> None:
        threads = [
            threading.Thread(target=lambda n=n: [ledger.call(_put, f"{n}-{i}") for i in range(20)]) for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(rows(ledger, meta)) == 160

    def test_a_closed_ledger_takes_no_work(self, ledger: Ledger) -> None:
        ledger.close()
        with pytest.raises(LedgerError, match="closed"):
            ledger.call(_put, "late")
        ledger.close()  # twice is once
