"""How answers come back: webhooks lost, late, doubled and out of order; polling; waiting, and the end of it.

What they said is looked for in the ledger: that it is loaded, whatever way it came, is shown elsewhere.
"""

from __future__ import annotations

import pytest

from sandbox import Server
from tests.support.project import Project


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param({"webhook_copies": 3}, marks=pytest.mark.thorough),
        pytest.param({"webhook_reorder": 5}, marks=pytest.mark.thorough),
        {"webhook_before_answer": True},
        pytest.param({"webhook_copies": 2, "webhook_delay": 0.2, "variant": "mixed"}, marks=pytest.mark.thorough),
        {"submit_form": "no_id"},
        pytest.param({"submit_form": "result"}, marks=pytest.mark.thorough),
        {"search_envelope": "people", "location_form": "string", "empty_search": "array", "variant": "mixed"},
    ],
    ids=str,
)
def test_whatever_way_webhooks_come_each_call_settles_once(
    project: Project, vendor: Server, behaviour: dict[str, object]
) -> None:
    vendor.set_behaviour(**behaviour)
    done = project.sync(load=False)
    assert done.exit_code == 0, done.stderr
    assert (done.json["calls_settled"], done.json["calls_in_doubt"]) == (80, 0)
    truth = {(p["person_id"], phone["e164"]) for p in vendor.people() for phone in p["phones"]}
    assert set(project.ledger("SELECT person_id, number FROM phones")) == truth
    assert vendor.books()["totals"]["charged_again"] == 0


@pytest.mark.thorough
def test_in_poll_mode_answers_come_by_track(project: Project, vendor: Server) -> None:
    project.configure(webhook={"mode": "poll"}, enrichment={"poll_interval": 0.2})
    vendor.set_behaviour(variant="mixed")
    done = project.sync()
    assert done.exit_code == 0, done.stderr
    assert done.json["calls_settled"] == 80
    assert vendor.books()["totals"]["requests"].get("track", 0) or any(
        r["operation"] == "track" for r in vendor.books()["requests"]
    )


def test_where_webhooks_never_come_answers_are_polled_for(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(webhook=False)
    project.configure(enrichment={"webhook_grace": 0.3, "poll_interval": 0.2})
    done = project.sync(load=False)
    assert done.exit_code == 0, done.stderr
    assert done.json["calls_settled"] == 80
    assert _calls_an_answer(vendor, 80) <= 2.2


def test_an_answer_by_webhook_costs_one_call_though_it_comes_after_the_grace(project: Project, vendor: Server) -> None:
    """A job that ends after 0.2 s is posted 1.5 s later: one or two polls find out that webhooks are only late."""
    vendor.reset(people=150, seed=3, behaviour={"job_seconds": 0.2, "webhook_delay": 1.5})
    project.configure(enrichment={"webhook_grace": 1.0, "channels": ["email"]})
    done = project.sync(load=False)
    assert (done.exit_code, done.json["calls_settled"]) == (0, 150), done.stderr
    assert _calls_an_answer(vendor, 150) <= 1.02


def test_an_answer_by_polling_costs_hardly_more_than_two_calls(project: Project, vendor: Server) -> None:
    """Nobody knows beforehand that a job takes three times the poll interval and more."""
    vendor.reset(people=60, seed=3, behaviour={"job_seconds": [0.3, 0.5]})
    project.configure(webhook={"mode": "poll"}, enrichment={"poll_interval": 0.1, "channels": ["email"]})
    done = project.sync(load=False)
    assert (done.exit_code, done.json["calls_settled"]) == (0, 60), done.stderr
    assert _calls_an_answer(vendor, 60) <= 2.2


def _calls_an_answer(vendor: Server, answers: int) -> float:
    """Calls of all operations, as the vendor counted them, for each answer; searches and balances aside."""
    calls = [call for call in vendor.books()["requests"] if call["operation"] not in ("search", "credits")]
    return len(calls) / answers


def test_waiting_ends_with_the_deadline_and_the_next_run_collects(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(job_seconds=6)
    project.configure(enrichment={"poll_interval": 0.5, "webhook_grace": 0.5})
    first = project.sync("--limit", "5", "--wait", "1s", load=False)
    assert (first.exit_code, first.json["exit_reason"]) == (3, "deadline"), first.stderr
    assert first.json["calls_outstanding"] == 10
    second = project.sync("--limit", "5", load=False)
    assert (second.exit_code, second.json["calls_sent"]) == (0, 0), second.stderr
    assert project.ledger("SELECT count(*) FROM calls WHERE state = 'settled'") == [(10,)]


def test_jobs_that_never_finish_are_given_up_as_in_doubt(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(faults=[{"operation": "reveal_phone", "fault": "dropped", "first": 4}])
    project.configure(enrichment={"give_up_after": 1, "poll_interval": 0.2, "webhook_grace": 0.2})
    done = project.sync(load=False)
    assert (done.exit_code, done.json["calls_in_doubt"]) == (0, 4), done.stderr
    spent = done.json["spent"]["credits"]
    assert spent["min"] <= sum(charge["amount"] for charge in project.charges()) / 100 <= spent["max"]


def test_a_job_that_fails_is_settled_as_failed(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(faults=[{"operation": "reveal_email", "fault": "failed", "nth": [3]}])
    done = project.sync(load=False)
    assert (done.exit_code, done.json["outcomes"]["failed"]) == (0, 1)


#: nothing is found to split a search by, as where everybody has the same values: which those are is shown elsewhere
_UNSPLIT = """
import sources.clodura.scan as scan
scan.split = lambda *given, **more: None
scan.companies = lambda *given: None
"""


@pytest.mark.thorough
def test_a_search_that_is_not_all_there_says_so(project: Project, vendor: Server) -> None:
    vendor.reset(people=10_050, seed=3)
    done = project.run("sync", "--json", "--enrich", "none", prelude=_UNSPLIT)
    assert (done.exit_code, done.json["exit_reason"], done.json["truncated_windows"]) == (3, "truncated", 1)
    assert done.json["people_seen"] == 10_000
    assert project.sql("SELECT search, coverage, people FROM crm.search_coverage") == [
        ("everyone", "truncated", 10_000)
    ]


@pytest.mark.parametrize("people", [10_050, *(pytest.param(n, marks=pytest.mark.thorough) for n in (9_999, 10_000))])
def test_one_that_holds_more_than_can_be_shown_is_seen_whole_in_parts(
    project: Project, vendor: Server, people: int
) -> None:
    vendor.reset(people=people, seed=3)
    done = project.sync("--enrich", "none")
    assert (done.exit_code, done.json["exit_reason"], done.json["people_seen"]) == (0, "done", people), done.stderr
    assert project.one("SELECT count(*) FROM crm.people") == people
    coverage = "SELECT coverage, people FROM crm.search_coverage WHERE part_of IS NULL"
    assert project.sql(coverage) == [("complete" if people < 10_000 else "split", people)]


@pytest.mark.thorough
def test_a_limit_bounds_people_and_purchases(project: Project, vendor: Server) -> None:
    done = project.sync("--limit", "7")
    assert (done.exit_code, done.json["people_seen"], done.json["calls_sent"]) == (0, 7, 14)
    assert project.one("SELECT count(*) FROM crm.people") == 7
    assert project.sql("SELECT coverage FROM crm.search_coverage") == [("limited",)]
