"""All benchmarks, one table, one page: `make bench`.

    .venv/bin/python -m benchmarks [NAME ...]

Runs those named, or all, one after the other, each in a process of its own, and writes docs/benchmarks.md. What was
measured before stays on the page where machine and versions are still the same; the rest is left out. Exit code 1 where
a bar is missed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.measuring import Figure, as_markdown, as_text, surroundings

#: in the order of the page, each with what is said above its figures; not `transport`, whose page is ADR 2
BENCHMARKS: Mapping[str, str] = {
    "people": "People into DuckDB",
    "pages": "Seeing a whole search",
    "memory": "Memory, and people a second",
    "reveals": "Buying",
    "limits": "Keeping to rate limits",
    "receiver": "Hearing webhooks",
    "startup": "Starting",
}
ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
#: what was measured, a file each; not in the repository
KEPT = ROOT / ".benchmarks"


def main(names: Sequence[str]) -> int:
    """Run, print, write; returns the exit code."""
    known = [name for name in BENCHMARKS if find_spec(f"benchmarks.{name}") is not None]
    if unknown := set(names) - set(known):
        sys.stderr.write(f"usage: python -m benchmarks [{'|'.join(known)} ...], not {', '.join(sorted(unknown))}\n")
        return 2
    where = surroundings()
    KEPT.mkdir(exist_ok=True)
    broken = [name for name in names or known if not _measured(name, where)]
    kept = {name: found for name in known if (found := _kept(name, where)) is not None}
    figures = [figure for found in kept.values() for figure in _figures(found)]
    print(as_text(figures))
    PAGE.write_text(page(where, kept), encoding="utf-8")
    for name in broken:
        sys.stderr.write(f"{name} did not come to an end\n")
    return int(bool(broken) or any(figure.held is False for figure in figures))


def _measured(name: str, where: Mapping[str, str]) -> bool:
    """Run one benchmark and keep its figures; whether it came to its end."""
    kept = KEPT / f"{name}.json"
    kept.unlink(missing_ok=True)
    told = KEPT / f"{name}.figures"
    sys.stderr.write(f"{name} ...\n")
    subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}"],
        cwd=ROOT, env={**os.environ, "LEADSYNC_FIGURES": str(told)}, stdout=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    if not told.exists():
        return False
    figures = json.loads(told.read_text(encoding="utf-8"))
    told.unlink()
    day = datetime.now(UTC).date().isoformat()
    kept.write_text(json.dumps({"where": where, "day": day, "figures": figures}), encoding="utf-8")
    return True


def _kept(name: str, where: Mapping[str, str]) -> dict[str, Any] | None:
    path = KEPT / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found if found.get("where") == where else None


def _figures(found: Mapping[str, Any]) -> list[Figure]:
    return [Figure(**figure) for figure in found["figures"]]


def page(where: Mapping[str, str], kept: Mapping[str, Mapping[str, Any]]) -> str:
    """docs/benchmarks.md."""
    machine = " | ".join(where)
    parts = [
        "# Benchmarks",
        "Written by `make bench`, which runs every benchmark of `benchmarks/` on the machine at hand; "
        "`python -m benchmarks NAME` runs one. What is compared runs in turn in one benchmark, each in a process of "
        "its own. A ratio is how far a bar was passed: 1 is just so, more is better. The spread is half of what lies "
        "between the least and the most of all rounds. Only ratios carry over to another machine.",
        f"| {machine} |\n|{'---|' * len(where)}\n| {' | '.join(where.values())} |",
    ]
    if any(figure.held is False for found in kept.values() for figure in _figures(found)):
        parts.append("Why a bar is missed, and what was tried: [ADR 13](adr/0013-bars-that-are-missed.md).")
    for name, found in kept.items():
        head = f"## {BENCHMARKS[name]}\n\n`python -m benchmarks.{name}`, {found['day']}"
        parts.append(f"{head}\n\n{as_markdown(_figures(found)).rstrip()}")
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
