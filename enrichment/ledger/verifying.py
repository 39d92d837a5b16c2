"""Planning verifications: each address once, and again only when its verdict is stale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from enrichment.contacts import normalized_address
from enrichment.ledger.plans import Wanted, plan
from enrichment.ledger.schema import calls, emails
from enrichment.states import State
from enrichment.verification import Verifying
from sources.providers import Channel, EmailStatus, Provider

_CHUNK = 500


def plan_for_people(
    connection: sa.Connection,
    provider: Provider,
    verifying: Verifying,
    person_ids: Iterable[str],
    run_id: str,
    now: int,
) -> int:
    """Plan to verify what these people's addresses are worth; returns how many calls are new."""
    ids = list(dict.fromkeys(person_ids))
    found: dict[str, str] = {}
    for start in range(0, len(ids), _CHUNK):
        query = sa.select(emails.c.email, emails.c.status, emails.c.person_id).where(
            emails.c.person_id.in_(ids[start : start + _CHUNK])
        )
        for row in connection.execute(query.order_by(emails.c.revealed_at)):
            if verifying.wants(EmailStatus(row.status)) and normalized_address(row.email) == row.email:
                found.setdefault(row.email, row.person_id)
    return _plan(connection, provider, verifying.again_after, found, run_id, now)


def want_again(
    connection: sa.Connection, provider: Provider, verifying: Verifying, searches: Sequence[str], run_id: str, now: int
) -> int:
    """Take on what earlier runs of these searches planned and did not get to, as far as the policy still wants it.

    A search that goes on where an earlier run stopped does not show these people again. Returns how many calls are new.
    """
    bought = calls.alias("bought")
    of_searches = sa.exists().where(bought.c.person_id == calls.c.person_id, bought.c.search.in_(searches))
    left = sa.select(calls.c.person_id).where(
        calls.c.state == State.PLANNED, calls.c.channel == Channel.VERIFICATION, of_searches
    )
    people = connection.execute(left.distinct()).scalars().all()
    return plan_for_people(connection, provider, verifying, people, run_id, now)


def plan_known(connection: sa.Connection, provider: Provider, verifying: Verifying, run_id: str, now: int) -> int:
    """Plan to verify every address in this ledger that the policy wants; returns how many calls are new."""
    people = connection.execute(sa.select(emails.c.person_id).distinct()).scalars().all()
    return plan_for_people(connection, provider, verifying, people, run_id, now)


def plan_addresses(
    connection: sa.Connection, provider: Provider, again_after: float, addresses: Sequence[str], run_id: str, now: int
) -> int:
    """Plan to verify these addresses, whoever's they are; returns how many calls are new."""
    owners: dict[str, str | None] = dict.fromkeys(addresses)
    for start in range(0, len(addresses), _CHUNK):
        query = sa.select(emails.c.email, emails.c.person_id).where(
            emails.c.email.in_(addresses[start : start + _CHUNK])
        )
        owners |= {row.email: row.person_id for row in connection.execute(query)}
    return _plan(connection, provider, again_after, owners, run_id, now)


def _plan(
    connection: sa.Connection,
    provider: Provider,
    again_after: float,
    owners: Mapping[str, str | None],
    run_id: str,
    now: int,
) -> int:
    asks = {address: provider.ask_verification(address) for address in owners}
    wanted = [
        Wanted(provider.name, Channel.VERIFICATION, provider.unit, owners[address], ask)
        for address, ask in asks.items()
        if ask is not None
    ]
    return plan(connection, wanted, run_id, now, settled_before=now - round(again_after * 1_000_000))
