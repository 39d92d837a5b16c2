"""Planning: what is wanted and not bought yet becomes a call, once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from enrichment.ids import new_id
from enrichment.ledger.moves import note
from enrichment.ledger.schema import calls
from enrichment.states import COMMITTED, UNANSWERED, State
from sources.providers import ANSWERS, Ask, Channel, Outcome


@dataclass(frozen=True)
class Wanted:
    """A thing somebody wants bought, unless it already is."""

    provider: str
    channel: Channel
    unit: str
    person_id: str | None = field(repr=False)
    ask: Ask
    search: str | None = None


def canonical(parameters: Mapping[str, Any]) -> str:
    """Parameters as text, equal for equal content."""
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def next_epoch(
    latest: Mapping[str, Any] | None, parameters: str, run_id: str, settled_before: int | None = None
) -> int | None:
    """The epoch to plan a thing in, or None where it is planned, under way or bought already. Pure.

    Bought is bought, whatever the parameters say now. Asked anew is only what provably was not bought (void, or
    rejected under other parameters), what ran out of credits half-way in an earlier run, and what goes stale: where
    ``settled_before`` is given, what an earlier run settled before that time (one run never buys a thing twice): of
    contacts what was answered, found or not.
    """
    if latest is None:
        return 1
    state = latest["state"]
    unbought = state == State.VOID or (state == State.REJECTED and latest["parameters"] != parameters)
    earlier = state == State.SETTLED and latest["run_id"] != run_id
    ran_dry = earlier and latest["outcome"] == Outcome.INCOMPLETE
    perishable = latest["outcome"] in ANSWERS or latest["channel"] == Channel.VERIFICATION
    stale = earlier and perishable and settled_before is not None and latest["settled_at"] < settled_before
    return int(latest["epoch"]) + 1 if unbought or ran_dry or stale else None


def plan(
    connection: sa.Connection,
    wanted: Sequence[Wanted],
    run_id: str,
    now: int,
    *,
    settled_before: int | None = None,
) -> int:
    """Plan what is wanted and neither planned nor bought; returns how many calls are new.

    The unique key (provider, operation, subject, epoch) makes a second plan of the same thing impossible. Calls that
    are planned already are taken on by this run; so are those that another worker is sending, should it give them back.
    """
    new: list[dict[str, Any]] = []
    again: list[str] = []
    groups: dict[tuple[str, str], dict[str, Wanted]] = {}
    for item in wanted:
        groups.setdefault((item.provider, item.ask.operation), {}).setdefault(item.ask.subject, item)
    for (provider, operation), items in groups.items():
        latest = _latest(connection, provider, operation, list(items))
        for subject, item in items.items():
            known = latest.get(subject)
            parameters = canonical(item.ask.parameters)
            epoch = next_epoch(known, parameters, run_id, settled_before)
            if epoch is not None:
                new.append(_row(item, parameters, epoch, run_id, now))
            elif known is not None and known["state"] in UNANSWERED and known["wanted_by"] != run_id:
                again.append(known["call_id"])
    if again:
        connection.execute(
            calls.update().where(calls.c.call_id == sa.bindparam("id")).values(wanted_by=run_id),
            [{"id": call_id} for call_id in again],
        )
    if new:
        connection.execute(calls.insert(), new)
        note(connection, [(row["call_id"], None) for row in new], None, State.PLANNED, "wanted", now, None)
    return len(new)


def want_again(
    connection: sa.Connection,
    run_id: str,
    searches: Sequence[str],
    channels: Sequence[Channel],
    order: Mapping[Channel, Sequence[str]] | None = None,
) -> int:
    """Take on what earlier runs of these searches planned and did not get to; returns how many calls.

    Not while another provider may still answer the same: what that settles with decides. ``order``: by contact, the
    providers of this run. Others are not asked any more, and of several calls for one thing the first's goes out.
    """
    other = calls.alias("other")
    same = (
        other.c.person_id == calls.c.person_id,
        other.c.channel == calls.c.channel,
        other.c.provider != calls.c.provider,
    )
    mine, theirs = _rank(calls, order or {}), _rank(other, order or {})
    first = (other.c.state == State.PLANNED) & (theirs < mine)
    asked_elsewhere = sa.select(sa.literal(1)).where(*same, other.c.state.in_(COMMITTED) | first).exists()
    planned = (calls.c.state == State.PLANNED, calls.c.search.in_(searches), calls.c.channel.in_(channels))
    result = connection.execute(
        calls.update().where(*planned, mine.is_not(None), ~asked_elsewhere).values(wanted_by=run_id)
    )
    return result.rowcount


def _rank(table: sa.FromClause, order: Mapping[Channel, Sequence[str]]) -> sa.ColumnElement[int | None]:
    """The place of a call's provider in the order for its channel. NULL: it has none; 0: there is no order."""
    whens = [
        ((table.c.channel == channel) & (table.c.provider == name), place)
        for channel, names in order.items()
        for place, name in enumerate(names)
    ]
    return sa.case(*whens, (table.c.channel.in_(list(order)), sa.null()), else_=0)


def _latest(
    connection: sa.Connection, provider: str, operation: str, subjects: Sequence[str]
) -> dict[str, Mapping[str, Any]]:
    """How each thing stands: its last purchase that is not void, or a void one; ``epoch`` is the highest there is."""
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(subjects), 500):
        rows = connection.execute(
            sa.select(
                calls.c.channel,
                calls.c.subject,
                calls.c.call_id,
                calls.c.epoch,
                calls.c.state,
                calls.c.outcome,
                calls.c.parameters,
                calls.c.run_id,
                calls.c.wanted_by,
                calls.c.settled_at,
            )
            .where(
                calls.c.provider == provider,
                calls.c.operation == operation,
                calls.c.subject.in_(subjects[start : start + 500]),
            )
            .order_by(calls.c.epoch)
        ).mappings()
        for row in rows:
            known = found.get(row["subject"])
            void = known is not None and row["state"] == State.VOID
            found[row["subject"]] = {**known, "epoch": row["epoch"]} if known is not None and void else dict(row)
    return found


def _row(item: Wanted, parameters: str, epoch: int, run_id: str, now: int) -> dict[str, Any]:
    return {
        "call_id": new_id(),
        "provider": item.provider,
        "operation": item.ask.operation,
        "channel": item.channel,
        "subject": item.ask.subject,
        "epoch": epoch,
        "person_id": item.person_id,
        "parameters": parameters,
        "search": item.search,
        "wanted_by": run_id,
        "state": State.PLANNED,
        "attempts": 0,
        "not_before": 0,
        "unit": item.unit,
        "reserved": 0,
        "planned_at": now,
        "updated_at": now,
        "version": 1,
    }
