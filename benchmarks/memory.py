"""Whether memory grows with the people synced: `leadsync sync --enrich none` of a few and of many, and how fast.

    .venv/bin/python -m benchmarks.memory [PEOPLE ...]

A server of the benchmark's own shows them in windows of 9,900. The peak is that of the whole process. Exit code 1 where
the last of the sizes takes more than 1.3 times the memory of the first.
"""

from __future__ import annotations

import json
import sys

from benchmarks.measuring import Child, Figure, end, folder, project, run
from benchmarks.people import windows_of
from benchmarks.vendor import KEY, PAGE, serving

#: times the memory
GROWTH = 1.3


def synced(people: int) -> Child:
    """One sync of so many people into an empty folder."""
    windows = windows_of(-(-people // PAGE))
    with serving(windows) as vendor, folder() as path:
        project(path, vendor.url, KEY, {name: {"web_keywords": [name]} for name in windows})
        child = run([sys.executable, "-m", "benchmarks.ways", "sync", vendor.url, json.dumps(windows)], path)
    if child.said["rows"] != sum(windows.values()):
        raise RuntimeError(f"{child.said['rows']:,} people are in the table, {sum(windows.values()):,} exist")
    return child


def main(*sizes: int) -> None:
    """Sync each number of people once, and judge."""
    sizes = sizes or (100_000, 1_000_000)
    done = [synced(people) for people in sizes]
    figures = [
        Figure(f"{people:,} people synced", f"{child.peak:,.0f} MiB, {people / child.said['seconds']:,.0f} people/s")
        for people, child in zip(sizes, done, strict=True)
    ]
    if len(sizes) > 1:
        growth = done[-1].peak / done[0].peak
        what = f"{sizes[-1]:,} people: memory against {sizes[0]:,}"
        figures.append(
            Figure(what, f"{growth:.2f} times", f"<= {GROWTH}", f"{GROWTH / growth:.2f}", held=growth <= GROWTH)
        )
    end(figures)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
