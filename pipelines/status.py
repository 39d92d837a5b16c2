"""`leadsync status`: what is pending, in doubt and spent, straight from the ledger; sends nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from enrichment.caps import Scope, start_of
from enrichment.inbox import inbox_path, waiting_in
from enrichment.ledger import Ledger, books, runs
from enrichment.ledger.books import Amount
from enrichment.ledger.ledger_time import ledger_time
from enrichment.ledger.schema import calls, search_charges
from enrichment.states import State
from pipelines.summary import spent_by_unit
from sources.clodura.prices import UNIT

#: runs shown
RECENT = 5


def status(ledger: Ledger, now: int, units: Sequence[str] = (UNIT,), *, at_work: bool = False) -> dict[str, Any]:
    """The state of things as an object: calls by state, what waits in the inbox, what was spent, the last runs.

    ``at_work``: a run is under way, so that the last one without an end has not died.
    ``units``: told of even where nothing was spent in them. ``realm`` of the object: ``sandbox`` where what the ledger
    holds is imitated, ``live``, or None where nothing was ever to be bought.
    """
    with ledger.read() as connection:
        now = ledger_time(connection, now)
        states = books.by_state(connection)
        day, first = start_of(Scope.DAY, now), start_of(Scope.MONTH, now)
        today = books.spent(connection, [calls.c.reserved_at >= day])
        month = books.spent(connection, [calls.c.reserved_at >= first])
        total = books.spent(connection)
        searched = [_searched(connection, since) for since in (day, first, 0)]
        realm = runs.fact(connection, "realm")
        recent = [_run(row, at_work and place == 0) for place, row in enumerate(runs.latest(connection, RECENT))]
    return {
        "ledger": ledger.path,
        "realm": realm,
        "calls": {state.value: states.get(state, 0) for state in State},
        "documents_waiting": waiting_in(inbox_path(ledger.path)),
        "spent_today": spent_by_unit(today, units),
        "spent_this_month": spent_by_unit(month, units),
        "spent": spent_by_unit(total, units),
        "search_spent_today": searched[0],
        "search_spent_this_month": searched[1],
        "search_spent": searched[2],
        "runs": recent,
    }


def _searched(connection: sa.Connection, since: int) -> dict[str, dict[str, float]]:
    """What searching itself may have cost since then."""
    query = sa.select(sa.func.sum(search_charges.c.amount_min), sa.func.sum(search_charges.c.amount_max))
    least, most = connection.execute(query.where(search_charges.c.at >= since)).one()
    return spent_by_unit({UNIT: Amount(int(least or 0), int(most or 0))}, [UNIT])


def _run(row: Any, at_work: bool) -> dict[str, Any]:
    summary = json.loads(row["summary"]) if row["summary"] else {}
    names = (
        *("people_seen", "people_new", "people_missing", "calls_sent", "purchases_sent", "emails_found"),
        *("phones_found", "spent", "truncated_windows"),
    )
    return {
        "run_id": row["run_id"],
        "started_at": time_text(row["started_at"]),
        "finished_at": time_text(row["finished_at"]),
        "exit_code": row["exit_code"],
        "exit_reason": row["exit_reason"] or ("under way" if at_work else "did not finish"),
        **{name: summary.get(name) for name in names},
    }


def time_text(micros: int | None) -> str | None:
    """A time of the ledger as ISO 8601, in UTC."""
    return datetime.fromtimestamp(micros / 1e6, UTC).isoformat(timespec="seconds") if micros is not None else None
