"""Caps, refusals, lost answers: what may never happen to somebody else's money.

What was bought is looked for in the vendor's books and in the ledger; rows are loaded where the tables tell something
of their own.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from sandbox import Server
from tests.support.project import Project


def _charged(project: Project) -> int:
    return sum(charge["amount"] for charge in project.charges())


def _bought_twice(vendor: Server) -> list[tuple[str, str]]:
    jobs = [(job["operation"], job["person_id"]) for job in vendor.books()["jobs"]]
    return [job for job in jobs if jobs.count(job) > 1]


def _calls(project: Project, which: str) -> int:
    """How many calls the ledger has of these."""
    ((count,),) = project.ledger(f"SELECT count(*) FROM calls WHERE {which}")
    return int(count)


def _thorough(*values: str) -> list[Any]:
    return [pytest.param(value, marks=pytest.mark.thorough) for value in values]


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (("--budget", "50"), {}),
        pytest.param((), {"max_credits_per_run": 50}, marks=pytest.mark.thorough),
        pytest.param((), {"max_credits_per_day": 50}, marks=pytest.mark.thorough),
        (("--budget", "50"), {"max_credits_per_run": 1000, "max_credits_per_day": 60.5}),
    ],
)
def test_a_cap_is_never_passed_and_ends_the_run_with_work_left(
    project: Project, arguments: tuple[str, ...], settings: dict[str, float]
) -> None:
    project.configure(enrichment=settings)
    done = project.sync(*arguments, load=False)
    assert done.exit_code == 3, done.stderr
    assert done.json["exit_reason"] == "cap"
    assert 0 < done.json["spent"]["credits"]["max"] <= 50 or settings.get("max_credits_per_day") == 60.5
    assert _charged(project) <= 50 * 100
    assert done.json["calls_left"] > 0


def test_the_cap_of_a_day_holds_over_runs_and_that_of_a_run_does_not(project: Project, vendor: Server) -> None:
    project.configure(enrichment={"max_credits_per_day": 60, "max_credits_per_run": 40})
    first, second, third = (project.sync(load=False) for _ in range(3))
    assert [run.json["exit_reason"] for run in (first, second, third)] == ["cap", "cap", "cap"]
    assert first.json["spent"]["credits"]["max"] <= 40
    assert first.json["spent"]["credits"]["max"] + second.json["spent"]["credits"]["max"] <= 60
    assert third.json["calls_sent"] == 0
    assert _charged(project) <= 60 * 100


def test_what_a_cap_left_is_bought_by_the_next_run_and_nothing_twice(project: Project, vendor: Server) -> None:
    assert project.sync("--budget", "100", load=False).exit_code == 3
    rest = project.sync(load=False)
    assert rest.exit_code == 0
    assert _bought_twice(vendor) == []
    assert _calls(project, "state = 'settled'") == 80


@pytest.mark.thorough
def test_a_budget_of_nothing_buys_nothing(project: Project, vendor: Server) -> None:
    done = project.sync("--budget", "0")
    assert (done.exit_code, done.json["exit_reason"], done.json["calls_sent"]) == (3, "cap", 0)
    assert vendor.books()["jobs"] == []
    assert project.one("SELECT count(*) FROM crm.people") == 40


def test_a_bad_key_ends_the_run_at_once(project: Project, vendor: Server) -> None:
    project.configure(secrets='[sources.clodura]\napi_key = "canary-wrong-key"\n')
    done = project.sync(load=False)
    assert done.exit_code == 1
    assert done.json["exit_reason"] == "key_refused"
    assert len(vendor.books()["requests"]) <= 3
    assert "canary-wrong-key" not in done.stderr + done.stdout


def test_a_key_that_dies_between_search_and_reveal_ends_the_run_after_one_call_each(
    project: Project, vendor: Server
) -> None:
    vendor.set_behaviour(
        faults=[
            {"operation": "reveal_email", "fault": "401", "first": 1000},
            {"operation": "reveal_phone", "fault": "401", "first": 1000},
        ]
    )
    done = project.sync(load=False)
    assert (done.exit_code, done.json["exit_reason"]) == (1, "key_refused")
    assert done.json["calls_sent"] <= 2
    assert vendor.books()["jobs"] == []


def test_running_out_of_credits_is_go_on_later(project: Project, vendor: Server) -> None:
    vendor.reset(people=40, seed=3, credits=30, behaviour={"job_seconds": 0.05})
    done = project.sync(load=False)
    assert (done.exit_code, done.json["exit_reason"]) == (3, "out_of_credits"), done.stderr
    assert done.json["calls_left"] > 0
    assert _charged(project) <= 30 * 100


def test_credits_that_end_half_way_stop_the_buying_and_a_refill_makes_up_for_it(
    project: Project, vendor: Server
) -> None:
    """A phone costs ten credits at least: with five a job is taken, and ends for want of credits."""
    vendor.reset(people=40, seed=3, credits=5, behaviour={"job_seconds": 0.05})
    project.configure(enrichment={"channels": ["phone"]}, clodura={"rate_limits": ["40/second"]})
    done = project.sync()
    assert (done.exit_code, done.json["exit_reason"]) == (3, "out_of_credits"), done.stderr
    assert "ran out of credits half-way through reveal phone" in done.stderr
    dry = done.json["outcomes"]["incomplete"]
    assert 0 < dry < 40  # those that were under way when the first answer came
    assert done.json["calls_left"] == 40 - done.json["calls_sent"] > 0
    assert (done.json["people_seen"], project.one("SELECT count(*) FROM crm.people")) == (40, 40)
    assert project.one("SELECT count(*) FROM crm.calls WHERE outcome = 'incomplete'") == dry
    vendor.charge("pool", -1_000_000)
    again = project.sync()
    assert again.exit_code == 0, again.stderr
    assert again.json["calls_sent"] == again.json["calls_settled"] == dry + done.json["calls_left"]
    assert project.one("SELECT count(*) FROM crm.calls WHERE epoch = 2 AND outcome <> 'incomplete'") == dry
    known = {person["person_id"] for person in vendor.people() if person["phones"]}
    assert {person for (person,) in project.sql("SELECT person_id FROM crm.phones")} == known


@pytest.mark.parametrize(
    ("sections", "setting"),
    [
        pytest.param(
            {"enrichment": {"max_credits_per_month": 30}},
            "enrichment.max_credits_per_month",
            marks=pytest.mark.thorough,
        ),
        ({"enrichment.caps.clodura": {"credits_per_day": 30}}, "enrichment.caps.clodura.credits_per_day"),
    ],
)
def test_the_cap_that_ends_a_run_is_named_by_plan_and_by_sync(
    project: Project, sections: dict[str, Any], setting: str
) -> None:
    project.configure(**sections)
    foreseen = project.run("plan", "--json").json
    assert (foreseen["cost"]["credits"]["max"], foreseen["capped_by"]) == (30, {"credits": setting})
    done = project.sync(load=False)
    assert (done.exit_code, done.json["exit_reason"]) == (3, "cap"), done.stderr
    assert f"{setting} is reached" in done.stderr
    assert 0 < _charged(project) <= 30 * 100
    assert project.run("status", "--json").json["spent_this_month"]["credits"]["max"] <= 30


def test_what_is_old_is_bought_anew_at_its_price(project: Project) -> None:
    project.configure(enrichment={"channels": ["email"], "refresh_after": "180d"})
    project.sync()
    before = dict(project.sql("SELECT email, revealed_at FROM crm.emails"))
    with closing(sqlite3.connect(project.folder / ".leadsync" / "ledger.db")) as ledger:
        ledger.execute("UPDATE calls SET settled_at = settled_at - ?", (181 * 86_400 * 1_000_000,))
        ledger.commit()
    foreseen = project.run("plan", "--json").json
    assert foreseen["channels"][0]["asks"] == {"min": 40, "max": 40}
    done = project.sync()
    assert (done.exit_code, done.json["calls_sent"], done.json["calls_settled"]) == (0, 40, 40), done.stderr
    cost = foreseen["cost"]["credits"]
    assert cost["min"] <= done.json["spent"]["credits"]["max"] <= cost["max"]
    after = project.sql("SELECT email, revealed_at, former FROM crm.emails")
    assert all(at > before[email] and not former for email, at, former in after)
    assert len(after) == len(before)


def test_an_operation_that_the_plan_does_not_hold_stops_alone(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(faults=[{"operation": "reveal_phone", "fault": "403", "first": 1000}])
    done = project.sync(load=False)
    assert (done.exit_code, done.json["exit_reason"]) == (1, "not_entitled")
    assert _calls(project, "operation = 'reveal_email' AND state = 'settled'") == 40
    asked = [r for r in vendor.books()["requests"] if r["operation"] == "reveal_phone"]
    assert len(asked) == 1


def test_a_refused_call_goes_out_again_in_the_same_run(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(faults=[{"operation": "reveal_email", "fault": "429", "nth": [1, 2, 5]}])
    done = project.sync(load=False)
    assert done.exit_code == 0, done.stderr
    assert done.json["calls_settled"] == 80
    assert done.json["calls_sent"] == 83
    assert _bought_twice(vendor) == []


@pytest.mark.parametrize("fault", ["reset_after", *_thorough("500_after", "503_after", "cut_after", "408_after")])
def test_an_answer_lost_after_the_vendor_acted_is_settled_by_its_webhook(
    project: Project, vendor: Server, fault: str
) -> None:
    """The webhook URL tells which request a post belongs to, although the tracking id was lost with the answer."""
    vendor.set_behaviour(faults=[{"operation": "reveal_email", "fault": fault, "nth": [1, 4, 9]}])
    done = project.sync(load=False)
    assert done.exit_code == 0, done.stderr
    assert (done.json["calls_in_doubt"], done.json["calls_settled"]) == (0, 80)
    assert _bought_twice(vendor) == []


@pytest.mark.parametrize("fault", ["reset_after", *_thorough("500_before", "500_after", "reset_before")])
def test_a_lost_answer_without_a_webhook_stays_in_doubt_and_is_never_sent_again(
    project: Project, vendor: Server, fault: str
) -> None:
    faults = [{"operation": "reveal_email", "fault": fault, "nth": [2, 3]}]
    vendor.set_behaviour(webhook=False, faults=faults)
    project.configure(webhook={"mode": "poll"}, enrichment={"poll_interval": 0.1})
    done = project.sync(load=False)
    assert done.exit_code == 0, done.stderr
    assert (done.json["calls_in_doubt"], done.json["calls_settled"]) == (2, 78)
    assert "in doubt" in done.stderr
    spent, charged = done.json["spent"]["credits"], _charged(project) / 100
    assert spent["min"] <= charged <= spent["max"]
    again = project.sync(load=False)
    assert (again.exit_code, again.json["calls_sent"], again.json["calls_in_doubt"]) == (0, 0, 2)
    assert _bought_twice(vendor) == []


def test_in_doubt_calls_keep_their_place_in_the_caps(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(webhook=False, faults=[{"operation": "reveal_email", "fault": "500_after", "first": 3}])
    project.configure(webhook={"mode": "poll"}, enrichment={"poll_interval": 0.1, "channels": ["email"]})
    done = project.sync("--budget", "20", load=False)
    assert done.json["calls_in_doubt"] == 3
    assert done.json["spent"]["credits"]["max"] <= 20
    assert done.json["calls_sent"] == 3  # three times six are held, two credits are left
    assert done.exit_code == 3


def test_a_call_that_is_wrong_is_rejected_and_the_rest_goes_on(project: Project, vendor: Server) -> None:
    person = vendor.people()[7]["person_id"]
    vendor.set_behaviour(faults=[{"operation": "reveal_email", "fault": "422", "person_id": person}])
    done = project.sync(load=False)
    assert done.exit_code == 0
    assert project.ledger("SELECT person_id FROM calls WHERE state = 'rejected'") == [(person,)]
    again = project.sync(load=False)
    assert again.json["calls_sent"] == 0  # not asked again with the same parameters


@pytest.mark.thorough
def test_no_email_and_no_phone_found_is_not_found_at_no_cost(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(not_found="404")
    done = project.sync()
    assert done.exit_code == 0
    truth = vendor.people()
    missing = sum(1 for p in truth if not p["email"]) + sum(1 for p in truth if not p["phones"])
    assert done.json["outcomes"]["not_found"] == missing
    assert project.one("SELECT count(*) FROM crm.calls WHERE outcome = 'not_found' AND amount_max > 0") == 0


def test_prospect_plans_pay_two_kinds_of_credit(project: Project, vendor: Server) -> None:
    vendor.reset(people=40, seed=3, plan="standard", behaviour={"job_seconds": 0.05, "variant": "mixed"})
    project.configure(clodura={"plan": "standard"})
    done = project.sync()
    assert done.exit_code == 0, done.stderr
    assert {kind for (kind,) in project.sql("SELECT DISTINCT kind FROM crm.credit_spend")} == {
        "unlock",
        "export",
        "phone",
    }
    spent, charged = done.json["spent"]["credits"], _charged(project) / 100
    assert spent["min"] <= charged <= spent["max"]


def test_searches_have_a_cap_and_rows_of_their_own(project: Project, vendor: Server) -> None:
    """What a capped run has read is not asked for, nor paid for, by the next one, which goes on behind it."""
    vendor.reset(people=150, seed=3, behaviour={"search_charge": "every", "job_seconds": 0.05})
    project.configure(clodura={"search_charge": "every"}, enrichment={"max_search_credits_per_run": 120})
    capped = project.sync("--enrich", "none")
    assert (capped.exit_code, capped.json["exit_reason"]) == (3, "cap")
    assert "max_search_credits_per_run" in capped.stderr
    assert capped.json["people_seen"] == 100
    assert capped.json["search_spent"] == {"credits": {"min": 100, "max": 100}}
    project.configure(clodura={"search_charge": "every"})
    whole = project.sync("--enrich", "none")
    assert (whole.exit_code, whole.json["people_seen"], whole.json["people_new"]) == (0, 50, 50)
    rows = project.sql(
        "SELECT kind, operation, person_id, sum(amount_min), sum(amount_max) FROM crm.credit_spend GROUP BY ALL"
    )
    assert rows == [("export", "search_people", None, 15_000, 15_000)]
    assert sum(charge["amount"] for charge in project.charges("search")) == 15_000
    assert project.one("SELECT sum(spent_max) FROM crm.spend_daily") == 150
    assert project.one("SELECT count(*) FROM crm.people") == 150
