"""The dlt source `clodura` in anybody's own pipeline: what lands, what it costs, and how it ends."""

from __future__ import annotations

import gc
import inspect
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pytest
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from sandbox import Server
from sources.clodura import clodura
from sources.clodura.client import make_transport
from sources.clodura.columns import Employer, People, read_people
from sources.clodura.filters import parse_filters
from sources.clodura.records import Record
from sources.clodura.source import Employers
from sources.clodura.stream import BATCH, Batch, stream
from sources.clodura.tables import ORGANIZATIONS, PEOPLE
from sources.errors import ConfigurationError, KeyRefused, LeadsyncError, OutOfCredits, Unavailable
from tests.integration.wire import PATIENCE, answer, serving

#: limits that never matter here
OFTEN = ["100000/second"]
EVERYBODY: dict[str, Any] = {"everybody": {}}
KEY = "canary-5b1f-KEY-77aa01"

MakePipeline = Callable[..., dlt.Pipeline]


@pytest.fixture
def make_pipeline(tmp_path: Path) -> MakePipeline:
    def make(name: str = "leads") -> dlt.Pipeline:
        return dlt.pipeline(
            name,
            destination=dlt.destinations.duckdb(str(tmp_path / "leads.duckdb")),
            dataset_name="crm",
            pipelines_dir=str(tmp_path / "pipelines"),
        )

    return make


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    assert searching() == []


def searching() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "clodura-search"]


def source(server: Server, searches: Any = EVERYBODY, **options: Any) -> DltSource:
    settings = {"api_key": server.api_key, "base_url": server.url, "rate_limits": OFTEN, **options}
    made: DltSource = clodura(searches=searches, **settings)
    return made


def rows(pipeline: dlt.Pipeline, table: str) -> list[dict[str, Any]]:
    """The rows of a table without what dlt adds, in the order of their key."""
    with pipeline.sql_client() as client, client.execute_query(f"SELECT * FROM {table} ORDER BY 1") as cursor:
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [{name: value for name, value in row.items() if not name.startswith("_dlt")} for row in found]


def columns(pipeline: dlt.Pipeline, table: str) -> dict[str, str]:
    query = (
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'crm' AND table_name = ?"
    )
    with pipeline.sql_client() as client:
        return {name: kind for name, kind in client.execute_sql(query, table) or () if not name.startswith("_dlt")}


def tables(pipeline: dlt.Pipeline) -> set[str]:
    query = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'crm'"
    with pipeline.sql_client() as client:
        return {name for (name,) in client.execute_sql(query) or () if not name.startswith("_dlt")}


def calls(server: Server) -> int:
    return sum(server.books(summary=True)["totals"]["requests"].get("search", {}).values())


def cause(error: BaseException) -> BaseException:
    """What is behind the errors that dlt wraps around it."""
    while not isinstance(error, LeadsyncError):
        following = error.__cause__ or error.__context__
        assert following is not None, f"no error of ours behind {error!r}"
        error = following
    return error


def everything_said(error: BaseException | None) -> str:
    said = ""
    while error is not None:
        said += f"{error!s} {error!r} "
        error = error.__cause__ or error.__context__
    return said


# What lands.


def test_people_and_organizations_land_whole_and_with_explicit_types(
    sandbox_server: Server, make_pipeline: MakePipeline
) -> None:
    sandbox_server.reset(people=1_234)
    pipeline = make_pipeline()
    pipeline.run(source(sandbox_server))
    people, organizations = rows(pipeline, "people"), rows(pipeline, "organizations")
    assert [p["person_id"] for p in people] == sorted(p["person_id"] for p in sandbox_server.people())
    assert [o["organization_id"] for o in organizations] == sorted({p["organization_id"] for p in people} - {None})
    assert tables(pipeline) == {"people", "organizations"}
    for table, schema in (("people", PEOPLE), ("organizations", ORGANIZATIONS)):
        expected = {field.name: "JSON" if pa.types.is_list(field.type) else "VARCHAR" for field in schema}
        assert columns(pipeline, table) == expected
    for person in people:
        titles = json.loads(person["titles"])
        assert person["title"] == (titles[0] if titles else None)
        assert person["source"] == "clodura"
    assert any(len(json.loads(person["titles"])) > 1 for person in people)
    assert any(person["city"] is None for person in people)


def test_a_search_that_finds_nobody_loads_nothing_and_fails_nothing(
    sandbox_server: Server, make_pipeline: MakePipeline
) -> None:
    pipeline = make_pipeline()
    pipeline.run(source(sandbox_server, {"nobody": {"first_name": "Nobody"}}))
    assert tables(pipeline) == set()


def test_running_twice_leaves_the_same_rows(sandbox_server: Server, make_pipeline: MakePipeline) -> None:
    sandbox_server.reset(people=150)
    pipeline = make_pipeline()
    pipeline.run(source(sandbox_server))
    before = rows(pipeline, "people"), rows(pipeline, "organizations")
    pipeline.run(source(sandbox_server))
    assert (rows(pipeline, "people"), rows(pipeline, "organizations")) == before
    assert len(before[0]) == 150
    sandbox_server.set_behaviour(location_form="string", unicode_form="escaped", search_envelope="data")
    make_pipeline("another").run(source(sandbox_server))
    assert (rows(pipeline, "people"), rows(pipeline, "organizations")) == before


def test_people_whom_two_searches_find_land_once(sandbox_server: Server, make_pipeline: MakePipeline) -> None:
    sandbox_server.reset(people=150)
    pipeline = make_pipeline()
    searches = {"everybody": {}, "india": {"person_country": "India"}, "founders": {"seniority": ["Founder"]}}
    pipeline.run(source(sandbox_server, searches))
    people = [person["person_id"] for person in rows(pipeline, "people")]
    assert len(set(people)) == len(people) == 150
    assert len({row["organization_id"] for row in rows(pipeline, "organizations")}) == len(
        rows(pipeline, "organizations")
    )


@pytest.mark.parametrize("name", ["people", pytest.param("organizations", marks=pytest.mark.thorough)])
def test_each_resource_works_alone(sandbox_server: Server, make_pipeline: MakePipeline, name: str) -> None:
    sandbox_server.reset(people=150)
    pipeline = make_pipeline()
    pipeline.run(source(sandbox_server).with_resources(name))
    assert tables(pipeline) == {name}
    assert len(rows(pipeline, name)) > 1
    assert calls(sandbox_server) == 2


def test_pages_are_fetched_and_read_once_for_both_resources(
    sandbox_server: Server, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox_server.reset(people=150)
    read: list[str] = []

    def reading(records: list[Any]) -> People:
        people = read_people(records)
        read.extend(people.keys)
        return people

    monkeypatch.setattr("sources.clodura.walks.read_people", reading)
    pipeline = make_pipeline()
    pipeline.run(source(sandbox_server))
    assert calls(sandbox_server) == 2
    assert len(rows(pipeline, "people")) == 150
    assert sorted(read) == sorted(person["person_id"] for person in sandbox_server.people())


def test_a_limit_takes_so_many_people_of_each_search(sandbox_server: Server, make_pipeline: MakePipeline) -> None:
    pipeline = make_pipeline()
    searches = {
        "india": {"person_country": "India"},
        "others": {"person_country": "India", "person_location_exclude": True},
    }
    pipeline.run(source(sandbox_server, searches, limit=30))
    assert len(rows(pipeline, "people")) == 60
    assert calls(sandbox_server) == 2


def test_tables_reach_dlt_and_no_coroutines(sandbox_server: Server) -> None:
    made = source(sandbox_server)
    assert not any(
        inspect.iscoroutinefunction(step) or inspect.isasyncgenfunction(step)
        for resource in made.resources.values()
        for step in resource._pipe.steps
    )
    items = list(made)
    assert items
    assert all(isinstance(item, pa.Table) for item in items)
    assert {tuple(item.schema.names) for item in items} == {tuple(PEOPLE.names), tuple(ORGANIZATIONS.names)}


# Settings.


def test_settings_come_from_the_environment(
    sandbox_server: Server, make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__CLODURA__API_KEY", sandbox_server.api_key)
    monkeypatch.setenv("SOURCES__CLODURA__BASE_URL", sandbox_server.url)
    monkeypatch.setenv("SOURCES__CLODURA__SEARCHES", '{"india": {"person_country": ["India"]}}')
    monkeypatch.setenv("SOURCES__CLODURA__RATE_LIMITS", '["1000/second"]')
    monkeypatch.setenv("SOURCES__CLODURA__LIMIT", "40")
    pipeline = make_pipeline()
    pipeline.run(clodura())
    people = rows(pipeline, "people")
    assert (len(people), {person["country"] for person in people}) == (40, {"India"})


SCRIPT = """
import json, sys, dlt
from sources.clodura import clodura
pipeline = dlt.pipeline("own", destination=dlt.destinations.duckdb("own.duckdb"), dataset_name="crm", pipelines_dir="p")
pipeline.run(clodura())
with pipeline.sql_client() as client:
    print(json.dumps(client.execute_sql("SELECT country, count(*) FROM people GROUP BY 1")))
"""


def test_settings_come_from_the_files_in_dlts_folder(sandbox_server: Server, tmp_path: Path) -> None:
    folder = tmp_path / ".dlt"
    folder.mkdir()
    (folder / "config.toml").write_text(
        f'[runtime]\ndlthub_telemetry = false\n[sources.clodura]\nbase_url = "{sandbox_server.url}"\n'
        'rate_limits = ["1000/second"]\n[sources.clodura.searches.ours]\nperson_country = ["India"]\n'
        "funding_from_date = 1990-01-01\ninclude_similar_titles = false\n"
        '[sources.clodura.searches.theirs]\nperson_country = "Germany"\n'
    )
    (folder / "secrets.toml").write_text(f'[sources.clodura]\napi_key = "{sandbox_server.api_key}"\n')
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SOURCES__")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = dict(json.loads(done.stdout.splitlines()[-1]))
    assert set(found) == {"India", "Germany"}
    assert found["Germany"] == sum(1 for person in sandbox_server.people() if person["country"] == "Germany")


def test_a_missing_key_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOURCES__CLODURA__API_KEY", raising=False)
    with pytest.raises(ConfigFieldMissingException, match="SOURCES__CLODURA__API_KEY"):
        clodura(searches=EVERYBODY)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"searches": {"mine": {"seniority": "Boss"}}},
            "sources.clodura.searches.mine.seniority: 'Boss' is not one of",
        ),
        ({"searches": {"mine": {"personCountry": "India"}}}, "Did you mean 'person_country'?"),
        ({"searches": {"a": {}, "mine": {"person_title": []}}}, "sources.clodura.searches.mine.person_title"),
        ({"searches": {"mine": "India"}}, "sources.clodura.searches.mine: 'India' is not a search"),
        ({"api_key": f"{KEY}\nand more"}, "sources.clodura.api_key"),
        ({"api_key": f"{KEY} and more"}, "sources.clodura.api_key"),
        ({"base_url": "http://api.clodura.ai"}, "base_url"),
        ({"base_url": f"https://me:{KEY}@api.clodura.ai"}, "base_url"),
        ({"rate_limits": ["10/fortnight"]}, "rate_limits"),
        ({"limit": -1}, "sources.clodura.limit"),
    ],
)
def test_a_wrong_setting_is_refused_before_anything_is_sent_and_no_key_is_shown(
    sandbox_server: Server, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        source(sandbox_server, **{"searches": EVERYBODY, **settings})
    assert said in str(caught.value)
    assert KEY not in everything_said(caught.value)
    assert sandbox_server.books()["requests"] == []


def test_what_may_be_a_mistake_is_logged(sandbox_server: Server, caplog: pytest.LogCaptureFixture) -> None:
    source(sandbox_server, {"mine": {"person_country": "Inda"}})
    (record,) = [record for record in caplog.records if record.name == "leadsync.clodura"]
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("search mine: person_country: 'Inda' is not among the values known")
    assert sandbox_server.books()["requests"] == []


# Coverage.


@pytest.mark.parametrize("limit", [None, 100])
def test_a_search_that_was_read_as_far_as_was_asked_for_is_not_worth_a_word(
    sandbox_server: Server, caplog: pytest.LogCaptureFixture, limit: int | None
) -> None:
    sandbox_server.reset(people=500)
    made = source(sandbox_server, limit=limit)
    caplog.clear()
    assert sum(item.num_rows for item in made.with_resources("people")) == (limit or 500)
    assert [record for record in caplog.records if record.name == "leadsync.clodura"] == []


def test_a_search_that_was_not_read_whole_is_logged(sandbox_server: Server, caplog: pytest.LogCaptureFixture) -> None:
    always = {"after": 1, "change": "reorder", "times": 1000}
    sandbox_server.reset(people=1_500, behaviour={"search_shifts": [always]})
    made = source(sandbox_server)
    caplog.clear()
    list(made.with_resources("people"))
    (told,) = [record.getMessage() for record in caplog.records if record.name == "leadsync.clodura"]
    assert "search everybody was not read whole: gaps" in told


# Stopping early.


def test_a_limit_on_the_records_ends_the_search_and_its_thread(
    sandbox_server: Server, make_pipeline: MakePipeline
) -> None:
    sandbox_server.reset(people=10_000)
    pipeline = make_pipeline()
    made = source(sandbox_server)
    made.resources["pages"].add_limit(1)
    pipeline.run(made)
    assert searching() == []
    assert BATCH <= len(rows(pipeline, "people")) < 3 * BATCH
    assert tables(pipeline) == {"people", "organizations"}
    assert calls(sandbox_server) < 100
    assert not {"pages", "records"} & set(pipeline.default_schema.tables)


def test_who_stops_half_way_leaves_no_thread_and_the_collector_as_it_was(
    sandbox_server: Server, usual_collector: None
) -> None:
    sandbox_server.reset(people=5_000)
    before = gc.get_threshold(), gc.get_freeze_count()

    def stop() -> None:
        for _ in source(sandbox_server):
            assert gc.get_threshold() != before[0]
            raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        stop()
    gc.collect()  # dlt's iterators are a cycle
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
    assert searching() == []


def test_what_the_vendor_said_can_be_transformed_by_others(sandbox_server: Server) -> None:
    sandbox_server.reset(people=1_234)
    made = source(sandbox_server, limit=1_100)

    @dlt.transformer(data_from=made.records)  # type: ignore[call-overload, untyped-decorator, unused-ignore]
    def names(records: list[Record]) -> Iterator[str]:
        yield from (record["personId"] for record in records)

    ids = list(made.records | names)
    assert len(ids) == len(set(ids)) == 1_100
    people = [
        key for table in source(sandbox_server).with_resources("people") for key in table["person_id"].to_pylist()
    ]
    assert set(ids) <= set(people)
    cleaned = source(sandbox_server)
    cleaned.records.add_map(lambda record: record["personId"])
    assert set(cleaned.with_resources("records")) == set(people)


def test_records_from_elsewhere_are_made_rows_of_by_the_same_transformers(
    sandbox_server: Server, make_pipeline: MakePipeline
) -> None:
    @dlt.resource
    def kept() -> Iterator[list[Record]]:
        yield [{"personId": "1", "companyDomain": ["a.io"]}, {"personId": "2", "companyDomain": ["a.io"]}]

    made, pipeline = source(sandbox_server), make_pipeline()
    pipeline.run([kept | made.people, kept | made.organizations])
    assert sorted(row["person_id"] for row in rows(pipeline, "people")) == ["1", "2"]
    assert [row["organization_id"] for row in rows(pipeline, "organizations")] == ["domain:a.io"]
    assert sandbox_server.books()["requests"] == []


EMPLOYERS: list[tuple[list[Employer], list[Employer]]] = [
    ([("1", "Acme", None, None, None)] * 2, [("1", "Acme", None, None, None)]),
    ([("1", None, None, None, None)], []),
    ([("1", None, "acme.io", "1 - 10", None)], [("1", "Acme", "acme.io", "1 - 10", None)]),
    ([("1", "Acme Ltd", ("acme.io", "acme.de"), None, "India")], [("1", "Acme", "acme.io", "1 - 10", "India")]),
    ([("2", None, None, None, None), ("2", "Two", None, None, None)], [("2", "Two", None, None, None)]),
]


def test_an_employer_is_handed_on_once_and_again_when_something_new_is_said() -> None:
    heard = Employers()
    assert [heard.take_in(said) for said, _ in EMPLOYERS] == [told for _, told in EMPLOYERS]


def batches(server: Server, **options: Any) -> Iterator[Batch]:
    """The stream below the source, without dlt."""
    limits = options.pop("rate_limits", tuple(OFTEN))
    searches = options.pop("searches", {"everybody": parse_filters("everybody", {})})
    return stream(partial(make_transport, server.url, server.api_key, rate_limits=limits), searches, **options)


def test_batches_are_of_a_thousand_and_a_report_ends_each_search(sandbox_server: Server) -> None:
    sandbox_server.reset(people=2_500)
    found = list(batches(sandbox_server))
    assert [bool(batch.report) for batch in found] == [False] * (len(found) - 1) + [True]
    sizes = [len(batch.people) for batch in found[:-1]]
    assert sum(sizes) == 2_500
    assert all(size >= BATCH for size in sizes[:-1])


@pytest.mark.parametrize("limit", [0, 1, 99, 100, 1_000, 1_234])
def test_no_more_people_are_handed_on_than_the_limit(sandbox_server: Server, limit: int) -> None:
    sandbox_server.reset(people=2_500)
    people = [record["personId"] for batch in batches(sandbox_server, limit=limit) for record in batch.records()]
    assert len(set(people)) == len(people) == limit


def test_the_search_does_not_run_far_ahead_of_a_slow_consumer(sandbox_server: Server) -> None:
    """At most: a batch taken, two waiting, one that waits for room, and the pages under way meanwhile."""
    sandbox_server.reset(people=10_000)
    found = batches(sandbox_server)
    next(found)
    threading.Event().wait(1.0)  # time to run ahead, for one who would
    assert calls(sandbox_server) <= 65
    found.close()  # type: ignore[attr-defined]
    assert calls(sandbox_server) <= 65


def test_closing_does_not_wait_for_the_rate_limits(sandbox_server: Server) -> None:
    searches = {name: parse_filters(name, {"person_country": "India"}) for name in ("first", "second")}
    pages = -(-sum(1 for person in sandbox_server.people() if person["country"] == "India") // 100)
    found = batches(sandbox_server, searches=searches, rate_limits=(f"{pages}/59 minutes",))
    assert [next(found).search, next(found).search] == ["first", "first"]
    closing = threading.Thread(target=found.close, daemon=True)  # type: ignore[attr-defined]
    closing.start()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert searching() == []


def test_closing_does_not_wait_for_a_vendor_that_is_silent(sandbox_server: Server) -> None:
    sandbox_server.set_behaviour(
        faults=[{"operation": "search", "fault": "silence_before", "nth": list(range(18, 99))}]
    )
    searches = {name: parse_filters(name, {}) for name in ("first", "second")}
    found = batches(sandbox_server, searches=searches)
    for batch in found:
        if batch.report:
            break
    closing = threading.Thread(target=found.close, daemon=True)  # type: ignore[attr-defined]
    closing.start()
    closing.join(PATIENCE)
    assert not closing.is_alive()
    assert searching() == []


def test_a_stream_that_nobody_reads_starts_nothing(sandbox_server: Server) -> None:
    found = batches(sandbox_server)
    assert searching() == []
    found.close()  # type: ignore[attr-defined]
    assert sandbox_server.books()["requests"] == []


# Errors.


@pytest.mark.parametrize(
    ("first", "fault", "error"),
    [
        (1, "402", OutOfCredits),
        (13, "401", KeyRefused),
        (13, "garbled_after", LeadsyncError),
        pytest.param(13, "402", OutOfCredits, marks=pytest.mark.thorough),
        pytest.param(1, "401", KeyRefused, marks=pytest.mark.thorough),
        pytest.param(1, "garbled_after", LeadsyncError, marks=pytest.mark.thorough),
    ],
)
def test_an_error_of_the_vendor_comes_out_and_ends_everything(
    sandbox_server: Server, make_pipeline: MakePipeline, fault: str, error: type[LeadsyncError], first: int
) -> None:
    behaviour = {"faults": [{"operation": "search", "fault": fault, "nth": list(range(first, 200))}]}
    sandbox_server.reset(people=3_000, behaviour=behaviour)
    with pytest.raises(PipelineStepFailed) as caught:
        make_pipeline().run(source(sandbox_server))
    assert isinstance(cause(caught.value), error)
    assert searching() == []


def test_a_wrong_key_is_refused_and_neither_key_is_left_on_disk_or_in_a_text(
    sandbox_server: Server, make_pipeline: MakePipeline, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pipeline = make_pipeline()
    pipeline.run(source(sandbox_server, {"india": {"person_country": "India"}}))
    before = len(sandbox_server.books()["requests"])
    with pytest.raises(PipelineStepFailed) as caught:
        pipeline.run(source(sandbox_server, api_key=KEY))
    assert isinstance(cause(caught.value), KeyRefused)
    assert len(sandbox_server.books()["requests"]) - before <= 3
    said = everything_said(caught.value) + "".join(f"{r.getMessage()}{r.args}{r.exc_text}" for r in caplog.records)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for key in (KEY, sandbox_server.api_key):
        assert key not in said
        assert key.encode() not in written


def test_a_vendor_that_is_not_there_is_an_error_and_no_hang(
    make_pipeline: MakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sources.transport.Backoff", partial(_hasty, budget=0.2))
    with serving(answer(503)) as vendor, pytest.raises(PipelineStepFailed) as caught:
        make_pipeline().run(clodura(searches=EVERYBODY, api_key=KEY, base_url=vendor.url))
    assert isinstance(cause(caught.value), Unavailable)


def _hasty(budget: float) -> Any:
    from sources.backoff import Backoff

    return Backoff(budget=budget)
