"""Every documented filter of the people search: its wire name, its rules, and what a wrong value is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sources.clodura import values
from sources.clodura.filters import SearchFilters, SearchRequest, parse_filters
from sources.errors import ConfigurationError

#: filter, a value as written in the settings, the name the vendor documents, and the value on the wire
DOCUMENTED: list[tuple[str, Any, str, Any]] = [
    ("person_id", "3597524184265130552", "personId", "3597524184265130552"),
    ("first_name", "Kapil", "firstName", "Kapil"),
    ("last_name", "Khangaonkar", "lastName", "Khangaonkar"),
    ("linkedin_url", "https://www.linkedin.com/in/k/", "linkedinUrl", "https://www.linkedin.com/in/k/"),
    ("seniority", ["Founder", "CEO"], "seniority", ["Founder", "CEO"]),
    ("person_title", ["CEO", "Head of Sales"], "personTitle", ["CEO", "Head of Sales"]),
    ("include_similar_titles", False, "includeSimilarTitles", False),
    ("functional", ["Product Management"], "functional", ["Product Management"]),
    ("person_city", ["Pune"], "personCity", ["Pune"]),
    ("person_state", ["Maharashtra"], "personState", ["Maharashtra"]),
    ("person_country", ["India"], "personCountry", ["India"]),
    ("person_location_exclude", True, "personLocationExclude", True),
    ("contact_email_status", "verified", "contactEmailStatus", "verified"),
    ("organization_id", "2389402640191586304", "organizationId", "2389402640191586304"),
    ("organization_name", "Clodura.AI", "organizationName", "Clodura.AI"),
    ("company_domain", ["clodura.ai"], "companyDomain", ["clodura.ai"]),
    ("company_employee_size", ["51 - 200"], "companyEmployeeSize", ["51 - 200"]),
    ("company_country", ["United States"], "companyCountry", ["United States"]),
    ("company_state", ["Virginia"], "companyState", ["Virginia"]),
    ("company_city", ["Reston"], "companyCity", ["Reston"]),
    ("include_all_office", True, "includeAllOffice", True),
    ("exclude_viewed_people", True, "excludeViewedPeople", True),
    ("industry", ["Software Development"], "industry", ["Software Development"]),
    ("industry_keywords", ["fintech"], "industryKeywords", ["fintech"]),
    ("revenue", ["< 1M", "1B+"], "revenue", ["< 1M", "1B+"]),
    ("funding_type", ["Series A"], "fundingType", ["Series A"]),
    ("funding_from_date", "2024-01-31", "fundingFromDate", "2024-01-31"),
    ("funding_to_date", "2024-02-29", "fundingToDate", "2024-02-29"),
    ("business_model", ["Services"], "businessModel", ["Services"]),
    ("technology_parameters", ["Salesforce"], "technologyParameters", ["Salesforce"]),
    ("web_keywords", ["b2b"], "webKeywords", ["b2b"]),
]
LISTS = [name for name, value, _, _ in DOCUMENTED if isinstance(value, list)]
TEXTS = [name for name, value, _, _ in DOCUMENTED if isinstance(value, str) and "date" not in name]
FLAGS = [name for name, value, _, _ in DOCUMENTED if isinstance(value, bool)]
DATES = ["funding_from_date", "funding_to_date"]
#: the closed lists, as the vendor's page prints them
CLOSED: list[tuple[str, str]] = [
    *[("seniority", v) for v in (
        "Founder", "Chairman", "President", "CEO", "CXO", "Vice President", "Director", "Head", "Manager", "Senior",
        "Junior", "Entry Level", "Executive")],
    *[("contact_email_status", v) for v in ("verified", "unverified", "unavailable")],
    *[("company_employee_size", v) for v in (
        "0 - 1", "2 - 10", "11 - 50", "51 - 200", "201 - 500", "501 - 1000", "1001 - 5000", "5001 - 10000", "10000+")],
    *[("revenue", v) for v in ("< 1M", "1M-10M", "11M-100M", "101M-500M", "501M-1B", "1B+")],
    *[("business_model", v) for v in ("Product", "Services", "Solutions")],
]  # fmt: skip


def refused(**settings: Any) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse_filters("mine", settings)
    assert caught.value.exit_code == 2
    return str(caught.value).split("\n")


def warned(**settings: Any) -> list[str]:
    return parse_filters("mine", settings).warnings()


# Wire names.


@pytest.mark.parametrize(("name", "value", "wire_name", "wire_value"), DOCUMENTED)
def test_each_documented_filter_goes_out_under_its_documented_name(
    name: str, value: Any, wire_name: str, wire_value: Any
) -> None:
    filters = parse_filters("mine", {name: value})
    assert filters.wire() == {wire_name: wire_value}
    body = SearchRequest(**filters.model_dump(), page=3, per_page=50).body()
    assert body == {wire_name: wire_value, "page": 3, "perPage": 50}


def test_there_are_these_filters_and_no_others() -> None:
    assert sorted(SearchFilters.model_fields) == sorted(name for name, *_ in DOCUMENTED)


def test_all_filters_go_out_together() -> None:
    settings = {name: value for name, value, *_ in DOCUMENTED}
    assert parse_filters("mine", settings).wire() == {wire: value for *_, wire, value in DOCUMENTED}


def test_what_is_not_set_is_not_sent_and_a_flag_set_to_false_is() -> None:
    assert parse_filters("mine", {}).wire() == {}
    assert parse_filters("mine", {"person_city": None}).wire() == {}
    assert parse_filters("mine", {"include_similar_titles": False}).wire() == {"includeSimilarTitles": False}


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", [True, False])
def test_flags_are_booleans_on_the_wire(name: str, value: bool) -> None:
    assert list(parse_filters("mine", {name: value}).wire().values()) == [value]


def test_dates_may_be_dates_of_the_settings_file() -> None:
    assert parse_filters("mine", {"funding_from_date": date(2024, 1, 31)}).wire() == {"fundingFromDate": "2024-01-31"}


# Pages.


@pytest.mark.parametrize("number", [1, 2, 50, 100])
def test_pages_and_sizes_reach_from_1_to_100(number: int) -> None:
    assert SearchRequest(page=number, per_page=1).body() == {"page": number, "perPage": 1}
    assert SearchRequest(page=1, per_page=number).body() == {"page": 1, "perPage": number}


@pytest.mark.parametrize("number", [0, -1, 101, 1100])
@pytest.mark.parametrize("field", ["page", "per_page"])
def test_no_page_and_no_size_outside_can_be_asked_for(field: str, number: int) -> None:
    with pytest.raises(ValidationError):
        SearchRequest.model_validate({"page": 1, "per_page": 1, field: number})


@pytest.mark.parametrize("name", ["page", "per_page", "perPage"])
def test_pages_are_not_a_filter(name: str) -> None:
    assert refused(**{name: 1}) == [
        f"sources.clodura.searches.mine.{name}: leadsync turns the pages itself; remove it."
    ]


# Scalars and lists.


@pytest.mark.parametrize("name", LISTS)
def test_one_value_stands_for_a_list_of_one(name: str) -> None:
    value = next(value for known, value, *_ in DOCUMENTED if known == name)[0]
    assert getattr(parse_filters("mine", {name: value}), name) == [value]
    assert getattr(parse_filters("mine", {name: (value,)}), name) == [value]


@pytest.mark.parametrize("name", [*LISTS, *TEXTS])
def test_blanks_around_a_value_are_taken_off(name: str) -> None:
    value = next(value for known, value, *_ in DOCUMENTED if known == name)
    written = [f"  {item}\t" for item in value] if isinstance(value, list) else f" {value}\n"
    assert getattr(parse_filters("mine", {name: written}), name) == value


@pytest.mark.parametrize("name", ["person_id", "organization_id"])
def test_an_id_written_without_quotes_keeps_every_digit(name: str) -> None:
    assert getattr(parse_filters("mine", {name: 3597524184265130552}), name) == "3597524184265130552"


@pytest.mark.parametrize("name", LISTS)
def test_an_empty_list_is_refused_because_it_would_filter_nothing(name: str) -> None:
    (said,) = refused(**{name: []})
    assert said.startswith(f"sources.clodura.searches.mine.{name}: is an empty list, which would filter nothing")
    assert refused(**{name: ()}) == [said]


@pytest.mark.parametrize("name", [*LISTS, *TEXTS])
@pytest.mark.parametrize("blank", ["", "   "])
def test_an_empty_text_is_refused(name: str, blank: str) -> None:
    (said,) = refused(**{name: blank})
    assert said == f"sources.clodura.searches.mine.{name}: is empty: leave it out instead"


@pytest.mark.parametrize("name", [n for n in LISTS if n not in ("company_domain",)])
def test_an_empty_text_in_a_list_is_refused(name: str) -> None:
    value = next(value for known, value, *_ in DOCUMENTED if known == name)
    (said,) = refused(**{name: [*value, ""]})
    assert said.startswith(f"sources.clodura.searches.mine.{name}: is empty")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("value", [1.5, True, {"a": 1}, [["nested"]], [1.5], [None]])
def test_what_is_no_list_of_texts_is_refused(name: str, value: Any) -> None:
    said = refused(**{name: value})
    assert all(line.startswith(f"sources.clodura.searches.mine.{name}: ") for line in said)
    assert "write a" in said[0]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", [1.5, True, {"a": 1}, ["verified"]])
def test_what_is_no_text_is_refused(name: str, value: Any) -> None:
    shown = "the value" if name in SearchFilters.secret else repr(value)
    assert refused(**{name: value}) == [
        f"sources.clodura.searches.mine.{name}: {shown} is not accepted: write a text in quotes"
    ]


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", ["perhaps", 2, [], None.__class__])
def test_what_is_no_flag_is_refused(name: str, value: Any) -> None:
    assert refused(**{name: value}) == [
        f"sources.clodura.searches.mine.{name}: {value!r} is not accepted: write true or false"
    ]


# Closed lists.


@pytest.mark.parametrize(("name", "value"), CLOSED)
def test_every_documented_value_of_a_closed_list_is_accepted_as_it_is(name: str, value: str) -> None:
    (sent,) = parse_filters("mine", {name: value}).wire().values()
    assert sent == ([value] if name in LISTS else value)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("seniority", values.SENIORITIES),
        ("contact_email_status", values.EMAIL_STATUSES),
        ("company_employee_size", values.EMPLOYEE_SIZES),
        ("revenue", values.REVENUES),
        ("business_model", values.BUSINESS_MODELS),
    ],
)
def test_closed_lists_hold_nothing_undocumented(name: str, known: tuple[str, ...]) -> None:
    assert list(known) == [value for field, value in CLOSED if field == name]


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("seniority", "founder", "Founder"),
        ("seniority", "VicePresident", "Vice President"),
        ("seniority", "Entry-Level", "Entry Level"),
        ("seniority", "Managr", "Manager"),
        ("contact_email_status", "Verified", "verified"),
        ("contact_email_status", "unverfied", "unverified"),
        ("company_employee_size", "51-200", "51 - 200"),
        ("company_employee_size", "10000 +", "10000+"),
        ("company_employee_size", "1001 – 5000", "1001 - 5000"),
        ("revenue", "<1M", "< 1M"),
        ("revenue", "1M - 10M", "1M-10M"),
        ("revenue", "1b+", "1B+"),
        ("business_model", "Service", "Services"),
        ("business_model", "product", "Product"),
    ],
)
def test_a_value_outside_a_closed_list_is_refused_with_the_nearest_right_one(name: str, value: str, meant: str) -> None:
    (said,) = refused(**{name: value})
    assert said.startswith(f"sources.clodura.searches.mine.{name}: {value!r} is not one of ")
    assert said.endswith(f" Did you mean {meant!r}?")


@pytest.mark.parametrize("value", [5, ["Verified"], "  Verified "])
def test_a_status_in_another_form_does_not_slip_through(value: Any) -> None:
    assert "contact_email_status" in refused(contact_email_status=value)[0]


def test_every_wrong_value_of_a_list_is_named() -> None:
    (said,) = refused(seniority=["Bos", "CEO", "Foundr"])
    assert "'Bos' is not one of" in said
    assert "'Foundr' is not one of" in said
    assert "'CEO' is not" not in said


# Open lists.


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("functional", "Enginering", "Engineering"),
        ("functional", "sales", "Sales"),
        ("functional", "Beekeeping", None),
        ("funding_type", "Series-A", "Series A"),
        ("funding_type", "Series K", "Series A"),
        ("industry", "software development", "Software Development"),
        ("industry", "Zorbing", None),
        ("person_country", "US", "United States"),
        ("person_country", "Inda", "India"),
        ("person_country", "Deutschland", "Germany"),
        ("company_country", "UK", "United Kingdom"),
        ("company_country", "india", "India"),
        ("company_country", "Xyzzy", None),
    ],
)
def test_a_value_outside_an_open_list_is_sent_as_it_is_with_a_warning(name: str, value: str, meant: str | None) -> None:
    assert list(parse_filters("mine", {name: value}).wire().values()) == [[value]]
    (said,) = warned(**{name: value})
    assert said.startswith(f"{name}: {value!r} is not among the values known to leadsync; it is sent as it is.")
    if meant is None:
        assert said.endswith("as it is.")
    elif value != "Series K":
        assert said.endswith(f"Did you mean {meant!r}?")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("functional", "HR"),
        ("functional", "Customer Service"),
        ("funding_type", "Series J"),
        ("funding_type", "Post-IPO Equity"),
        ("industry", "Hospitals and Health Care"),
        ("person_country", "United States"),
        ("company_country", "Côte d'Ivoire"),
        ("person_city", "Pune"),
        ("person_state", "Virginia"),
        ("technology_parameters", "Salesforce"),
        ("web_keywords", "b2b, saas"),
        ("person_title", "CEO, Founder"),
    ],
)
def test_known_values_and_free_texts_pass_in_silence(name: str, value: str) -> None:
    assert warned(**{name: value}) == []


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"person_state": ["VA"]}, "person_state: 'VA' looks like a code or a list; full names are wanted."),
        ({"company_city": "A, B"}, "company_city: 'A, B' looks like a code or a list; full names are wanted."),
        ({"person_city": "NYC"}, "person_city: 'NYC' looks like a code or a list; full names are wanted."),
        (
            {"technology_parameters": "AWS/Azure"},
            "technology_parameters: 'AWS/Azure' looks like several values in one; it is sent as it is.",
        ),
        (
            {"person_location_exclude": True, "company_country": "India"},
            "person_location_exclude: excludes nothing without a person_city, _state or _country.",
        ),
        ({}, "no filter at all: whether the vendor answers such a search is not documented."),
    ],
)  # fmt: skip
def test_what_may_well_be_a_mistake_is_warned_of(settings: dict[str, Any], said: str) -> None:
    assert warned(**settings) == [said]


@pytest.mark.parametrize("place", ["person_city", "person_state", "person_country"])
def test_an_exclusion_that_excludes_something_is_not_warned_of(place: str) -> None:
    assert warned(**{"person_location_exclude": True, place: "India"}) == []


# Domains.


@pytest.mark.parametrize("domain", ["clodura.ai", "Clodura.AI", "a.co.uk", "xn--mnchen-3ya.de", "münchen.de", "1-2.io"])
def test_bare_domains_are_accepted(domain: str) -> None:
    assert parse_filters("mine", {"company_domain": domain}).wire() == {"companyDomain": [domain]}


@pytest.mark.parametrize(
    ("domain", "bare"),
    [
        ("www.clodura.ai", "clodura.ai"),
        ("WWW.Clodura.ai", "clodura.ai"),
        ("@clodura.ai", "clodura.ai"),
        ("kapil@clodura.ai", "clodura.ai"),
        ("kapil@www.clodura.ai", "clodura.ai"),
        ("https://clodura.ai", "clodura.ai"),
        ("https://www.clodura.ai/about/us", "clodura.ai"),
        ("clodura.ai/", "clodura.ai"),
        ("clodura.ai:443", "clodura.ai"),
        ("clodura.ai?utm=1", "clodura.ai"),
        ("clodura.ai#top", "clodura.ai"),
        ("clodura.ai.", "clodura.ai"),
        ("clodura", None),
        ("clodura.ai,other.com", None),
        ("clodura.ai other.com", None),
        ("clodura..ai", None),
        (".ai", None),
        ("@", None),
        ("https://", None),
    ],
)
def test_what_is_no_bare_domain_is_refused_with_the_bare_one(domain: str, bare: str | None) -> None:
    (said,) = refused(company_domain=[domain])
    shown = "<not shown>" if "kapil@" in domain else repr(domain)  # an address is somebody's
    assert said.startswith(f"sources.clodura.searches.mine.company_domain: {shown} is not a bare domain")
    if bare is None:
        assert "nearest" not in said
    else:
        assert said.endswith(f"the nearest right one is {bare!r}")


def test_every_wrong_domain_is_named() -> None:
    (said,) = refused(company_domain=["www.one.com", "two.com", "@three.com"])
    assert "'www.one.com' is not" in said
    assert "'@three.com' is not" in said
    assert "'two.com'" not in said


def test_ten_domains_are_accepted_and_eleven_are_not() -> None:
    domains = [f"company{n}.com" for n in range(11)]
    assert parse_filters("mine", {"company_domain": domains[:10]}).company_domain == domains[:10]
    (said,) = refused(company_domain=domains)
    assert "has 11 domains, 10 are allowed" in said


# LinkedIn.


@pytest.mark.parametrize(
    "url",
    [
        "https://www.linkedin.com/in/kapilkhangaonkar/",
        "https://linkedin.com/in/kapil",
        "http://in.linkedin.com/in/kapil-k-12ab",
        "linkedin.com/in/kapil",
        "HTTPS://WWW.LinkedIn.com/in/Kapil/",
        "https://www.linkedin.com/in/jos%C3%A9",
        "https://www.linkedin.com/in/josé",
    ],
)
def test_profile_urls_are_accepted(url: str) -> None:
    assert parse_filters("mine", {"linkedin_url": url}).wire() == {"linkedinUrl": url}


@pytest.mark.parametrize(
    "url",
    ["https://www.linkedin.com/sales/lead/ACwAA,NAME", "linkedin.com/sales/people/x", "https://LINKEDIN.com/Sales/"],
)
def test_sales_navigator_urls_are_refused_by_name(url: str) -> None:
    (said,) = refused(linkedin_url=url)
    assert said.startswith("sources.clodura.searches.mine.linkedin_url: the value is a Sales Navigator URL")
    assert "linkedin.com/in/" in said


@pytest.mark.parametrize(
    "url",
    ["kapil", "https://www.linkedin.com/company/clodura/", "https://example.com/linkedin.com/in/kapil",
     "linkedin.com/in/", "https://linkedin.com.evil.example/in/kapil", "https://www.linkedin.com/in/kapil/details/experience",
     "https://notlinkedin.com/in/kapil", "https://www.linkedin.com/in/a b"],
)  # fmt: skip
def test_other_urls_are_refused(url: str) -> None:
    (said,) = refused(linkedin_url=url)
    assert said == (
        "sources.clodura.searches.mine.linkedin_url: the value is not a profile URL such as "
        "https://www.linkedin.com/in/name/"
    )


# Dates.


@pytest.mark.parametrize("name", DATES)
@pytest.mark.parametrize(
    "written",
    ["2024-1-5", "20240105", "05.01.2024", "2024-13-01", "2023-02-29", "soon", "", 20240105, 86_400, 0, 1.5, True,
     datetime(2024, 1, 5, 10), ["2024-01-05"]],  # noqa: DTZ001 - TOML has local times
)  # fmt: skip
def test_what_is_no_date_is_refused(name: str, written: Any) -> None:
    (said,) = refused(**{name: written})
    assert said.startswith(f"sources.clodura.searches.mine.{name}: {written!r} is not ")
    assert "write dates as YYYY-MM-DD" in said


def test_dates_in_the_wrong_order_are_refused_and_equal_ones_are_not() -> None:
    (said,) = refused(funding_from_date="2024-02-01", funding_to_date="2024-01-31")
    assert said.startswith(
        "sources.clodura.searches.mine.funding_to_date: 2024-01-31 is before funding_from_date 2024-02-01"
    )
    assert len(parse_filters("mine", {"funding_from_date": "2024-02-01", "funding_to_date": "2024-02-01"}).wire()) == 2


# Names.


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("personCountry", "person_country"),
        ("person_contry", "person_country"),
        ("seniorities", "seniority"),
        ("Company Domain", "company_domain"),
        ("technologies", None),
        ("linkedin", "linkedin_url"),
    ],
)
def test_an_unknown_filter_is_refused_with_the_nearest_name(written: str, meant: str | None) -> None:
    (said,) = refused(**{written: "x"})
    assert said.startswith(f"sources.clodura.searches.mine.{written}: no such filter.")
    if meant is not None:
        assert said.endswith(f"Did you mean {meant!r}?")


def test_where_no_name_is_near_all_are_listed() -> None:
    (said,) = refused(zzz=1)
    assert all(name in said for name, *_ in DOCUMENTED)


def test_all_mistakes_are_told_at_once() -> None:
    said = refused(
        personCountry="India",
        page=2,
        seniority="Boss",
        company_domain=["www.x.com"],
        include_all_office="perhaps",
        linkedin_url="kapil",
        person_title=[],
        funding_from_date="2024-02-01",
        funding_to_date="2024-01-01",
    )
    fields = [line.removeprefix("sources.clodura.searches.mine.").partition(":")[0] for line in said]
    assert sorted(fields) == sorted(
        ["personCountry", "page", "seniority", "company_domain", "include_all_office", "linkedin_url", "person_title",
         "funding_to_date"]
    )  # fmt: skip


@pytest.mark.parametrize("settings", ["India", ["India"], 5, None, True])
def test_a_search_that_is_no_table_of_filters_is_refused(settings: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"sources\.clodura\.searches\.mine: .* is not a search"):
        parse_filters("mine", settings)


# Fingerprints.


def test_a_fingerprint_names_the_filters_whatever_their_order() -> None:
    one = parse_filters("a", {"person_city": "Pune", "seniority": "CEO"})
    two = parse_filters("b", {"seniority": ["CEO"], "person_city": ["Pune"]})
    three = parse_filters("c", {"seniority": ["CXO"], "person_city": ["Pune"]})
    assert one.fingerprint() == two.fingerprint() != three.fingerprint()
    assert one.fingerprint() == "37ace67cd67c26fa"  # kept in ledgers: it must not change from release to release


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
_NAMES = st.sampled_from([name for name, *_ in DOCUMENTED]) | st.text(max_size=12)


@given(st.dictionaries(_NAMES, _ANYTHING, max_size=5))
def test_whatever_is_written_is_either_sent_in_documented_form_or_refused_by_name(settings: dict[str, Any]) -> None:
    try:
        filters = parse_filters("mine", settings)
    except ConfigurationError as error:
        assert str(error).startswith("sources.clodura.searches.mine")  # noqa: PT017
        return
    filters.warnings()
    kinds = {wire: type(value) for *_, wire, value in DOCUMENTED}
    for name, value in filters.wire().items():
        assert type(value) is kinds[name]
        assert value not in ("", [])
        if isinstance(value, list):
            assert all(isinstance(item, str) and item.strip() for item in value)
