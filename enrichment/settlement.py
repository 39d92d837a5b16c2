"""How a piece of evidence changes what is known of a call. Pure: readings in, one settlement out.

Evidence settles a call from any state. A second, different document may add to a settled call, never take away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enrichment.contacts import Email, Phone, normalize_email, normalize_phone
from sources.providers import Basis, Charge, EmailStatus, Outcome, ProviderResult, Reading

#: how much a status says for an address, best first
STATUS_ORDER = (
    EmailStatus.DELIVERABLE,
    EmailStatus.RISKY,
    EmailStatus.UNVERIFIED,
    EmailStatus.GUESSED,
    EmailStatus.UNDELIVERABLE,
)
_BASIS_ORDER = (Basis.BOUNDED, Basis.DOCUMENTED, Basis.REPORTED)


@dataclass(frozen=True)
class Settlement:
    """A reading in the house's own terms. ``outcome`` None: values may be kept, but nothing is final."""

    outcome: Outcome | None
    emails: tuple[Email, ...] = ()
    phones: tuple[Phone, ...] = ()
    results: tuple[ProviderResult, ...] = ()
    charges: tuple[Charge, ...] = ()
    note: str | None = None


def settlement(reading: Reading, country: str | None) -> Settlement:
    """Normalize what was read; ``country`` helps to read national numbers. One row a value: the best-known one."""
    emails: dict[str, Email] = {}
    for email in map(normalize_email, reading.emails):
        known = emails.get(email.email)
        if known is None or STATUS_ORDER.index(email.status) < STATUS_ORDER.index(known.status):
            emails[email.email] = email
    phones: dict[str, Phone] = {}
    for phone in (normalize_phone(found, country) for found in reading.phones):
        phones.setdefault(phone.number, phone)
    results = {(result.provider, result.value): result for result in reversed(reading.results)}
    return Settlement(
        outcome=reading.outcome,
        emails=tuple(emails.values()),
        phones=tuple(phones.values()),
        results=tuple(reversed(results.values())),
        charges=reading.charges,
        note=reading.note,
    )


def merged_outcome(known: Outcome | None, new: Outcome) -> Outcome:
    """The outcome of a call after another document: found stays found, what was unreadable may become readable."""
    if known is None or known is Outcome.UNREADABLE or new is Outcome.FOUND:
        return new
    return known


def merged_charges(known: Sequence[Charge], new: Sequence[Charge], *, upgraded: bool) -> tuple[Charge, ...]:
    """The charges of a call after another document: those of the better outcome, or those known on better grounds."""
    if upgraded or not known or _grounds(new) > _grounds(known):
        return tuple(new)
    return tuple(known)


def _grounds(charges: Sequence[Charge]) -> int:
    return max((_BASIS_ORDER.index(charge.basis) for charge in charges), default=-1)
