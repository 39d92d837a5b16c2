"""What holds for every call: the key, unknown paths, bodies of errors, latency, rate limits."""

from __future__ import annotations

import http.client
import time
from email.utils import parsedate_to_datetime

import pytest

from sandbox import Server
from sandbox.limits import RateLimiter, parse_limit

SEARCH = "/api/v1/search/people"
CALLS = [
    ("POST", SEARCH),
    ("POST", f"{SEARCH}/email/match"),
    ("POST", f"{SEARCH}/phone/match"),
    ("GET", f"{SEARCH}/track/abc"),
    ("POST", "/api/v1/verify/email"),
    ("POST", "/api/v1/cleanup/enrich"),
    ("POST", "/api/v1/organisation/enrich"),
    ("GET", "/api/v1/credits"),
    ("GET", "/api/v1/unheard-of"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("key", ["", "wrong", "sandbox-keys", "Sandbox-Key"])
def test_the_key_is_checked_before_anything_else(server: Server, method: str, path: str, key: str) -> None:
    answer = server.request(method, path, b"no json", key=key)
    assert (answer.status, answer.json()) == (401, {"message": "Invalid access credentials"})
    assert server.books()["requests"][0]["status"] == 401


@pytest.mark.parametrize("name", ["x-api-key", "X-Api-Key", "X-API-KEY"])
def test_the_name_of_the_header_is_case_insensitive(server: Server, name: str) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.request("GET", "/api/v1/credits", headers={name: server.api_key})
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", SEARCH),
        ("POST", "/api/v1/credits"),
        ("POST", f"{SEARCH}/"),
        ("GET", "/api/v1/verify/email"),
        ("POST", "/api/v1/organisation/news"),
    ],
)
def test_an_unknown_path_or_method_is_a_404(server: Server, method: str, path: str) -> None:
    answer = server.request(method, path)
    assert (answer.status, answer.json()) == (404, {"message": "Route NOT FOUND"})


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("key", ["sandbox-key", "wrong"])
def test_another_host_answers_404_to_every_path(server: Server, method: str, path: str, key: str) -> None:
    server.set_behaviour(serves_api=False)
    answer = server.request(method, path, b"{}", key=key)
    assert (answer.status, answer.json()) == (404, {"message": "Route NOT FOUND"})


OPERATIONS = ["search", "reveal_email", "reveal_phone", "track", "verify_email", "enrich_contact"]


@pytest.mark.parametrize(("number", "operation"), list(enumerate([*OPERATIONS, "enrich_organization", "credits"])))
def test_a_plan_can_lack_any_operation(server: Server, number: int, operation: str) -> None:
    """403 in every error table: not on this plan."""
    server.set_behaviour(not_entitled=[operation])
    statuses = [server.request(method, path, b"{}").status for method, path in CALLS]
    assert [position for position, status in enumerate(statuses) if status == 403] == [number]


def test_a_proxy_can_refuse_a_user_agent(server: Server) -> None:
    server.set_behaviour(refused_user_agents=["Python-urllib", "curl/"])
    answers = []
    for agent in ("Python-urllib/3.12", "leadsync"):
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
        connection.request("GET", "/api/v1/credits", headers={"x-api-key": server.api_key, "user-agent": agent})
        answer = connection.getresponse()
        answers.append((answer.status, bool(answer.read())))
        connection.close()
    assert answers == [(403, False), (200, True)]


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("message", b'{"message":"'),
        ("empty", b""),
        ("html", b"<!DOCTYPE html>"),
        ("error", b'{"statusCode":4'),
        ("text", (b"page is required", b"No Results")),
    ],
)
def test_the_body_of_an_error_is_a_switch(server: Server, form: str, start: bytes | tuple[bytes, ...]) -> None:
    server.set_behaviour(error_body=form)
    for status, body in ((400, {}), (404, {"page": 100, "perPage": 100})):
        answer = server.request("POST", SEARCH, body)
        assert answer.status == status
        assert answer.body.startswith(start)
        assert bool(answer.body) == (form != "empty")


def test_an_answer_takes_as_long_as_the_switch_says(server: Server) -> None:
    start = time.monotonic()
    server.request("GET", "/api/v1/credits")
    assert time.monotonic() - start < 0.19
    server.set_behaviour(latency=[0.2, 0.25])
    start = time.monotonic()
    server.request("GET", "/api/v1/credits")
    assert 0.19 < time.monotonic() - start < 2


def test_a_rate_limit_is_enforced_over_all_calls(server: Server) -> None:
    server.set_behaviour(rate_limits=["3/second", "4/minute"])
    statuses = [server.request("GET", "/api/v1/credits").status for _ in range(3)]
    refused = server.request("POST", SEARCH, {"page": 1, "perPage": 1})
    assert (statuses, refused.status) == ([200, 200, 200], 429)
    assert "retry-after" not in refused.headers
    time.sleep(1.05)
    assert [server.request("GET", "/api/v1/credits").status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_429_can_say_when_to_come_back(server: Server, form: str) -> None:
    server.set_behaviour(rate_limits=["1/minute"], retry_after=form)
    server.request("GET", "/api/v1/credits")
    value = server.request("GET", "/api/v1/credits").headers["retry-after"]
    wait = float(value) if form == "seconds" else parsedate_to_datetime(value).timestamp() - time.time()
    assert 55 < wait <= 61


def test_limits_slide_and_refused_calls_take_no_room() -> None:
    now = [1000.0]
    limiter = RateLimiter(("2/second", "3/minute"), lambda: now[0])
    assert [limiter.wait(), limiter.wait(), limiter.wait()] == [0, 0, 1]
    now[0] += 0.5
    assert limiter.wait() == 0.5
    now[0] += 0.5
    assert [limiter.wait(), limiter.wait()] == [0, 59]
    now[0] += 59
    assert limiter.wait() == 0


@pytest.mark.parametrize("text", ["10", "0/second", "10/fortnight", "-1/day", "10 / second"])
def test_limits_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a limit is written as"):
        parse_limit(text)


def test_the_books_tell_peaks(server: Server) -> None:
    for pause in (0, 0, 0, 1.1, 0):
        time.sleep(pause)
        server.request("GET", "/api/v1/credits")
    assert server.books(summary=True)["totals"]["peak"] == {"second": 3, "minute": 5}
