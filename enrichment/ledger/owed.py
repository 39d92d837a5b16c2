"""Rows that a sink is owed: those of the ledger that it does not have, or has in an older version.

``sink_id`` None: everything. Each function returns rows that hold the columns of their table (and more), and the
deliveries to note once they are loaded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from enrichment.contacts import UNKNOWN_TYPE
from enrichment.ledger.deliveries import Deliveries, has
from enrichment.ledger.schema import (
    calls,
    charges,
    emails,
    history,
    phones,
    provider_results,
    requests,
    search_charges,
    verifications,
)
from enrichment.settlement import STATUS_ORDER
from enrichment.states import State
from enrichment.tables import WHOLE
from sources.providers import CONTACTS, EmailStatus, Outcome

Row = dict[str, Any]
#: what `history.job` holds
_JOB = ("title", "seniority", "organization_id", "organization")
Owed = tuple[list[Row], Deliveries]


@dataclass(frozen=True)
class _With:
    """A table whose rows belong to a value too: a change of them is a change of the value."""

    table: sa.FromClause
    condition: sa.ColumnElement[bool]
    version: sa.ColumnElement[str]


def owed_emails(connection: sa.Connection, sink_id: str | None) -> Owed:
    """One row a person and address: of several purchases that gave it, the one that knows most, then the latest.

    ``providers`` names all that gave it: every purchase of a pair is looked at where the sink lacks one of them.
    """
    later = calls.alias("later")
    former = (  # bought again since, and this address was not among what came back then
        sa.select(sa.literal(1))
        .select_from(later)
        .where(
            later.c.provider == calls.c.provider,
            later.c.operation == calls.c.operation,
            later.c.subject == calls.c.subject,
            later.c.epoch > calls.c.epoch,
            later.c.outcome == "found",
        )
        .exists()
    )
    later_verdict = verifications.alias("later_verdict")
    verdict = verifications.alias("verdict")
    latest = (verdict.c.email == emails.c.email) & ~(
        sa.select(sa.literal(1))
        .where(
            later_verdict.c.email == verdict.c.email,
            (later_verdict.c.verified_at > verdict.c.verified_at)
            | ((later_verdict.c.verified_at == verdict.c.verified_at) & (later_verdict.c.call_id > verdict.c.call_id)),
        )
        .exists()
    )
    rows = _values(
        connection,
        sink_id,
        emails,
        emails.c.email,
        former.label("former"),
        verdict.c.status.label("verdict"),
        verdict.c.status_raw.label("verdict_raw"),
        verdict.c.verified_at,
        with_=_With(verdict, latest, verdict.c.call_id.concat("/").concat(sa.cast(verdict.c.version, sa.String))),
    )
    for row in rows:  # what was verified outranks what was said when it was bought
        if row["verdict"] is not None:
            row |= {"status": row["verdict"], "status_raw": row["verdict_raw"]}
    best = _best(
        rows,
        "email",
        lambda row: (row["former"], STATUS_ORDER.index(EmailStatus(row["status"])), -row["revealed_at"]),
    )
    return [{**row, "former": bool(row["former"])} for row in best], _deliveries("emails", rows)


def owed_phones(connection: sa.Connection, sink_id: str | None) -> Owed:
    """One row a person and number: of several purchases that gave it, one that knows its type, then the latest."""
    rows = _values(connection, sink_id, phones, phones.c.number)
    best = _best(rows, "number", lambda row: (row["type"] == UNKNOWN_TYPE, -row["revealed_at"]))
    return best, _deliveries("phones", rows)


def owed_email_verifications(connection: sa.Connection, sink_id: str | None) -> Owed:
    """The verdicts on addresses, one row a verification."""
    table = verifications
    query = sa.select(table, calls.c.provider, table.c.call_id.label("key")).join(
        calls, calls.c.call_id == table.c.call_id
    )
    if sink_id is not None:
        query = query.where(~has(sink_id, "email_verifications", table.c.call_id, table.c.version))
    rows = [{**row, "deep": bool(row["deep"]), "created_at": _time(row)} for row in _rows(connection, query)]
    return rows, _deliveries("email_verifications", rows)


def _time(row: Row) -> int:
    """When the vendor says that it verified, in microseconds; when we learnt of it, where that cannot be read."""
    try:
        told = datetime.fromisoformat(str(row["created_at"]))
        return round((told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        return int(row["verified_at"])


def owed_provider_results(connection: sa.Connection, sink_id: str | None) -> Owed:
    """What each vendor said at what price, one row a settled call, and what each provider inside its answer said."""
    rows = _vendors_own(connection, sink_id) + _inside(connection, sink_id)
    return rows, _deliveries("provider_results", rows)


def _vendors_own(connection: sa.Connection, sink_id: str | None) -> list[Row]:
    """The answer as a whole. What has settled stays settled: such a row may change, and is never taken back."""
    key = calls.c.call_id.concat("|").concat(calls.c.provider).concat("|" + WHOLE)
    query = sa.select(
        *(calls.c[name] for name in ("call_id", "provider", "operation", "person_id", "outcome", "unit")),
        *(sa.func.coalesce(calls.c[name], 0).label(name) for name in ("amount_min", "amount_max")),
        calls.c.provider.label("asked"),
        sa.literal(WHOLE).label("value"),
        (calls.c.outcome == Outcome.FOUND).label("hit"),
        calls.c.settled_at.label("answered_at"),
        key.label("key"),
        calls.c.version,
    ).where(calls.c.state == State.SETTLED, calls.c.channel.in_(CONTACTS))
    if sink_id is not None:
        query = query.where(~has(sink_id, "provider_results", key, calls.c.version))
    return _rows(connection, query)


def _inside(connection: sa.Connection, sink_id: str | None) -> list[Row]:
    """What providers inside answers said; the price is the whole answer's."""
    table = provider_results
    key = table.c.call_id.concat("|").concat(table.c.provider).concat("|").concat(table.c.value)
    query = sa.select(
        table,
        calls.c.provider.label("asked"),
        calls.c.operation,
        calls.c.person_id,
        (table.c.value != "").label("hit"),
        table.c.at.label("answered_at"),
        key.label("key"),
        sa.literal(1).label("version"),  # such a row never changes
    ).join(calls, calls.c.call_id == table.c.call_id)
    if sink_id is not None:
        query = query.where(~has(sink_id, "provider_results", key))
    return _rows(connection, query)


def owed_credit_spend(connection: sa.Connection, sink_id: str | None) -> Owed:
    """Charges; those of nothing only where the sink was told of something before."""
    key = charges.c.call_id.concat("|").concat(charges.c.kind)
    query = sa.select(
        charges,
        calls.c.provider,
        calls.c.operation,
        calls.c.person_id,
        calls.c.unit,
        calls.c.run_id,
        sa.func.coalesce(calls.c.sent_at, calls.c.updated_at).label("occurred_at"),
        key.label("key"),
    ).join(calls, calls.c.call_id == charges.c.call_id)
    if sink_id is None:
        query = query.where(charges.c.amount_max > 0)
    else:
        query = query.where(
            ~has(sink_id, "credit_spend", key, charges.c.version),
            (charges.c.amount_max > 0) | has(sink_id, "credit_spend", key),
        )
    rows = _rows(connection, query) + _search_spend(connection, sink_id)
    return rows, _deliveries("credit_spend", rows)


def _search_spend(connection: sa.Connection, sink_id: str | None) -> list[Row]:
    """What searches may have cost, an attempt at a page a row; provably free ones only where they were told before."""
    table = search_charges
    key = table.c.charge_id.concat("|export")
    query = sa.select(
        table,
        table.c.charge_id.label("call_id"),
        sa.literal("export").label("kind"),
        sa.literal("search_people").label("operation"),
        table.c.at.label("occurred_at"),
        key.label("key"),
    )
    if sink_id is None:
        return _rows(connection, query.where(table.c.amount_max > 0))
    return _rows(
        connection,
        query.where(
            ~has(sink_id, "credit_spend", key, table.c.version),
            (table.c.amount_max > 0) | has(sink_id, "credit_spend", key),
        ),
    )


def owed_calls(connection: sa.Connection, sink_id: str | None) -> Owed:
    """Calls in their latest version, whatever their state."""
    query = sa.select(calls, requests.c.tracking_id, calls.c.call_id.label("key")).join(
        requests, requests.c.request_id == calls.c.request_id, isouter=True
    )
    if sink_id is not None:
        query = query.where(~has(sink_id, "calls", calls.c.call_id, calls.c.version))
    rows = _rows(connection, query)
    return rows, _deliveries("calls", rows)


def owed_people_history(connection: sa.Connection, sink_id: str | None) -> Owed:
    """Jobs that people had before; what is over does not change any more."""
    key = history.c.person_id.concat("|").concat(sa.cast(history.c.valid_from, sa.String))
    query = sa.select(history, key.label("key"), sa.literal(1).label("version"))
    if sink_id is not None:
        query = query.where(~has(sink_id, "people_history", key))
    rows = _rows(connection, query)
    for row in rows:
        row.update(zip(_JOB, json.loads(row.pop("job")), strict=True))
    return rows, _deliveries("people_history", rows)


def _values(
    connection: sa.Connection,
    sink_id: str | None,
    table: sa.Table,
    value: sa.ColumnElement[str],
    *more: sa.ColumnElement[Any],
    with_: _With | None = None,
) -> list[Row]:
    """All purchases of each (person, value) of which the sink lacks one."""
    key = table.c.call_id.concat("|").concat(value)
    version: sa.ColumnElement[str] = sa.cast(table.c.version, sa.String)
    pairs = sa.select(table.c.person_id, value.label("value")).distinct()
    if with_ is not None:
        version = version.concat(sa.func.coalesce(sa.literal("/").concat(with_.version), ""))
        pairs = pairs.outerjoin(with_.table, with_.condition)
    if sink_id is not None:
        pairs = pairs.where(~has(sink_id, table.name, key, version))
    lacking = pairs.subquery()
    columns = [column for column in table.c if column.name != "version"]
    query = sa.select(*columns, version.label("version"), calls.c.provider, key.label("key"), *more)
    if with_ is not None:
        query = query.select_from(table).outerjoin(with_.table, with_.condition)
    query = query.join(lacking, (lacking.c.person_id == table.c.person_id) & (lacking.c.value == value)).join(
        calls, calls.c.call_id == table.c.call_id
    )
    return _rows(connection, query)


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[Row]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _best(rows: Iterable[Row], value: str, rank: Callable[[Row], tuple[Any, ...]]) -> list[Row]:
    """Of all purchases of each (person, value) the first by ``rank``, with the vendors that gave it, in their order."""
    given: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: (row["revealed_at"], row["call_id"])):
        given.setdefault((row["person_id"], row[value]), []).append(row)
    best = []
    for purchases in given.values():
        first = min(purchases, key=rank)
        best.append({**first, "providers": list(dict.fromkeys(row["provider"] for row in purchases))})
    return best


def _deliveries(table: str, rows: Sequence[Row]) -> Deliveries:
    return Deliveries(table, [row["key"] for row in rows], [str(row["version"]) for row in rows])
