"""Draws a population's columns: who has which name, place, title, employer and e-mail status.

One pass with one stream of random bits, so that (seed, size) gives the same population on every machine.
"""

from __future__ import annotations

import random
from array import array
from bisect import bisect
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from sandbox.identifiers import IdentifierCode
from sandbox.organizations import NO_EMPLOYER, Organization, build_organizations, by_country, organization_count
from sandbox.population import ABSENT, EMPTY, NO_LINKEDIN, NULL, Population, Tables
from sandbox.shape import USUAL, Shape
from sandbox.skew import FEWEST_ORGANIZATIONS, fill_flat, fill_skewed, spread_sizes, tables_for
from sandbox.values.names import COUNTRY_CULTURES, CULTURES, NO_LAST_NAME
from sandbox.values.places import PLACE_WEIGHTS, PLACES
from sandbox.values.titles import TITLE_WEIGHTS
from sandbox.values.vocabulary import EMAIL_STATUSES
from sandbox.wheels import wheel, zipf

EXAMPLE_ID: Final = "3597524184265130552"
MOST_PEOPLE: Final = 1_000_000

# Percent of those with a known company domain, in the order of EMAIL_STATUSES.
_EMAIL_STATUS_SHARES: Final = (50, 27, 23)
_LOCAL_EMPLOYER: Final = 0.7
_NO_EMPLOYER: Final = 0.03

_PLACE_WHEEL: Final = wheel(PLACE_WEIGHTS, 4096)
_TITLE_WHEEL: Final = wheel(TITLE_WEIGHTS, 2048)
_STATUS_WHEEL: Final = wheel(_EMAIL_STATUS_SHARES, 256)
_FORM_WHEEL: Final = (NULL, ABSENT, EMPTY, ABSENT)


_NameWheels = tuple[Sequence[int], Sequence[int]]


def _name_wheels() -> dict[str, _NameWheels]:
    """Positions of first and last names by culture, 256 spokes each."""
    wheels: dict[str, _NameWheels] = {}
    for culture, (first, last) in CULTURES.items():
        firsts = array("H", (first[spoke] for spoke in wheel(zipf(len(first), 0.7), 256)))
        lasts = array("H", (last[spoke] for spoke in wheel(zipf(len(last), 0.7), 256)))
        wheels[culture] = (firsts, lasts)
    return wheels


def _country_names() -> dict[str, list[_NameWheels]]:
    """For each country, the name wheels of sixteen of its people."""
    wheels = _name_wheels()
    return {
        country: [wheels[culture] for culture, people in cultures.items() for _ in range(people)]
        for country, cultures in COUNTRY_CULTURES.items()
    }


class _Employers:
    """Draws an employer: mostly of the person's own country, big ones more often."""

    def __init__(self, organizations: tuple[Organization, ...]) -> None:
        homes = by_country(organizations)
        everybody = range(NO_EMPLOYER + 1, len(organizations))
        everywhere = _Ranked(everybody)
        local = {country: _Ranked(numbers) if numbers else everywhere for country, numbers in homes.items()}
        self._everywhere = everywhere
        self._by_place = [local.get(place.country, everywhere) for place in PLACES]

    def draw(self, place: int, uniform: Callable[[], float]) -> int:
        luck = uniform()
        if luck < _NO_EMPLOYER:
            return NO_EMPLOYER
        ranked = self._by_place[place] if luck < _NO_EMPLOYER + _LOCAL_EMPLOYER else self._everywhere
        return ranked.draw(uniform())


class _Ranked:
    """Organizations in order of size."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = numbers
        self._sums = array("d", accumulate(zipf(len(numbers), 1.05, shift=3.0)))

    def draw(self, luck: float) -> int:
        if not self._numbers:
            return NO_EMPLOYER
        return self._numbers[bisect(self._sums, luck * self._sums[-1])]


def build_population(seed: int, size: int, shape: Shape = USUAL) -> Population:
    """The population of that seed, size and shape, 1 to 1,000,000 persons."""
    if not 1 <= size <= MOST_PEOPLE:
        raise ValueError(f"a population has 1 to {MOST_PEOPLE:,} persons, not {size:,}")
    skewed = shape.kind == "skewed"
    count = max(organization_count(size), FEWEST_ORGANIZATIONS if skewed else 0)
    organizations = build_organizations(seed, count)
    population = Population(
        seed=seed,
        size=size,
        organizations=spread_sizes(organizations) if skewed else organizations,
        first_names=_zeros("H", size),
        last_names=_zeros("H", size),
        places=_zeros("H", size),
        titles=_zeros("H", size),
        second_titles=_zeros("H", size),
        employers=_zeros("I", size),
        email_statuses=_zeros("B", size),
        gaps=_zeros("B", size),
        code=IdentifierCode(seed, "person", EXAMPLE_ID),
        slugs=IdentifierCode(seed, "profile", EXAMPLE_ID),
        shape=shape,
        tables=Tables() if shape.kind == "usual" else tables_for(shape),
    )
    if skewed:
        fill_skewed(population, _country_names())
    else:
        _fill(population)
    if shape.kind == "flat":
        fill_flat(population)
    return population


def _zeros(code: str, size: int) -> array[int]:
    return array(code, bytes(array(code).itemsize * size))


def _fill(population: Population) -> None:
    """Draw everybody but person 0, whose place in every table is 0."""
    rng = random.Random(f"{population.seed}:people")
    draw, uniform = rng.getrandbits, rng.random
    wheels = _country_names()
    names = [wheels[place.country] for place in PLACES]
    employers = _Employers(population.organizations)
    reachable = bytes(bool(organization.domains) for organization in population.organizations)
    unavailable = EMAIL_STATUSES.index("unavailable")
    for index in range(1, population.size):
        bits = draw(80)
        place = _PLACE_WHEEL[bits & 4095]
        firsts, lasts = names[place][bits >> 12 & 15]
        employer = employers.draw(place, uniform)
        population.places[index] = place
        population.first_names[index] = firsts[bits >> 16 & 255]
        population.last_names[index] = lasts[bits >> 24 & 255] if bits >> 32 & 127 else NO_LAST_NAME
        population.titles[index] = _TITLE_WHEEL[bits >> 39 & 2047]
        if not bits >> 50 & 15:
            population.second_titles[index] = _TITLE_WHEEL[bits >> 54 & 2047]
        population.employers[index] = employer
        population.email_statuses[index] = _STATUS_WHEEL[bits >> 65 & 255] if reachable[employer] else unavailable
        population.gaps[index] = _FORM_WHEEL[bits >> 73 & 3] | (0 if bits >> 75 & 31 else NO_LINKEDIN)
