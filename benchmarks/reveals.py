"""How much of what the rate limit allows a run makes use of, and whether it ever passes it, counted at the sandbox.

    .venv/bin/python -m benchmarks.reveals [PEOPLE [CALLS_A_SECOND]]

`leadsync sync` in a process of its own buys the e-mails of 2,000 people at a limit of 200 calls a second, each job
taking 2 s. The wait for the last jobs is part of the run, so that more people come nearer to the limit.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sandbox


def main(people: int = 2000, rate: int = 200) -> None:
    """Run it once and print a table."""
    with sandbox.running(people=people, seed=1, behaviour={"job_seconds": 2.0}) as server:
        folder = Path(tempfile.mkdtemp(prefix="leadsync-bench-"))
        (folder / ".dlt").mkdir()
        (folder / ".dlt" / "config.toml").write_text(
            f'[sources.clodura]\nbase_url = "{server.url}"\nrate_limits = ["{rate}/second"]\n'
            f"[sources.clodura.searches.all]\n[enrichment]\nmax_credits_per_run = {people * 6}\n"
            f"max_credits_per_day = {people * 6}\n",
            encoding="utf-8",
        )
        (folder / ".dlt" / "secrets.toml").write_text(f'[sources.clodura]\napi_key = "{server.api_key}"\n', "utf-8")
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "pipelines", "sync", "--json", "--enrich", "email"],
            cwd=folder, stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
        took = time.monotonic() - started
        result = json.loads(done.stdout)
        calls = server.books()["requests"]
    reveals = sorted(call["time"] for call in calls if call["operation"] == "reveal_email")
    speed = (len(reveals) - 1) / (reveals[-1] - reveals[0])
    fullest = max(sum(1 for at in reveals[i : i + 2 * rate] if at < start + 1) for i, start in enumerate(reveals))
    print(f"calls sent               {len(reveals)} reveals, {len(calls)} in all, in {took:.1f} s")
    print(f"reveals a second         {speed:.1f}, {speed / rate:.2f} of the limit")
    print(f"most in any one second   {fullest} of {rate}")
    print(f"calls a delivered answer {len(reveals) / result['calls_settled']:.3f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
