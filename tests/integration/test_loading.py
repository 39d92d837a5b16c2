"""The rules of loading with dlt, each with its reason: dlt protects no row that is not loaded yet."""

from __future__ import annotations

import asyncio
import inspect
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from destinations.duckdb import DuckDB
from enrichment.ledger.deliveries import Deliveries, deliver, known_hashes
from enrichment.source import enrichment
from enrichment.tables import EMAILS
from pipelines import sink
from pipelines.environment import quiet_dlt
from pipelines.loading import JOINED, TABLES, Loader
from pipelines.tables import PEOPLE, PEOPLE_SEEN, RUNS
from sources.errors import DestinationError
from tests.support.ledgers import new_ledger
from tests.support.purchases import NOW, claim, found, plan, send, tell


def _loader(folder: Path, dataset: str = "crm") -> Loader:
    return Loader(DuckDB(folder / "leads.duckdb", dataset), dataset, folder / ".leadsync" / "dlt")


def _person(person_id: str, **values: Any) -> dict[str, Any]:
    return {"person_id": person_id, "source": "test", "first_seen_at": NOW, **values}


def _load(loader: Loader, *rows: dict[str, Any]) -> str | None:
    return loader.load(loader.feed([(PEOPLE, PEOPLE.table(list(rows)))]))


def _extract_only(loader: Loader, *rows: dict[str, Any]) -> None:
    """What a process leaves that is killed after the extract step."""
    loader._pipeline.extract(loader.feed([(PEOPLE, PEOPLE.table(list(rows)))]), loader_file_format="parquet")


def _sql(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(folder / "leads.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the tables are made already."""
    made = tmp_path_factory.mktemp("tables")
    _loader(made).make_tables()
    return made


@pytest.fixture
def folder(tables: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(tables, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_pending_package_is_loaded_first_and_what_is_given_then_is_not_ignored(folder: Path) -> None:
    loader = _loader(folder)
    _extract_only(loader, _person("pending"))
    after = _loader(folder)
    assert after.drain() is not None
    _load(after, _person("new"))
    assert _sql(folder, "SELECT person_id FROM crm.people ORDER BY 1") == [("new",), ("pending",)]
    assert after.drain() is None


def test_a_package_pending_before_the_very_first_load_is_not_deleted(tmp_path: Path) -> None:
    """dlt wipes its working folder where the dataset does not exist, the package with it."""
    _extract_only(_loader(tmp_path), _person("first"))
    with new_ledger(tmp_path) as ledger:
        loader = _loader(tmp_path)
        sink.prepare(loader, DuckDB(tmp_path / "leads.duckdb", "crm"), "crm", ledger, NOW, lambda text: None)
    assert _sql(tmp_path, "SELECT person_id FROM crm.people") == [("first",)]


def test_small_tables_are_joined_before_dlt_sees_them_and_rows_stay_in_their_order(tmp_path: Path) -> None:
    small = JOINED // 4
    people = [PEOPLE.table([_person(f"{part}-{n}") for n in range(small)]) for part in range(5)]
    seen = PEOPLE_SEEN.table([{"person_id": "0-0", "search": "s", "last_seen_at": NOW}])
    older = pa.table({"person_id": ["of another schema"]})
    parts = [part for table in people for part in ((PEOPLE, table), (PEOPLE_SEEN, seen))]
    (resource,) = _loader(tmp_path).feed([*parts, (PEOPLE, older)])
    tables = [item for item in resource if "search" not in item.column_names]
    assert [table.num_rows for table in tables] == [JOINED, small, 1]
    keys = [key for table in tables for key in table.column("person_id").to_pylist()]
    assert keys == [*(key for table in people for key in table.column("person_id").to_pylist()), "of another schema"]


def test_a_package_that_cannot_be_loaded_does_not_block_the_next_ones(folder: Path) -> None:
    loader = _loader(folder)
    poison = pa.table({"run_id": ["r"], "people_seen": ["many"]})  # a text where the table has numbers
    with pytest.raises(DestinationError, match="Nothing that was bought is lost"):
        loader.load(loader.feed([(RUNS, poison)]))
    after = _loader(folder)
    assert after.drain() is not None
    assert after.drain() is None
    _load(after, _person("later"))
    assert _sql(folder, "SELECT person_id FROM crm.people") == [("later",)]


def test_every_table_is_there_before_the_first_row_with_its_own_types(tmp_path: Path) -> None:
    _loader(tmp_path).make_tables()
    shown = _sql(
        tmp_path,
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'crm' "
        "AND table_name NOT LIKE '\\_dlt%' ESCAPE '\\'",
    )
    types = {(table, column): kind for table, column, kind in shown}
    for spec in TABLES:
        assert {column for table, column in types if table == spec.name} == {*spec.schema.names, "_dlt_load_id"}
    assert types["people", "titles"] == "JSON"
    assert types["people", "first_seen_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["credit_spend", "amount_max"] == "BIGINT"
    assert types["emails", "former"] == "BOOLEAN"


def test_the_same_row_twice_is_one_row_and_a_changed_one_replaces_it(folder: Path) -> None:
    loader = _loader(folder)
    _load(loader, _person("ann", title="CEO", titles=["CEO"]), _person("bob"))
    _load(loader, _person("ann", title="CTO", titles=["CTO", "Founder"]))
    rows = _sql(folder, "SELECT person_id, title, titles FROM crm.people ORDER BY 1")
    assert rows == [("ann", "CTO", '["CTO","Founder"]'), ("bob", None, None)]


def test_tables_of_one_feed_keep_each_their_own_key(folder: Path) -> None:
    loader = _loader(folder)
    seen = [{"person_id": "ann", "search": search, "last_seen_at": NOW} for search in ("a", "b")]
    for _ in range(2):
        loader.load(loader.feed([(PEOPLE, PEOPLE.table([_person("ann")])), (PEOPLE_SEEN, PEOPLE_SEEN.table(seen))]))
    assert _sql(folder, "SELECT count(*) FROM crm.people") == [(1,)]
    assert _sql(folder, "SELECT search FROM crm.people_seen ORDER BY 1") == [("a",), ("b",)]


def test_nothing_to_load_is_no_package(folder: Path) -> None:
    loader = _loader(folder)
    assert loader.load(loader.feed([])) is None


def test_two_folders_of_one_machine_share_nothing(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        loader = _loader(tmp_path / name)
        loader.make_tables()
        _load(loader, _person(name))
    assert _sql(tmp_path / "one", "SELECT person_id FROM crm.people") == [("one",)]
    assert _sql(tmp_path / "two", "SELECT person_id FROM crm.people") == [("two",)]


def test_what_the_ledger_owes_is_yielded_until_it_is_noted_as_delivered(folder: Path) -> None:
    with new_ledger(folder) as ledger:
        loader = _loader(folder)
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        tell(ledger, claimed.request_id, found("ann@x.io", "ann@y.io"))

        def load(sink_id: str) -> list[Deliveries]:
            handed: list[Deliveries] = []
            loader.load(list(enrichment(ledger, sink_id, handed).resources.values()))
            return handed

        first = load("here")
        assert {d.table for d in first} == {"emails", "provider_results", "credit_spend", "calls"}
        assert load("here") == first  # a crash before the note: given again, and merged
        ledger.call(deliver, "here", first, "1")
        assert load("here") == []
        assert sum(map(len, load("there"))) == sum(map(len, first))
        keys = [key for rows in first if rows.table == EMAILS.name for key in rows.keys]
        assert len(ledger.call(known_hashes, "here", "emails", keys)) == 2
    assert _sql(folder, "SELECT email FROM crm.emails ORDER BY 1") == [("ann@x.io",), ("ann@y.io",)]
    assert _sql(folder, "SELECT kind, amount_min, amount_max FROM crm.credit_spend") == [("pool", 200, 200)]


def test_a_charge_that_turns_out_to_be_nothing_is_told_to_a_sink_that_knew_otherwise(folder: Path) -> None:
    with new_ledger(folder) as ledger:
        loader = _loader(folder)
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)  # it may cost six
        for _ in range(2):
            handed: list[Deliveries] = []
            loader.load(list(enrichment(ledger, "here", handed).resources.values()))
            ledger.call(deliver, "here", handed, "1")
            shown = _sql(folder, "SELECT amount_min, amount_max FROM crm.credit_spend")
            tell(ledger, claimed.request_id, found("ann@x.io", amount=0))
    assert shown == [(0, 0)]


def test_no_resource_is_a_coroutine() -> None:
    """A coroutine that ends in CancelledError hangs dlt's extract for ever."""
    for module in ("pipelines.loading", "enrichment.source", "sources.clodura", "sources.clodura.stream"):
        source = inspect.getsource(__import__(module, fromlist=["_"]))
        assert "dlt.resource" not in source or "async def" not in source
    assert not any(asyncio.iscoroutinefunction(member) for _, member in inspect.getmembers(Loader))


def test_telemetry_is_off_unless_somebody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME__DLTHUB_TELEMETRY", raising=False)
    quiet_dlt()
    import os

    assert os.environ["RUNTIME__DLTHUB_TELEMETRY"] == "false"
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "true")
    quiet_dlt()
    assert os.environ["RUNTIME__DLTHUB_TELEMETRY"] == "true"
