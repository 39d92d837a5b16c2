"""`leadsync calls`: which calls there are, what each may still cost, and what would resolve it. Only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from enrichment.ledger import Ledger, ledger_path
from enrichment.ledger.ledger_time import ledger_time
from enrichment.ledger.listing import Chosen, Listed, listed, totals
from enrichment.states import State
from pipelines.outlook import SECOND, Surroundings, outlook, span, why
from pipelines.settings import Settings
from pipelines.status import time_text
from sources.errors import ConfigurationError
from sources.nearest import did_you_mean
from sources.redaction import shown
from sources.transport import is_loopback


@dataclass(frozen=True)
class CallsOptions:
    """`leadsync calls` as typed."""

    folder: Path
    states: Sequence[str] = field(default=(), repr=False)
    person: str | None = field(default=None, repr=False)
    search: str | None = None
    limit: int = 50


def calls(options: CallsOptions, settings: Settings, now: int) -> dict[str, Any]:
    """The object that `calls --json` prints; amounts in whole units. ConfigurationError for a state there is not."""
    chosen = Chosen(_states(options.states), options.person, options.search)
    if options.limit < 1:
        raise ConfigurationError(f"--limit: {options.limit} calls are none. Write 1 or more.")
    rows: list[Listed] = []
    count = 0
    at_risk: dict[str, int] = {}
    if ledger_path(settings.ledger.url, options.folder).exists():
        with Ledger(settings.ledger.url, options.folder) as ledger, ledger.read() as connection:
            now = ledger_time(connection, now)
            rows = listed(connection, chosen, options.limit)
            count, at_risk = totals(connection, chosen)
    around = Surroundings(now, _listening(settings), settings.enrichment.give_up_after)
    return {
        "calls": [_row(call, around) for call in rows],
        "count": count,
        "at_risk": {unit: amount / 100 for unit, amount in at_risk.items()},
    }


def _states(names: Sequence[str]) -> list[State] | None:
    asked = [name.strip() for text in names for name in text.split(",") if name.strip()]
    known = [state.value for state in State]
    for name in asked:
        if name not in known:
            raise ConfigurationError(
                f"--state: {shown(name)} is not one of {', '.join(known)}.{did_you_mean(name, known)}"
            )
    return [State(name) for name in asked] or None


def _listening(settings: Settings) -> bool:
    """Whether a run here can be reached by webhooks, going by the settings."""
    webhook = settings.webhook
    local = is_loopback(settings.clodura.base_url)
    return webhook.mode == "webhook" and (webhook.port is not None or local)


def _row(call: Listed, around: Surroundings) -> dict[str, Any]:
    spent = None
    if call.state is State.SETTLED:
        spent = {"min": (call.amount_min or 0) / 100, "max": (call.amount_max or 0) / 100}
    sent = call.sent_at or call.planned_at
    return {
        "call_id": call.call_id,
        "provider": call.provider,
        "operation": call.operation,
        "person_id": call.person_id,
        "search": call.search,
        "epoch": call.epoch,
        "state": call.state.value,
        "outcome": call.outcome.value if call.outcome is not None else None,
        "attempts": call.attempts,
        "planned_at": time_text(call.planned_at),
        "sent_at": time_text(call.sent_at),
        "age_seconds": max(0, around.now - sent) // SECOND,
        "age": span(around.now - sent),
        "unit": call.unit,
        "at_risk": call.at_risk / 100,
        "spent": spent,
        "tracking_id": call.tracking_id,
        "calls_in_request": call.carried,
        "why": why(call),
        "outlook": outlook(call, around),
    }
