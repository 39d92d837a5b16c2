"""`leadsync status`: what is pending, in doubt and spent, straight from the ledger; sends nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from enrichment.caps import Scope, start_of
from enrichment.inbox import inbox_path, waiting_in
from enrichment.ledger import Ledger, books, runs
from enrichment.ledger.ledger_time import ledger_time
from enrichment.ledger.schema import calls
from enrichment.states import State
from pipelines.summary import spent_by_unit
from sources.clodura.prices import UNIT

#: runs shown
RECENT = 5


def status(ledger: Ledger, now: int, units: Sequence[str] = (UNIT,)) -> dict[str, Any]:
    """The state of things as an object: calls by state, what waits in the inbox, what was spent, the last runs.

    ``units``: told of even where nothing was spent in them. ``realm`` of the object: ``sandbox`` where what the ledger
    holds is imitated, ``live``, or None where nothing was ever to be bought.
    """
    with ledger.read() as connection:
        now = ledger_time(connection, now)
        states = books.by_state(connection)
        today = books.spent(connection, [calls.c.reserved_at >= start_of(Scope.DAY, now)])
        month = books.spent(connection, [calls.c.reserved_at >= start_of(Scope.MONTH, now)])
        total = books.spent(connection)
        realm = runs.fact(connection, "realm")
        recent = [_run(row) for row in runs.latest(connection, RECENT)]
    return {
        "ledger": ledger.path,
        "realm": realm,
        "calls": {state.value: states.get(state, 0) for state in State},
        "documents_waiting": waiting_in(inbox_path(ledger.path)),
        "spent_today": spent_by_unit(today, units),
        "spent_this_month": spent_by_unit(month, units),
        "spent": spent_by_unit(total, units),
        "runs": recent,
    }


def _run(row: Any) -> dict[str, Any]:
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
        "exit_reason": row["exit_reason"] or "did not finish",
        **{name: summary.get(name) for name in names},
    }


def time_text(micros: int | None) -> str | None:
    """A time of the ledger as ISO 8601, in UTC."""
    return datetime.fromtimestamp(micros / 1e6, UTC).isoformat(timespec="seconds") if micros is not None else None
