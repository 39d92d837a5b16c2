"""`leadsync calls` and `leadsync resolve`: what is in doubt, what would resolve it, and settling it by hand."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Server
from tests.support.project import Project, finish, wait_until

FAULTY = [{"operation": "reveal_email", "fault": "500_after", "nth": [2, 3]}]


@pytest.fixture
def project(made: Project, vendor: Server) -> Project:
    """Two e-mail reveals of which nobody heard again: the vendor has acted, its answers are lost, nothing is posted."""
    vendor.set_behaviour(webhook=False, faults=FAULTY)
    made.configure(webhook={"mode": "poll"}, enrichment={"poll_interval": 0.1, "channels": ["email"]})
    return made


def in_doubt(project: Project) -> list[dict[str, Any]]:
    done = project.run("calls", "--state", "in_doubt", "--json")
    assert done.exit_code == 0, done.stderr
    calls: list[dict[str, Any]] = done.json["calls"]
    return calls


def jobs_of(vendor: Server, person: str) -> int:
    return sum(job["person_id"] == person for job in vendor.books()["jobs"])


def test_from_doubt_to_certainty(project: Project, vendor: Server) -> None:
    done = project.sync(load=False)
    assert "leadsync calls --state in_doubt" in done.stderr
    assert "leadsync resolve" in done.stderr
    requests = len(vendor.books()["requests"])
    void, settled = in_doubt(project)
    for call in (void, settled):
        assert (call["operation"], call["state"], call["at_risk"], call["tracking_id"]) == (
            "reveal_email", "in_doubt", 6.0, None,
        )  # fmt: skip
        assert "HTTP 500" in call["why"]
        assert "no webhook reaches this place: only `leadsync resolve`" in call["outlook"]
    shown = project.run("calls", "--state", "in_doubt")
    assert "2 of 2 calls; at risk in all: 12 credits" in shown.stdout
    assert settled["call_id"] in shown.stdout

    done = project.run("resolve", void["call_id"], "--void")
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"{void['call_id']}  void: 6 credits are free again" in done.stdout
    done = project.run("resolve", settled["call_id"][-12:], "--settled", "4.5", "--json")
    assert done.exit_code == 0, done.stderr
    assert done.json["calls"] == [
        {
            "call_id": settled["call_id"], "done": True, "state": "settled", "by": "by_hand", "unit": "credits",
            "was_at_risk": 6.0, "booked": 4.5,
        }
    ]  # fmt: skip
    assert in_doubt(project) == []
    assert len(vendor.books()["requests"]) == requests  # neither of the two sends anything

    vendor.set_behaviour(faults=[])
    again = project.sync()
    assert again.exit_code == 0, again.stderr
    assert (again.json["calls_sent"], again.json["calls_in_doubt"]) == (1, 0)
    assert (jobs_of(vendor, void["person_id"]), jobs_of(vendor, settled["person_id"])) == (2, 1)
    rows = project.sql(
        f"SELECT epoch, state, outcome, amount_max, note FROM crm.calls WHERE person_id IN "
        f"('{void['person_id']}', '{settled['person_id']}') ORDER BY person_id = '{settled['person_id']}', epoch"
    )
    assert rows[0] == (1, "void", None, 0, "resolved by hand: nothing was bought")
    assert rows[1][:2] == (2, "settled")
    assert rows[2] == (1, "settled", "unreadable", 450, "resolved by hand")
    charged = f"SELECT sum(amount_max) FROM crm.credit_spend WHERE person_id = '{settled['person_id']}'"
    assert project.one(charged) == 450
    wrong = project.run("resolve", settled["call_id"], "--void")
    assert wrong.exit_code == 2
    assert "it is settled (unreadable) by by_hand" in wrong.stderr


@pytest.mark.thorough
def test_both_work_while_a_sync_runs(project: Project, vendor: Server) -> None:
    project.sync()
    vendor.set_behaviour(faults=[], job_seconds=60)
    project.configure(webhook={"mode": "poll"}, enrichment={"poll_interval": 0.1, "channels": ["phone"]})
    running = project.start("sync", "--json", "--wait", "30s")
    wait_until(lambda: len(vendor.books()["jobs"]) > 45, "phones are under way")
    calls = in_doubt(project)
    assert len(calls) == 2
    for call, said in zip(calls, (["--void"], ["--settled", "3"]), strict=True):
        assert project.run("resolve", call["call_id"], *said).exit_code == 0
    held = project.run("calls", "--state", "accepted,sent", "--json", "--limit", "3").json
    assert len(held["calls"]) == 3
    assert held["count"] > 3
    assert held["at_risk"]["credits"] == held["count"] * 20
    running.send_signal(2)
    done = finish(running)
    assert (done.json["calls_in_doubt"], done.json["outcomes"]) == (0, {})  # what was settled by hand is no answer


def test_where_there_is_no_ledger_none_is_made(bare: Project) -> None:
    before = sorted(bare.folder.rglob("*"))
    done = bare.run("calls", "--json")
    assert (done.exit_code, done.json) == (0, {"calls": [], "count": 0, "at_risk": {}})
    assert bare.run("resolve", "0199", "--void").exit_code == 2
    assert sorted(bare.folder.rglob("*")) == before
