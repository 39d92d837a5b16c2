"""What must hold of ledger and vendor at every moment, whatever has happened: read from both and compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enrichment.ledger import Ledger, polls
from enrichment.ledger.schema import (
    calls,
    charges,
    emails,
    phones,
    provider_results,
    request_calls,
    requests,
    transitions,
)
from enrichment.states import COMMITTED, State, may_follow
from sources.providers import EmailStatus
from tests.chaos.imitation import Exchange, Imitation

WORST = {"reveal_email": 600, "reveal_phone": 2000, "find_email": 500, "find_phone": 3000}


@dataclass(frozen=True)
class Job:
    """What a vendor's books say of one call: a job, or one person's part of a job for many."""

    operation: str
    subject: str | None
    outcome: str | None
    amount: int
    finished: float | None


@dataclass(frozen=True)
class Look:
    """Ledger and vendors at one moment."""

    calls: dict[str, Any]
    #: calls by request, in the order in which they were sent
    calls_of: dict[str, list[str]]
    jobs: dict[str, list[Job]]
    exchanges: dict[str, list[Exchange]]


def look(ledger: Ledger, imitation: Imitation) -> Look:
    """Read everything that the promises speak of; jobs and exchanges by the call that they belong to."""
    calls_of: dict[str, list[str]] = defaultdict(list)
    with ledger.read() as connection:
        rows = {row.call_id: row for row in connection.execute(sa.select(calls))}
        order = (request_calls.c.request_id, request_calls.c.position)
        for row in connection.execute(sa.select(request_calls).order_by(*order)):
            calls_of[row.request_id].append(row.call_id)
    jobs: dict[str, list[Job]] = defaultdict(list)
    for job in imitation.world.books.jobs.values():
        [call_id] = calls_of[_request(job.webhook_url)]
        jobs[call_id].append(Job(job.operation, job.subject, job.outcome, job.amount, job.finished))
    for bulk in imitation.world.sixtyfour.books.jobs.values():
        for call_id, lead in zip(calls_of[_request(bulk.webhook_url)], bulk.leads, strict=True):
            jobs[call_id].append(Job(bulk.operation, lead.subject, lead.outcome, lead.amount, bulk.finished))
    exchanges: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in imitation.exchanges:
        for call_id in calls_of[exchange.request_id]:
            exchanges[call_id].append(exchange)
    return Look(rows, calls_of, jobs, exchanges)


def _request(url: str | None) -> str:
    return str(url).split("/")[-2]


def at_most_one_request(seen: Look, refused: set[str]) -> None:
    """R1: for each call at most one request that was not provably refused has gone on the wire, and made one job."""
    for call_id, exchanges in seen.exchanges.items():
        unrefused = [exchange for exchange in exchanges if exchange.request_id not in refused]
        assert len(unrefused) <= 1, seen.calls[call_id]
    for call_id, jobs in seen.jobs.items():
        assert len(jobs) <= 1, seen.calls[call_id]


def nothing_twice(seen: Look) -> None:
    """R1: no subject has more jobs than times it was asked for on purpose."""
    epochs = Counter((call.operation, call.subject) for call in seen.calls.values())
    jobs = Counter((job.operation, job.subject) for found in seen.jobs.values() for job in found)
    assert all(count <= epochs[key] for key, count in jobs.items()), (jobs, epochs)


def reservations(seen: Look) -> None:
    """R2, R3: what may be charged is reserved at its worst, and nothing else is."""
    for call in seen.calls.values():
        assert call.reserved == (WORST[call.operation] if call.state in COMMITTED else 0), call
        assert (call.owner is not None) == (call.state in (State.RESERVED, State.SENT)), call


def charges_within_bounds(seen: Look, by_hand: set[str]) -> None:
    """R4: what the vendor has charged for a call lies between the bounds of the books.

    Of those that were resolved by hand, only once evidence has come: what an operator says may be overtaken.
    """
    for call_id, call in seen.calls.items():
        if _said_by_hand(call, by_hand) or _a_share(call):
            continue
        charged = sum(job.amount for job in seen.jobs.get(call_id, ()))
        if call.state == State.SETTLED:
            assert call.amount_min <= charged <= call.amount_max or _still_runs(seen, call_id), (call, charged)
        else:
            assert charged <= call.reserved, (call, charged)


def sums_within_bounds(seen: Look, by_hand: set[str]) -> None:
    """R4: and so does what it has charged for a request for many, however that was shared out among its calls."""
    for call_ids in seen.calls_of.values():
        mine = [seen.calls[call_id] for call_id in call_ids]
        if any(call.state != State.SETTLED or _still_runs(seen, call.call_id) for call in mine):
            continue
        if any(len(seen.jobs.get(call.call_id, ())) > 1 or _said_by_hand(call, by_hand) for call in mine):
            continue
        charged = sum(job.amount for call in mine for job in seen.jobs.get(call.call_id, ()))
        assert sum(call.amount_min for call in mine) <= charged <= sum(call.amount_max for call in mine), (
            mine,
            charged,
        )


def _said_by_hand(call: Any, by_hand: set[str]) -> bool:
    return call.call_id in by_hand and (call.state == State.VOID or call.note == "resolved by hand")


def _a_share(call: Any) -> bool:
    """Whether its amount is an even share of what a request for many has cost."""
    return "an even share" in str(call.note)


def _still_runs(seen: Look, call_id: str) -> bool:
    """The vendor charges at the end of a job: until then an unreadable answer may have settled its call."""
    return any(job.finished is None for job in seen.jobs.get(call_id, ()))


def legal_history(ledger: Ledger) -> None:
    """Every step that was ever taken is one that the life of a call has; evidence may settle from everywhere."""
    with ledger.read() as connection:
        steps = connection.execute(sa.select(transitions).order_by(transitions.c.transition_id)).all()
    state: dict[str, str | None] = {}
    for step in steps:
        assert step.before == state.get(step.call_id), step
        state[step.call_id] = step.after
        if step.before is not None:
            evidence = step.event.startswith("evidence:") or step.event == "by_hand"
            assert may_follow(State(step.before), State(step.after), evidence=evidence), step


def jobs_remembered(seen: Look, ledger: Ledger) -> None:
    """A job that was accepted under an id is never forgotten: every run can ask about it until it has ended."""
    with ledger.read() as connection:
        tracked = set(
            connection.execute(sa.select(requests.c.request_id).where(requests.c.tracking_id.is_not(None))).scalars()
        )
    askable = {job.request_id for job in ledger.look(polls.open_jobs)}
    for call in seen.calls.values():
        if call.state == State.ACCEPTED and call.request_id in tracked:
            assert call.request_id in askable, call


def enough(ledger: Ledger) -> set[str]:
    """Calls that have found a contact that nobody else has to be asked for."""
    with ledger.read() as connection:
        addresses = sa.select(emails.c.call_id).where(emails.c.status != EmailStatus.UNDELIVERABLE)
        return {
            call_id for query in (addresses, sa.select(phones.c.call_id)) for (call_id,) in connection.execute(query)
        }


def one_after_the_other(seen: Look, ledger: Ledger, enough_before: set[str], patience: float | None, since: int) -> int:
    """Nobody is asked for a contact while another may still answer for it, or has found enough; ``patience``: seconds
    after which a doubt holds nobody back. Of the steps after number ``since``; returns the last one's number.
    """
    with ledger.read() as connection:
        steps = connection.execute(sa.select(transitions).order_by(transitions.c.transition_id)).all()
    last: dict[str, Any] = {}
    for step in steps:
        if step.after == State.SENT and step.transition_id > since:
            call = seen.calls[step.call_id]
            for other_id, other in seen.calls.items():
                if (other.person_id, other.channel) != (
                    call.person_id,
                    call.channel,
                ) or other.provider == call.provider:
                    continue
                state, at = (last[other_id].after, last[other_id].at) if other_id in last else (None, 0)
                waited = patience is not None and step.at - at >= patience * 1_000_000
                assert state not in (State.SENT, State.ACCEPTED), (call, other)
                assert state != State.IN_DOUBT or waited, (call, other)
                assert other_id not in enough_before, (call, other)
        last[step.call_id] = step
    return int(steps[-1].transition_id) if steps else 0


def results(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """All that was learnt and booked, to see whether anything changed it."""
    found = {}
    with ledger.read() as connection:
        for table in (calls, charges, emails, phones, provider_results):
            found[table.name] = sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
    return found


def learnt(ledger: Ledger) -> tuple[set[str], set[tuple[str, str]]]:
    """Calls that found something, and the values found: both may only grow."""
    with ledger.read() as connection:
        found = set(connection.execute(sa.select(calls.c.call_id).where(calls.c.outcome == "found")).scalars())
        values = {
            (row[0], row[1])
            for query in (sa.select(emails.c.call_id, emails.c.email), sa.select(phones.c.call_id, phones.c.number))
            for row in connection.execute(query)
        }
    return found, values
