"""What an earlier reading of a search, or a probe, lets a plan expect of the next one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from enrichment.ledger.forecast import LastReading
from pipelines.expectation import (
    MOST_LOOKS,
    UNKNOWN,
    Expected,
    NextReading,
    asked_then,
    expectation,
    most_pages,
    most_records,
    note,
    second_looks,
)
from sources.clodura.paging import PAST_END, Fill, PageFinder
from sources.clodura.probe import Probed
from sources.clodura.windows import Coverage

ASKED = frozenset({("email", "clodura"), ("email", "sixtyfour")})
SUMMARY = json.dumps({"channels": ["email"], "waterfall": {"email": ["clodura", "sixtyfour"]}})
WHOLE = LastReading("s", 40, 1, Coverage.COMPLETE, 7, SUMMARY)
IN_PART = replace(WHOLE, coverage=Coverage.GAPS)
SPLIT = LastReading("s", 30_000, 330, Coverage.SPLIT, 7, SUMMARY, windows=5)
SEEN = Expected("s", 40, 40, "last run", 7, known=True, asked=ASKED, calls=1)
THROUGH_PARTS = Expected("s", 30_000, 30_000, "last run", 7, known=True, asked=ASKED, calls=330, windows=5)
OF_PARTS = 330 + 5 * (PAST_END + MOST_LOOKS)


@pytest.mark.parametrize(
    ("last", "probed", "limit", "expected"),
    [
        (None, None, None, Expected("s", 0, UNKNOWN, "never read")),
        (WHOLE, None, None, SEEN),
        (SPLIT, None, None, THROUGH_PARTS),
        (IN_PART, None, None, Expected("s", 40, UNKNOWN, "last run, gaps", 7)),
        (None, 40, None, Expected("s", 40, 40, "probe", calls=1)),
        (WHOLE, 40, None, Expected("s", 40, 40, "probe", known=True, asked=ASKED, calls=1)),
        (WHOLE, 41, None, Expected("s", 41, 41, "probe", calls=1)),  # somebody is new: nobody says who
        (IN_PART, 40, 10, Expected("s", 10, 40, "probe", calls=1)),
        # a probe sees 10,000 people at the most
        (None, 10_000, None, Expected("s", 10_000, UNKNOWN, "probe")),
        (WHOLE, 10_000, None, Expected("s", 10_000, UNKNOWN, "probe")),  # it has grown
        (SPLIT, 10_000, None, THROUGH_PARTS),  # the reading saw further
        (SPLIT, 9000, None, Expected("s", 9000, 9000, "probe", calls=90)),  # it has shrunk
    ],
)
def test_what_is_expected_of_a_search(
    last: LastReading | None, probed: int | None, limit: int | None, expected: Expected
) -> None:
    found = None if probed is None else Probed(people=probed, truncated=probed == 10_000, calls=1)
    assert expectation("s", last, found, limit) == expected


@pytest.mark.parametrize("coverage", [each for each in Coverage if each not in (Coverage.COMPLETE, Coverage.SPLIT)])
def test_what_was_not_seen_whole_holds_at_least_what_was_seen_and_has_no_upper_bound(coverage: Coverage) -> None:
    said = expectation("s", replace(SPLIT, coverage=coverage), None, None)
    assert (said.least, said.most, said.known, said.source) == (30_000, UNKNOWN, False, f"last run, {coverage}")
    # where it was looked at to the end, the next reading takes about as many pages
    assert said.calls == (330 if coverage in (Coverage.UNPROVEN, Coverage.TRUNCATED) else None)


@pytest.mark.parametrize("reading", [NextReading.REST, NextReading.NEW])
def test_a_reading_of_a_part_promises_nobody_and_no_number_of_pages(reading: NextReading) -> None:
    said = expectation("s", SPLIT, None, None, reading)
    assert (said.least, said.shown, said.most, said.calls) == (30_000, 0, 30_000, None)
    assert (most_pages(said, None), most_records(said, None)) == (UNKNOWN, UNKNOWN)
    assert most_pages(expectation("s", WHOLE, None, None, reading), None) == 1 + PAST_END
    unknown = expectation("s", None, None, None, reading)
    assert (unknown.shown, unknown.most, unknown.source) == (0, UNKNOWN, "never read to its end")
    assert note([unknown], []).startswith("Nobody has read s to the end yet,")


@pytest.mark.parametrize(
    ("search", "limit", "pages", "records"),
    [
        (SEEN, None, 1 + PAST_END, 40),  # of so few pages none is looked at twice
        (SEEN, 10, 1 + PAST_END, 110),
        (replace(SEEN, most=990), None, 10 + PAST_END + 5, 990 + 500),
        (replace(SEEN, most=990), 900, 9 + PAST_END, 1000),  # a limit needs no second look
        (THROUGH_PARTS, None, OF_PARTS, OF_PARTS * 100),
        (THROUGH_PARTS, 20_000, OF_PARTS, OF_PARTS * 100),
        (THROUGH_PARTS, 10_000, 100 + PAST_END, 10_100),  # what fits into one window is not split
        (Expected("s", 0, UNKNOWN, "never read"), 250, 3 + PAST_END, 350),
        (Expected("s", 0, UNKNOWN, "never read"), 20_000, UNKNOWN, UNKNOWN),
        (Expected("s", 0, UNKNOWN, "never read"), None, UNKNOWN, UNKNOWN),
    ],
)
def test_how_many_pages_and_records_it_may_take(
    search: Expected, limit: int | None, pages: float, records: float
) -> None:
    assert (most_pages(search, limit), most_records(search, limit)) == (pages, records)


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("known", [False, True])
def test_no_window_takes_more_calls_than_a_plan_says(concurrency: int, known: bool) -> None:
    """Wherever its end is, with as many calls under way, answered in the order in which they went out."""
    for pages in range(100):
        finder = PageFinder(100, expected=pages * 19 // 20 if known else None, checked=True)
        under_way: list[int] = []
        calls = 0
        while not finder.finished:
            while len(under_way) < concurrency and (page := finder.take()) is not None:
                under_way.append(page)
                calls += 1
            page = under_way.pop(0)
            finder.record(page, Fill.FULL if page <= pages else Fill.EMPTY)
        assert calls <= most_pages(replace(SEEN, most=100 * pages), None), pages
        assert calls <= pages + PAST_END + second_looks(pages)


def test_a_plan_says_what_it_goes_by() -> None:
    assert note([SEEN], []).startswith("As long as the searches show the people they showed")
    assert "Nobody has read s to the end yet" in note([Expected("s", 0, UNKNOWN, "never read")], [])
    assert "10,000" in note([Expected("s", 10_000, UNKNOWN, "probe")], [])
    assert "splits it" in note([Expected("s", 10_000, UNKNOWN, "probe")], [])
    said = note([Expected("s", 40, UNKNOWN, "last run, truncated", 7), replace(SEEN, search="t")], ["t"])
    assert "whole when it was last read: s." in said
    assert "Of t only people are asked for who were not viewed before" in said


@pytest.mark.parametrize(
    ("summary", "asked"),
    [
        (json.loads(SUMMARY), ASKED),
        ({"channels": ["email", "phone"]}, {("email", "clodura"), ("phone", "clodura")}),  # of an older leadsync
        ({"channels": ["email"], "waterfall": {}}, frozenset()),
        ({}, frozenset()),
    ],
)
def test_whom_a_run_was_to_ask(summary: dict[str, Any], asked: frozenset[tuple[str, str]]) -> None:
    assert asked_then(summary) == asked
