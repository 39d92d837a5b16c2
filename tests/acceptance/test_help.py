"""`leadsync --help`, and that of every command: there at once, because nothing heavy is imported for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

#: what takes longer to import than everything that help needs
HEAVY = """
    aiohttp alembic anyio dlt duckdb email_validator filelock httpx markdown_it orjson phonenumbers pyarrow pydantic
    pydantic_core pygments rich sqlalchemy sqlglot starlette structlog uvicorn uvloop
""".split()
#: says of each command line in turn what it printed, its exit code, and what of HEAVY is there by then
_CHILD = """
import contextlib, io, json, sys
from pipelines.cli import app
heavy, *lines = json.loads(sys.argv[1])
told = []
for line in lines:
    out, code = io.StringIO(), None
    with contextlib.redirect_stdout(out):
        try:
            app(line, prog_name="leadsync")
        except SystemExit as ended:
            code = ended.code
    told.append([out.getvalue(), code, sorted(set(heavy) & set(sys.modules))])
print(json.dumps([told, [command.name for command in app.registered_commands]]))
"""


def _told(folder: Path, *lines: list[str]) -> tuple[list[list[Any]], list[str]]:
    """What one process says of these command lines, and the commands there are."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, json.dumps([HEAVY, *lines])],
        capture_output=True, text=True, cwd=folder, check=True,
    )  # fmt: skip
    told, commands = json.loads(done.stdout)
    return told, commands


@pytest.mark.parametrize("line", [["--help"], ["-h"], ["--version"]], ids=" ".join)
def test_help_imports_nothing_heavy(tmp_path: Path, line: list[str]) -> None:
    ((text, code, heavy),), _ = _told(tmp_path, line)
    assert (code, heavy) == (0, [])
    assert "leadsync" in text


def test_neither_does_that_of_any_command(tmp_path: Path) -> None:
    _, commands = _told(tmp_path)
    told, _ = _told(tmp_path, *([name, "--help"] for name in commands))
    assert {name: (code, heavy) for name, (_, code, heavy) in zip(commands, told, strict=True)} == dict.fromkeys(
        commands, (0, [])
    )
    for name, (text, _, _) in zip(commands, told, strict=True):
        assert text.startswith(f"Usage: leadsync {name}")


def test_each_command_is_listed_with_all_that_its_first_paragraph_says(tmp_path: Path) -> None:
    ((text, _, _),), commands = _told(tmp_path, ["--help"])
    listed = " ".join(text.partition("Commands:")[2].split())
    assert "..." not in listed
    assert all(name in listed for name in commands)
    assert "Buys nothing; sends nothing without --probe." in listed
