"""Which jobs to ask the vendor about, and when again."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from enrichment.ledger.moves import move
from enrichment.ledger.schema import calls, request_calls, requests
from enrichment.states import State


@dataclass(frozen=True)
class Poll:
    """A job to ask about."""

    request_id: str
    provider: str
    operation: str
    tracking_id: str
    polls: int


def due(connection: sa.Connection, now: int, limit: int) -> list[Poll]:
    """Open jobs whose next poll is due, longest due first."""
    rows = connection.execute(
        sa.select(requests)
        .where(requests.c.open == 1, requests.c.next_poll_at <= now, requests.c.tracking_id.is_not(None))
        .order_by(requests.c.next_poll_at)
        .limit(limit)
    )
    return [Poll(row.request_id, row.provider, row.operation, row.tracking_id, row.polls) for row in rows]


def next_due(connection: sa.Connection) -> int | None:
    """When the next poll is due."""
    return connection.execute(sa.select(sa.func.min(requests.c.next_poll_at)).where(requests.c.open == 1)).scalar()


def polled(connection: sa.Connection, poll: Poll, next_poll_at: int, run_id: str) -> None:
    """Note that a job was asked about, and when to ask again: a job in doubt only in the next run."""
    again = sa.case((_has_calls(State.ACCEPTED), next_poll_at), else_=None)
    connection.execute(
        requests.update()
        .where(requests.c.request_id == poll.request_id, requests.c.open == 1)
        .values(polls=requests.c.polls + 1, polled_by=run_id, next_poll_at=again)
    )


def all_now(connection: sa.Connection, now: int, run_id: str) -> int:
    """Make every open job due now; those in doubt only if this run has not asked about them. Returns how many."""
    owed = _has_calls(State.ACCEPTED) | (_has_calls(State.IN_DOUBT) & requests.c.polled_by.is_distinct_from(run_id))
    statement = requests.update().where(requests.c.open == 1, requests.c.tracking_id.is_not(None), owed)
    return connection.execute(statement.values(next_poll_at=now)).rowcount


def sooner(connection: sa.Connection, at: int) -> None:
    """Bring waiting first polls forward: webhooks have proved absent."""
    connection.execute(
        requests.update()
        .where(requests.c.open == 1, requests.c.polls == 0, requests.c.next_poll_at > at)
        .values(next_poll_at=at)
    )


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
    for start in range(0, len(moved), 500):
        of_calls = sa.select(request_calls.c.request_id).where(request_calls.c.call_id.in_(moved[start : start + 500]))
        connection.execute(
            requests.update()
            .where(requests.c.request_id.in_(of_calls), ~_has_calls(State.ACCEPTED))
            .values(next_poll_at=None)
        )
    return len(moved)


def _has_calls(state: State) -> sa.ColumnElement[bool]:
    return (
        sa.select(sa.literal(1))
        .select_from(request_calls.join(calls, calls.c.call_id == request_calls.c.call_id))
        .where(request_calls.c.request_id == requests.c.request_id, calls.c.state == state)
        .exists()
    )
