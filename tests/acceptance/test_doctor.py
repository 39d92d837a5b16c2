"""`leadsync doctor`: what a person and a machine get, and that it buys nothing and makes nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from enrichment.ledger import Ledger
from sandbox import Server
from tests.support.project import Finished, Project

CHECKS = "settings searches ledger spending key host credits clock limits destination webhook disk versions".split()


def _checks(done: Finished) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in done.json["checks"]}


def _files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_it_looks_before_and_after_a_sync_and_buys_nothing(project: Project, vendor: Server) -> None:
    searches = {"leaders": {"person_country": ["India", "United States"]}}
    project.configure(searches=searches, enrichment={"max_credits_per_run": 200})
    (project.folder / ".dlt" / "secrets.toml").chmod(0o600)
    before = _files(project.folder)
    done = project.run("doctor", "--json")
    assert (done.exit_code, done.json["exit_code"], list(_checks(done))) == (0, 0, CHECKS), done.stderr
    assert {check["verdict"] for check in done.json["checks"]} == {"ok"}, done.stdout
    assert _files(project.folder) == before
    assert [request["operation"] for request in vendor.books()["requests"]] == ["credits"]

    assert project.sync("--limit", "2").exit_code == 0
    charges, there = vendor.books()["charges"], _files(project.folder)
    after = _checks(project.run("doctor", "--json"))
    assert vendor.books()["charges"] == charges
    assert _files(project.folder) == there
    assert "4 settled" in after["ledger"]["found"]
    assert "can be opened and written" in after["destination"]["found"]
    assert {check["verdict"] for check in after.values()} == {"ok"}


def test_running_sums_that_are_wrong_are_told_and_a_sync_sets_them_right_before_it_buys(project: Project) -> None:
    project.configure(enrichment={"channels": ["email"], "max_credits_per_day": 12})
    assert project.sync(load=False).json["calls_settled"] > 0
    with closing(sqlite3.connect(project.folder / ".leadsync" / "ledger.db")) as ledger:
        ledger.execute("DELETE FROM counted_by_day")
        ledger.commit()
    check = _checks(project.run("doctor", "--json"))["ledger"]
    assert (check["verdict"], "1 of its running sums" in check["found"]) == ("warning", True), check
    done = project.sync(load=False)
    assert "1 of the ledger's running sums" in done.stderr
    assert "1 of the ledger's running sums" not in project.sync(load=False).stderr
    ((spent,),) = project.ledger("SELECT sum(coalesce(amount_max, reserved)) FROM calls")
    assert 0 < spent <= 1200  # of the day, over all three


def test_wrong_settings_are_told_and_the_rest_is_looked_at_all_the_same(project: Project, vendor: Server) -> None:
    project.configure(
        enrichment={"channels": ["emial"], "max_credits_per_run": 200},
        searches={"a": {"seniority": ["founder"]}},
        secrets="[sources.clodura]\napi_key = \"'canary'\"\n",
    )
    done = project.run("doctor")
    assert (done.exit_code, done.stderr) == (2, ""), done.stderr
    told = ("'emial'", "Did you mean 'email'?", "Did you mean 'Founder'?", "api_key: has quotes", "to do:", "200 a run")
    for text in told:
        assert text in done.stdout
    lines = {line[9:22].strip(): line[:9].strip() for line in done.stdout.splitlines()}
    assert (lines["settings"], lines["searches"], lines["key"]) == ("failed", "failed", "failed")
    assert (lines["ledger"], lines["destination"], lines["versions"]) == ("ok", "ok", "ok")
    assert lines["host"] == "skipped"
    assert "canary" not in done.stdout
    assert "\x1b" not in done.stdout  # plain where there is no terminal
    assert vendor.books()["requests"] == []


def test_where_nothing_is_it_says_how_to_begin(project: Project, tmp_path: Path) -> None:
    project.folder = tmp_path / "empty"
    project.folder.mkdir()
    done = project.run("doctor")
    assert (done.exit_code, done.stderr) == (2, "")
    assert "leadsync init" in done.stdout
    assert _files(project.folder) == set()


def test_settings_that_cannot_be_read_are_no_reason_to_say_nothing(project: Project) -> None:
    (project.folder / ".dlt" / "config.toml").write_text("[enrichment\nchannels = 3")
    done = project.run("doctor", "--json")
    assert (done.exit_code, done.stderr) == (2, "")
    checks = _checks(done)
    assert (checks["settings"]["verdict"], "config.toml" in checks["settings"]["found"]) == ("failed", True)
    assert checks["versions"]["verdict"] == "ok"


def test_a_key_that_the_vendor_refuses_stops_a_sync_and_is_told(project: Project) -> None:
    project.configure(secrets='[sources.clodura]\napi_key = "canary-of-another-account"\n')
    done = project.run("doctor", "--json")
    assert done.exit_code == 1
    assert _checks(done)["key"]["verdict"] == "failed"
    assert "canary" not in done.stdout + done.stderr


def test_it_looks_at_the_sandbox_too_for_which_no_key_is_needed(bare: Project, vendor: Server) -> None:
    bare.configure(secrets="", clodura={"base_url": "https://api.clodura.ai"}, searches={})
    done = bare.run("doctor", "--sandbox", "--json")
    assert (done.exit_code, [check["name"] for check in done.json["checks"]]) == (0, CHECKS), done.stderr
    checks = _checks(done)
    assert {name for name, check in checks.items() if check["verdict"] != "ok"} == set(), done.stdout
    assert "http://127.0.0.1" in checks["host"]["found"]
    assert "of the caps --budget alone counts" in checks["spending"]["found"]
    assert "The sandbox imitates the vendors" in done.stderr
    assert vendor.books()["requests"] == []
    assert not (bare.folder / ".leadsync").exists()


def test_a_ledger_that_is_older_than_the_dataset_is_told_before_a_sync_is_stopped_by_it(project: Project) -> None:
    assert project.sync("--limit", "2", "--enrich", "email").exit_code == 0
    assert _checks(project.run("doctor", "--json"))["destination"]["verdict"] == "ok"
    ledger = project.folder / ".leadsync" / "ledger.db"
    for path in ledger.parent.glob("ledger.*db*"):
        path.unlink()
    gone = project.run("doctor", "--json")
    assert (gone.exit_code, _checks(gone)["destination"]["verdict"]) == (1, "failed")
    assert "there is no ledger that knows them" in _checks(gone)["destination"]["found"]
    Ledger("sqlite:///.leadsync/ledger.db", project.folder).close()
    other = project.run("doctor", "--json")
    assert other.exit_code == 1
    stopped = project.sync("--limit", "2")
    found = _checks(other)["destination"]["found"]
    assert "is older than the dataset" in found
    assert found in " ".join(stopped.stderr.split())
