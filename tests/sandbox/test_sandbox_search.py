"""The search endpoint: forms of its answer, what it costs, and what the books say of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Server

SEARCH = "/api/v1/search/people"
NOBODY = {"firstName": "Nobody", "page": 1, "perPage": 10}
LOCATED = ("personCity", "personState", "personCountry", "companyEmployeeSize", "companyCountry")


def search(server: Server, page: int = 1, per_page: int = 100, **filters: object) -> Any:
    answer = server.request("POST", SEARCH, {**filters, "page": page, "perPage": per_page})
    assert answer.status == 200, answer.body
    return answer.json()


def reveal_at_once(server: Server, count: int) -> list[str]:
    """Reveal the first ``count`` persons with an address, so that they are viewed."""
    server.set_behaviour(submit_form="result")
    known = [entry["person_id"] for entry in server.people(limit=200) if entry["email"]][:count]
    for person_id in known:
        body = {"personId": person_id, "webhookUrl": "http://127.0.0.1:9/"}
        assert server.request("POST", f"{SEARCH}/email/match", body).status == 200
    return known


def test_an_answer_is_a_bare_array_whose_records_repeat_the_page(server: Server) -> None:
    records = search(server, page=2, per_page=30)
    assert isinstance(records, list)
    assert [(record["page"], record["perPage"]) for record in records] == [(2, 30)] * 30


@pytest.mark.parametrize("envelope", ["people", "results", "data"])
def test_an_answer_can_be_wrapped(server: Server, envelope: str) -> None:
    server.set_behaviour(search_envelope=envelope)
    answer = search(server, per_page=3)
    assert isinstance(answer, dict)
    assert list(answer) == [envelope]
    assert len(answer[envelope]) == 3
    server.set_behaviour(search_pagination=True)
    assert search(server, per_page=1)["pagination"] == {"page": 1, "per_page": 1, "total_entries": 1000}


def test_records_can_come_without_their_page(server: Server) -> None:
    server.set_behaviour(page_in_records=False)
    records = search(server, per_page=2)
    assert isinstance(records, list)
    assert all("page" not in record and "perPage" not in record for record in records)


def test_locations_are_arrays_or_strings(server: Server) -> None:
    arrays = search(server)
    server.set_behaviour(location_form="string")
    strings = search(server)
    for array, string in zip(arrays, strings, strict=True):
        for name in LOCATED:
            if array.get(name):
                assert array[name] == [string[name]]
            else:
                assert string.get(name, "") in ("", None)
    assert arrays[0]["seniority"] == strings[0]["seniority"] == ["Founder"]


def test_text_is_raw_escaped_or_mixed(server: Server) -> None:
    bodies: dict[str, bytes] = {}
    for form in ("raw", "escaped", "mixed"):
        server.set_behaviour(unicode_form=form)
        bodies[form] = server.request("POST", SEARCH, {"page": 1, "perPage": 100}).body
    assert bodies["escaped"].isascii()
    assert not bodies["raw"].isascii()
    assert b"\\u" in bodies["mixed"]
    assert not bodies["mixed"].isascii()
    assert json.loads(bodies["raw"]) == json.loads(bodies["escaped"]) == json.loads(bodies["mixed"])


def test_what_is_unknown_is_null_absent_or_empty(server: Server) -> None:
    records = [record for page in range(1, 11) for record in search(server, page=page)]
    cities = [record.get("personCity", "absent") for record in records]
    arrays: tuple[object, ...] = (None, "absent", [])
    assert all(cities.count(form) for form in arrays)
    profiles = [record.get("linkedinUrl", "absent") for record in records]
    assert all(profiles.count(form) for form in (None, "absent", ""))


def test_no_results_are_a_404_or_an_empty_array(server: Server) -> None:
    answer = server.request("POST", SEARCH, NOBODY)
    assert (answer.status, answer.json()) == (404, {"message": "No Results found, may be you can tweak the filters."})
    assert server.request("POST", SEARCH, {"page": 11, "perPage": 100}).status == 404
    server.set_behaviour(empty_search="array")
    assert search(server, firstName="Nobody") == []
    assert search(server, page=11) == []
    server.set_behaviour(search_envelope="data")
    assert search(server, page=11) == {"data": []}


def test_the_last_page_may_be_short(server: Server) -> None:
    server.reset(people=101)
    assert len(search(server, page=2)) == 1


@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
@pytest.mark.parametrize(("rule", "cost"), [("viewed", 3), ("every", 100), ("none", 0)])
def test_the_charge_of_a_page_follows_the_rule(server: Server, plan: str, rule: str, cost: int) -> None:
    server.reset(plan=plan)
    revealed = reveal_at_once(server, 3)
    before = server.books(summary=True)["totals"]["charged"]
    server.set_behaviour(search_charge=rule)
    search(server)
    books = server.books()
    assert books["totals"]["charged"] - before == 100 * cost
    charges = [charge for charge in books["charges"] if charge["operation"] == "search"]
    kind = "export" if plan == "standard" else "pool"
    assert [(charge["kind"], charge["amount"], charge["person_id"]) for charge in charges] == (
        [(kind, 100 * cost, None)] if cost else []
    )
    assert [request["acted"] for request in books["requests"] if request["operation"] == "search"] == [cost > 0]
    assert len(revealed) == 3


def test_each_request_can_be_charged_whatever_it_finds(server: Server) -> None:
    server.set_behaviour(search_charge="request")
    assert len(search(server)) == 100
    assert server.request("POST", SEARCH, NOBODY).status == 404
    books = server.books()
    assert [charge["amount"] for charge in books["charges"]] == [100, 100]
    assert [request["acted"] for request in books["requests"]] == [True, True]


def test_a_first_search_of_new_people_is_free(server: Server) -> None:
    search(server)
    search(server)
    assert server.books()["charges"] == []


def test_people_can_count_as_viewed_once_returned(server: Server) -> None:
    server.set_behaviour(search_marks_viewed=True)
    search(server, per_page=10)
    assert server.books()["charges"] == []
    search(server, per_page=20)
    assert [charge["amount"] for charge in server.books()["charges"]] == [1000]


def test_a_page_that_cannot_be_paid_is_refused_and_not_charged(server: Server) -> None:
    server.reset(credits=99.5, behaviour={"search_charge": "every"})
    assert server.request("POST", SEARCH, {"page": 1, "perPage": 100}).status == 402
    assert server.books()["charges"] == []
    assert server.books(summary=True)["totals"]["search"]["records"] == 0
    assert server.request("POST", SEARCH, {"page": 1, "perPage": 99}).status == 200


def test_the_books_count_windows_records_and_calls_past_the_end(server: Server) -> None:
    for page in (1, 2, 3, 4):
        server.request("POST", SEARCH, {"personCountry": ["India"], "page": page, "perPage": 100})
    server.request("POST", SEARCH, {"page": 11, "perPage": 100})
    server.request("POST", SEARCH, NOBODY)
    books = server.books()
    india = sum(1 for entry in server.people() if entry["country"] == "India")
    assert 100 < india < 200
    assert books["totals"]["search"] == {"windows": 3, "records": india, "past_end": 3, "past_end_per_window": 2}
    assert books["totals"]["requests"] == {"search": {"200": 2, "404": 4}}
    assert [request["status"] for request in books["requests"]] == [200, 200, 404, 404, 404, 404]
    assert books["totals"]["peak"]["minute"] == 6
