"""Books of searches, set of filters by set of filters; limits of filters; and what is kept in memory."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Server, records, search
from sandbox.books import peak
from sandbox.generation import build_population
from sandbox.records import RecordEncoder
from sandbox.world import Start, World

SEARCH = "/api/v1/search/people"
INDIA: dict[str, Any] = {"personCountry": ["India"]}
NOBODY: dict[str, Any] = {"firstName": "Nobody"}


def call(server: Server, page: int, per_page: int = 100, **filters: object) -> int:
    return server.request("POST", SEARCH, {**filters, "page": page, "perPage": per_page}).status


def test_each_set_of_filters_has_its_calls_its_people_and_its_calls_past_the_end(server: Server) -> None:
    assert server.searches() == {"calls": 0, "windows": []}
    for page in (1, 2, 3, 100):
        call(server, page, **INDIA)
    call(server, 1, per_page=7)
    call(server, 1, per_page=7)
    call(server, 100, per_page=10)
    call(server, 1, **NOBODY)
    call(server, 1, excludeViewedPeople=True, **INDIA)
    assert call(server, 1, seniority=["Boss"]) == 400
    india = len(server.present(**INDIA).now)
    assert 100 < india < 200
    searches = server.searches()
    assert searches["calls"] == 9
    assert searches["windows"] == [
        {
            "filters": INDIA,
            "exclude_viewed": False,
            "calls": 4,
            "past_end": 2,
            "page_100": 1,
            "again": 0,
            "people": india,
        },
        {"filters": {}, "exclude_viewed": False, "calls": 3, "past_end": 0, "page_100": 1, "again": 1, "people": 24},
        {
            "filters": {"firstName": "Nobody"},
            "exclude_viewed": False,
            "calls": 1,
            "past_end": 0,
            "page_100": 0,
            "again": 0,
            "people": 0,
        },
        {"filters": INDIA, "exclude_viewed": True, "calls": 1, "past_end": 0, "page_100": 0, "again": 0, "people": 100},
    ]
    server.reset()
    assert server.searches()["calls"] == 0


def test_filters_are_told_as_they_were_sent(server: Server) -> None:
    sent: dict[str, Any] = {
        "personTitle": ["ceo"],
        "includeSimilarTitles": False,
        "personState": ["Texas"],
        "personLocationExclude": True,
        "companyEmployeeSize": ["11 - 50", "10000+"],
        "contactEmailStatus": "verified",
        "fundingFromDate": "2020-01-01",
        "includeAllOffice": True,
    }
    call(server, 1, **sent)
    call(server, 1, linkedinUrl="https://www.linkedin.com/in/kapilkhangaonkar/", includeSimilarTitles=True)
    assert [window["filters"] for window in server.searches()["windows"]] == [sent, {"linkedinUrl": "kapilkhangaonkar"}]


def test_the_busiest_span_counts_every_operation_by_its_arrival(server: Server) -> None:
    server.set_behaviour(latency=0.2)
    assert server.busiest(1) == 0
    for _ in range(3):
        call(server, 1)
    server.request("GET", "/api/v1/credits")
    times = [entry["time"] for entry in server.books()["requests"]]
    assert len(times) == 4
    for seconds in (0.1, times[2] - times[0], times[2] - times[0] + 0.0001, 60):
        assert server.busiest(seconds) == most_within(times, seconds)
    assert server.busiest(0.1) == 1
    assert server.busiest(60) == 4
    assert server.busiest(60, vendor="sixtyfour") == 0


def most_within(times: list[float], seconds: float) -> int:
    """A plain reading of "the most in any span shorter than that"."""
    return max(sum(start <= time < start + seconds for time in times) for start in times)


def test_the_busiest_span_is_found_wherever_it_begins() -> None:
    times = [0.0, 0.9, 1.0, 1.1, 1.85, 5.0, 5.0, 5.0]
    for seconds in (0.05, 0.2, 1.0, 1.5, 10.0):
        assert peak(times, seconds) == most_within(times, seconds)
    assert peak(times, 1.0) == 4


def test_arrays_of_a_search_can_be_limited(server: Server) -> None:
    countries = ["India", "France", "Spain", "Japan"]
    assert call(server, 1, personCountry=countries) == 200
    server.set_behaviour(most_filter_values=3)
    answer = server.request("POST", SEARCH, {"personCountry": countries, "page": 1, "perPage": 10})
    assert (answer.status, answer.json()) == (400, {"message": "personCountry takes at most 3 values"})
    assert call(server, 1, personCountry=countries[:3], personState=["Texas"] * 3) == 404
    server.set_behaviour(most_filter_values=50)
    assert call(server, 1, companyDomain=[f"d{n}.example" for n in range(11)]) == 400
    with pytest.raises(ValueError, match="most_filter_values"):
        server.set_behaviour(most_filter_values=-1)


def test_records_that_are_not_kept_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    population = build_population(1, 300)
    whole = RecordEncoder(population, "array", "raw").page(range(300), b"}")
    monkeypatch.setattr(records, "_MOST_KEPT", 10)
    encoder = RecordEncoder(population, "array", "raw")
    assert [encoder.page(range(300), b"}") for _ in range(2)] == [whole] * 2
    assert len(encoder._encoded) == 10


def test_searches_that_are_not_kept_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [b'{"page":1,"perPage":100,"personCountry":["%s"]}' % name for name in (b"India", b"France", b"Spain")]
    kept = World(Start(1000)).search
    answers = [kept.answer(body).answer.body for body in bodies]
    monkeypatch.setattr(search, "_MOST_KEPT", 1)
    forgetful = World(Start(1000)).search
    assert [forgetful.answer(body).answer.body for body in bodies * 2] == answers * 2
    assert len(set(answers)) == 3
    assert len(forgetful._found) == 1
    assert len(kept._found) == 3
