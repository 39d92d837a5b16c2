"""The tables that `sync` adds to those of the sources and of the ledger."""

from __future__ import annotations

import pyarrow as pa

from enrichment.tables import TIME, TableSpec, column
from sources.clodura.tables import ORGANIZATIONS as ORGANIZATION_COLUMNS
from sources.clodura.tables import PEOPLE as PEOPLE_COLUMNS

PEOPLE = TableSpec(
    "people",
    ("person_id",),
    PEOPLE_COLUMNS.append(column("first_seen_at", TIME)),
    "One row a person found; titles, seniorities and functions hold all values, the singular columns the first.",
)

ORGANIZATIONS = TableSpec(
    "organizations", ("organization_id",), ORGANIZATION_COLUMNS, "The employers of the people found."
)

PEOPLE_SEEN = TableSpec(
    "people_seen",
    ("person_id", "search"),
    pa.schema(
        [
            column("person_id", pa.string(), key=True),
            column("search", pa.string(), key=True),
            column("last_seen_at", TIME),
            column("missing_since", TIME),
        ]
    ),
    "When a search last found a person, and since when it does not any more (missing_since: set by a reading that saw "
    "everybody else, null again once the search finds the person); small, so that people stays untouched where nothing "
    "changed.",
)

SEARCH_COVERAGE = TableSpec(
    "search_coverage",
    ("run_id", "window"),
    pa.schema(
        [
            column("run_id", pa.string(), key=True),
            column("window", pa.string(), key=True),
            column("search", pa.string()),
            column("role", pa.string()),
            column("part_of", pa.string()),
            column("split_by", pa.string()),
            column("filters", pa.string()),
            column("coverage", pa.string()),
            column("pages", pa.int64()),
            column("people", pa.int64()),
            column("people_left", pa.int64()),
            column("calls", pa.int64()),
            column("started_at", TIME),
            column("finished_at", TIME),
        ]
    ),
    "What each run saw of its searches. A search is a window; one that holds more than can be shown is split, and its "
    "parts are windows, too, part_of it. coverage: complete, split (all of it, through parts that leave nobody out), "
    "unproven (all parts, but somebody may be in none of them), truncated (there are people that cannot be seen: "
    "people_left is how many, about, where that can be told), limited (as many as asked for), gaps, interrupted.",
)

RUNS = TableSpec(
    "runs",
    ("run_id",),
    pa.schema(
        [
            column("run_id", pa.string(), key=True),
            column("started_at", TIME),
            column("finished_at", TIME),
            column("exit_code", pa.int64()),
            column("exit_reason", pa.string()),
            column("people_seen", pa.int64()),
            column("people_new", pa.int64()),
            column("people_changed", pa.int64()),
            column("people_unchanged", pa.int64()),
            column("calls_sent", pa.int64()),
            column("calls_settled", pa.int64()),
            column("calls_in_doubt", pa.int64()),
            column("emails_found", pa.int64()),
            column("phones_found", pa.int64()),
            column("truncated_windows", pa.int64()),
            column("summary", pa.string()),
        ]
    ),
    "What each run did; summary is what `sync --json` prints.",
)

SINKS = TableSpec(
    "leadsync_sinks",
    ("sink_id",),
    pa.schema([column("sink_id", pa.string(), key=True), column("made_at", TIME)]),
    "Names this very dataset, so that the ledger knows what it holds; a dataset without it is owed everything.",
)

OURS = (PEOPLE, ORGANIZATIONS, PEOPLE_SEEN, SEARCH_COVERAGE, RUNS, SINKS)
