"""init, status, sandbox, --version, --help: what a person meets first."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Server
from tests.support.project import Project, finish, wait_until


def test_init_writes_what_is_missing_and_touches_nothing_else(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert project.run("init", str(folder)).exit_code == 0
    secrets = folder / ".dlt" / "secrets.toml"
    assert secrets.stat().st_mode & 0o077 == 0
    secrets.write_text("mine")
    (folder / ".dlt" / "config.toml").unlink()
    again = project.run("init", str(folder))
    assert (again.exit_code, again.stdout.count("wrote")) == (0, 1)
    assert secrets.read_text() == "mine"


def test_what_init_wrote_runs_against_the_sandbox_at_once(project: Project, tmp_path: Path) -> None:
    fresh = Project(tmp_path / "fresh", project.server)
    fresh.folder.mkdir()
    assert fresh.run("init").exit_code == 0
    done = fresh.sync("--sandbox")
    assert done.exit_code == 0, done.stderr
    assert done.json["people_seen"] > 5
    assert done.json["emails_found"] > 0
    assert "warning" not in done.stderr


def test_what_init_says_of_a_second_vendor_can_be_taken_as_it_is(project: Project, tmp_path: Path) -> None:
    fresh = Project(tmp_path / "fresh", project.server)
    fresh.folder.mkdir()
    assert fresh.run("init").exit_code == 0
    for name in ("config.toml", "secrets.toml"):
        path = fresh.folder / ".dlt" / name
        text = path.read_text(encoding="utf-8")
        lines = [line.removeprefix("# ") if _of_second(line) else line for line in text.splitlines()]
        path.write_text("\n".join(lines).replace('""', '"a-key-and-a-secret"'), encoding="utf-8")
    done = fresh.run("plan", "--json")
    assert (done.exit_code, done.stderr) == (0, ""), done.stderr
    asked = [(row["channel"], row["provider"]) for row in done.json["channels"]]
    assert asked == [("email", "clodura"), ("email", "sixtyfour"), ("phone", "clodura"), ("phone", "sixtyfour")]
    assert done.json["capped_by"]["cents"] == "enrichment.caps.sixtyfour.cents_per_run"


def _of_second(line: str) -> bool:
    """A commented line about the second vendor, but for the ceiling, which would leave it out for phones."""
    names = ("[enrichment.caps.sixtyfour]", "[sources.sixtyfour]", "api_key", "webhook_secret", "cents_per_run")
    return line.startswith(
        tuple(f"# {name}" for name in (*names, "cents_per_day", "email_prov", "phone_prov", "stop_w"))
    )


def test_status_tells_what_is_pending_in_doubt_and_spent(project: Project, vendor: Server) -> None:
    empty = project.run("status", "--json")
    assert (empty.exit_code, empty.json["calls"]["settled"], empty.json["runs"]) == (0, 0, [])
    assert empty.json["realm"] is None
    assert "no purchases yet" in project.run("status").stdout
    project.sync("--budget", "60", load=False)
    requests = len(vendor.books()["requests"])
    done = project.run("status", "--json")
    assert done.exit_code == 0
    assert done.json["calls"]["settled"] > 0
    assert done.json["calls"]["planned"] > 0
    assert 0 < done.json["spent"]["credits"]["max"] <= 60
    assert done.json["spent_today"] == done.json["spent"]
    searched = done.json["search_spent"]["credits"]["max"]
    assert searched > 0
    assert done.json["search_spent_today"] == done.json["search_spent_this_month"] == done.json["search_spent"]
    assert [run["exit_reason"] for run in done.json["runs"]] == ["cap"]
    assert len(vendor.books()["requests"]) == requests  # it sends nothing
    assert done.json["realm"] == "sandbox"
    told = project.run("status").stdout
    assert "settled" in told
    assert f"{searched:,.0f} export credits for searching" in told
    assert "ledger.db: imitated purchases (sandbox)" in told


def _last_run(project: Project) -> str | None:
    """How `leadsync status` says that the last run ended; None: there was none."""
    done = project.run("status", "--json")
    assert done.exit_code == 0
    return done.json["runs"][0]["exit_reason"] if done.json["runs"] else None


def test_status_tells_a_run_that_is_under_way_from_one_that_died(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(latency=10)
    running = project.start("sync", "--json", "--enrich", "none")
    wait_until(lambda: _last_run(project) == "under way", "status tells of a run that is under way")
    os.killpg(running.pid, signal.SIGKILL)
    assert finish(running).exit_code == -signal.SIGKILL
    assert _last_run(project) == "did not finish"
    vendor.set_behaviour(latency=0)
    assert project.sync("--enrich", "none").exit_code == 0
    assert _last_run(project) == "done"


def test_the_sandbox_command_serves_until_it_is_stopped(project: Project) -> None:
    process = project.start("sandbox", "--port", "0", "--people", "5", "--kind", "skewed", "--api-key", "mine")
    assert process.stdout is not None
    started = json.loads(process.stdout.readline())
    server = Server(started["url"], "mine")
    project.server = server
    project.configure()
    assert project.sync(load=False).json["people_seen"] == 5
    process.send_signal(signal.SIGINT)
    assert finish(process).exit_code == 0


@pytest.mark.thorough
def test_the_console_script_works_in_any_folder(project: Project) -> None:
    script = Path(sys.executable).parent / "leadsync"
    done = subprocess.run(
        [str(script), "sync", "--limit", "1", "--json"],
        capture_output=True, text=True, cwd=project.folder, env=dict(os.environ), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["people_seen"] == 1
