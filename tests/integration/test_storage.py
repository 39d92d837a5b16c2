"""SQLite on broken ground: full, locked, damaged, deleted, replaced. What is reported as durable is, and nothing waits
for ever.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from enrichment.ledger import Ledger
from enrichment.ledger.schema import meta, transitions
from sources.crashpoints import armed
from sources.errors import LedgerError

URL = "sqlite:///ledger.db"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(URL, tmp_path) as ledger:
        yield ledger


def _put(connection: sa.Connection, key: str, value: str = "x") -> None:
    connection.execute(meta.insert().values(key=key, value=value))


def _keys(ledger: Ledger) -> set[str]:
    with ledger.read() as connection:
        return set(connection.execute(sa.select(meta.c.key)).scalars())


class _Together:
    """Pieces of work that share one commit: they wait behind one that holds the writer up."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._go = threading.Event()
        started = threading.Event()

        def hold(connection: sa.Connection) -> None:
            started.set()
            self._go.wait(10)

        self._first = ledger.submit(hold)
        assert started.wait(10)

    def write(self, *values: tuple[str, str]) -> list[BaseException | None]:
        """Write them in one group; what became of each."""
        futures = [self._ledger.submit(_put, *value) for value in values]
        self._go.set()
        return [future.exception(10) for future in [self._first, *futures]][1:]


def _room(ledger: Ledger, pages: int) -> None:
    """Let the file grow by so many pages, from its size now: SQLITE_FULL is what a full disk is to a statement."""

    def limit(connection: sa.Connection) -> None:
        now = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        connection.exec_driver_sql(f"PRAGMA max_page_count = {now + pages}")

    ledger.call(limit)


BIG = "x" * 200_000


def test_a_full_disk_in_the_middle_of_a_group_reports_none_of_it_as_durable(ledger: Ledger) -> None:
    """SQLite rolls the whole transaction back by itself: what was done before it, and seemed done, is undone."""
    _room(ledger, 2)
    told = _Together(ledger).write(("before", "x"), ("too big", BIG), ("after", "x"))
    assert [type(problem) for problem in told] == [LedgerError] * 3
    assert all("full" in str(problem) and "Free some disk" in str(problem) for problem in told)
    assert _keys(ledger) == set()
    _room(ledger, 1000)
    assert _Together(ledger).write(("before", "x"), ("too big", BIG), ("after", "x")) == [None] * 3
    assert _keys(ledger) == {"before", "too big", "after"}


def test_a_group_whose_commit_breaks_in_a_way_nobody_foresaw_fails_and_the_writer_goes_on(ledger: Ledger) -> None:
    def broken(moment: str) -> None:
        if moment == "ledger.before:test_storage._put":
            raise MemoryError

    with armed(broken):
        told = _Together(ledger).write(("a", "x"), ("b", "x"))
    assert [type(problem) for problem in told] == [MemoryError] * 2
    assert _keys(ledger) == set()
    ledger.call(_put, "c")
    assert _keys(ledger) == {"c"}


class TestLocked:
    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("enrichment.storage.sqlite.BUSY", 1.0)

    def test_for_less_than_the_time_to_wait_it_is_only_late(self, tmp_path: Path) -> None:
        with (
            Ledger(URL, tmp_path) as ledger,
            closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None, check_same_thread=False)) as other,
        ):
            other.execute("BEGIN IMMEDIATE")
            timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
            timer.start()
            started = time.monotonic()
            ledger.call(_put, "late")
            assert time.monotonic() - started > 0.2
            assert _keys(ledger) == {"late"}
            timer.join()

    def test_while_it_is_locked_it_can_be_read_and_afterwards_written(self, tmp_path: Path) -> None:
        with (
            Ledger(URL, tmp_path) as ledger,
            closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other,
        ):
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerError, match="Another process holds it for more than 1 s"):
                ledger.call(_put, "never")
            assert _keys(ledger) == set()
            other.execute("ROLLBACK")
            ledger.call(_put, "then")
            assert _keys(ledger) == {"then"}


class TestDamaged:
    @pytest.fixture
    def damaged(self, tmp_path: Path) -> Path:
        """A ledger whose table of transitions is torn to pieces; the rest of it is whole."""
        path = tmp_path / "ledger.db"
        with Ledger(URL, tmp_path) as ledger:
            for n in range(20):
                ledger.call(_put, f"key {n}")
            page = ledger.call(_root_of, transitions.name)
        with path.open("r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\xff" * 4096)
        return path

    def test_what_lies_in_the_damaged_page_is_told_and_the_rest_can_still_be_read(self, damaged: Path) -> None:
        with Ledger(URL, damaged.parent) as ledger:
            with pytest.raises(LedgerError, match=r"malformed.*Restore it from a backup"), ledger.read() as connection:
                connection.execute(sa.select(transitions)).all()
            with pytest.raises(LedgerError, match="malformed"):
                ledger.call(lambda connection: connection.execute(sa.select(transitions)).all())
            assert len(_keys(ledger)) == 20

    def test_a_log_that_lost_its_end_opens_at_the_last_whole_commit(self, tmp_path: Path) -> None:
        with Ledger(URL, tmp_path) as ledger:
            for n in range(10):
                ledger.call(_put, f"{n}", "x" * 50_000)
            for name in ("ledger.db", "ledger.db-wal"):
                shutil.copy(tmp_path / name, tmp_path / f"torn-{name}")
        log = tmp_path / "torn-ledger.db-wal"
        os.truncate(log, log.stat().st_size - 150_000)
        with Ledger("sqlite:///torn-ledger.db", tmp_path) as torn:
            found = _keys(torn)
            assert 0 < len(found) < 10
            assert found == {f"{n}" for n in range(len(found))}  # the first ones, none left out
            torn.call(_put, "next")


def _drop_all(connection: sa.Connection) -> None:
    connection.execute(meta.delete())


def _root_of(connection: sa.Connection, table: str) -> int:
    found: Any = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).scalar_one()
    return int(found)


class TestGone:
    """The file is deleted, or another one put in its place, while it is open."""

    @pytest.mark.parametrize("what", [("ledger.db",), ("ledger.db", "ledger.db-wal", "ledger.db-shm")])
    def test_a_deleted_one_is_written_down_again_with_all_that_came_after(
        self, tmp_path: Path, what: tuple[str, ...]
    ) -> None:
        ledger = Ledger(URL, tmp_path)
        for n in range(20):  # so that pages lie elsewhere in what is written down again
            ledger.call(_put, f"{n}", "x" * 20_000)
        ledger.call(_drop_all)
        ledger.call(_put, "before")
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as other:  # so that the log holds only what came last
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert ledger.gone is None
        for name in what:
            (tmp_path / name).unlink()
        assert "deleted or replaced" in str(ledger.gone)
        ledger.call(_put, "after")
        with pytest.raises(LedgerError, match=r"was written to .*ledger\.db again"):
            ledger.close()
        ledger.close()  # twice is once
        assert (tmp_path / "ledger.db").stat().st_mode & 0o077 == 0
        with Ledger(URL, tmp_path) as again:
            assert _keys(again) == {"before", "after"}
            with again.read() as connection:
                assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"

    def test_beside_another_file_that_took_its_place_and_that_is_left_alone(self, tmp_path: Path) -> None:
        with Ledger("sqlite:///other.db", tmp_path) as other:
            other.call(_put, "other's")
        ledger = Ledger(URL, tmp_path)
        ledger.call(_put, "mine")
        os.replace(tmp_path / "other.db", tmp_path / "ledger.db")
        ledger.call(_put, "after")
        with pytest.raises(LedgerError, match=r"is in .*ledger\.db\.rescued: put that in its place"):
            ledger.close()
        (tmp_path / "ledger.db.rescued").rename(tmp_path / "rescued.db")
        with Ledger("sqlite:///rescued.db", tmp_path) as rescued:
            assert _keys(rescued) == {"mine", "after"}
        with closing(sqlite3.connect(f"file:{tmp_path / 'ledger.db'}?mode=ro&immutable=1", uri=True)) as left:
            assert left.execute("SELECT key FROM meta").fetchall() == [("other's",)]

    def test_no_connection_is_ever_made_to_the_other_file_and_no_empty_one_appears(self, tmp_path: Path) -> None:
        ledger = Ledger(URL, tmp_path)
        (tmp_path / "ledger.db").unlink()
        ledger._engine.dispose()  # as if more connections were needed than are open
        with pytest.raises(LedgerError, match="deleted or replaced while it was in use"), ledger.read():
            pass
        with pytest.raises(LedgerError, match="Put the one that was there back"):
            ledger.call(_put, "lost")
        assert not (tmp_path / "ledger.db").exists()
        with pytest.raises(LedgerError, match="It could not be written again"):
            ledger.close()
        assert list(tmp_path.glob("*.rescued")) == []
