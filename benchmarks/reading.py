"""How fast pages of the people search are read: people a second on one core, in one run.

    .venv/bin/python -m benchmarks.reading [PAGES]

Pages of 100 people as the sandbox answers them (some with several titles, some with nulls, missing and empty fields).
CPU time of one thread, the best of several rounds in turn; bars are a speed and a ratio. Exit code 1 where one is
missed. docs/adr/0009-reading-pages-into-columns.md tells what was chosen.

* columns: bytes to keys, hashes, Arrow, organizations, facts and aliases, by `sources.clodura.columns`;
* rows: the same by a Python dict a person, which is how any value is defined to be read;
* floor: json.loads and from_pylist, nothing read, checked, named or hashed;
* orjson, pyarrow.json, DuckDB: parsing alone, the last two into Arrow without a Python object a field.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import anyio
import duckdb
import orjson
import pyarrow as pa
import pyarrow.json as pa_json

import sandbox
from pipelines.leads.profiles import profile_key, profile_keys, profile_url
from sources.clodura.client import SEARCH, make_transport
from sources.clodura.columns import People, concat, organization, read_people
from sources.clodura.records import Record, parse_page, person_key
from sources.clodura.tables import PEOPLE, organization_row, person_row, row_hash
from sources.providers import Person

#: people a second at least, and how many times as fast as rows
SPEED, OVER_ROWS = 120_000, 3.5
ROUNDS = 15
#: pages that become one Arrow table
TOGETHER = 10

Way = Callable[[Sequence[bytes]], object]


def pages(number: int) -> list[bytes]:
    """Bodies of so many full pages."""

    async def fetch() -> list[bytes]:
        with sandbox.running(people=number * 100, seed=1) as server:
            async with make_transport(server.url, server.api_key, rate_limits=("100000/second",)) as transport:
                asked = [{"page": page, "perPage": 100} for page in range(1, number + 1)]
                return [(await transport.fetch("POST", SEARCH, json=body)).body for body in asked]

    return anyio.run(fetch)


def columns(bodies: Sequence[bytes]) -> None:
    """Everything that a run needs of a page."""
    waiting: list[People] = []
    for body in bodies:
        people = read_people(parse_page(1, body).records)
        people.hashes()
        people.facts()
        list(map(organization, people.employers()))
        profile_keys(people.linkedin_urls)
        waiting.append(people)
        if len(waiting) == TOGETHER:
            concat(waiting).table()
            waiting.clear()


def rows(bodies: Sequence[bytes]) -> None:
    """The same, a person at a time."""
    waiting: list[dict[str, object]] = []
    for body in bodies:
        records = parse_page(1, body).records
        found = [person_row(record) for record in records]
        for record, row in zip(records, found, strict=True):
            row_hash(row)
            person = _person(record, row)
            known = {name: value for name, value in asdict(person).items() if value is not None and name != "person_id"}
            json.dumps(known, sort_keys=True, ensure_ascii=False)
            if person.linkedin_url:
                profile_key(profile_url(person.linkedin_url))
        waiting += found
        if len(waiting) >= TOGETHER * 100:
            pa.Table.from_pylist(waiting, schema=PEOPLE)
            waiting.clear()


def _person(record: Record, row: dict[str, str | None]) -> Person:
    employer = organization_row(record) or {}
    names = {name: row[name] for name in ("first_name", "last_name", "linkedin_url", "country", "full_name", "title")}
    key, vendors = person_key(record)
    return Person(key, vendors, company_domain=employer.get("domain"), organization_name=employer.get("name"), **names)


def floor(bodies: Sequence[bytes]) -> None:
    """No reading at all."""
    waiting: list[Record] = []
    for body in bodies:
        waiting += json.loads(body)
        if len(waiting) >= TOGETHER * 100:
            pa.Table.from_pylist(waiting)
            waiting.clear()


def parsing(bodies: Sequence[bytes]) -> None:
    """orjson alone: what nobody who needs Python's texts can fall below."""
    for body in bodies:
        orjson.loads(body)


def arrow_json(bodies: Sequence[bytes]) -> None:
    """pyarrow's own parser; it reads lines, so that a page has to be cut into some first."""
    options = pa_json.ReadOptions(use_threads=False)
    for body in bodies:
        pa_json.read_json(io.BytesIO(body[1:-1].replace(b"},{", b"}\n{")), read_options=options)


def duckdb_json(bodies: Sequence[bytes]) -> None:
    """DuckDB's, a thousand people at a time: smaller batches are twice as slow."""
    lists = orjson.loads(bodies[0])[0].items()
    types = {name: ["VARCHAR"] if isinstance(value, list) else "VARCHAR" for name, value in lists}
    query = f"SELECT unnest(from_json(?::JSON, '{json.dumps([types])}')) AS record"
    with duckdb.connect(config={"threads": 1}) as connection:
        for start in range(0, len(bodies), TOGETHER):
            page = "[" + ",".join(body[1:-1].decode() for body in bodies[start : start + TOGETHER]) + "]"
            connection.execute(query, [page]).to_arrow_table()


def seconds(ways: Sequence[Way], bodies: Sequence[bytes]) -> list[float]:
    """The least CPU time of each."""
    best = [float("inf")] * len(ways)
    for _ in range(ROUNDS):
        for number, way in enumerate(ways):
            start = time.thread_time()
            way(bodies)
            best[number] = min(best[number], time.thread_time() - start)
    return best


def steps(bodies: Sequence[bytes]) -> None:
    """Print what each step of the columns takes by itself, in microseconds a person."""
    parsed = [parse_page(1, body).records for body in bodies]
    people = [read_people(records) for records in parsed]
    whole = concat(people)

    def each(step: Callable[[Any], object], items: Sequence[Any]) -> Way:
        def way(_: Sequence[bytes]) -> None:
            for item in items:
                step(item)

        return way

    ways = {
        "parse_page": each(lambda body: parse_page(1, body), bodies),
        "read_people": each(read_people, parsed),
        "hashes": each(People.hashes, people),
        "facts": each(People.facts, people),
        "employers": each(People.employers, people),
        "profile_keys": each(lambda page: profile_keys(page.linkedin_urls), people),
        "concat": each(concat, [people]),
        "table": each(People.table, [whole]),
    }
    taken = seconds(list(ways.values()), bodies)
    for name, time_taken in zip(ways, taken, strict=True):
        print(f"  {name:16} {time_taken / len(bodies) / 100 * 1e6:6.2f} us a person")


def main(number: int = 50) -> None:
    """Run them all and print a table."""
    bodies = pages(number)
    held = sum(len(parse_page(1, body).records) for body in bodies)
    ways: list[Way] = [columns, rows, floor, parsing, arrow_json, duckdb_json]
    by_columns, by_rows, *others = (held / taken for taken in seconds(ways, bodies))
    bars = [
        ("columns", by_columns, f">= {SPEED:,}/s", by_columns >= SPEED),
        ("rows", by_rows, f"{by_columns / by_rows:.1f}x, >= {OVER_ROWS}x", by_columns >= OVER_ROWS * by_rows),
    ]
    for what, speed, bar, reached in bars:
        print(f"{what:12} {speed:10,.0f} people/s  {bar:16} {'pass' if reached else 'FAIL'}")
    for what, speed in zip(("floor", "orjson", "pyarrow.json", "DuckDB"), others, strict=True):
        print(f"{what:12} {speed:10,.0f} people/s")
    steps(bodies[:TOGETHER])
    sys.exit(0 if all(reached for *_, reached in bars) else 1)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
