"""How a run is judged: what failed outranks what stopped early, which outranks what was only not all there."""

from __future__ import annotations

from typing import Any

import pytest

from enrichment.caps import Cap, Scope
from enrichment.engine import Ending, Report
from enrichment.ledger.books import Amount, RunBooks
from pipelines.search_context import SearchTally, Unseen
from pipelines.summary import Halted, as_object, halted_by, judge, spent_by_unit
from sources.errors import (
    CapReached,
    DestinationError,
    KeyRefused,
    LeadsyncError,
    NotEntitled,
    NotProven,
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
    halted = [error if isinstance(error, Halted) else Halted("a", ("b",), error) for error in values.pop("halted", [])]
    given = {"run_error": None, "halted": halted, "report": None, "interrupted": False, **values}
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
        ({"tally": {"unproven": ["a"], "missing": 3}}, 0, "done"),
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


LEFT, ALL_DONE = Report(Ending.HALTED, 3, 0), Report(Ending.DONE, 0, 0)


def _passed_over(error: LeadsyncError, people: int = 4) -> Halted:
    return Halted("sixtyfour", ("find_email",), error, people)


@pytest.mark.parametrize(
    ("halted", "report", "exit_code", "reason"),
    [
        # another has answered all that was asked: what it means depends on who can mend it
        (_passed_over(OutOfCredits("none")), ALL_DONE, 3, "out_of_credits"),
        (_passed_over(KeyRefused("wrong")), ALL_DONE, 1, "key_refused"),
        (_passed_over(NotEntitled("no")), ALL_DONE, 1, "not_entitled"),
        (_passed_over(NotProven("404")), ALL_DONE, 1, "failed"),
        (_passed_over(Unavailable("down")), ALL_DONE, 3, "passed_over"),
        (_passed_over(Unavailable("down")), LEFT, 3, "passed_over"),
        # nobody was asked in its place
        (_passed_over(Unavailable("down"), 0), LEFT, 1, "failed"),
        (_passed_over(KeyRefused("wrong"), 0), LEFT, 1, "key_refused"),
        # nobody missed it
        (_passed_over(OutOfCredits("none"), 0), ALL_DONE, 0, "done"),
        (_passed_over(Unavailable("down"), 0), ALL_DONE, 0, "done"),
        (_passed_over(KeyRefused("wrong"), 0), ALL_DONE, 1, "key_refused"),
    ],
    ids=lambda value: str(value)[:90],
)
def test_a_provider_that_was_passed_over(halted: Halted, report: Report, exit_code: int, reason: str) -> None:
    assert _judge(halted=[halted], report=report) == (exit_code, reason)


def test_a_refused_key_outranks_another_without_credits_and_both_are_told() -> None:
    dry, wrong = _passed_over(OutOfCredits("no credits")), Halted("other", ("x",), KeyRefused("wrong key"), 0)
    assert _judge(halted=[dry, wrong], report=LEFT) == (1, "key_refused")
    assert dry.verdict.message == "no credits For 4 people another provider was asked in its place."


def test_what_halted_is_one_item_for_each_error_and_people_count_once() -> None:
    dry, no = OutOfCredits("none"), NotEntitled("no")
    errors: dict[tuple[str, str], LeadsyncError] = {("a", "email"): dry, ("a", "phone"): dry, ("b", "email"): no}
    over = {("a", "email"): {"p", "q"}, ("a", "phone"): {"q"}}
    assert halted_by(errors, over) == [Halted("a", ("email", "phone"), dry, 2), Halted("b", ("email",), no, 0)]


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


NEW_YORK, FOUNDERS = Unseen("us", "person_state New York", 8), Unseen("us", "seniority Founder", 1200)
UNTOLD, OF_INDIA = Unseen("us", "person_city Boston", None), Unseen("india", "person_city Pune", 70)


@pytest.mark.parametrize(
    ("unseen", "told"),
    [
        ([NEW_YORK], ["Search us: about 8 people are on no page, in the window [person_state New York]."]),
        ([UNTOLD], ["Search us: nobody knows how many people are on no page, in the window [person_city Boston]."]),
        (
            [NEW_YORK, FOUNDERS, OF_INDIA],
            [
                "Search us: about 1,208 people are on no page, in 2 windows: [seniority Founder] about 1,200, "
                "[person_state New York] about 8.",
                "Search india: about 70 people are on no page, in the window [person_city Pune].",
            ],
        ),
        (
            [FOUNDERS, NEW_YORK, UNTOLD, NEW_YORK, UNTOLD],
            [
                "about 1,216 or more people",
                "[person_state New York] about 8, [person_state New York] about 8 and 2 more.",
            ],
        ),
        ([], ["Search us: nobody knows how many people are on no page."]),
    ],
)
def test_the_verdict_names_the_windows_of_those_who_cannot_be_seen(unseen: list[Unseen], told: list[str]) -> None:
    searches = [*dict.fromkeys(one.search for one in unseen)] or ["us"]
    tally = SearchTally(truncated=searches, unseen=unseen)
    verdict = judge(errors=[], run_error=None, halted=[], tally=tally, report=None, interrupted=False)
    assert verdict.message is not None
    for text in (*told, "All others were read.", "narrow the search in the settings or make several of it"):
        assert text in verdict.message


def test_machines_are_told_every_window_and_what_is_not_proven() -> None:
    tally = SearchTally(truncated=["us"], unseen=[NEW_YORK, UNTOLD], unproven=["india"], missing=12)
    verdict = judge(errors=[], run_error=None, halted=[], tally=tally, report=None, interrupted=False)
    said = as_object(
        run_id="r", channels=[], waterfall={}, verdict=verdict, halted=[], tally=tally, books=RunBooks(), states={},
        report=None, units=[], search_spent=Amount(), seconds=1, database="d", query="q",
    )  # fmt: skip
    assert (said["truncated_windows"], said["truncated_searches"]) == (2, ["us"])
    assert said["truncated"] == [
        {"search": "us", "window": "person_state New York", "people_left": 8},
        {"search": "us", "window": "person_city Boston", "people_left": None},
    ]
    assert (said["unproven_searches"], said["people_missing"]) == (["india"], 12)
