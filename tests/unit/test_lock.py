"""requirements.lock: in step, pinned, hashed, and naming no address."""

from __future__ import annotations

import pytest

from scripts.lock import LOCK, MARK, PYPROJECT, check, digest

PROJECT = """
[project]
requires-python = ">=3.11"
dependencies = ["some-thing>=2,<3"]
[project.optional-dependencies]
dev = ["Other_Tool>=1"]
[build-system]
requires = []
"""
ENTRIES = "other-tool==1.5 \\\n    --hash=sha256:00\nsome-thing==2.1 ; python_version < '4' \\\n    --hash=sha256:11\n"
GOOD = f"{MARK}{digest(PROJECT)}\n{ENTRIES}"


def test_a_good_one_passes() -> None:
    assert check(PROJECT, GOOD) == []


def test_ours_is_good() -> None:
    assert check(PYPROJECT.read_text(encoding="utf-8"), LOCK.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("project", "lock", "told"),
    [
        (PROJECT.replace(">=2,<3", ">=2.1,<3"), GOOD, "out of step"),
        (PROJECT, ENTRIES, "out of step"),
        (PROJECT, GOOD.replace("some-thing==2.1", "some-thing==1.9"), "some-thing>=2,<3 is not satisfied by 1.9"),
        (PROJECT, GOOD.replace("other-tool==1.5", "another==1.5"), "Other_Tool>=1 is not satisfied by nothing"),
        (PROJECT, GOOD.replace("    --hash=sha256:11\n", ""), "neither pinned nor hashed: some-thing"),
        (PROJECT, GOOD + "a @ https://example.com/a.whl\n", "names an address"),
    ],
)
def test_what_is_wrong_is_told(project: str, lock: str, told: str) -> None:
    assert any(told in problem for problem in check(project, lock))
