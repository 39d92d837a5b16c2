"""One change of state of paid calls: compare-and-set, versioned, noted in `transitions`; and what a call has cost.

These statements run several times for each purchase, so they are built and compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.ledger.schema import calls, charges, transitions
from enrichment.states import State, may_follow
from enrichment.storage import Prepared
from sources.providers import Basis, Charge

#: what a call that nobody works on any more looks like
UNOWNED: Mapping[str, Any] = {"owner": None, "lease_until": None}
#: and one that commits nothing
UNRESERVED: Mapping[str, Any] = {**UNOWNED, "reserved": 0}

_NOTE = Prepared(transitions.insert(), keys=("call_id", "at", "before", "after", "event", "request_id", "run_id"))


@cache
def _move(names: tuple[str, ...], owned: bool) -> Prepared:
    statement = calls.update().where(calls.c.call_id == sa.bindparam("id"), calls.c.state == sa.bindparam("before"))
    if owned:
        statement = statement.where(calls.c.owner == sa.bindparam("by"))
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}", type_=calls.c[name].type) for name in names}
    return Prepared(
        statement.values(
            **values, state=sa.bindparam("after"), updated_at=sa.bindparam("now"), version=calls.c.version + 1
        ).returning(calls.c.call_id, calls.c.run_id)
    )


def move(
    connection: sa.Connection,
    call_ids: Sequence[str],
    before: State,
    after: State,
    event: str,
    now: int,
    *,
    changes: Mapping[str, Any],
    request_id: str | None = None,
    owner: str | None = None,
    evidence: bool = False,
) -> list[str]:
    """Take calls from one state to the next; returns those that were in ``before`` (and ``owner``'s, where given).

    Raises ValueError for a step that the life of a call does not have.
    """
    if not may_follow(before, after, evidence=evidence):
        raise ValueError(f"a call cannot go from {before} to {after}")
    names = tuple(sorted(changes))
    given: dict[str, Any] = {f"new_{name}": changes[name] for name in names}
    given |= {"before": before, "after": after, "now": now}
    if owner is not None:
        given["by"] = owner
    statement = _move(names, owner is not None)
    moved = [
        (row.call_id, row.run_id)
        for call_id in call_ids
        for row in statement.rows(connection, {**given, "id": call_id})
    ]
    note(connection, moved, before, after, event, now, request_id)
    return [call_id for call_id, _ in moved]


def note(
    connection: sa.Connection,
    moved: Sequence[tuple[str, str | None]],
    before: State | None,
    after: State,
    event: str,
    now: int,
    request_id: str | None,
) -> None:
    """Write the history of calls (id, run)."""
    step = {"at": now, "before": before, "after": after, "event": event, "request_id": request_id}
    _NOTE.run_for_each(connection, [{**step, "call_id": call_id, "run_id": run_id} for call_id, run_id in moved])


_known = upsert(charges)
_CHARGE = Prepared(
    _known.on_conflict_do_update(
        index_elements=["call_id", "kind"],
        set_={
            "amount_min": _known.excluded.amount_min,
            "amount_max": _known.excluded.amount_max,
            "basis": _known.excluded.basis,
            "version": charges.c.version + 1,
        },
        where=(charges.c.amount_min != _known.excluded.amount_min)
        | (charges.c.amount_max != _known.excluded.amount_max)
        | (charges.c.basis != _known.excluded.basis),
    ),
    keys=("call_id", "kind", "amount_min", "amount_max", "basis", "version"),
)


@cache
def _uncharge(kept: int) -> Prepared:
    """All kinds of charges but some count nothing any more."""
    return Prepared(
        charges.update()
        .where(
            charges.c.call_id == sa.bindparam("call"),
            *(charges.c.kind != sa.bindparam(f"kind_{number}") for number in range(kept)),
            (charges.c.amount_max > 0) | (charges.c.amount_min > 0),
        )
        .values(amount_min=0, amount_max=0, basis=Basis.DOCUMENTED, version=charges.c.version + 1)
    )


def write_charges(connection: sa.Connection, call_id: str, lines: Sequence[Charge]) -> None:
    """What a call cost, in place of what was noted before; no lines: nothing, after all."""
    kinds = {f"kind_{number}": line.kind for number, line in enumerate(lines)}
    _uncharge(len(lines)).run(connection, {"call": call_id, **kinds})
    for line in lines:
        values = {"call_id": call_id, "kind": line.kind, "basis": line.basis, "version": 1}
        _CHARGE.run(connection, {**values, "amount_min": line.amount_min, "amount_max": line.amount_max})
