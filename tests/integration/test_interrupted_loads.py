"""A load that ends at any step: the next run repairs it, and every table is, row by row, what it would have been."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.forked import Forked
from tests.support.loads import Home
from tests.support.project import Finished, finish

FIRST = ("ann", "bob", "cid", "dan", "eve", "fay")
THEN = ("gus", "hal", "ida")

#: loads what is owed, in a process of its own that meets its end (or an error) at a step of dlt's
_LOAD = """
import os
from pathlib import Path
from pipelines.environment import quiet_dlt
quiet_dlt()
{patch}
from tests.support.loads import Home
with Home(Path.cwd()).open() as opened:
    {armed}
    opened.flush({people})
print("loaded")
os._exit(0)
"""
_PATCH = """
from importlib import import_module
kind = getattr(import_module("{module}"), "{kind}")
before = kind.{method}
calls = [0]
def method(self, *given, **named):
    calls[0] += bool(armed)
    due = calls[0] == {nth}
    if due and "{when}" == "before":
        end()
    found = before(self, *given, **named)
    if due and "{when}" == "after":
        end()
    return found
kind.{method} = method
armed = []
def end():
    {how}
"""
DIE, RAISE = "os._exit(9)", "raise RuntimeError('as if the destination went away')"

Where = tuple[str, str, str]
EXTRACT: Where = ("dlt.extract.extract", "Extract", "commit_packages")
NORMALIZE: Where = ("dlt.normalize.normalize", "Normalize", "spool_schema_files")
#: dlt notes that a job is done, which the destination has committed already
JOB: Where = ("dlt.common.storages.load_package", "PackageStorage", "complete_job")
#: dlt notes in the destination that the package is loaded
LOADED: Where = ("dlt.destinations.job_client_impl", "SqlJobClientBase", "complete_load")
#: dlt notes in its folder that the package is loaded
PACKAGE: Where = ("dlt.common.storages.load_storage", "LoadStorage", "complete_load_package")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one load behind it, and purchases and changes that are owed."""
    home = Home(tmp_path_factory.mktemp("started"))
    home.buy(*FIRST)
    with home.open() as opened:
        opened.flush(*FIRST)
    home.buy(*THEN)
    with home.open() as opened:
        opened.ledger.call(
            lambda c: c.exec_driver_sql("UPDATE calls SET note = 'seen', version = version + 1") and None
        )
    return home.folder


@pytest.fixture
def home(started: Path, tmp_path: Path) -> Home:
    shutil.copytree(started, tmp_path, dirs_exist_ok=True)
    return Home(tmp_path)


def _interrupt(home: Home, where: Where, when: str, nth: int, how: str) -> Finished:
    module, kind, method = where
    patch = _PATCH.format(module=module, kind=kind, method=method, when=when, nth=nth, how=how)
    people = ", ".join(map(repr, (*FIRST[:2], *THEN)))
    script = _LOAD.format(patch=patch, armed="armed.append(True)", people=people)
    return finish(Forked(["--version"], home.folder, {}, prelude=script))


def _repaired(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    with home.open() as opened:
        opened.flush(*FIRST[:2], *THEN)  # the next search finds them again
        assert opened.flush() == []  # and nothing is owed any more
    return home.rows()


@pytest.fixture(scope="module")
def whole(started: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """What the tables hold where nothing is interrupted: a merge of new rows with some that were there."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(started, folder, dirs_exist_ok=True)
    rows = _repaired(Home(folder))
    assert {table: len(rows[table]) for table in ("people", "calls", "emails")} == {
        "people": 9,
        "calls": 9,
        "emails": 12,
    }
    assert all(row for row in rows["calls"] if "seen" in row)
    return rows


def _thorough(*values: Any) -> Any:
    return pytest.param(*values, marks=pytest.mark.thorough)


@pytest.mark.parametrize(
    ("where", "when", "nth"),
    [
        (EXTRACT, "before", 1),
        _thorough(EXTRACT, "after", 1),
        _thorough(NORMALIZE, "after", 1),
        _thorough(NORMALIZE, "before", 1),
        *(((JOB, "before", nth) if nth == 2 else _thorough(JOB, "before", nth)) for nth in range(1, 11)),
        *(_thorough(JOB, "after", nth) for nth in (1, 5, 10)),
        _thorough(LOADED, "before", 1),
        _thorough(LOADED, "after", 1),
        (PACKAGE, "before", 1),
        _thorough(PACKAGE, "after", 1),
    ],
    ids=lambda value: value[2] if isinstance(value, tuple) else str(value),
)
def test_a_process_that_dies_in_a_load_leaves_nothing_double_and_nothing_missing(
    home: Home, whole: dict[str, list[tuple[Any, ...]]], where: Where, when: str, nth: int
) -> None:
    done = _interrupt(home, where, when, nth, DIE)
    assert (done.exit_code, done.stdout) == (9, ""), done.stderr
    assert _repaired(home) == whole


@pytest.mark.parametrize(
    ("where", "nth"),
    [
        _thorough(EXTRACT, 1),
        _thorough(NORMALIZE, 1),
        (JOB, 3),
        _thorough(JOB, 9),
        _thorough(LOADED, 1),
        _thorough(PACKAGE, 1),
    ],
    ids=lambda value: value[2] if isinstance(value, tuple) else str(value),
)
def test_a_load_that_fails_is_told_and_the_next_one_repairs_it(
    home: Home, whole: dict[str, list[tuple[Any, ...]]], where: Where, nth: int
) -> None:
    done = _interrupt(home, where, "before", nth, RAISE)
    assert done.exit_code == 1
    assert re.search(
        r"DestinationError: Loading into .* failed in dlt's step (extract|normalize|load|run)", done.stderr
    )
    assert "Nothing that was bought is lost" in done.stderr
    assert _repaired(home) == whole
