"""What an enriched company tells beyond a search record: a function of (seed, organization) alone.

Figures and names are invented; only their kinds are the vendor's (enrich company page, Response).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from sandbox.organizations import Organization
from sandbox.values.companies import HEADS, TAILS
from sandbox.values.dialing import DIALING_PLANS, ELSEWHERE

_LANGUAGES: Final = ("Python", "Java", "C++", "Node.js", "React")
_SYSTEMS: Final = ("Linux", "Windows Server", "macOS")
_STREETS: Final = ("Market Street", "Harbour Road", "Park Avenue", "Mill Lane", "Station Road")
_INVESTORS: Final = ("Northlight Ventures", "Meridian Growth", "Cobalt Capital", "Juniper Partners", "Baseline Equity")


@dataclass(frozen=True, slots=True)
class FundingRound:
    """One funding event; ``amount`` in US dollars."""

    kind: str
    date: str
    amount: int
    investors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """``boardline`` is None where no number is known."""

    founded: int
    street: str
    boardline: str | None
    description: str
    languages: tuple[str, ...]
    systems: tuple[str, ...]
    products: tuple[str, ...]
    acquired: tuple[tuple[str, int], ...]
    """Companies as (name, year)."""
    funding: tuple[FundingRound, ...]


def company_facts(seed: int, organization: Organization) -> CompanyFacts:
    """The facts about that organization."""
    rng = random.Random(f"{seed}:{organization.organization_id}:facts")
    founded = rng.randrange(1950, 2010)
    dialing = DIALING_PLANS.get(organization.headquarters.country, ELSEWHERE)
    prefix = dialing.prefixes[0]
    national = prefix + "".join(rng.choice("0123456789") for _ in range(sum(dialing.groups) - len(prefix)))
    return CompanyFacts(
        founded=founded,
        street=f"{rng.randrange(1, 400)} {rng.choice(_STREETS)}",
        boardline=f"+{dialing.calling_code}{national}" if rng.random() < 0.7 else None,
        description=f"{organization.name} works in {organization.industry}.",
        languages=tuple(name for name in _LANGUAGES if name in organization.technologies),
        systems=(rng.choice(_SYSTEMS),),
        products=tuple(name for name in organization.technologies if name not in _LANGUAGES),
        acquired=tuple(
            (rng.choice(HEADS) + rng.choice(TAILS), rng.randrange(founded, 2025))
            for _ in range(rng.choice((0, 0, 1, 3)))
        ),
        funding=tuple(
            FundingRound(kind, date, rng.randrange(1, 400) * 250_000, tuple(rng.sample(_INVESTORS, rng.randint(1, 3))))
            for kind, date in organization.funding
        ),
    )
