"""What is left in dlt's folder: rows while they wait to be loaded, after that none; of secrets nothing at any time."""

from __future__ import annotations

import gzip
import pickle
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow.parquet as parquet
import pytest

from destinations.duckdb import DuckDB
from pipelines.loading import Loader
from pipelines.tables import PEOPLE
from sandbox import Server
from sources.clodura import clodura
from sources.errors import DestinationError
from tests.support.canaries import ADDRESS, FIRST_NAME, PERSON_ID, PROFILE, SENTENCE, leaks


def _loader(folder: Path) -> Loader:
    return Loader(DuckDB(folder / "leads.duckdb", "crm"), "crm", folder / ".leadsync" / "dlt")


ROW = {"person_id": PERSON_ID, "first_name": FIRST_NAME, "linkedin_url": PROFILE, "source": ADDRESS, "first_seen_at": 1}


def _load(loader: Loader) -> None:
    loader.load(loader.feed([(PEOPLE, PEOPLE.table([ROW]))]))


def _read(path: Path) -> str:
    """What a file says to who can open it."""
    content = path.read_bytes()
    if path.suffix == ".parquet" and content.endswith(b"PAR1"):
        return str(parquet.read_table(path).to_pylist())
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if path.suffix == ".pickle":
        trace = pickle.loads(content)
        return f"{content!r} {trace.asstr(verbosity=2)}"
    return content.decode("utf-8", "replace")


def left(folder: Path) -> dict[str, list[str]]:
    """Files of dlt that hold a canary, by name, with what they hold."""
    files = [path for path in (folder / ".leadsync" / "dlt").rglob("*") if path.is_file()]
    found = {str(path.relative_to(folder)): leaks(_read(path)) for path in files}
    return {name: canaries for name, canaries in found.items() if canaries}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    _loader(folder).make_tables()
    return folder


@pytest.fixture
def folder(tables: Path, tmp_path: Path) -> Path:

    shutil.copytree(tables, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_after_a_load_no_row_is_left_and_no_package_and_no_trace(folder: Path) -> None:
    loader = _loader(folder)
    _load(loader)
    assert left(folder) == {}
    at = Path(loader._pipeline.working_dir)
    assert [path.name for path in at.iterdir() if path.is_file()] == ["state.json"]
    assert not list((at / "load" / "loaded").iterdir())
    with duckdb.connect(str(folder / "leads.duckdb")) as connection:
        assert connection.execute("SELECT first_name FROM crm.people").fetchall() == [(FIRST_NAME,)]
        for table in ("_dlt_pipeline_state", "_dlt_loads", "_dlt_version"):
            rows = connection.execute(f"SELECT * FROM crm.{table}").fetchall()
            assert rows
            assert leaks(str(rows)) == []


def test_rows_that_wait_are_there_until_they_are_loaded(folder: Path) -> None:
    _loader(folder)._pipeline.extract(_feed(), loader_file_format="parquet")
    assert any("extracted" in name for name in left(folder))
    _loader(folder)  # one more look takes nothing away
    assert left(folder)
    assert _loader(folder).drain()
    assert left(folder) == {}


def _feed() -> Any:
    return dlt.resource([PEOPLE.table([ROW])], name="people", write_disposition="append")


def test_a_load_that_failed_leaves_its_rows_waiting_and_the_next_one_none(folder: Path) -> None:
    with duckdb.connect(str(folder / "leads.duckdb")) as connection:
        connection.execute("ALTER TABLE crm.people ALTER COLUMN source SET DATA TYPE INTEGER USING 1")
    with pytest.raises(DestinationError):
        _load(_loader(folder))
    assert all("/load/normalized/" in name for name in left(folder))
    assert left(folder)
    with duckdb.connect(str(folder / "leads.duckdb")) as connection:
        connection.execute("ALTER TABLE crm.people ALTER COLUMN source SET DATA TYPE VARCHAR USING ''")
    assert _loader(folder).drain()
    assert left(folder) == {}


def test_a_package_that_is_dropped_is_gone_with_its_rows_and_its_errors(folder: Path) -> None:
    with duckdb.connect(str(folder / "leads.duckdb")) as connection:
        connection.execute("ALTER TABLE crm.people ALTER COLUMN source SET DATA TYPE INTEGER USING 1")
    with pytest.raises(DestinationError):
        _load(_loader(folder))
    _loader(folder).drain()  # what it holds is owed again: the ledger has it
    assert left(folder) == {}


def test_what_an_extract_leaves_that_is_cut_short_is_gone_at_the_next_start(folder: Path) -> None:
    def breaking() -> Iterator[Any]:
        yield PEOPLE, PEOPLE.table([ROW] * 20_000)  # more than dlt keeps in memory before it writes
        yield PEOPLE, PEOPLE.table([ROW])
        raise KeyError(SENTENCE)

    loader = _loader(folder)
    with suppress(DestinationError):
        loader.load(loader.feed(breaking()))
    assert any("/normalize/" in name for name in left(folder))  # dlt looks at it never again
    _loader(folder)
    assert left(folder) == {}


def test_a_trace_that_an_earlier_version_kept_is_gone(folder: Path) -> None:
    trace = Path(_loader(folder)._pipeline.working_dir) / "trace.pickle"
    trace.write_bytes(b"anything")
    _loader(folder)
    assert not trace.exists()


def test_as_a_dlt_source_it_gives_dlt_no_key_to_keep(
    sandbox_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In anybody's pipeline: with dlt's own traces, and with its own packages, which are that pipeline's."""
    monkeypatch.setenv("ENABLE_RUNTIME_TRACE", "true")
    monkeypatch.setenv("SOURCES__CLODURA__API_KEY", sandbox_server.api_key)
    pipeline = dlt.pipeline(
        "anybodys",
        pipelines_dir=str(tmp_path / ".leadsync" / "dlt"),
        destination=dlt.destinations.duckdb(str(tmp_path / "anybodys.duckdb")),
        dataset_name="crm",
    )
    pipeline.run(clodura(searches={"x": {"seniority": ["CEO"]}}, base_url=sandbox_server.url, limit=5))
    files = [path for path in (tmp_path / ".leadsync").rglob("*") if path.is_file()]
    assert any(path.name == "trace.pickle" for path in files)
    for path in files:
        assert sandbox_server.api_key not in _read(path), path
    assert sandbox_server.api_key.encode() not in (tmp_path / "anybodys.duckdb").read_bytes()
