"""What goes over the wire, and what is said of it: paid requests once, repeatable ones until they are answered."""

from __future__ import annotations

import gzip
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpcore._async.http11
import pytest

import sources.transport
from sources.answers import refusal
from sources.backoff import Backoff
from sources.clock import SYSTEM_CLOCK, Clock
from sources.errors import ConfigurationError, LeadsyncError, QuotaExhausted, Unavailable
from sources.limits import Grant, RateLimiter, Window
from sources.transport import (
    Answer,
    Answered,
    Lost,
    NeverConnected,
    PaidOutcome,
    Timeouts,
    Transport,
    check_base_url,
    check_header_value,
    is_loopback,
)
from tests.integration.wire import (
    PATIENCE,
    Act,
    PassingClock,
    Wire,
    answer,
    answer_and_close,
    cut,
    garbled,
    gibberish,
    half_a_status_line,
    hang_up,
    held,
    message,
    refusing,
    reset,
    server_tls,
    serving,
    silence,
    stall,
    unreachable,
)

KEY = "canary-5b1f-KEY-77aa01"
PATH = "/api/v1/search/people/email/match"
BODY = {"personId": "1", "webhookUrl": "https://example.org/hook"}
#: connecting always works at once on loopback; a read that times out must do so soon
HASTY = Timeouts(connect=PATIENCE, read=0.2)
PATIENT = Timeouts(connect=PATIENCE, read=PATIENCE)


class Thrown:
    def __init__(self, shown: float) -> None:
        self.shown = shown

    def random(self) -> float:
        return self.shown


class Watched(RateLimiter):
    """A limiter that notes for how long it was told to pause."""

    def __init__(self, *windows: str, clock: Clock) -> None:
        super().__init__([Window.parse(window) for window in windows], clock, share=0.0)
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        super().pause(seconds)


@asynccontextmanager
async def transport_to(
    url: str, *windows: str, clock: Clock = SYSTEM_CLOCK, timeouts: Timeouts = PATIENT, **options: Any
) -> AsyncIterator[Transport]:
    limiter = Watched(*windows, clock=clock)
    async with Transport(url, {"X-API-KEY": KEY}, limiter, clock=clock, timeouts=timeouts, **options) as transport:
        yield transport


def pauses(transport: Transport) -> list[float]:
    assert isinstance(transport.limiter, Watched)
    return transport.limiter.pauses


async def send(transport: Transport, body: object = BODY) -> PaidOutcome:
    async with transport.paid_slot() as slot:
        return await slot.send("POST", PATH, json=body)


def send_once(url: str, *, body: object = BODY, timeouts: Timeouts = PATIENT) -> PaidOutcome:
    """One paid request through a transport of its own. Whatever was to be sent behind our backs has been sent then."""

    async def story() -> PaidOutcome:
        async with transport_to(url, timeouts=timeouts) as transport:
            outcome = await send(transport, body)
            assert transport.requests_sent == 1
            return outcome

    return anyio.run(story)


def fetch_once(url: str, clock: PassingClock | None = None, **options: Any) -> Answer:
    """One repeatable request through a transport of its own."""

    async def story() -> Answer:
        async with transport_to(url, clock=clock or PassingClock(), **options) as transport:
            return await transport.fetch("GET", "/x")

    return anyio.run(story)


async def permits(semaphore: threading.Semaphore, count: int) -> None:
    for _ in range(count):
        assert await anyio.to_thread.run_sync(partial(semaphore.acquire, timeout=PATIENCE))


@pytest.fixture
def tls_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Wire]]:
    with ExitStack() as stack:

        def start(*script: Act, trusted: bool = True) -> Wire:
            tls = server_tls(tmp_path)
            if trusted:
                monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
            return stack.enter_context(serving(*script, tls=tls))

        yield start


# Paid requests: what is sent.


def test_a_paid_request_goes_out_whole_with_its_key_and_as_json() -> None:
    with serving(answer(200, b'{"trackingId": "t"}')) as server:
        outcome = send_once(server.url)
    assert outcome == Answered(Answer(200, b'{"trackingId": "t"}'))
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", PATH)
    assert json.loads(request.body) == BODY
    assert request.headers["x-api-key"] == KEY
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"] == "leadsync"


# Paid requests: one on the wire, whatever becomes of it.


@pytest.mark.parametrize(
    "status", [200, 202, 204, 400, 401, 402, 403, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504]
)
def test_a_status_is_an_answer_and_the_request_is_not_repeated(status: int) -> None:
    body = b"" if status == 204 else b'{"message": "m"}'
    with serving(answer(status, body)) as server:
        assert send_once(server.url) == Answered(Answer(status, body))
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status: int) -> None:
    with serving() as server:
        server.script = [answer(status, b"", Location=server.url + PATH), answer(200)]
        assert send_once(server.url) == Answered(Answer(status, b"", location=server.url + PATH))
    assert len(server.requests) == 1


@pytest.mark.parametrize("act", [reset, hang_up, gibberish, half_a_status_line])
def test_a_request_that_left_and_was_not_answered_is_lost_and_not_repeated(act: Act) -> None:
    with serving(act, answer(200)) as server:
        assert isinstance(send_once(server.url), Lost)
    assert len(server.requests) == 1
    assert server.connections == 1


def test_silence_is_lost_once_the_read_times_out() -> None:
    with serving(silence, answer(200)) as server:
        assert send_once(server.url, timeouts=HASTY) == Lost("ReadTimeout")
    assert len(server.requests) == 1


def test_a_request_that_is_reset_half_sent_is_lost() -> None:
    with serving(greeting="reset_in_request") as server:
        assert isinstance(send_once(server.url, body={"much": "x" * 20_000_000}), Lost)
    assert server.connections == 1


@pytest.mark.parametrize("greeting", ["reset", "close"])
def test_a_connection_that_ends_before_the_request_is_used_for_no_second_try(greeting: str) -> None:
    with serving(greeting=greeting) as server:
        # the end may come while connecting (then no byte left) or after it (then who knows)
        assert isinstance(send_once(server.url), Lost | NeverConnected)
    assert server.connections == 1
    assert server.requests == []


@pytest.mark.parametrize("status", [200, 202, 404, 429, 503])
@pytest.mark.parametrize("by_reset", [False, True])
def test_a_status_counts_even_where_the_body_breaks_off(status: int, by_reset: bool) -> None:
    with serving(cut(status, by_reset=by_reset), answer(200)) as server:
        assert send_once(server.url) == Answered(Answer(status, b""), complete=False)
    assert len(server.requests) == 1


def test_a_status_counts_even_where_the_body_never_ends() -> None:
    with serving(stall(202), answer(200)) as server:
        assert send_once(server.url, timeouts=HASTY) == Answered(Answer(202, b""), complete=False)
    assert len(server.requests) == 1


def test_a_status_counts_even_where_the_body_cannot_be_unpacked() -> None:
    with serving(answer(200, b"no gzip at all", Content_Encoding="gzip")) as server:
        assert send_once(server.url) == Answered(Answer(200, b""), complete=False)
    with serving(answer(200, gzip.compress(b'{"trackingId": "t"}'), Content_Encoding="gzip")) as server:
        assert send_once(server.url) == Answered(Answer(200, b'{"trackingId": "t"}'))


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_larger_than_any_answer_is_not_read_to_its_end(packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.transport, "BODY_LIMIT", 10_000)
    within, beyond = b"x" * 10_000, b"x" * 10_001
    headers = {"Content_Encoding": "gzip"} if packed else {}
    pack = gzip.compress if packed else bytes
    with serving(answer(200, pack(within), **headers), answer(200, pack(beyond), **headers)) as server:
        assert send_once(server.url) == Answered(Answer(200, within))
        assert send_once(server.url) == Answered(Answer(200, b""), complete=False)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None), (None, None)])
def test_an_answer_tells_when_to_come_back(header: str | None, seconds: float | None) -> None:
    with serving(answer(429, b"", **({"Retry_After": header} if header else {}))) as server:
        assert send_once(server.url) == Answered(Answer(429, b"", retry_after=seconds))


@pytest.mark.parametrize("ahead", [0, -86_400, 86_400])
def test_a_date_to_come_back_at_is_taken_by_the_vendors_clock(ahead: int) -> None:
    """Ours may be a day behind: nobody waits for a day because of that."""
    theirs = time.time() + ahead
    back, now = (formatdate(when, usegmt=True) for when in (theirs + 40, theirs))
    with serving(answer(429, b"", Retry_After=back, Date=now)) as server:
        outcome = send_once(server.url)
    assert isinstance(outcome, Answered)
    assert outcome.answer.retry_after == 40.0


# Paid requests: what certainly never left.


def test_a_refused_connection_is_never_connected() -> None:
    with refusing() as url:
        assert send_once(url) == NeverConnected("ConnectError")


def test_an_address_that_does_not_answer_is_never_connected() -> None:
    with unreachable() as url:
        assert send_once(url, timeouts=Timeouts(connect=0.2, read=PATIENCE)) == NeverConnected("ConnectTimeout")


def test_a_name_that_nobody_knows_is_never_connected() -> None:
    assert send_once("https://leadsync.invalid") == NeverConnected("ConnectError")


@pytest.mark.parametrize(
    ("greeting", "connect", "reason"),
    [
        ("close", PATIENCE, "ConnectError"),
        ("reset", PATIENCE, "ConnectError"),
        ("reset_in_request", PATIENCE, "ConnectError"),
        ("silence", 0.2, "ConnectTimeout"),
    ],
)
def test_encryption_that_does_not_come_about_is_never_connected(greeting: str, connect: float, reason: str) -> None:
    with serving(greeting=greeting) as server:
        url = f"https://localhost:{server.port}"
        assert send_once(url, timeouts=Timeouts(connect, PATIENCE)) == NeverConnected(reason)
    assert server.connections >= 1


def test_a_certificate_that_nobody_vouches_for_is_never_connected(tls_server: Callable[..., Wire]) -> None:
    server = tls_server(answer(200), trusted=False)
    assert send_once(server.url) == NeverConnected("ConnectError")
    assert server.requests == []


def test_a_proxy_that_refuses_is_never_connected_and_never_sees_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answer(403)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert send_once("https://api.clodura.invalid") == NeverConnected("ProxyError")
    (request,) = proxy.requests
    assert request.method == "CONNECT"
    assert KEY not in str(request)


def test_no_proxy_stands_between_us_and_this_very_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    with serving() as server, serving(answer(403)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        assert send_once(server.url) == Answered(Answer(200, b"{}"))
    assert proxy.connections == 0


# Paid requests: encryption.


def test_a_paid_request_goes_out_encrypted(tls_server: Callable[..., Wire]) -> None:
    server = tls_server(answer(200))
    assert send_once(server.url) == Answered(Answer(200, b"{}"))


def test_encryption_that_breaks_before_the_status_is_lost(tls_server: Callable[..., Wire]) -> None:
    server = tls_server(garbled(), answer(200))
    assert isinstance(send_once(server.url), Lost)
    assert len(server.requests) == 1


def test_encryption_that_breaks_in_the_body_leaves_the_status(tls_server: Callable[..., Wire]) -> None:
    server = tls_server(garbled(message(202, b"half", {}, length=100)), answer(200))
    assert send_once(server.url) == Answered(Answer(202, b""), complete=False)
    assert len(server.requests) == 1


# Paid requests: slots.


def test_a_slot_sends_once_only() -> None:
    with serving() as server:

        async def story() -> None:
            async with transport_to(server.url) as transport, transport.paid_slot() as slot:
                await slot.send("POST", PATH, json=BODY)
                with pytest.raises(RuntimeError, match="one request only"):
                    await slot.send("POST", PATH, json=BODY)

        anyio.run(story)
    assert len(server.requests) == 1


@pytest.mark.parametrize("act", [reset, answer(500), answer(429)])
def test_a_slot_sends_once_only_even_when_that_failed(act: Act) -> None:
    with serving(act) as server:

        async def story() -> None:
            async with transport_to(server.url) as transport, transport.paid_slot() as slot:
                await slot.send("POST", PATH, json=BODY)
                with pytest.raises(RuntimeError):
                    await slot.send("POST", PATH, json=BODY)

        anyio.run(story)
    assert len(server.requests) == 1


def test_a_slot_left_unsent_sends_nothing_and_frees_its_place() -> None:
    with serving() as server:

        async def story() -> None:
            async with transport_to(server.url, paid_concurrency=1) as transport:
                async with transport.paid_slot():
                    pass
                with pytest.raises(ZeroDivisionError):
                    async with transport.paid_slot():
                        raise ZeroDivisionError
                assert server.connections == 0
                assert transport.requests_sent == 0
                assert isinstance(await send(transport), Answered)

        anyio.run(story)


def test_a_slot_holds_a_rate_token_and_without_one_nothing_is_sent() -> None:
    with serving() as server:

        async def story() -> None:
            async with transport_to(server.url, "2/minute", clock=PassingClock()) as transport:
                async with transport.paid_slot(patience=0.0) as slot:
                    await slot.send("POST", PATH, json=BODY)
                async with transport.paid_slot(patience=0.0):
                    pass  # what leaves unsent gives its token back
                async with transport.paid_slot(patience=0.0) as slot:
                    await slot.send("POST", PATH, json=BODY)
                with pytest.raises(QuotaExhausted, match="Nothing was sent"):
                    async with transport.paid_slot(patience=0.0):
                        pytest.fail("a slot without a rate token")
                with pytest.raises(QuotaExhausted):
                    await transport.fetch("GET", "/x", patience=0.0)
                assert transport.requests_sent == 2

        anyio.run(story)
    assert len(server.requests) == 2


def test_no_more_slots_are_open_than_allowed() -> None:
    with serving(held(answer(200))) as server:

        async def story() -> None:
            async with transport_to(server.url, paid_concurrency=3) as transport, anyio.create_task_group() as tasks:
                for _ in range(10):
                    tasks.start_soon(send, transport)
                await permits(server.waiting, 3)
                assert not await anyio.to_thread.run_sync(partial(server.waiting.acquire, timeout=0.1))
                server.released.set()

        anyio.run(story)
    assert len(server.requests) == 10
    assert server.peak == 3
    assert server.connections == 3


def test_fewer_slots_are_open_after_a_429() -> None:
    with serving(answer(429), held(answer(200))) as server:

        async def story() -> None:
            async with transport_to(server.url, paid_concurrency=4) as transport, anyio.create_task_group() as tasks:
                await send(transport)
                for _ in range(6):
                    tasks.start_soon(send, transport)
                await permits(server.waiting, 2)
                assert not await anyio.to_thread.run_sync(partial(server.waiting.acquire, timeout=0.1))
                assert server.peak == 2
                server.released.set()

        anyio.run(story)
    assert len(server.requests) == 7


def test_a_paid_request_that_is_cancelled_is_not_repeated_and_its_connection_not_used_again() -> None:
    with serving(held(answer(200)), answer(201)) as server:

        async def story() -> None:
            async with transport_to(server.url, paid_concurrency=1) as transport:
                with anyio.CancelScope() as scope:
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(send, transport)
                        await permits(server.waiting, 1)
                        scope.cancel()
                server.released.set()
                assert await send(transport) == Answered(Answer(201, b"{}"))

        anyio.run(story)
    assert [request.connection for request in server.requests] == [1, 2]


# Paid requests: the age of a connection.


class Shown:
    """Stands for the time module in the HTTP library, so that a connection ages as we say."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize(("idle", "connections"), [(0.0, [1, 1]), (1.9, [1, 1]), (2.1, [1, 2]), (60.0, [1, 2])])
@pytest.mark.parametrize("first", ["paid", "lost"])
def test_a_connection_that_idled_over_two_seconds_is_not_used_again(
    idle: float, connections: list[int], first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = Shown()
    monkeypatch.setattr(httpcore._async.http11, "time", shown)
    with serving(answer(200) if first == "paid" else hang_up, answer(200)) as server:

        async def story() -> None:
            async with transport_to(server.url) as transport:
                await send(transport)
                shown.now += idle
                assert await send(transport) == Answered(Answer(200, b"{}"))

        anyio.run(story)
    assert [request.connection for request in server.requests] == ([1, 2] if first == "lost" else connections)


def test_the_limit_on_idling_holds_by_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sources.transport.IDLE_LIMIT == 2.0
    monkeypatch.setattr(sources.transport, "IDLE_LIMIT", 0.05)
    with serving() as server:

        async def story() -> None:
            async with transport_to(server.url) as transport:
                for _ in range(3):
                    await send(transport)
                    await anyio.sleep(0.1)

        anyio.run(story)
    assert [request.connection for request in server.requests] == [1, 2, 3]
    assert all(request.idled is None for request in server.requests)


def test_a_connection_that_the_far_end_closed_is_not_used_again() -> None:
    with serving(answer_and_close(200)) as server:

        async def story() -> None:
            async with transport_to(server.url) as transport:
                for _ in range(5):
                    assert await send(transport) == Answered(Answer(200, b"{}"))
                    await permits(server.closed, 1)

        anyio.run(story)
    assert [request.connection for request in server.requests] == [1, 2, 3, 4, 5]


# Repeatable requests.


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 520, 524, 530])
def test_a_repeatable_request_is_sent_again_after_a_passing_trouble(status: int) -> None:
    clock = PassingClock()
    with serving(answer(status), answer(status), answer(200, b"[1]")) as server:
        assert fetch_once(server.url, clock) == Answer(200, b"[1]")
    assert len(server.requests) == 3
    assert {request.headers["x-api-key"] for request in server.requests} == {KEY}


@pytest.mark.parametrize(
    "act", [reset, hang_up, gibberish, half_a_status_line, cut(200), cut(404), cut(200, by_reset=True)]
)
def test_a_repeatable_request_is_sent_again_after_a_broken_connection_or_body(act: Act) -> None:
    with serving(act, act, answer(200, b"[1]")) as server:
        assert fetch_once(server.url) == Answer(200, b"[1]")
    assert len(server.requests) == 3


@pytest.mark.parametrize("act", [silence, stall(200)])
def test_a_repeatable_request_is_sent_again_after_a_read_that_timed_out(act: Act) -> None:
    with serving(act, answer(200, b"[1]")) as server:
        assert fetch_once(server.url, timeouts=HASTY) == Answer(200, b"[1]")
    assert len(server.requests) >= 2  # a busy machine may be late once more


def test_a_repeatable_request_is_sent_again_after_encryption_broke(tls_server: Callable[..., Wire]) -> None:
    server = tls_server(garbled(), garbled(message(200, b"half", {}, length=100)), answer(200, b"[1]"))
    assert fetch_once(server.url) == Answer(200, b"[1]")
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [200, 202, 204, 301, 302, 307, 308, 400, 401, 402, 403, 404, 409, 410, 422])
def test_every_other_status_is_returned_at_once(status: int) -> None:
    clock = PassingClock()
    with serving() as server:
        server.script = [answer(status, b"", Location=server.url + "/elsewhere"), answer(200)]
        got = fetch_once(server.url, clock)
    assert (got.status, got.ok, got.location) == (status, status < 300, server.url + "/elsewhere")
    assert len(server.requests) == 1
    assert clock.slept == []


@pytest.mark.parametrize(("shown", "delays"), [(0.0, [0.25, 0.5, 1.0, 2.0]), (0.999999, [0.5, 1.0, 2.0, 4.0])])
def test_the_waits_between_two_tries_grow_and_are_left_to_chance(shown: float, delays: list[float]) -> None:
    clock = PassingClock()
    with serving(*[answer(503)] * 4, answer(200)) as server:
        fetch_once(server.url, clock, dice=Thrown(shown))
    assert clock.slept == pytest.approx(delays, rel=1e-4)


@pytest.mark.parametrize("status", [429, 503, 408])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for(status: int, form: str) -> None:
    clock = PassingClock()
    header = "40" if form == "seconds" else formatdate(clock.time() + 40, usegmt=True)
    with serving(answer(status, b"", Retry_After=header), answer(200)) as server:
        fetch_once(server.url, clock)
    # a pause of the limits, if there was one, ran at the same time
    assert max(clock.slept) == pytest.approx(40.0, abs=1e-3)


def test_it_gives_up_within_its_budget_and_says_what_happened() -> None:
    clock = PassingClock()
    with serving(answer(503)) as server, pytest.raises(Unavailable) as caught:
        fetch_once(server.url, clock, backoff=Backoff(budget=20.0, first=1.0, largest=4.0), dice=Thrown(0.0))
    assert clock.slept == pytest.approx([0.5, 1.0] + [2.0] * 9)
    assert len(server.requests) == 12
    assert caught.value.status == 503
    assert str(caught.value) == (
        f"GET /x at {server.url} was not answered within 20 s (12 attempts, the last: HTTP 503). It was no purchase; "
        f"what was bought is in the ledger. Run again later; if nothing ever answers, check base_url and the network."
    )


@pytest.mark.parametrize(
    ("act", "trouble", "status"),
    [
        (reset, "ReadError", None),
        (cut(200), "HTTP 200 with a body that broke off", 200),
        (answer(429), "HTTP 429", 429),
    ],
)
def test_giving_up_names_the_last_trouble(act: Act, trouble: str, status: int | None) -> None:
    with serving(act) as server, pytest.raises(Unavailable) as caught:
        fetch_once(server.url, backoff=Backoff(budget=0.5))
    assert f"the last: {trouble})" in str(caught.value)
    assert caught.value.status == status


def test_nobody_there_is_unavailable() -> None:
    with refusing() as url, pytest.raises(Unavailable, match="ConnectError"):
        fetch_once(url)


def test_a_retry_after_beyond_the_budget_is_given_up_at_once_and_holds_everybody_else_back() -> None:
    clock = PassingClock()
    with serving(answer(429, b"", Retry_After="3600"), answer(200)) as server:

        async def story() -> None:
            async with transport_to(server.url, clock=clock) as transport:
                with pytest.raises(Unavailable):
                    await transport.fetch("GET", "/x")
                assert clock.slept == []
                assert pauses(transport) == [3600.0]
                with pytest.raises(QuotaExhausted):
                    await transport.fetch("GET", "/x", patience=3500.0)
                with pytest.raises(QuotaExhausted):
                    async with transport.paid_slot(patience=3500.0):
                        pytest.fail("a slot while the vendor wants to be left alone")

        anyio.run(story)
    assert len(server.requests) == 1


def test_the_time_an_answer_takes_counts_against_the_budget_and_the_wait_for_our_own_limits_does_not() -> None:
    clock = PassingClock()

    class Slow(PassingClock):
        def monotonic(self) -> float:
            self.now += 1.0  # each look at the clock is a second later, and an exchange ends at the third
            return self.now

    with serving(answer(503)) as server, pytest.raises(Unavailable):
        fetch_once(server.url, Slow(), backoff=Backoff(budget=10.0, first=0.5, largest=0.5), dice=Thrown(0.0))
    assert len(server.requests) == 4  # 3 + 3 + 3 s of answers and 0.25 s between them; the next would end after 10 s
    with serving(answer(200), answer(503), answer(503), answer(200)) as server:

        async def story() -> None:
            async with transport_to(server.url, "1/hour", clock=clock, backoff=Backoff(budget=5.0)) as transport:
                await transport.fetch("GET", "/x")
                assert (await transport.fetch("GET", "/x")).ok  # waits an hour before each try

        anyio.run(story)
    assert len(server.requests) == 4
    assert clock.now > 3 * 3600


def test_every_try_takes_a_rate_token() -> None:
    with serving(answer(503)) as server:

        async def story() -> None:
            async with transport_to(server.url, "3/day", clock=PassingClock()) as transport:
                with pytest.raises(QuotaExhausted):
                    await transport.fetch("GET", "/x", patience=60.0)
                assert transport.requests_sent == 3

        anyio.run(story)
    assert len(server.requests) == 3


def test_what_never_left_takes_nothing_from_the_limits() -> None:
    """A grant counts from when the request itself leaves, not from when a connection is asked for."""
    with refusing() as url:

        async def story() -> None:
            async with transport_to(url, "1/day", clock=PassingClock()) as transport:
                with pytest.raises(Unavailable, match="ConnectError"):
                    await transport.fetch("GET", "/x", patience=1.0)
                assert isinstance(await send(transport), NeverConnected)
                await transport.limiter.acquire(patience=0.0)

        anyio.run(story)


@pytest.mark.parametrize("paid", [False, True])
def test_a_request_counts_from_when_encryption_is_up(paid: bool, tls_server: Callable[..., Wire]) -> None:
    server = tls_server(answer(200))
    used: list[bool] = []

    class Looking(Watched):
        def _sent(self, grant: Grant) -> None:
            used.append(bool(server.connections))
            super()._sent(grant)

    async def story() -> None:
        limiter = Looking(clock=SYSTEM_CLOCK)
        async with Transport(server.url, {"X-API-KEY": KEY}, limiter, timeouts=PATIENT) as transport:
            await (send(transport) if paid else transport.fetch("GET", "/x"))

    anyio.run(story)
    assert used == [True]


def test_a_429_pauses_the_limits_for_as_long_as_the_wait() -> None:
    with serving(answer(429, b"", Retry_After="9"), answer(429), answer(503), answer(200)) as server:

        async def story() -> None:
            async with transport_to(server.url, clock=PassingClock(), dice=Thrown(0.0)) as transport:
                await transport.fetch("GET", "/x")
                assert pauses(transport) == [9.0, 0.5]

        anyio.run(story)


def test_a_single_429_holds_nobody_else_back() -> None:
    """It is sent again later; the others go on as before, as many at a time, and without a pause."""
    with serving(answer(429), answer(200), held(answer(200))) as server:

        async def story() -> None:
            async with transport_to(server.url, concurrency=8, backoff=Backoff(first=0.01)) as transport:
                await transport.fetch("GET", "/x")
                assert pauses(transport) == []
                async with anyio.create_task_group() as tasks:
                    for _ in range(8):
                        tasks.start_soon(transport.fetch, "GET", "/x")
                    await permits(server.waiting, 8)
                    server.released.set()

        anyio.run(story)


def test_429s_halve_how_many_requests_are_under_way_and_good_answers_bring_them_back() -> None:
    with serving(answer(429), answer(429), answer(200), held(answer(200))) as server:

        async def story() -> None:
            async with transport_to(server.url, concurrency=8, backoff=Backoff(first=0.01)) as transport:
                await transport.fetch("GET", "/x")
                async with anyio.create_task_group() as tasks:
                    for _ in range(10):
                        tasks.start_soon(transport.fetch, "GET", "/x")
                    await permits(server.waiting, 4)
                    assert not await anyio.to_thread.run_sync(partial(server.waiting.acquire, timeout=0.1))
                    assert server.peak == 4
                    server.released.set()
                for _ in range(30):
                    await transport.fetch("GET", "/x")
                server.released.clear()
                await permits(server.waiting, 36)
                async with anyio.create_task_group() as tasks:
                    for _ in range(10):
                        tasks.start_soon(transport.fetch, "GET", "/x")
                    await permits(server.waiting, 8)
                    server.released.set()

        anyio.run(story)
    assert server.peak == 8


def test_no_more_repeatable_requests_are_under_way_than_allowed_and_connections_are_used_again() -> None:
    with serving(held(answer(200))) as server:

        async def story() -> None:
            async with transport_to(server.url, concurrency=3) as transport, anyio.create_task_group() as tasks:
                for _ in range(12):
                    tasks.start_soon(transport.fetch, "GET", "/x")
                await permits(server.waiting, 3)
                server.released.set()

        anyio.run(story)
    assert server.peak == 3
    assert server.connections == 3


def test_paid_and_repeatable_requests_do_not_wait_for_each_others_connections() -> None:
    with serving(held(answer(200))) as server:

        async def story() -> None:
            transport = transport_to(server.url, concurrency=1, paid_concurrency=1)
            async with transport as opened, anyio.create_task_group() as tasks:
                tasks.start_soon(opened.fetch, "GET", "/x")
                tasks.start_soon(send, opened)
                await permits(server.waiting, 2)
                server.released.set()

        anyio.run(story)
    assert server.peak == 2


def test_leaving_closes_every_connection() -> None:
    with serving() as server:

        async def story() -> None:
            async with transport_to(server.url) as transport:
                await transport.fetch("GET", "/x")
                await send(transport)

        anyio.run(story)
        deadline = SYSTEM_CLOCK.monotonic() + PATIENCE
        while server.open and SYSTEM_CLOCK.monotonic() < deadline:
            server.ended.wait(0.01)
        assert server.open == 0
    assert server.connections == 2


# The key is nowhere to be read.


def everything_said(error: BaseException) -> Iterator[str]:
    """All texts of an exception and of those that led to it."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield from (str(one), repr(one), repr(one.args), repr(getattr(one, "__notes__", None)), repr(vars(one)))
        waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions


ECHO = json.dumps({"message": f"The key {KEY} is not valid", "key": KEY}).encode()
PATHS: dict[str, Act] = {
    "answered": answer(200),
    "echoed": answer(401, ECHO),
    "echoed in a refusal": answer(403, ECHO),
    "echoed by a server error": answer(500, ECHO),
    "redirected": answer(302, ECHO, Location="https://elsewhere.example/login"),
    "throttled": answer(429, ECHO),
    "reset": reset,
    "hung up": hang_up,
    "gibberish": gibberish,
    "cut": cut(200),
    "silent": silence,
}


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("paid", [False, True])
def test_the_key_is_in_no_text_error_or_log_of_any_path(
    name: str, paid: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []

    async def story() -> None:
        async with transport_to(
            server.url, clock=PassingClock(), timeouts=HASTY, backoff=Backoff(budget=0.3)
        ) as transport:
            said.extend(map(repr, (transport, transport.limiter, transport.limiter.windows)))
            try:
                if paid:
                    async with transport.paid_slot() as slot:
                        said.append(repr(slot))
                        outcome = await slot.send("POST", PATH, json=BODY)
                        said.append(repr(outcome))
                        got = outcome.answer if isinstance(outcome, Answered) else None
                else:
                    got = await transport.fetch("GET", "/x")
                if got is not None and not got.ok:
                    assert KEY.encode() not in got.body
                    raise refusal(got, "the test", "Clodura")
            except LeadsyncError as error:
                said.extend(everything_said(error))

    with serving(PATHS[name]) as server:
        anyio.run(story, backend_options={"debug": True})
    for record in caplog.records:
        said += [record.getMessage(), repr(record.args), str(record.exc_text), str(record.exc_info)]
    assert any("httpcore" in record.name for record in caplog.records)  # the capture reaches the HTTP library
    assert server.requests[0].headers["x-api-key"] == KEY
    leaks = [text for text in said if KEY in text]
    assert leaks == []


@pytest.mark.parametrize("paid", [False, True])
def test_a_key_that_a_redirect_repeats_is_blanked_out(paid: bool) -> None:
    with serving(answer(302, b"", Location=f"https://elsewhere.example/{KEY}/?key={KEY}")) as server:
        outcome = send_once(server.url) if paid else Answered(fetch_once(server.url))
    assert outcome == Answered(Answer(302, b"", location="https://elsewhere.example/<key>/?key=<key>"))


@pytest.mark.parametrize("url", ["refused", "unreachable", "https://leadsync.invalid"])
def test_the_key_is_in_no_text_of_a_failure_to_connect(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with refusing() as refused, unreachable() as silent:
        url = {"refused": refused, "unreachable": silent}.get(url, url)
        timeouts = Timeouts(connect=0.2, read=0.2)
        with pytest.raises(Unavailable) as caught:
            fetch_once(url, timeouts=timeouts, backoff=Backoff(budget=0.1))
        said = [*everything_said(caught.value), repr(send_once(url, timeouts=timeouts))]
    said += [f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records]
    assert [text for text in said if KEY in text] == []


# Keys and addresses.


@pytest.mark.parametrize("key", ["abc", " abc\n", "a-B_9.~+/=", "x" * 500, "\t key \r\n"])
def test_a_key_is_taken_without_the_blanks_around_it(key: str) -> None:
    assert check_header_value(key, "api_key") == key.strip()


@pytest.mark.parametrize(
    "key",
    ["", "  ", "zqx wvj", "zqx\nwvj", "zqx\rwvj", "zqx\twvj", "zqxä", "zqx\x00", "zqx\x7f", "“zqx”",
     "zqx\u00a0wvj", "\u200bzqx"],
)  # fmt: skip
def test_a_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_header_value(key, "sources.clodura.api_key")
    assert str(caught.value).startswith("sources.clodura.api_key: empty, or holds characters that no key has")
    assert not any(part in text for text in everything_said(caught.value) for part in ("zqx", "wvj"))


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://api.clodura.ai", "https://api.clodura.ai"),
        (" https://api.clodura.ai/ \n", "https://api.clodura.ai"),
        ("https://api.clodura.ai:8443", "https://api.clodura.ai:8443"),
        ("https://proxy.example/clodura/", "https://proxy.example/clodura"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost", "http://localhost"),
        ("http://LOCALHOST:1", "http://LOCALHOST:1"),
        ("https://münchen.example", "https://münchen.example"),
    ],
)
def test_https_and_loopback_are_addresses_to_send_a_key_to(url: str, taken: str) -> None:
    assert check_base_url(url) == taken


@pytest.mark.parametrize(
    "url",
    [
        "http://api.clodura.ai", "http://127.evil.com", "http://127.0.0.1.evil.com", "http://localhost.evil.com",
        "http://evil.com/127.0.0.1", "http://[::2]", "http://0.0.0.0", "http://10.0.0.1", "http://128.0.0.1",
        "http://2130706433", "http://127.1",
    ],
)  # fmt: skip
def test_plain_http_leaves_this_machine_for_nobody(url: str) -> None:
    assert not is_loopback(url)
    with pytest.raises(ConfigurationError, match=r"unencrypted|is not a URL"):
        check_base_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "api.clodura.ai", "ftp://api.clodura.ai", "//api.clodura.ai", "https://", "https:///api", "https://[::1",
        "https://api.clodura.ai:port", "https://api.clodura.ai:99999", "https://api.clodura.ai:0",
        "https://a b.example", "https://api.clodura.ai/a b", "https://api.\nclodura.ai", "https://api.clodura\t.ai", "https://a..b",
        "https://" + "a" * 64 + ".example", "http://", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_the_right_form(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_base_url(url)
    assert "https://api.clodura.ai" in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cret@api.clodura.ai", "http://me:s3cret@api.clodura.ai", "me:s3cret@api.clodura.ai",
        "https://s3cret@api.clodura.ai", "https://api.clodura.ai?key=s3cret", "http://api.clodura.ai/?key=s3cret",
        "https://api.clodura.ai#s3cret", "https://@api.clodura.ai", "https://api.clodura.ai?", "https://api.clodura.ai#",
        "http://127.0.0.1:80@evil.com", "http://evil.com\\@127.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_carries_a_secret_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_base_url(url)
    assert str(caught.value) == "base_url: leave out user, password, query and fragment."
    assert "s3cret" not in "".join(everything_said(caught.value))


def test_a_wrong_address_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(ConfigurationError):
        Transport("http://api.clodura.ai", {"X-API-KEY": KEY}, Watched(clock=SYSTEM_CLOCK))
