"""What a reveal finds and what it costs: pure functions of the truth, the plan and the credits left.

Prices: reveal pages, paragraph "Credit cost". The providers of a multi-provider plan are asked one after the other; who
found the address given is who is paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.books import ChargeKind
from sandbox.credits import CREDIT, Plan
from sandbox.emails import EmailFinding, EmailTruth
from sandbox.phones import PhoneTruth
from sandbox.values.providers import (
    DATABASE,
    EMAIL_DELIVERABLE,
    EMAIL_GUESSED,
    EMAIL_NOT_FOUND,
    EMAIL_NOT_VERIFIED,
    EMAIL_PRICES,
    INSUFFICIENT_CREDITS,
    PHONE_FOUND,
    PHONE_NOT_FOUND,
    PHONE_PRICES,
)

OutcomeWord = Literal["found", "not_found", "insufficient_credits", "failed"]
Price = tuple[ChargeKind, int]


@dataclass(frozen=True, slots=True)
class Row:
    """What one provider answered: its status word and the addresses or numbers, with their kinds."""

    provider: str
    status: str
    values: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a reveal. ``best`` is the row whose values are given to the client."""

    word: OutcomeWord
    rows: tuple[Row, ...] = ()
    best: Row | None = None
    prices: tuple[Price, ...] = ()


_WORDS = {
    "deliverable": EMAIL_DELIVERABLE,
    "unverified": EMAIL_NOT_VERIFIED,
    "guessed": EMAIL_GUESSED,
    "missed": EMAIL_NOT_FOUND,
}
_STANDARD_WORDS = {"deliverable": "verified", "unverified": "unverified", "guessed": "guessed"}


def reveal_email(truth: EmailTruth, plan: Plan, remaining: int | None, deliverable_word: str) -> Outcome:
    """An e-mail reveal with ``remaining`` hundredths of a credit left; None: any number."""
    if plan == "standard":
        return _standard_email(truth, remaining)
    rows: list[Row] = []
    hits: list[EmailFinding] = []
    for finding in truth.findings:
        if remaining is not None and remaining < EMAIL_PRICES[finding.provider]:
            rows.append(Row(finding.provider, INSUFFICIENT_CREDITS))
            break
        word = deliverable_word if finding.kind == "deliverable" else _WORDS[finding.kind]
        rows.append(Row(finding.provider, word, (finding.address,) if finding.address else ()))
        if finding.address:
            hits.append(finding)
    if not hits:
        return Outcome(_unsuccessful(rows), tuple(rows))
    found = hits[-1]  # a deliverable address ends the asking, so that the last hit is the best
    best = next(row for row in rows if row.provider == found.provider)
    return Outcome("found", tuple(rows), best, (("pool", EMAIL_PRICES[found.provider]),))


def _standard_email(truth: EmailTruth, remaining: int | None) -> Outcome:
    """From the vendor's own database; one unlock and one export credit, for a verified address alone."""
    finding = truth.findings[0]
    if finding.address is None:
        return Outcome("not_found")
    best = Row(DATABASE, _STANDARD_WORDS[finding.kind], (finding.address,))
    if finding.kind != "deliverable":
        return Outcome("found", (), best)
    if remaining is not None and remaining < CREDIT:
        return Outcome("insufficient_credits")
    return Outcome("found", (), best, (("unlock", CREDIT), ("export", CREDIT)))


def reveal_phone(truth: PhoneTruth, plan: Plan, remaining: int | None, *, partners: bool) -> Outcome:
    """A phone reveal; ``partners``: others than the vendor's own database may be asked."""
    providers = list(PHONE_PRICES) if partners else [DATABASE]
    rows: list[Row] = []
    for position, provider in enumerate(providers):
        price = PHONE_PRICES[provider] if plan == "multi_provider" else CREDIT
        if remaining is not None and remaining < price:
            rows.append(Row(provider, INSUFFICIENT_CREDITS))
            break
        if position == truth.finder:
            values, kinds = zip(*((phone.shown, phone.kind) for phone in truth.phones), strict=True)
            best = Row(provider, PHONE_FOUND, values, kinds)
            prices: tuple[Price, ...] = (("pool", price),)
            if plan == "standard":
                prices = (("phone", CREDIT), ("export", CREDIT))
            return Outcome("found", (*rows, best), best, prices)
        rows.append(Row(provider, PHONE_NOT_FOUND))
    return Outcome(_unsuccessful(rows), tuple(rows))


def _unsuccessful(rows: list[Row]) -> OutcomeWord:
    return "insufficient_credits" if rows and rows[-1].status == INSUFFICIENT_CREDITS else "not_found"
