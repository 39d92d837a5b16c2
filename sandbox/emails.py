"""What there is to find out about a person's company e-mail address: a function of (seed, person) alone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.population import Person
from sandbox.values.providers import EMAIL_PRICES

Deliverability = Literal["deliverable", "undeliverable", "catch_all"]
FindingKind = Literal["missed", "unverified", "deliverable", "guessed"]

EXAMPLE_MAIL_DOMAIN: Final = "clodura.example"
"""Where the addresses of the documented organization are, organization number 0."""

_PROVIDERS: Final = tuple(EMAIL_PRICES)
_PATTERNS: Final = ("{0}.{1}", "{0[0]}{1}", "{0}", "{0}_{1}", "{0}{1[0]}", "{1}.{0}", "{0[0]}.{1}")


@dataclass(frozen=True, slots=True)
class EmailFinding:
    """What one provider answers when asked. ``address`` is None when it missed."""

    provider: str
    kind: FindingKind
    address: str | None = None


@dataclass(frozen=True, slots=True)
class EmailTruth:
    """``address`` is the one worth most of those to be found, None where nobody finds any.

    ``deliverability`` is what a test of the mailbox would say of it. ``findings`` are in the order of asking.
    """

    address: str | None
    deliverability: Deliverability | None
    findings: tuple[EmailFinding, ...]


def email_truth(seed: int, person: Person) -> EmailTruth:
    """The truth about that person's address."""
    rng = random.Random(f"{seed}:{person.person_id}:email")
    if not person.organization.domains:
        return _nothing()
    address = _address(rng, person, seed)
    luck = rng.random()
    if person.email_status == "verified":
        return _deliverable(rng, address, finder=0 if luck < 0.8 else rng.randrange(1, len(_PROVIDERS)))
    if person.email_status == "unverified" and luck < 0.45:
        deliverability: Deliverability = rng.choice(("deliverable", "catch_all", "catch_all", "undeliverable"))
        found = EmailFinding(_PROVIDERS[rng.choice((0, 0, 1, 3, 5))], "unverified", address)
        return EmailTruth(address, deliverability, _among_misses(found))
    if person.email_status == "unverified" and luck < 0.85:
        right = rng.random() < 0.55
        found = EmailFinding(_PROVIDERS[rng.choice((0, 1, 2, 2, 4))], "guessed", address)
        return EmailTruth(address, "deliverable" if right else "undeliverable", _among_misses(found))
    if person.email_status == "unavailable" and luck < 0.12:
        return _deliverable(rng, address, finder=rng.randrange(1, len(_PROVIDERS)))
    return _nothing()


def work_address(seed: int, person: Person) -> str | None:
    """The address the person has at work, whether anybody finds it or not; None where the employer has no domain."""
    if not person.organization.domains:
        return None
    return _address(random.Random(f"{seed}:{person.person_id}:email"), person, seed)


def _deliverable(rng: random.Random, address: str, finder: int) -> EmailTruth:
    """Found by provider ``finder`` at last; a partner asked before it may have guessed another address."""
    findings = [EmailFinding(provider, "missed") for provider in _PROVIDERS[:finder]]
    if finder > 1 and rng.random() < 0.25:
        guesser = rng.randrange(1, finder)
        findings[guesser] = EmailFinding(_PROVIDERS[guesser], "guessed", f"info.{address}")
    findings.append(EmailFinding(_PROVIDERS[finder], "deliverable", address))
    # A few addresses have died since they were verified.
    return EmailTruth(address, "deliverable" if rng.random() < 0.97 else "undeliverable", tuple(findings))


def _among_misses(found: EmailFinding) -> tuple[EmailFinding, ...]:
    return tuple(found if name == found.provider else EmailFinding(name, "missed") for name in _PROVIDERS)


def _nothing() -> EmailTruth:
    return EmailTruth(None, None, tuple(EmailFinding(provider, "missed") for provider in _PROVIDERS))


def _address(rng: random.Random, person: Person, seed: int) -> str:
    """An address after the employer's pattern, now and then with a number behind it."""
    first, last = ("".join(c for c in name.lower() if c.isalnum()) for name in person.ascii_name)
    habit = random.Random(f"{seed}:{person.organization.organization_id}:pattern").randrange(len(_PATTERNS))
    local = _PATTERNS[habit].format(first, last) if last else first
    number = str(rng.randrange(2, 100)) if rng.random() < 0.12 else ""
    domain = person.organization.domains[0]
    # The documented person is a real one: an address is invented for a domain that reaches nobody.
    return f"{local}{number}@{domain if domain.endswith('.example') else EXAMPLE_MAIL_DOMAIN}"
