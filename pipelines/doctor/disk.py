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
    by_device: dict[int, tuple[list[str], Path]] = {}
    for what, path in places.items():
        folder = nearest(path)
        by_device.setdefault(folder.stat().st_dev, ([], folder))[0].append(what)
    return judge_disk(
        {f"{', '.join(names)} ({folder})": shutil.disk_usage(folder).free for names, folder in by_device.values()}
    )


def judge_disk(free: Mapping[str, int]) -> Check:
    """``free``: place -> bytes free there. The tightest place decides."""
    found = "; ".join(f"{size(room)} free for {place}" for place, room in free.items())
    least = min(free.values())
    if least < FAIL_UNDER:
        return failed(
            "disk", found, f"Free some: under {size(FAIL_UNDER)} a ledger may not be able to note what it buys."
        )
    if least < WARN_UNDER:
        return warning("disk", found, f"Free some: under {size(FAIL_UNDER)} a sync is in danger.")
    return ok("disk", found)


def nearest(path: Path) -> Path:
    """The path itself where it is a folder, else the nearest folder above it that is there."""
    return next(place for place in (path.absolute(), *path.absolute().parents) if place.is_dir())


def may_make(path: Path) -> bool:
    """Whether a file that is not there yet could be made."""
    above = next(place for place in path.absolute().parents if place.exists())
    return above.is_dir() and os.access(above, os.W_OK | os.X_OK)


def size(count: int) -> str:
    """Bytes for people."""
    for unit, scale in (("TB", 1000 * GB), ("GB", GB), ("MB", 10**6)):
        if count >= scale:
            return f"{count / scale:,.1f} {unit}".replace(".0 ", " ")
    return f"{count:,} bytes"
