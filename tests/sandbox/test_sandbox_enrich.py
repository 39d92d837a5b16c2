"""Both enrichments: who is matched by what, what it costs, in which shapes it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from sandbox import Response, Server
from sandbox.behaviour import ContactShape, CreditUsage, OrganizationShape
from sandbox.directory import Directory
from sandbox.generation import build_population

CONTACT = "/api/v1/cleanup/enrich"
COMPANY = "/api/v1/organisation/enrich"
NOBODY = {"linkedinUrl": "https://www.linkedin.com/in/nobody-at-all/"}
UNKNOWN = "1000000000000000007"
EXAMPLE_COMPANY = "2389402640191586304"
NO_RESULTS = {"message": "No Results found, may be you can tweak the filters."}


def strings(value: object) -> Iterator[str]:
    """Every string in a JSON document, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from strings(member)


def contact(server: Server, **body: object) -> Response:
    return server.request("POST", CONTACT, body)


def company(server: Server, **body: object) -> Response:
    return server.request("POST", COMPANY, body)


def someone(server: Server) -> dict[str, Any]:
    """Somebody of whom everything is known, and who shares name and address with nobody."""
    people = server.people()
    names = [(person["first_name"], person["last_name"], person["organization_id"]) for person in people]
    addresses = [person["email"]["address"] for person in people if person["email"]]
    for person in people[1:]:
        name = person["first_name"], person["last_name"], person["organization_id"]
        if not (all(name) and person["email"] and person["linkedin_url"]) or names.count(name) > 1:
            continue
        if addresses.count(person["email"]["address"]) == 1:
            return person
    raise AssertionError("nobody is known so well")


def charges(server: Server) -> list[tuple[str, int, str, str | None, str]]:
    keys = ("kind", "amount", "operation", "person_id", "subject")
    return [tuple(charge[key] for key in keys) for charge in server.books()["charges"]]


# Contacts: who is matched.


def test_each_of_the_five_combinations_finds_the_person(server: Server) -> None:
    """Enrich contacts page, table of combinations."""
    person = someone(server)
    name = {"firstName": person["first_name"].upper(), "lastName": person["last_name"].lower()}
    for identifiers in (
        {"linkedinUrl": person["linkedin_url"]},
        {**name, "email": person["email"]["address"]},
        {"email": person["email"]["address"].upper()},
        {**name, "orgLinkedinUrl": person["organization_linkedin_url"]},
        {**name, "organisationName": person["organization_name"].upper()},
    ):
        answer = contact(server, **identifiers)
        [record] = answer.json()["data"]
        assert (answer.status, record["personId"]) == (200, person["person_id"]), identifiers
        assert record["organisation"]["organisationId"] == person["organization_id"]
        assert answer.json()["creditsUsed"] == 2
    paid = ("pool", 200, "enrich_contact", person["person_id"], person["person_id"])
    assert charges(server) == [paid] * 5


def test_the_surest_identifier_counts(server: Server) -> None:
    person = someone(server)
    example = "https://www.linkedin.com/in/kapilkhangaonkar/"
    answer = contact(server, linkedinUrl=example, email=person["email"]["address"])
    assert answer.json()["data"][0]["personId"] == "3597524184265130552"


def test_an_employer_alone_costs_one_credit(server: Server) -> None:
    person = someone(server)
    domain = person["email"]["address"].partition("@")[2]
    stranger = {"firstName": "Nobody", "lastName": "Atall"}
    for identifiers in (
        {"email": f"nobody@{domain}"},
        {**stranger, "email": f"nobody@{domain}"},
        {**stranger, "email": person["email"]["address"]},
        {**stranger, "orgLinkedinUrl": person["organization_linkedin_url"]},
        {**stranger, "organisationName": person["organization_name"]},
    ):
        answer = contact(server, **identifiers).json()
        [record] = answer["data"]
        assert list(record) == ["organisation"], identifiers
        assert record["organisation"]["organisationName"] == person["organization_name"]
        assert answer["creditsUsed"] == 1
    assert charges(server) == [("pool", 100, "enrich_contact", None, person["organization_id"])] * 5


def test_nobody_costs_nothing_and_is_told_in_each_form(server: Server) -> None:
    """Enrich contacts page: no match may be a 200 without data."""
    stranger = {"firstName": "A", "lastName": "B"}
    for unknown in (NOBODY, {"email": "a@nowhere.example"}, {**stranger, "organisationName": "C"}):
        answer = contact(server, **unknown)
        assert (answer.status, answer.json()) == (200, {"data": [], "creditsUsed": 0})
    server.set_behaviour(contact_no_match="message")
    assert contact(server, **NOBODY).json() == {"data": [], "creditsUsed": 0, **NO_RESULTS}
    server.set_behaviour(contact_no_match="404")
    answer = contact(server, **NOBODY)
    assert (answer.status, answer.json()) == (404, NO_RESULTS)
    server.set_behaviour(error_body="empty")
    assert contact(server, **NOBODY).body == b""
    assert charges(server) == []
    assert not any(request["acted"] for request in server.books()["requests"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"firstName": "A", "lastName": "B"}, 422),
        ({"firstName": "A", "organisationName": "C"}, 422),
        ({"organisationName": "C"}, 422),
        ({"email": "no address"}, 400),
        ({"linkedinUrl": "https://www.linkedin.com/sales/people/x"}, 400),
        ({"firstName": "A", "lastName": "B", "orgLinkedinUrl": "https://www.linkedin.com/in/x"}, 400),
        ({"email": 7}, 400),
    ],
    ids=str,
)
def test_a_contact_request_is_validated(server: Server, body: dict[str, object], status: int) -> None:
    assert contact(server, **body).status == status
    if status == 422:
        server.set_behaviour(incomplete_status=400)
        assert contact(server, **body).status == 400
    assert charges(server) == []


# Contacts: what is told.


@pytest.mark.parametrize("shape", get_args(ContactShape))
def test_every_shape_names_the_person_and_the_employer(server: Server, shape: str) -> None:
    server.set_behaviour(contact_shape=shape, credit_usage="none")
    person = someone(server)
    told = set(strings(contact(server, linkedinUrl=person["linkedin_url"]).json()))
    wanted = ("person_id", "first_name", "last_name", "linkedin_url", "organization_id", "organization_name")
    assert {person[name] for name in wanted} <= told
    stranger = {"firstName": "Nobody", "lastName": "Atall", "organisationName": person["organization_name"]}
    told = set(strings(contact(server, **stranger).json()))
    assert person["organization_id"] in told
    assert person["person_id"] not in told
    nothing = contact(server, **NOBODY)
    assert nothing.status == 200
    assert set(strings(nothing.json())) <= {"not found"}


def test_shapes_of_contacts_differ(server: Server) -> None:
    bodies = []
    for shape in get_args(ContactShape):
        server.set_behaviour(contact_shape=shape)
        bodies.append(contact(server, linkedinUrl="linkedin.com/in/kapilkhangaonkar").body)
    assert len(set(bodies)) == len(bodies) >= 3


USAGE: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "creditsUsed": ({"creditsUsed": 2}, {"creditsUsed": 2}),
    "creditUsage": (
        {"creditUsage": {"creditsUsed": 2, "remainingCredits": 8.5}},
        {"creditUsage": {"creditsUsed": 2}},
    ),
    "credits": (
        {"credits": {"consumed": 2, "kind": "person", "remainingCredits": 8.5}},
        {"credits": {"consumed": 2, "kind": "person"}},
    ),
    "usage": (
        {"usage": {"person": 2, "organisation": 0, "total": 2}},
        {"usage": {"person": 2, "organisation": 0, "total": 2}},
    ),
    "none": ({}, {}),
}


@pytest.mark.parametrize("form", get_args(CreditUsage))
@pytest.mark.parametrize("plan", ["multi_provider", "standard"])
def test_the_cost_is_told_under_different_names(server: Server, form: str, plan: str) -> None:
    server.reset(plan=plan, credits=10.5, behaviour={"credit_usage": form})
    body = contact(server, linkedinUrl="https://www.linkedin.com/in/kapilkhangaonkar").json()
    del body["data"]
    assert body == USAGE[form][plan == "standard"]
    assert charges(server)[0][:2] == ("pool" if plan == "multi_provider" else "export", 200)


def test_a_contact_enriched_again_is_charged_again_or_free(server: Server) -> None:
    body = {"linkedinUrl": "https://www.linkedin.com/in/kapilkhangaonkar"}
    for _ in range(2):
        contact(server, **body)
    assert server.books()["totals"]["charged_again"] == 1
    server.set_behaviour(repeat_enrich_free=True)
    assert contact(server, **body).json()["creditsUsed"] == 0
    assert len(charges(server)) == 2


def test_without_credits_nothing_is_enriched(server: Server) -> None:
    server.reset(credits=1.5)
    assert contact(server, linkedinUrl="https://www.linkedin.com/in/kapilkhangaonkar").status == 402
    assert company(server, organisationId=EXAMPLE_COMPANY, includeFunding=True).status == 402
    assert company(server, organisationId=EXAMPLE_COMPANY).status == 200
    assert [amount for _, amount, *_ in charges(server)] == [100]


def test_a_quick_repetition_of_an_enrichment_is_refused_where_the_switches_say_so(server: Server) -> None:
    both = (
        (CONTACT, {"linkedinUrl": "https://www.linkedin.com/in/kapilkhangaonkar"}),
        (COMPANY, {"organisationId": EXAMPLE_COMPANY}),
    )
    server.set_behaviour(conflict_seconds=60, conflict_operations=["enrich_contact", "enrich_organization"])
    for path, body in both:
        assert [server.request("POST", path, body).status for _ in range(2)] == [200, 409]
    assert len(charges(server)) == 2


# Companies.


@pytest.mark.parametrize("plan", ["multi_provider", "standard"])
@pytest.mark.parametrize(
    ("flags", "blocks"),
    [
        ({}, set()),
        ({"includeTechnographics": True}, {"technographics"}),
        ({"includeAcquisitions": True, "includeFunding": False}, {"acquisitions"}),
        (
            {"includeTechnographics": True, "includeAcquisitions": True, "includeFunding": True},
            {"technographics", "acquisitions", "funding"},
        ),
    ],
)
def test_each_block_costs_a_credit(server: Server, plan: str, flags: dict[str, bool], blocks: set[str]) -> None:
    """Enrich company page: 1 credit, and 1 for each of three flags."""
    server.reset(plan=plan)
    answer = company(server, organisationId=EXAMPLE_COMPANY, **flags).json()["organisation"]
    assert (answer["organisationName"], answer["domain"]) == ("Clodura.AI", "clodura.ai")
    assert {"technographics", "acquisitions", "funding"} & set(answer) == blocks
    kind = "pool" if plan == "multi_provider" else "export"
    assert charges(server) == [(kind, 100 + 100 * len(blocks), "enrich_organization", None, EXAMPLE_COMPANY)]


def test_a_company_is_found_by_its_linkedin_address_and_the_id_wins(server: Server) -> None:
    person = someone(server)
    by_url = company(server, orgLinkedinUrl=person["organization_linkedin_url"]).json()
    assert by_url["organisation"]["organisationId"] == person["organization_id"]
    # The address printed on the enrich contacts page.
    printed = "https://www.linkedin.com/company/clodura-ai/"
    assert company(server, orgLinkedinUrl=printed).json()["organisation"]["organisationId"] == EXAMPLE_COMPANY
    both = company(server, organisationId=person["organization_id"], orgLinkedinUrl=printed).json()
    assert both == by_url
    assert company(server, organisationId=UNKNOWN, orgLinkedinUrl=printed).status == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"organisationId": 7}, 400),
        ({"orgLinkedinUrl": "https://www.linkedin.com/sales/company/1"}, 400),
        ({"orgLinkedinUrl": "https://example.org/company/x"}, 400),
        ({"organisationId": EXAMPLE_COMPANY, "includeFunding": "yes"}, 400),
    ],
    ids=str,
)
def test_a_company_request_is_validated(server: Server, body: dict[str, object], status: int) -> None:
    assert company(server, **body).status == status
    assert charges(server) == []


def test_an_unknown_company_is_told_in_each_form_and_charged_or_not(server: Server) -> None:
    assert (company(server, organisationId=UNKNOWN).status, charges(server)) == (404, [])
    server.set_behaviour(organization_no_match_charged=True)
    assert company(server, organisationId=UNKNOWN, includeFunding=True).status == 404
    assert charges(server) == [("pool", 200, "enrich_organization", None, UNKNOWN)]
    assert [request["acted"] for request in server.books()["requests"]] == [False, True]
    server.set_behaviour(organization_no_match="message", organization_no_match_charged=False)
    assert company(server, organisationId=UNKNOWN).json() == {"organisation": None, **NO_RESULTS}
    server.set_behaviour(organization_no_match="empty")
    for shape, empty in (("organisation", {"organisation": None}), ("data", {"data": []}), ("bare", {})):
        server.set_behaviour(organization_shape=shape)
        answer = company(server, orgLinkedinUrl="https://www.linkedin.com/company/no-such-company/")
        assert (answer.status, answer.json()) == (200, empty)
    assert len(charges(server)) == 1


def test_every_shape_of_a_company_tells_the_same(server: Server) -> None:
    flags = {"includeTechnographics": True, "includeAcquisitions": True, "includeFunding": True}
    bodies = []
    for shape in get_args(OrganizationShape):
        server.set_behaviour(organization_shape=shape)
        bodies.append(company(server, organisationId=EXAMPLE_COMPANY, **flags))
    common = {EXAMPLE_COMPANY, "Clodura.AI", "clodura.ai", "Software Development", "51-100", "HubSpot", "Seed Round"}
    common.add("https://www.linkedin.com/company/clodura-ai/")
    for body in bodies:
        assert common <= set(strings(body.json()))
    assert len({body.body for body in bodies}) == len(bodies) >= 2


def test_a_company_enriched_again_can_be_free(server: Server) -> None:
    server.set_behaviour(repeat_enrich_free=True)
    first, second = (company(server, organisationId=EXAMPLE_COMPANY) for _ in range(2))
    assert first.body == second.body
    assert len(charges(server)) == 1


@pytest.mark.parametrize(
    ("operation", "path", "body"),
    [
        ("enrich_contact", CONTACT, {"linkedinUrl": "https://www.linkedin.com/in/kapilkhangaonkar"}),
        ("enrich_organization", COMPANY, {"organisationId": EXAMPLE_COMPANY}),
    ],
)
def test_faults_hit_enrichments_before_or_after_the_charge(
    server: Server, operation: str, path: str, body: dict[str, str]
) -> None:
    for fault, count in (("503_before", 0), ("503_after", 1), ("reset_after", 2), ("dropped", 3)):
        server.set_behaviour(faults=[{"operation": operation, "fault": fault}])
        try:
            status: object = server.request("POST", path, body).status
        except ConnectionError:
            status = "reset"
        assert status == {"reset_after": "reset", "dropped": 200}.get(fault, 503)
        assert len(charges(server)) == count


def test_every_employer_is_found_by_what_is_printed_of_it() -> None:
    directory = Directory(build_population(1, 3000))
    for number, organization in enumerate(directory.population.organizations):
        found = {
            directory.employer_with_id(organization.organization_id),
            directory.employer_with_slug(organization.linkedin_slug),
            directory.employer_named(organization.name),
            *map(directory.employer_of_domain, organization.domains),
        }
        assert found == ({number} if organization.name else {None})
