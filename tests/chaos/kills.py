"""`make chaos`: a real `leadsync sync` killed with SIGKILL at seeded random moments, again and again, then left to end.

    python -m tests.chaos.kills --kills 200 --seed 1 [--write docs/chaos.md]

Each campaign has a folder, a vendor and people of its own, and one way in which answers come. Killed runs follow one
another until the campaign's kills are used up; then a run goes on to the end, and another one must find nothing to do.
What is checked is in `tests.support.compared`: nothing bought twice, every charge within the bounds of the books, and
the tables of an uninterrupted run, but for calls that are listed as in doubt, of which each kill may leave those of
``max_unanswered`` requests. Where `leadsync serve` stayed up, no answer may be missing at all.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sandbox
from sandbox import Server
from tests.support.compared import (
    assert_charges_within_bounds,
    assert_nothing_bought_twice,
    assert_same_but_for,
    in_doubt,
    jobs,
    tables,
)
from tests.support.project import BOTH, Project

PEOPLE, MOST_UNANSWERED, KILLS_EACH = 160, 4, 20
#: seconds of a run within which it is killed; starting takes about one
EARLIEST, LATEST = 0.1, 4.0
#: how answers come; "two vendors": the second one, asked for what the first has not, takes many people in a request
KINDS = ("sync listens", "polling only", "serve stays up", "two vendors")
SERVED = ("serve stays up", "two vendors")
BEHAVIOUR: dict[str, Any] = {
    "job_seconds": [0.05, 0.4],
    "latency": [0.0, 0.03],
    "webhook_delay": [0.0, 0.1],
    "sixtyfour_job_seconds": [0.05, 0.4],
    "sixtyfour_webhook_delay": [0.0, 0.1],
    "sixtyfour_bulk_order": "shuffled",
    "sixtyfour_rate_limit": 0,
    "faults": [
        {"operation": "any", "fault": "429", "probability": 0.02},
        {"operation": "search", "fault": "503", "probability": 0.2},
    ],
}
LEADSYNC = [str(Path(sys.executable).with_name("leadsync"))]

PAGE = """# Killed at random

A real `leadsync sync` for {people} people is killed with SIGKILL at random moments, {earliest} to {latest} s after its
start, and started again, until a campaign's kills are used up; then it may end, and another run must find nothing to
do. After each campaign no job may be in the vendor's books twice, every charge must lie within the bounds of ours, and
the tables must be those of an uninterrupted run but for calls that are listed as in doubt, at most those of {most}
requests (`max_unanswered`) a kill; where `leadsync serve` stayed up, as it does beside two vendors, none of what a
vendor has done may be missing.

This page is written by `make chaos`:

{table}

{summary}. {day}, {machine}; {versions}. Again: `{command}`.
"""


@dataclass(frozen=True)
class Figures:
    """What came of one campaign. ``killed``: runs that were still at work; ``bought``: jobs in the vendor's books."""

    kind: str
    seed: int
    killed: int
    ended_before: int
    bought: int
    bought_twice: int
    in_doubt: int
    found_missing: int
    seconds: float


def campaign(kind: str, seed: int, kills: int, server: Server, folder: Path) -> Figures:
    """Kill and go on; AssertionError where a promise is broken."""
    started = time.monotonic()
    dice = random.Random(f"{kind}:{seed}")
    calm = {"job_seconds": 0.05, "sixtyfour_job_seconds": 0.05, "sixtyfour_rate_limit": 0}
    whole = _project(folder / "whole", server, seed, kind if kind == "two vendors" else KINDS[0], behaviour=calm)
    assert _sync(whole, 60) == 0
    wanted = tables(whole)
    project = _project(folder / "killed", server, seed, kind, behaviour=BEHAVIOUR)
    killed = 0
    with _serving(project, kind):
        for _ in range(kills):
            killed += _sync(project, dice.uniform(EARLIEST, LATEST), rate="25/second") is None
        assert _sync(project, 120) == 0
        before = (jobs(project), tables(project))
        assert _sync(project, 120) == 0
        assert (jobs(project), tables(project)) == before  # R8: a run that finds nothing new buys and changes nothing
    assert_nothing_bought_twice(project)
    assert_charges_within_bounds(project)
    doubtful = in_doubt(project)
    requests = project.one("SELECT count(DISTINCT request_id) FROM crm.calls WHERE state = 'in_doubt'")
    assert requests <= killed * MOST_UNANSWERED
    assert_same_but_for(doubtful, tables(project), wanted)
    bought = jobs(project)
    missing = {thing for thing in doubtful if thing in bought}
    assert not missing or kind not in SERVED
    return Figures(
        kind=kind,
        seed=seed,
        killed=killed,
        ended_before=kills - killed,
        bought=sum(bought.values()),
        bought_twice=sum(count > 1 for count in bought.values()),
        in_doubt=len(doubtful),
        found_missing=len(missing),
        seconds=round(time.monotonic() - started, 1),
    )


def _project(folder: Path, server: Server, seed: int, kind: str, behaviour: dict[str, Any]) -> Project:
    server.reset(people=PEOPLE, seed=seed, behaviour=behaviour)
    folder.mkdir(parents=True)
    project = Project(folder, server)
    webhook: dict[str, Any] = {"port": _free_port()}
    if kind == "polling only":
        webhook = {"mode": "poll"}
    enrichment = {"max_unanswered": MOST_UNANSWERED, "flush_every": 0.5, "poll_interval": 0.2, "webhook_grace": 0.5}
    two = kind == "two vendors"
    project.configure(
        enrichment={**(BOTH if two else {}), **enrichment}, webhook=webhook, sixtyfour={} if two else None
    )
    return project


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _sync(project: Project, seconds: float, rate: str = "5000/second") -> int | None:
    """`leadsync sync`, killed after so many seconds; its exit code, None where it was killed."""
    env = {**os.environ, "SOURCES__CLODURA__RATE_LIMITS": rate}
    with tempfile.TemporaryFile("w+") as told:
        process = subprocess.Popen(
            [*LEADSYNC, "sync", "--json"],
            cwd=project.folder,
            env=env,
            stdout=told,
            stderr=told,
            start_new_session=True,
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None
        told.seek(0)
        assert code == 0, told.read()
        return code


@contextmanager
def _serving(project: Project, kind: str) -> Iterator[None]:
    """`leadsync serve` beside it, where the campaign has one."""
    if kind not in SERVED:
        yield
        return
    process = subprocess.Popen(
        [*LEADSYNC, "serve"], cwd=project.folder, start_new_session=True, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def campaigns(kills: int, seed: int) -> list[tuple[str, int, int]]:
    """(kind, seed, kills) of each campaign: all kinds in turn, until the kills are used up."""
    planned: list[tuple[str, int, int]] = []
    while kills > 0:
        planned.append((KINDS[len(planned) % len(KINDS)], seed + len(planned), min(KILLS_EACH, kills)))
        kills -= KILLS_EACH
    return planned


def main() -> None:
    """Run all campaigns, a line each; exit code 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="a page for the figures")
    asked = parser.parse_args()
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"
    figures: list[Figures] = []
    with sandbox.running(people=PEOPLE, seed=asked.seed) as server:
        for kind, seed, kills in campaigns(asked.kills, asked.seed):
            with tempfile.TemporaryDirectory() as folder:
                figures.append(campaign(kind, seed, kills, server, Path(folder)))
            print(" ".join(f"{name}={value}" for name, value in asdict(figures[-1]).items()), flush=True)
    told = summary(figures)
    print(told)
    if asked.write is not None:
        asked.write.write_text(page(figures, asked.kills, asked.seed))


def summary(figures: list[Figures]) -> str:
    """All campaigns in a line."""
    summed = {
        name: sum(getattr(one, name) for one in figures)
        for name in ("killed", "bought", "bought_twice", "in_doubt", "found_missing")
    }
    return (
        f"{summed['killed']} runs killed, {summed['bought']} jobs bought, {summed['bought_twice']} twice; "
        f"{summed['in_doubt']} calls in doubt, {summed['found_missing']} of them bought"
    )


def page(figures: list[Figures], kills: int, seed: int) -> str:
    """docs/chaos.md."""
    columns = {
        "kind": "answers come by",
        "seed": "seed",
        "killed": "runs killed",
        "ended_before": "ended before",
        "bought": "jobs bought",
        "bought_twice": "twice",
        "in_doubt": "in doubt",
        "found_missing": "of these bought",
        "seconds": "s",
    }
    head = [f"| {' | '.join(columns.values())} |", f"|{'---|' * len(columns)}"]
    rows = [f"| {' | '.join(str(asdict(one)[name]) for name in columns)} |" for one in figures]
    return PAGE.format(
        command=f"python -m tests.chaos.kills --kills {kills} --seed {seed}",
        people=PEOPLE,
        most=MOST_UNANSWERED,
        earliest=EARLIEST,
        latest=LATEST,
        table="\n".join([*head, *rows]),
        summary=summary(figures),
        day=time.strftime("%Y-%m-%d", time.gmtime()),
        machine=f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        versions=", ".join(
            [
                f"Python {platform.python_version()}",
                f"SQLite {sqlite3.sqlite_version}",
                *(f"{name} {version(name)}" for name in ("leadsync", "dlt", "duckdb", "httpx")),
            ]
        ),
    )


if __name__ == "__main__":
    main()
