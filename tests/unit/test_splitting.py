"""How a window is split: exact parts hold everybody, whatever the vendor's reading; every part can be asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.scan_notes import _row, _window
from sources.clodura import values
from sources.clodura.facets import COMPANY, FACETS, LOCATION, SHOWN, Facet, Tally
from sources.clodura.filters import SearchFilters, parse_filters
from sources.clodura.records import Record
from sources.clodura.scans import Remembered, ScanWindow, State
from sources.clodura.splitting import (
    AIM,
    COMPANIES,
    FEW,
    MOST_IN_LIST,
    Part,
    Role,
    Split,
    changed,
    companies,
    split,
)
from sources.clodura.windows import Coverage
from tests.support.scanning import Vendor

#: of each facet a few values: known ones, and one that no list has
VALUES: dict[str, list[str]] = {
    "personCountry": ["India", "France", "Atlantis"],
    "personState": ["Bihar", "Bretagne", "Atlas"],
    "personCity": ["Patna", "Brest", "Poseidonis", "Rennes"],
    "seniority": ["CEO", "Senior", "Head", "Fellow"],
    "functional": ["Sales", "IT", "Alchemy"],
    "contactEmailStatus": ["verified", "unverified", "accept_all"],
    "companyEmployeeSize": ["0 - 1", "11 - 50", "51-100"],
    "companyCountry": ["India", "France", "Atlantis"],
}


def some(key: str, least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(VALUES[key]), min_size=least, max_size=2, unique=True)


PEOPLE = st.lists(st.fixed_dictionaries({key: some(key) for key in VALUES}), min_size=1, max_size=25).map(
    lambda people: [{"personId": str(number), **person} for number, person in enumerate(people)]
)
CLOSED = {facet.field: facet.listed for facet in FACETS.values() if facet.closed}
SEARCHES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries({}, optional={
        "person_country": some("personCountry", 1),
        "person_city": some("personCity", 1),
        "seniority": st.lists(st.sampled_from(["CEO", "Senior", "Head"]), min_size=1, unique=True),
        "functional": some("functional", 1),
        "contact_email_status": st.sampled_from(["verified", "unverified"]),
        "person_location_exclude": st.booleans(),
    }),
)  # fmt: skip


def tally_of(people: list[Record]) -> Tally:
    tally = Tally()
    tally.add(people)
    return tally


@settings(max_examples=300, deadline=None)
@given(people=PEOPLE, search=SEARCHES, exclusion=st.sampled_from(["each", "all"]), data=st.data())
def test_exact_parts_hold_everybody_of_the_search_and_nobody_else(
    people: list[Record], search: dict[str, Any], exclusion: str, data: st.DataObject
) -> None:
    """The sample holds anybody; several values, none, and values of no list are among them."""
    vendor, filters = Vendor(people, exclusion), SearchFilters.model_validate(search)
    inside = vendor.matching(filters)
    sample = data.draw(st.lists(st.sampled_from(inside), unique_by=id)) if inside else []
    tried = data.draw(st.sets(st.sampled_from([facet.field for facet in SHOWN]), max_size=2))
    count = data.draw(st.none() | st.integers(10_001, 200_000))
    parts = split(filters, tally_of(sample), count, {}, tried)
    if parts is None:
        return
    assert parts.field not in tried
    shown = [record["personId"] for part in parts.parts for record in vendor.matching(part.filters)]
    wanted = {record["personId"] for record in inside}
    if parts.exact:
        assert set(shown) >= wanted
    located = search.get("person_location_exclude") and any(search.get(name) for name in LOCATION)
    if not located:  # whoever lives in two countries is shown by the one that is not left out
        assert set(shown) <= wanted
    assert len(parts.parts) >= 1
    for part in parts.parts:
        again = parse_filters("part", part.filters.model_dump(exclude_none=True))  # the settings' own rules
        assert again == part.filters != filters
        for name, listed in CLOSED.items():
            own = getattr(part.filters, name) or ()
            assert set([own] if isinstance(own, str) else own) <= set(listed)
        asked = getattr(part.filters, parts.field)
        assert part.role is Role.COMPLEMENT or isinstance(asked, str) or len(asked) <= MOST_IN_LIST
        assert part.share is not None
        assert 0 <= part.share <= 1


@settings(max_examples=100, deadline=None)
@given(people=PEOPLE, exclusion=st.sampled_from(["each", "all"]), data=st.data())
def test_splitting_the_complement_again_and_again_comes_to_an_end_and_loses_nobody(
    people: list[Record], exclusion: str, data: st.DataObject
) -> None:
    vendor, filters, found = Vendor(people, exclusion), SearchFilters(), set()
    inside = vendor.matching(filters)
    while inside:
        sample = data.draw(st.lists(st.sampled_from(inside), min_size=1, max_size=3, unique_by=id))
        parts = split(filters, tally_of(sample), None, {})
        if parts is None or not parts.exact:
            break
        *some_of_it, rest = parts.parts
        shown = {record["personId"] for part in some_of_it for record in vendor.matching(part.filters)}
        assert shown
        found |= shown
        assert rest.role is Role.COMPLEMENT
        filters = rest.filters
        before, inside = len(inside), vendor.matching(filters)
        assert len(inside) < before
        assert shown.isdisjoint(record["personId"] for record in inside)
    found |= {record["personId"] for record in inside}
    assert found == {record["personId"] for record in people}


@pytest.mark.parametrize("field", [facet.field for facet in SHOWN if facet.closed])
def test_values_that_the_vendor_would_refuse_are_in_no_part(field: str) -> None:
    key = FACETS[field].key
    assert key is not None
    sample: list[Record] = [{key: [value]} for value in (*FACETS[field].listed, "of no list") * 5]
    parts = split(SearchFilters(), tally_of(sample), None, {field: {"of no list"}}, set(FACETS) - {field})
    assert parts is not None
    assert (parts.field, parts.exact) == (field, False)
    asked = [getattr(part.filters, field) for part in parts.parts]
    values_asked = {value for one in asked for value in ([one] if isinstance(one, str) else one)}
    assert values_asked == set(FACETS[field].listed)


def test_own_lists_are_divided_before_anything_else() -> None:
    filters = SearchFilters(seniority=["CEO", "Head", "Senior"])
    parts = split(filters, tally_of([{"seniority": ["Senior"]}, {"seniority": ["CEO"]}]), 20_000, {})
    assert parts is not None
    assert (parts.field, parts.exact, len(parts.parts)) == ("seniority", True, 3)
    assert sorted(part.filters.seniority or [] for part in parts.parts) == [["CEO"], ["Head"], ["Senior"]]


@pytest.mark.parametrize(("people", "count"), [(None, FEW), (AIM, 2), (AIM * 5, 5), (AIM * 5 + 1, 6)])
def test_there_are_as_many_parts_as_people_take(people: int | None, count: int) -> None:
    sample: list[Record] = [{"personCity": [f"City {number}"]} for number in range(50) for _ in range(4)]
    parts = split(SearchFilters(), tally_of(sample), people, {})
    assert parts is not None
    assert (parts.field, parts.parts[-1].role, len(parts.parts)) == ("person_city", Role.COMPLEMENT, count + 1)
    assert max(part.share or 0 for part in parts.parts[:-1]) <= 1.2 / count


def test_lists_are_no_longer_than_a_request_may_hold() -> None:
    sample: list[Record] = [{"personCity": [f"City {number}"]} for number in range(600)]
    parts = split(SearchFilters(), tally_of(sample), None, {})
    assert parts is not None
    assert [len(part.filters.person_city or ()) <= MOST_IN_LIST for part in parts.parts[:-1]] == [True] * 3
    assert len(parts.parts[-1].filters.person_city or ()) == 600


def test_a_filter_whose_value_all_have_is_no_way() -> None:
    alike: list[Record] = [{"personCountry": ["India"], "seniority": ["CEO"]} for _ in range(100)]
    assert [split(SearchFilters(), tally_of(alike), None, {}, tried) for tried in [list(FACETS)]] == [None]
    first = split(SearchFilters(), tally_of(alike), None, {})
    assert first is not None
    assert first.field not in ("person_country", "seniority")


def test_whom_a_filter_of_employers_has_left_out_is_not_looked_for_by_another_of_them() -> None:
    sample: list[Record] = [
        {
            "companyCountry": [f"C{n % 9}"],
            "companyEmployeeSize": [values.EMPLOYEE_SIZES[n % 9]],
            "functional": [f"F{n % 4}"] if n % 3 else [],
        }
        for n in range(90)
    ]
    sample += [{"functional": ["F1"]}] * 10
    filters = SearchFilters(person_country=["India"], seniority=["CEO"])
    first = split(filters, tally_of(sample), None, {})
    second = split(filters, tally_of(sample), None, {}, ["company_employee_size"])
    assert first is not None
    assert second is not None
    assert (first.exact, second.exact) == (False, False)
    assert second.field not in COMPANY


def test_a_filter_that_all_have_a_value_of_comes_before_one_that_some_have_none_of() -> None:
    sample: list[Record] = [
        {"seniority": [values.SENIORITIES[n % 5]], "functional": [values.FUNCTIONS[n % 5]] if n % 20 else []}
        for n in range(100)
    ]
    parts = split(SearchFilters(person_country=["India"]), tally_of(sample), None, {})
    assert parts is not None
    assert parts.field == "seniority"


def test_employers_are_asked_for_ten_at_a_time_and_only_by_what_can_be_asked() -> None:
    domains = [*(f"d{number}.io" for number in range(23)), "www.wrong.io", "not a domain"]
    parts = companies(SearchFilters(seniority=["CEO"]), domains)
    assert parts is not None
    assert [len(part.filters.company_domain or ()) for part in parts.parts] == [10, 10, 3]
    assert all(part.role is Role.COMPANIES and part.filters.seniority == ["CEO"] for part in parts.parts)
    assert (parts.field, parts.exact) == (COMPANIES, False)
    assert companies(SearchFilters(organization_name="Acme"), domains) is None
    assert companies(SearchFilters(company_domain=["acme.io"]), domains) is None
    assert companies(SearchFilters(), ["www.wrong.io"]) is None


# What is written down.

FIELDS = st.sampled_from(["seniority", "person_city", COMPANIES])
PARTS = st.builds(
    Part,
    SEARCHES.map(SearchFilters.model_validate),
    st.sampled_from(Role),
    st.none() | st.floats(0, 1),
    st.none() | st.integers(0, 10**6),
)
SPLITS = st.builds(Split, FIELDS, st.booleans(), st.lists(PARTS, max_size=4).map(tuple))


@given(st.builds(Remembered, st.lists(SPLITS, min_size=1, max_size=3).map(tuple), st.none() | st.integers(0, 10**6)))
def test_how_a_window_was_split_is_remembered_as_it_was(remembered: Remembered) -> None:
    assert Remembered.from_json(remembered.as_json()) == remembered


@settings(deadline=None)
@given(people=PEOPLE)
def test_a_tally_is_written_down_as_it_is(people: list[Record]) -> None:
    tally = tally_of(people)
    assert Tally.from_json(tally.as_json()) == tally
    assert tally.people == len(people)
    for facet in SHOWN:
        assert facet.key is not None
        own = [set(person[facet.key]) for person in people]
        assert tally.without[facet.field] == sum(not held for held in own)
        assert tally.several[facet.field] == sum(len(held) > 1 for held in own)


def test_facets_are_filters_there_are() -> None:
    for name, facet in FACETS.items():
        assert name in SearchFilters.model_fields
        assert isinstance(facet, Facet)
        assert facet.location == (facet.family == "location") == (name in LOCATION)
    assert changed(SearchFilters(seniority=["CEO"]), seniority=None) == SearchFilters()


def test_a_window_is_noted_and_comes_back_as_it_was() -> None:
    window = ScanWindow(
        number=4,
        parent=1,
        role=Role.COMPLEMENT,
        filters=SearchFilters(person_city=["Brest"], person_location_exclude=True),
        share=0.25,
        expected=700,
        turn=2,
        state=State.SPLIT,
        coverage=Coverage.TRUNCATED,
        split_by="seniority",
        exact=False,
        lacks=True,
        tried=("seniority", "functional"),
        before=12,
        tally=tally_of([{"seniority": ["CEO"]}]).as_json(),
        people=3,
        left=9,
        pages=2,
        unreadable=6,
        started_at=1,
        finished_at=2,
    )

    row = _row(window)
    assert _window({**row, "details": json.loads(json.dumps(row["details"]))}) == window
