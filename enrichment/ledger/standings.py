"""How people stand at each provider, as the ledger has it: what decides whom to ask next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from enrichment.ledger.aliases import same_as
from enrichment.ledger.plans import canonical, next_epoch
from enrichment.ledger.schema import calls, emails
from enrichment.ledger.verdicts import LATEST
from enrichment.states import COMMITTED, State
from enrichment.waterfall import Standing, Waterfall, enough
from sources.providers import Channel, EmailStatus, Outcome, Provider

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
class Known:
    """What the ledger has of one person's channel: the last purchase at each provider that is not void."""

    latest: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    planned: list[Mapping[str, Any]] = field(default_factory=list, repr=False)  # what has not left yet
    asked: set[str] = field(default_factory=set)
    search: str | None = field(default=None, repr=False)


def stands(
    connection: sa.Connection, asking: Asking, channel: Channel, now: int, doubtful: Collection[str] = ()
) -> Iterator[Stand]:
    """How everybody stands for whom a contact was ever asked for. ``doubtful``: calls whose addresses may be verified.

    Of ``asking`` no provider is needed: what was rejected counts as if it would be asked for in the same words.
    """
    query = sa.select(calls.c.person_id).where(calls.c.channel == channel, calls.c.person_id.is_not(None)).distinct()
    for part in parts(connection.execute(query).scalars()):
        known = known_of(connection, part, [channel])
        statuses = statuses_of(connection, known)
        for of in known.values():
            at = {name: standing(asking, channel, row, None, statuses, now) for name, row in of.latest.items()}
            unsure = any(at[name] is Standing.ENOUGH and row["call_id"] in doubtful for name, row in of.latest.items())
            yield Stand(at, frozenset(of.asked), unsure, of.search)


def order_of(asking: Asking, channel: Channel) -> list[str]:
    """Whom to ask for a channel in this run, in order."""
    return [
        name
        for name in asking.waterfall.order.get(channel, ())
        if name in asking.providers and channel in asking.providers[name].operations
    ]


def operation_of(asking: Asking, provider: str, channel: Channel) -> str | None:
    """What a provider calls that purchase."""
    known = asking.providers[provider].operations.get(channel) if provider in asking.providers else None
    return known.name if known is not None else None


def known_of(
    connection: sa.Connection, ids: Sequence[str], channels: Sequence[Channel]
) -> dict[tuple[str, Channel], Known]:
    """What the ledger has of these people, by (person, channel)."""
    found: dict[tuple[str, Channel], Known] = defaultdict(Known)
    others = same_as(connection, ids)  # what was bought for somebody under another key counts
    for part in parts([*ids, *others]):
        rows = connection.execute(
            sa.select(
                *(calls.c[name] for name in ("call_id", "person_id", "provider", "channel", "state", "outcome")),
                *(calls.c[name] for name in ("epoch", "parameters", "run_id", "settled_at", "updated_at", "search")),
                calls.c.wanted_by,
                calls.c.operation,
            )
            .where(calls.c.person_id.in_(part), calls.c.channel.in_(channels))
            .order_by(calls.c.planned_at, calls.c.epoch)
        ).mappings()
        for row in rows:
            of = found[others.get(row["person_id"], row["person_id"]), Channel(row["channel"])]
            of.search = of.search or row["search"]
            of.asked.add(row["provider"])
            if row["state"] in (State.PLANNED, State.RESERVED):
                of.planned.append(dict(row))
            if row["state"] != State.VOID:
                of.latest[row["provider"]] = dict(row)
    return found


def standing(
    asking: Asking,
    channel: Channel,
    row: Mapping[str, Any],
    ask: Any,
    statuses: Mapping[str, Sequence[EmailStatus]],
    now: int,
) -> Standing:
    """How the last purchase at a provider stands; ``ask``: how it would be asked for now."""
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


def statuses_of(connection: sa.Connection, known: Mapping[tuple[str, Channel], Known]) -> dict[str, list[EmailStatus]]:
    """What is known of the addresses that calls have found, by call; the last verdict outranks what was said."""
    found = [
        row["call_id"]
        for (_, channel), of in known.items()
        for row in of.latest.values()
        if channel is Channel.EMAIL and row["outcome"] == Outcome.FOUND
    ]
    statuses: dict[str, list[EmailStatus]] = defaultdict(list)
    for part in parts(found):
        rows = connection.execute(
            sa.select(emails.c.call_id, sa.func.coalesce(LATEST, emails.c.status)).where(emails.c.call_id.in_(part))
        )
        for call_id, status in rows:
            statuses[call_id].append(EmailStatus(status))
    return statuses


def being_verified(connection: sa.Connection, asking: Asking, call_ids: Sequence[str], now: int) -> set[str]:
    """Calls that found an address of which a verdict is wanted and may still come.

    Not where verifying is refused in this run, nor for longer than a doubt holds anybody up.
    """
    found: set[str] = set()
    passed_over = set(asking.passed_over())
    patience = asking.waterfall.in_doubt_after
    for name, provider in asking.providers.items():
        operation = provider.operations.get(Channel.VERIFICATION)
        if operation is None or (name, operation.name) in passed_over:
            continue
        for part in parts(call_ids):
            query = (
                sa.select(emails.c.call_id, calls.c.state, calls.c.updated_at)
                .join(calls, calls.c.subject == emails.c.email)
                .where(
                    emails.c.call_id.in_(part),
                    calls.c.provider == name,
                    calls.c.operation == operation.name,
                    calls.c.state.in_([State.PLANNED, *COMMITTED]),
                )
            )
            for row in connection.execute(query):
                old = patience is not None and now - row.updated_at >= patience * 1_000_000
                if not (row.state == State.IN_DOUBT and old):
                    found.add(row.call_id)
    return found


def parts(items: Iterable[str]) -> Iterable[list[str]]:
    """No more at a time than a statement should hold."""
    listed = list(items)
    return (listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK))
