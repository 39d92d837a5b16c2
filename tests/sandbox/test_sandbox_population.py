"""The population: reproducible, skewed, unique, with a truth that depends on seed and person alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from sandbox import Server
from sandbox.columns import Columns
from sandbox.emails import email_truth
from sandbox.filters import read_query
from sandbox.generation import EXAMPLE_ID, build_population
from sandbox.identifiers import IdentifierCode
from sandbox.matching import Exclusion, matching_ranks
from sandbox.phones import phone_truth
from sandbox.population import Population
from sandbox.records import RecordEncoder
from sandbox.wheels import wheel

SEARCH = "/api/v1/search/people"


@pytest.fixture(scope="module")
def people() -> Population:
    return build_population(seed=1, size=20_000)


def encoded(population: Population) -> bytes:
    return RecordEncoder(population, "array", "raw").page(range(population.size), b"}")


def test_the_same_seed_and_size_give_the_same_bytes() -> None:
    assert encoded(build_population(7, 500)) == encoded(build_population(7, 500))


def test_another_seed_gives_other_people() -> None:
    one, other = build_population(7, 500), build_population(8, 500)
    shared = {one.code.encode(index) for index in range(500)} & {other.code.encode(index) for index in range(500)}
    assert shared == {EXAMPLE_ID}


def test_the_bytes_of_seed_1_are_those_of_every_version_of_python() -> None:
    """A change here means that recorded expectations elsewhere no longer hold."""
    assert hashlib.sha256(encoded(build_population(1, 1000))).hexdigest()[:16] == "aabae90c76df5851"


@pytest.mark.parametrize("size", [1, 2, 9, 101])
def test_small_populations_are_whole(size: int) -> None:
    population = build_population(3, size)
    assert population.code.encode(0) == EXAMPLE_ID
    assert [population.person(index).index for index in range(size)] == list(range(size))


@pytest.mark.parametrize("size", [0, -1, 1_000_001])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="1 to 1,000,000"):
        build_population(1, size)


def test_identifiers_are_unique_and_have_19_digits(people: Population) -> None:
    identifiers = [people.code.encode(index) for index in range(people.size)]
    assert len(set(identifiers)) == people.size
    assert all(len(identifier) == 19 and identifier.isdigit() for identifier in identifiers)
    organizations = [each.organization_id for each in people.organizations if each.organization_id]
    assert len(set(organizations)) == len(people.organizations) - 1
    assert {len(identifier) for identifier in organizations} == {19}


def test_an_identifier_leads_back_to_its_number() -> None:
    code = IdentifierCode(5, "person", EXAMPLE_ID)
    assert all(code.decode(code.encode(number)) == number for number in (0, 1, 2, 999, 10**6))
    assert [code.decode(text) for text in ("", "12", "x" * 19, "９" * 19)] == [None] * 4


def test_nobody_bears_the_documented_identifier_by_chance() -> None:
    natural = IdentifierCode(5, "person", EXAMPLE_ID).encode(7)
    code = IdentifierCode(5, "person", pinned=natural)
    identifiers = [code.encode(number) for number in range(20)]
    assert identifiers[0] == natural
    assert len(set(identifiers)) == 20
    assert [code.decode(identifier) for identifier in identifiers] == list(range(20))


def test_one_country_holds_about_half_of_everybody_whatever_the_seed() -> None:
    for seed in range(1, 6):
        population = build_population(seed, 2000)
        countries = Counter(population.person(index).place.country for index in range(2000))
        share = countries.most_common(1)[0][1] / 2000
        assert 0.45 <= share <= 0.60
        assert len(countries) >= 15


def test_a_few_employers_are_big_and_most_are_small(people: Population) -> None:
    staff = Counter(people.employers)
    sizes = sorted(staff.values(), reverse=True)
    assert sizes[0] > 20 * sizes[len(sizes) // 2]


def test_values_are_in_many_scripts_and_some_are_missing(people: Population) -> None:
    persons = [people.person(index) for index in range(5000)]
    names = "".join(person.first_name + person.last_name for person in persons)
    for sample in ("é", "ł", "王", "佐", "김", "А", "م", "अ"):
        assert sample in names
    missing = {
        "last name": sum(not person.last_name for person in persons),
        "profile": sum(not person.linkedin_url for person in persons),
        "city": sum(not person.place.city for person in persons),
        "country": sum(not person.place.country for person in persons),
        "employer": sum(not person.organization.name for person in persons),
        "title": sum(not person.titles[0].text for person in persons),
        "domain": sum(bool(person.organization.name) and not person.organization.domains for person in persons),
    }
    assert all(0 < count < 500 for count in missing.values()), missing
    assert any(len(person.titles) == 2 for person in persons)


def test_what_can_be_found_lies_in_the_stated_shares(people: Population) -> None:
    truths = [email_truth(1, people.person(index)) for index in range(4000)]
    assert 0.60 <= sum(truth.address is not None for truth in truths) / 4000 <= 0.75
    assert {truth.deliverability for truth in truths} == {"deliverable", "undeliverable", "catch_all", None}
    phones = [phone_truth(1, people.person(index)) for index in range(4000)]
    assert 0.35 <= sum(bool(truth.phones) for truth in phones) / 4000 <= 0.45
    assert all(
        phone.e164.startswith("+") and phone.e164[1:].isdigit() and 8 <= len(phone.e164) <= 16
        for truth in phones
        for phone in truth.phones
    )


def test_numbers_are_written_in_many_ways(people: Population) -> None:
    shown = [phone.shown for index in range(4000) for phone in phone_truth(1, people.person(index)).phones]
    assert any(number.startswith("+1 ") for number in shown)
    assert any(number.startswith("(") for number in shown)
    assert any(number.startswith("0") and not number.startswith("00") for number in shown)
    assert any(number.startswith("00") for number in shown)
    assert any("ext." in number for number in shown)
    assert any(number.startswith("+") and number[1:].isdigit() for number in shown)


def test_no_invented_address_can_reach_anybody(people: Population) -> None:
    addresses = [email_truth(1, people.person(index)).address for index in range(4000)]
    assert all(address is None or address.endswith(".example") for address in addresses)


def test_a_truth_does_not_depend_on_what_was_asked_before(people: Population) -> None:
    forwards = [(email_truth(1, people.person(i)), phone_truth(1, people.person(i))) for i in range(200)]
    backwards = [(email_truth(1, people.person(i)), phone_truth(1, people.person(i))) for i in reversed(range(200))]
    assert forwards == backwards[::-1]


def test_domains_belong_to_one_organization_each(people: Population) -> None:
    domains = [domain for organization in people.organizations for domain in organization.domains]
    assert len(set(domains)) == len(domains)


def test_a_profile_address_leads_back_to_its_person(people: Population) -> None:
    for index in range(300):
        url = people.linkedin_url(index)
        assert not url or people.index_of_slug(url.split("/")[-2]) == index
    assert people.index_of_slug("somebody-else") is None
    assert people.index_of_slug("x-" + people.linkedin_url(1).split("/")[-2]) is None


def test_a_wheel_holds_positions_by_weight() -> None:
    counts = Counter(wheel([1, 0, 2, 5], 800))
    assert counts == {0: 100, 2: 200, 3: 500}


def test_the_documented_person_is_always_there_as_documented(process: Server) -> None:
    """Search page, section Example Response."""
    documented = {
        "personId": "3597524184265130552",
        "firstName": "Kapil",
        "lastName": "Khangaonkar",
        "linkedinUrl": "https://www.linkedin.com/in/kapilkhangaonkar/",
        "seniority": ["Founder"],
        "personTitle": ["CEO"],
        "functional": ["Admin"],
        "personCity": ["Pune"],
        "personState": ["Maharashtra"],
        "personCountry": ["India"],
        "contactEmailStatus": "verified",
        "organizationId": "2389402640191586304",
        "organizationName": "Clodura.AI",
        "companyDomain": ["clodura.ai"],
        "companyEmployeeSize": ["51-100"],
        "companyCountry": ["United States"],
        "page": 1,
        "perPage": 25,
    }
    question = {
        "personTitle": ["CEO"],
        "seniority": ["Founder", "CEO"],
        "companyDomain": ["clodura.ai"],
        "contactEmailStatus": "verified",
        "page": 1,
        "perPage": 25,
    }
    for people, seed in ((1, 1), (1000, 1), (1000, 99)):
        process.reset(people=people, seed=seed)
        answer = process.request("POST", SEARCH, question)
        assert answer.json() == [documented]
        assert list(answer.json()[0]) == list(documented)
    process.reset()


def test_filters_of_different_fields_are_joined_by_and(people: Population) -> None:
    columns = Columns(people, range(people.size))
    everybody = read_query(b'{"page":1,"perPage":1}').filters

    def found(**filters: Any) -> int:
        return matching_ranks(columns, replace(everybody, **filters), Exclusion())

    by_status, by_country = found(contact_email_status="verified"), found(person_country=("India",))
    both = found(person_country=("India",), contact_email_status="verified")
    assert both == by_status & by_country
    assert 0 < both.bit_count() < by_country.bit_count() < found().bit_count() == people.size
