"""Free space where the ledger, dlt's folder and the destination's file lie, and whether one may write there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from pipelines.doctor.checks import Check, failed, ok, warning

GB = 10**9
WARN_UNDER = 1 * GB
FAIL_UNDER = GB // 10


def check_disk(places: Mapping[str, Path]) -> Check:
    """``places``: what lies there -> where, whether it is there yet or not."""
    return judge_disk({what: (nearest(path), shutil.disk_usage(nearest(path)).free) for what, path in places.items()})


def judge_disk(free: Mapping[str, tuple[Path, int]]) -> Check:
    """``free``: what lies there -> (folder, bytes free). The tightest place decides."""
    by_place: dict[tuple[Path, int], list[str]] = {}
    for what, place in free.items():
        by_place.setdefault(place, []).append(what)
    found = "; ".join(f"{size(room)} free for {', '.join(names)} ({path})" for (path, room), names in by_place.items())
    least = min((room for _, room in by_place), default=WARN_UNDER)
    if least < FAIL_UNDER:
        return failed(
            "disk", found, f"Free some: under {size(FAIL_UNDER)} a ledger may not be able to note what it buys."
        )
    if least < WARN_UNDER:
        return warning("disk", found, f"Free some: under {size(FAIL_UNDER)} a sync is in danger.")
    return ok("disk", found)


def nearest(path: Path) -> Path:
    """The path itself where it is there, else the nearest folder above it that is."""
    path = path.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def may_make(path: Path) -> bool:
    """Whether a file that is not there yet could be made."""
    folder = nearest(path.parent)
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def size(count: int) -> str:
    """Bytes for people."""
    for unit, scale in (("TB", 1000 * GB), ("GB", GB), ("MB", 10**6)):
        if count >= scale:
            return f"{count / scale:,.1f} {unit}".replace(".0 ", " ")
    return f"{count:,} bytes"
