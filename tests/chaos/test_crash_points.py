"""The process dies at every named moment of a run, one after the other; the next run must go on as if nothing had been.

Each case is a chain in one folder: a run that dies (`os._exit`) when a moment comes, then one for some more people that
dies at the next moment, and so on; the last one goes on to the end. The vendor's books must show nothing bought twice,
and the tables must be those of an uninterrupted run but for calls that are in doubt: those that were on the wire when a
run died. `make thorough` tries each moment by itself, the busy ones at a later time, too.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import sandbox
from sandbox import Server
from tests.chaos import points
from tests.chaos.scenarios import DIE, DIED, MOST, PEOPLE, RECORD, SCENARIOS, SEED, Scenario
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

Whole = Callable[[bool], Rows]
#: moments of one chain
CHAIN = 14


@pytest.fixture(scope="module")
def vendor() -> Iterator[Server]:
    with sandbox.running(people=PEOPLE, seed=SEED) as server:
        yield server


@pytest.fixture(scope="module")
def uninterrupted(vendor: Server, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """What a run leaves that nothing happened to, by how many vendors it asks."""

    @cache
    def rows(two: bool) -> Rows:
        whole = (
            SCENARIOS["two vendors"] if two else Scenario({"job_seconds": 0.05}, [], {"enrichment": {"verify": "all"}})
        )
        project = whole.start(vendor, tmp_path_factory.mktemp("whole"))
        done = project.sync()
        assert done.exit_code == whole.end, done.stderr
        assert in_doubt(project) == set()
        wanted = tables(project)
        lost = {name for name, rows in wanted.items() if len(rows) < 2} - ({"email_verifications"} if two else set())
        assert lost == set()  # there is something to lose
        return wanted

    return rows


def _unanswered(project: Project) -> set[Bought]:
    """What the ledger of a process that died says was on the wire, or had lost its answer."""
    with sqlite3.connect(project.folder / ".leadsync" / "ledger.db") as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'calls'").fetchone():
            return set()
        query = "SELECT operation, person_id FROM calls WHERE state IN ('sent', 'in_doubt')"
        return set(connection.execute(query))


def _chains() -> Iterator[Any]:
    for scenario, kind in SCENARIOS.items():
        firsts = [name for name in kind.moments if name in points.FIRST]
        others = [name for name in kind.moments if name not in points.FIRST]
        marks = pytest.mark.thorough if kind.thorough else ()
        count = -(-len(kind.moments) // CHAIN)
        firsts += [others.pop(0) for _ in range(count - len(firsts))]
        for number, first in enumerate(firsts):
            chain = [first, *others[number :: len(firsts)]]
            yield pytest.param(scenario, chain, 1, id=f"{scenario}-{number}", marks=marks)
    for scenario, kind in SCENARIOS.items():
        for name in kind.moments:
            yield pytest.param(scenario, [name], 1, id=f"{scenario}-{name}", marks=pytest.mark.thorough)
            if name in points.BUSY and kind.sixtyfour is None:  # of few requests for many there is no fifth
                yield pytest.param(scenario, [name], 5, id=f"{scenario}-{name}-5", marks=pytest.mark.thorough)


@pytest.mark.parametrize(("scenario", "moments", "time"), [*_chains()])
def test_runs_that_die_there_cost_nothing_twice_and_lose_nothing(
    scenario: str,
    moments: Sequence[str],
    time: int,
    vendor: Server,
    uninterrupted: Whole,
    tables_made: Path,
    tmp_path: Path,
) -> None:
    kind = SCENARIOS[scenario]
    wanted = uninterrupted(kind.sixtyfour is not None)
    if not kind.new:
        shutil.copytree(tables_made, tmp_path, dirs_exist_ok=True)
    project = kind.start(vendor, tmp_path)
    unanswered: set[Bought] = set()
    for number, moment in enumerate(moments, 1):
        limit = ["--limit", str(kind.more * number)] if kind.limited and len(moments) > 1 else []
        died = project.run("sync", "--json", *limit, *kind.arguments, prelude=DIE % (time, moment) + kind.prelude)
        assert died.exit_code == DIED, f"{moment} never came: {died.stderr}"
        unanswered |= _unanswered(project)
    # the last one, that nothing happens to, goes fast
    project.env["SOURCES__CLODURA__RATE_LIMITS"] = "5000/second"
    project.env["ENRICHMENT__FLUSH_EVERY"], project.env["ENRICHMENT__MAX_UNANSWERED"] = "30", "50"
    rest = project.sync()
    doubtful = in_doubt(project)
    assert rest.exit_code == kind.end or (rest.exit_code == 0 and doubtful), rest.stderr
    assert_nothing_bought_twice(project)
    assert_charges_within_bounds(project)
    assert doubtful <= unanswered
    requests = project.one("SELECT count(DISTINCT request_id) FROM crm.calls WHERE state = 'in_doubt'")
    assert requests <= MOST * (len(moments) + bool(kind.preceded_by))
    if not kind.verifies:
        doubtful |= {("verify_email", str(row[1])) for row in wanted["email_verifications"]}
    assert_same_but_for(doubtful, tables(project), wanted, kind.hangs_on)


def _scenarios(*default: str) -> list[Any]:
    return [pytest.param(name, marks=() if name in default else pytest.mark.thorough) for name in SCENARIOS]


@pytest.mark.parametrize("scenario", _scenarios("webhooks", "polling", "two vendors"))
def test_the_moments_listed_are_all_there_are(scenario: str, vendor: Server, tmp_path: Path) -> None:
    """A commit or a send that is added to a run must be added to tests/chaos/points.py, and so be tested."""
    kind = SCENARIOS[scenario]
    project = kind.start(vendor, tmp_path)
    done = project.run("sync", "--json", *kind.arguments, prelude=RECORD + kind.prelude)
    assert done.exit_code == kind.exit_code, done.stderr
    reached = set((tmp_path / "moments.txt").read_text().split())
    assert set(kind.moments) <= reached
    assert reached <= {moment for other in SCENARIOS.values() for moment in other.moments}
