"""The control endpoints: books, truth, resets and switches."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from sandbox import Server
from sandbox.behaviour import Behaviour, questions
from sandbox.behaviour_json import change_behaviour, write_behaviour

SEARCH = "/api/v1/search/people"


def control(server: Server, method: str, path: str, body: object = None) -> tuple[int, Any]:
    answer = server.request(method, f"/_sandbox/{path}", body, key="")
    return answer.status, answer.json()


def test_health_needs_no_key_and_is_not_booked(server: Server) -> None:
    assert control(server, "GET", "health") == (
        200,
        {"status": "ok", "people": 1000, "seed": 1, "plan": "multi_provider"},
    )
    assert server.books()["requests"] == []


def test_a_reset_empties_the_books_and_changes_everybody(server: Server) -> None:
    first = server.people(limit=3)
    server.request("GET", "/api/v1/credits")
    server.reset(people=50, seed=2, plan="standard", credits=5, behaviour={"latency": 0.01})
    assert server.books()["requests"] == []
    assert len(server.people()) == 50
    assert server.people(limit=3)[1:] != first[1:]
    assert server.request("GET", "/api/v1/credits").json()["maxContacts"] == "5"
    assert control(server, "GET", "behaviour")[1]["latency"] == [0.01, 0.01]
    server.reset()
    assert server.people(limit=3) == first
    assert control(server, "GET", "behaviour")[1]["latency"] == [0, 0]
    assert "remainingCredits" in server.request("GET", "/api/v1/credits").json()


@pytest.mark.parametrize(
    "body",
    [
        {"people": 0},
        {"people": 1_000_001},
        {"people": "10"},
        {"seed": 1.5},
        {"plan": "enterprise"},
        {"credits": "5"},
        {"persons": 5},
        {"behaviour": {"latency": -1}},
        b"[]",
        b"{",
    ],
    ids=str,
)
def test_a_reset_that_cannot_be_done_changes_nothing(server: Server, body: object) -> None:
    server.request("GET", "/api/v1/credits")
    status, answer = control(server, "POST", "reset", body)
    assert status == 400
    assert answer["error"]
    assert len(server.books()["requests"]) == 1


def test_the_summary_leaves_the_lists_out(server: Server) -> None:
    server.request("GET", "/api/v1/credits")
    books = server.books()
    assert set(books) == {"totals", "requests", "jobs", "charges", "webhooks"}
    assert server.books(summary=True) == {"totals": books["totals"]}


def test_people_come_by_offset_and_limit(server: Server) -> None:
    everybody = server.people()
    assert server.people(offset=998, limit=10) == everybody[998:]
    assert control(server, "GET", "people?limit=1")[1]["total"] == 1000
    assert control(server, "GET", "people?offset=-1")[0] == 400
    assert control(server, "GET", "people?limit=x")[0] == 400
    shown = server.request("POST", SEARCH, {"page": 1, "perPage": 100}).json()
    assert [person["person_id"] for person in everybody[:100]] == [record["personId"] for record in shown]


def test_switches_change_at_run_time_and_others_stay(server: Server) -> None:
    server.set_behaviour(search_envelope="data")
    server.set_behaviour(page_in_records=False)
    answer = server.request("POST", SEARCH, {"page": 1, "perPage": 1}).json()
    assert "page" not in answer["data"][0]


@pytest.mark.parametrize(
    "switches",
    [
        {"latencies": 1},
        {"latency": "1"},
        {"latency": [2, 1]},
        {"latency": [1, 2, 3]},
        {"latency": True},
        {"page_in_records": 1},
        {"webhook_copies": 1.5},
        {"search_envelope": "items"},
        {"variant": 7},
        {"variant": "some"},
        {"rate_limits": "10/second"},
        {"rate_limits": ["10/fortnight"]},
        {"message_key": 5},
        {"not_entitled": ["verify"]},
        {"conflict_operations": ["reveal"]},
        {"verify_finish": "later"},
    ],
    ids=str,
)
def test_switches_that_cannot_be_set_are_refused(server: Server, switches: dict[str, object]) -> None:
    before = control(server, "GET", "behaviour")
    with pytest.raises(ValueError, match=next(iter(switches)).rstrip("s")):
        server.set_behaviour(**switches)
    assert control(server, "GET", "behaviour") == before


def test_a_behaviour_survives_json() -> None:
    changed = change_behaviour(
        Behaviour(),
        {
            "variant": "mixed",
            "job_seconds": [1, 2],
            "rate_limits": ["10/second"],
            "conflict_seconds": 3,
            "faults": [{"operation": "search", "fault": "500", "nth": [1, 5]}],
        },
    )
    assert changed != Behaviour()
    assert change_behaviour(Behaviour(), json.loads(json.dumps(write_behaviour(changed)))) == changed


def test_every_switch_states_its_question() -> None:
    assert list(questions()) == [switch.name for switch in fields(Behaviour)]
    assert all(len(question) > 10 for question in questions().values())


def test_a_charge_from_elsewhere_is_booked(server: Server) -> None:
    server.charge("pool", 250)
    [charge] = server.books()["charges"]
    assert (charge["operation"], charge["amount"], charge["tracking_id"]) == ("elsewhere", 250, None)
    with pytest.raises(ValueError, match="kind must be"):
        server.charge("gold", 1)


def test_unknown_control_paths_are_a_404(server: Server) -> None:
    assert [control(server, method, "nothing")[0] for method in ("GET", "POST")] == [404, 404]
