"""Ways to get the people of some searches into DuckDB, to be compared: each is run as `python -m benchmarks.ways`.

    python -m benchmarks.ways NAME URL WINDOWS        in a folder of its own; WINDOWS is JSON, people by keyword

Each ends with a line of JSON: the rows that are then in the table, and the seconds that it took from what it was asked
for to what was loaded. Imports are done before: they are no part of it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.vendor import KEY, PAGE, SEARCH

Windows = Mapping[str, int]
Done = dict[str, Any]
#: pages that the hand-written way has under way
UNDER_WAY = 10
#: records that it makes a table of
BATCH = 10_000


def rest_api(url: str, windows: Windows) -> Done:
    """dlt's own `rest_api` source, as its documentation shows it."""
    return _rest_api(url, windows, {}, {})


def rest_api_appended(url: str, windows: Windows) -> Done:
    """The same, its rows only added to what is there: a second run would hold everybody twice."""
    return _rest_api(url, windows, {"write_disposition": "append"}, {})


def rest_api_tuned(url: str, windows: Windows) -> Done:
    """The same, tuned: parquet instead of SQL, lists as JSON instead of tables of their own."""
    return _rest_api(url, windows, {"max_table_nesting": 0}, {"loader_file_format": "parquet"})


def _rest_api(url: str, windows: Windows, resource: Mapping[str, Any], load: Mapping[str, Any]) -> Done:
    import dlt
    import dlt.destinations.impl.duckdb.duck
    from dlt.sources.rest_api import rest_api_source

    started = time.perf_counter()
    config: Any = {
        "client": {
            "base_url": url,
            "auth": {"type": "api_key", "name": "X-API-KEY", "api_key": KEY, "location": "header"},
        },
        "resource_defaults": {
            "primary_key": "personId",
            "write_disposition": "merge",
            **resource,
            "endpoint": {
                "method": "POST",
                # `maximum_page` is the first page that is not fetched any more
                "paginator": {"type": "page_number", "page_body_path": "page", "base_page": 1, "total_path": None,
                              "maximum_page": 101},
            },
        },
        "resources": [
            {
                "name": f"people_{name}",
                "table_name": "people",
                "endpoint": {"path": SEARCH, "json": {"webKeywords": [name], "perPage": PAGE}},
            }
            for name in windows
        ],
    }  # fmt: skip
    pipeline = dlt.pipeline("people", pipelines_dir="dlt", destination=_duckdb(), dataset_name="crm")
    pipeline.run(rest_api_source(config), **load)
    return {"seconds": time.perf_counter() - started}


def floor(url: str, windows: Windows) -> Done:
    """By hand, with nothing checked, and the number of pages known beforehand: the least that there is to do."""
    import duckdb
    import httpx
    import pyarrow as pa
    from httpx_aiohttp import AiohttpTransport

    def load(connection: Any, records: list[Any]) -> None:
        table = pa.Table.from_pylist(records)
        connection.register("batch", table)
        connection.execute("CREATE TABLE IF NOT EXISTS crm.people AS SELECT * FROM batch LIMIT 0")
        connection.execute("INSERT INTO crm.people SELECT * FROM batch")
        connection.unregister("batch")

    async def work(connection: Any) -> None:
        left = iter([(name, page + 1) for name, people in windows.items() for page in range(-(-people // PAGE))])
        records: list[Any] = []
        async with httpx.AsyncClient(transport=AiohttpTransport(), base_url=url, headers={"X-API-KEY": KEY}) as client:

            async def worker() -> None:
                for name, page in left:
                    body = {"webKeywords": [name], "page": page, "perPage": PAGE}
                    answer = await client.post(SEARCH, json=body)
                    records.extend(json.loads(answer.content))
                    if len(records) >= BATCH:
                        load(connection, records)
                        records.clear()

            await asyncio.gather(*[worker() for _ in range(UNDER_WAY)])
        if records:
            load(connection, records)

    started = time.perf_counter()
    connection = duckdb.connect("leads.duckdb")
    connection.execute("CREATE SCHEMA crm")
    asyncio.run(work(connection))
    connection.close()
    return {"seconds": time.perf_counter() - started}


def source(url: str, windows: Windows) -> Done:
    """leadsync's dlt source alone, as its docstring shows it."""
    import dlt
    import dlt.destinations.impl.duckdb.duck

    from sources.clodura import clodura

    started = time.perf_counter()
    searches = {name: {"web_keywords": [name]} for name in windows}
    pipeline = dlt.pipeline("people", pipelines_dir="dlt", destination=_duckdb(), dataset_name="crm")
    pipeline.run(clodura(searches=searches, api_key=KEY, base_url=url, rate_limits=["1000000/second"]))
    return {"seconds": time.perf_counter() - started}


def sync(url: str, windows: Windows) -> Done:
    """`leadsync sync --enrich none`, whole: settings, locks, ledger, search, load. The folder is prepared already.

    It may end with 3: there is more than it could see.
    """
    del url, windows
    import dlt.destinations.impl.duckdb.duck
    import duckdb
    import pyarrow

    import pipelines.sync
    from pipelines import cli

    del duckdb, pyarrow, dlt, pipelines
    sys.argv = ["leadsync", "sync", "--json", "--enrich", "none"]
    exit_code = 0
    started = time.perf_counter()
    try:
        cli.main()
    except SystemExit as ended:
        exit_code = int(ended.code or 0)
        if exit_code not in (0, 3):
            raise
    return {"seconds": time.perf_counter() - started, "exit_code": exit_code}


WAYS: Mapping[str, Callable[[str, Windows], Done]] = {
    way.__name__: way for way in (rest_api, rest_api_appended, rest_api_tuned, floor, source, sync)
}


def _duckdb() -> Any:
    import dlt

    return dlt.destinations.duckdb(credentials=str(Path("leads.duckdb").absolute()))


def rows_of(path: Path, *, after: set[str] | None = None) -> dict[str, int]:
    """Rows of each table in the file's dataset; ``after``: only those that came by other loads than these."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        columns = connection.execute(
            "SELECT table_name, list(column_name) FROM information_schema.columns JOIN information_schema.tables "
            "USING (table_schema, table_name) WHERE table_schema = 'crm' AND table_type = 'BASE TABLE' GROUP BY 1"
        ).fetchall()
        counts = {}
        for table, names in columns:
            condition, given = "", []
            if after is not None and "_dlt_load_id" in names:
                condition, given = "WHERE NOT list_contains(?, _dlt_load_id)", [sorted(after)]
            found = connection.execute(f"SELECT count(*) FROM crm.{table} {condition}", given).fetchone()
            counts[str(table)] = int(found[0]) if found is not None else 0
        return counts


def loads_of(path: Path) -> set[str]:
    """The ids of all loads into the file's dataset."""
    import duckdb

    with duckdb.connect(str(path), read_only=True) as connection:
        return {str(load_id) for (load_id,) in connection.execute("SELECT load_id FROM crm._dlt_loads").fetchall()}


def main(name: str, url: str, windows: str) -> None:
    """Go one way."""
    before = loads_of(Path("leads.duckdb")) if Path("leads.duckdb").exists() else set()
    done = WAYS[name](url, json.loads(windows))
    path = Path("leads.duckdb")
    counts = rows_of(path)
    new = rows_of(path, after=before) if before else counts
    print(json.dumps({**done, "rows": counts["people"], "new": new}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
