"""Jobs that the vendor may be asked about: which are open, that they were asked about, when they are given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from enrichment.ledger.moves import move
from enrichment.ledger.schema import calls, request_calls, requests
from enrichment.states import State

_CHUNK = 500


@dataclass(frozen=True)
class OpenJob:
    """A job whose end is not known. ``doubtful``: given up, so that it is asked about once a run and no more."""

    request_id: str
    provider: str
    operation: str
    tracking_id: str
    accepted_at: int
    polls: int
    next_poll_at: int | None
    polled_by: str | None
    doubtful: bool


def open_jobs(connection: sa.Connection, request_ids: Sequence[str] | None = None) -> list[OpenJob]:
    """Open jobs that can be asked about, oldest first: all, or those of some requests."""
    if request_ids is None:
        return [_job(row) for row in connection.execute(_OPEN)]
    return [
        _job(row)
        for start in range(0, len(request_ids), _CHUNK)
        for row in connection.execute(_OPEN_OF, {"ids": list(request_ids[start : start + _CHUNK])})
    ]


def asked(connection: sa.Connection, request_id: str, next_poll_at: int | None, run_id: str) -> None:
    """Note that a job was asked about, and when it may be again: one in doubt only in the next run."""
    connection.execute(_ASKED, {"id": request_id, "next": next_poll_at, "run": run_id})


def is_open(connection: sa.Connection, request_id: str) -> bool:
    """Whether a job's end is still to come."""
    return bool(connection.execute(_IS_OPEN, {"id": request_id}).scalar())


def to_collect(connection: sa.Connection, provider: str, run_id: str) -> bool:
    """Whether a vendor may have to be asked about something paid for.

    That is what is sent or about to be, whoever sends it, and open jobs; but for those in doubt that this run has asked
    about.
    """
    return bool(connection.execute(_TO_COLLECT, {"provider": provider, "run": run_id}).scalar())


def give_up(connection: sa.Connection, accepted_before: int, now: int) -> int:
    """Calls accepted before that time and without a result are in doubt, from now on asked about once a run."""
    ids = (
        connection.execute(
            sa.select(calls.c.call_id).where(calls.c.state == State.ACCEPTED, calls.c.accepted_at < accepted_before)
        )
        .scalars()
        .all()
    )
    note = {"note": "accepted, but nothing final came"}
    moved = move(connection, ids, State.ACCEPTED, State.IN_DOUBT, "gave_up", now, changes=note)
    for start in range(0, len(moved), _CHUNK):
        of_calls = sa.select(request_calls.c.request_id).where(
            request_calls.c.call_id.in_(moved[start : start + _CHUNK])
        )
        connection.execute(
            requests.update().where(requests.c.request_id.in_(of_calls), ~_ACCEPTED).values(next_poll_at=None)
        )
    return len(moved)


def _job(row: sa.Row[tuple[object, ...]]) -> OpenJob:
    return OpenJob(**row._mapping)


def _has_calls(*states: State) -> sa.ColumnElement[bool]:
    return (
        sa.select(sa.literal(1))
        .select_from(request_calls.join(calls, calls.c.call_id == request_calls.c.call_id))
        .where(request_calls.c.request_id == requests.c.request_id, calls.c.state.in_(states))
        .exists()
    )


_ACCEPTED = _has_calls(State.ACCEPTED)
_OPEN = (
    sa.select(
        requests.c.request_id,
        requests.c.provider,
        requests.c.operation,
        requests.c.tracking_id,
        sa.func.coalesce(requests.c.answered_at, requests.c.created_at).label("accepted_at"),
        requests.c.polls,
        requests.c.next_poll_at,
        requests.c.polled_by,
        (~_ACCEPTED).label("doubtful"),
    )
    .where(  # the submit's answer opens a request, though its webhook may have come before
        requests.c.open == 1, requests.c.tracking_id.is_not(None), _has_calls(State.ACCEPTED, State.IN_DOUBT)
    )
    .order_by(requests.c.answered_at, requests.c.request_id)
)
_OPEN_OF = _OPEN.where(requests.c.request_id.in_(sa.bindparam("ids", expanding=True)))
_ASKED = (
    requests.update()
    .where(requests.c.request_id == sa.bindparam("id"))
    .values(
        polls=requests.c.polls + 1,
        polled_by=sa.bindparam("run"),
        next_poll_at=sa.case((_ACCEPTED, sa.bindparam("next", type_=sa.BigInteger())), else_=None),
    )
)
_TO_COLLECT = sa.select(
    sa.or_(
        sa.exists().where(
            calls.c.provider == sa.bindparam("provider"), calls.c.state.in_([State.RESERVED, State.SENT])
        ),
        sa.exists().where(
            requests.c.provider == sa.bindparam("provider"),
            requests.c.open == 1,
            requests.c.tracking_id.is_not(None),
            sa.or_(_ACCEPTED, requests.c.polled_by.is_distinct_from(sa.bindparam("run"))),
            _has_calls(State.ACCEPTED, State.IN_DOUBT),
        ),
    )
)
_IS_OPEN = sa.select(requests.c.open).where(requests.c.request_id == sa.bindparam("id"))
