"""What the answer to a submit changes in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from enrichment.decisions import Decision
from enrichment.ledger.claims import Claimed
from enrichment.ledger.moves import UNOWNED, UNRESERVED, move, write_charges
from enrichment.ledger.schema import calls, requests
from enrichment.states import MAYBE_CHARGED, State
from enrichment.storage import Prepared
from sources.providers import Basis


@dataclass(frozen=True)
class SubmitAnswer:
    """What is noted of the answer to a submit."""

    http_outcome: str
    http_status: int | None = None
    tracking_id: str | None = None
    body: bytes | None = field(default=None, repr=False)
    first_poll_at: int | None = None


def answered(
    connection: sa.Connection,
    claimed: Claimed,
    decision: Decision,
    answer: SubmitAnswer,
    owner: str,
    now: int,
    *,
    spared: Sequence[str] = (),
) -> None:
    """Apply a decision to those calls of a request that are still waiting for it.

    ``spared``: calls of a rejected request that were not what was wrong with it: they are planned again.

    A call that a webhook settled in the meantime keeps its state; the late answer only fills in the tracking id.
    """
    waiting = decision.state is State.ACCEPTED and answer.tracking_id is not None
    _ANSWERED.run(
        connection,
        {
            "id": claimed.request_id,
            "now": now,
            "outcome": answer.http_outcome,
            "status": answer.http_status,
            "tracking": answer.tracking_id,
            "answer": answer.body,
            "is_open": 1 if decision.state in (State.ACCEPTED, State.IN_DOUBT) else 0,
            "poll_at": answer.first_poll_at if waiting else None,
        },
    )
    spared = spared if decision.state is State.REJECTED else ()
    concerned = [call_id for call_id in claimed.call_ids if call_id not in spared]
    for call_ids, becomes in ((concerned, decision), (spared, Decision(State.PLANNED, decision.event))):
        moved = move(
            connection,
            call_ids,
            State.SENT,
            becomes.state,
            becomes.event,
            now,
            changes=_changes(becomes, now),
            request_id=claimed.request_id,
            owner=owner,
        )
        if becomes.state in (State.PLANNED, State.REJECTED, State.SETTLED):
            for call_id in moved:
                write_charges(connection, call_id, ())  # provably nothing was bought


_ANSWERED = Prepared(
    requests.update()
    .where(requests.c.request_id == sa.bindparam("id"))
    .values(
        answered_at=sa.bindparam("now"),
        http_outcome=sa.bindparam("outcome"),
        http_status=sa.bindparam("status"),
        tracking_id=sa.func.coalesce(requests.c.tracking_id, sa.bindparam("tracking")),
        body=sa.bindparam("answer"),
        open=sa.bindparam("is_open"),
        next_poll_at=sa.bindparam("poll_at"),
    )
)


def _changes(decision: Decision, now: int) -> dict[str, Any]:
    nothing = {"amount_min": 0, "amount_max": 0, "basis": Basis.DOCUMENTED}
    note = {"note": decision.event}
    if decision.state is State.PLANNED:
        return {**UNRESERVED, **note, "not_before": now + round(decision.delay * 1_000_000)}
    if decision.state is State.ACCEPTED:
        return {**UNOWNED, "accepted_at": now}
    if decision.state is State.SETTLED:
        return {**UNRESERVED, **note, **nothing, "settled_at": now, "outcome": decision.outcome}
    if decision.state is State.REJECTED:
        return {**UNRESERVED, **note, **nothing}
    return {**UNOWNED, **note}


def earlier_unresolved(connection: sa.Connection, claimed: Claimed) -> bool:
    """Whether another purchase of the same thing is unresolved."""
    mine = calls.alias()
    same = (
        (mine.c.subject == calls.c.subject)
        & (mine.c.provider == calls.c.provider)
        & (mine.c.operation == calls.c.operation)
    )
    query = (
        sa.select(sa.literal(1))
        .select_from(calls.join(mine, same))
        .where(
            mine.c.call_id.in_(claimed.call_ids),
            calls.c.call_id.not_in(claimed.call_ids),
            calls.c.state.in_(MAYBE_CHARGED),
        )
        .limit(1)
    )
    return bool(connection.execute(query).scalar())
