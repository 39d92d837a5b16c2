"""What the ledger says of who would be asked again, and who would not: the same as planning does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from enrichment.ledger import Ledger, forecast, plans, seen
from enrichment.ledger.by_hand import resolve
from enrichment.ledger.plans import Wanted
from enrichment.settlement import Settlement
from enrichment.states import State
from sources.providers import Outcome, Person
from tests.support.purchases import MISSED, NOW, answer, call, claim, found, plan, send, tell, wanted

SEARCH = ["a search"]
EVERYBODY = ("planned", "found", "missed", "odd", "dry", "doubt", "void", "twice", "old_void", "stranger")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger("sqlite:///ledger.db", tmp_path) as ledger:
        yield ledger


def _end(ledger: Ledger, *people: str, run: str = "run-1") -> None:
    plan(ledger, *people, run=run)
    for item in claim(ledger, run=run)[0]:
        send(ledger, item)
        person = item.parameters[0]["personId"]
        ends = {"odd": Settlement(Outcome.UNREADABLE), "dry": Settlement(Outcome.INCOMPLETE), "missed": MISSED}
        if person in ("doubt", "void", "twice"):
            answer(ledger, item, State.IN_DOUBT)
        else:
            tell(ledger, item.request_id, ends.get(person, found(f"{person}@x.io")))
        if person in ("void", "twice"):
            ledger.call(resolve, [call(ledger, person).call_id], None, NOW)


@pytest.fixture
def lived(ledger: Ledger) -> Ledger:
    """A ledger with a person in every situation that there is."""
    _end(ledger, "found", "missed", "odd", "dry", "doubt", "void", "twice", "old_void")
    _end(ledger, "twice", run="run-2")
    ledger.call(plans.plan, [wanted("old_void")], "run-3", NOW, settled_before=NOW + 1)  # bought anew, then void
    ((item,), _) = claim(ledger, run="run-3")
    send(ledger, item)
    answer(ledger, item, State.IN_DOUBT)
    ledger.call(resolve, [call(ledger, "old_void").call_id], None, NOW)
    plan(ledger, "planned", run="run-4")
    ledger.call(seen.remember_people, [Person(name) for name in EVERYBODY], NOW)
    return ledger


@pytest.mark.parametrize("stale_before", [None, NOW, NOW + 1])
def test_foreseen_is_what_planning_does(lived: Ledger, stale_before: int | None) -> None:
    with lived.read() as connection:
        will_not = forecast.answered(connection, "find_email", stale_before)
        left = forecast.planned(connection, "find_email", SEARCH)
        stale = forecast.stale(connection, "find_email", stale_before)
        unasked = forecast.unasked(connection, "find_email")
    asked: list[Wanted] = [wanted(name) for name in EVERYBODY]
    new = lived.call(plans.plan, asked, "run-9", NOW, settled_before=stale_before)
    with lived.read() as connection:
        goes_out = forecast.planned(connection, "find_email", SEARCH)
    assert goes_out == new + 1  # the one that was planned already
    assert (len(EVERYBODY) - will_not, left + stale + unasked) == (goes_out, goes_out)
    assert (stale, unasked) == ((3, 1) if stale_before == NOW + 1 else (0, 1))


def test_calls_of_other_searches_are_not_left_to_this_one(lived: Ledger) -> None:
    with lived.read() as connection:
        assert forecast.planned(connection, "find_email", ["another"]) == 0
        assert forecast.planned(connection, "find_phone", SEARCH) == 0
        assert forecast.planned(connection, "find_email") == 4
