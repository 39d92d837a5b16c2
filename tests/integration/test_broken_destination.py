"""The database on broken ground: what it lost is loaded again, what cannot be opened is told, and a ledger that knows
less than it buys nothing.
"""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from destinations.duckdb import DuckDB
from pipelines.sink import still_there
from sources.errors import DestinationError, LedgerError
from tests.support.ledgers import new_ledger
from tests.support.loads import Home

ALL = ("ann", "bob", "cid", "dan", "eve")
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Rows]:
    """A folder in which three were bought and loaded, and what its tables hold."""
    home = Home(tmp_path_factory.mktemp("loaded"))
    home.buy(*ALL[:3])
    with home.open() as opened:
        opened.flush(*ALL[:3])
    return home.folder, home.rows()


@pytest.fixture
def home(loaded: tuple[Path, Rows], tmp_path: Path) -> Home:
    shutil.copytree(loaded[0], tmp_path, dirs_exist_ok=True)
    return Home(tmp_path)


@pytest.fixture
def rows(loaded: tuple[Path, Rows]) -> Rows:
    return loaded[1]


def _sql(home: Home, *statements: str) -> None:
    with duckdb.connect(str(home.database)) as connection:
        for statement in statements:
            connection.execute(statement)


def _thorough(*values: str) -> Any:
    return pytest.param(*values, marks=pytest.mark.thorough)


class TestPutBack:
    """Ledger and dataset may each be put back to an earlier state."""

    def test_a_database_put_back_is_given_again_what_it_lost(self, home: Home) -> None:
        shutil.copy(home.database, home.folder / "backup")
        home.buy("dan")
        with home.open() as opened:
            assert any(handed.table == "emails" for handed in opened.flush("dan"))
            assert opened.flush() == []
        whole = home.rows()
        shutil.copy(home.folder / "backup", home.database)
        with home.open() as opened:
            assert any("has lost what was loaded into it last" in text for text in opened.told)
            given = opened.flush("dan")
        assert home.rows() == whole
        assert len(given) < len(whole["calls"]) * 3  # what it still had was not loaded again
        with home.open() as opened:
            assert opened.told == []
            assert opened.flush() == []

    @pytest.mark.thorough
    def test_two_copies_of_a_database_used_in_turn_each_get_what_they_lack(self, home: Home) -> None:
        shutil.copy(home.database, home.folder / "copy.duckdb")  # it bears the same name as the first
        home.buy("dan")
        with home.open() as opened:
            opened.flush("dan")
        home.buy("eve")
        with home.open(database="copy.duckdb") as opened:
            opened.flush("dan", "eve")
        with home.open() as opened:
            opened.flush("dan", "eve")
        assert home.rows() == home.rows(database="copy.duckdb")
        assert len(home.rows()["calls"]) == 5

    @pytest.mark.parametrize("other", ["older", pytest.param("another", marks=pytest.mark.thorough)])
    def test_a_ledger_that_knows_less_than_the_dataset_is_refused(self, home: Home, other: str) -> None:
        ledger = home.folder / "ledger.db"
        shutil.copy(ledger, home.folder / "backup")
        with home.ledger() as current:
            current.call(lambda c: c.exec_driver_sql("UPDATE calls SET version = version + 1, updated_at = 1") and None)
        home.buy("dan", "eve")
        with home.open() as opened:
            opened.flush("dan", "eve")
        for beside in home.folder.glob("ledger.db*"):
            beside.rename(home.folder / f"newest{beside.name.removeprefix('ledger')}")
        if other == "older":
            shutil.copy(home.folder / "backup", ledger)
        lost = "does not know 2, and 3 only in an earlier state" if other == "older" else "does not know 5, and 0 only"
        with pytest.raises(LedgerError, match=lost) as told, home.open():
            pass
        assert "Nothing was sent or bought. Put the newest ledger in its place" in str(told.value)
        for beside in home.folder.glob("newest.db*"):
            beside.replace(home.folder / f"ledger{beside.name.removeprefix('newest')}")
        with home.open() as opened:
            assert opened.flush() == []

    @pytest.mark.thorough
    def test_a_ledger_ahead_of_the_dataset_is_as_it_should_be(self, home: Home) -> None:
        home.buy("dan", "eve")
        with home.open() as opened:
            assert opened.told == []


class TestChanged:
    """Somebody changed what is in the dataset."""

    @pytest.mark.parametrize(
        "statement",
        [
            "ALTER TABLE crm.calls DROP COLUMN outcome",
            *(
                pytest.param(statement, marks=pytest.mark.thorough)
                for statement in (
                    "DROP TABLE crm.emails CASCADE",
                    "DROP TABLE crm.leadsync_sinks",
                    "DROP TABLE crm._dlt_loads",
                    "DROP TABLE crm._dlt_version",
                    "DROP TABLE crm._dlt_pipeline_state",
                    "DROP SCHEMA crm_staging CASCADE",
                    "DROP SCHEMA crm CASCADE",
                    "ALTER TABLE crm.people DROP COLUMN full_name",
                    "DELETE FROM crm.leadsync_sinks",
                )
            ),
        ],
    )
    def test_what_was_dropped_is_made_and_filled_again(self, home: Home, rows: Rows, statement: str) -> None:
        _sql(home, statement)
        with home.open() as opened:
            opened.flush(*ALL[:3])
        assert home.rows() == rows
        with home.open() as opened:
            assert opened.told == []
            assert opened.flush() == []

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ("ALTER TABLE crm.calls ALTER version TYPE VARCHAR", "version of crm.calls .* has the type VARCHAR, where"),
            _thorough(
                "ALTER TABLE crm.people ALTER first_seen_at TYPE DATE", "first_seen_at of crm.people .* type DATE"
            ),
            _thorough(
                "CREATE TABLE crm.n AS SELECT * EXCLUDE (person_id) FROM crm.phones; DROP TABLE crm.phones; "
                "ALTER TABLE crm.n RENAME TO phones",
                "person_id of crm.phones .* is missing",
            ),
        ],
    )
    def test_a_column_that_rows_do_not_fit_is_named_before_anything_is_bought(
        self, home: Home, rows: Rows, change: str, says: str
    ) -> None:
        _sql(home, "DROP VIEW crm.leads", "DROP VIEW crm.spend_daily", change)
        with pytest.raises(DestinationError, match=says) as told, home.open():
            pass
        assert "Nothing was bought" in str(told.value)
        assert "Rename or drop that table" in str(told.value)
        (table,) = [name for name in ("calls", "people", "phones") if f"crm.{name} " in str(told.value)]
        _sql(home, f"DROP TABLE crm.{table}")  # as it says
        with home.open() as opened:
            opened.flush(*ALL[:3])
        assert home.rows() == rows

    @pytest.mark.thorough
    def test_columns_of_ones_own_are_left_alone(self, home: Home, rows: Rows) -> None:
        _sql(home, "ALTER TABLE crm.people ADD COLUMN score INTEGER", "CREATE TABLE crm.mine (x INTEGER)")
        with home.open() as opened:
            assert opened.told == []
            opened.flush("ann")
        assert home.rows() == rows


class TestElsewhere:
    """Another dataset, another file: what is pending for one never lands in another."""

    @pytest.mark.thorough
    def test_another_dataset_gets_all_and_the_first_only_what_is_new(self, home: Home, rows: Rows) -> None:
        with home.open("other") as opened:
            opened.flush(*ALL[:3])
        assert home.rows("other") == rows
        before = dict(home.sql("SELECT call_id, _dlt_load_id FROM crm.calls"))
        home.buy("dan")
        with home.open() as opened:
            assert [len(handed) for handed in opened.flush("dan") if handed.table == "calls"] == [1]
        after = dict(home.sql("SELECT call_id, _dlt_load_id FROM crm.calls"))
        assert {call: load for call, load in after.items() if call in before} == before
        assert len(after) == len(before) + 1

    def test_a_package_that_was_pending_for_one_is_loaded_into_that_one(self, home: Home) -> None:
        with home.open() as opened:
            pipeline = opened.loader._pipeline
            opened.ledger.call(
                lambda c: c.exec_driver_sql("UPDATE calls SET note = 'x', version = version + 1") and None
            )
            from pipelines.tables import RUNS

            row = {"run_id": "interrupted"}
            pipeline.extract(opened.loader.feed([(RUNS, RUNS.table([row]))]), loader_file_format="parquet")
        with home.open("other") as opened:
            assert opened.told == []
            opened.flush()
        assert home.sql("SELECT count(*) FROM other.runs") == [(0,)]
        assert home.sql("SELECT sink_id FROM other.leadsync_sinks") != home.sql(
            "SELECT sink_id FROM crm.leadsync_sinks"
        )
        with home.open() as opened:
            assert opened.told == ["loaded what an earlier run had left pending"]
        assert home.sql("SELECT run_id FROM crm.runs") == [("interrupted",)]


def test_a_database_replaced_in_the_middle_of_a_run_is_told_before_anything_is_loaded_into_it(home: Home) -> None:
    sink_id = home.sql("SELECT sink_id FROM crm.leadsync_sinks")[0][0]
    destination = DuckDB(home.database, "crm")
    gone = r"deleted or replaced while the run went on.*is lost"
    still_there(destination, "crm", sink_id)
    with pytest.raises(DestinationError, match=gone):
        still_there(destination, "crm", "another")
    _sql(home, "DROP SCHEMA crm CASCADE")
    with pytest.raises(DestinationError, match=gone):
        still_there(destination, "crm", sink_id)
    home.database.unlink()
    with pytest.raises(DestinationError, match=gone):
        still_there(destination, "crm", sink_id)
    assert not home.database.exists()
    home.database.write_bytes(b"garbage" * 1000)
    with pytest.raises(DestinationError, match=r"is not a DuckDB database that can be read.*is lost"):
        still_there(destination, "crm", sink_id)


class TestWorkingFolder:
    """dlt's own folder, as a full disk or a crash may leave it: it holds nothing that cannot be had again."""

    @pytest.mark.parametrize(
        "pattern",
        [
            "state.json",
            *(
                pytest.param(pattern, marks=pytest.mark.thorough)
                for pattern in (
                    "load/.version",
                    "normalize/extracted/*/load_package_state.json",
                    "schemas/*.json",
                    "normalize/.version",
                    "normalize/extracted/*/schema.json",
                    "normalize/extracted/*/new_jobs/*.parquet",
                )
            ),
        ],
    )
    @pytest.mark.parametrize("kept", [0.5, pytest.param(0, marks=pytest.mark.thorough)])
    def test_a_file_that_was_cut_off_stops_nothing(self, home: Home, pattern: str, kept: float) -> None:
        home.buy("dan")
        with home.open() as opened:
            resources = opened.loader.feed([])
            from enrichment.source import enrichment

            owed = enrichment(opened.ledger, opened.sink_id, [])
            opened.loader._pipeline.extract([*resources, *owed.resources.values()], loader_file_format="parquet")
        file = next((home.folder / ".leadsync" / "dlt").glob(f"*/leadsync/{pattern}"))
        os.truncate(file, int(file.stat().st_size * kept))
        with home.open() as opened:
            opened.flush("dan")
            assert opened.flush() == []
        assert home.sql("SELECT count(*), count(DISTINCT call_id) FROM crm.calls") == [(4, 4)]
        with home.open() as opened:
            assert opened.told == []


class TestFile:
    """What DuckDB can open and what it cannot."""

    @pytest.fixture
    def database(self, tmp_path: Path) -> Path:
        path = tmp_path / "leads.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute("CREATE TABLE t AS SELECT range AS x FROM range(100000)")
        return path

    @pytest.mark.parametrize("size", [0, 100, 4096, 8192, 12287])
    def test_one_that_was_never_finished_is_moved_aside(self, database: Path, size: int) -> None:
        os.truncate(database, size)
        destination = DuckDB(database, "crm")
        with pytest.raises(DestinationError, match="is not a DuckDB database that can be read"):
            destination.check()
        assert "was never finished" in str(destination.clear())
        assert database.with_name("leads.duckdb.unfinished").stat().st_size == size
        destination.check()
        assert destination.clear() is None
        os.truncate(database, 0)
        assert "leads.duckdb.unfinished-2" in str(destination.clear())  # never over another

    @pytest.mark.parametrize("content", [b"x" * 100, b"name,title\nAnn,CEO\n", b"x" * 20_000])
    def test_a_file_of_somebody_else_is_not_touched(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "leads.duckdb"
        path.write_bytes(content)
        destination = DuckDB(path, "crm")
        assert destination.clear() is None
        with pytest.raises(DestinationError, match=r"is not a DuckDB database that can be read.*Move it aside"):
            destination.check()
        assert path.read_bytes() == content

    def test_one_that_is_whole_is_not_moved(self, database: Path) -> None:
        assert DuckDB(database, "crm").clear() is None
        assert DuckDB(database.with_name("none.duckdb"), "crm").clear() is None

    def _cut(self, path: Path) -> None:
        os.truncate(path, path.stat().st_size // 2)

    def _garble(self, path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 8192)

    def _newer(self, path: Path) -> None:
        """As a later version of DuckDB writes it: its number, and a checksum that agrees."""
        content = bytearray(path.read_bytes())
        content[12:20] = struct.pack("<Q", 9999)
        checksum = 5381
        for (word,) in struct.iter_unpack("<Q", content[8:4096]):
            checksum ^= word * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        content[:8] = struct.pack("<Q", checksum)
        path.write_bytes(content)

    @pytest.mark.parametrize(
        ("harm", "says"),
        [
            (_cut, "is not a DuckDB database that can be read.*Move it aside.*at no cost"),
            (_garble, "is not a DuckDB database that can be read.*Move it aside.*at no cost"),
            (_newer, "was written by a version of DuckDB that this one cannot read.*Update DuckDB.*at no cost"),
        ],
    )
    def test_what_cannot_be_read_is_told_and_left(
        self, database: Path, harm: Callable[[Any, Path], None], says: str
    ) -> None:
        harm(self, database)
        content = database.read_bytes()
        destination = DuckDB(database, "crm")
        assert destination.clear() is None
        with pytest.raises(DestinationError, match=says) as told:
            destination.check()
        assert "another program" not in str(told.value)
        assert database.read_bytes() == content


@pytest.mark.thorough
def test_an_empty_ledger_file_is_another_ledger(home: Home) -> None:
    """What is left of a ledger whose log was lost before it was ever written back."""
    for beside in home.folder.glob("ledger.db*"):
        beside.unlink()
    (home.folder / "ledger.db").touch()
    with pytest.raises(LedgerError, match="does not know 3"), home.open():
        pass
    with closing(new_ledger(home.folder)) as ledger, ledger.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM calls").scalar() == 0
