"""`leadsync plan`: whatever it says, the sync that follows stays within."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Server
from tests.support.project import Finished, Project


def plan(project: Project, *arguments: str) -> dict[str, Any]:
    done = project.run("plan", "--json", *arguments)
    assert done.exit_code == 0, done.stderr
    return done.json


def asked(project: Project, *arguments: str) -> tuple[dict[str, int], Finished]:
    """What a sync sends, by channel."""
    query = "SELECT operation, count(*) FROM crm.calls WHERE sent_at IS NOT NULL GROUP BY ALL"
    before = dict(project.sql(query)) if (project.folder / "leads.duckdb").exists() else {}
    done = project.sync(*arguments)
    channels = {"reveal_email": "email", "reveal_phone": "phone", "verify_email": "verification"}
    return {channels[name]: count - before.get(name, 0) for name, count in project.sql(query)}, done


def check(foreseen: dict[str, Any], sent: dict[str, int], done: Finished) -> None:
    for row in foreseen["channels"]:
        assert row["asks"]["min"] <= sent.get(row["channel"], 0) <= row["asks"]["max"], row
    spent, searched = done.json["spent"]["credits"], done.json["search_spent"]["credits"]
    assert foreseen["cost"]["min"] <= spent["min"]
    assert spent["max"] <= foreseen["cost"]["max"]
    assert foreseen["search_cost"]["min"] <= searched["max"] <= foreseen["search_cost"]["max"]
    assert foreseen["pages"]["min"] <= done.json["search_calls"] <= foreseen["pages"]["max"]
    assert foreseen["people"]["min"] <= done.json["people_seen"] <= foreseen["people"]["max"]


def test_each_sync_stays_within_what_the_plan_before_it_said(project: Project, vendor: Server) -> None:
    vendor.reset(people=130, seed=3, behaviour={"job_seconds": 0.05})
    project.configure(
        enrichment={"verify": "risky"}, searches={"everyone": {}, "verified": {"contact_email_status": "verified"}}
    )
    unknown = plan(project)
    assert unknown["people"] == {"min": 0, "max": 20_000}
    assert vendor.books()["requests"] == []
    probed = plan(project, "--probe")
    assert {call["operation"] for call in vendor.books()["requests"]} <= {"search", "credits"}
    assert 0 < probed["probe_calls"] <= 16
    assert probed["people"]["min"] == 130
    everyone = next(search for search in probed["searches"] if search["search"] == "everyone")
    assert everyone["people"] == {"min": 130, "max": 130}

    capped = plan(project, "--budget", "120")
    assert (capped["cost"]["max"], capped["capped_by"]) == (120, "--budget")
    sent, done = asked(project, "--budget", "120")
    assert done.exit_code == 3
    for foreseen in (unknown, probed, capped):  # a run that a cap ends asks less than the least
        foreseen["channels"] = [{**row, "asks": {**row["asks"], "min": 0}} for row in foreseen["channels"]]
        check(foreseen, sent, done)

    rest = plan(project)
    phones = next(row for row in rest["channels"] if row["channel"] == "phone")
    assert phones["asks"]["min"] == phones["asks"]["max"] == 130 - sent["phone"]
    sent, done = asked(project)
    assert sent["phone"] == phones["asks"]["max"]
    check(rest, sent, done)

    nothing = plan(project)
    assert all(row["asks"] == {"min": 0, "max": 0} for row in nothing["channels"])
    check(nothing, *asked(project))


def test_a_probe_alone_tells_exactly_how_many_are_asked(project: Project) -> None:
    foreseen = plan(project, "--probe", "--enrich", "email")
    assert [row["asks"] for row in foreseen["channels"]] == [{"min": 40, "max": 40}]
    assert asked(project, "--enrich", "email")[0] == {"email": 40}
    later = plan(project)  # phones were not asked for when the search was read
    assert {row["channel"]: row["asks"] for row in later["channels"]} == {
        "email": {"min": 0, "max": 0}, "phone": {"min": 40, "max": 40},
    }  # fmt: skip


def test_it_leaves_nothing_behind_and_binds_a_folder_to_nothing(bare: Project) -> None:
    before = sorted(bare.folder.rglob("*"))
    bare.configure(clodura={"base_url": "https://api.clodura.ai"})
    assert bare.run("plan").exit_code == 0
    assert sorted(bare.folder.rglob("*")) == before
    assert bare.run("plan", "--sandbox").exit_code == 0
    assert sorted(bare.folder.rglob("*")) == before


def test_for_people_it_names_search_cost_cap_and_what_is_not_known(project: Project) -> None:
    done = project.run("plan", "--budget", "50")
    assert done.exit_code == 0
    for words in ("never read", "--probe", "0 to 50 credits", "--budget", "export credits"):
        assert words in done.stdout


@pytest.mark.parametrize(("arguments", "said"), [(("nobody",), "no search 'nobody'"), (("--limit", "0"), "--limit")])
def test_wrong_usage(project: Project, arguments: tuple[str, ...], said: str) -> None:
    done = project.run("plan", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
