"""The titles and places of a skewed population: every seniority with every function, and values no list has.

Each list has the known values first and, after ``KNOWN``, what stands for the unknown: no value, then one of no list.
"""

from __future__ import annotations

from typing import Final

from sandbox.values.places import COUNTRIES, PLACES, Place
from sandbox.values.titles import DOCUMENTED, Title
from sandbox.values.vocabulary import EMAIL_STATUSES, EMPLOYEE_SIZES, FUNCTIONS, SENIORITIES

# Who is most numerous comes first.
SENIORITY_VALUES: Final = ("Senior", *(name for name in SENIORITIES if name != "Senior"), "", "Fellow")
FUNCTION_VALUES: Final = ("Engineering", *(name for name in FUNCTIONS if name != "Engineering"), "", "Alchemy")
SIZE_VALUES: Final = ("11 - 50", *(size for size in EMPLOYEE_SIZES if size != "11 - 50"), "", "51-100")
STATUS_VALUES: Final = (*EMAIL_STATUSES, "", "accept_all")

TITLE_GRID: Final = (
    DOCUMENTED,
    *(
        Title(f"{function} {seniority}".strip(), (seniority,) if seniority else (), (function,) if function else ())
        for seniority in SENIORITY_VALUES
        for function in FUNCTION_VALUES
    ),
)


def title_number(seniority: int, function: int) -> int:
    """The position in ``TITLE_GRID`` of the title with those two values."""
    return 1 + seniority * len(FUNCTION_VALUES) + function


CITIES: Final = {
    country: tuple(place for place in PLACES[1:] if place.country == country and place.city) for country in COUNTRIES
}
"""The cities of each country, the most populous first."""


def unknown_in(country: str) -> tuple[Place, ...]:
    """Places in a country without a city, a state or both, and one on no list."""
    first = CITIES[country][0]
    return (
        Place("", first.state, country),
        Place(first.city, "", country),
        Place("", "", country),
        Place("Erewhon", "Erewhonshire", country),
    )


UNKNOWN_COUNTRY: Final = (Place("", "", ""), Place("London", "England", ""), Place("Poseidonis", "Atlas", "Atlantis"))
UNKNOWN_COUNTRY_WEIGHTS: Final = (2, 1, 2)
