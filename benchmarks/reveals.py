"""What a bought answer costs in calls, how near a run comes to the rate limit and whether it ever passes it.

    .venv/bin/python -m benchmarks.reveals [PEOPLE [CALLS_A_SECOND]]

`leadsync sync` in processes of its own against the sandbox, in whose books everything is counted: calls are those of
all operations but searches and the look-up of the balance; an answer is a call that was settled. Three bars:

* with webhooks, which come some time after the job's end: at most 1.02 calls an answer;
* by polling alone, for jobs of several lengths: at most 2.2;
* 2,000 e-mails at a limit of 200 calls a second, each job taking 2 s: at least 0.9 of what the limit allows, never more
  than the limit in any second. The wait for the last jobs is no part of it. Then once more without a limit to speak of.

Speeds mean something on a machine that does nothing else. Exit code 1 where a bar is missed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sandbox
from benchmarks.measuring import Figure, as_text, end

#: calls an answer at most: with webhooks, by polling alone; the least share of the limit that is made use of
WEBHOOKS, POLLING, SHARE = 1.02, 2.2, 0.9
#: people whose answers are polled for, in each of the runs
POLLED = 200
#: how long jobs take, in seconds
JOBS: Sequence[float | tuple[float, float]] = (0.2, 2.0, (1.0, 4.0), 8.0, (5.0, 30.0))
UNLIMITED = 5000


@dataclass(frozen=True)
class Run:
    """What the sandbox's books say of a run."""

    answers: int
    calls: Sequence[Mapping[str, Any]]

    @property
    def calls_an_answer(self) -> float:
        """Calls of all operations but searches and balances, for each answer."""
        return sum(call["operation"] not in ("search", "credits") for call in self.calls) / max(1, self.answers)

    @property
    def speed(self) -> float:
        """Reveals a second, from the first to the last."""
        times = [call["time"] for call in self.calls if call["operation"] == "reveal_email"]
        return float((len(times) - 1) / (max(times) - min(times)))

    @property
    def fullest(self) -> int:
        """The most calls of all kinds that arrived in any one second."""
        times = sorted(call["time"] for call in self.calls)
        most = first = 0
        for number, time in enumerate(times):
            while time - times[first] >= 1.0:
                first += 1
            most = max(most, number - first + 1)
        return most


def run(people: int, rate: int, behaviour: Mapping[str, object], settings: str = "") -> Run:
    """One `leadsync sync` that buys everybody's e-mail."""
    with sandbox.running(people=people, seed=1, behaviour=behaviour) as server:
        folder = Path(tempfile.mkdtemp(prefix="leadsync-bench-"))
        (folder / ".dlt").mkdir()
        (folder / ".dlt" / "config.toml").write_text(
            f'[sources.clodura]\nbase_url = "{server.url}"\nrate_limits = ["{rate}/second"]\n'
            f"[sources.clodura.searches.all]\n[enrichment]\nmax_credits_per_run = {people * 6}\n"
            f"max_credits_per_day = {people * 6}\n{settings}",
            encoding="utf-8",
        )
        (folder / ".dlt" / "secrets.toml").write_text(f'[sources.clodura]\napi_key = "{server.api_key}"\n', "utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", "sync", "--json", "--enrich", "email"],
            cwd=folder, capture_output=True, check=True,
        )  # fmt: skip
        return Run(json.loads(done.stdout)["calls_settled"], server.books()["requests"])


def main(people: int = 2000, rate: int = 200) -> None:
    """Run them all, and judge."""
    figures: list[Figure] = []

    def tell(what: str, value: str, bar: str, ratio: float, held: bool) -> None:
        figures.append(Figure(what, value, bar, f"{ratio:.2f}", held=held))
        print(as_text(figures[-1:]), file=sys.stderr, flush=True)

    for delay in (0.0, (1.0, 4.0), 10.0):
        done = run(people // 4, rate, {"job_seconds": 2.0, "webhook_delay": delay})
        held = done.answers == people // 4 and done.calls_an_answer <= WEBHOOKS
        what = f"webhooks {_span(delay)} after jobs of 2 s"
        tell(what, f"{done.calls_an_answer:.3f} calls an answer", f"<= {WEBHOOKS}",
             WEBHOOKS / done.calls_an_answer, held)  # fmt: skip
    for seconds in JOBS:
        done = run(POLLED, rate, {"job_seconds": seconds}, '[webhook]\nmode = "poll"\n')
        held = done.answers == POLLED and done.calls_an_answer <= POLLING
        tell(f"polling, jobs of {_span(seconds)}", f"{done.calls_an_answer:.3f} calls an answer", f"<= {POLLING}",
             POLLING / done.calls_an_answer, held)  # fmt: skip
    done = run(people, rate, {"job_seconds": 2.0})
    tell(f"{people:,} reveals at {rate}/s", f"{done.speed:.1f}/s = {done.speed / rate:.3f}", f">= {SHARE}",
         done.speed / rate / SHARE, done.speed >= SHARE * rate)  # fmt: skip
    tell("most calls in any one second", f"{done.fullest}", f"<= {rate}", rate / done.fullest, done.fullest <= rate)
    done = run(people, UNLIMITED, {"job_seconds": 2.0})
    figures.append(Figure("the same without a limit", f"{done.speed:.1f}/s"))
    end(figures)


def _span(seconds: float | tuple[float, float]) -> str:
    return f"{seconds:g} s" if isinstance(seconds, float) else f"{seconds[0]:g} to {seconds[1]:g} s"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
