"""How long `leadsync --help` takes, against `dlt --help` in the same environment.

    .venv/bin/python -m benchmarks.startup [TIMES]

Both in turn, each as often. Exit code 1 where the bar is missed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.measuring import Figure, end, folder, median, percent, run

#: part of the time
SHARE = 0.25


def main(times: int = 20) -> None:
    """Measure both, and judge."""
    scripts = Path(sys.executable).parent
    seconds: dict[str, list[float]] = {"leadsync": [], "dlt": []}
    with folder() as path:
        for name in [*seconds] * (times + 1):
            seconds[name].append(run([str(scripts / name), "--help"], path).seconds)
    ours, theirs = (measured[1:] for measured in seconds.values())  # the first of each only warms the disk's cache
    ratio = median(ours) / median(theirs)
    end([
        Figure("leadsync --help", f"{median(ours) * 1000:.0f} ms", spread=percent(ours)),
        Figure("dlt --help", f"{median(theirs) * 1000:.0f} ms", spread=percent(theirs)),
        Figure("leadsync --help against dlt --help", f"{ratio:.3f} of it", f"< {SHARE}", f"{SHARE / ratio:.2f}",
               held=ratio < SHARE),
    ])  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
