"""Evidence: documents that say what became of a call. Kept raw first, then applied; a document counts once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.ledger.schema import calls, inbox, people, request_calls, requests
from enrichment.states import COMMITTED
from enrichment.storage import Prepared
from sources.providers import Via


class Verdict(StrEnum):
    """What became of a document."""

    APPLIED = "applied"
    NO_NEWS = "no_news"
    QUARANTINED = "quarantined"  # names another person or job
    UNMATCHED = "unmatched"  # its request is not in this ledger
    BROKEN = "broken"  # applying it failed: a bug of ours; it is kept


@dataclass(frozen=True)
class EvidenceCall:
    """A call that a document may speak of, as it stands."""

    call_id: str
    person_id: str | None = field(repr=False)
    country: str | None
    parameters: Mapping[str, Any] = field(repr=False)
    state: str
    outcome: str | None
    reserved_at: int | None
    epoch: int


@dataclass(frozen=True)
class Evidence:
    """A document in the inbox with the calls of its request, in the order they were sent."""

    inbox_id: int
    provider: str
    operation: str
    request_id: str
    tracking_id: str | None
    via: Via
    body: bytes = field(repr=False)
    calls: tuple[EvidenceCall, ...] = ()
    #: the run that made the request; None where this ledger does not know it
    run_id: str | None = None


def receive(
    connection: sa.Connection,
    provider: str,
    request_id: str,
    via: Via,
    body: bytes,
    now: int,
    event_id: str | None = None,
) -> int | None:
    """Keep a document; returns its number.

    None where the very same has been kept for this request before, or another delivery of the same event.
    """
    values = {
        "provider": provider,
        "request_id": request_id,
        "via": via,
        "received_at": now,
        "body_hash": sha256(body).hexdigest(),
        "body": body,
        "event_id": event_id,
    }
    inbox_id: int | None = _RECEIVE.value(connection, values)
    return inbox_id


def pending(connection: sa.Connection, limit: int, providers: Collection[str]) -> Iterator[Evidence]:
    """Documents of these providers not yet applied, oldest first; each with its calls as they are when its turn comes.

    What came from others waits for a run that can read it. Two may speak of one call, and the second must see what the
    first has done.
    """
    for row in connection.execute(_PENDING, {"most": limit, "of": list(providers)}).all():
        yield with_calls(connection, row.inbox_id, row.provider, row.request_id, Via(row.via), row.body)


def with_calls(
    connection: sa.Connection, inbox_id: int, provider: str, request_id: str, via: Via, body: bytes
) -> Evidence:
    """A document with the calls it may speak of: none where this ledger does not know the request."""
    rows = _CALLS.rows(connection, {"request": request_id, "of": provider})
    return Evidence(
        inbox_id=inbox_id,
        provider=provider,
        operation=rows[0].operation if rows else "",
        request_id=request_id,
        tracking_id=rows[0].tracking_id if rows else None,
        via=via,
        body=body,
        calls=tuple(
            EvidenceCall(
                call_id=row.call_id,
                person_id=row.person_id,
                country=json.loads(row.facts).get("country") if row.facts else None,
                parameters=json.loads(row.parameters),
                state=row.state,
                outcome=row.outcome,
                reserved_at=row.reserved_at,
                epoch=row.epoch,
            )
            for row in rows
        ),
        run_id=rows[0].run_id if rows else None,
    )


def judged(connection: sa.Connection, inbox_id: int, verdict: Verdict, note: str | None, now: int) -> None:
    """Note what became of a document."""
    _JUDGED.run(connection, {"id": inbox_id, "now": now, "word": verdict, "why": note})


def close_settled(connection: sa.Connection, request_id: str) -> None:
    """Stop polling for a request whose calls are all settled."""
    _CLOSE.run(connection, {"id": request_id})


def counts(connection: sa.Connection, since: int) -> dict[str, int]:
    """Documents received since a time, by verdict."""
    query = (
        sa.select(inbox.c.verdict, sa.func.count())
        .where(inbox.c.received_at >= since, inbox.c.verdict.is_not(None))
        .group_by(inbox.c.verdict)
    )
    return {str(verdict): int(count) for verdict, count in connection.execute(query)}


_RECEIVE = Prepared(
    upsert(inbox).on_conflict_do_nothing().returning(inbox.c.inbox_id),
    keys=("provider", "request_id", "via", "received_at", "body_hash", "body", "event_id"),
)
_PENDING = (
    sa.select(inbox)
    .where(inbox.c.applied_at.is_(None), inbox.c.provider.in_(sa.bindparam("of", expanding=True)))
    .order_by(inbox.c.inbox_id)
    .limit(sa.bindparam("most"))
)
_CALLS = Prepared(
    sa.select(
        calls.c.call_id,
        calls.c.person_id,
        calls.c.parameters,
        calls.c.state,
        calls.c.outcome,
        calls.c.reserved_at,
        calls.c.epoch,
        people.c.facts,
        requests.c.operation,
        requests.c.tracking_id,
        requests.c.run_id,
    )
    .select_from(
        requests.join(request_calls, request_calls.c.request_id == requests.c.request_id)
        .join(calls, calls.c.call_id == request_calls.c.call_id)
        .join(people, people.c.person_id == calls.c.person_id, isouter=True)
    )
    .where(requests.c.request_id == sa.bindparam("request"), requests.c.provider == sa.bindparam("of"))
    .order_by(request_calls.c.position)
)
_JUDGED = Prepared(
    inbox.update()
    .where(inbox.c.inbox_id == sa.bindparam("id"))
    .values(applied_at=sa.bindparam("now"), verdict=sa.bindparam("word"), note=sa.bindparam("why"))
)
_CLOSE = Prepared(
    requests.update()
    .where(
        requests.c.request_id == sa.bindparam("id"),
        ~sa.select(sa.literal(1))
        .select_from(request_calls.join(calls, calls.c.call_id == request_calls.c.call_id))
        .where(
            request_calls.c.request_id == requests.c.request_id,
            sa.or_(*(calls.c.state == state for state in COMMITTED)),
        )
        .exists(),
    )
    .values(open=0, next_poll_at=None)
)
