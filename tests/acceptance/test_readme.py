"""The README tells the truth: its commands run, its figures come out, its tables list what there is.

The demo is run for a part of its people; for all of them, whose figures are printed there, it takes twenty seconds, and
`make thorough` runs it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.settings import SECTIONS
from sandbox import Server
from tests.support.project import Project

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    """The fenced blocks of a language ("" for none)."""
    parts = re.split(r"^```(.*)\n", README, flags=re.MULTILINE)
    return [text for fence, text in zip(parts[1::4], parts[2::4], strict=True) if fence == language]


def _commands() -> list[list[str]]:
    lines = [line for block in _blocks("sh") for line in block.splitlines() if line.startswith("leadsync ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


@pytest.mark.parametrize("arguments", _commands(), ids=" ".join)
def test_every_command_runs(project: Project, arguments: list[str]) -> None:
    fewer = ["--limit", "20"] if arguments == ["sync", "--sandbox"] else []  # the demo's test buys for all of them
    (project.folder / "people.csv").write_text("Name,Website\nKapil Khangaonkar,clodura.ai\n", encoding="utf-8")
    done = project.run(*arguments, *fewer)
    assert done.exit_code in (0, 3), done.stderr  # a budget may be used up


#: the demo for some of its people: every run takes the limit
_FEWER = """
import subprocess
def run(command, *, before=subprocess.run, **named):
    return before([*command, "--limit", "{people}"], **named)
subprocess.run = run
"""
_DEMO = "import sys\nfrom scripts.demo import main\nsys.exit(main(sys.argv[1:]))\n"


@pytest.mark.parametrize("people", [60, pytest.param(1000, marks=pytest.mark.thorough)])
def test_the_demo_prints_what_it_says_and_its_queries_answer(tmp_path: Path, people: int) -> None:
    folder = tmp_path / "demo"
    code = (_FEWER.format(people=people) if people < 1000 else "") + _DEMO
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    printed = " ".join(done.stdout.split())
    assert f"{people:,} people seen, {people:,} new; " in printed
    assert "The second run bought nothing and changed no row of " in printed
    (promised,) = [block for block in _blocks("") if "people seen" in block]
    for line in promised.splitlines() if people == 1000 else ():
        if line != "...":
            assert line in printed
    project = Project(folder, Server("", ""))
    for statement in "".join(_blocks("sql")).split(";"):
        if statement.strip():
            assert project.sql(statement), statement


def test_the_dlt_source_runs_as_shown(vendor: Server, tmp_path: Path) -> None:
    vendor.reset(people=400, seed=3)
    (code,) = _blocks("python")
    env = {
        **os.environ,
        "SOURCES__CLODURA__BASE_URL": vendor.url,
        "SOURCES__CLODURA__API_KEY": vendor.api_key,
        "SOURCES__CLODURA__RATE_LIMITS": '["1000/second"]',
        "HOME": str(tmp_path),
        "DLT_DATA_DIR": str(tmp_path / "dlt"),
    }
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path, env=env
    )
    assert done.returncode == 0, done.stderr
    assert "person_id" in done.stdout


def test_every_setting_and_its_default_is_listed() -> None:
    table = README.split("## Settings")[1].split("## Tables")[0]
    for model in SECTIONS.values():
        for name, field in model.model_fields.items():
            assert f"{name}`" in table, name
            if isinstance(field.default, int | float) and not isinstance(field.default, bool):
                assert f"`{field.default:.10g}`" in table, name
            if isinstance(field.default, str):
                assert field.default in table, name
    assert f"`{json.dumps(SECTIONS['clodura'].model_fields['rate_limits'].default)}`" in table


def test_every_option_of_sync_is_listed(project: Project) -> None:
    shown = project.run("sync", "--help").stdout
    options = set(re.findall(r"--[a-z]+", shown)) - {"--help", "--debug"}
    assert options <= set(re.findall(r"--[a-z]+", README)), options
