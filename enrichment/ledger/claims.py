"""Claiming planned calls within the caps, and the last step before a request leaves."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from enrichment.caps import Cap, Headroom, Scope, start_of
from enrichment.ids import new_id
from enrichment.ledger import sums
from enrichment.ledger.moves import UNOWNED, UNRESERVED, move, note, write_charges
from enrichment.ledger.schema import calls, request_calls, requests
from enrichment.states import COMMITTED, State
from enrichment.storage import Prepared, Savepoint
from sources.providers import Charge


@dataclass(frozen=True)
class Claimed:
    """One wire request to make: its calls are reserved for us until the lease ends."""

    request_id: str
    provider: str
    operation: str
    #: wire attempts of its calls so far, this one included
    attempts: int
    call_ids: tuple[str, ...]
    parameters: tuple[Mapping[str, Any], ...] = field(repr=False)


@dataclass(frozen=True)
class Lane:
    """What may be claimed of one operation: ``most`` requests of ``batch`` calls, each at worst ``reserve``.

    Calls of one request agree in the parameters named by ``together``. ``whole``: only full requests, for now.
    """

    provider: str
    operation: str
    unit: str
    reserve: int
    most: int
    batch: int = 1
    together: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True)
class Worker:
    """Who claims: a run, under an owner's name, until ``lease_until``."""

    run_id: str
    owner: str
    lease_until: int


def claim(
    connection: sa.Connection,
    worker: Worker,
    lanes: Sequence[Lane],
    caps: Sequence[Cap],
    now: int,
    alone: Collection[str] = (),
) -> tuple[list[Claimed], Cap | None]:
    """Reserve planned calls that this run wants, oldest first, as far as the caps allow.

    ``alone``: calls that share a request with no other. Returns the requests to make, and the cap that stood in the way
    where one did. What is counted and what is reserved by it must be one transaction that nobody else writes in (the
    ledger's begin IMMEDIATE): else two workers would both take what is left.
    """
    headroom = Headroom(caps, used_of(connection, caps, worker.run_id, now))
    due: list[tuple[Lane, list[Any]]] = []
    for lane in lanes:
        wanted = {"run": worker.run_id, "of": lane.provider, "what": lane.operation, "now": now}
        rows = connection.execute(_DUE, {**wanted, "most": lane.most * lane.batch}).all()
        due += [(lane, batch) for batch in batched(lane, rows, alone)]
    due.sort(key=lambda item: (item[1][0].not_before, item[1][0].call_id))
    batches = []
    for lane, rows in due:
        fit = [row for row in rows if headroom.take(lane.provider, lane.unit, lane.reserve)]
        if fit:
            batches.append((lane, fit))
    return _reserve(connection, worker, batches, now), headroom.refused_by


def batched(lane: Lane, rows: Sequence[Any], alone: Collection[str] = ()) -> list[list[Any]]:
    """Due calls (oldest first) as requests of a lane, at most ``lane.most``, each with its oldest call first. Pure."""
    if lane.batch == 1:
        return [[row] for row in rows[: lane.most]]
    filling: dict[object, list[Any]] = {}
    batches: list[list[Any]] = []
    for row in rows:
        if row.call_id in alone:
            batches.append([row])
            continue
        parameters = json.loads(row.parameters)
        key = json.dumps([parameters.get(name) for name in lane.together], sort_keys=True)
        batch = filling.setdefault(key, [])
        if not batch:
            batches.append(batch)
        batch.append(row)
        if len(batch) == lane.batch:
            del filling[key]
    if lane.whole:
        open_batches = [id(batch) for batch in filling.values()]
        batches = [batch for batch in batches if id(batch) not in open_batches]
    return batches[: lane.most]


def used(connection: sa.Connection, cap: Cap, run_id: str, now: int) -> int:
    """What counts against a cap already, in 1/100 of its unit."""
    return used_of(connection, [cap], run_id, now)[cap]


def used_of(connection: sa.Connection, caps: Sequence[Cap], run_id: str, now: int) -> dict[Cap, int]:
    """What counts against each cap already, in 1/100 of its unit."""
    at = booking_time(connection, now)
    counted: dict[Scope, list[tuple[str, str, int]]] = {}
    for scope in {cap.scope for cap in caps}:
        if scope is Scope.RUN:
            counted[scope] = sums.of_run(connection, run_id)
        else:  # without an end: what was booked while a clock was ahead counts too
            counted[scope] = sums.since(connection, start_of(scope, at))
    return {
        cap: sum(amount for provider, unit, amount in counted[cap.scope] if cap.concerns(provider, unit))
        for cap in caps
    }


def booking_time(connection: sa.Connection, now: int) -> int:
    """When a purchase is booked that is made now: not before the latest one that counts, whichever worker's clock is
    behind, so that a clock set back frees nothing.

    Were purchases booked on the day that such a clock shows, they would be forgotten when it is put right.
    """
    latest = connection.execute(_LATEST, {"now": now}).scalar()
    return now if latest is None else max(now, int(latest))


def next_due(connection: sa.Connection, run_id: str, operations: Sequence[tuple[str, str]]) -> int | None:
    """When the next planned call of these (provider, operation) that the run wants may go out; None: there is none."""
    times = [
        connection.execute(_NEXT, {"run": run_id, "of": provider, "what": operation}).scalar()
        for provider, operation in operations
    ]
    return min((time for time in times if time is not None), default=None)


def mark_sent(connection: sa.Connection, claimed: Claimed, worst: Sequence[Charge], owner: str, now: int) -> bool:
    """The request is about to leave: durable before its first byte. False: the lease was lost, it must not leave."""
    changes = {"sent_at": now, "attempts": claimed.attempts}
    with Savepoint(connection) as savepoint:
        moved = move(
            connection,
            claimed.call_ids,
            State.RESERVED,
            State.SENT,
            "send",
            now,
            changes=changes,
            request_id=claimed.request_id,
            owner=owner,
        )
        if len(moved) != len(claimed.call_ids):
            savepoint.undo()
            return False
        _SENT.run(connection, {"id": claimed.request_id, "now": now})
        for call_id in claimed.call_ids:
            write_charges(connection, call_id, worst)
    return True


def release(connection: sa.Connection, claimed: Claimed, owner: str, now: int) -> None:
    """Give reserved calls back unsent."""
    move(
        connection,
        claimed.call_ids,
        State.RESERVED,
        State.PLANNED,
        "release",
        now,
        changes=UNRESERVED,
        request_id=claimed.request_id,
        owner=owner,
    )


def take_over(connection: sa.Connection, now: int, *, all_owners: bool) -> tuple[int, int]:
    """Calls whose worker is gone: reserved ones are planned again, sent ones are in doubt. Returns how many of each.

    What another run wanted meanwhile is that one's to send now.

    ``all_owners``: we hold the lock of this ledger, so no other worker can be alive, whatever its lease says.
    """
    gone = sa.true() if all_owners else calls.c.lease_until < now
    counts = []
    for before, after, changes in (
        (State.RESERVED, State.PLANNED, UNRESERVED),
        (State.SENT, State.IN_DOUBT, {**UNOWNED, "note": "the process ended before the answer came"}),
    ):
        ids = connection.execute(sa.select(calls.c.call_id).where(calls.c.state == before, gone)).scalars().all()
        counts.append(len(move(connection, ids, before, after, "worker_gone", now, changes=changes)))
    return counts[0], counts[1]


def renew(connection: sa.Connection, owner: str, lease_until: int) -> None:
    """Keep what is ours."""
    connection.execute(
        calls.update()
        .where(calls.c.owner == owner, calls.c.state.in_([State.RESERVED, State.SENT]))
        .values(lease_until=lease_until)
    )


def _reserve(
    connection: sa.Connection, worker: Worker, batches: Sequence[tuple[Lane, list[Any]]], now: int
) -> list[Claimed]:
    """Reserve the calls of each batch for a request of its own: a few statements for all of them."""
    if not batches:
        return []
    claimed = [
        Claimed(
            request_id=new_id(),
            provider=lane.provider,
            operation=lane.operation,
            attempts=1 + max(row.attempts for row in rows),
            call_ids=tuple(row.call_id for row in rows),
            parameters=tuple(json.loads(row.parameters) for row in rows),
        )
        for lane, rows in batches
    ]
    common = {"run": worker.run_id, "by": worker.owner, "until": worker.lease_until, "now": now}
    common["at"] = booking_time(connection, now)
    reserves = [lane.reserve for lane, _ in batches]
    connection.execute(
        _RESERVE,
        [
            {**common, "id": call_id, "request": item.request_id, "worst": reserve}
            for item, reserve in zip(claimed, reserves, strict=True)
            for call_id in item.call_ids
        ],
    )
    for item in claimed:
        steps = [(call_id, worker.run_id) for call_id in item.call_ids]
        note(connection, steps, State.PLANNED, State.RESERVED, "claim", now, item.request_id)
    connection.execute(
        _REQUEST,
        [
            {
                "request_id": item.request_id,
                "provider": item.provider,
                "operation": item.operation,
                "run_id": worker.run_id,
                "created_at": now,
                "open": 1,
                "polls": 0,
            }
            for item in claimed
        ],
    )
    connection.execute(
        _REQUEST_CALL,
        [
            {"request_id": item.request_id, "position": place, "call_id": call_id}
            for item in claimed
            for place, call_id in enumerate(item.call_ids)
        ],
    )
    return claimed


_LATEST = sa.select(sa.func.max(calls.c.reserved_at)).where(
    # a condition on the state alone would lead SQLite to read all calls in these states
    calls.c.reserved_at > sa.bindparam("now"),
    sa.case((calls.c.state.in_([*COMMITTED, State.SETTLED]), 1), else_=0) == 1,
)
_WANTED = (
    calls.c.state == State.PLANNED,
    calls.c.wanted_by == sa.bindparam("run"),
    calls.c.provider == sa.bindparam("of"),
    calls.c.operation == sa.bindparam("what"),
)
_DUE = (
    sa.select(calls.c.call_id, calls.c.not_before, calls.c.parameters, calls.c.attempts)
    .where(*_WANTED, calls.c.not_before <= sa.bindparam("now"))
    .order_by(calls.c.not_before, calls.c.call_id)
    .limit(sa.bindparam("most"))
)
_NEXT = sa.select(sa.func.min(calls.c.not_before)).where(*_WANTED)
_RESERVE = (  # what was planned a moment ago in this very transaction, still is
    calls.update()
    .where(calls.c.call_id == sa.bindparam("id"), calls.c.state == State.PLANNED)
    .values(
        state=State.RESERVED,
        reserved=sa.bindparam("worst"),
        reserved_at=sa.bindparam("at"),
        request_id=sa.bindparam("request"),
        run_id=sa.bindparam("run"),
        owner=sa.bindparam("by"),
        lease_until=sa.bindparam("until"),
        updated_at=sa.bindparam("now"),
        version=calls.c.version + 1,
    )
)
_REQUEST = requests.insert()
_REQUEST_CALL = request_calls.insert()
_SENT = Prepared(
    requests.update().where(requests.c.request_id == sa.bindparam("id")).values(sent_at=sa.bindparam("now"))
)
