"""What the ledger knows of what a run would still have to buy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from enrichment.ledger.books import by_state
from enrichment.ledger.schema import calls, emails, people, runs, verifications, windows
from enrichment.ledger.standings import Asking, stands
from enrichment.states import State
from enrichment.verification import Verifying
from enrichment.waterfall import Standing, candidates
from sources.providers import Channel, EmailStatus, Outcome


@dataclass(frozen=True)
class LastReading:
    """The last time a search was read with these filters. ``run_summary`` is JSON of the run that did.

    ``calls``: pages that were asked for, in so many ``windows``, by all runs that this reading took.
    """

    search: str
    people: int
    calls: int
    coverage: str
    finished_at: int
    run_summary: str | None
    windows: int = 1
    started_at: int = 0


@dataclass(frozen=True)
class Foreseen:
    """How many people stand how at one provider of a waterfall, for one contact.

    ``closed``: they are not asked for there as things stand, or perhaps not. ``open``: they may be, once a search
    shows them; of those ``next``: this provider is the first to ask, and ``left``: a run of these searches asks there,
    as an earlier one wanted to. ``late``: closed, but what is under way may lead there, shown by a search or not.
    ``unasked``: people known here for whom nobody was ever asked: nobody wanted it, or too little is known to ask.
    """

    closed: int = 0
    open: int = 0
    next: int = 0
    left: int = 0
    late: int = 0
    unasked: int = 0


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
    span = windows.c.finished_at.between(row.started_at, row.finished_at)
    calls = sa.func.sum(windows.c.calls).label("calls")  # each run's own
    each = sa.select(calls).where(windows.c.search == search, span).group_by(windows.c.window).subquery()
    count, total = connection.execute(sa.select(sa.func.count(), sa.func.sum(each.c.calls)).select_from(each)).one()
    return LastReading(
        search, row.people, total, row.coverage, row.finished_at, row.summary, windows=count, started_at=row.started_at
    )


def foreseen(
    connection: sa.Connection,
    asking: Asking,
    channel: Channel,
    searches: Collection[str],
    now: int,
    verifying: Verifying,
) -> dict[str, Foreseen]:
    """By provider of the waterfall, in its order: how many people may be asked for there. As planning sees it.

    ``searches``: those of the run. Of ``asking`` no provider is needed.
    """
    order = asking.waterfall.order.get(channel, ())
    doubtful = _verifiable(connection, verifying, now) if asking.verifying and channel is Channel.EMAIL else ()
    counts = {name: Counter[str]() for name in order}
    known = 0
    for stand in stands(connection, asking, channel, now, doubtful):
        known += 1
        standings = set(stand.at.values())
        waits = stand.doubtful or (Standing.WAITING in standings and Standing.ENOUGH not in standings)
        following = candidates(order, stand.at)
        for name in order:
            at = stand.at.get(name, Standing.UNASKED)
            askable = at in (Standing.UNASKED, Standing.PLANNED)
            if name not in following:
                counts[name]["closed"] += 1
                counts[name]["late"] += askable and waits
                continue
            left = [other for other, standing in stand.at.items() if standing is Standing.PLANNED and other != name]
            counts[name]["open"] += 1
            counts[name]["closed"] += bool(left)  # what is left at another may go out first
            if name == following[0]:
                counts[name]["next"] += 1
                sure = at is Standing.PLANNED or (name in stand.asked and name == order[0])
                counts[name]["left"] += sure and stand.search in searches
    everybody = connection.execute(sa.select(sa.func.count()).select_from(people)).scalar_one()
    unasked = max(0, int(everybody) - known)
    return {name: Foreseen(**counts[name], unasked=unasked) for name in order}


def planned_verifications(connection: sa.Connection, provider: str) -> int:
    """Verifications that are planned, or void, or ended half-way for want of credits."""
    left = (calls.c.state == State.PLANNED) | _DRY | ((calls.c.state == State.VOID) & _ALONE)
    query = sa.select(sa.func.count(calls.c.subject.distinct())).where(
        calls.c.provider == provider, calls.c.channel == Channel.VERIFICATION, _LAST, left
    )
    return int(connection.execute(query).scalar_one())


def experience(connection: sa.Connection, provider: str, operation: str) -> Experience:
    """What this operation has come to so far."""
    found = sa.func.sum(sa.case((calls.c.outcome == Outcome.FOUND, 1), else_=0))
    query = sa.select(sa.func.count(), found, sa.func.sum(calls.c.amount_min), sa.func.sum(calls.c.amount_max)).where(
        calls.c.provider == provider, calls.c.operation == operation, calls.c.state == State.SETTLED
    )
    row = connection.execute(query).one()
    return Experience(*(int(value or 0) for value in row))


def unverified(connection: sa.Connection, verifying: Verifying, now: int) -> int:
    """Known addresses that the policy wants verified, and that have no verdict that is fresh."""
    query = _without_verdict(verifying, now).with_only_columns(emails.c.email, emails.c.status).distinct()
    return len({row.email for row in connection.execute(query) if verifying.wants(EmailStatus(row.status))})


def _verifiable(connection: sa.Connection, verifying: Verifying, now: int) -> set[str]:
    """Calls with an address that a run may verify: what they found may turn out not to be enough."""
    rows = connection.execute(_without_verdict(verifying, now))
    return {row.call_id for row in rows if verifying.wants(EmailStatus(row.status))}


def _without_verdict(verifying: Verifying, now: int) -> sa.Select[tuple[str, str, str]]:
    fresh = sa.select(verifications.c.email).where(
        verifications.c.verified_at >= now - round(verifying.again_after * 1_000_000)
    )
    return sa.select(emails.c.call_id, emails.c.email, emails.c.status).where(emails.c.email.not_in(fresh))


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
