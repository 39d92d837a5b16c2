"""The process dies at every named moment of a run, one after the other; the next run must end as if nothing had been.

Each case: a run that dies (`os._exit`) when a moment comes, then one that goes on to the end. The vendor's books must
show nothing bought twice, and the tables must be those of an uninterrupted run but for calls that are in doubt: those
that were on the wire at that very moment.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import sandbox
from sandbox import Server
from tests.chaos import points
from tests.support.compared import (
    Bought,
    Rows,
    assert_charges_within_bounds,
    assert_nothing_bought_twice,
    assert_same_but_for,
    in_doubt,
    tables,
)
from tests.support.project import Project

PEOPLE, SEED, MOST = 10, 3, 4
DIED = 137

_RECORD = """
import os
from sources import crashpoints
places = os.open("moments.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
crashpoints.arm(lambda name: os.write(places, f"{name}\\n".encode()))
"""
_DIE = """
import os
from sources import crashpoints
left = [%d]
def watch(name):
    if name == %r:
        left[0] -= 1
        if left[0] == 0:
            os._exit(137)
crashpoints.arm(watch)
"""
#: Ctrl-C while calls wait for their turn
_INTERRUPT = """
import os, signal
from sources import crashpoints
then, told = crashpoints._watcher, []
def watch(name):
    if name == "ledger.after:sending.Sender._answered":
        told.append(name)
        if len(told) == 3:
            os.kill(os.getpid(), signal.SIGINT)
    then(name)
crashpoints.arm(watch)
"""


@dataclass(frozen=True)
class Scenario:
    """A kind of run: what the vendor does, what the settings say, what a run's end is."""

    behaviour: Mapping[str, Any]
    moments: list[str]
    settings: dict[str, Any]
    #: limits on requests
    clodura: dict[str, Any] | None = None
    #: whether the folder is empty; else its tables are made already
    new: bool = False
    prelude: str = ""
    arguments: tuple[str, ...] = ()
    #: how a run that dies before all this begins
    preceded_by: str = ""
    exit_code: int = 0

    def start(self, vendor: Server, folder: Path) -> Project:
        """A new folder and empty books."""
        vendor.reset(people=PEOPLE, seed=SEED, behaviour=self.behaviour)
        project = Project(folder, vendor)
        project.configure(clodura=self.clodura, **self.settings)
        if self.preceded_by:
            assert project.run("sync", "--json", prelude=self.preceded_by).exit_code == DIED
        return project


_FAULTS = [
    {"operation": "reveal_email", "fault": "429", "nth": [3]},
    {"operation": "reveal_phone", "fault": "503_after", "nth": [2]},
]
_BUYING = {"verify": "all", "max_unanswered": MOST}
_BUSY_VENDOR: Mapping[str, Any] = {
    "job_seconds": 0.05, "verify_seconds": 0.05, "verify_finish": "queued", "faults": _FAULTS
}  # fmt: skip
_COUNTED = {"rate_limits": ["5000/second", "100000/minute"]}
SCENARIOS = {
    "webhooks": Scenario(_BUSY_VENDOR, points.WEBHOOKS, {"enrichment": _BUYING}, _COUNTED),
    "polling": Scenario(
        {"job_seconds": 0.02, "verify_seconds": 0.02, "faults": _FAULTS[:1]},
        points.POLLING,
        {"enrichment": {**_BUYING, "poll_interval": 0.1}, "webhook": {"mode": "poll"}},
    ),
    "interrupted": Scenario(
        {"job_seconds": 0.05},
        points.INTERRUPTED,
        {"enrichment": {"max_unanswered": MOST}},
        {"rate_limits": ["2/second"]},
        prelude=_INTERRUPT,
        exit_code=3,
    ),
    "hurried": Scenario(
        {"job_seconds": 0.6},
        points.HURRIED,
        {"enrichment": {"max_unanswered": MOST}},
        arguments=("--wait", "0.1s"),
        exit_code=3,
    ),
    "flushing": Scenario(  # rows are loaded while their calls are under way
        {"job_seconds": 0.8},
        points.FLUSHING,
        {"enrichment": {"max_unanswered": MOST, "flush_every": 0.2}},
    ),
    "new": Scenario({"job_seconds": 0.05}, points.NEW, {"enrichment": {"max_unanswered": MOST}}, new=True),
    "resumed": Scenario(
        _BUSY_VENDOR,
        points.RESUMED,
        {"enrichment": _BUYING},
        _COUNTED,
        preceded_by=_DIE % (3, "submit.after:reveal_email"),
    ),
}


@pytest.fixture(scope="module")
def vendor() -> Iterator[Server]:
    with sandbox.running(people=PEOPLE, seed=SEED) as server:
        yield server


@pytest.fixture(scope="module")
def uninterrupted(vendor: Server, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """What a run leaves that nothing happened to."""
    kind = Scenario({"job_seconds": 0.05}, [], {"enrichment": _BUYING})
    project = kind.start(vendor, tmp_path_factory.mktemp("whole"))
    done = project.sync()
    assert done.exit_code == 0, done.stderr
    assert in_doubt(project) == set()
    wanted = tables(project)
    assert {name for name, rows in wanted.items() if len(rows) < 2} == set()  # there is something to lose
    return wanted


def _unanswered(project: Project) -> set[Bought]:
    """What the ledger of a process that died says was on the wire, or had lost its answer."""
    with sqlite3.connect(project.folder / ".leadsync" / "ledger.db") as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'calls'").fetchone():
            return set()
        query = "SELECT operation, person_id FROM calls WHERE state IN ('sent', 'in_doubt')"
        return set(connection.execute(query))


def _cases() -> Iterator[Any]:
    for scenario, kind in SCENARIOS.items():
        for name in kind.moments:
            yield pytest.param(scenario, name, 1, id=f"{scenario}-{name}")
            if name in points.BUSY:
                yield pytest.param(scenario, name, 5, id=f"{scenario}-{name}-5", marks=pytest.mark.thorough)


@pytest.mark.parametrize(("scenario", "moment", "time"), [*_cases()])
def test_a_run_that_dies_there_costs_nothing_twice_and_loses_nothing(
    scenario: str, moment: str, time: int, vendor: Server, uninterrupted: Rows, tables_made: Path, tmp_path: Path
) -> None:
    kind = SCENARIOS[scenario]
    if not kind.new:
        shutil.copytree(tables_made, tmp_path, dirs_exist_ok=True)
    project = kind.start(vendor, tmp_path)
    died = project.run("sync", "--json", *kind.arguments, prelude=_DIE % (time, moment) + kind.prelude)
    assert died.exit_code == DIED, died.stderr
    unanswered = _unanswered(project)
    project.env["SOURCES__CLODURA__RATE_LIMITS"] = "5000/second"
    rest = project.sync()
    assert rest.exit_code == 0, rest.stderr
    assert_nothing_bought_twice(project)
    assert_charges_within_bounds(project)
    doubtful = in_doubt(project)
    assert doubtful <= unanswered
    assert len(doubtful) <= MOST * (2 if kind.preceded_by else 1)
    wanted = uninterrupted
    if "verify" not in kind.settings["enrichment"]:
        doubtful |= {("verify_email", str(row[1])) for row in wanted["email_verifications"]}
    assert_same_but_for(doubtful, tables(project), wanted)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_moments_listed_are_all_there_are(scenario: str, vendor: Server, tmp_path: Path) -> None:
    """A commit or a send that is added to a run must be added to tests/chaos/points.py, and so be tested."""
    kind = SCENARIOS[scenario]
    project = kind.start(vendor, tmp_path)
    done = project.run("sync", "--json", *kind.arguments, prelude=_RECORD + kind.prelude)
    assert done.exit_code == kind.exit_code, done.stderr
    reached = set((tmp_path / "moments.txt").read_text().split())
    assert set(kind.moments) <= reached
    assert reached <= {moment for other in SCENARIOS.values() for moment in other.moments}
