"""The destination: can it be opened and written. Makes none where there is none."""

from __future__ import annotations

from pathlib import Path

import destinations
from destinations import Destination, DestinationOptions
from pipelines.doctor.checks import Check, by_error, failed, ok, skipped
from pipelines.doctor.disk import may_make
from pipelines.loading import pending
from pipelines.settings import Settings
from pipelines.vendor import HOME
from sources.errors import LeadsyncError


def check_destination(settings: Settings, folder: Path, alone: bool) -> Check:
    """``alone``: no sync is at work here. Where one is, its file is left alone: opening it would stop that sync."""
    wanted = settings.pipelines
    try:
        destination = destinations.make(
            wanted.destination, DestinationOptions(folder, wanted.dataset, wanted.duckdb_path)
        )
        destination.fits()
        named = f"{destination.name}: {destination.location}"
        if not destination.exists:
            if not may_make(Path(destination.location)):
                return failed(
                    "destination",
                    f"{named} is not there yet, and cannot be made: no file can be written there",
                    "Change the rights of that folder, or choose another.",
                )
            return _with_pending(
                f"{named} is not there yet; the first sync makes it, with dataset {wanted.dataset}", folder
            )
        if not alone:
            return skipped(
                "destination", f"{named} is left to the sync that is at work here", "Look when it is through."
            )
        destination.check()
        return _with_pending(f"{named} can be opened and written; {_dataset(destination, wanted.dataset)}", folder)
    except LeadsyncError as error:
        return by_error("destination", error)


def _dataset(destination: Destination, name: str) -> str:
    count = len(destination.columns())
    return f"dataset {name} has {count} tables and views" if count else f"the first sync makes dataset {name}"


def _with_pending(found: str, folder: Path) -> Check:
    packages = pending(folder / HOME / "dlt")
    if not packages:
        return ok("destination", found)
    return ok(
        "destination",
        f"{found}; {packages} package(s) of an interrupted run are pending",
        "Nothing: the next sync loads them first, and what cannot be loaded is still in the ledger.",
    )
