"""Settling calls in doubt by hand: somebody has looked at the vendor's balance and knows what became of them.

Only from `in_doubt`, compare-and-set. Evidence that comes later still counts, as from any state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from enrichment.ledger.evidence import close_settled
from enrichment.ledger.moves import UNRESERVED, move, write_charges
from enrichment.ledger.schema import calls, charges, transitions
from enrichment.states import State
from sources.providers import Basis, Charge, Outcome

EVENT = "by_hand"


@dataclass(frozen=True)
class Resolved:
    """What became of one call. ``done`` False: it was in doubt no more; ``state`` and ``event`` say what it is now."""

    call_id: str
    done: bool
    state: State
    event: str | None


def resolve(connection: sa.Connection, call_ids: Sequence[str], amount: int | None, now: int) -> list[Resolved]:
    """Take calls out of doubt: charged ``amount`` each (1/100 unit) and without an answer; None: nothing was bought."""
    return [_resolve(connection, call_id, amount, now) for call_id in call_ids]


def last_event(connection: sa.Connection, call_id: str) -> tuple[str, int] | None:
    """What last changed a call's state, and when."""
    query = sa.select(transitions.c.event, transitions.c.at).where(transitions.c.call_id == call_id)
    row = connection.execute(query.order_by(transitions.c.transition_id.desc()).limit(1)).first()
    return None if row is None else (str(row.event), int(row.at))


def _resolve(connection: sa.Connection, call_id: str, amount: int | None, now: int) -> Resolved:
    row = connection.execute(sa.select(calls.c.request_id).where(calls.c.call_id == call_id)).one()
    after = State.VOID if amount is None else State.SETTLED
    changes = {**UNRESERVED, "amount_min": amount or 0, "amount_max": amount or 0, "basis": Basis.REPORTED}
    if amount is None:
        changes |= {"note": "resolved by hand: nothing was bought"}
    else:  # an end of which nobody here knows what it was: a document that still comes says more, whatever it says
        changes |= {"note": "resolved by hand", "outcome": Outcome.UNREADABLE, "settled_at": now}
    moved = move(connection, [call_id], State.IN_DOUBT, after, EVENT, now, changes=changes, request_id=row.request_id)
    if moved:
        line = Charge(_kind(connection, call_id), amount or 0, amount or 0, Basis.REPORTED)
        write_charges(connection, call_id, [line])
        if row.request_id is not None:
            close_settled(connection, row.request_id)
    known = connection.execute(sa.select(calls.c.state).where(calls.c.call_id == call_id)).scalar_one()
    event = last_event(connection, call_id)
    return Resolved(call_id, bool(moved), State(known), event[0] if event else None)


def _kind(connection: sa.Connection, call_id: str) -> str:
    """The kind of charge that was expected: of several the largest."""
    query = sa.select(charges.c.kind).where(charges.c.call_id == call_id)
    found = connection.execute(query.order_by(charges.c.amount_max.desc(), charges.c.kind.desc()).limit(1)).scalar()
    return str(found or "pool")
