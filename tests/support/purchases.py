"""A ledger with purchases in it, and short ways to move them along; for tests of the ledger and the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from enrichment.caps import Cap
from enrichment.contacts import Email, Phone
from enrichment.decisions import Decision
from enrichment.ledger import Ledger, answers, claims, evidence, plans, settle
from enrichment.ledger.answers import SubmitAnswer
from enrichment.ledger.claims import Claimed, Lane, Worker
from enrichment.ledger.plans import Wanted
from enrichment.ledger.schema import calls
from enrichment.settlement import Settlement
from enrichment.states import State
from sources.providers import Ask, Basis, Channel, Charge, EmailStatus, Outcome, ProviderResult, Via

RUN, OWNER, NOW = "run-1", "worker-1", 1_790_000_000_000_000
EMAIL_LANE = Lane("vendor", "find_email", "credits", 600, 16)
PHONE_LANE = Lane("vendor", "find_phone", "credits", 2000, 16)
WORST = (Charge("pool", 0, 600, Basis.BOUNDED),)


def wanted(person: str, channel: Channel = Channel.EMAIL, **parameters: Any) -> Wanted:
    """A wish for a person's contact."""
    ask = Ask(f"find_{channel}", person, {"personId": person, **parameters})
    return Wanted("vendor", channel, "credits", person, ask, "a search")


def plan(ledger: Ledger, *people: str, run: str = RUN, channel: Channel = Channel.EMAIL, **parameters: Any) -> int:
    """Plan a purchase for each person; how many were new."""
    return ledger.call(plans.plan, [wanted(person, channel, **parameters) for person in people], run, NOW)


def claim(
    ledger: Ledger, lanes: Sequence[Lane] = (EMAIL_LANE,), caps: Sequence[Cap] = (), run: str = RUN, now: int = NOW
) -> tuple[list[Claimed], Cap | None]:
    """Claim what is due."""
    return ledger.call(claims.claim, Worker(run, OWNER, now + 60_000_000), lanes, caps, now)


def send(ledger: Ledger, claimed: Claimed, now: int = NOW) -> bool:
    """The last step before the wire."""
    return ledger.call(claims.mark_sent, claimed, WORST, OWNER, now)


def answer(
    ledger: Ledger, claimed: Claimed, state: State, *, event: str = "test", delay: float = 0.0, now: int = NOW,
    tracking_id: str | None = "t-1", outcome: Outcome | None = None,
) -> None:  # fmt: skip
    """The submit was answered so."""
    decision = Decision(state, event, outcome=outcome, delay=delay)
    noted = SubmitAnswer("answered", 200, tracking_id, b"{}", now + 1)
    ledger.call(answers.answered, claimed, decision, noted, OWNER, now)


def found(*addresses: str, amount: int = 200) -> Settlement:
    """A find."""
    emails = tuple(Email(address, "company", EmailStatus.DELIVERABLE, "ok", "Hunter") for address in addresses)
    charges = (Charge("pool", amount, amount, Basis.REPORTED),)
    results = tuple(ProviderResult("Hunter", "ok", address) for address in addresses)
    return Settlement(Outcome.FOUND, emails=emails, charges=charges, results=results)


def found_number(number: str) -> Settlement:
    """A find of a number."""
    return Settlement(Outcome.FOUND, phones=(Phone(number, number, "mobile", "IN", None),), charges=WORST)


MISSED = Settlement(Outcome.NOT_FOUND, charges=(Charge("pool", 0, 0, Basis.DOCUMENTED),))


def tell(
    ledger: Ledger, request_id: str, *settlements: Settlement, body: bytes = b"1", foreign: bool = False,
    via: Via = Via.WEBHOOK, now: int = NOW, provider: str = "vendor",
) -> bool | None:  # fmt: skip
    """Evidence about a request comes and is applied; None where the document was known."""

    def work(connection: sa.Connection) -> bool | None:
        inbox_id = evidence.receive(connection, provider, request_id, via, body, now)
        if inbox_id is None:
            return None
        document = evidence.with_calls(connection, inbox_id, provider, request_id, via, body)
        return settle.apply(connection, document, settlements, now, foreign=foreign)

    return ledger.call(work)


def call(ledger: Ledger, subject: str) -> Any:
    """A call's row, the latest epoch's."""
    with ledger.read() as connection:
        return connection.execute(
            sa.select(calls).where(calls.c.subject == subject).order_by(calls.c.epoch.desc())
        ).first()


def rows(ledger: Ledger, table: sa.Table) -> list[dict[str, Any]]:
    """A table's rows."""
    with ledger.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]
