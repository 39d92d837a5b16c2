"""docs/guides/schedule.md: the lines it gives to cron and systemd run as they stand, and take exit 3 for success."""

from __future__ import annotations

import ast
import configparser
import json
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]
from filelock import FileLock

from sandbox import Server
from tests.support.project import Project

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "schedule.md").read_text(encoding="utf-8")
SCRIPT = Path(sys.executable).parent / "leadsync"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)


def _here(text: str, project: Project) -> str:
    """A text with the guide's two paths made ours."""
    assert "/srv/leads" in text
    assert "/opt/leadsync/.venv/bin/leadsync" in text
    return text.replace("/srv/leads", str(project.folder)).replace("/opt/leadsync/.venv/bin/leadsync", str(SCRIPT))


def _cron(project: Project) -> int:
    """The line's command as cron runs it: by sh, in another folder, with next to no environment."""
    (line,) = [line for block in _blocks("cron") for line in block.splitlines()]
    assert "%" not in line  # a line break to cron
    command = _here(re.sub(r"^(\S+ ){5}", "", line), project)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(project.folder), "NO_PROXY": "127.0.0.1"}
    return subprocess.run(["/bin/sh", "-c", command], cwd="/", env=environment, check=False, timeout=90).returncode


def _unit(name: str, command: str = "") -> configparser.ConfigParser:
    for block in _blocks("systemd"):
        unit = configparser.ConfigParser(interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read_string(block)
        if name in unit and unit[name].get("ExecStart", "").endswith(command):
            return unit
    raise AssertionError(f"there is no unit with [{name}]")


@pytest.fixture(autouse=True)
def few(project: Project, vendor: Server) -> None:
    vendor.reset(people=4, seed=3, behaviour={"job_seconds": 0.05})


def test_the_cron_line_runs(project: Project) -> None:
    assert _cron(project) == 0
    assert project.one("SELECT count(*) FROM crm.people") == 4
    assert project.one("SELECT count(*) FROM crm.calls WHERE state = 'settled'") == 8
    assert "4 seen" in (project.folder / "sync.log").read_text()


@pytest.mark.thorough
def test_cron_takes_a_run_at_work_for_success_and_a_failure_for_one(bare: Project, vendor: Server) -> None:
    (bare.folder / ".leadsync").mkdir(exist_ok=True)
    with FileLock(bare.folder / ".leadsync" / "sync.lock"):
        assert _cron(bare) == 0
    assert "Another leadsync is at work" in (bare.folder / "sync.log").read_text()
    assert vendor.books()["requests"] == []
    bare.configure(enrichment={"max_unanswered": "many"})
    assert _cron(bare) == 1


@pytest.mark.thorough
def test_the_systemd_unit_runs_its_command_in_its_folder(project: Project) -> None:
    service = _unit("Service")["Service"]
    assert service["Type"] == "oneshot"
    assert service["SuccessExitStatus"] == "3"
    assert "OnCalendar" in _unit("Timer")["Timer"]
    command = shlex.split(_here(f"cd {service['WorkingDirectory']}; {service['ExecStart']}", project))
    done = subprocess.run(
        command[2:], cwd=command[1].rstrip(";"), capture_output=True, text=True, check=False, timeout=90,
        env={"PATH": "/usr/bin:/bin", "NO_PROXY": "127.0.0.1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["calls_settled"] == 8


def test_the_systemd_unit_of_serve_listens_until_it_is_stopped(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    project.configure(webhook={"port": port})
    unit = _unit("Service", "serve")
    assert unit["Install"]["WantedBy"] == "multi-user.target"
    command = shlex.split(_here(f"cd {unit['Service']['WorkingDirectory']}; {unit['Service']['ExecStart']}", project))
    process = subprocess.Popen(command[2:], cwd=command[1].rstrip(";"), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        assert f"Listening on 127.0.0.1:{port}" in said, said
        process.terminate()
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert (process.returncode, "Stopped: 0 kept; 0 wait" in said) == (0, True), said


def test_every_command_in_it_is_one_that_there_is_and_what_is_code_can_be_read() -> None:
    for block in _blocks("python"):
        ast.parse(block)
        assert "skip_on_exit_code=3" in block or "in (0, 3)" in block
    (workflow,) = [yaml.safe_load(block) for block in _blocks("yaml")]
    assert workflow["concurrency"]["cancel-in-progress"] is False
    (step,) = workflow["jobs"]["sync"]["steps"]
    ran = subprocess.run(
        ["/bin/bash", "-e", "-c", step["run"].replace("cd /srv/leads", "").replace("/opt/leadsync/.venv/bin/", "")],
        env={"PATH": "/nowhere"}, check=False, capture_output=True,
    )  # fmt: skip
    assert ran.returncode == 1  # no such command: 127 is neither 0 nor 3
