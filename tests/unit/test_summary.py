"""How a run is judged: what failed outranks what stopped early, which outranks what was only not all there."""

from __future__ import annotations

from typing import Any

import pytest

from enrichment.caps import Cap, Scope
from enrichment.engine import Ending, Report
from enrichment.ledger.books import Amount
from pipelines.searching import SearchTally
from pipelines.summary import judge, spent_by_unit
from sources.errors import (
    CapReached,
    DestinationError,
    KeyRefused,
    NotEntitled,
    OutOfCredits,
    QuotaExhausted,
    RequestRefused,
    Unavailable,
)
from tests.support.canaries import SENTENCE

CAP = Cap("--budget", Scope.RUN, "credits", 100)


def _judge(**values: Any) -> tuple[int, str]:
    tally = SearchTally(**values.pop("tally", {}))
    values["errors"] = [values.pop("error", None)]
    given = {"run_error": None, "halted": [], "report": None, "interrupted": False, **values}
    verdict = judge(tally=tally, **given)
    assert verdict.message is not None or verdict.exit_code == 0
    return verdict.exit_code, verdict.exit_reason


@pytest.mark.parametrize(
    ("values", "exit_code", "reason"),
    [
        ({}, 0, "done"),
        ({"report": Report(Ending.DONE, 0, 0)}, 0, "done"),
        ({"report": Report(Ending.CAP, 3, 0, CAP)}, 3, "cap"),
        ({"report": Report(Ending.QUOTA, 3, 0)}, 3, "quota"),
        ({"report": Report(Ending.DEADLINE, 0, 2)}, 3, "deadline"),
        ({"report": Report(Ending.DEADLINE, 2, 0)}, 3, "deadline"),
        ({"report": Report(Ending.DEADLINE, 0, 0)}, 0, "done"),
        ({"interrupted": True, "report": Report(Ending.STOPPED, 3, 0)}, 3, "interrupted"),
        ({"halted": [OutOfCredits("none")], "report": Report(Ending.HALTED, 3, 0)}, 3, "out_of_credits"),
        ({"halted": [OutOfCredits("none")], "report": Report(Ending.DONE, 0, 0)}, 0, "done"),
        ({"halted": [NotEntitled("no")], "report": Report(Ending.HALTED, 3, 0)}, 1, "not_entitled"),
        ({"halted": [Unavailable("down")], "report": Report(Ending.HALTED, 3, 0)}, 1, "failed"),
        ({"run_error": KeyRefused("wrong"), "report": Report(Ending.HALTED, 3, 0)}, 1, "key_refused"),
        ({"error": DestinationError("gone")}, 1, "failed"),
        ({"error": ZeroDivisionError("a bug")}, 1, "failed"),
        ({"tally": {"truncated": ["a"]}}, 3, "truncated"),
        ({"tally": {"incomplete": ["a"]}}, 3, "incomplete"),
        ({"tally": {"errors": [RequestRefused("422")]}}, 1, "failed"),
        ({"tally": {"errors": [QuotaExhausted("tomorrow", until=0)]}}, 3, "quota"),
        ({"tally": {"errors": [OutOfCredits("none")]}}, 3, "out_of_credits"),
        ({"tally": {"errors": [CapReached("enough")], "incomplete": ["a"]}}, 3, "cap"),
        ({"tally": {"truncated": ["a"]}, "error": DestinationError("gone")}, 1, "failed"),
        (
            {"interrupted": True, "halted": [NotEntitled("no")], "report": Report(Ending.HALTED, 3, 0)},
            1,
            "not_entitled",
        ),
        ({"tally": {"truncated": ["a"]}, "report": Report(Ending.CAP, 3, 0, CAP)}, 3, "cap"),
    ],
    ids=lambda value: str(value)[:70],
)
def test_the_verdict(values: dict[str, Any], exit_code: int, reason: str) -> None:
    assert _judge(**values) == (exit_code, reason)


def test_amounts_are_shown_in_whole_units_each_unit_for_itself() -> None:
    spent = {"credits": Amount(150, 600), "cents": Amount(500, 500)}
    assert spent_by_unit(spent, ["credits"]) == {"cents": {"min": 5, "max": 5}, "credits": {"min": 1.5, "max": 6}}
    assert spent_by_unit({}, ["credits"]) == {"credits": {"min": 0, "max": 0}}


def test_what_broke_a_run_unforeseen_is_named_by_its_type_alone() -> None:
    """Its words may quote anybody, and the verdict goes into the ledger and the table of runs."""
    verdict = judge(
        errors=[KeyError(SENTENCE)], run_error=None, halted=[], tally=SearchTally(), report=None, interrupted=False
    )
    assert (verdict.exit_code, verdict.message) == (1, "Something broke that should not: KeyError.")
