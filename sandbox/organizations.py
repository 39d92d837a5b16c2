"""The employers: a few big ones, many small, each with the attributes a search can filter by.

Number 0 is the organization of the search page's example response. Number 1 stands for "no employer": all its
attributes are empty. The list depends on (seed, count) alone and is ordered by how many people work there.
"""

from __future__ import annotations

import datetime
import math
import random
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from sandbox.identifiers import IdentifierCode
from sandbox.values.companies import HEADS, LEGAL_FORMS, SECTORS, SUFFIXES, TAILS
from sandbox.values.places import COUNTRIES, PLACE_WEIGHTS, PLACES, Place
from sandbox.values.vocabulary import (
    BUSINESS_MODELS,
    EMPLOYEE_SIZES,
    FUNDING_TYPES,
    INDUSTRIES,
    INDUSTRY_KEYWORDS,
    REVENUES,
    TECHNOLOGIES,
    WEB_KEYWORDS,
)
from sandbox.wheels import wheel, zipf

NO_EMPLOYER: Final = 1
_EXAMPLE_ID: Final = "2389402640191586304"
_NAMES: Final = len(HEADS) * len(TAILS) * len(SECTORS)


@dataclass(frozen=True, slots=True)
class Organization:
    """An employer. ``employee_size`` is one of the documented ranges, ``shown_size`` what a search record prints."""

    organization_id: str
    name: str
    domains: tuple[str, ...]
    employee_size: str
    shown_size: str
    headquarters: Place
    offices: tuple[Place, ...]
    industry: str
    industry_keywords: tuple[str, ...]
    revenue: str
    funding: tuple[tuple[str, str], ...]
    """Rounds as (type, date YYYY-MM-DD)."""
    business_model: str
    technologies: tuple[str, ...]
    web_keywords: tuple[str, ...]

    @property
    def linkedin_slug(self) -> str:
        """What follows ``/company/`` in its LinkedIn address; empty for no employer."""
        latin = unicodedata.normalize("NFKD", self.name).encode("ascii", "ignore").decode().lower()
        return re.sub(r"[^a-z0-9]+", "-", latin).strip("-")

    @property
    def linkedin_url(self) -> str:
        """Its LinkedIn address, or an empty string."""
        slug = self.linkedin_slug
        return f"https://www.linkedin.com/company/{slug}/" if slug else ""


def organization_count(people: int) -> int:
    """How many employers a population of that size has, the two fixed ones included."""
    return 2 + people // 10


def build_organizations(seed: int, count: int) -> tuple[Organization, ...]:
    """The employers of a population, biggest first behind the two fixed ones."""
    code = IdentifierCode(seed, "organization", _EXAMPLE_ID)
    rng = random.Random(f"{seed}:organizations")
    return (_example(), _nobody(), *(_draw(rng, code, number, count) for number in range(2, count)))


def _example() -> Organization:
    """The organization of the documented person; only what the example shows is the vendor's."""
    home = Place("San Francisco", "California", "United States")
    return Organization(
        organization_id=_EXAMPLE_ID,
        name="Clodura.AI",
        domains=("clodura.ai",),
        employee_size="51 - 200",
        shown_size="51-100",
        headquarters=home,
        offices=(home, PLACES[0]),
        industry="Software Development",
        industry_keywords=("SaaS", "AI"),
        revenue="1M-10M",
        funding=(("Seed Round", "2019-04-15"),),
        business_model="Product",
        technologies=("Google Analytics", "HubSpot"),
        web_keywords=("CRM", "automation", "cloud"),
    )


def _nobody() -> Organization:
    nowhere = Place("", "", "")
    return Organization("", "", (), "", "", nowhere, (), "", (), "", (), "", (), ())


_PLACE_WHEEL: Final = wheel(PLACE_WEIGHTS, 2048)
_INDUSTRY_WHEEL: Final = wheel(zipf(len(INDUSTRIES)), 1024)
_FUNDING_WHEEL: Final = wheel(zipf(len(FUNDING_TYPES)), 512)
_MODEL_WHEEL: Final = wheel((45, 40, 15), 64)
# The share of organizations in each employee range, smallest first, in percent.
_SIZE_SHARES: Final = (4, 22, 28, 22, 10, 5, 5, 2, 2)


def _draw(rng: random.Random, code: IdentifierCode, number: int, count: int) -> Organization:
    headquarters = PLACES[_PLACE_WHEEL[rng.getrandbits(11)]]
    size = _size(rng, number, count)
    name, domains = _name(rng, number, headquarters.country)
    revenue = min(len(REVENUES) - 1, max(0, round(size * 0.7) + rng.choice((-1, 0, 0, 0, 1)) - 1))
    branches = rng.choice((0, 0, 0, 0, 1, 2, 3) if size > 3 else (0, 0, 0, 0, 0, 1))
    shown_size = EMPLOYEE_SIZES[size] if rng.random() > 0.04 else ""
    offices = (headquarters, *(PLACES[_PLACE_WHEEL[rng.getrandbits(11)]] for _ in range(branches)))
    return Organization(
        organization_id=code.encode(number),
        name=name,
        domains=domains,
        employee_size=shown_size,
        shown_size=shown_size,
        headquarters=headquarters,
        offices=offices,
        industry=INDUSTRIES[_INDUSTRY_WHEEL[rng.getrandbits(10)]],
        industry_keywords=_some(rng, INDUSTRY_KEYWORDS, 3),
        revenue=REVENUES[revenue] if rng.random() > 0.1 else "",
        funding=tuple(_round(rng) for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 4)))),
        business_model=BUSINESS_MODELS[_MODEL_WHEEL[rng.getrandbits(6)]],
        technologies=_some(rng, TECHNOLOGIES, 6),
        web_keywords=_some(rng, WEB_KEYWORDS, 4),
    )


def _size(rng: random.Random, number: int, count: int) -> int:
    """The employee range that goes with a place in the order of size, with some noise."""
    position = 100 * (1 - (number - 1.5) / count)  # 0 = smallest, 100 = biggest
    size = 0
    reached = float(_SIZE_SHARES[0])
    while position > reached and size < len(_SIZE_SHARES) - 1:
        size += 1
        reached += _SIZE_SHARES[size]
    return min(len(EMPLOYEE_SIZES) - 1, max(0, size + rng.choice((-1, 0, 0, 0, 0, 1))))


def _name(rng: random.Random, number: int, country: str) -> tuple[str, tuple[str, ...]]:
    """A name and domains that no other number has."""
    position = number * 40_507 % _NAMES  # a prime that does not divide _NAMES: each number has a position of its own
    head, rest = divmod(position, len(TAILS) * len(SECTORS))
    tail, sector = divmod(rest, len(SECTORS))
    brand, trade = HEADS[head] + TAILS[tail], SECTORS[sector]
    name = f"{brand} {trade}"
    if country in LEGAL_FORMS and rng.random() < 0.4:
        name = LEGAL_FORMS[country].format(name)
    suffix = SUFFIXES.get(country, rng.choice(("com", "com", "com", "io", "ai", "org")))
    labels = [f"{brand}-{trade}".lower(), f"{brand}{trade}".lower(), f"{trade}-{brand}".lower()]
    domains = tuple(f"{label}.{suffix}.example" for label in labels[: rng.choice((1,) * 24 + (2,) * 4 + (3, 0))])
    return name, domains


def _some(rng: random.Random, words: tuple[str, ...], most: int) -> tuple[str, ...]:
    """Up to ``most`` different words, the first of the list more often than the last."""
    drawn = (words[int(len(words) * rng.random() ** 1.8)] for _ in range(rng.randint(0, most)))
    return tuple(dict.fromkeys(drawn))


def _round(rng: random.Random) -> tuple[str, str]:
    day = datetime.date(2010, 1, 1) + datetime.timedelta(days=math.floor(5_600 * rng.random() ** 0.6))
    return FUNDING_TYPES[_FUNDING_WHEEL[rng.getrandbits(9)]], day.isoformat()


def by_country(organizations: tuple[Organization, ...]) -> dict[str, list[int]]:
    """The numbers of the organizations with their headquarters in each country, biggest first; number 0 left out."""
    homes: dict[str, list[int]] = {country: [] for country in COUNTRIES}
    for number, organization in enumerate(organizations):
        if number > NO_EMPLOYER:
            homes.setdefault(organization.headquarters.country, []).append(number)
    return homes
