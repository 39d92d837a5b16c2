"""Each documented filter, compared with a plain reading of it over everybody (search page, section Body Parameters)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from sandbox import Server
from sandbox.generation import build_population
from sandbox.organizations import Organization
from sandbox.population import Person

SEARCH = "/api/v1/search/people"
POPULATION = build_population(1, 1000)
PEOPLE = [POPULATION.person(index) for index in range(1000)]
BY_ID = {person.person_id: person for person in PEOPLE}
BIG = max((person.organization for person in PEOPLE[1:]), key=lambda o: sum(p.organization is o for p in PEOPLE))


def found(server: Server, **filters: object) -> list[str]:
    """The identifiers of everybody found, over all pages."""
    identifiers: list[str] = []
    for page in range(1, 12):
        answer = server.request("POST", SEARCH, {**filters, "page": page, "perPage": 100})
        if answer.status == 404:
            break
        assert answer.status == 200, answer.body
        identifiers += [record["personId"] for record in answer.json()]
    return identifiers


def employer(test: Callable[[Organization], bool]) -> Callable[[Person], bool]:
    return lambda person: test(person.organization)


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def seniorities(someone: Person) -> set[str]:
    return {value for title in someone.titles for value in title.seniorities}


def functions(someone: Person) -> set[str]:
    return {value for title in someone.titles for value in title.functions}


CASES: list[tuple[dict[str, object], Callable[[Person], bool]]] = [
    ({}, lambda p: True),
    ({"firstName": "james"}, lambda p: p.first_name == "James"),
    ({"lastName": "SHARMA"}, lambda p: p.last_name == "Sharma"),
    ({"lastName": "Müller"}, lambda p: p.last_name == "Müller"),
    ({"seniority": ["Director"]}, lambda p: "Director" in seniorities(p)),
    ({"seniority": ["Founder", "CXO"]}, lambda p: bool(seniorities(p) & {"Founder", "CXO"})),
    ({"personTitle": ["engineer"]}, lambda p: any("engineer" in words(t.text) for t in p.titles)),
    (
        {"personTitle": ["sales manager", "ceo"]},
        lambda p: any({"sales", "manager"} <= words(t.text) or "ceo" in words(t.text) for t in p.titles),
    ),
    (
        {"personTitle": ["software engineer"], "includeSimilarTitles": False},
        lambda p: any(t.text == "Software Engineer" for t in p.titles),
    ),
    ({"functional": ["Finance", "HR"]}, lambda p: bool(functions(p) & {"Finance", "HR"})),
    ({"personCity": ["london"]}, lambda p: p.place.city == "London"),
    (
        {"personCity": ["London"], "personCountry": ["Canada"]},
        lambda p: (p.place.city, p.place.country) == ("London", "Canada"),
    ),
    ({"personState": ["Texas", "Ohio"]}, lambda p: p.place.state in {"Texas", "Ohio"}),
    ({"personCountry": ["India"]}, lambda p: p.place.country == "India"),
    (
        {"personCountry": ["United States"], "personLocationExclude": True},
        lambda p: p.place.country != "United States",
    ),
    ({"personLocationExclude": True}, lambda p: True),
    ({"contactEmailStatus": "unavailable"}, lambda p: p.email_status == "unavailable"),
    ({"organizationId": BIG.organization_id}, employer(lambda o: o is BIG)),
    (
        {"organizationName": BIG.name.split()[0].lower()},
        employer(lambda o: BIG.name.split()[0].lower() in words(o.name)),
    ),
    (
        {"companyDomain": [BIG.domains[0].upper(), "clodura.ai"]},
        employer(lambda o: o is BIG or "clodura.ai" in o.domains),
    ),
    (
        {"companyEmployeeSize": ["51 - 200", "10000+"]},
        employer(lambda o: o.employee_size in {"51 - 200", "10000+"}),
    ),
    ({"companyCountry": ["United States"]}, employer(lambda o: o.headquarters.country == "United States")),
    ({"companyState": ["California"]}, employer(lambda o: o.headquarters.state == "California")),
    ({"companyCity": ["New York"]}, employer(lambda o: o.headquarters.city == "New York")),
    (
        {"companyCountry": ["India"], "includeAllOffice": True},
        employer(lambda o: any(office.country == "India" for office in o.offices)),
    ),
    (
        {"companyCity": ["Pune"], "companyCountry": ["United States"], "includeAllOffice": True},
        lambda p: False,
    ),
    (
        {"industry": ["Software Development", "Banking"]},
        employer(lambda o: o.industry in {"Software Development", "Banking"}),
    ),
    ({"industryKeywords": ["saas"]}, employer(lambda o: "SaaS" in o.industry_keywords)),
    ({"revenue": ["< 1M", "1B+"]}, employer(lambda o: o.revenue in {"< 1M", "1B+"})),
    ({"fundingType": ["Seed Round"]}, employer(lambda o: any(kind == "Seed Round" for kind, _ in o.funding))),
    ({"fundingType": ["Unheard-of Round"]}, lambda p: False),
    ({"fundingFromDate": "2018-06-30"}, employer(lambda o: any(day >= "2018-06-30" for _, day in o.funding))),
    ({"fundingToDate": "2015-01-01"}, employer(lambda o: any(day <= "2015-01-01" for _, day in o.funding))),
    (
        {"fundingType": ["Series A"], "fundingFromDate": "2014-01-01", "fundingToDate": "2020-12-31"},
        employer(lambda o: any(k == "Series A" and "2014-01-01" <= day <= "2020-12-31" for k, day in o.funding)),
    ),
    ({"businessModel": ["Services"]}, employer(lambda o: o.business_model == "Services")),
    ({"technologyParameters": ["salesforce"]}, employer(lambda o: "Salesforce" in o.technologies)),
    ({"webKeywords": ["CRM", "payments"]}, employer(lambda o: bool({"CRM", "payments"} & set(o.web_keywords)))),
    (
        {"personCountry": ["United States"], "seniority": ["Manager"], "companyEmployeeSize": ["11 - 50"]},
        (
            lambda p: (
                p.place.country == "United States"
                and "Manager" in seniorities(p)
                and p.organization.employee_size == "11 - 50"
            )
        ),
    ),
    (
        {"personCountry": [], "industry": [""], "firstName": "", "organisationName": "ignored", "name": "ignored"},
        lambda p: True,
    ),
]


@pytest.mark.parametrize(("filters", "test"), CASES, ids=[", ".join(filters) or "none" for filters, _ in CASES])
def test_a_filter_finds_exactly_those_it_describes(
    process: Server, filters: dict[str, object], test: Callable[[Person], bool]
) -> None:
    expected = [someone.person_id for someone in PEOPLE if test(someone)]
    assert found(process, **filters) == expected


def test_the_cases_find_somebody_and_leave_somebody_out() -> None:
    """So that none of them passes with a filter that does nothing, or finds nobody by mistake."""
    counts = [(filters, sum(map(test, PEOPLE))) for filters, test in CASES]
    nothing_expected = [filters for filters, count in counts if count == 0]
    everybody_expected = [filters for filters, count in counts if count == 1000]
    assert len(nothing_expected) == 2, nothing_expected
    assert len(everybody_expected) == 3, everybody_expected


EXCLUDED = {"personCountry": ["United States"], "personState": ["Texas", "England"], "personLocationExclude": True}


def in_country(person: Person) -> bool:
    return person.place.country == "United States"


def in_state(person: Person) -> bool:
    return person.place.state in {"Texas", "England"}


@pytest.mark.parametrize(
    ("switches", "test"),
    [
        ({}, lambda p: not in_country(p) and not in_state(p)),
        ({"location_exclusion": "all"}, lambda p: not (in_country(p) and in_state(p))),
        (
            {"location_unknown_passes": False},
            lambda p: bool(p.place.country and p.place.state) and not in_country(p) and not in_state(p),
        ),
        (
            {"location_exclusion": "all", "location_unknown_passes": False},
            lambda p: (bool(p.place.country) and not in_country(p)) or (bool(p.place.state) and not in_state(p)),
        ),
    ],
    ids=["each", "all", "each, SQL", "all, SQL"],
)
def test_an_exclusion_of_locations_can_be_read_in_several_ways(
    server: Server, switches: dict[str, object], test: Callable[[Person], bool]
) -> None:
    server.set_behaviour(**switches)
    expected = [someone.person_id for someone in PEOPLE if test(someone)]
    assert found(server, **EXCLUDED) == expected
    assert 0 < len(expected) < 1000


def test_the_readings_of_an_exclusion_differ_and_keep_or_leave_out_who_has_no_location(server: Server) -> None:
    nowhere = {p.person_id for p in PEOPLE if not any(p.place)}
    assert nowhere
    results = {}
    for reading in ("each", "all"):
        for passes in (True, False):
            server.set_behaviour(location_exclusion=reading, location_unknown_passes=passes)
            results[reading, passes] = set(found(server, **EXCLUDED))
            assert nowhere <= results[reading, passes] if passes else not nowhere & results[reading, passes]
    assert len({len(people) for people in results.values()}) == 4
    assert results["each", True] < results["all", True]


def test_all_offices_find_more_than_headquarters(process: Server) -> None:
    headquarters = found(process, companyCountry=["India"])
    assert set(headquarters) < set(found(process, companyCountry=["India"], includeAllOffice=True))


def test_a_person_is_found_by_identifier_and_by_profile(process: Server) -> None:
    someone = next(p for p in PEOPLE[500:] if p.linkedin_url)
    slug = someone.linkedin_url.split("/")[-2]
    assert found(process, personId=someone.person_id) == [someone.person_id]
    assert found(process, personId="1" * 19) == []
    for url in (someone.linkedin_url, f"http://in.linkedin.com/in/{slug}?trk=x", f"linkedin.com/in/{slug.upper()}"):
        assert found(process, linkedinUrl=url) == [someone.person_id]
    assert found(process, personId=someone.person_id, firstName="Nobody") == []


def test_viewed_people_can_be_left_out(server: Server) -> None:
    server.set_behaviour(submit_form="result")
    someone = next(entry for entry in server.people() if entry["email"])
    before = found(server, excludeViewedPeople=True)
    body = {"personId": someone["person_id"], "webhookUrl": "http://127.0.0.1:9/"}
    assert server.request("POST", f"{SEARCH}/email/match", body).status == 200
    after = found(server, excludeViewedPeople=True)
    assert set(before) - set(after) == {someone["person_id"]}
    assert len(found(server)) == 1000


def test_the_order_is_stable_and_pages_do_not_overlap(process: Server) -> None:
    assert found(process) == found(process) == [someone.person_id for someone in PEOPLE]
    small = [
        record["personId"]
        for page in range(1, 41)
        for record in process.request("POST", SEARCH, {"page": page, "perPage": 7}).json()
    ]
    assert small == [someone.person_id for someone in PEOPLE[:280]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"perPage": 10}, 400),
        ({"page": 1}, 400),
        ({"page": 0, "perPage": 10}, 400),
        ({"page": 101, "perPage": 10}, 400),
        ({"page": 1, "perPage": 0}, 400),
        ({"page": 1, "perPage": 101}, 400),
        ({"page": "1", "perPage": 10}, 400),
        ({"page": True, "perPage": 10}, 400),
        ({"page": 1.0, "perPage": 10}, 400),
        (b"", 400),
        (b"[]", 400),
        (b'{"page":1,', 400),
        ({"companyDomain": [f"d{n}.example" for n in range(11)]}, 400),
        ({"companyDomain": ["www.clodura.ai"]}, 400),
        ({"companyDomain": ["a@clodura.ai"]}, 400),
        ({"companyDomain": "clodura.ai"}, 400),
        ({"linkedinUrl": "https://www.linkedin.com/sales/lead/ACwAAA,NAME"}, 400),
        ({"linkedinUrl": "https://www.linkedin.com/company/clodura-ai/"}, 400),
        ({"linkedinUrl": "https://example.org/in/kapilkhangaonkar/"}, 400),
        ({"personTitle": "CEO"}, 400),
        ({"personTitle": [1]}, 400),
        ({"personId": 3597524184265130552}, 400),
        ({"firstName": None}, 400),
        ({"includeSimilarTitles": "false"}, 400),
        ({"excludeViewedPeople": 1}, 400),
        ({"seniority": ["Boss"]}, 400),
        ({"contactEmailStatus": "guessed"}, 400),
        ({"companyEmployeeSize": ["51-200"]}, 400),
        ({"revenue": ["1M - 10M"]}, 400),
        ({"businessModel": ["Service"]}, 400),
        ({"fundingFromDate": "2020-13-01"}, 400),
        ({"fundingFromDate": "20200101"}, 400),
        ({"fundingToDate": "01/02/2020"}, 400),
        ({"fundingFromDate": "2021-01-01", "fundingToDate": "2020-01-01"}, 422),
    ],
    ids=str,
)
def test_malformed_searches_are_refused(process: Server, body: object, status: int) -> None:
    if isinstance(body, dict) and not {"page", "perPage"} & set(body):
        body = {**body, "page": 1, "perPage": 10}
    answer = process.request("POST", SEARCH, body)
    assert answer.status == status
    assert isinstance(answer.json()["message"], str)


def test_ten_domains_are_allowed(process: Server) -> None:
    domains = ["clodura.ai", *(f"d{n}.example" for n in range(9))]
    answer = process.request("POST", SEARCH, {"companyDomain": domains, "page": 1, "perPage": 10})
    assert [record["firstName"] for record in answer.json()] == ["Kapil"]
    assert BY_ID[answer.json()[0]["personId"]].organization.domains == ("clodura.ai",)
