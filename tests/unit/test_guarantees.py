"""docs/guarantees.md names a test for each promise: each exists, and none is left out of a plain `make test`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guarantees.md"
NAMED = re.findall(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", PAGE.read_text())


def _functions(path: Path) -> dict[str, list[str]]:
    """The test functions of a file, each with its decorators' source."""
    tree = ast.parse(path.read_text())
    return {
        node.name: [ast.unparse(decorator) for decorator in node.decorator_list]
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def test_every_promise_names_a_test() -> None:
    promised, plain = PAGE.read_text().split("## What is NOT promised")
    sections = promised.split("\n### ")[1:]
    assert len(sections) >= 8
    for section in sections:
        assert re.search(r"\[`test_\w+`\]", section), section.splitlines()[0]
    assert plain.count("\n**") >= 10


@pytest.mark.parametrize(("name", "file"), NAMED)
def test_what_is_named_exists_and_runs_by_default(name: str, file: str) -> None:
    decorators = _functions(ROOT / file)[name]
    assert "pytest.mark.thorough" not in decorators
    assert not any("skip" in decorator for decorator in decorators)


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGE.read_text()):
        assert (PAGE.parent / target).exists(), target
