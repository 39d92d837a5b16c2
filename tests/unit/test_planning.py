"""What an earlier reading of a search, or a probe, lets a plan expect of the next one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from enrichment.ledger.forecast import LastReading
from pipelines.forecast import MOST_PEOPLE, Expected
from pipelines.planning import asked_then, expectation
from sources.clodura.probe import Probed
from sources.clodura.windows import Coverage

ASKED = frozenset({("email", "clodura"), ("email", "sixtyfour")})
SUMMARY = json.dumps({"channels": ["email"], "waterfall": {"email": ["clodura", "sixtyfour"]}})
WHOLE = LastReading("s", 40, 1, Coverage.COMPLETE, 7, SUMMARY)
IN_PART = replace(WHOLE, coverage=Coverage.GAPS)


@pytest.mark.parametrize(
    ("last", "probed", "limit", "expected"),
    [
        (None, None, None, Expected("s", 0, MOST_PEOPLE, "never read")),
        (WHOLE, None, None, Expected("s", 40, 40, "last run", 7, known=True, asked=ASKED)),
        (IN_PART, None, None, Expected("s", 40, MOST_PEOPLE, "last run, gaps", 7)),
        (None, 40, None, Expected("s", 40, 40, "probe")),
        (WHOLE, 40, None, Expected("s", 40, 40, "probe", known=True, asked=ASKED)),
        (WHOLE, 41, None, Expected("s", 41, 41, "probe")),  # somebody is new: nobody says who
        (IN_PART, 40, 10, Expected("s", 10, 40, "probe")),
    ],
)
def test_what_is_expected_of_a_search(
    last: LastReading | None, probed: int | None, limit: int | None, expected: Expected
) -> None:
    found = None if probed is None else Probed(people=probed, truncated=False, calls=1)
    assert expectation("s", last, found, limit) == expected


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
