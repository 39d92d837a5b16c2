"""Planning contacts along the waterfall: how each person stands at each provider, and the next call that follows.

It runs in the transaction that changes how somebody stands (a page of a search, a settlement, a provider that is passed
over), so that no crash comes between a miss and the call to the next provider.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from enrichment.ledger.moves import UNRESERVED, move
from enrichment.ledger.plans import Wanted, canonical, next_epoch, plan
from enrichment.ledger.schema import calls, emails, people, verifications
from enrichment.states import COMMITTED, State
from enrichment.waterfall import Standing, StopWhen, Waterfall, candidates, enough
from sources.providers import CONTACTS, Channel, EmailStatus, Outcome, Person, Provider

_CHUNK = 400


@dataclass(frozen=True)
class Asking:
    """Who may be asked for whom in a run. ``passed_over``: (provider, operation) that cannot be asked now.

    ``stale_before``: what was answered before that time is asked for anew; None: never.
    """

    waterfall: Waterfall
    providers: Mapping[str, Provider]
    run_id: str
    passed_over: Callable[[], Iterable[tuple[str, str]]] = tuple
    stale_before: int | None = None
    #: addresses are verified in this run: what is enough may depend on a verdict that is under way
    verifying: bool = False
    #: is told (provider, operation, person) for whom another is asked instead of one that is passed over
    passing_over: Callable[[str, str, str], None] | None = None


@dataclass(frozen=True)
class Stand:
    """How one person's contact stands at each provider that was ever asked for it.

    ``asked``: providers with any call of it, void ones too. ``doubtful``: what is enough may turn out not to be.
    ``search``: the one that first asked for it.
    """

    at: Mapping[str, Standing]
    asked: frozenset[str]
    doubtful: bool
    search: str | None


@dataclass
class _Known:
    """What the ledger has of one person's channel: the last purchase at each provider that is not void."""

    latest: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    planned: list[Mapping[str, Any]] = field(default_factory=list, repr=False)  # what has not left yet
    asked: set[str] = field(default_factory=set)
    search: str | None = field(default=None, repr=False)


def plan_contacts(
    connection: sa.Connection,
    asking: Asking,
    persons: Sequence[Person],
    now: int,
    *,
    channels: Sequence[Channel] | None = None,
    search: str | None = None,
) -> int:
    """Plan what comes next for these people; returns how many calls are new.

    ``channels`` None: all that the waterfall has. ``search``: the one that shows them; else that of the call before.
    What is planned at one provider while another has found enough is not needed any more, and void. What is planned at
    one while another is asked, or to be asked before, is not wanted by this run: both would be paid.
    """
    wanted_channels = [c for c in asking.waterfall.channels if channels is None or c in channels]
    if not wanted_channels or not persons:
        return 0
    ids = list(dict.fromkeys(person.person_id for person in persons))
    known = _known(connection, ids, wanted_channels)
    statuses = _statuses(connection, known)
    if asking.verifying and asking.waterfall.stop_when is not StopWhen.ANY:
        unsure = _being_verified(connection, list(statuses))
    else:
        unsure = set()
    passed_over = set(asking.passed_over())
    wanted: list[Wanted] = []
    needless: dict[State, list[str]] = defaultdict(list)
    not_yet: list[str] = []
    for person in {person.person_id: person for person in persons}.values():
        for channel in wanted_channels:
            of = known.get((person.person_id, channel), _Known())
            asks = {name: asking.providers[name].ask(channel, person) for name in _order(asking, channel)}
            standings = {
                name: _standing(asking, channel, row, asks.get(name), statuses, now) for name, row in of.latest.items()
            }
            for name, row in of.latest.items():
                if standings[name] is Standing.LESS and row["call_id"] in unsure:
                    standings[name] = Standing.WAITING
            skipped = {name for name, operation in passed_over if operation == _operation(asking, name, channel)}
            order = _order(asking, channel)
            # where nobody can be asked now, who is passed over is asked by a later run
            able = [name for name in candidates(order, standings, skipped) if asks[name] is not None]
            first = [name for name in candidates(order, standings) if asks[name] is not None]
            chosen = next(iter((*able, *first)), None)
            if chosen is not None and (ask := asks[chosen]) is not None:
                unit = asking.providers[chosen].unit
                wanted.append(Wanted(chosen, channel, unit, person.person_id, ask, search or of.search))
            if asking.passing_over is not None and able and able[0] != first[0]:
                asking.passing_over(first[0], str(_operation(asking, first[0], channel)), person.person_id)
            for row in of.planned:
                if Standing.ENOUGH in standings.values():
                    if standings.get(row["provider"]) is not Standing.ENOUGH:
                        needless[State(row["state"])].append(row["call_id"])
                elif row["state"] == State.PLANNED and row["provider"] != chosen and row["wanted_by"] == asking.run_id:
                    not_yet.append(row["call_id"])
    for state, call_ids in needless.items():
        changes = {**UNRESERVED, "note": "not needed: another provider has found enough"}
        move(connection, call_ids, state, State.VOID, "not_needed", now, changes=changes)
    for part in _parts(not_yet):
        connection.execute(calls.update().where(calls.c.call_id.in_(part)).values(wanted_by=None))
    return plan(connection, wanted, asking.run_id, now, settled_before=asking.stale_before)


def plan_next(
    connection: sa.Connection, asking: Asking, person_ids: Iterable[str], channels: Sequence[Channel], now: int
) -> int:
    """The same for people the ledger knows, by their ids."""
    return plan_contacts(connection, asking, people_of(connection, person_ids), now, channels=channels)


def want_again(
    connection: sa.Connection, asking: Asking, searches: Sequence[str], channels: Sequence[Channel], now: int
) -> int:
    """Take on what earlier runs of these searches planned and did not get to; returns how many calls at once.

    Where anybody else has a part in it, the waterfall decides anew: of two that are planned (one was passed over) the
    first in the order is asked, and nobody while another may still answer or has found enough. Who has left the order,
    or has become dearer than an answer may be, is not asked for what was planned there; others are, once a search shows
    the person.
    """
    other = calls.alias("other")
    elsewhere = (
        sa.select(sa.literal(1))
        .where(
            other.c.person_id == calls.c.person_id,
            other.c.channel == calls.c.channel,
            other.c.provider != calls.c.provider,
            other.c.state.in_((State.PLANNED, *COMMITTED))
            | ((other.c.state == State.SETTLED) & (other.c.outcome == Outcome.FOUND)),
        )
        .exists()
    )
    contacts = [channel for channel in channels if channel in CONTACTS]
    asked_here = sa.or_(
        calls.c.channel.not_in(contacts),
        *((calls.c.channel == c) & calls.c.provider.in_(asking.waterfall.order.get(c, ())) for c in contacts),
    )
    left = (calls.c.state == State.PLANNED, calls.c.search.in_(searches), calls.c.channel.in_(channels))
    planned = 0
    for channel in contacts:
        disputed = sa.select(calls.c.person_id).where(*left, calls.c.channel == channel, elsewhere, asked_here)
        planned += plan_next(connection, asking, connection.execute(disputed).scalars().all(), [channel], now)
    alone = calls.update().where(*left, ~elsewhere, asked_here).values(wanted_by=asking.run_id)
    return planned + connection.execute(alone).rowcount


def stands(
    connection: sa.Connection, asking: Asking, channel: Channel, now: int, doubtful: Collection[str] = ()
) -> Iterator[Stand]:
    """How everybody stands for whom a contact was ever asked for. ``doubtful``: calls whose addresses may be verified.

    Of ``asking`` no provider is needed: what was rejected counts as if it would be asked for in the same words.
    """
    query = sa.select(calls.c.person_id).where(calls.c.channel == channel, calls.c.person_id.is_not(None)).distinct()
    for part in _parts(connection.execute(query).scalars()):
        known = _known(connection, part, [channel])
        statuses = _statuses(connection, known)
        for of in known.values():
            at = {name: _standing(asking, channel, row, None, statuses, now) for name, row in of.latest.items()}
            unsure = any(at[name] is Standing.ENOUGH and row["call_id"] in doubtful for name, row in of.latest.items())
            yield Stand(at, frozenset(of.asked), unsure, of.search)


def waiting_at(connection: sa.Connection, run_id: str, provider: str, operation: str) -> list[str]:
    """People whose call to a provider this run wants and has not sent."""
    query = (
        sa.select(calls.c.person_id)
        .where(
            calls.c.state == State.PLANNED,
            calls.c.wanted_by == run_id,
            calls.c.provider == provider,
            calls.c.operation == operation,
            calls.c.person_id.is_not(None),
        )
        .distinct()
    )
    return list(connection.execute(query).scalars())


def people_in(connection: sa.Connection, call_ids: Sequence[str]) -> list[str]:
    """Whose calls these are."""
    query = sa.select(calls.c.person_id).where(calls.c.call_id.in_(call_ids), calls.c.person_id.is_not(None))
    return list(connection.execute(query).scalars())


def people_of(connection: sa.Connection, person_ids: Iterable[str]) -> list[Person]:
    """What providers may be asked with for these people; those nobody has seen are left out."""
    found = []
    for part in _parts(dict.fromkeys(person_ids)):
        rows = connection.execute(sa.select(people.c.person_id, people.c.facts).where(people.c.person_id.in_(part)))
        found += [Person(person_id=row.person_id, **json.loads(row.facts)) for row in rows]
    return found


def _order(asking: Asking, channel: Channel) -> list[str]:
    return [
        name
        for name in asking.waterfall.order.get(channel, ())
        if name in asking.providers and channel in asking.providers[name].operations
    ]


def _operation(asking: Asking, provider: str, channel: Channel) -> str | None:
    known = asking.providers[provider].operations.get(channel) if provider in asking.providers else None
    return known.name if known is not None else None


def _known(
    connection: sa.Connection, ids: Sequence[str], channels: Sequence[Channel]
) -> dict[tuple[str, Channel], _Known]:
    found: dict[tuple[str, Channel], _Known] = defaultdict(_Known)
    for part in _parts(ids):
        rows = connection.execute(
            sa.select(
                *(calls.c[name] for name in ("call_id", "person_id", "provider", "channel", "state", "outcome")),
                *(calls.c[name] for name in ("epoch", "parameters", "run_id", "settled_at", "updated_at", "search")),
                calls.c.wanted_by,
            )
            .where(calls.c.person_id.in_(part), calls.c.channel.in_(channels))
            .order_by(calls.c.planned_at, calls.c.epoch)
        ).mappings()
        for row in rows:
            of = found[row["person_id"], Channel(row["channel"])]
            of.search = of.search or row["search"]
            of.asked.add(row["provider"])
            if row["state"] in (State.PLANNED, State.RESERVED):
                of.planned.append(dict(row))
            if row["state"] != State.VOID:
                of.latest[row["provider"]] = dict(row)
    return found


def _standing(
    asking: Asking,
    channel: Channel,
    row: Mapping[str, Any],
    ask: Any,
    statuses: Mapping[str, Sequence[EmailStatus]],
    now: int,
) -> Standing:
    state = row["state"]
    if state == State.PLANNED:
        return Standing.PLANNED
    if state == State.IN_DOUBT and asking.waterfall.in_doubt_after is not None:
        long_ago = now - row["updated_at"] >= asking.waterfall.in_doubt_after * 1_000_000
        return Standing.LESS if long_ago else Standing.WAITING
    if state in COMMITTED:
        return Standing.WAITING
    parameters = canonical(ask.parameters) if ask is not None else row["parameters"]
    if next_epoch(row, parameters, asking.run_id, asking.stale_before) is not None:
        return Standing.UNASKED
    found = state == State.SETTLED and row["outcome"] == Outcome.FOUND
    if not found:
        return Standing.LESS
    return (
        Standing.ENOUGH
        if enough(channel, statuses.get(row["call_id"], ()), asking.waterfall.stop_when)
        else Standing.LESS
    )


def _statuses(connection: sa.Connection, known: Mapping[tuple[str, Channel], _Known]) -> dict[str, list[EmailStatus]]:
    """What is known of the addresses that calls have found, by call; the last verdict outranks what was said."""
    found = [
        row["call_id"]
        for (_, channel), of in known.items()
        for row in of.latest.values()
        if channel is Channel.EMAIL and row["outcome"] == Outcome.FOUND
    ]
    statuses: dict[str, list[EmailStatus]] = defaultdict(list)
    for part in _parts(found):
        verdict = (
            sa.select(verifications.c.status)
            .where(verifications.c.email == emails.c.email)
            .order_by(verifications.c.verified_at.desc(), verifications.c.call_id.desc())
            .limit(1)
            .scalar_subquery()
        )
        rows = connection.execute(
            sa.select(emails.c.call_id, sa.func.coalesce(verdict, emails.c.status)).where(emails.c.call_id.in_(part))
        )
        for call_id, status in rows:
            statuses[call_id].append(EmailStatus(status))
    return statuses


def _being_verified(connection: sa.Connection, call_ids: Sequence[str]) -> set[str]:
    """Calls that found an address of which a verdict is wanted and not there yet."""
    found: set[str] = set()
    for part in _parts(call_ids):
        query = (
            sa.select(emails.c.call_id)
            .join(calls, calls.c.subject == emails.c.email)
            .where(
                emails.c.call_id.in_(part),
                calls.c.channel == Channel.VERIFICATION,
                calls.c.state.in_([State.PLANNED, *COMMITTED]),
            )
        )
        found |= set(connection.execute(query).scalars())
    return found


def _parts(items: Iterable[str]) -> Iterable[list[str]]:
    listed = list(items)
    return (listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK))
