"""What Sixtyfour knows of people, and by which of its ways a lead is understood."""

from __future__ import annotations

import pytest

from sandbox import Server
from sandbox.behaviour import Behaviour
from sandbox.directory import Directory
from sandbox.generation import build_population
from sandbox.phones import phone_truth
from sandbox.sixtyfour.leads import read_lead
from sandbox.sixtyfour.truths import knowledge
from tests.sandbox.sixtyfour import STRANGER, find, listed

POPULATION = build_population(1, 1000)
DIRECTORY = Directory(POPULATION)
EVERYBODY = [POPULATION.person(index) for index in range(1000)]
EMPLOYED = [person for person in EVERYBODY if person.organization.domains]


# What is known.


def test_it_finds_a_good_part_of_those_the_first_vendor_has_nothing_for(server: Server) -> None:
    """And of the others no more and no less: the two know apart from each other."""
    employed = [p for p in server.people() if p["company_domains"]]
    for missing in (True, False):
        group = [bool(p["sixtyfour"]["email"]) for p in employed if (p["email"] is None) == missing]
        assert len(group) > 200
        assert 0.53 < sum(group) / len(group) < 0.67


def test_mostly_the_right_address_is_found_sometimes_another_sometimes_one_in_doubt(server: Server) -> None:
    pairs = [
        (p["sixtyfour"]["email"][0], p["email"]) for p in server.people() if p["sixtyfour"]["email"] and p["email"]
    ]
    right = [ours["address"] == theirs["address"] for ours, theirs in pairs]
    assert 0.8 < sum(right) / len(right) < 0.95
    worth = [ours["worth"] for ours, _ in pairs]
    assert 0.6 < worth.count("ok") / len(worth) < 0.85
    assert set(worth) == {"ok", "catch_all", "risky", "invalid"}


@pytest.mark.parametrize("switch", ["email", "personal", "phone"])
def test_shares_say_how_much_is_known_and_a_greater_one_knows_all_that_a_smaller_does(switch: str) -> None:
    def those(share: float) -> dict[int, object]:
        behaviour = Behaviour(**{f"sixtyfour_{switch}_share": share})  # type: ignore[arg-type]
        found = {person.index: knowledge(1, person, behaviour) for person in EMPLOYED}
        by_kind = {"email": "company", "personal": "personal", "phone": "numbers"}
        return {index: known for index, all_known in found.items() if (known := getattr(all_known, by_kind[switch]))}

    none, few, many, everybody = (those(share) for share in (0.0, 0.2, 0.7, 1.0))
    assert (none, len(everybody)) == ({}, len(EMPLOYED))
    assert 0.14 < len(few) / len(EMPLOYED) < 0.26
    assert few.items() <= many.items() <= everybody.items()


def test_the_truth_depends_on_the_seed_and_not_on_what_was_asked() -> None:
    switches = Behaviour()
    assert [knowledge(1, p, switches) for p in EMPLOYED] == [knowledge(1, p, switches) for p in EMPLOYED]
    assert [knowledge(1, p, switches) for p in EMPLOYED] != [knowledge(2, p, switches) for p in EMPLOYED]


def test_some_numbers_are_those_the_first_vendor_knows() -> None:
    behaviour = Behaviour(sixtyfour_phone_share=1.0)
    pairs = [(knowledge(1, p, behaviour).numbers[0], phone_truth(1, p).phones) for p in EVERYBODY]
    same = [ours.e164 == theirs[0].e164 for ours, theirs in pairs if theirs]
    assert 0.6 < sum(same) / len(same) < 0.8
    digits = [("".join(filter(str.isdigit, ours.shown)), ours.e164[1:]) for ours, _ in pairs]
    assert all(shown == e164 for shown, e164 in digits)
    assert all(ours.shown.startswith("+") and ours.shown != ours.e164 for ours, _ in pairs)


def test_everybody_is_found_by_each_way_of_naming_them() -> None:
    """Of several persons of one name at one employer, and of those who share an address, the first."""
    for p in EMPLOYED[:300]:
        organization, shown = p.organization, f"{p.first_name} {p.last_name}".strip()
        ways: list[dict[str, object]] = [
            {"name": shown, "company": organization.name},
            {"name": shown.upper(), "domain": organization.domains[0]},
            {"name": " ".join(p.ascii_name), "domain": f"https://www.{organization.domains[0]}/about"},
            {"first_name": p.first_name, "last_name": p.last_name, "company": organization.domains[0]},
        ]
        first = {read_lead(way, DIRECTORY).person for way in ways}
        assert len(first) == 1
        index = first.pop()
        assert index is not None
        namesake = POPULATION.person(index)
        assert namesake.organization is organization
        assert namesake.ascii_name == p.ascii_name or namesake.first_name == p.first_name
        if p.linkedin_url:
            slug = p.linkedin_url.removeprefix("https://www.")
            for url in (p.linkedin_url, slug, slug.rstrip("/"), f"{p.linkedin_url}?x=1"):
                assert read_lead({"linkedin": url}, DIRECTORY).person == p.index
                assert read_lead({"linkedin_url": url, "name": "X Y", "company": "Z"}, DIRECTORY).person == p.index


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": "Ann"},
        {"company": EMPLOYED[0].organization.name},
        {"linkedin": "https://linkedin.example/in/kapilkhangaonkar/"},
        {"linkedin": 7, "name": None},
        {"email": "stranger@nowhere.example"},
        {"email": "kapilkhangaonkar"},
        {"name": "", "domain": "clodura.ai"},
        STRANGER,
    ],
    ids=str,
)
def test_nobody_is_found_by_what_names_nobody(fields: dict[str, object]) -> None:
    found = read_lead(fields, DIRECTORY)
    assert (found.person, found.person_id) == (None, None)
    assert found.subject


def test_an_unknown_lead_has_one_subject_however_it_is_written() -> None:
    subjects = {read_lead(fields, DIRECTORY).subject for fields in (STRANGER, {**STRANGER, "name": "NOBODY ATALL "})}
    assert len(subjects) == 1
    assert read_lead({**STRANGER, "company": "Elsewhere"}, DIRECTORY).subject not in subjects


def test_an_address_leads_to_its_holder(server: Server) -> None:
    """The lead's e-mail address is a way of naming somebody when a number is looked for."""
    people = server.people()
    addresses = [p["email"]["address"] for p in people if p["email"]]
    who = next(
        p for p in people if p["sixtyfour"]["phone"] and p["email"] and addresses.count(p["email"]["address"]) == 1
    )
    answer = find(server, "phone", {"email": who["email"]["address"]}).json()
    assert answer["phone"] in (who["sixtyfour"]["phone"][0]["shown"], listed(who))
