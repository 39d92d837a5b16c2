"""The ledger's tables. Times are microseconds since the epoch, amounts 1/100 of their unit; JSON is text.

Migrations make them (`migrations/`); a test holds that both agree.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

#: a counting key on both dialects: SQLite counts only plain INTEGER keys
_COUNTING = BigInteger().with_variant(Integer, "sqlite")

meta = Table(
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("first_seen_at", BigInteger, nullable=False),
    Column("facts", Text, nullable=False),  # what a provider may be asked with, JSON
    Column("job", Text),  # title, seniority, organization_id and its name as last shown by a search, JSON
    Column("job_since", BigInteger),  # since when they have been so
)

history = Table(  # jobs that people had before the one in `people`
    "history",
    metadata,
    Column("person_id", Text, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger, nullable=False),
    Column("job", Text, nullable=False),
    PrimaryKeyConstraint("person_id", "valid_from"),
)

aliases = Table(  # what else somebody is known by: a profile, another vendor's id
    "aliases",
    metadata,
    Column("kind", String(32), nullable=False),
    Column("value", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    PrimaryKeyConstraint("kind", "value"),
    Index("aliases_of_person", "person_id"),
)

organizations = Table(
    "organizations",
    metadata,
    Column("organization_id", Text, primary_key=True),
    Column("row", Text, nullable=False),  # the row as last handed on, JSON
)

calls = Table(
    "calls",
    metadata,
    Column("call_id", String(36), primary_key=True),
    Column("provider", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("person_id", Text),
    Column("parameters", Text, nullable=False),
    Column("search", Text),  # the search that first asked for it
    Column("wanted_by", String(36)),  # the last run that asked for it
    Column("state", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("request_id", String(36)),  # the latest wire attempt
    Column("attempts", Integer, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("unit", String(16), nullable=False),
    Column("reserved", BigInteger, nullable=False),  # worst case while committed, else 0
    Column("amount_min", BigInteger),
    Column("amount_max", BigInteger),
    Column("basis", String(16)),
    Column("owner", String(64)),
    Column("lease_until", BigInteger),
    Column("run_id", String(36)),  # the run it was last reserved by
    Column("planned_at", BigInteger, nullable=False),
    Column("reserved_at", BigInteger),
    Column("sent_at", BigInteger),
    Column("accepted_at", BigInteger),
    Column("settled_at", BigInteger),
    Column("updated_at", BigInteger, nullable=False),
    Column("note", Text),
    Column("version", Integer, nullable=False),
    UniqueConstraint("provider", "operation", "subject", "epoch", name="one_purchase_a_thing"),
    Index("calls_by_state", "state", "wanted_by", "provider", "operation", "not_before", "call_id"),
    Index("calls_by_run", "run_id"),
    Index("calls_by_reserved_at", "reserved_at"),
    Index("calls_by_person", "person_id"),
)

requests = Table(
    "requests",
    metadata,
    Column("request_id", String(36), primary_key=True),
    Column("provider", String(64), nullable=False),
    Column("operation", String(64), nullable=False),
    Column("run_id", String(36), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("answered_at", BigInteger),
    Column("http_outcome", String(16)),  # never_connected, answered, lost
    Column("http_status", Integer),
    Column("tracking_id", Text),
    Column("body", LargeBinary),  # the answer to the submit
    Column("open", Integer, nullable=False),  # 1 while a poll may bring news
    Column("polls", Integer, nullable=False),
    Column("next_poll_at", BigInteger),
    Column("polled_by", String(36)),  # the last run that polled it
    Index("requests_to_poll", "open", "next_poll_at"),
)

counted_by_run = Table(  # running sums of what counts against caps; triggers on `calls` move them (sums.py)
    "counted_by_run",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("provider", String(64), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "provider", "unit"),
    sqlite_with_rowid=False,
)

counted_by_day = Table(  # by the UTC day that they were reserved on, in days since the epoch
    "counted_by_day",
    metadata,
    Column("day", BigInteger, nullable=False),
    Column("provider", String(64), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("amount", BigInteger, nullable=False),
    PrimaryKeyConstraint("day", "provider", "unit"),
    sqlite_with_rowid=False,
)

request_calls = Table(
    "request_calls",
    metadata,
    Column("request_id", String(36), nullable=False),
    Column("position", Integer, nullable=False),
    Column("call_id", String(36), nullable=False),
    PrimaryKeyConstraint("request_id", "position"),
    Index("requests_of_call", "call_id"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("inbox_id", _COUNTING, primary_key=True, autoincrement=True),
    Column("provider", String(64), nullable=False),
    Column("request_id", String(36), nullable=False),
    Column("via", String(16), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("applied_at", BigInteger),
    Column("verdict", String(16)),  # applied, no_news, quarantined, unmatched
    Column("note", Text),
    Column("event_id", Text),  # the vendor's name for what it tells, the same in every delivery of it
    Index("an_event_counts_once", "request_id", "event_id", unique=True),
    UniqueConstraint("request_id", "body_hash", name="a_body_counts_once"),
    Index("inbox_to_apply", "applied_at"),
)

transitions = Table(
    "transitions",
    metadata,
    Column("transition_id", _COUNTING, primary_key=True, autoincrement=True),
    Column("call_id", String(36), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("before", String(16)),
    Column("after", String(16), nullable=False),
    Column("event", String(32), nullable=False),
    Column("request_id", String(36)),
    Column("run_id", String(36)),
    Index("transitions_of_call", "call_id"),
)

emails = Table(
    "emails",
    metadata,
    Column("call_id", String(36), nullable=False),
    Column("email", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("type", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("status_raw", Text),
    Column("found_by", Text),
    Column("revealed_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("call_id", "email"),
    Index("emails_of_person", "person_id"),
)

phones = Table(
    "phones",
    metadata,
    Column("call_id", String(36), nullable=False),
    Column("number", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("number_raw", Text, nullable=False),
    Column("type", String(32), nullable=False),
    Column("country", String(8)),
    Column("found_by", Text),
    Column("revealed_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("call_id", "number"),
    Index("phones_of_person", "person_id"),
)

verifications = Table(
    "verifications",
    metadata,
    Column("call_id", String(36), primary_key=True),
    Column("email", Text, nullable=False),
    Column("deep", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("status_raw", Text),
    Column("created_at", Text),  # the vendor's time of it, as written
    Column("verified_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Index("verifications_of_email", "email", "verified_at"),
)

provider_results = Table(
    "provider_results",
    metadata,
    Column("call_id", String(36), nullable=False),
    Column("provider", Text, nullable=False),
    Column("value", Text, nullable=False),  # "" for a miss
    Column("status_raw", Text),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("call_id", "provider", "value"),
)

charges = Table(
    "charges",
    metadata,
    Column("call_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount_min", BigInteger, nullable=False),
    Column("amount_max", BigInteger, nullable=False),
    Column("basis", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("call_id", "kind"),
)

search_charges = Table(  # one row an attempt at a page of a search: its worst case until its records are known
    "search_charges",
    metadata,
    Column("charge_id", String(36), primary_key=True),
    Column("run_id", String(36), nullable=False),
    Column("search", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("provider", String(64), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("records", Integer),
    Column("amount_min", BigInteger, nullable=False),
    Column("amount_max", BigInteger, nullable=False),
    Column("basis", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Index("search_charges_of_run", "run_id"),
)

delivered = Table(
    "delivered",
    metadata,
    Column("sink_id", String(64), nullable=False),
    Column("table_name", String(64), nullable=False),
    Column("key", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("load_id", String(64)),
    PrimaryKeyConstraint("sink_id", "table_name", "key"),
)

windows = Table(
    "windows",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("search", Text, nullable=False),
    Column("window", String(64), nullable=False),
    Column("filters", Text, nullable=False),
    Column("coverage", String(16), nullable=False),
    Column("pages", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "search", "window"),
    Index("windows_by_name", "search", "window", "finished_at"),
)

scans = Table(  # one reading of a search, over as many runs as it takes
    "scans",
    metadata,
    Column("scan_id", _COUNTING, primary_key=True, autoincrement=True),
    Column("search", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),  # of the filters that are sent
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("coverage", String(16)),
    Column("whole", Integer, nullable=False),  # 1: nobody was left out by the filters for having been viewed
    Column("sink_id", String(36)),  # what it is loaded into; null: begun by a version that did not note it
    Column("everybody", String(64)),  # fingerprint of the same filters with nobody left out for having been viewed
    Index("scans_of_search", "search", "finished_at"),
)

scan_windows = Table(
    "scan_windows",
    metadata,
    Column("scan_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),  # 0: the search itself
    Column("parent", Integer),
    Column("role", String(16), nullable=False),
    Column("filters", Text, nullable=False),
    Column("state", String(16), nullable=False),  # open, split, done
    Column("coverage", String(16)),
    Column("details", Text, nullable=False),  # what was seen of it, and how it was split, JSON
    PrimaryKeyConstraint("scan_id", "number"),
)

scan_pages = Table(  # every page that was answered; it is not asked for again
    "scan_pages",
    metadata,
    Column("scan_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("walk", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("fill", String(8), nullable=False),
    Column("people", Integer, nullable=False),
    Column("unreadable", Integer, nullable=False),
    PrimaryKeyConstraint("scan_id", "number", "walk", "page"),
)

spool = Table(  # pages whose people are not loaded yet
    "spool",
    metadata,
    Column("spool_id", _COUNTING, primary_key=True, autoincrement=True),
    Column("search", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("sink_id", String(36)),  # as in scans
    Column("scan_id", BigInteger),
    Column("number", Integer),
    Column("walk", Integer),
)

sightings = Table(  # who was seen by a search: when last, and through which window of which scan
    "sightings",
    metadata,
    Column("search", Text, nullable=False),
    Column("person_id", Text, nullable=False),
    Column("scan_id", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("last_seen_at", BigInteger, nullable=False),
    Column("missing_since", BigInteger),
    PrimaryKeyConstraint("search", "person_id"),
    sqlite_with_rowid=False,
)

full_windows = Table(  # windows that hold more than can be shown, and how they were split: not to be tried again
    "full_windows",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("split", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

rate_grants = Table(
    "rate_grants",
    metadata,
    Column("grant_id", _COUNTING, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("requests", Integer, nullable=False),
    Index("rate_grants_by_time", "name", "at"),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("exit_code", Integer),
    Column("exit_reason", String(32)),
    Column("summary", Text),
)
