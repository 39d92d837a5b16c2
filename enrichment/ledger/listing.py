"""Calls as an operator looks at them: which there are, what each may still cost, what is known of its last request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from enrichment.ledger.schema import calls, request_calls, requests
from enrichment.states import COMMITTED, State
from sources.providers import Outcome


@dataclass(frozen=True)
class Listed:
    """A call with its latest request. Times are microseconds since the epoch, amounts 1/100 ``unit``."""

    call_id: str
    provider: str
    operation: str
    person_id: str | None
    search: str | None
    epoch: int
    state: State
    outcome: Outcome | None
    note: str | None
    attempts: int
    unit: str
    #: the most it may still cost while nobody knows; 0 in all other states
    at_risk: int
    amount_min: int | None
    amount_max: int | None
    planned_at: int
    not_before: int
    sent_at: int | None
    accepted_at: int | None
    updated_at: int
    lease_until: int | None
    tracking_id: str | None
    http_outcome: str | None
    http_status: int | None
    #: calls that its request was for, this one included; 0: it was never sent
    carried: int = 0


@dataclass(frozen=True)
class Chosen:
    """Which calls are looked at; None: all."""

    states: Sequence[State] | None = None
    person_id: str | None = None
    search: str | None = None

    @property
    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The same in SQL."""
        found: list[sa.ColumnElement[bool]] = []
        if self.states is not None:
            found.append(calls.c.state.in_(self.states))
        if self.person_id is not None:
            found.append(calls.c.person_id == self.person_id)
        if self.search is not None:
            found.append(calls.c.search == self.search)
        return found


def listed(connection: sa.Connection, chosen: Chosen, limit: int) -> list[Listed]:
    """Calls, those that changed last first."""
    query = _CALLS.where(*chosen.conditions).order_by(calls.c.updated_at.desc(), calls.c.call_id.desc())
    return _rows(connection, query.limit(limit))


def totals(connection: sa.Connection, chosen: Chosen) -> tuple[int, dict[str, int]]:
    """How many calls there are, and what all of them may still cost, by unit."""
    query = sa.select(calls.c.unit, sa.func.count(), sa.func.sum(_AT_RISK)).where(*chosen.conditions)
    rows = connection.execute(query.group_by(calls.c.unit)).all()
    return sum(int(count) for _, count, _ in rows), {unit: int(risk) for unit, _, risk in rows if risk}


def named(connection: sa.Connection, text: str, limit: int) -> list[Listed]:
    """Calls whose id is this, else those whose id starts or ends so."""
    exact = _rows(connection, _CALLS.where(calls.c.call_id == text))
    part = calls.c.call_id.startswith(text, autoescape=True) | calls.c.call_id.endswith(text, autoescape=True)
    return exact or _rows(connection, _CALLS.where(part).order_by(calls.c.call_id).limit(limit))


def in_doubt_since(connection: sa.Connection, before: int) -> list[Listed]:
    """Calls in doubt that were sent before that time, oldest first."""
    query = _CALLS.where(calls.c.state == State.IN_DOUBT, calls.c.sent_at < before)
    return _rows(connection, query.order_by(calls.c.sent_at))


def _rows(connection: sa.Connection, query: sa.Select[tuple[object, ...]]) -> list[Listed]:
    return [
        Listed(**{**row, "state": State(row["state"]), "outcome": Outcome(row["outcome"]) if row["outcome"] else None})
        for row in connection.execute(query).mappings()
    ]


_AT_RISK = sa.case((calls.c.state.in_(COMMITTED), calls.c.reserved), else_=0)
_CALLS: sa.Select[tuple[object, ...]] = sa.select(
    calls.c.call_id,
    calls.c.provider,
    calls.c.operation,
    calls.c.person_id,
    calls.c.search,
    calls.c.epoch,
    calls.c.state,
    calls.c.outcome,
    calls.c.note,
    calls.c.attempts,
    calls.c.unit,
    _AT_RISK.label("at_risk"),
    calls.c.amount_min,
    calls.c.amount_max,
    calls.c.planned_at,
    calls.c.not_before,
    calls.c.sent_at,
    calls.c.accepted_at,
    calls.c.updated_at,
    calls.c.lease_until,
    requests.c.tracking_id,
    requests.c.http_outcome,
    requests.c.http_status,
    sa.select(sa.func.count())
    .where(request_calls.c.request_id == calls.c.request_id)
    .scalar_subquery()
    .label("carried"),
).join(requests, requests.c.request_id == calls.c.request_id, isouter=True)
