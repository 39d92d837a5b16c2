"""People of 1,000 pages into DuckDB: leadsync against dlt's own `rest_api` source, and against doing it by hand.

    .venv/bin/python -m benchmarks.people [PAGES [ROUNDS [WAY ...]]]

A server of the benchmark's own (`benchmarks.vendor`) shows windows of at most 100 pages of 100 people from bytes it has
prepared. In each round every way (`benchmarks.ways`) runs once, in a process and a folder of its own. Rows a second are
counted from what a way was asked for to what is loaded, without its imports; the peak is that of the whole process.
Every way must end with the same number of people in the table. Exit code 1 where a bar is missed.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.measuring import Child, Figure, end, folder, median, percent, project, run
from benchmarks.vendor import KEY, LAST_PAGE, PAGE, serving

#: rows a second against the others (appending is no like: of two runs it keeps everybody twice)
BARS = (("rest_api", 12.0), ("rest_api_appended", None), ("rest_api_tuned", 2.0), ("floor", 0.6))
#: the part of the first one's peak memory
MEMORY = 0.2
#: tables into which an unchanged second run loads nothing
UNCHANGED = ("people", "organizations", "emails", "phones")
NAMES = {
    "rest_api": "dlt's rest_api, as documented (merge)",
    "rest_api_appended": "the same, appending",
    "rest_api_tuned": "the same (merge), parquet, lists as JSON",
    "floor": "by hand, nothing checked (the floor)",
    "source": "leadsync as a dlt source",
    "sync": "leadsync sync --enrich none",
    "again": "the same again, nothing changed",
}
OURS = ("source", "sync")
WAYS = [name for name in NAMES if name != "again"]


def windows_of(pages: int) -> dict[str, int]:
    """People by window: as large as may be without being cut off, the last with what is left."""
    most = LAST_PAGE - 1
    return {f"w{number:03}": min(most, pages - first) * PAGE for number, first in enumerate(range(0, pages, most))}


def main(pages: int = 1000, rounds: int = 3, *ways: str) -> None:
    """Run all ways in turn, or those named, and judge."""
    windows = windows_of(pages)
    took: dict[str, list[Child]] = defaultdict(list)
    with serving(windows) as vendor:
        for _ in range(rounds):
            for name in ways or WAYS:
                took[name].append(_one(name, vendor.url, windows, took))
    end(list(_figures(took, pages * PAGE)))


def _one(name: str, url: str, windows: Mapping[str, int], took: Mapping[str, list[Child]]) -> Child:
    with folder() as path:
        if name == "sync":
            project(path, url, KEY, {window: {"web_keywords": [window]} for window in windows}, _LOAD_IDS)
        command = [sys.executable, "-m", "benchmarks.ways", name, url, json.dumps(windows)]
        child = run(command, path)
        if child.said["rows"] != sum(windows.values()):
            raise RuntimeError(
                f"{name}: {child.said['rows']:,} people are in the table, {sum(windows.values()):,} exist"
            )
        if name == "sync":
            took["again"].append(run(command, path))
        print(f"{name:20} {child.said['seconds']:7.2f} s, {child.seconds:7.2f} s with imports, "
              f"{child.cpu:6.2f} s CPU, {child.peak:6,.0f} MiB", file=sys.stderr, flush=True)  # fmt: skip
        return child


#: which load brought a row is asked afterwards
_LOAD_IDS = "[normalize.parquet_normalizer]\nadd_dlt_load_id = true\n"


def _figures(took: Mapping[str, Sequence[Child]], people: int) -> Iterable[Figure]:
    speeds = {name: [people / child.said["seconds"] for child in of] for name, of in took.items()}
    peaks = {name: [child.peak for child in of] for name, of in took.items()}
    for name, of in took.items():
        seconds = [child.said["seconds"] for child in of]
        took_all = f"{median(peaks[name]):,.0f} MiB, {median([child.cpu for child in of]):.1f} s of processor"
        value = f"{median(speeds[name]):,.0f} rows/s, {took_all}"
        if name == "again":
            value = f"{median(seconds):.2f} s, {took_all}"
        yield Figure(f"{people:,} people: {NAMES[name]}", value, spread=percent(seconds))
    for ours in OURS:
        for other, least in BARS:
            if took.get(ours) and took.get(other):
                # a round's two runs stand side by side
                ratios = [one / two for one, two in zip(speeds[ours], speeds[other], strict=True)]
                if least is None:
                    yield Figure(f"{NAMES[ours]}: rows/s against {other}", f"{median(ratios):.2f} times")
                    continue
                yield Figure(
                    f"{NAMES[ours]}: rows/s against {other}", f"{median(ratios):.2f} times", f">= {least:g}",
                    f"{median(ratios) / least:.2f}", percent(ratios), median(ratios) >= least,
                )  # fmt: skip
        if took.get(ours) and took.get("rest_api"):
            ratios = [one / two for one, two in zip(peaks[ours], peaks["rest_api"], strict=True)]
            yield Figure(
                f"{NAMES[ours]}: peak memory against rest_api", f"{median(ratios):.3f} of it", f"<= {MEMORY:g}",
                f"{MEMORY / median(ratios):.2f}", percent(ratios), median(ratios) <= MEMORY,
            )  # fmt: skip
    if took.get("again"):
        new = max(child.said["new"][table] for child in took["again"] for table in UNCHANGED)
        yield Figure(f"an unchanged second sync: rows loaded into {', '.join(UNCHANGED)}", f"{new}", "0", held=new == 0)


if __name__ == "__main__":
    pages, rounds, *ways = [*sys.argv[1:], *("1000", "3")[len(sys.argv) - 1 :]]
    main(int(pages), int(rounds), *ways)
