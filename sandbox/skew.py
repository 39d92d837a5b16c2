"""Draws the columns of skewed and of flat populations, each column by itself, in C.

Unlike a usual population's, the values of a person do not depend on one another, so that any two filters together
hold the product of their shares. In each country one city, and its state with it, holds ``top_share``.
"""

from __future__ import annotations

import random
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from operator import add
from typing import Final

from sandbox.organizations import NO_EMPLOYER, Organization
from sandbox.population import ABSENT, EMPTY, NO_LINKEDIN, NO_TITLE, NULL, Population, Tables
from sandbox.shape import Shape
from sandbox.values.names import NO_LAST_NAME
from sandbox.values.places import COUNTRIES, PLACES, Place
from sandbox.values.skewed import (
    CITIES,
    FUNCTION_VALUES,
    SENIORITY_VALUES,
    SIZE_VALUES,
    STATUS_VALUES,
    TITLE_GRID,
    UNKNOWN_COUNTRY,
    UNKNOWN_COUNTRY_WEIGHTS,
    title_number,
    unknown_in,
)
from sandbox.values.vocabulary import SENIORITIES
from sandbox.wheels import wheel, zipf

FEWEST_ORGANIZATIONS: Final = 2 + 3 * len(SIZE_VALUES)
"""So that there is an employer of every size however few people there are."""

_SPOKES: Final = 65_536
_UNKNOWN: Final = 2
"""At the end of each list of values: none, and one that no list has."""
_TWO_TITLES: Final = bytes(not luck & 15 for luck in range(256))
_NameWheels = Sequence[tuple[Sequence[int], Sequence[int]]]


def tables_for(shape: Shape) -> Tables:
    """The tables that a population of that shape points to."""
    if shape.kind == "flat":
        return Tables(titles=TITLE_GRID)
    return Tables(TITLE_GRID, (PLACES[0], *(place for place, _ in _places(shape))), STATUS_VALUES)


def spread_sizes(organizations: Sequence[Organization]) -> tuple[Organization, ...]:
    """The same employers, the first of them with each employee size in turn."""
    first = len(SIZE_VALUES) * 3
    sized = (
        replace(organization, employee_size=size, shown_size=size)
        for organization, size in zip(organizations[2 : 2 + first], SIZE_VALUES * 3, strict=True)
    )
    return (*organizations[:2], *sized, *organizations[2 + first :])


def fill_skewed(population: Population, names: Mapping[str, _NameWheels]) -> None:
    """Draw everybody but person 0. ``names``: by country, the wheels of first and last names of sixteen people."""
    rng, shape, size = random.Random(f"{population.seed}:skewed"), population.shape, population.size
    places = [place for place, _ in _places(shape)]
    _set(population.places, _drawn(rng, wheel([weight for _, weight in _places(shape)], _SPOKES), size, first=1))
    _name(population, rng, [names.get(place.country, names[""]) for place in (PLACES[0], *places)])
    _title(population, rng, _values(rng, shape, SENIORITY_VALUES, size))
    _set(population.email_statuses, _values(rng, shape, STATUS_VALUES, size))
    _employ(population, rng, _values(rng, shape, SIZE_VALUES, size))
    forms = [form | profile for form in (NULL, ABSENT, EMPTY, ABSENT) for profile in (NO_LINKEDIN, *(0,) * 31)]
    _set(population.gaps, map(forms.__getitem__, _drawn(rng, wheel([1] * len(forms), _SPOKES), size)))


def fill_flat(population: Population) -> None:
    """Give everybody one title, the seniorities in turn."""
    rng = random.Random(f"{population.seed}:flat")
    order = [SENIORITY_VALUES.index(seniority) for seniority in SENIORITIES]
    functions = _drawn(rng, wheel(zipf(len(FUNCTION_VALUES) - _UNKNOWN), _SPOKES), population.size)
    turns = (title_number(order[index % len(order)], function) for index, function in enumerate(functions))
    _set(population.titles, turns)
    _set(population.second_titles, (NO_TITLE,) * population.size)


def _places(shape: Shape) -> list[tuple[Place, float]]:
    """Every place but the documented person's, and its share of everybody."""
    weighted: list[tuple[Place, float]] = []
    shares = shape.weights(zipf(len(COUNTRIES)), UNKNOWN_COUNTRY_WEIGHTS)
    for country, share in zip(COUNTRIES, shares, strict=False):
        places = (*CITIES[country], *unknown_in(country))
        within = shape.weights(zipf(len(CITIES[country])), (1, 1, 1, 1))
        weighted += [(place, share * weight) for place, weight in zip(places, within, strict=True)]
    return weighted + list(zip(UNKNOWN_COUNTRY, shares[len(COUNTRIES) :], strict=True))


def _values(rng: random.Random, shape: Shape, values: Sequence[str], size: int) -> Iterable[int]:
    """A position in ``values`` for everybody."""
    weights = shape.weights(zipf(len(values) - _UNKNOWN), (1,) * _UNKNOWN)
    return _drawn(rng, wheel(weights, _SPOKES), size)


def _drawn(rng: random.Random, spokes: Sequence[int], size: int, first: int = 0) -> Iterable[int]:
    """``size`` draws from a wheel; ``first`` is the number of its first position."""
    numbered = [spoke + first for spoke in spokes]
    return map(numbered.__getitem__, _bits(rng, size))


def _bits(rng: random.Random, size: int) -> array[int]:
    """``size`` numbers of 16 random bits, the same on every machine."""
    bits = array("H", rng.randbytes(2 * size))
    if sys.byteorder == "big":
        bits.byteswap()
    return bits


def _set(column: array[int], values: Iterable[int]) -> None:
    """Put in the values of everybody but person 0."""
    drawn = array(column.typecode, values)
    drawn[0] = column[0]
    column[:] = drawn


def _name(population: Population, rng: random.Random, names: Sequence[_NameWheels]) -> None:
    size, places = population.size, population.places
    bits, more = _bits(rng, size), _bits(rng, size)
    wheels = [[(tuple(firsts), tuple(lasts)) for firsts, lasts in sixteen] for sixteen in names]
    chosen = [wheels[place][bit >> 12] for place, bit in zip(places, bits, strict=True)]
    _set(population.first_names, (firsts[bit & 255] for (firsts, _), bit in zip(chosen, bits, strict=True)))
    lasts = (lasts[bit & 255] if bit >> 8 & 127 else NO_LAST_NAME for (_, lasts), bit in zip(chosen, more, strict=True))
    _set(population.last_names, lasts)


def _title(population: Population, rng: random.Random, seniorities: Iterable[int]) -> None:
    """One title for everybody; a second for some whose first is known, never of the most numerous values."""
    functions = _values(rng, population.shape, FUNCTION_VALUES, population.size)
    bases = [title_number(seniority, 0) for seniority in range(len(SENIORITY_VALUES))]
    _set(population.titles, map(add, map(bases.__getitem__, seniorities), functions))
    fields = len(SENIORITY_VALUES) - _UNKNOWN, len(FUNCTION_VALUES) - _UNKNOWN
    chosen = rng.randbytes(population.size).translate(_TWO_TITLES)
    for index in compress(range(population.size), chosen):
        seniority, function = divmod(population.titles[index] - 1, len(FUNCTION_VALUES))
        if index and seniority < fields[0] and function < fields[1]:
            population.second_titles[index] = title_number(rng.randrange(1, fields[0]), rng.randrange(1, fields[1]))


def _employ(population: Population, rng: random.Random, sizes: Iterable[int]) -> None:
    """An employer of the size drawn, the first ones of the list more often; half of those of no size have none."""
    numbers: dict[str, list[int]] = {size: [] for size in SIZE_VALUES}
    for number, organization in enumerate(population.organizations):
        if number > NO_EMPLOYER:
            numbers[organization.employee_size].append(number)
    wheels = []
    for size in SIZE_VALUES:
        employers = numbers[size][:_SPOKES]
        spokes = wheel(zipf(len(employers), 0.8, shift=3.0), _SPOKES)
        wheels.append(array("I", (employers[spoke] for spoke in spokes)))
    none = wheels[SIZE_VALUES.index("")]
    none[::2] = array("I", [NO_EMPLOYER]) * (_SPOKES // 2)
    bits = _bits(rng, population.size)
    _set(population.employers, (wheels[size][bit] for size, bit in zip(sizes, bits, strict=True)))
