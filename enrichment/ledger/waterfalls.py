"""Planning contacts along the waterfall: how each person stands at each provider, and the next call that follows.

It runs in the transaction that changes how somebody stands (a page of a search, a settlement, a provider that is passed
over), so that no crash comes between a miss and the call to the next provider.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from enrichment.ledger.moves import UNRESERVED, move
from enrichment.ledger.plans import Wanted, plan
from enrichment.ledger.schema import calls, people
from enrichment.ledger.standings import (
    Asking,
    Known,
    being_verified,
    known_of,
    operation_of,
    order_of,
    parts,
    standing,
    statuses_of,
)
from enrichment.states import COMMITTED, State
from enrichment.waterfall import Standing, StopWhen, candidates
from sources.providers import CONTACTS, Channel, Outcome, Person, Provider


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
    known = known_of(connection, ids, wanted_channels)
    statuses = statuses_of(connection, known)
    if asking.verifying and asking.waterfall.stop_when is not StopWhen.ANY:
        unsure = being_verified(connection, asking, list(statuses), now)
    else:
        unsure = set()
    passed_over = set(asking.passed_over())
    wanted: list[Wanted] = []
    needless: dict[State, list[str]] = defaultdict(list)
    not_yet: list[str] = []
    for person in {person.person_id: person for person in persons}.values():
        for channel in wanted_channels:
            of = known.get((person.person_id, channel), Known())
            asks = {name: asking.providers[name].ask(channel, person) for name in order_of(asking, channel)}
            standings = {
                name: standing(asking, channel, row, asks.get(name), statuses, now) for name, row in of.latest.items()
            }
            for name, row in of.latest.items():
                if standings[name] is Standing.LESS and row["call_id"] in unsure:
                    standings[name] = Standing.WAITING
            skipped = {name for name, operation in passed_over if operation == operation_of(asking, name, channel)}
            order = order_of(asking, channel)
            # where nobody can be asked now, who is passed over is asked by a later run
            able = [name for name in candidates(order, standings, skipped) if asks[name] is not None]
            first = [name for name in candidates(order, standings) if asks[name] is not None]
            chosen = next(iter((*able, *first)), None)
            if chosen is not None and (ask := asks[chosen]) is not None:
                unit = asking.providers[chosen].unit
                wanted.append(Wanted(chosen, channel, unit, person.person_id, ask, search or of.search))
            if asking.passing_over is not None and able and able[0] != first[0]:
                asking.passing_over(first[0], str(operation_of(asking, first[0], channel)), person.person_id)
            for row in of.planned:
                if Standing.ENOUGH in standings.values():
                    of_now = operation_of(asking, row["provider"], channel)
                    if standings.get(row["provider"]) is not Standing.ENOUGH or row["operation"] != of_now:
                        needless[State(row["state"])].append(row["call_id"])
                elif row["state"] == State.PLANNED and row["provider"] != chosen and row["wanted_by"] == asking.run_id:
                    not_yet.append(row["call_id"])
    for state, call_ids in needless.items():
        changes = {**UNRESERVED, "note": "not needed: another provider has found enough"}
        move(connection, call_ids, state, State.VOID, "not_needed", now, changes=changes)
    for part in parts(not_yet):
        connection.execute(calls.update().where(calls.c.call_id.in_(part)).values(wanted_by=None))
    return plan(connection, wanted, asking.run_id, now, settled_before=asking.stale_before)


def plan_next(
    connection: sa.Connection, asking: Asking, person_ids: Iterable[str], channels: Sequence[Channel], now: int
) -> int:
    """The same for people the ledger knows, by their ids."""
    return plan_contacts(connection, asking, people_of(connection, person_ids), now, channels=channels)


def follows(provider: Provider, operation: str) -> list[Channel]:
    """The contacts for which the end of such a call may lead on: of an address, a verdict does."""
    ended = [channel for channel, known in provider.operations.items() if known.name == operation]
    return [Channel.EMAIL if channel is Channel.VERIFICATION else channel for channel in ended]


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
            (other.c.provider != calls.c.provider) | (other.c.operation != calls.c.operation),
            other.c.state.in_((State.PLANNED, *COMMITTED))
            | ((other.c.state == State.SETTLED) & (other.c.outcome == Outcome.FOUND)),
        )
        .exists()
    )
    contacts = [channel for channel in channels if channel in CONTACTS]
    asked_here = sa.or_(
        calls.c.channel.not_in(contacts),
        *(
            (calls.c.channel == c) & (calls.c.provider == name) & (calls.c.operation == operation_of(asking, name, c))
            for c in contacts
            for name in order_of(asking, c)
        ),
    )
    left = (calls.c.state == State.PLANNED, calls.c.search.in_(searches), calls.c.channel.in_(channels))
    planned = 0
    for channel in contacts:
        disputed = sa.select(calls.c.person_id).where(*left, calls.c.channel == channel, elsewhere, asked_here)
        planned += plan_next(connection, asking, connection.execute(disputed).scalars().all(), [channel], now)
    alone = calls.update().where(*left, ~elsewhere, asked_here).values(wanted_by=asking.run_id)
    return planned + connection.execute(alone).rowcount


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
    for part in parts(dict.fromkeys(person_ids)):
        rows = connection.execute(sa.select(people.c.person_id, people.c.facts).where(people.c.person_id.in_(part)))
        found += [Person(person_id=row.person_id, **json.loads(row.facts)) for row in rows]
    return found
