"""`leadsync resolve`: calls in doubt are settled or voided by hand. Asks nothing, sends nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from enrichment.ledger import Ledger, ledger_path
from enrichment.ledger.by_hand import last_event, resolve
from enrichment.ledger.ledger_time import ledger_time
from enrichment.ledger.listing import Listed, in_doubt_since, named
from enrichment.states import State
from pipelines.outlook import SECOND, span
from pipelines.settings import Settings
from sources.clodura.settings import CloduraSettings
from sources.errors import ConfigurationError
from sources.redaction import shown

#: ids shown where a text stands for several
SHOWN = 5
#: the fewest characters that may stand for a call
SHORTEST = 4


@dataclass(frozen=True)
class ResolveOptions:
    """`leadsync resolve` as typed. ``older_than`` is in seconds."""

    folder: Path
    calls: Sequence[str] = field(default=(), repr=False)
    settled: str | None = field(default=None, repr=False)
    void: bool = False
    older_than: float | None = None


def resolving(
    options: ResolveOptions, settings: Settings, now: Callable[[], int], warn: Callable[[str], None]
) -> dict[str, Any]:
    """Resolve them; returns what `--json` prints. ConfigurationError, and nothing changed, where any is wrong."""
    amount = _amount(options)
    if bool(options.calls) == (options.older_than is not None):
        raise ConfigurationError(
            "Name the calls to resolve, or say --all-older-than 7d: one of the two. `leadsync calls --state in_doubt` "
            "lists them. Nothing was changed."
        )
    if not ledger_path(settings.ledger.url, options.folder).exists():
        raise ConfigurationError(
            f"There is no ledger in {options.folder} yet, and so no call to resolve. Nothing was changed."
        )
    with Ledger(settings.ledger.url, options.folder) as ledger:
        with ledger.read() as connection:
            at = ledger_time(connection, now())
            found = _found(connection, options, at)
        units = sorted({call.unit for call in found})
        if amount is not None and len(units) > 1:
            raise ConfigurationError(
                f"--settled: these calls are charged in {' and '.join(units)}, and one amount cannot be both. Resolve "
                f"them apart. Nothing was changed."
            )
        for call in found:
            if amount is not None and amount > call.at_risk:
                plan = " a plan that is set wrong (sources.clodura.plan) would explain it."
                explained = (
                    plan if call.provider == CloduraSettings.name else " look whether that is the unit you mean."
                )
                warn(
                    f"{call.call_id}: {amount / 100:g} {call.unit} is more than the {call.at_risk / 100:g} that the "
                    f"price list allows for it. It is booked all the same;{explained}"
                )
        ids = [call.call_id for call in found]
        done = ledger.call(resolve, ids, amount, at)
    rows = [
        {
            "call_id": call.call_id,
            "done": result.done,
            "state": result.state.value,
            "by": result.event,
            "unit": call.unit,
            "was_at_risk": call.at_risk / 100,
            "booked": None if amount is None or not result.done else amount / 100,
        }
        for call, result in zip(found, done, strict=True)
    ]
    late = sum(not row["done"] for row in rows)
    message = None
    if late:
        message = (
            f"Somebody else was faster: {late} of {len(rows)} calls were in doubt no more, and were left as they are. "
            f"See `leadsync calls`."
        )
    return {"calls": rows, "exit_code": 1 if late else 0, "message": message}


def _amount(options: ResolveOptions) -> int | None:
    """What is to be booked for each call, in 1/100 of its unit; None: void."""
    if (options.settled is not None) == options.void:
        raise ConfigurationError(
            "Say one of --settled AMOUNT (the vendor charged so much) and --void (nothing was bought). Nothing was "
            "changed."
        )
    if options.settled is None:
        return None
    match = re.fullmatch(r"(\d{1,9})(?:\.(\d{1,2}))?", options.settled.strip())
    if match is None:
        raise ConfigurationError(
            f"--settled: {shown(options.settled)} is no amount: write what each call cost in its own unit (credits, "
            f"cents), 0 or more, with two decimals at most and without the unit. Nothing was changed."
        )
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def _found(connection: sa.Connection, options: ResolveOptions, now: int) -> list[Listed]:
    if options.older_than is not None:
        return in_doubt_since(connection, now - round(options.older_than * SECOND))
    mistakes: list[str] = []
    found: dict[str, Listed] = {}
    for text in options.calls:
        rows = named(connection, text.strip().lower(), SHOWN + 1) if len(text.strip()) >= SHORTEST else []
        if not rows:
            mistakes.append(
                f"{shown(text)} names no call of this ledger: write its call_id, or {SHORTEST} or more letters "
                f"of its start or end."
            )
        elif len(rows) > 1:
            ids = [row.call_id for row in rows]
            more = ", ..." if len(ids) > SHOWN else ""
            mistakes.append(f"{shown(text)} names several calls: {', '.join(ids[:SHOWN])}{more}. Write more of it.")
        elif rows[0].state is not State.IN_DOUBT:
            mistakes.append(_not_in_doubt(connection, rows[0], now))
        else:
            found[rows[0].call_id] = rows[0]
    if mistakes:
        raise ConfigurationError("\n".join([*mistakes, "Nothing was changed."]))
    return list(found.values())


def _not_in_doubt(connection: sa.Connection, call: Listed, now: int) -> str:
    """Why a call cannot be resolved: it is over, or a run is still at it."""
    event = last_event(connection, call.call_id)
    by = f" by {event[0]}, {span(now - event[1])} ago" if event is not None else ""
    state = call.state.value + (f" ({call.outcome})" if call.outcome is not None else "")
    because = {
        State.SETTLED: "what it cost is known",
        State.VOID: "nothing was bought by it",
        State.REJECTED: "nothing was bought by it",
        State.PLANNED: "it was not sent",
    }.get(call.state, "a run may still hear of it")
    return f"{call.call_id} is not in doubt: it is {state}{by}, and {because}. Only what is in doubt can be resolved."
