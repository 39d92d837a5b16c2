"""What the ledger knows of what a run would still have to buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from enrichment.ledger.books import by_state
from enrichment.ledger.schema import calls, emails, people, runs, verifications, windows
from enrichment.states import State
from enrichment.verification import Verifying
from sources.providers import ANSWERS, EmailStatus, Outcome


@dataclass(frozen=True)
class LastReading:
    """The last time a search was read with these filters. ``run_summary`` is JSON of the run that did."""

    search: str
    people: int
    calls: int
    coverage: str
    finished_at: int
    run_summary: str | None


@dataclass(frozen=True)
class Experience:
    """What the settled calls of an operation came to; amounts in 1/100 unit, summed."""

    settled: int = 0
    found: int = 0
    amount_min: int = 0
    amount_max: int = 0


def last_reading(connection: sa.Connection, search: str, window: str) -> LastReading | None:
    """How a search was last read, if ever."""
    query = (
        sa.select(windows, runs.c.summary)
        .join(runs, runs.c.run_id == windows.c.run_id, isouter=True)
        .where(windows.c.search == search, windows.c.window == window)
        .order_by(windows.c.finished_at.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return LastReading(search, row.people, row.calls, row.coverage, row.finished_at, row.summary)


def answered(connection: sa.Connection, operation: str, stale_before: int | None = None) -> int:
    """People whose contact of that kind will not be asked for again: it is bought, under way or in doubt.

    ``stale_before``: what was answered before that time is asked for anew.
    """
    again = calls.c.state.in_([State.PLANNED, State.VOID]) | _DRY | _stale(stale_before)
    query = sa.select(sa.func.count(calls.c.subject.distinct())).where(calls.c.operation == operation, _LAST, ~again)
    return int(connection.execute(query).scalar_one())


def planned(connection: sa.Connection, operation: str, searches: Sequence[str] | None = None) -> int:
    """People for whom a run of these searches sends what earlier ones did not get to: planned, run dry, or void."""
    left = (calls.c.state == State.PLANNED) | _DRY | ((calls.c.state == State.VOID) & _ALONE)
    query = sa.select(sa.func.count(calls.c.subject.distinct())).where(calls.c.operation == operation, _LAST, left)
    if searches is not None:
        query = query.where(calls.c.search.in_(searches))
    return int(connection.execute(query).scalar_one())


def stale(connection: sa.Connection, operation: str, stale_before: int | None) -> int:
    """People whose contact of that kind was answered before that time: asked for anew once a search shows them."""
    query = sa.select(sa.func.count(calls.c.subject.distinct())).where(
        calls.c.operation == operation, _LAST, _stale(stale_before)
    )
    return int(connection.execute(query).scalar_one())


def unasked(connection: sa.Connection, operation: str) -> int:
    """People known here for whom that was never asked: nobody wanted it, or too little is known to ask."""
    asked = sa.select(calls.c.subject).where(calls.c.operation == operation)
    query = sa.select(sa.func.count()).select_from(people).where(people.c.person_id.not_in(asked))
    return int(connection.execute(query).scalar_one())


def _stale(before: int | None) -> sa.ColumnElement[bool]:
    if before is None:
        return sa.false()
    return (calls.c.state == State.SETTLED) & calls.c.outcome.in_(ANSWERS) & (calls.c.settled_at < before)


def experience(connection: sa.Connection, operation: str) -> Experience:
    """What this operation has come to so far."""
    found = sa.func.sum(sa.case((calls.c.outcome == Outcome.FOUND, 1), else_=0))
    query = sa.select(sa.func.count(), found, sa.func.sum(calls.c.amount_min), sa.func.sum(calls.c.amount_max)).where(
        calls.c.operation == operation, calls.c.state == State.SETTLED
    )
    row = connection.execute(query).one()
    return Experience(*(int(value or 0) for value in row))


def unverified(connection: sa.Connection, verifying: Verifying, now: int) -> int:
    """Known addresses that the policy wants verified, and that have no verdict that is fresh."""
    fresh = sa.select(verifications.c.email).where(
        verifications.c.verified_at >= now - round(verifying.again_after * 1_000_000)
    )
    query = sa.select(emails.c.email, emails.c.status).where(emails.c.email.not_in(fresh)).distinct()
    return len({row.email for row in connection.execute(query) if verifying.wants(EmailStatus(row.status))})


def most_addresses(connection: sa.Connection) -> int:
    """The most addresses that one answer has held."""
    counted = sa.select(sa.func.count().label("n")).select_from(emails).group_by(emails.c.call_id).subquery()
    return int(connection.execute(sa.select(sa.func.max(counted.c.n))).scalar() or 0)


def outstanding(connection: sa.Connection) -> tuple[int, int]:
    """Calls under way, and calls in doubt."""
    states = by_state(connection)
    return states.get(State.ACCEPTED, 0) + states.get(State.SENT, 0), states.get(State.IN_DOUBT, 0)


_DRY = (calls.c.state == State.SETTLED) & (calls.c.outcome == Outcome.INCOMPLETE)
_other = calls.alias("other")
_OTHERS = sa.select(sa.literal(1)).where(
    _other.c.provider == calls.c.provider,
    _other.c.operation == calls.c.operation,
    _other.c.subject == calls.c.subject,
    _other.c.epoch != calls.c.epoch,
    _other.c.state != State.VOID,
)
#: of several purchases of a thing the last counts, but for void ones: as `plans.plan` sees it
_LAST = ~_OTHERS.where(_other.c.epoch > calls.c.epoch).exists()
#: no purchase of the thing but void ones
_ALONE = ~_OTHERS.exists()
