"""`leadsync verify`, and verification by policy, as a user runs them."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Server
from tests.support.project import WITHOUT_LOADING, Project


def verified(project: Project) -> dict[str, str]:
    return dict(project.sql("SELECT email, status FROM crm.email_verifications"))


def test_addresses_are_verified_as_they_are_bought_and_only_once(project: Project, vendor: Server) -> None:
    project.configure(enrichment={"verify": "all", "channels": ["email"]})
    first = project.sync()
    assert first.exit_code == 0, first.stderr
    verdicts = verified(project)
    assert len(verdicts) == project.one("SELECT count(DISTINCT email) FROM crm.emails") > 10
    assert dict(project.sql("SELECT DISTINCT email, status FROM crm.emails WHERE verified_at IS NOT NULL")) == verdicts
    assert sum(first.json["addresses_verified"].values()) == len(verdicts)
    charges = project.charges("verify")
    assert sum(charge["amount"] for charge in charges) == 4 * len(verdicts)
    booked = "SELECT sum(amount_min), sum(amount_max) FROM crm.credit_spend WHERE operation = 'verify_email'"
    assert project.sql(booked) == [(4 * len(verdicts), 4 * len(verdicts))]
    before = project.sql("SELECT * FROM crm.emails ORDER BY ALL")
    second = project.sync()
    assert (second.exit_code, second.json["calls_sent"]) == (0, 0)
    assert project.sql("SELECT * FROM crm.emails ORDER BY ALL") == before


def test_only_the_unsure_ones_are_verified_where_the_policy_says_so(project: Project) -> None:
    project.configure(enrichment={"verify": "risky", "channels": ["email"], "deep": True})
    project.sync()
    calls = "SELECT json_extract_string(parameters, '$.email') FROM crm.calls WHERE operation = 'verify_email'"
    asked = {address for (address,) in project.sql(calls)}
    assert asked == set(verified(project))
    assert 0 < len(asked) < project.one("SELECT count(DISTINCT email) FROM crm.emails")
    assert {charge["amount"] for charge in project.charges("verify")} == {10}


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param({"verify_finish": "at_once"}, marks=pytest.mark.thorough),
        {"verify_finish": "queued", "verify_webhook_first": True, "webhook_copies": 2},
        pytest.param(
            {"verify_finish": "queued", "verify_pending_200": True, "verify_queued_key": ""}, marks=pytest.mark.thorough
        ),
        pytest.param(
            {"verify_finish": "queued", "webhook": False, "verify_tracking": "people"}, marks=pytest.mark.thorough
        ),
    ],
    ids=["at_once", "webhook", "pending_200", "track"],
)
def test_named_addresses_get_a_verdict_however_it_comes(
    project: Project, vendor: Server, behaviour: dict[str, Any]
) -> None:
    vendor.set_behaviour(verify_seconds=0.05, **behaviour)
    project.configure(enrichment={"poll_interval": 0.1, "webhook_grace": 0.1})
    done = project.run("verify", "Somebody@Nowhere.example", "info@nowhere.example", "info@nowhere.example")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["somebody@nowhere.example", "info@nowhere.example"]
    assert dict(line.split()[:2] for line in lines) == verified(project)
    assert len(project.charges("verify")) == 2
    again = project.run("verify", "info@nowhere.example", "--json", prelude=WITHOUT_LOADING)
    assert (again.json["calls_sent"], len(again.json["verifications"])) == (0, 1)
    anew = ["info@nowhere.example", "--again", "--deep", "--json"]
    assert project.run("verify", *anew, prelude=WITHOUT_LOADING).json["calls_sent"] == 1
    assert [charge["amount"] for charge in project.charges("verify")] == [4, 4, 10]


def test_a_plan_without_verification_is_said_once_and_the_contacts_are_bought(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(not_entitled=["verify_email"])
    project.configure(enrichment={"verify": "all", "channels": ["email"]})
    done = project.sync(load=False)
    assert done.exit_code == 0, done.stderr
    assert done.stderr.count("verify email") == 1
    assert 'enrichment.verify = "none"' in done.stderr
    assert done.json["emails_found"] > 10
    assert sum(call["operation"] == "verify_email" for call in vendor.books()["requests"]) == 1
    alone = project.run("verify", "info@nowhere.example", prelude=WITHOUT_LOADING)
    assert alone.exit_code == 1
    assert "does not allow" in alone.stderr


def test_what_a_cap_leaves_is_verified_by_the_next_run(project: Project) -> None:
    project.configure(enrichment={"channels": ["email"]})
    project.sync(load=False)
    capped = project.run("verify", "--policy", "all", "--budget", "0.2", "--json", prelude=WITHOUT_LOADING)
    assert (capped.exit_code, capped.json["exit_reason"]) == (3, "cap")
    assert sum(charge["amount"] for charge in project.charges("verify")) <= 20
    rest = project.run("verify", "--policy", "all", "--json")
    assert rest.exit_code == 0
    assert len(verified(project)) == project.one("SELECT count(DISTINCT email) FROM crm.emails")
    subjects = [charge["person_id"] or charge.get("subject") for charge in project.charges("verify")]
    assert len(subjects) == len(verified(project))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense",), "Address 1 of 1"),
        ((), "--policy risky"),
        (("--policy", "riksy"), "Did you mean 'risky'?"),
    ],
)
def test_wrong_usage_sends_nothing(project: Project, vendor: Server, arguments: tuple[str, ...], said: str) -> None:
    done = project.run("verify", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert vendor.books()["requests"] == []
