"""Sixtyfour: what is refused, with which status and body; the rate limit and its headers."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any

import pytest

from sandbox import Receiver, Server, running
from sandbox.behaviour import Behaviour
from sandbox.sixtyfour.limits import RateGate
from tests.sandbox.sixtyfour import STRANGER, books, find, status


def refused(server: Server, path: str, body: object) -> list[tuple[list[Any], str]]:
    """Place and type of each error of a 422."""
    answer = server.sixtyfour("POST", f"/find-{path}", body)
    assert answer.status == 422
    return [(entry["loc"], entry["type"]) for entry in answer.json()["detail"]]


HOOK = "http://127.0.0.1:9/hook"
MANY = [{"name": "A"}]


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("email", {}, [(["body", "lead"], "missing")]),
        ("email", {"leads": MANY}, [(["body", "lead"], "missing")]),
        ("email-bulk", {"lead": STRANGER}, [(["body", "leads"], "missing")]),
        ("email-async", {"lead": "Ann"}, [(["body", "lead"], "dict_type")]),
        ("email", {"lead": None}, [(["body", "lead"], "dict_type")]),
        ("phone-bulk", {"leads": STRANGER}, [(["body", "leads"], "list_type")]),
        ("phone-bulk-async", {"leads": [*MANY, "Ann"]}, [(["body", "leads", 1], "dict_type")]),
        ("email", {"lead": STRANGER, "mode": "Personal"}, [(["body", "mode"], "literal_error")]),
        ("email", {"lead": STRANGER, "mode": None}, [(["body", "mode"], "literal_error")]),
        ("email", {"lead": STRANGER, "verify_emails": "maybe"}, [(["body", "verify_emails"], "bool_parsing")]),
        ("email", {"lead": STRANGER, "verify_emails": []}, [(["body", "verify_emails"], "bool_type")]),
        ("phone", {"lead": STRANGER, "providers": "a"}, [(["body", "providers"], "list_type")]),
        ("phone", {"lead": STRANGER, "providers": [1]}, [(["body", "providers", 0], "string_type")]),
        ("phone", {"lead": STRANGER, "webhook_url": ""}, [(["body", "webhook_url"], "url_parsing")]),
        ("phone", {"lead": STRANGER, "webhook_url": "hooks"}, [(["body", "webhook_url"], "url_parsing")]),
        ("phone", {"lead": STRANGER, "webhook_url": "ftp://a.example"}, [(["body", "webhook_url"], "url_scheme")]),
        (
            "phone",
            {"lead": STRANGER, "webhook_url": f"http://a.example/{'b' * 2083}"},
            [(["body", "webhook_url"], "url_too_long")],
        ),
        ("email", b"{", [(["body", 1], "json_invalid")]),
        ("email", b"", [(["body"], "missing")]),
        ("email", b"[]", [(["body"], "model_attributes_type")]),
        ("email", {"mode": "x"}, [(["body", "mode"], "literal_error"), (["body", "lead"], "missing")]),
    ],
    ids=str,
)
def test_a_body_is_validated(server: Server, path: str, body: object, expected: list[object]) -> None:
    assert refused(server, path, body) == expected
    assert books(server)["jobs"] == []


@pytest.mark.parametrize(
    "options",
    [
        {"mode": "PERSONAL", "verify_emails": False, "providers": None, "webhook_url": None},
        {"verify_emails": "true", "webhook_url": HOOK, "bruteforce": True, "only_company_emails": True},
    ],
    ids=str,
)
def test_what_the_schema_takes_is_taken(server: Server, options: dict[str, object]) -> None:
    """Fields it does not know are ignored; the telephone search ignores those of the e-mail search."""
    assert find(server, "email", **options).status == 200
    assert find(server, "phone", **{**options, "mode": "none"}).status == 200


def test_the_entries_of_a_422_are_those_of_the_published_schema(server: Server) -> None:
    """HTTPValidationError: loc (of texts and whole numbers), msg and type are required, input and ctx are possible."""
    bodies: list[object] = [{}, b"{", b"", b"[]", {"lead": 1, "mode": 2, "providers": 3, "webhook_url": "x"}]
    entries = [entry for body in bodies for entry in server.sixtyfour("POST", "/find-email", body).json()["detail"]]
    assert len(entries) == 8
    for entry in entries:
        assert {"loc", "msg", "type"} <= set(entry) <= {"loc", "msg", "type", "input", "ctx"}
        assert all(type(part) in {str, int} for part in entry["loc"])
        assert all(isinstance(entry[name], str) and entry[name] for name in ("msg", "type"))
        assert isinstance(entry.get("ctx", {}), dict)
    first = {"type": "missing", "loc": ["body", "lead"], "msg": "Field required", "input": {}}
    assert entries[0] == first


def test_a_422_has_an_older_form_or_is_a_text(server: Server) -> None:
    server.set_behaviour(sixtyfour_validation_form="v1")
    answer = server.sixtyfour("POST", "/find-email", {})
    old = {"loc": ["body", "lead"], "msg": "field required", "type": "value_error.missing"}
    assert answer.json() == {"detail": [old]}
    server.set_behaviour(sixtyfour_validation_form="text")
    assert server.sixtyfour("POST", "/find-email", {}).json() == {"detail": "body.lead: Field required"}


def test_no_leads_and_more_than_a_hundred_are_refused(server: Server) -> None:
    assert [find(server, "email-bulk", MANY * count).status for count in (0, 1, 100, 101)] == [400, 200, 200, 400]
    server.set_behaviour(sixtyfour_leads_status=422)
    assert find(server, "phone-bulk-async", []).status == 422
    assert len(books(server)["jobs"]) == 2


def test_an_empty_lead_is_refused_or_not_found(server: Server) -> None:
    answer = find(server, "email", {})
    assert (answer.status, answer.json()) == (400, {"detail": "Lead data is required"})
    assert find(server, "email-bulk", [STRANGER, {}]).status == 400
    server.set_behaviour(sixtyfour_empty_lead="not_found")
    assert find(server, "email", {}).json()["email"][0][1] == "NOT_FOUND"


def test_a_webhook_url_must_be_https_where_switched_on(server: Server) -> None:
    server.set_behaviour(sixtyfour_https_only=True)
    urls = (HOOK, HOOK.replace("http", "https"), None)
    assert [find(server, "email-async", webhook_url=url).status for url in urls] == [400, 200, 200]


def test_the_key_is_checked_first(server: Server) -> None:
    answer = server.sixtyfour("POST", "/find-email", b"{", key="wrong")
    assert (answer.status, answer.json()) == (401, {"detail": "Invalid API key"})
    assert "x-ratelimit-limit" not in answer.headers


def test_it_can_have_a_key_of_its_own() -> None:
    with running(people=10, sixtyfour_api_key="another") as server:
        assert server.sixtyfour("GET", "/check-balance").status == 200
        assert server.sixtyfour("GET", "/check-balance", key=server.api_key).status == 401
        assert server.request("GET", "/api/v1/credits").status == 200
        assert server.request("GET", "/api/v1/credits", key="another").status == 401


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/find-email", 405),
        ("POST", "/job-status/x", 405),
        ("PUT", "/webhooks/signing-secret", 405),
        ("GET", "/find-mail", 404),
        ("POST", "/find-email/", 404),
        ("GET", "/", 404),
        ("POST", "/api/v1/search/people", 404),
    ],
)
def test_other_paths_and_methods_are_not_served(server: Server, method: str, path: str, expected: int) -> None:
    assert server.sixtyfour(method, path, {} if method == "POST" else None).status == expected


def test_the_first_vendor_does_not_serve_the_second_ones_paths(server: Server) -> None:
    assert server.request("GET", "/check-balance").status == 404
    assert server.request("GET", "/sixtyfour").status == 404


def test_what_the_plan_has_not_is_403(server: Server) -> None:
    server.set_behaviour(not_entitled=["find_phone"])
    assert [find(server, path).status for path in ("phone", "phone-async", "email")] == [403, 403, 200]
    assert "Contact sales" in find(server, "phone").json()["detail"]


def test_without_credits_it_is_402(server: Server) -> None:
    server.reset(cents=16)
    answers = [find(server, "email-bulk", MANY * count) for count in (4, 3)]
    assert [answer.status for answer in answers] == [402, 200]
    assert answers[0].json() == {"detail": "Insufficient API credits"}
    assert find(server, "email").status == 402
    assert find(server, "email", {"email": "a@gmail.com"}, mode="PERSONAL").status == 200  # costs nothing
    assert server.sixtyfour("GET", "/check-balance").json() == {"credits": 0.1}


def test_what_a_running_job_may_cost_is_kept_back(server: Server) -> None:
    server.reset(cents=9, behaviour={"sixtyfour_job_seconds": 60})
    assert [find(server, "email-async").status for _ in range(2)] == [200, 402]
    assert server.sixtyfour("GET", "/check-balance").json() == {"credits": 0.9}


FAMILIES = {
    "detail": b'{"detail":"Invalid API key"}',
    "error": b'{"error":"Unauthorized","message":"Invalid API key"}',
    "empty": b"",
}


@pytest.mark.parametrize("family", [*FAMILIES, "html"])
def test_errors_have_bodies_of_several_families(server: Server, family: str) -> None:
    server.set_behaviour(sixtyfour_error_body=family)
    body = server.sixtyfour("GET", "/check-balance", key="wrong").body
    assert body == FAMILIES[family] if family in FAMILIES else body.startswith(b"<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        (400, "Invalid request body"),
        (402, "Insufficient API credits"),
        (429, "Rate limit exceeded"),
        (500, "Internal server error"),
        (503, "Service Unavailable"),
    ],
)
def test_a_fault_has_the_documented_text(server: Server, code: int, detail: str) -> None:
    server.set_behaviour(faults=[{"operation": "find_email", "fault": str(code)}])
    answer = find(server, "email")
    assert (answer.status, answer.json()) == (code, {"detail": detail})


def test_switches_about_answers_in_general_hold_here_too(server: Server) -> None:
    server.set_behaviour(serves_api=False)
    assert server.sixtyfour("GET", "/check-balance").json() == {"detail": "Not Found"}
    server.set_behaviour(serves_api=True, refused_user_agents=["curl/"])
    assert [asked_by(server, agent) for agent in ("curl/8.5", "Mozilla/5.0")] == [403, 200]


def asked_by(server: Server, agent: str) -> int:
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    try:
        connection.request(
            "GET", "/sixtyfour/check-balance", headers={"x-api-key": server.api_key, "User-Agent": agent}
        )
        return connection.getresponse().status
    finally:
        connection.close()


# The limit.


def limits(answer: Any) -> tuple[str | None, str | None]:
    return answer.headers.get("x-ratelimit-limit"), answer.headers.get("x-ratelimit-remaining")


def test_answers_tell_what_is_left_of_the_limit(server: Server) -> None:
    told = [limits(find(server, "email")), limits(find(server, "email", {})), limits(status(server, "x"))]
    remaining = [int(left or 0) for _, left in told]
    assert {limit for limit, _ in told} == {"500"}
    assert remaining in ([499, 498, 497], [499, 498, 499], [499, 499, 498])  # a minute may end in between
    server.set_behaviour(sixtyfour_rate_headers=False)
    assert limits(find(server, "email")) == (None, None)
    server.set_behaviour(sixtyfour_rate_headers=True, sixtyfour_rate_limit=0)
    assert limits(find(server, "email")) == (None, None)


def test_too_many_calls_are_429(server: Server) -> None:
    server.set_behaviour(sixtyfour_rate_limit=2, sixtyfour_rate_seconds=1e6, sixtyfour_polls_limited=False)
    answers = [find(server, "email") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert (limits(answers[2]), answers[2].json()) == (("2", "0"), {"detail": "Rate limit exceeded"})
    assert not {"retry-after", "x-ratelimit-reset"} & set(answers[2].headers)
    assert status(server, "x").status == 404
    server.set_behaviour(retry_after="seconds", sixtyfour_rate_reset="seconds", sixtyfour_polls_limited=True)
    refusal = status(server, "x")
    assert refusal.status == 429
    assert 0 < int(refusal.headers["retry-after"]) <= 1e6
    assert 0 <= int(refusal.headers["x-ratelimit-reset"]) - int(refusal.headers["retry-after"]) <= 1
    assert len(books(server)["jobs"]) == 2


@pytest.mark.parametrize(
    ("window", "admitted"),
    [("fixed", [1, 1, 0, 1, 1, 0]), ("sliding", [1, 1, 0, 0, 0, 1])],
)
def test_the_minute_is_the_clocks_or_the_last_sixty_seconds(window: str, admitted: list[int]) -> None:
    clock = iter([50.0, 58.0, 59.0, 61.0, 62.0, 111.0])
    gate = RateGate(lambda: next(clock))
    behaviour = Behaviour(sixtyfour_rate_limit=2, sixtyfour_rate_window=window)  # type: ignore[arg-type]
    waits = [gate.admit(behaviour, counted=True).wait for _ in admitted]
    assert [int(wait == 0) for wait in waits] == admitted
    assert waits[2] == (1 if window == "fixed" else 51)


def test_a_webhook_url_without_job_is_taken_and_not_used(server: Server, receiver: Receiver) -> None:
    assert find(server, "email", webhook_url=receiver.url()).status == 200
    server.set_behaviour(sixtyfour_sync_webhook=True)
    find(server, "phone", webhook_url=receiver.url())
    [post] = receiver.wait()
    assert post.headers["sixtyfour-event-type"] == "find_phone"
