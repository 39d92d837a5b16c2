"""What the benchmarks have in common: child processes and what they take, medians, figures against bars, one table.

Ways that are compared run in turn within one benchmark, each in a process of its own: what else the machine does falls
on all of them. A benchmark's parent process imports nothing heavy (see `run`).
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

#: packages whose versions decide what is measured
PACKAGES = ("dlt", "duckdb", "pyarrow", "httpx", "leadsync")
_MIB = 1024 * 1024


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``ratio`` is what the bar is about; ``held`` is None where there is no bar."""

    what: str
    value: str
    bar: str = ""
    ratio: str = ""
    spread: str = ""
    held: bool | None = None

    @property
    def verdict(self) -> str:
        """In a word."""
        return {True: "pass", False: "MISS", None: ""}[self.held]


@dataclass(frozen=True)
class Child:
    """A process that has ended. ``seconds`` from its start to its end, ``peak`` in MiB, ``said`` its last JSON line."""

    seconds: float
    cpu: float
    peak: float
    said: Mapping[str, Any] = field(default_factory=dict)


def run(arguments: Sequence[str], folder: Path, *, code: int = 0) -> Child:
    """Run a process to its end. RuntimeError where it ends with another exit code.

    The kernel counts what the parent held when it forked as the child's own peak: so the parent must be small.
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "RUNTIME__DLTHUB_TELEMETRY": "false"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        child = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=out, stderr=errors)
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        said = out.read().decode()
        if child.returncode != code:
            raise RuntimeError(
                f"{' '.join(arguments)} ended with {child.returncode}:\n{errors.read().decode()[-4000:]}"
            )
    unit = 1 if sys.platform == "darwin" else 1024
    last = said.strip().rpartition("\n")[2]
    return Child(
        seconds=seconds,
        cpu=used.ru_utime + used.ru_stime,
        peak=used.ru_maxrss * unit / _MIB,
        said=json.loads(last) if last.startswith("{") else {},
    )


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def spread(values: Sequence[float]) -> float:
    """Half of what lies between the least and the most, as a part of the median."""
    middle = median(values)
    return (max(values) - min(values)) / 2 / middle if middle else 0.0


def percent(values: Sequence[float]) -> str:
    """The spread as text; nothing where there is one value."""
    return f"±{spread(values):.0%}" if len(values) > 1 else ""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="leadsync-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def project(path: Path, url: str, api_key: str, searches: Mapping[str, Mapping[str, Any]], more: str = "") -> None:
    """Write the settings of a `leadsync` that works in this folder, with no limit to speak of."""
    (path / ".dlt").mkdir(parents=True)
    tables = "".join(
        f"[sources.clodura.searches.{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in of.items())
        for name, of in searches.items()
    )
    config = f'[sources.clodura]\nbase_url = "{url}"\nrate_limits = ["1000000/second"]\n{tables}\n{more}'
    (path / ".dlt" / "config.toml").write_text(config, encoding="utf-8")
    (path / ".dlt" / "secrets.toml").write_text(f'[sources.clodura]\napi_key = "{api_key}"\n', encoding="utf-8")


def surroundings() -> dict[str, str]:
    """The machine and the versions that figures hold for."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _MIB / 1024
    return {
        "cores": str(os.cpu_count()),
        "CPU": _processor(),
        "memory": f"{memory:.0f} GiB",
        "OS": f"{platform.system()}, {_distribution()}",
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.machine()


def as_text(figures: Sequence[Figure]) -> str:
    """The table for a terminal."""
    rows = [("", "figure", "bar", "ratio", "spread", ""), *map(_cells, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def as_markdown(figures: Sequence[Figure]) -> str:
    """The table for the page."""
    head = "| | figure | bar | ratio | spread | |\n|---|---|---|---|---|---|\n"
    return head + "".join("| " + " | ".join(_cells(figure)) + " |\n" for figure in figures)


def _cells(figure: Figure) -> tuple[str, str, str, str, str, str]:
    return figure.what, figure.value, figure.bar, figure.ratio, figure.spread, figure.verdict


def end(figures: Sequence[Figure]) -> None:
    """What every benchmark does last: print the table, and the figures where `benchmarks.__main__` has asked for them.

    Exits with 1 where a bar is missed.
    """
    print(as_text(figures), flush=True)
    if (path := os.environ.get("LEADSYNC_FIGURES")) is not None:
        Path(path).write_text(json.dumps([asdict(figure) for figure in figures]), encoding="utf-8")
    sys.exit(any(figure.held is False for figure in figures))
