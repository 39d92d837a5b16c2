"""Faults: which calls they hit, what the client sees of them on a real socket, and what was done all the same."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import time
from typing import Any

import pytest

from sandbox import Receiver, Server
from sandbox.behaviour import Behaviour
from sandbox.behaviour_json import change_behaviour
from sandbox.faults import FaultDecider, FaultRule, parse_fault

SEARCH = "/api/v1/search/people"
EMAIL = f"{SEARCH}/email/match"
EXAMPLE = {"personId": "3597524184265130552", "webhookUrl": "http://127.0.0.1:9/"}


def arm(server: Server, operation: str, fault: str, **conditions: object) -> None:
    server.set_behaviour(faults=[{"operation": operation, "fault": fault, **conditions}])


def submit(server: Server, **options: Any) -> int:
    return server.request("POST", EMAIL, EXAMPLE, **options).status


def entry(server: Server) -> tuple[int | None, bool, str | None]:
    """Status, acted and fault of the last request in the books."""
    last = server.books()["requests"][-1]
    return last["status"], last["acted"], last["fault"]


@pytest.mark.parametrize("fault", ["429", "500_before", "503", "402", "401_before", "408", "502_before"])
def test_a_status_before_acting_leaves_no_trace(server: Server, fault: str) -> None:
    arm(server, "reveal_email", fault)
    assert submit(server) == int(fault[:3])
    assert entry(server) == (int(fault[:3]), False, fault)
    assert server.books()["jobs"] == []


@pytest.mark.parametrize("fault", ["500_after", "503_after"])
def test_a_status_after_acting_leaves_a_charged_job(server: Server, receiver: Receiver, fault: str) -> None:
    arm(server, "reveal_email", fault)
    answer = server.request("POST", EMAIL, {**EXAMPLE, "webhookUrl": receiver.url()})
    assert answer.status == int(fault[:3])
    assert b"trackingId" not in answer.body
    assert entry(server) == (int(fault[:3]), True, fault)
    receiver.wait()
    assert server.books()["totals"]["charged"] == 100


@pytest.mark.parametrize(("fault", "acted"), [("reset_before", False), ("reset_after", True)])
def test_a_reset_reaches_the_socket_without_an_answer(server: Server, fault: str, acted: bool) -> None:
    """Not a byte and no orderly end: the kernel reports a reset, not an end of file."""
    arm(server, "reveal_email", fault)
    host, port = server.url.removeprefix("http://").split(":")
    body = json.dumps(EXAMPLE).encode()
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(
            f"POST {EMAIL} HTTP/1.1\r\nHost: x\r\nX-API-KEY: {server.api_key}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert entry(server) == (None, acted, fault)
    assert len(server.books()["jobs"]) == acted


def test_a_connection_that_was_kept_alive_is_reset_too(server: Server) -> None:
    server.set_behaviour(faults=[{"operation": "credits", "fault": "reset_before", "nth": [2]}])
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/api/v1/credits", headers={"x-api-key": server.api_key})
    assert connection.getresponse().read()
    connection.request("GET", "/api/v1/credits", headers={"x-api-key": server.api_key})
    with pytest.raises(ConnectionResetError):
        connection.getresponse()
    connection.close()


@pytest.mark.parametrize(("fault", "acted"), [("silence_before", False), ("silence_after", True)])
def test_a_silent_call_is_never_answered(server: Server, fault: str, acted: bool) -> None:
    arm(server, "reveal_email", fault)
    with pytest.raises(TimeoutError):
        submit(server, timeout=0.2)
    assert entry(server) == (None, acted, fault)


def test_silence_ends_with_a_reset(server: Server) -> None:
    arm(server, "search", "silence_after")
    server.set_behaviour(silence_seconds=0.2)
    start = time.monotonic()
    with pytest.raises(ConnectionError):
        server.request("POST", SEARCH, {"page": 1, "perPage": 1})
    assert 0.15 < time.monotonic() - start < 2


def test_an_answer_can_be_cut_off(server: Server) -> None:
    arm(server, "reveal_email", "cut_after")
    with pytest.raises(http.client.IncompleteRead) as raised:
        submit(server)
    assert 0 < len(raised.value.partial) < 100
    assert entry(server) == (None, True, "cut_after")


@pytest.mark.parametrize(("fault", "acted"), [("garbled_before", False), ("garbled_after", True)])
def test_an_answer_can_be_garbled(server: Server, fault: str, acted: bool) -> None:
    arm(server, "reveal_email", fault)
    answer = server.request("POST", EMAIL, EXAMPLE)
    assert answer.status == 200
    assert not answer.body.startswith(b"{")
    assert entry(server) == (200, acted, fault)


@pytest.mark.parametrize("charged", [True, False])
@pytest.mark.parametrize("by_rule", [True, False])
def test_a_job_can_be_accepted_and_never_finish(
    server: Server, receiver: Receiver, charged: bool, by_rule: bool
) -> None:
    server.set_behaviour(job_seconds=0, dropped_charged=charged)
    if by_rule:
        arm(server, "reveal_email", "dropped")
    else:
        server.set_behaviour(drop_probability=1)
    answer = server.request("POST", EMAIL, {**EXAMPLE, "webhookUrl": receiver.url()})
    assert answer.status == 200
    end = time.monotonic() + 5
    while server.books()["jobs"][0]["outcome"] is None and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.1)
    assert receiver.posts == []
    assert server.request("GET", f"{SEARCH}/track/{answer.json()['trackingId']}").json() == {"status": "In-progress"}
    job = server.books()["jobs"][0]
    assert (job["finished"], job["outcome"], job["amount"]) == (None, "dropped", 100 if charged else 0)


@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
def test_a_job_can_fail(server: Server, receiver: Receiver, plan: str) -> None:
    server.reset(plan=plan, behaviour={"job_seconds": 0})
    arm(server, "reveal_email", "failed")
    server.request("POST", EMAIL, {**EXAMPLE, "webhookUrl": receiver.url()})
    payload = json.loads(receiver.wait()[0].body)
    assert payload["status"] == "failed"
    assert ("trackingId" if plan == "multi_provider" else "personId") in payload
    server.set_behaviour(failed_word="ERROR")
    server.request("POST", EMAIL, {**EXAMPLE, "webhookUrl": receiver.url()})
    assert json.loads(receiver.wait(2)[1].body)["status"] == "ERROR"
    assert server.books()["charges"] == []


@pytest.mark.parametrize(
    ("operation", "method", "path", "body"),
    [
        ("search", "POST", SEARCH, {"page": 1, "perPage": 1}),
        ("track", "GET", f"{SEARCH}/track/0", None),
        ("credits", "GET", "/api/v1/credits", None),
    ],
)
@pytest.mark.parametrize("fault", ["429", "500", "reset_before"])
def test_repeatable_calls_go_wrong_too(
    server: Server, operation: str, method: str, path: str, body: object, fault: str
) -> None:
    arm(server, operation, fault, first=2)
    seen: list[object] = []
    for _ in range(3):
        try:
            seen.append(server.request(method, path, body).status)
        except ConnectionError:
            seen.append("reset_before")
    expected = int(fault) if fault.isdigit() else fault
    assert seen == [expected, expected, 404 if operation == "track" else 200]
    assert server.request("POST", SEARCH, {"page": 1, "perPage": 1}).status == 200


def test_a_search_that_fails_after_acting_is_charged(server: Server) -> None:
    server.set_behaviour(search_charge="every")
    arm(server, "search", "500_after")
    assert server.request("POST", SEARCH, {"page": 1, "perPage": 7}).status == 500
    assert server.books()["totals"]["charged"] == 700


def test_the_nth_calls_are_hit(server: Server) -> None:
    arm(server, "reveal_email", "500_before", nth=[1, 3])
    assert [submit(server) for _ in range(4)] == [500, 200, 500, 200]


def test_calls_about_one_person_are_hit(server: Server) -> None:
    unlucky = server.people(offset=5, limit=1)[0]
    arm(server, "any", "500_before", person_id=unlucky["person_id"], nth=[2])
    body = {**EXAMPLE, "personId": unlucky["person_id"]}
    statuses = [server.request("POST", EMAIL, each).status for each in (EXAMPLE, body, EXAMPLE, body, body)]
    assert statuses == [200, 200, 200, 500, 200]


def test_calls_about_one_subject_are_hit(server: Server) -> None:
    arm(server, "verify_email", "500_before", subject="a@b.example")
    emails = ("c@b.example", "A@b.example", "a@b.example")
    assert [server.request("POST", "/api/v1/verify/email", {"email": email}).status for email in emails] == [
        200,
        500,
        500,
    ]


def test_a_probability_is_drawn_from_the_seed() -> None:
    rules = (FaultRule("search", "500", probability=0.3),)

    def draws(seed: int) -> list[bool]:
        decider = FaultDecider(rules, seed)
        return [decider.decide("search", None) is not None for _ in range(400)]

    assert draws(1) == draws(1) != draws(2)
    assert 80 < sum(draws(1)) < 160


def test_the_first_rule_wins_and_every_rule_counts() -> None:
    decider = FaultDecider((FaultRule("search", "500", nth=(2,)), FaultRule("any", "429", nth=(1, 2))), seed=1)
    decided = [decider.decide("search", None) for _ in range(3)]
    assert [fault.name if fault else None for fault in decided] == ["429", "500", None]
    assert decider.decide("credits", None) is None


@pytest.mark.parametrize("name", ["", "200", "600", "reset", "500_during", "dropped_after"])
def test_unknown_faults_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        parse_fault(name)


@pytest.mark.parametrize(
    "rule",
    [
        "500",
        {"operation": "search"},
        {"fault": "500"},
        {"operation": "verify", "fault": "500"},
        {"operation": "search", "fault": "500", "nht": [1]},
        {"operation": "search", "fault": "500", "nth": 1},
    ],
    ids=str,
)
def test_rules_that_cannot_be_meant_are_refused(rule: object) -> None:
    with pytest.raises(ValueError, match="fault"):
        change_behaviour(Behaviour(), {"faults": [rule]})


def test_an_orderly_end_would_not_pass_for_a_reset() -> None:
    """The check of this module's resets can fail: a plain close gives an empty read instead of an error."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with socket.create_connection(listening.getsockname(), timeout=5) as connection:
            listening.accept()[0].close()
            assert connection.recv(1) == b""
        with socket.create_connection(listening.getsockname(), timeout=5) as connection:
            accepted = listening.accept()[0]
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            accepted.close()
            with pytest.raises(ConnectionResetError):
                connection.recv(1)
