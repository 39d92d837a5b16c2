"""How a piece of evidence changes what is known of a call. Pure: readings in, one settlement out.

Evidence settles a call from any state. A second, different document may add to a settled call, never take away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from enrichment.contacts import UNKNOWN_TYPE, Email, Phone, normalize_email, normalize_phone
from sources.providers import Basis, Charge, EmailStatus, Outcome, ProviderResult, Reading, Verification

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
    verification: Verification | None = None


def settlement(reading: Reading, country: str | None) -> Settlement:
    """Normalize what was read; ``country`` helps to read national numbers. One row a value: the best-known one."""
    emails: dict[str, Email] = {}
    for email in map(normalize_email, reading.emails):
        known = emails.get(email.email)
        emails[email.email] = _better(known, email) if known else email
    phones: dict[str, Phone] = {}
    for phone in (normalize_phone(found, country) for found in reading.phones):
        first = phones.setdefault(phone.number, phone)
        if first.found_by is None or (first.type == UNKNOWN_TYPE and phone.found_by in (None, first.found_by)):
            kind = phone.type if first.type == UNKNOWN_TYPE else first.type
            phones[phone.number] = replace(first, type=kind, found_by=first.found_by or phone.found_by)
    results = {(result.provider, result.value): result for result in reversed(reading.results)}
    return Settlement(
        outcome=reading.outcome,
        emails=tuple(emails.values()),
        phones=tuple(phones.values()),
        results=tuple(reversed(results.values())),
        charges=reading.charges,
        note=reading.note,
        verification=reading.verification,
    )


def _better(known: Email, new: Email) -> Email:
    """Of two findings of one address the one with the better status; what it does not say, the other may."""
    ranks = STATUS_ORDER.index(new.status), STATUS_ORDER.index(known.status)
    better, other = (new, known) if ranks[0] < ranks[1] else (known, new)
    if better.found_by is None and ranks[0] == ranks[1]:
        return replace(better, found_by=other.found_by, status_raw=better.status_raw or other.status_raw)
    return better


def merged_outcome(known: Outcome | None, new: Outcome) -> Outcome:
    """The outcome of a call after another document: found stays found, what was unreadable may become readable."""
    if known is None or known is Outcome.UNREADABLE or new is Outcome.FOUND:
        return new
    return known


def merged_charges(
    known: Sequence[Charge], new: Sequence[Charge], *, upgraded: bool, outdone: bool = False
) -> tuple[Charge, ...]:
    """The charges of a call after another document: those of the better outcome, or those known on better grounds.

    ``upgraded``: the new document's outcome is the better one. ``outdone``: the known one is. What a lesser outcome
    would have cost says nothing, in whichever order the two came; what the vendor has reported with it counts where
    the better outcome's price list leaves room for it. On equal grounds the larger charge counts: a second document may
    add, never take away.
    """
    if upgraded or (outdone and known):
        better, lesser = (new, known) if upgraded else (known, new)
        if _reported(lesser) and not _reported(better):
            least, most = sum(charge.amount_min for charge in better), _most(better)
            return tuple(lesser) if max(1, least) <= _most(lesser) <= most else tuple(better)
        return tuple(better)
    grounds = _grounds(new) - _grounds(known)
    if not known or grounds > 0 or (grounds == 0 and _most(new) > _most(known)):
        return tuple(new)
    return tuple(known)


def _reported(charges: Sequence[Charge]) -> bool:
    return any(charge.basis is Basis.REPORTED for charge in charges)


def _most(charges: Sequence[Charge]) -> int:
    return sum(charge.amount_max for charge in charges)


def _grounds(charges: Sequence[Charge]) -> int:
    return max((_BASIS_ORDER.index(charge.basis) for charge in charges), default=-1)
