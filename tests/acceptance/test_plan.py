"""`leadsync plan`: whatever it says, the sync that follows stays within."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sandbox import Server
from tests.support.project import WITHOUT_LOADING, Finished, Project
from tests.support.second_vendor import with_sixtyfour


def plan(project: Project, *arguments: str) -> dict[str, Any]:
    done = project.run("plan", "--json", *arguments)
    assert done.exit_code == 0, done.stderr
    return done.json


def asked(project: Project, *arguments: str) -> tuple[dict[str, int], Finished]:
    """What a sync sends, by channel."""
    query = "SELECT operation, count(*) FROM calls WHERE sent_at IS NOT NULL GROUP BY operation"
    before = dict(project.ledger(query))
    done = project.sync(*arguments, load=False)
    channels = {"reveal_email": "email", "reveal_phone": "phone", "verify_email": "verification"}
    return {channels[name]: count - before.get(name, 0) for name, count in project.ledger(query)}, done


def check(foreseen: dict[str, Any], sent: dict[str, int], done: Finished) -> None:
    for row in foreseen["channels"]:
        assert within(sent.get(row["channel"], 0), row["asks"]), row
    _costs(foreseen, done)
    assert within(done.json["search_spent"]["credits"]["max"], foreseen["search_cost"])
    assert within(done.json["search_calls"], foreseen["pages"])
    assert within(done.json["people_seen"], foreseen["people"])


def within(number: float, bounds: dict[str, float | None]) -> bool:
    """No upper bound is None."""
    least, most = bounds["min"], bounds["max"]
    assert least is not None
    return least <= number and (most is None or number <= most)


def _costs(foreseen: dict[str, Any], done: Finished) -> None:
    assert foreseen["cost"].keys() == done.json["spent"].keys()
    for unit, spent in done.json["spent"].items():
        assert foreseen["cost"][unit]["min"] <= spent["min"]
        assert within(spent["max"], foreseen["cost"][unit]), unit


def test_each_sync_stays_within_what_the_plan_before_it_said(project: Project, vendor: Server) -> None:
    vendor.reset(people=130, seed=3, behaviour={"job_seconds": 0.05})
    project.configure(
        enrichment={"verify": "risky"}, searches={"everyone": {}, "verified": {"contact_email_status": "verified"}}
    )
    unknown = plan(project)
    assert unknown["people"] == {"min": 0, "max": None}
    assert vendor.books()["requests"] == []
    probed = plan(project, "--probe")
    assert {call["operation"] for call in vendor.books()["requests"]} <= {"search", "credits"}
    assert 0 < probed["probe_calls"] <= 16
    assert probed["people"]["min"] == 130
    everyone = next(search for search in probed["searches"] if search["search"] == "everyone")
    assert everyone["people"] == {"min": 130, "max": 130}

    capped = plan(project, "--budget", "120")
    assert (capped["cost"]["credits"]["max"], capped["capped_by"]) == (120, {"credits": "--budget"})
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


def bought(project: Project) -> Counter[tuple[str, str]]:
    """What was ever sent, by provider and channel."""
    rows = project.ledger("SELECT provider, channel, count(*) FROM calls WHERE sent_at IS NOT NULL GROUP BY 1, 2")
    return Counter({(provider, channel): count for provider, channel, count in rows})


def test_so_it_is_with_two_providers_in_units_of_their_own(bare: Project, vendor: Server) -> None:
    """What the first missed in an earlier run is asked at the second; each plan bounds each provider's part."""
    people = 30
    vendor.reset(people=people, seed=3, behaviour={"job_seconds": 0.05, "sixtyfour_job_seconds": 0.05})
    bare.configure(enrichment={"channels": ["email"]})
    assert bare.run("sync", prelude=WITHOUT_LOADING).exit_code == 0
    missed = people - bare.ledger("SELECT count(DISTINCT person_id) FROM emails")[0][0]

    def run(*arguments: str) -> tuple[dict[str, Any], Finished]:
        foreseen, before = plan(bare, *arguments), bought(bare)
        done = bare.sync(*arguments, load=False)
        sent = bought(bare) - before
        for row in foreseen["channels"]:
            least = 0 if done.json["exit_reason"] == "cap" else row["asks"]["min"]
            assert within(sent[row["provider"], row["channel"]], {**row["asks"], "min": least}), row
        _costs(foreseen, done)
        assert done.json["calls_sent"] + done.json["search_calls"] <= foreseen["calls"]["max"]
        return foreseen, done

    with_sixtyfour(bare, caps={"cents_per_run": 100})
    foreseen, done = run()
    rows = {(row["channel"], row["provider"]): row["asks"] for row in foreseen["channels"]}
    assert rows == {
        ("email", "clodura"): {"min": 0, "max": 0}, ("email", "sixtyfour"): {"min": 0, "max": missed},
        ("phone", "clodura"): {"min": people, "max": people}, ("phone", "sixtyfour"): {"min": 0, "max": people},
    }  # fmt: skip
    assert foreseen["capped_by"] == {"cents": "enrichment.caps.sixtyfour.cents_per_run"}
    assert (foreseen["cost"]["cents"]["max"], done.exit_code) == (100, 3)
    assert done.json["spent"]["cents"]["max"] <= 100

    with_sixtyfour(bare)
    foreseen, done = run()
    assert done.exit_code == 0, done.stderr
    assert done.json["spent"]["cents"]["max"] > 0
    total = bare.run("status", "--json").json["spent"]["cents"]
    charged = sum(charge["amount"] for charge in vendor.books(vendor="sixtyfour")["charges"]) / 100
    assert total["min"] <= charged <= total["max"]
    for row in run()[0]["channels"]:
        assert row["asks"] == {"min": 0, "max": 0}, row


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
    for words in ("0 or more people (never read)", "--probe", "0 to 50 credits", "--budget", "or more export credits"):
        assert words in done.stdout


@pytest.mark.parametrize(("arguments", "said"), [(("nobody",), "no search 'nobody'"), (("--limit", "0"), "--limit")])
def test_wrong_usage(project: Project, arguments: tuple[str, ...], said: str) -> None:
    done = project.run("plan", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_after_a_run_with_a_limit_it_does_not_go_by_the_part_that_was_read(bare: Project) -> None:
    assert bare.run("sync", "--limit", "25", "--enrich", "none", prelude=WITHOUT_LOADING).exit_code == 0
    foreseen = plan(bare)
    assert foreseen["people"] == {"min": 25, "max": None}
    assert "Not known to be whole when it was last read: everyone." in foreseen["note"]
    assert "--limit takes those that are shown first" in foreseen["note"]
    assert plan(bare, "--limit", "10")["pages"]["max"] <= 5
    assert bare.run("sync", "--enrich", "none", prelude=WITHOUT_LOADING).exit_code == 0
    assert plan(bare)["note"].startswith("As long as the searches show the people they showed")


def test_new_only_and_a_reading_that_was_interrupted_are_planned_as_the_part_they_are(
    bare: Project, vendor: Server
) -> None:
    """Both are looked up as the run itself decides, and what it then does stays within the plan."""
    vendor.reset(people=1500, seed=3, behaviour={"search_marks_viewed": True})
    nothing = ("--enrich", "none")

    def run(prelude: str = "") -> dict[str, Any]:
        done = bare.run("sync", "--json", *nothing, prelude=WITHOUT_LOADING + prelude)
        assert done.exit_code in (0, 3), done.stderr
        return done.json

    bare.configure(searches={"everyone": {"new_only": True}})
    whole = plan(bare, *nothing)
    assert "new_only" not in whole["note"]  # the first reading is a full one
    assert run()["people_seen"] == 1500
    part = plan(bare, *nothing)
    assert "Of everyone only people are asked for who were not viewed before" in part["note"]
    assert (part["people"], part["searches"][0]["people"]) == ({"min": 0, "max": 1500}, {"min": 1500, "max": 1500})
    done = run()
    assert (done["people_seen"], done["search_calls"]) == (0, 1)
    assert within(done["search_calls"], part["pages"])

    bare.configure(searches={"everyone": {"new_only": True, "full_scan_every": 0}})
    assert plan(bare, *nothing)["people"] == {"min": 1500, "max": 1500}
    stopped = run(STOPPED)
    assert stopped["exit_code"] == 3
    assert 0 < stopped["people_seen"] < 1500
    rest = plan(bare, *nothing)
    assert rest["searches"][0]["source"] == "last run, interrupted"
    assert (rest["people"]["min"], rest["searches"][0]["people"]["min"]) == (0, stopped["people_seen"])
    done = run()
    assert stopped["people_seen"] + done["people_seen"] == 1500
    assert within(done["search_calls"], rest["pages"])
    assert plan(bare, *nothing)["people"] == {"min": 1500, "max": 1500}


@pytest.mark.parametrize("read_before", [False, True])
def test_what_a_killed_run_has_left_of_a_reading_is_planned_as_the_part_it_is(
    bare: Project, vendor: Server, read_before: bool
) -> None:
    vendor.reset(people=1500, seed=3)
    nothing = ("--enrich", "none")
    if read_before:
        assert bare.sync(*nothing).exit_code == 0
    killed = bare.run("sync", *nothing, prelude=KILLED)
    assert killed.exit_code == 9, killed.stderr
    rest = plan(bare, *nothing)
    assert rest["searches"][0]["source"] == ("last run" if read_before else "never read to its end")
    assert rest["people"] == {"min": 0, "max": 1500 if read_before else None}
    begun = bare.ledger("SELECT scan_id FROM scans ORDER BY 1")
    done = bare.sync(*nothing)
    assert done.exit_code == 0, done.stderr
    assert bare.ledger("SELECT scan_id FROM scans ORDER BY 1") == begun  # it went on with that one
    assert within(done.json["search_calls"], rest["pages"])


#: ends the process after eight pages
KILLED = """
import os
import pipelines.searching as s
s.Searches._stopped = lambda self: self._context.tally.pages >= 8 and os._exit(9)
"""
#: ends the searching after three pages
STOPPED = """
import pipelines.searching as s
s.Searches._stopped = lambda self: self._context.tally.pages >= 3
"""


@pytest.mark.thorough
def test_a_search_of_several_windows_is_planned_by_the_pages_it_took(bare: Project, vendor: Server) -> None:
    vendor.reset(people=10_400, seed=3)
    nothing = ("--enrich", "none")
    first = bare.run("sync", "--json", *nothing, prelude=WITHOUT_LOADING).json
    assert first["people_seen"] == 10_400
    foreseen = plan(bare, *nothing)
    assert foreseen["pages"]["expected"] == first["search_calls"]
    again = bare.run("sync", "--json", *nothing, prelude=WITHOUT_LOADING)
    check(foreseen, {}, again)
    probed = plan(bare, "--probe", *nothing)
    assert (probed["people"], probed["searches"][0]["source"]) == ({"min": 10_400, "max": 10_400}, "last run")
