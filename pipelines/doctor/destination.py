"""The destination: can it be opened and written, does the ledger know what it holds. Makes none where there is none."""

from __future__ import annotations

from pathlib import Path

import destinations
from destinations import Destination, DestinationOptions
from enrichment.ledger import Ledger
from pipelines.continuity import holds_calls, refuse_older_ledger
from pipelines.doctor.checks import Check, by_error, failed, ok, skipped
from pipelines.doctor.disk import may_make
from pipelines.loading import pending
from pipelines.settings import Settings
from pipelines.vendor import HOME
from sources.errors import LeadsyncError, LedgerError


def check_destination(
    settings: Settings, folder: Path, alone: bool, ledger: Ledger | None = None, first: bool = False
) -> Check:
    """``alone``: no sync is at work here. Where one is, its file is left alone: opening it would stop that sync.

    ``ledger``: the one that must know the dataset's calls, where it can be read. ``first``: there is none, and the next
    sync would make one that knows nothing.
    """
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
        columns = destination.columns()
        if holds_calls(columns) and (ledger is not None or first):
            _same_past(ledger, destination, wanted.dataset)
        return _with_pending(f"{named} can be opened and written; {_dataset(len(columns), wanted.dataset)}", folder)
    except LeadsyncError as error:
        return by_error("destination", error)


def _same_past(ledger: Ledger | None, destination: Destination, dataset: str) -> None:
    """What a sync looks at before it buys; LedgerError where it would refuse."""
    if ledger is not None:
        refuse_older_ledger(ledger, destination, dataset)
    elif destination.query(f"SELECT 1 FROM {dataset}.calls LIMIT 1"):
        raise LedgerError(
            f"The dataset {dataset} in {destination.location} holds purchases, and there is no ledger that knows them: "
            f"one that is made anew would be older than the dataset, and a sync would refuse to buy. Put the ledger "
            f"that belongs to it in its place (ledger.url), or choose another dataset (pipelines.dataset)."
        )


def _dataset(count: int, name: str) -> str:
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
