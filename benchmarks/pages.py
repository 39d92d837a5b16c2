"""How many calls and how much time it takes to see a whole search, where every page comes 100 ms later.

    .venv/bin/python -m benchmarks.pages

`leadsync sync --enrich none`, and all that is told of it was counted at the server (`benchmarks.vendor`): time runs
from the first call to the last answer, a call is wasted where it fell past the end. Pages that were asked for a second
time, to see whether any had shifted meanwhile, are told beside it. Windows of some sizes, their last page full (the
hundredth short: behind a full one there may be more); then 30,000 people whom no window shows, that differ in nothing
but their seniority. Exit code 1 where a bar is missed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

from benchmarks.measuring import Child, Figure, end, folder, percent, project, run
from benchmarks.vendor import KEY, PAGE, Call, serving
from sources.clodura.windows import CONCURRENCY

#: seconds
LATENCY = 0.1
#: people of the windows
SIZES = {"w001": 100, "w003": 300, "w010": 1_000, "w037": 3_700, "w099": 9_900, "w100": 9_950}
#: how much longer than it must a large window may take; pages of a large one; calls that may be wasted on any
LONGER, LARGE, WASTED = 1.3, 99, 4
#: people behind one search, and how many more calls than pages may be needed
MANY, MORE = 30_000, 1.5


def _synced(url: str, name: str) -> Child:
    with folder() as path:
        project(path, url, KEY, {"all": {"web_keywords": [name]}})
        return run([sys.executable, "-m", "benchmarks.ways", "sync", url, json.dumps({name: 0})], path)


def _took(calls: Sequence[Call]) -> float:
    return max(call.time for call in calls) - min(call.time for call in calls) + LATENCY


def _windows(rounds: int) -> list[Figure]:
    figures = []
    with serving(SIZES, latency=LATENCY) as vendor:
        for name, people in SIZES.items():
            pages = -(-people // PAGE)
            times, wasted, again = [], [], []
            for _ in range(rounds):
                found = _synced(vendor.url, name).said["rows"]
                calls = vendor.calls()
                if found != people:
                    raise RuntimeError(f"{found:,} of {people:,} people were found")
                times.append(_took(calls) / (max(1.0, pages / CONCURRENCY) * LATENCY))
                wasted.append(sum(not call.people for call in calls))
                again.append(len(calls) - pages - wasted[-1])
            worst, most = max(times), max(wasted)
            large = pages >= LARGE
            figures.append(
                Figure(
                    f"a window of {pages} pages, 100 ms each, {CONCURRENCY} at a time: time",
                    f"{worst:.2f} times the least", f"<= {LONGER}" if large else "",
                    f"{LONGER / worst:.2f}" if large else "", percent(times),
                    worst <= LONGER if large else None,
                )
            )  # fmt: skip
            what = f"a window of {pages} pages: calls wasted"
            figures.append(Figure(what, f"{most}", f"<= {WASTED}", held=most <= WASTED))
            figures.append(Figure(f"a window of {pages} pages: looked at again", f"{max(again)} pages"))
    return figures


def _many() -> list[Figure]:
    with serving({"many": MANY}, latency=LATENCY, by_seniority=True) as vendor:
        found = _synced(vendor.url, "many").said
        calls = vendor.calls()
    least = -(-MANY // PAGE)
    ratio = len(calls) / least
    what = f"{MANY:,} people, to be split by seniority alone"
    return [
        Figure(f"{what}: found", f"{found['rows']:,} (exit code {found['exit_code']})", f"{MANY:,}",
               held=found["rows"] == MANY and found["exit_code"] == 0),
        Figure(f"{what}: calls", f"{len(calls)} for {least} pages", f"<= {MORE} times", f"{MORE / ratio:.2f}",
               held=ratio <= MORE and found["rows"] == MANY),
        Figure(f"{what}: time", f"{_took(calls):.1f} s ({_by_filters(calls)} windows)"),
    ]  # fmt: skip


def _by_filters(calls: Sequence[Call]) -> int:
    asked: Mapping[str, None] = dict.fromkeys(call.filters for call in calls)
    return len(asked)


def main(rounds: int = 2) -> None:
    """Measure both, and judge."""
    end([*_windows(rounds), *_many()])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
