"""Full disks, locks and missing files in the middle of a run: it says so, buys no more, the next one makes it good."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sandbox import Server
from tests.support import small_disk
from tests.support.project import Finished, Project, finish, wait_until
from tests.support.small_disk import SmallDisk

#: a disk that is really full where a machine lets us mount one; where not, another fault that cannot pass unseen
FULL = [
    pytest.param(True, id="full", marks=[] if small_disk.available() else pytest.mark.skip("no namespaces here")),
    pytest.param(False, id="limited", marks=[pytest.mark.thorough] if small_disk.available() else []),
]


#: people, where a run is slow enough to be met in the middle with few
FEWER = 20


@pytest.fixture
def project(made: Project) -> Project:
    made.env["LOAD__RAISE_ON_MAX_RETRIES"] = "1"  # dlt would try five times, a second apart
    return made


def _slow(vendor: Server) -> None:
    vendor.reset(people=FEWER, seed=3, behaviour={"job_seconds": 0.05, "latency": 0.1})


def _jobs(vendor: Server) -> Counter[tuple[str, str]]:
    return Counter((job["operation"], job["person_id"]) for job in vendor.books()["jobs"])


@contextmanager
def _disk(project: Project, real: bool) -> Iterator[SmallDisk | None]:
    if real:
        with small_disk.small_disk(project.folder / "small", 32) as disk:
            yield disk
    else:
        (project.folder / "small").mkdir()
        yield None


def _failed(done: Finished, *says: str) -> dict[str, Any]:
    assert done.exit_code == 1, done.stderr
    assert "Traceback" not in done.stderr
    for text in says:
        assert text in " ".join(done.stderr.split()), done.stderr
    return done.json if done.stdout else {}


def _limited(module: str, kind: str, method: str, size: int) -> str:
    """A prelude: while that method runs no file grows past so many bytes, which is as real an error as a full disk."""
    return f"""
import resource, signal
from {module} import {kind} as kind
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def limited(self, *given, before=kind.{method}):
    resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY))
    try:
        return before(self, *given)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
kind.{method} = limited
"""


def _made_good(done: Finished, project: Project, vendor: Server, database: Path) -> None:
    """All was bought once, and all that was found is there."""
    count = len(vendor.people())
    assert done.exit_code == 0, done.stderr
    assert max(_jobs(vendor).values()) == 1
    assert len(_jobs(vendor)) == 2 * count
    copy = shutil.copy(database, project.folder / "seen.duckdb")  # DuckDB goes by the path that others see
    with duckdb.connect(str(copy), read_only=True) as connection:
        states = dict(connection.execute("SELECT state, count(*) FROM crm.calls GROUP BY 1").fetchall())
        people = connection.execute("SELECT count(*) FROM crm.people").fetchall()
        found = set(connection.execute("SELECT person_id, number FROM crm.phones").fetchall())
        doubtful = connection.execute("SELECT person_id FROM crm.calls WHERE state = 'in_doubt'").fetchall()
    assert sum(states.values()) == 2 * count
    assert set(states) <= {"settled", "in_doubt"}
    assert states.get("in_doubt", 0) == done.json["calls_in_doubt"]
    assert people == [(count,)]
    truth = {(p["person_id"], phone["e164"]) for p in vendor.people() for phone in p["phones"]}
    assert {pair for pair in truth if (pair[0],) not in doubtful} <= found <= truth


@pytest.mark.parametrize("real", FULL)
def test_a_full_disk_under_the_ledger_stops_the_buying_and_tells_what_was_on_the_wire(
    project: Project, vendor: Server, real: bool
) -> None:
    vendor.set_behaviour(latency=0.3, job_seconds=5.0)
    with _disk(project, real) as disk:
        at = disk.inside if disk is not None else project.folder / "small"
        shutil.copy(project.folder / ".leadsync" / "ledger.db", at / "ledger.db")
        project.configure(ledger={"url": "sqlite:///small/ledger.db"})
        if disk is not None:
            process = project.start("sync", "--json", prelude=disk.prelude)
            wait_until(lambda: sum(_jobs(vendor).values()) >= 20, "twenty are bought")
            disk.fill(0)
            done = finish(process)
        else:
            done = project.run("sync", "--json", prelude=_FEW_PAGES)
        result = _failed(done, "database or disk is full", "Free some disk and run again")
        bought = sum(_jobs(vendor).values())
        assert bought < 80
        if disk is not None:
            assert "calls were on the wire, and the ledger could not take their answers" in done.stderr
            assert result.get("calls_sent", bought) == bought
            disk.make_room()
        vendor.set_behaviour(latency=0.0, job_seconds=0.05)
        rest = project.run("sync", "--json", prelude=disk.prelude if disk is not None else "")
        assert rest.json["calls_in_doubt"] > 0 or disk is None
        _made_good(rest, project, vendor, project.folder / "leads.duckdb")


#: the ledger may grow by so much and no more: to a statement that is a full disk
_FEW_PAGES = """
from enrichment.storage import sqlite
def few(connection, record, before=sqlite._set_up):
    before(connection, record)
    pages, = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {max(pages, few.pages)}")
    few.pages = few.pages or pages + 20
few.pages = 0
sqlite._set_up = few
"""


@pytest.mark.parametrize("real", FULL)
def test_a_full_disk_under_a_growing_database_loses_nothing_that_was_bought(
    project: Project, vendor: Server, real: bool
) -> None:
    project.configure(
        pipelines={"duckdb_path": "small/leads.duckdb"}, enrichment={"flush_every": 0.2, "max_unanswered": 2}
    )
    _slow(vendor)
    with _disk(project, real) as disk:
        at = disk.inside if disk is not None else project.folder / "small"
        if disk is not None:
            shutil.copy(project.folder / "leads.duckdb", at / "leads.duckdb")
            process = project.start("sync", "--json", prelude=disk.prelude)
            wait_until(lambda: sum(_jobs(vendor).values()) >= 5, "five are bought")
            disk.fill(0)
            done = finish(process)
        else:
            done = project.run("sync", "--json", prelude=_limited("pipelines.loading", "Loader", "make_tables", 40_000))
        _failed(done, "Free some disk there and run again", "Nothing that was bought is lost")
        assert sum(_jobs(vendor).values()) < 2 * FEWER
        if disk is not None:
            disk.make_room()
        vendor.set_behaviour(latency=0.0)
        rest = project.run("sync", "--json", prelude=disk.prelude if disk is not None else "")
        _made_good(rest, project, vendor, at / "leads.duckdb")


@pytest.mark.parametrize("real", FULL)
def test_a_database_that_could_not_be_made_for_want_of_room_is_moved_aside_by_the_next_run(
    project: Project, vendor: Server, real: bool
) -> None:
    """DuckDB leaves the beginning of a file, which can never be opened."""
    project.configure(pipelines={"duckdb_path": "small/leads.duckdb"})
    with _disk(project, real) as disk:
        at = disk.inside if disk is not None else project.folder / "small"
        if disk is not None:
            disk.fill(8192)
        done = project.run(
            "sync",
            "--json",
            prelude=disk.prelude if disk is not None else _limited("destinations.duckdb", "DuckDB", "check", 8192),
        )
        _failed(done, "cannot grow", "Free some disk there and run again", "Nothing was bought by this attempt")
        assert (at / "leads.duckdb").stat().st_size < 3 * 4096
        if disk is not None:
            disk.make_room()
        rest = project.run("sync", "--json", prelude=disk.prelude if disk is not None else "")
        assert "was moved aside to leads.duckdb.unfinished" in rest.stderr
        _made_good(rest, project, vendor, at / "leads.duckdb")


@pytest.mark.thorough
@pytest.mark.parametrize("real", FULL)
def test_a_full_disk_under_dlts_folder_loses_nothing_that_was_bought(
    project: Project, vendor: Server, real: bool
) -> None:
    where = project.folder / ".leadsync" / "dlt"
    with _disk(project, real) as disk:
        if disk is not None:
            shutil.rmtree(where)
            where.symlink_to(disk.folder)
            disk.fill(150_000)
        done = project.run("sync", "--json", prelude=disk.prelude if disk is not None else _NO_ROOM_TO_LOAD)
        _failed(done, "No space left on device", "Free some disk there and run again", "is in the ledger")
        if disk is not None:
            disk.make_room()
        rest = project.run("sync", "--json", prelude=disk.prelude if disk is not None else "")
        _made_good(rest, project, vendor, project.folder / "leads.duckdb")


_NO_ROOM_TO_LOAD = """
import errno, os
from dlt.common.data_writers.writers import ArrowToParquetWriter as writer
def full(self, items):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
writer.write_data = full
"""


@pytest.mark.skipif(not small_disk.available(), reason="no namespaces here; test_errors.py has a ledger that is not")
@pytest.mark.thorough
def test_a_ledger_in_a_folder_that_cannot_be_written_is_told_before_anything_is_sent(
    project: Project, vendor: Server
) -> None:
    with small_disk.small_disk(project.folder / "small", 32) as disk:
        shutil.copy(project.folder / ".leadsync" / "ledger.db", disk.inside / "ledger.db")
        disk.set_writable(False)
        project.configure(ledger={"url": "sqlite:///small/ledger.db"})
        done = project.run("sync", "--json", prelude=disk.prelude)
        _failed(done, "cannot be made or written: Read-only file system. Nothing was bought")
        assert vendor.books()["requests"] == []
        disk.set_writable(True)
        assert project.run("sync", "--json", "--limit", "2", prelude=disk.prelude).exit_code == 0


@pytest.mark.parametrize(
    "how", ["deleted", *(pytest.param(how, marks=pytest.mark.thorough) for how in ("locked", "replaced", "cut"))]
)
def test_a_database_that_goes_away_between_two_loads_ends_the_run_and_all_is_loaded_later(
    project: Project, vendor: Server, how: str
) -> None:
    """What is on the wire is collected, nothing more is bought; the next run fills what is there then."""
    project.configure(enrichment={"flush_every": 0.2, "max_unanswered": 2})
    _slow(vendor)
    database = project.folder / "leads.duckdb"
    process = project.start("sync", "--json")
    wait_until(lambda: sum(_jobs(vendor).values()) >= 5, "five are bought")
    held = _take(database) if how == "locked" else None
    if how == "deleted":
        database.unlink()
    elif how == "replaced":
        (project.folder / "empty.duckdb").touch()
        with duckdb.connect(str(project.folder / "another.duckdb")) as connection:
            connection.execute("CREATE TABLE mine (x INTEGER)")
        (project.folder / "another.duckdb").replace(database)
    elif how == "cut":
        with _take(database):
            pass  # so that nobody writes to it just now
        with database.open("r+b") as file:
            file.truncate(database.stat().st_size // 2)
    done = finish(process)
    says = {"locked": "is open in another program", "cut": "is not a DuckDB database that can be read"}
    result = _failed(done, says.get(how, "was deleted or replaced while the run went on"), "is lost")
    assert result["calls_sent"] == result["calls_settled"] + result["calls_in_doubt"] < 2 * FEWER
    if held is not None:
        held.close()
    if how == "cut":
        database.rename(project.folder / "aside.duckdb")
    vendor.set_behaviour(latency=0.0)
    rest = project.sync()
    assert rest.json["calls_sent"] == 2 * FEWER - result["calls_sent"]
    _made_good(rest, project, vendor, database)


def _take(database: Path) -> duckdb.DuckDBPyConnection:
    """The database, in between two loads."""
    found: list[duckdb.DuckDBPyConnection] = []

    def taken() -> bool:
        try:
            found.append(duckdb.connect(str(database)))
        except duckdb.Error:
            return False
        return True

    wait_until(taken, "a moment in which the database is free")
    return found[0]


def test_a_ledger_that_cannot_be_looked_at_for_a_moment_ends_no_run(project: Project) -> None:
    """Progress is told by a thread of its own: what that meets is met by the run itself, where it matters."""
    done = project.run("sync", "--limit", "1", prelude=_UNREADABLE_FOR_PROGRESS)
    assert done.exit_code == 0, done.stderr
    assert "Traceback" not in done.stderr


_UNREADABLE_FOR_PROGRESS = """
import threading
import pipelines.sync as s, pipelines.telling as t
t.PLAIN_EVERY = 0.01
s.LOOK_EVERY = 0.0
def of_run(connection, *given, before=s.books.of_run):
    if threading.current_thread().name == "progress":
        connection.exec_driver_sql("SELECT nonsense")
    return before(connection, *given)
s.books.of_run = of_run
"""


def test_a_ledger_deleted_in_the_middle_of_a_run_is_written_down_again(project: Project, vendor: Server) -> None:
    _slow(vendor)
    project.configure(enrichment={"max_unanswered": 2})
    process = project.start("sync", "--json")
    wait_until(lambda: sum(_jobs(vendor).values()) >= 5, "five are bought")
    for path in (project.folder / ".leadsync").glob("ledger.db*"):
        path.unlink()
    _failed(finish(process), "deleted or replaced while it was in use", "was written to", "Run again to go on")
    assert sum(_jobs(vendor).values()) < 2 * FEWER
    vendor.set_behaviour(latency=0.0)
    rest = project.sync()
    assert rest.json["calls_in_doubt"] == 0
    _made_good(rest, project, vendor, project.folder / "leads.duckdb")


@pytest.mark.thorough
@pytest.mark.parametrize("seconds", [0.5, 30.0])
def test_a_ledger_locked_in_the_middle_of_a_run(project: Project, vendor: Server, seconds: float) -> None:
    """For less than the time to wait it costs only time; for longer it ends the run and tells what was on the wire."""
    vendor.set_behaviour(latency=0.1)
    process = project.start(
        "sync", "--json", prelude="from enrichment.storage import sqlite\nsqlite.BUSY = 2.0" if seconds > 2 else ""
    )
    wait_until(lambda: sum(_jobs(vendor).values()) >= 5, "five are bought")
    ledger = project.folder / ".leadsync" / "ledger.db"
    with closing(sqlite3.connect(ledger, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        if seconds > 2:
            done = finish(process)
            other.execute("ROLLBACK")
            _failed(done, "Another process holds it for more than 2 s", "the ledger could not take their answers")
            rest = project.sync()
            assert rest.json["calls_in_doubt"] > 0
        else:
            wait_until(lambda: not vendor.books(summary=True)["totals"].get("open"), "answers wait")
            other.execute("ROLLBACK")
            rest = finish(process)
            assert rest.json["calls_in_doubt"] == 0
    _made_good(rest, project, vendor, project.folder / "leads.duckdb")
