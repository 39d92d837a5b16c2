"""Sixtyfour: what is found of a lead, in which shape, at which price."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Server
from tests.sandbox.sixtyfour import STRANGER, books, charges, find, known, lead, listed, person, unknown

# Results.


def test_a_company_address_is_a_tuple_of_address_status_and_type(server: Server) -> None:
    who = known(server)
    answer = find(server, "email", lead(who))
    told = [[who["sixtyfour"]["email"][0]["address"], "OK", "COMPANY"]]
    assert answer.json() == {**lead(who), "email": told, "cost_cents": 5}
    assert answer.headers["content-type"] == "application/json"
    assert charges(server) == [("find_email", 500)]


def test_in_personal_mode_there_are_both(server: Server) -> None:
    who = person(server, lambda knows: knows["personal_email"] and knows["email"])
    answer = find(server, "email", lead(who), mode="PERSONAL").json()
    [private] = who["sixtyfour"]["personal_email"]
    assert [entry[0] for entry in answer["email"]] == [email["address"] for email in who["sixtyfour"]["email"]]
    assert answer["personal_email"] == [
        [private["address"], "OK" if private["worth"] == "ok" else "UNKNOWN", "PERSONAL"]
    ]
    assert answer["cost_cents"] == 20
    assert charges(server) == [("find_email", 2000)]


NOT_FOUND: dict[str, object] = {
    "empty_tuple": [["", "NOT_FOUND", "COMPANY"]],
    "null_tuple": [[None, "NOT_FOUND", "COMPANY"]],
    "untyped_tuple": [["", "NOT_FOUND", ""]],
    "empty_list": [],
    "null": None,
    "absent": ...,
}


@pytest.mark.parametrize("form", NOT_FOUND)
@pytest.mark.parametrize("length", [3, 2])
def test_no_address_has_several_forms(server: Server, form: str, length: int) -> None:
    server.set_behaviour(sixtyfour_email_not_found=form, sixtyfour_tuple_length=length)
    answer = find(server, "email", lead(unknown(server)), mode="PERSONAL").json()
    for name, kind in (("email", "COMPANY"), ("personal_email", "PERSONAL")):
        expected = NOT_FOUND[form]
        if isinstance(expected, list):
            expected = [[kind if part == "COMPANY" else part for part in entry][:length] for entry in expected]
        assert answer.get(name, ...) == expected
    assert answer["cost_cents"] == 20


@pytest.mark.parametrize(
    ("family", "words"),
    [("OK UNKNOWN", {"OK", "UNKNOWN"}), ("OK CATCH_ALL RISKY INVALID", {"OK", "CATCH_ALL", "RISKY", "INVALID"})],
)
def test_statuses_are_of_two_families(server: Server, family: str, words: set[str]) -> None:
    server.set_behaviour(sixtyfour_email_statuses=family)
    people = [lead(p) for p in server.people(limit=100) if p["linkedin_url"] and p["sixtyfour"]["email"]]
    items = find(server, "email-bulk", people).json()
    assert {entry[1] for item in items for entry in item["email"]} == words


def test_what_is_not_verified_is_not_ok_unless_switched_on(server: Server) -> None:
    fields = lead(known(server))
    assert find(server, "email", fields, verify_emails=False).json()["email"][0][1] == "UNKNOWN"
    server.set_behaviour(sixtyfour_unverified_ok=True)
    assert find(server, "email", fields, verify_emails=False).json()["email"][0][1] == "OK"


@pytest.mark.parametrize(("form", "one"), [("by_count", "string"), ("string", "string"), ("list", "list")])
def test_a_number_is_a_string_or_a_list(server: Server, form: str, one: str) -> None:
    server.set_behaviour(sixtyfour_phone_found=form)
    single = person(server, lambda knows: len(knows["phone"]) == 1)
    several = person(server, lambda knows: len(knows["phone"]) == 2)
    first = single["sixtyfour"]["phone"][0]
    answer = find(server, "phone", lead(single)).json()
    assert answer["phone"] == (first["shown"] if one == "string" else listed(single))
    assert answer["cost_cents"] == 30
    many = find(server, "phone", lead(several)).json()["phone"]
    assert many == (several["sixtyfour"]["phone"][0]["shown"] if form == "string" else listed(several))
    assert charges(server) == [("find_phone", 3000)] * 2


@pytest.mark.parametrize(("form", "shown"), [("empty_string", ""), ("empty_list", []), ("null", None), ("absent", ...)])
def test_no_number_has_several_forms(server: Server, form: str, shown: object) -> None:
    server.set_behaviour(sixtyfour_phone_not_found=form)
    answer = find(server, "phone", {**STRANGER, "phone": "+1 212 555 0100"}).json()
    assert answer.get("phone", ...) == shown


@pytest.mark.parametrize("echo", ["known", "all", "enriched", "none"])
def test_fields_of_the_lead_come_back_or_not(server: Server, echo: str) -> None:
    who = known(server)
    server.set_behaviour(sixtyfour_echo=echo, sixtyfour_cost="nowhere")
    sent = {"linkedin_url": who["linkedin_url"], "domain": who["company_domains"][0], "reference": 7}
    answer = find(server, "email", sent).json()
    del answer["email"]
    name = f"{who['first_name']} {who['last_name']}".strip()
    enriched = {"name": name, "company": who["organization_name"], "linkedin": who["linkedin_url"]}
    answer.pop("title", None)
    expected = {
        "known": {"linkedin_url": who["linkedin_url"]},
        "all": sent,
        "enriched": {**enriched, "linkedin_url": who["linkedin_url"]},
        "none": {},
    }
    assert answer == expected[echo]


def test_a_single_result_can_be_an_array(server: Server) -> None:
    fields = lead(known(server))
    plain = find(server, "email", fields).json()
    server.set_behaviour(sixtyfour_result_form="array")
    assert find(server, "email", fields).json() == [plain]


# The address a lead has already.


@pytest.mark.parametrize(
    ("mode", "address", "place", "expected", "cents"),
    [
        ("PROFESSIONAL", "a.b@acme.example", "personal_email", {"email": "COMPANY"}, 5),
        ("PROFESSIONAL", "a.b@gmail.com", "personal_email", {"email": "PERSONAL"}, 5),
        ("PERSONAL", "a.b@GMAIL.com", "personal_email", {"email": None, "personal_email": "PERSONAL"}, 0),
        ("PERSONAL", "a.b@gmail.com", "email", {"email": "PERSONAL", "personal_email": None}, 0),
        ("PERSONAL", "a.b@gmail.com", "both", {"email": "PERSONAL", "personal_email": "PERSONAL"}, 0),
        ("PERSONAL", "a.b@acme.example", "personal_email", {"email": "COMPANY", "personal_email": None}, 20),
    ],
)
def test_an_address_of_the_lead_passes_through(
    server: Server, mode: str, address: str, place: str, expected: dict[str, str | None], cents: int
) -> None:
    server.set_behaviour(sixtyfour_passed_through=place, sixtyfour_email_not_found="empty_list")
    answer = find(server, "email", {**STRANGER, "email": address}, mode=mode).json()
    told = {name: [[address, answer[name][0][1], kind]] if kind else [] for name, kind in expected.items()}
    assert answer == {**STRANGER, **told, "cost_cents": cents}
    assert charges(server) == ([("find_email", cents * 100)] if cents else [])


def test_a_company_address_that_passes_through_can_be_free(server: Server) -> None:
    server.set_behaviour(sixtyfour_passed_through_charged=False)
    assert find(server, "email", {"email": "a.b@acme.example"}).json()["cost_cents"] == 0
    assert charges(server) == []
    [job] = books(server)["jobs"]
    assert job["leads"][0]["outcome"] == "passed_through"


def test_an_address_that_passes_through_has_a_fitting_status(server: Server) -> None:
    by_truth = {p["email"]["verdict"]: p["email"]["address"] for p in server.people() if p["email"]}
    statuses = {
        verdict: find(server, "email", {"email": address}).json()["email"][0][1]
        for verdict, address in by_truth.items()
    }
    assert statuses == {"Deliverable": "OK", "Undeliverable": "UNKNOWN", "Risky (Catch-all)": "UNKNOWN"}


# Many at once.


def ten(server: Server) -> list[dict[str, Any]]:
    return [lead(p) for p in server.people(limit=60) if p["linkedin_url"] and p["company_domains"]][:10]


@pytest.mark.parametrize("form", ["array", "results", "leads", "result"])
@pytest.mark.parametrize("operation", ["email", "phone"])
def test_a_bulk_result_is_one_item_a_lead(server: Server, operation: str, form: str) -> None:
    leads = ten(server)
    singly = [find(server, operation, each).json() for each in leads]
    server.set_behaviour(sixtyfour_bulk_form=form)
    answer = find(server, f"{operation}-bulk", leads).json()
    cents = 50 if operation == "email" else 300
    assert answer == (singly if form == "array" else {form: singly, "cost_cents": cents})
    *_, job = books(server)["jobs"]
    assert (job["bulk"], job["at_once"], len(job["leads"]), job["amount"]) == (True, True, 10, cents * 100)


def test_a_bulk_result_can_be_in_another_order(server: Server) -> None:
    leads = ten(server)
    plain = find(server, "email-bulk", leads).json()
    server.set_behaviour(sixtyfour_bulk_order="reversed")
    assert find(server, "email-bulk", leads).json() == plain[::-1]
    server.set_behaviour(sixtyfour_bulk_order="shuffled")
    shuffled = find(server, "email-bulk", leads).json()
    assert shuffled not in (plain, plain[::-1])
    assert sorted(shuffled, key=str) == sorted(plain, key=str)


def test_leads_of_a_bulk_request_can_be_missing_or_err(server: Server) -> None:
    leads = ten(server)
    plain = find(server, "email-bulk", leads).json()
    server.set_behaviour(sixtyfour_bulk_left_out=2)
    fewer = find(server, "email-bulk", leads).json()
    assert len(fewer) == 8
    assert all(item in plain for item in fewer)
    server.set_behaviour(sixtyfour_bulk_left_out=0, sixtyfour_bulk_errors=3)
    items = find(server, "email-bulk", leads).json()
    erring = [set(item) - set(leads[0]) for item in items if "error" in item]
    assert erring == [{"error"}] * 3
    assert [job["amount"] for job in books(server)["jobs"]] == [5000, 5000, 3500]
    server.set_behaviour(sixtyfour_failed_charged=True)
    find(server, "email-bulk", leads)
    assert books(server)["jobs"][-1]["amount"] == 5000


@pytest.mark.parametrize("told", ["item and job", "item", "job", "nowhere"])
def test_costs_are_told_here_or_there(server: Server, told: str) -> None:
    server.set_behaviour(sixtyfour_cost=told, sixtyfour_bulk_form="results")
    assert ("cost_cents" in find(server, "email").json()) == ("item" in told)
    answer = find(server, "email-bulk", [STRANGER]).json()
    assert ("cost_cents" in answer["results"][0], "cost_cents" in answer) == ("item" in told, "job" in told)
    assert charges(server) == [("find_email", 500)] * 2


# Money.


def test_misses_are_charged_or_free(server: Server) -> None:
    assert find(server, "email").json()["cost_cents"] == 5
    server.set_behaviour(sixtyfour_misses_charged=False)
    assert find(server, "phone").json()["cost_cents"] == 0
    assert find(server, "email", lead(known(server))).json()["cost_cents"] == 5
    assert charges(server) == [("find_email", 500)] * 2


def test_the_same_again_is_charged_again_or_free(server: Server) -> None:
    fields = lead(known(server))
    for _ in range(2):
        find(server, "email", fields)
    assert books(server)["totals"]["charged_again"] == 1
    server.set_behaviour(sixtyfour_repeat_free=True)
    assert find(server, "email", {"linkedin": fields["linkedin_url"]}).json()["cost_cents"] == 0
    assert find(server, "email", fields, mode="PERSONAL").json()["cost_cents"] == 20
    assert [amount for _, amount in charges(server)] == [500, 500, 2000]


def test_providers_are_ignored_refused_or_useless(server: Server) -> None:
    fields = lead(known(server))
    found = find(server, "email", fields).json()
    assert find(server, "email", fields, providers=["anyone"]).json() == found
    server.set_behaviour(sixtyfour_unknown_providers="not_found")
    assert find(server, "email", fields, providers=["anyone"]).json()["email"][0][1] == "NOT_FOUND"
    assert find(server, "email", fields, providers=[]).json() == found
    server.set_behaviour(sixtyfour_unknown_providers="refused")
    assert find(server, "email", fields, providers=["anyone"]).status == 400
    assert find(server, "email", fields, providers=None).json() == found
