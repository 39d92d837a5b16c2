"""Sixtyfour's client over sockets: what goes on the wire, that a purchase goes once, and what proves host and key."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import anyio
import pytest

from sources.backoff import Backoff
from sources.errors import (
    ConfigurationError,
    KeyRefused,
    NotEntitled,
    NotProven,
    OutOfCredits,
    RequestRefused,
    Unavailable,
    VendorError,
)
from sources.limits import Window
from sources.providers import Channel, Outcome, Person, Via
from sources.sixtyfour.balance import Balance
from sources.sixtyfour.client import DEFAULT_BASE_URL, NO_JOB, SixtyfourClient, make_transport
from sources.sixtyfour.provider import SixtyfourProvider
from sources.sixtyfour.requests import FindEmail, FindEmailBulk, FindPhone, FindPhoneBulk, FindRequest
from sources.transport import Answered, Lost, PaidOutcome, Transport
from tests.integration.wire import Act, PassingClock, answer, cut, reset, serving

Result = TypeVar("Result")
KEY = "api_canary_7f3a9b2c5d8e1f04"
LEAD = {"name": "Jane Doe", "company": "Acme"}
FOUND = {**LEAD, "email": [["jane@acme.com", "OK", "COMPANY"]]}
PAID: list[FindRequest] = [
    FindEmail(lead=LEAD, mode="PERSONAL"),
    FindEmailBulk(leads=[LEAD, LEAD]),
    FindPhone(lead=LEAD),
    FindPhoneBulk(leads=[LEAD] * 100),
]


def transport_to(url: str, **options: Any) -> AbstractAsyncContextManager[Transport]:
    clock = PassingClock()
    return make_transport(url, KEY, rate_limits=(), clock=clock, backoff=Backoff(budget=20.0), **options)


def ask(url: str, question: Callable[[SixtyfourClient], Awaitable[Result]]) -> Result:
    """One question to a client of its own. Its waits are over at once."""

    async def story() -> Result:
        async with transport_to(url) as transport:
            return await question(SixtyfourClient(transport))

    return anyio.run(story)


def send(url: str, request: FindRequest, *, start: bool) -> PaidOutcome:
    async def question(client: SixtyfourClient) -> PaidOutcome:
        async with client.transport.paid_slot() as slot:
            return await (client.start if start else client.find)(slot, request)

    return ask(url, question)


def said(status: int, document: Any) -> Act:
    return answer(status, document if isinstance(document, bytes) else json.dumps(document).encode())


@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("request_", PAID, ids=lambda request: str(request.path))
def test_all_eight_paid_calls_carry_key_and_body(request_: FindRequest, start: bool) -> None:
    with serving(said(200, {"task_id": "j"})) as host:
        outcome = send(host.url, request_, start=start)
    [seen] = host.requests
    assert (seen.method, seen.target) == ("POST", request_.path + ("-async" if start else ""))
    assert (seen.headers["x-api-key"], seen.headers["content-type"]) == (KEY, "application/json")
    assert json.loads(seen.body) == request_.body()
    assert isinstance(outcome, Answered)


@pytest.mark.parametrize("act", [answer(429), answer(500), answer(503), reset, cut()])
@pytest.mark.parametrize("request_", PAID, ids=lambda request: str(request.path))
def test_a_purchase_is_on_the_wire_once_whatever_comes_of_it(request_: FindRequest, act: Act) -> None:
    with serving(act, answer(200)) as host:
        outcome = send(host.url, request_, start=True)
    assert len(host.requests) == 1
    assert isinstance(outcome, Lost) == (act is reset)


# Polls.


def test_a_poll_names_its_job_and_unit() -> None:
    async def question(client: SixtyfourClient) -> list[int]:
        plain = await client.job_status("a/b?c")
        units = [await client.job_status("job_1", cost_units=unit) for unit in ("cents", "credits")]
        return [one.status for one in (plain, *units)]

    with serving(said(404, {"detail": "Job not found"})) as host:
        assert ask(host.url, question) == [404] * 3
    assert [seen.target for seen in host.requests] == [
        "/job-status/a%2Fb%3Fc",
        "/job-status/job_1?cost_units=cents",
        "/job-status/job_1?cost_units=credits",
    ]
    assert {seen.headers["x-api-key"] for seen in host.requests} == {KEY}


def test_the_providers_poll_is_one_request_whatever_comes_of_it() -> None:
    async def question(client: SixtyfourClient) -> None:
        with pytest.raises(Unavailable):
            await SixtyfourProvider(client).poll("find_email", "job_1")

    with serving(answer(500), answer(200)) as host:
        ask(host.url, question)
    assert [seen.target for seen in host.requests] == ["/job-status/job_1"]


# The balance, and the proof.


def test_the_balance_is_asked_for_again_until_it_is_answered() -> None:
    with serving(answer(503), said(200, {"credits": 12.5})) as host:
        assert ask(host.url, lambda client: client.check_balance()) == Balance(1250)
    assert [seen.target for seen in host.requests] == ["/check-balance"] * 2


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (said(401, {"detail": "Invalid API key"}), KeyRefused),
        (said(402, {"detail": "Insufficient API credits"}), OutOfCredits),
        (said(403, {"detail": "not enabled"}), NotEntitled),
        (said(404, {"detail": "Not Found"}), RequestRefused),
        (said(200, b"<html>"), RequestRefused),
        (said(200, {"balance": 7}), RequestRefused),
    ],
)
def test_a_balance_that_is_none_is_an_error(act: Act, error: type[VendorError]) -> None:
    async def question(client: SixtyfourClient) -> None:
        with pytest.raises(error):
            await client.check_balance()
        assert not client.proven

    with serving(act) as host:
        ask(host.url, question)


NO_JOB_PATH = f"/job-status/{NO_JOB}"
UNKNOWN_JOB = said(404, {"detail": "Job not found"})


@pytest.mark.parametrize(
    ("script", "paths"),
    [
        ([said(200, {"credits": 0})], ["/check-balance"]),
        ([said(404, {"detail": "Not Found"}), UNKNOWN_JOB], ["/check-balance", NO_JOB_PATH]),
        ([said(405, {"detail": "Method Not Allowed"}), UNKNOWN_JOB], ["/check-balance", NO_JOB_PATH]),
        ([answer(404), said(404, {"error": "Not Found", "message": "Job not found"})], ["/check-balance", NO_JOB_PATH]),
    ],
)
def test_host_and_key_are_proven_once(script: list[Act], paths: list[str]) -> None:
    async def question(client: SixtyfourClient) -> bool:
        provider = SixtyfourProvider(client)
        assert not provider.proven
        await provider.prove()
        await provider.prove()
        return provider.proven

    with serving(*script, answer(401)) as host:
        assert ask(host.url, question)
    assert [seen.target for seen in host.requests] == paths


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ([said(401, {"detail": "Invalid API key"})], KeyRefused),
        ([said(401, {"error": "Unauthorized", "message": "Invalid API key"})], KeyRefused),
        ([answer(404), said(401, {"detail": "Invalid API key"})], KeyRefused),
        ([answer(404), said(404, {"detail": "Not Found"})], NotProven),
        ([answer(404), said(404, b"<h1>Not Found</h1>")], NotProven),
        ([answer(404), said(404, {"detail": {"job": "not found"}})], NotProven),
        ([answer(404), said(200, {"status": "running"})], NotProven),
        ([answer(404), answer(405)], NotProven),
        ([said(200, b"<html>")], NotProven),
        ([said(200, {"balance": 7})], NotProven),
        ([said(403, {"detail": "no"})], NotEntitled),
        ([answer(302, location="https://www.sixtyfour.ai/")], RequestRefused),
        ([answer(500)], Unavailable),
    ],
)
def test_what_proves_nothing(script: list[Act], error: type[VendorError]) -> None:
    async def question(client: SixtyfourClient) -> None:
        with pytest.raises(error) as raised:
            await client.prove()
        assert not client.proven
        assert KEY not in str(raised.value)

    with serving(*script) as host:
        ask(host.url, question)


# The key.


@pytest.mark.parametrize("status", [200, 401, 403, 422])
def test_a_vendor_that_repeats_the_key_does_not_make_us_repeat_it(status: int) -> None:
    async def question(client: SixtyfourClient) -> str:
        with pytest.raises(VendorError) as raised:
            await client.prove()
        repeated = await client.job_status("j")
        return f"{raised.value}{client.transport!r}{repeated.body!r}"

    with serving(said(status, {"detail": f"Invalid API key {KEY} for request"})) as host:
        shown = ask(host.url, question)
    assert KEY not in shown
    assert "<key>" in shown


@pytest.mark.parametrize("key", ["", " ", "a b", "caf\u00e9", "a\nb"])
def test_what_is_no_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ConfigurationError, match=r"sources\.sixtyfour\.api_key"):
        make_transport("https://api.sixtyfour.ai", key)


def test_the_documented_limit_is_the_default() -> None:
    assert make_transport(DEFAULT_BASE_URL, KEY).limiter.windows == (Window(500, 60.0),)


# From an ask to a reading.


def test_two_people_are_asked_for_together_and_read_apart() -> None:
    people = [Person(f"p{n}", True, "Jane", last, organization_name="Acme") for n, last in enumerate(("Doe", "Roe"))]
    items = [{**LEAD, "name": "Jane Roe", "email": []}, FOUND]
    job = {"status": "completed", "id": "job_1", "result": items, "charge_amount": 5}

    async def question(client: SixtyfourClient) -> list[tuple[Outcome | None, int]]:
        provider = SixtyfourProvider(client)
        asks = [made.parameters for person in people if (made := provider.ask(Channel.EMAIL, person))]
        async with provider.slot(patience=None) as slot:
            started = await provider.submit(slot, "find_email", asks, "https://hooks.example.com/h")
        assert isinstance(started, Answered)
        task = provider.tracking_id(started.answer.body)
        assert task == "job_1"
        done = await provider.poll("find_email", task)
        readings = provider.read("find_email", done.body, asks, task, Via.POLL)
        return [(reading.outcome, reading.charges[0].amount_max) for reading in readings]

    with serving(said(200, {"task_id": "job_1", "status": "RUNNING"}), said(200, job)) as host:
        assert ask(host.url, question) == [(Outcome.FOUND, 500), (Outcome.NOT_FOUND, 0)]
    assert [seen.target for seen in host.requests] == ["/find-email-bulk-async", "/job-status/job_1"]
    assert json.loads(host.requests[0].body)["webhook_url"] == "https://hooks.example.com/h"
