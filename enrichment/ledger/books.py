"""Sums over the ledger: what is open, what a run has done, what was spent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from enrichment.ledger.by_hand import EVENT
from enrichment.ledger.schema import calls, emails, phones, request_calls, requests, transitions, verifications
from enrichment.states import COMMITTED, State
from sources.providers import Channel, Outcome


@dataclass(frozen=True)
class Amount:
    """Bounds of what was or may have been charged, in 1/100 unit."""

    least: int = 0
    most: int = 0


@dataclass(frozen=True)
class Share:
    """What one provider did for a run, of one channel.

    ``asked``: things that the run asked for there. ``settled``: those that ended meanwhile, asked for by whatever run;
    ``found`` is of these. ``spent`` is what the run bought.
    """

    provider: str
    channel: Channel
    unit: str
    asked: int = 0
    settled: int = 0
    found: int = 0
    spent: Amount = Amount()


@dataclass(frozen=True)
class RunBooks:
    """What one run did. ``calls_sent`` counts requests, ``purchases_sent`` the things they asked for."""

    calls_sent: int = 0
    purchases_sent: int = 0
    calls_settled: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    emails_found: int = 0
    phones_found: int = 0
    verified: dict[str, int] = field(default_factory=dict)
    spent: dict[str, Amount] = field(default_factory=dict)
    shares: tuple[Share, ...] = ()


_SETTLED = calls.c.state == State.SETTLED
_LEAST = sa.func.sum(sa.case((_SETTLED, calls.c.amount_min), else_=0))
_MOST = sa.func.sum(sa.case((_SETTLED, calls.c.amount_max), else_=calls.c.reserved))


def by_state(connection: sa.Connection) -> dict[State, int]:
    """Calls in each state."""
    rows = connection.execute(sa.select(calls.c.state, sa.func.count()).group_by(calls.c.state))
    return {State(state): int(count) for state, count in rows}


def outstanding(connection: sa.Connection, providers: Collection[str]) -> int:
    """Calls that are accepted and not settled, at providers that a run can hear of."""
    return _count(connection, calls, calls.c.state == State.ACCEPTED, calls.c.provider.in_(list(providers)))


def in_doubt_of(connection: sa.Connection, run_id: str) -> int:
    """Calls of a run that are in doubt because the answer to their submit was lost."""
    return _count(
        connection, calls, calls.c.state == State.IN_DOUBT, calls.c.run_id == run_id, calls.c.accepted_at.is_(None)
    )


def in_other_hands(connection: sa.Connection, run_id: str, owner: str) -> int:
    """Calls that a run wants and another worker is about to send, or has sent: should it die, they are ours."""
    held = calls.c.state.in_([State.RESERVED, State.SENT])
    return _count(connection, calls, held, calls.c.wanted_by == run_id, calls.c.owner != owner)


def ran_dry(connection: sa.Connection, run_id: str) -> int:
    """Calls of a run for which the vendor's credits did not last."""
    dry = (calls.c.state == State.SETTLED, calls.c.outcome == Outcome.INCOMPLETE)
    return _count(connection, calls, calls.c.run_id == run_id, *dry)


def wanted_left(connection: sa.Connection, run_id: str, without: Sequence[str] = ()) -> int:
    """Calls that a run wants and that are still only planned, but for some operations."""
    kept = calls.c.operation.not_in(without)
    return _count(connection, calls, calls.c.state == State.PLANNED, calls.c.wanted_by == run_id, kept)


def _count(connection: sa.Connection, rows: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(rows).where(*conditions)).scalar_one())


def spent(connection: sa.Connection, conditions: Sequence[sa.ColumnElement[bool]] = ()) -> dict[str, Amount]:
    """What was charged at the least and may have been at the most, by unit; what is committed counts in full above."""
    rows = connection.execute(
        sa.select(calls.c.unit, _LEAST, _MOST)
        .where(calls.c.state.in_([State.SETTLED, *COMMITTED]), *conditions)
        .group_by(calls.c.unit)
    )
    return {unit: Amount(int(low or 0), int(high or 0)) for unit, low, high in rows}


def of_run(connection: sa.Connection, run_id: str, started_at: int) -> RunBooks:
    """What a run has done so far."""

    settled = calls.c.call_id.in_(
        sa.select(transitions.c.call_id).where(
            transitions.c.after == State.SETTLED, transitions.c.at >= started_at, transitions.c.event != EVENT
        )
    )
    ends = (
        sa.select(calls.c.outcome, sa.func.count())
        .where(settled, calls.c.channel != Channel.VERIFICATION)
        .group_by(calls.c.outcome)
    )
    outcomes = {str(outcome): int(n) for outcome, n in connection.execute(ends)}
    verdicts = (
        sa.select(verifications.c.status, sa.func.count())
        .where(verifications.c.verified_at >= started_at)
        .group_by(verifications.c.status)
    )
    pairs = sa.select(emails.c.person_id, emails.c.email).where(emails.c.revealed_at >= started_at).distinct()
    numbers = sa.select(phones.c.person_id, phones.c.number).where(phones.c.revealed_at >= started_at).distinct()
    sent = (
        requests.c.run_id == run_id,
        requests.c.sent_at.is_not(None),
        requests.c.http_outcome.is_distinct_from("never_sent"),
    )
    carried = request_calls.join(requests, requests.c.request_id == request_calls.c.request_id)
    return RunBooks(
        calls_sent=_count(connection, requests, *sent),
        purchases_sent=_count(connection, carried, *sent),
        calls_settled=_count(connection, calls, settled),
        outcomes=outcomes,
        emails_found=_count(connection, pairs.subquery()),
        phones_found=_count(connection, numbers.subquery()),
        verified={str(status): int(n) for status, n in connection.execute(verdicts)},
        spent=spent(connection, [calls.c.run_id == run_id]),
        shares=_shares(connection, run_id, settled),
    )


def _shares(connection: sa.Connection, run_id: str, settled: sa.ColumnElement[bool]) -> tuple[Share, ...]:
    keys = (calls.c.provider, calls.c.channel, calls.c.unit)
    found = sa.func.sum(sa.case((calls.c.outcome == Outcome.FOUND, 1), else_=0))
    ended = connection.execute(sa.select(*keys, sa.func.count(), found).where(settled).group_by(*keys))
    ends = {(provider, channel, unit): (n, hits) for provider, channel, unit, n, hits in ended}
    bought = connection.execute(
        sa.select(*keys, sa.func.count(), _LEAST, _MOST)
        .where(calls.c.run_id == run_id, calls.c.state.in_([State.SETTLED, State.REJECTED, *COMMITTED]))
        .group_by(*keys)
    )
    asked = {
        (provider, channel, unit): (n, Amount(int(low or 0), int(high or 0)))
        for provider, channel, unit, n, low, high in bought
    }
    shares = []
    for key in sorted({*ends, *asked}):
        count, amount = asked.get(key, (0, Amount()))
        over, hits = ends.get(key, (0, 0))
        shares.append(Share(key[0], Channel(key[1]), key[2], count, over, int(hits), amount))
    return tuple(shares)
