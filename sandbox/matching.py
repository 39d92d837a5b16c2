"""Finds the people of a population who pass a search's filters, as a set of ranks in the order a search shows them.

Each filter is a test of one column, and the sets of those who pass are joined. What is asked of employers that have
several values, such as their domains, is asked of the employers first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.bits import all_below
from sandbox.columns import Columns
from sandbox.filters import Filters
from sandbox.organizations import Organization
from sandbox.values.places import Place

LocationExclusion = Literal["each", "all"]
_FEW_EMPLOYERS: Final = 64


@dataclass(frozen=True, slots=True)
class Exclusion:
    """How ``personLocationExclude`` is read.

    ``each``: every location filter leaves out those who match it; ``all``: only who matches all of them is left out.
    ``unknown_passes``: whether those stay of whom it is not known if they match; in SQL, where null is neither in a
    list nor outside it, they do not.
    """

    reading: LocationExclusion = "each"
    unknown_passes: bool = True


def matching_ranks(columns: Columns, filters: Filters, exclusion: Exclusion) -> int:
    """The ranks of everybody who passes."""
    found = all_below(len(columns.order))
    for ranks in _sets(columns, filters, exclusion):
        found &= ranks
    return found


def _sets(columns: Columns, filters: Filters, exclusion: Exclusion) -> Iterable[int]:
    """Those who pass, filter by filter."""
    yield from _by_identity(columns, filters)
    for name, wanted in (("first_name", filters.first_name), ("last_name", filters.last_name)):
        if wanted is not None:
            yield columns.passing(name, _is_one_of((wanted,)), wanted.casefold())
    status = filters.contact_email_status
    if status is not None:
        yield columns.passing("email_status", lambda known: known == status, status)
    for name, values in (("seniorities", filters.seniority), ("functions", filters.functional)):
        if values:
            yield columns.passing(name, _has_one_of(values), frozenset(values))
    if filters.person_title:
        yield columns.passing("text", _title_test(filters), (filters.person_title, filters.include_similar_titles))
    yield from _by_location(columns, filters, exclusion)
    for name, wanted_of in _SINGLE:
        wanted_values = wanted_of(filters)
        if wanted_values:
            yield columns.passing(name, _is_one_of(wanted_values), frozenset(map(str.casefold, wanted_values)))
    location = filters.company_city, filters.company_state, filters.company_country
    if any(location) and not filters.include_all_office:
        yield columns.passing("headquarters", _location_test(*location), location)
    yield from _by_employer(columns, filters)


def _by_identity(columns: Columns, filters: Filters) -> Iterable[int]:
    people = columns.population
    for wanted, index in (
        (filters.person_id, people.index_of(filters.person_id or "")),
        (filters.linkedin_slug, people.index_of_slug(filters.linkedin_slug or "")),
    ):
        if wanted is not None:
            yield 0 if index is None else 1 << columns.rank(index)


def _by_location(columns: Columns, filters: Filters, exclusion: Exclusion) -> Iterable[int]:
    given = [
        (name, values)
        for name, values in (
            ("city", filters.person_city),
            ("state", filters.person_state),
            ("country", filters.person_country),
        )
        if values
    ]
    inside = [columns.passing(name, _is_one_of(values), frozenset(map(str.casefold, values))) for name, values in given]
    if not filters.person_location_exclude:
        yield from inside
        return
    everybody = all_below(len(columns.order))
    outside = [everybody ^ ranks for ranks in inside]
    if not exclusion.unknown_passes:
        outside = [
            ranks & columns.passing(name, bool, "known") for ranks, (name, _) in zip(outside, given, strict=True)
        ]
    if exclusion.reading == "each":
        yield from outside
    elif outside:
        beyond_one = 0
        for ranks in outside:
            beyond_one |= ranks
        yield beyond_one


def _by_employer(columns: Columns, filters: Filters) -> Iterable[int]:
    people = columns.population
    candidates: Iterable[int] = range(len(people.organizations))
    tests = list(_employer_tests(filters))
    if filters.company_domain:
        numbers = {people.employer_of_domain(domain.casefold()) for domain in filters.company_domain}
        candidates = [number for number in numbers if number is not None]
    elif not tests:
        return
    passing = [number for number in candidates if all(test(people.organizations[number]) for test in tests)]
    if len(passing) <= _FEW_EMPLOYERS:
        yield columns.ranks_of(index for number in passing for index in people.staff(number))
    else:
        table = bytearray(b"0") * len(people.organizations)
        for number in passing:
            table[number] = ord("1")
        yield columns.working_at(bytes(table))


def _is_one_of(names: Iterable[str]) -> Callable[[str], bool]:
    wanted = {name.casefold() for name in names}
    return lambda value: value.casefold() in wanted


def _has_one_of(names: Iterable[str]) -> Callable[[tuple[str, ...]], bool]:
    wanted = set(names)
    return lambda values: not wanted.isdisjoint(values)


def _title_test(filters: Filters) -> Callable[[str], bool]:
    if not filters.include_similar_titles:
        return _is_one_of(filters.person_title)
    wanted = [tokens for tokens in map(_tokens, filters.person_title) if tokens]
    return lambda text: any(tokens <= _tokens(text) for tokens in wanted)


def _location_test(
    cities: tuple[str, ...], states: tuple[str, ...], countries: tuple[str, ...]
) -> Callable[[Place], bool]:
    wanted = [{name.casefold() for name in names} for names in (cities, states, countries)]

    def inside(place: Place) -> bool:
        return all(not names or name.casefold() in names for names, name in zip(wanted, place, strict=True))

    return inside


def _employer_tests(filters: Filters) -> Iterable[Callable[[Organization], bool]]:
    if filters.organization_id is not None:
        yield lambda organization: organization.organization_id == filters.organization_id
    if filters.organization_name is not None:
        words = _tokens(filters.organization_name)
        yield lambda organization: bool(words) and words <= _tokens(organization.name)
    if filters.include_all_office and (filters.company_city or filters.company_state or filters.company_country):
        inside = _location_test(filters.company_city, filters.company_state, filters.company_country)
        yield lambda organization: any(inside(office) for office in organization.offices)
    if filters.funding_type or filters.funding_from_date or filters.funding_to_date:
        yield lambda organization: any(_funded(filters, *round_) for round_ in organization.funding)
    for wanted, values in _LISTED:
        names = frozenset(name.casefold() for name in wanted(filters))
        if names:
            yield _contains(names, values)


_SINGLE: Final[tuple[tuple[str, Callable[[Filters], tuple[str, ...]]], ...]] = (
    ("employee_size", lambda filters: filters.company_employee_size),
    ("industry", lambda filters: filters.industry),
    ("revenue", lambda filters: filters.revenue),
    ("business_model", lambda filters: filters.business_model),
)
"""Fields of an organization that have one value."""

_LISTED: Final[tuple[tuple[Callable[[Filters], tuple[str, ...]], Callable[[Organization], tuple[str, ...]]], ...]] = (
    (lambda filters: filters.industry_keywords, lambda organization: organization.industry_keywords),
    (lambda filters: filters.technology_parameters, lambda organization: organization.technologies),
    (lambda filters: filters.web_keywords, lambda organization: organization.web_keywords),
)


def _contains(
    names: frozenset[str], values: Callable[[Organization], tuple[str, ...]]
) -> Callable[[Organization], bool]:
    return lambda organization: any(value.casefold() in names for value in values(organization))


def _funded(filters: Filters, kind: str, date: str) -> bool:
    """One and the same round must be of the type and in the time asked for."""
    return (
        (not filters.funding_type or kind in filters.funding_type)
        and (filters.funding_from_date is None or date >= filters.funding_from_date)
        and (filters.funding_to_date is None or date <= filters.funding_to_date)
    )


def _tokens(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))
