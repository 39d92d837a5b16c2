"""Finds the people of a population who pass a search's filters, in a stable order.

Each filter becomes a table of yes and no over one of the population's small tables (names, places, titles, employers),
so that a million people are sifted by lookups in C rather than by a loop in Python.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from operator import or_

from sandbox.filters import Filters
from sandbox.organizations import Organization
from sandbox.population import NO_TITLE, Population
from sandbox.values.names import FIRST_NAMES, LAST_NAMES
from sandbox.values.places import PLACES, Place
from sandbox.values.titles import TITLES, Title
from sandbox.values.vocabulary import EMAIL_STATUSES

_FEW_EMPLOYERS = 64


def matching_people(population: Population, filters: Filters) -> Sequence[int]:
    """The positions of everybody who passes, ascending."""
    found = _by_identity(population, _by_employer(population, filters), filters)
    for name, column, table in (
        (filters.first_name, population.first_names, FIRST_NAMES),
        (filters.last_name, population.last_names, LAST_NAMES),
    ):
        if name is not None:
            wanted = name.casefold()
            found = _keep(found, column, bytes(entry.shown.casefold() == wanted for entry in table))
    if filters.contact_email_status is not None:
        status = filters.contact_email_status
        found = _keep(found, population.email_statuses, bytes(known == status for known in EMAIL_STATUSES))
    for test in _title_tests(filters):
        found = _keep_titles(found, population, bytes(test(title) for title in TITLES))
    if filters.person_city or filters.person_state or filters.person_country:
        inside = _location_test(filters.person_city, filters.person_state, filters.person_country)
        exclude = filters.person_location_exclude
        found = _keep(found, population.places, bytes(inside(place) != exclude for place in PLACES))
    return found if isinstance(found, range) else array("I", found)


def _keep(found: Sequence[int], column: array[int], table: bytes) -> Sequence[int]:
    """Those of ``found`` whose entry in ``column`` is a yes in ``table``."""
    values: Iterable[int] = column if len(found) == len(column) else map(column.__getitem__, found)
    return list(compress(found, map(table.__getitem__, values)))


def _keep_titles(found: Sequence[int], population: Population, table: bytes) -> Sequence[int]:
    """The same for a person's first and second title."""
    second_table = bytes(yes and title != NO_TITLE for title, yes in enumerate(table))
    first = map(table.__getitem__, map(population.titles.__getitem__, found))
    second = map(second_table.__getitem__, map(population.second_titles.__getitem__, found))
    return list(compress(found, map(or_, first, second)))


def _by_identity(population: Population, found: Sequence[int], filters: Filters) -> Sequence[int]:
    for wanted, index in (
        (filters.person_id, population.index_of(filters.person_id or "")),
        (filters.linkedin_slug, population.index_of_slug(filters.linkedin_slug or "")),
    ):
        if wanted is not None:
            found = [index] if index is not None and index in found else []
    return found


def _by_employer(population: Population, filters: Filters) -> Sequence[int]:
    tests = list(_employer_tests(filters))
    if not tests:
        return range(population.size)
    employers = population.organizations
    table = bytes(all(test(organization) for test in tests) for organization in employers)
    matching = list(compress(range(len(employers)), table))
    if len(matching) <= _FEW_EMPLOYERS:
        return sorted(index for number in matching for index in population.staff(number))
    return _keep(range(population.size), population.employers, table)


def _title_tests(filters: Filters) -> Iterable[Callable[[Title], bool]]:
    if filters.seniority:
        seniorities = set(filters.seniority)
        yield lambda title: not seniorities.isdisjoint(title.seniorities)
    if filters.functional:
        functions = set(filters.functional)
        yield lambda title: not functions.isdisjoint(title.functions)
    if filters.person_title and filters.include_similar_titles:
        wanted = [_tokens(text) for text in filters.person_title]
        yield lambda title: any(tokens and tokens <= _tokens(title.text) for tokens in wanted)
    elif filters.person_title:
        exact = {text.casefold() for text in filters.person_title}
        yield lambda title: title.text.casefold() in exact


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
    if filters.company_city or filters.company_state or filters.company_country:
        inside = _location_test(filters.company_city, filters.company_state, filters.company_country)
        if filters.include_all_office:
            yield lambda organization: any(inside(office) for office in organization.offices)
        else:
            yield lambda organization: inside(organization.headquarters)
    if filters.funding_type or filters.funding_from_date or filters.funding_to_date:
        yield lambda organization: any(_funded(filters, *round_) for round_ in organization.funding)
    for wanted, values in _LISTED:
        names = frozenset(name.casefold() for name in wanted(filters))
        if names:
            yield _contains(names, values)


_LISTED: tuple[tuple[Callable[[Filters], tuple[str, ...]], Callable[[Organization], tuple[str, ...]]], ...] = (
    (lambda filters: filters.company_domain, lambda organization: organization.domains),
    (lambda filters: filters.company_employee_size, lambda organization: (organization.employee_size,)),
    (lambda filters: filters.industry, lambda organization: (organization.industry,)),
    (lambda filters: filters.industry_keywords, lambda organization: organization.industry_keywords),
    (lambda filters: filters.revenue, lambda organization: (organization.revenue,)),
    (lambda filters: filters.business_model, lambda organization: (organization.business_model,)),
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
