"""Searches read whole: every person once, hardly a call wasted, and a clear word where something was not seen."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import anyio
import pytest

from sandbox import Server
from sources.clock import SYSTEM_CLOCK
from sources.clodura.client import CloduraClient, make_transport
from sources.clodura.credits import Balance
from sources.clodura.filters import parse_filters
from sources.clodura.paging import CHECKED, PAST_END, Fill
from sources.clodura.provider import CloduraProvider
from sources.clodura.records import Page, Record
from sources.clodura.requests import RevealEmail, RevealPhone
from sources.clodura.walks import page_size, walk
from sources.clodura.windows import WAITING, Coverage, PageRead, Reading, WindowReport, fill
from sources.errors import (
    KeyRefused,
    NotEntitled,
    NotProven,
    OutOfCredits,
    QuotaExhausted,
    RequestRefused,
    Unavailable,
    VendorError,
)
from sources.limits import RateLimiter
from sources.transport import Answered
from tests.integration.wire import Act, Exchange, answer, message, reset, serving
from tests.support.clodura import ask, transport_to

NOBODY = {"first_name": "Nobody"}
HTML = b"<!DOCTYPE html><html><title>Sign in</title></html>"


def search(
    url: str,
    settings: dict[str, Any] | None = None,
    *,
    limit: int | None = None,
    at_once: int = 10,
    on_page: Callable[[Page], Awaitable[None]] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    **options: Any,
) -> tuple[WindowReport, list[Record]]:
    """Walk through a window; the report, and the records in the order they came."""
    found: list[Record] = []

    async def take(read: PageRead) -> int:
        found.extend(read.page.records)
        if on_page is not None and read.page.records:
            await on_page(read.page)
        return 0

    async def walk_it(client: CloduraClient) -> WindowReport:
        filters = parse_filters("test", settings or {})
        return await walk(client, filters, take, Reading(limit=limit, concurrency=at_once, stopped=stopped))

    return ask(url, walk_it, **options), found


def ids(records: list[Record]) -> list[str]:
    return sorted(record["personId"] for record in records)


def truth(server: Server, country: str | None = None) -> list[str]:
    return sorted(p["person_id"] for p in server.people() if country is None or p["country"] == country)


def totals(server: Server) -> Any:
    return server.books(summary=True)["totals"]


def asked(server: Server, operation: str = "search") -> int:
    return sum(totals(server)["requests"].get(operation, {}).values())


def fault(name: str, **conditions: object) -> dict[str, object]:
    return {"operation": "search", "fault": name, **conditions}


# Whole windows.


@pytest.mark.parametrize("in_records", [True, False])
@pytest.mark.parametrize("empty", ["404", "array"])
@pytest.mark.parametrize("people", [1, 99, 100, 101, 1000])
def test_everybody_is_found_once_and_few_calls_go_behind_the_end(
    sandbox_server: Server, people: int, empty: str, in_records: bool
) -> None:
    sandbox_server.reset(people=people, behaviour={"empty_search": empty, "page_in_records": in_records})
    report, records = search(sandbox_server.url)
    assert ids(records) == truth(sandbox_server)
    assert report.coverage is Coverage.COMPLETE
    assert report.records == people
    assert report.pages == -(-people // 100)
    past_end = totals(sandbox_server)["search"]["past_end"]
    assert past_end == report.wasted <= PAST_END
    checks = asked(sandbox_server) - report.pages - report.wasted  # some pages once more, to see whether they shift
    assert 1 <= checks <= 4 if people >= CHECKED * 100 else checks == 0
    assert asked(sandbox_server) == report.calls
    if people == 1 or people == 99:  # what its records say, or a page that nobody knows to be short
        assert report.wasted == (0 if in_records else 1)
    if people == 101:
        assert report.wasted == 0


@pytest.mark.parametrize("people", [10_000, *(pytest.param(n, marks=pytest.mark.thorough) for n in (9_999, 10_001))])
def test_a_window_is_truncated_where_its_hundredth_page_is_full(sandbox_server: Server, people: int) -> None:
    sandbox_server.reset(people=people)
    report, records = search(sandbox_server.url)
    assert report.coverage is (Coverage.COMPLETE if people < 10_000 else Coverage.TRUNCATED)
    assert (report.pages, report.wasted) == (100, 0)
    assert 101 <= report.calls <= 108 if people < 10_000 else report.calls == 100
    assert len(set(ids(records))) == len(records) == min(people, 10_000)
    assert set(ids(records)) <= set(truth(sandbox_server))


@pytest.mark.parametrize("empty", ["404", "array"])
def test_nobody_is_a_window_read_whole(sandbox_server: Server, empty: str) -> None:
    sandbox_server.set_behaviour(empty_search=empty)
    report, records = search(sandbox_server.url, NOBODY)
    assert (report.coverage, report.records, report.calls, records) == (Coverage.COMPLETE, 0, 1, [])
    assert asked(sandbox_server) == 1


@pytest.mark.parametrize("envelope", ["bare", "people", "results", "data"])
@pytest.mark.parametrize("in_records", [True, False])
@pytest.mark.parametrize(
    "others",
    [
        {"search_pagination": False, "location_form": "array", "unicode_form": "raw", "empty_search": "404"},
        {"search_pagination": True, "location_form": "string", "unicode_form": "mixed", "empty_search": "array"},
        {"search_pagination": True, "location_form": "array", "unicode_form": "escaped", "empty_search": "404"},
    ],
    ids=["arrays", "strings", "escapes"],
)
def test_everybody_is_found_in_every_form_of_the_answer(
    sandbox_server: Server, envelope: str, in_records: bool, others: dict[str, object]
) -> None:
    behaviour = {"search_envelope": envelope, "page_in_records": in_records, **others}
    sandbox_server.reset(people=230, behaviour=behaviour)
    report, records = search(sandbox_server.url)
    assert ids(records) == truth(sandbox_server)
    assert (report.coverage, report.records) == (Coverage.COMPLETE, 230)
    assert totals(sandbox_server)["search"]["past_end"] == report.wasted <= PAST_END


def test_filters_reach_the_vendor(sandbox_server: Server) -> None:
    report, records = search(sandbox_server.url, {"person_country": "India"})
    assert ids(records) == truth(sandbox_server, "India")
    assert 0 < report.records < 1000
    assert search(sandbox_server.url, {"person_country": "India", "person_location_exclude": True})[0].records > 0


@pytest.mark.parametrize("concurrency", [1, 3, 30])
def test_no_more_pages_are_under_way_than_allowed(concurrency: int) -> None:
    with serving(people_of(2_000)) as vendor:
        report, records = search(vendor.url, at_once=concurrency, concurrency=64)
    assert report.coverage is Coverage.COMPLETE
    assert len(ids(records)) == 2_000
    assert vendor.peak <= concurrency


# Part of a window.


@pytest.mark.parametrize(
    ("limit", "size", "calls"),
    [(1, 25, 1), (25, 25, 1), (26, 50, 1), (50, 50, 1), (51, 100, 1), (100, 100, 1), (101, 100, 2), (250, 100, 3)],
)
def test_a_limit_asks_for_no_more_pages_than_it_takes(
    sandbox_server: Server, limit: int, size: int, calls: int
) -> None:
    assert page_size(limit) == size
    report, records = search(sandbox_server.url, limit=limit)
    assert limit <= len(records) < limit + size
    assert (report.coverage, report.calls, report.wasted) == (Coverage.LIMITED, calls, 0)
    assert asked(sandbox_server) == calls


@pytest.mark.parametrize(("limit", "coverage"), [(1_000, "limited"), (1_001, "complete"), (50_000, "complete")])
def test_a_limit_beyond_the_window_changes_nothing(sandbox_server: Server, limit: int, coverage: str) -> None:
    report, records = search(sandbox_server.url, limit=limit)
    assert report.coverage == coverage
    assert ids(records) == truth(sandbox_server)
    assert report.wasted <= PAST_END


def test_a_limit_that_a_truncated_window_cannot_reach_leaves_it_truncated(sandbox_server: Server) -> None:
    sandbox_server.reset(people=10_050)
    report, records = search(sandbox_server.url, limit=10_001)
    assert (report.coverage, len(records)) == (Coverage.TRUNCATED, 10_000)


def test_a_limit_that_small_pages_did_not_reach_is_not_called_reached() -> None:
    with serving(people_of(1_000, served=25)) as vendor:
        report, records = search(vendor.url, limit=300)
    assert len(records) == 75
    assert report.coverage is Coverage.TRUNCATED


def test_stopping_ends_the_walk_and_says_so(sandbox_server: Server) -> None:
    seen: list[int] = []

    async def on_page(page: Page) -> None:
        seen.append(page.number)

    report, records = search(sandbox_server.url, on_page=on_page, stopped=lambda: len(seen) >= 3, at_once=2)
    assert report.coverage is Coverage.INTERRUPTED
    assert 300 <= len(records) <= 500
    assert asked(sandbox_server) == report.calls < 10


def test_stopping_after_the_last_page_interrupts_nothing(sandbox_server: Server) -> None:
    sandbox_server.reset(people=150)
    seen: list[int] = []

    async def on_page(page: Page) -> None:
        seen.append(page.number)

    report, _ = search(sandbox_server.url, on_page=on_page, stopped=lambda: len(seen) >= 2)
    assert report.coverage is Coverage.COMPLETE


def test_whoever_takes_the_pages_slows_the_walk_by_waiting() -> None:
    with serving(people_of(5_000)) as vendor:

        async def story() -> None:
            async with transport_to(vendor.url) as transport:
                pages = 0
                stuck = anyio.Event()

                async def on_page(read: PageRead) -> int:
                    nonlocal pages
                    pages += 1
                    if pages == 4:
                        stuck.set()
                    if pages > 3:
                        await anyio.sleep_forever()
                    return 0

                async with anyio.create_task_group() as tasks:
                    everybody = parse_filters("test", {})
                    client = CloduraClient(transport)
                    tasks.start_soon(partial(walk, client, everybody, on_page, Reading(concurrency=4)))
                    await stuck.wait()
                    await anyio.sleep(0.1)
                    assert pages <= 3 + 4 + WAITING
                    assert len(vendor.requests) <= 3 + 4 + WAITING
                    tasks.cancel_scope.cancel()

        anyio.run(story)


# Odd vendors.


def people_of(
    total: int, *, served: int = 100, states: bool = False, holes: tuple[int, ...] = (), junk: int = 0
) -> Act:
    """A vendor with ``total`` people that serves at most ``served`` a page, whatever is asked for.

    ``states``: records say how many a page holds. ``holes``: pages that are empty. ``junk``: items that are no people.
    """

    def act(exchange: Exchange) -> None:
        body = json.loads(exchange.request.body)
        size = min(body["perPage"], served)
        start = (body["page"] - 1) * size
        numbers = [] if body["page"] in holes else range(start, min(start + size, total))
        stated = {"page": body["page"], "perPage": size} if states else {}
        records: list[object] = [{"personId": str(number), **stated} for number in numbers]
        if records:
            records[: min(junk, len(records))] = ["junk"] * min(junk, len(records))
        exchange.write(message(200, json.dumps(records).encode(), {}))

    return act


@pytest.mark.parametrize("states", [True, False])
@pytest.mark.parametrize("total", [1, 24, 25, 26, 230, 250])
def test_a_vendor_that_serves_fewer_than_asked_for_is_not_taken_to_be_at_its_end(total: int, states: bool) -> None:
    with serving(people_of(total, served=25, states=states)) as vendor:
        report, records = search(vendor.url)
    assert len(set(ids(records))) == len(records) == total
    assert report.coverage is Coverage.COMPLETE
    assert report.wasted <= PAST_END


def test_a_page_that_stays_empty_before_a_filled_one_is_told() -> None:
    with serving(people_of(6_000, holes=(17,))) as vendor:
        report, records = search(vendor.url)
    assert len(records) == 5_900
    assert report.coverage is Coverage.GAPS
    assert [json.loads(request.body)["page"] for request in vendor.requests].count(17) == 2


def test_items_that_are_no_people_are_counted_and_end_nothing() -> None:
    with serving(people_of(350, junk=2)) as vendor:
        report, records = search(vendor.url)
    assert (report.records, report.unreadable, report.coverage) == (342, 8, Coverage.COMPLETE)
    assert len(records) == 342


@pytest.mark.parametrize(
    ("held", "junk", "stated", "full_seen", "is_"),
    [
        (0, 0, None, False, Fill.EMPTY),
        (0, 0, 100, True, Fill.EMPTY),
        (100, 0, None, False, Fill.FULL),
        (100, 0, 100, False, Fill.FULL),
        (99, 0, 100, False, Fill.SHORT),
        (99, 1, 100, False, Fill.FULL),
        (0, 3, 100, False, Fill.SHORT),
        (25, 0, 25, False, Fill.FULL),
        (24, 0, 25, False, Fill.SHORT),
        (99, 0, None, False, Fill.FULL),
        (99, 0, None, True, Fill.SHORT),
        (99, 0, 500, False, Fill.SHORT),
        (100, 0, 500, False, Fill.FULL),
    ],
)
def test_a_page_is_short_only_where_it_is_known_what_it_could_hold(
    held: int, junk: int, stated: int | None, full_seen: bool, is_: Fill
) -> None:
    records: list[Record] = [{"personId": str(number)} for number in range(held)]
    assert fill(Page(1, records, stated, junk), 100, full_seen) is is_


# Trouble on the way.


@pytest.mark.parametrize(
    "trouble",
    [
        *("503", "429", "500_after", "reset_after"),
        *(
            pytest.param(trouble, marks=pytest.mark.thorough)
            for trouble in ("500", "502", "408", "reset_before", "cut_after")
        ),
    ],
)
def test_passing_trouble_on_some_pages_is_healed(sandbox_server: Server, trouble: str) -> None:
    sandbox_server.set_behaviour(faults=[fault(trouble, nth=[1, 3, 6, 7, 12])])
    report, records = search(sandbox_server.url)
    assert ids(records) == truth(sandbox_server)
    assert report.coverage is Coverage.COMPLETE
    assert asked(sandbox_server) == report.calls + 5


def test_limits_that_the_vendor_enforces_are_waited_out(sandbox_server: Server) -> None:
    sandbox_server.set_behaviour(rate_limits=["8/second"], retry_after="seconds")
    report, records = search(sandbox_server.url, clock=SYSTEM_CLOCK)
    assert ids(records) == truth(sandbox_server)
    assert report.coverage is Coverage.COMPLETE
    assert totals(sandbox_server)["requests"]["search"].get("429", 0) > 0


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ("400", RequestRefused),
        ("401", KeyRefused),
        ("402", OutOfCredits),
        ("403", NotEntitled),
        ("422", RequestRefused),
        ("302", RequestRefused),
        ("garbled_before", VendorError),
        ("503", Unavailable),
        ("429", Unavailable),
        ("reset_before", Unavailable),
    ],
)
@pytest.mark.parametrize("from_page", [1, 4])
def test_trouble_that_stays_is_one_plain_error_however_many_pages_meet_it(
    sandbox_server: Server, trouble: str, error: type[VendorError], from_page: int
) -> None:
    sandbox_server.set_behaviour(faults=[fault(trouble, nth=list(range(from_page, 400)))])
    with pytest.raises(VendorError) as caught:
        search(sandbox_server.url)
    assert type(caught.value) is error
    assert caught.value.__cause__ is None


def test_a_page_in_the_middle_that_cannot_be_read_is_an_error_and_not_an_end(sandbox_server: Server) -> None:
    sandbox_server.set_behaviour(faults=[fault("garbled_after", nth=[5])])
    with pytest.raises(VendorError, match="cannot be read"):
        search(sandbox_server.url)


def test_an_error_of_whoever_takes_the_pages_comes_out_as_it_is(sandbox_server: Server) -> None:
    async def on_page(page: Page) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        search(sandbox_server.url, on_page=on_page)


def test_a_quota_used_up_in_the_middle_comes_out_as_it_is(sandbox_server: Server) -> None:
    async def walk_it(client: CloduraClient) -> WindowReport:
        async def on_page(read: PageRead) -> int:
            return 0

        return await walk(client, parse_filters("test", {}), on_page, Reading(patience=lambda: 60.0))

    with pytest.raises(QuotaExhausted):
        ask(sandbox_server.url, walk_it, rate_limits=("5/day",))
    assert asked(sandbox_server) <= 5


# Keys and hosts.


@pytest.mark.parametrize("settings", [{}, NOBODY])
def test_a_wrong_key_is_said_to_be_wrong_after_three_calls_at_most(
    sandbox_server: Server, settings: dict[str, Any]
) -> None:
    with pytest.raises(KeyRefused) as caught:
        search(sandbox_server.url, settings, key="another-key")
    assert "another-key" not in str(caught.value)
    assert len(sandbox_server.books()["requests"]) <= 3


def test_an_empty_search_proves_its_host_once(sandbox_server: Server) -> None:
    async def twice(client: CloduraClient) -> None:
        for _ in range(2):
            page = await client.search(parse_filters("test", NOBODY), 1)
            assert page.records == []
            assert client.proven

    ask(sandbox_server.url, twice)
    assert totals(sandbox_server)["requests"] == {"search": {"404": 2}, "credits": {"200": 1}}


def test_a_search_that_found_somebody_proves_its_host(sandbox_server: Server) -> None:
    async def both(client: CloduraClient) -> None:
        proven = [client.proven]
        assert len((await client.search(parse_filters("test", {}), 1)).records) == 100
        assert [*proven, client.proven] == [False, True]
        assert (await client.search(parse_filters("test", NOBODY), 1)).records == []

    ask(sandbox_server.url, both)
    assert asked(sandbox_server, "credits") == 0


def test_an_empty_array_proves_nothing(sandbox_server: Server) -> None:
    sandbox_server.set_behaviour(empty_search="array")

    async def empty(client: CloduraClient) -> bool:
        await client.search(parse_filters("test", NOBODY), 1)
        return client.proven

    assert not ask(sandbox_server.url, empty)


@pytest.mark.parametrize("credits_answer", [answer(404), answer(200, HTML), answer(200, b"[]"), answer(200, b"")])
def test_a_404_from_a_host_that_is_not_the_api_is_no_empty_search(credits_answer: Act) -> None:
    with serving(answer(404), credits_answer) as host, pytest.raises(NotProven) as caught:
        search(host.url)
    assert [request.target for request in host.requests] == ["/api/v1/search/people", "/api/v1/credits"]
    assert "base_url" in str(caught.value)
    assert host.url in str(caught.value)
    assert caught.value.exit_code == 1


@pytest.mark.parametrize(("status", "error"), [(401, KeyRefused), (402, OutOfCredits), (403, NotEntitled)])
def test_a_404_is_no_empty_search_where_the_credits_are_refused(status: int, error: type[VendorError]) -> None:
    with serving(answer(404), answer(status)) as host, pytest.raises(error):
        search(host.url)


def test_proving_waits_no_longer_than_the_search_may() -> None:
    async def impatient(client: CloduraClient) -> None:
        await client.search(parse_filters("test", {}), 1, patience=5.0)

    with serving(answer(404), answer(200)) as host, pytest.raises(QuotaExhausted):
        ask(host.url, impatient, rate_limits=("1/day",))
    assert len(host.requests) == 1


@pytest.mark.parametrize("body", [HTML, b"", b"null", b'{"message": "ok"}'])
def test_a_page_that_is_none_is_an_error_and_no_end(body: bytes) -> None:
    with serving(answer(200, body)) as host, pytest.raises(VendorError, match="cannot be read") as caught:
        search(host.url)
    assert caught.value.status == 200
    assert len(host.requests) == 1


# The other endpoints.


def test_the_balance_is_told_as_the_vendor_gives_it(sandbox_server: Server) -> None:
    async def look(client: CloduraClient) -> Balance:
        found = await client.credits()
        assert client.proven
        return found

    assert ask(sandbox_server.url, look) == Balance("multi_provider", pool=100_000_000)


@pytest.mark.parametrize("body", [HTML, b"[]", b"null", b"5"])
def test_a_balance_that_is_none_is_refused_and_proves_nothing(body: bytes) -> None:
    async def look(client: CloduraClient) -> None:
        with pytest.raises(RequestRefused, match="no JSON object"):
            await client.credits()
        assert not client.proven

    with serving(answer(200, body)) as host:
        ask(host.url, look)


def test_a_balance_that_is_refused_says_why() -> None:
    refused = answer(401, b'{"message": "Invalid access credentials"}')
    with serving(refused) as host, pytest.raises(KeyRefused, match="Invalid access credentials"):
        ask(host.url, lambda client: client.credits())


@pytest.mark.parametrize("status", [200, 202, 400, 401, 404])
def test_a_poll_gives_the_answer_whatever_its_status(status: int) -> None:
    with serving(answer(status, b"as it is")) as host:
        got = ask(host.url, lambda client: client.track("5f2b/../x?y#z ä"))
    assert (got.status, got.body) == (status, b"as it is")
    (request,) = host.requests
    assert request.method == "GET"
    assert request.target == "/api/v1/search/people/track/5f2b%2F..%2Fx%3Fy%23z%20%C3%A4"


@pytest.mark.parametrize("act", [answer(429, retry_after="30"), answer(503), answer(408), reset])
def test_a_poll_for_a_job_is_one_request_whatever_comes_of_it(act: Act) -> None:
    """Each is a call of the day's: whoever polls decides when again."""

    async def poll(client: CloduraClient) -> None:
        with pytest.raises(Unavailable):
            await CloduraProvider(client, "multi_provider").poll("reveal_email", "t")

    with serving(act, answer(200)) as host:
        ask(host.url, poll)
    assert len(host.requests) == 1


def test_polls_and_the_balance_may_use_the_part_of_the_quota_kept_for_them() -> None:
    async def use_it_up(client: CloduraClient) -> None:
        for _ in range(19):
            await client.search(parse_filters("test", {}), 1, patience=0.0)
        with pytest.raises(QuotaExhausted):
            await client.search(parse_filters("test", {}), 1, patience=0.0)
        await client.track("t", patience=0.0)
        with pytest.raises(QuotaExhausted):
            await client.track("t", patience=0.0)

    with serving(answer(200, b'[{"personId": "1"}]')) as host:
        ask(host.url, use_it_up, rate_limits=("20/day",))


@pytest.mark.parametrize("channel", ["email", "phone"])
@pytest.mark.parametrize("act", [answer(200), answer(500), answer(429), reset])
def test_a_reveal_is_one_request_on_the_wire(channel: str, act: Act) -> None:
    async def reveal(client: CloduraClient) -> object:
        async with client.transport.paid_slot() as slot:
            if channel == "email":
                return await client.reveal_email(slot, RevealEmail(person_id="1", webhook_url="https://x.io/hook"))
            return await client.reveal_phone(slot, RevealPhone(person_id="1", webhook_url="https://x.io/hook"))

    with serving(act, answer(200)) as host:
        outcome = ask(host.url, reveal)
    (request,) = host.requests
    assert (request.method, request.target) == ("POST", f"/api/v1/search/people/{channel}/match")
    partners = {"revealPhoneNumberViaPartners": False} if channel == "phone" else {}
    assert json.loads(request.body) == {"personId": "1", "webhookUrl": "https://x.io/hook", **partners}
    assert isinstance(outcome, Answered) == (act is not reset)


def test_the_limits_known_of_the_vendor_hold_by_default() -> None:
    limiter: RateLimiter = make_transport("https://api.clodura.ai", "key").limiter
    assert str(limiter) == "10 in 1 s, 100 in 60 s, 2000 in 86400 s"
