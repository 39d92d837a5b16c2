"""Searches larger than a window: everybody is found, or who is not is counted; few calls, and every page but once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sandbox import Server
from sources.clodura.records import Record
from sources.clodura.values import SENIORITIES
from sources.clodura.windows import Coverage
from tests.support.scanning import KeepingNotes, Scanned, Vendor, scanned, scanned_here

UNITED_STATES = {"person_country": ["United States"]}
WITHOUT_INDIA = {"person_country": ["India"], "person_location_exclude": True}
EXCLUDED = {"person_country": ["India"], "person_city": ["London"], "person_location_exclude": True}


def _thorough(*values: Any) -> Any:
    return pytest.param(*values, marks=pytest.mark.thorough)


def wire(settings: dict[str, Any]) -> dict[str, Any]:
    names = {"person_country": "personCountry", "person_city": "personCity"}
    names["person_location_exclude"] = "personLocationExclude"
    return {names[name]: value for name, value in settings.items()}


def calls_of(server: Server) -> int:
    calls: int = server.searches()["calls"]
    return calls


def missed(server: Server, done: Scanned, settings: dict[str, Any] | None = None) -> int:
    """How many of those who were there all the time were not found; nobody is found who was never there."""
    here = server.present(**wire(settings or {}))
    assert done.found <= {*here.now, *here.removed}
    return len(set(here.throughout) - done.found)


def assert_all_or_counted(server: Server, done: Scanned, settings: dict[str, Any] | None = None) -> int:
    """Nobody is missed, or the coverage says so, and about how many."""
    lost = missed(server, done, settings)
    told = done.report.coverage
    assert max(window["past_end"] for window in server.searches()["windows"]) <= 4
    if told in (Coverage.COMPLETE, Coverage.SPLIT):
        assert lost == 0
    if lost:
        assert told is Coverage.TRUNCATED
        windows = done.report.truncated
        assert windows
        left = sum(window.left or 0 for window in windows)
        assert lost / 3 - 5 <= left <= lost * 3 + 5
    return lost


@pytest.mark.parametrize(
    ("people", "kind"),
    [
        *((people, "usual") for people in (9_999, 10_000, 10_001)),
        (10_000, "skewed"),
        _thorough(9_999, "skewed"),
        _thorough(10_001, "skewed"),
    ],
)
def test_around_ten_thousand_everybody_is_found_and_a_full_window_is_not_asked_for_again(
    sandbox_server: Server, people: int, kind: str
) -> None:
    sandbox_server.reset(people=people, kind=kind)
    notes = KeepingNotes()
    done = scanned(sandbox_server.url, {}, notes)
    assert (missed(sandbox_server, done), len(done.found)) == (0, people)
    assert done.report.coverage is (Coverage.COMPLETE if people < 10_000 else Coverage.SPLIT)
    assert done.report.calls == calls_of(sandbox_server) <= 1.5 * people / 100
    assert bool(notes.memory) is (people >= 10_000)
    if kind == "skewed":
        return
    before = {repr(w["filters"]): w["calls"] for w in sandbox_server.searches()["windows"]}
    again = scanned(sandbox_server.url, {}, KeepingNotes(notes.memory))
    assert (again.found, again.report.coverage) == (done.found, done.report.coverage)
    after = {repr(w["filters"]): w["calls"] for w in sandbox_server.searches()["windows"]}
    assert (after["{}"] == before["{}"]) is (people >= 10_000)
    assert again.report.calls <= done.report.calls


def test_thirty_thousand_people_take_half_as_many_calls_again_at_the_most(sandbox_server: Server) -> None:
    sandbox_server.reset(people=30_000, kind="flat")
    done = scanned(sandbox_server.url, {})
    assert (missed(sandbox_server, done), done.report.coverage) == (0, Coverage.SPLIT)
    assert calls_of(sandbox_server) <= 450
    # each page once, a full window's own pages and a few checks beside
    assert sum(done.shown.values()) <= 1.1 * 30_000


def test_seniorities_alone_split_thirty_thousand_people_of_whom_nothing_else_is_known() -> None:
    people: list[Record] = [{"personId": str(n), "seniority": [SENIORITIES[n % 13]]} for n in range(30_000)]
    vendor, notes = Vendor(people), KeepingNotes()
    done = scanned_here(vendor, {}, notes)
    assert len(done.found) == 30_000
    assert sum(vendor.calls.values()) == done.report.calls <= 450
    assert max(vendor.past_end.values()) <= 4
    assert done.report.coverage is Coverage.UNPROVEN  # somebody without a seniority would be in no part
    vendor = Vendor(people)
    again = scanned_here(vendor, {}, KeepingNotes(notes.memory))
    assert (len(again.found), again.report.coverage) == (30_000, Coverage.UNPROVEN)
    assert sum(vendor.calls.values()) <= 1.1 * 300


def alike(count: int, employers: int) -> list[Record]:
    """People whom no filter tells apart, one in ten of them without an employer."""
    return [
        {"personId": str(n), "seniority": ["CEO"], "personCountry": ["India"]}
        | ({"companyDomain": [f"c{n % employers}.io"]} if employers and n % 10 else {})
        for n in range(count)
    ]


@pytest.mark.parametrize("employers", [0, 100])
def test_people_whom_no_filter_tells_apart_are_seen_as_far_as_they_can_be(employers: int) -> None:
    vendor, notes = Vendor(alike(15_000, employers)), KeepingNotes()
    done = scanned_here(vendor, {}, notes)
    assert done.report.coverage is Coverage.TRUNCATED
    lost = {str(n) for n in range(15_000)} - done.found
    assert len(done.found) >= 10_000
    assert all(int(person) % 10 == 0 for person in lost) or not employers
    (window,) = done.report.truncated
    assert window.number == 0
    if employers:
        assert len(lost) / 3 <= (window.left or 0) <= 3 * len(lost)
    else:
        assert window.left is None  # nothing tells how many there are
    again = scanned_here(Vendor(alike(15_000, employers)), {}, KeepingNotes(notes.memory))
    assert (again.found, again.report.coverage) == (done.found, Coverage.TRUNCATED)


def test_a_search_of_one_country_is_split_by_other_filters_and_says_whom_they_leave_out(
    sandbox_server: Server,
) -> None:
    sandbox_server.reset(people=18_000, kind="skewed")
    done = scanned(sandbox_server.url, UNITED_STATES)
    lost = assert_all_or_counted(sandbox_server, done, UNITED_STATES)
    assert lost <= 0.01 * 11_000


@pytest.mark.parametrize(
    ("switches", "settings"),
    [
        _thorough({"location_exclusion": "each"}, EXCLUDED),
        ({"location_exclusion": "all"}, EXCLUDED),
        _thorough({"location_unknown_passes": False}, {}),
        ({"location_unknown_passes": False, "location_exclusion": "all"}, WITHOUT_INDIA),
        _thorough({"most_filter_values": 20}, {}),
    ],
)
def test_where_parts_leave_people_out_it_is_looked_for_them_and_told_how_many_are_left(
    sandbox_server: Server, switches: dict[str, Any], settings: dict[str, Any]
) -> None:
    sandbox_server.reset(people=12_500, kind="skewed", behaviour=switches)
    done = scanned(sandbox_server.url, settings)
    assert assert_all_or_counted(sandbox_server, done, settings) <= 140


@pytest.mark.parametrize(
    ("switches", "settings"),
    [
        _thorough({}, {}),
        ({"search_order": "shuffled", "search_envelope": "people", "location_form": "string"}, {}),
        _thorough({"location_exclusion": "all", "empty_search": "array", "page_in_records": False}, {}),
        ({}, WITHOUT_INDIA),
    ],
)
def test_an_exact_split_shows_everybody_and_never_claims_otherwise(
    sandbox_server: Server, switches: dict[str, Any], settings: dict[str, Any]
) -> None:
    sandbox_server.reset(people=13_000, kind="skewed", behaviour=switches)
    done = scanned(sandbox_server.url, settings)
    assert (missed(sandbox_server, done, settings), done.report.coverage) == (0, Coverage.SPLIT)
    assert assert_all_or_counted(sandbox_server, done, settings) == 0


@pytest.mark.parametrize(
    "after", [4, *(pytest.param(after, marks=pytest.mark.thorough) for after in (1, 2, 3, 5, 7, 9, 12, 30))]
)
@pytest.mark.parametrize("change", ["add", "remove", "reorder"])
@pytest.mark.parametrize(("people", "where"), [(900, "front"), (900, "anywhere"), (4_000, "middle")])
def test_nobody_is_lost_where_pages_shift_while_they_are_read(
    sandbox_server: Server, people: int, where: str, change: str, after: int
) -> None:
    shift = {"after": after, "change": change, "where": where, "count": 40}
    sandbox_server.reset(people=people, kind="skewed", behaviour={"search_shifts": [shift]})
    done = scanned(sandbox_server.url, {})
    assert (missed(sandbox_server, done), done.report.coverage) == (0, Coverage.COMPLETE)
    (window,) = sandbox_server.searches()["windows"]
    assert window["past_end"] <= 4
    assert window["calls"] <= 2.5 * people / 100 + 6


@pytest.mark.parametrize("where", ["front", "anywhere"])
def test_people_who_leave_a_search_while_it_is_split_are_not_taken_for_left_out(
    sandbox_server: Server, where: str
) -> None:
    shift = {"after": 12, "change": "remove", "where": where, "count": 400 if where == "anywhere" else 40}
    sandbox_server.reset(people=12_000, kind="skewed", behaviour={"search_shifts": [shift]})
    done = scanned(sandbox_server.url, {})
    assert (missed(sandbox_server, done), done.report.coverage) == (0, Coverage.SPLIT)
    assert calls_of(sandbox_server) <= 1.6 * 120


def test_a_search_that_never_stands_still_is_not_called_complete(sandbox_server: Server) -> None:
    shift = {"after": 2, "change": "reorder", "times": 1000}
    sandbox_server.reset(people=1_500, behaviour={"search_shifts": [shift]})
    done = scanned(sandbox_server.url, {})
    assert done.report.coverage is Coverage.GAPS or missed(sandbox_server, done) == 0


@pytest.mark.parametrize("concurrency", [16, pytest.param(1, marks=pytest.mark.thorough)])
def test_no_page_is_asked_for_twice_but_to_check_it(sandbox_server: Server, concurrency: int) -> None:
    sandbox_server.reset(people=10_400, kind="skewed")
    done = scanned(sandbox_server.url, {}, concurrency=concurrency)
    assert missed(sandbox_server, done) == 0
    windows = sandbox_server.searches()["windows"]
    assert max(window["past_end"] for window in windows) <= 4
    again = Counter({repr(window["filters"])[:60]: window["again"] for window in windows})
    assert max(again.values()) <= 12
    assert again["{}"] == 0  # what was read of a full window is read in its parts


@pytest.mark.thorough
@pytest.mark.parametrize(("people", "most_lost", "calls"), [(100_000, 0.003, 3), (1_000_000, 0.01, 4.5)])
def test_a_million_people_come_out_or_are_counted(
    sandbox_server: Server, people: int, most_lost: float, calls: float
) -> None:
    sandbox_server.reset(people=people, kind="skewed", top_share=0.6, unknown_share=0.05)
    done = scanned(sandbox_server.url, {})
    lost = assert_all_or_counted(sandbox_server, done)
    assert lost <= most_lost * people
    assert calls_of(sandbox_server) <= calls * people / 100
    sandbox_server.reset(people=10)  # what a million takes of memory is given back
