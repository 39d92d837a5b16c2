"""Loading with dlt, so that nothing that was paid for hangs on it.

The order matters (each rule has a test):

1. Before anything is spent: drain a pending package by `normalize` and `load`. `run` would load it and ignore what it
   was given; before the very first load it would even delete it.
2. Then make all tables, empty, by a first package: where a dataset does not exist, dlt wipes its working folder.
3. Rows come as Arrow tables of explicit schemas, each with its own key and disposition: a package that cannot be
   loaded would block every later one.
4. What was loaded is noted as delivered only after `run` has returned.

The rows of a package that is lost are owed again: the ledger still has them. So a package that cannot be loaded may be
dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import dlt
import structlog
from dlt.common.storages import LoadStorage, NormalizeStorage
from dlt.extract import DltResource
from dlt.pipeline.exceptions import PipelineStepFailed

from destinations import Destination
from enrichment.tables import ALL, TableSpec
from pipelines.tables import OURS
from sources.crashpoints import reach
from sources.errors import DestinationError, LedgerError

log = structlog.get_logger("leadsync.loading")

PIPELINE = "leadsync"
MERGE: Any = {"disposition": "merge", "strategy": "delete-insert"}
#: every table there is
TABLES: tuple[TableSpec, ...] = (*OURS, *ALL)


def pending(folder: Path) -> int:
    """Packages that an interrupted run left in dlt's folder. Only looks: opening a pipeline may wipe them."""
    at = folder / PIPELINE
    places = (at / "normalize" / NormalizeStorage.EXTRACTED_FOLDER, at / "load" / LoadStorage.NORMALIZED_FOLDER)
    return sum(entry.is_dir() for place in places if place.is_dir() for entry in place.iterdir())


class Loader:
    """Loads Arrow tables into one dataset of a destination."""

    def __init__(self, destination: Destination, dataset: str, folder: Path) -> None:
        """``folder`` is where dlt works: one of its own for each folder that leadsync runs in."""
        folder.mkdir(parents=True, exist_ok=True)
        self._destination = destination
        self._pipeline = dlt.pipeline(
            PIPELINE,
            pipelines_dir=str(folder.absolute()),
            destination=destination.to_dlt(),
            dataset_name=dataset,
        )

    def drain(self) -> bool:
        """Load what an interrupted run left pending; True where there was something.

        A package that fails for good is dropped: all its rows are still owed, and it would block every other.
        """
        if not self._pipeline.has_pending_data:
            return False
        try:
            self._pipeline.normalize()
            self._pipeline.load()
        except PipelineStepFailed as error:
            log.warning("pending_package_dropped", step=error.step, reason=_reason(error))
            self._pipeline.abort_packages()
        return True

    def make_tables(self, rows: Sequence[tuple[TableSpec, Any]] = ()) -> None:
        """Make every table that is missing, by a package of empty ones and the rows given."""
        parts = [(spec, spec.table([])) for spec in TABLES]
        self.load(self.feed([*parts, *rows]))

    def feed(self, parts: Iterable[tuple[TableSpec, Any]]) -> list[DltResource]:
        """A resource that yields Arrow tables of several specs as they come."""

        def items() -> Iterator[Any]:
            hinted: set[str] = set()
            for spec, table in parts:
                if spec.name in hinted:
                    yield dlt.mark.with_table_name(table, spec.name)
                else:  # a table without hints of its own would take those of the resource
                    hinted.add(spec.name)
                    yield dlt.mark.with_hints(table, _hints(spec), create_table_variant=True)

        return [dlt.resource(items, name="feed")]

    def load(self, resources: Sequence[DltResource]) -> str | None:
        """One package: extract, normalize, load. Returns its id, None where it held nothing."""
        reach("load.before")
        try:
            info = self._pipeline.run(list(resources), loader_file_format="parquet")
        except PipelineStepFailed as error:
            if isinstance(_cause(error), KeyboardInterrupt):
                raise KeyboardInterrupt from None  # dlt wraps it; it is no failure of the load
            if (trouble := _of_the_ledger(error)) is not None:
                raise trouble from None
            raise DestinationError(self._explain(error)) from error
        reach("load.after")
        return info.loads_ids[-1] if info is not None and info.loads_ids else None

    def _explain(self, error: PipelineStepFailed) -> str:
        return (
            f"Loading into {self._destination.location} failed in dlt's step {error.step}: {_reason(error)}. Nothing "
            f"that was bought is lost: it is in the ledger, and the next run loads it. Should it fail again, the "
            f"dataset may hold tables that are not leadsync's, or be damaged: choose another file or dataset "
            f"(pipelines.duckdb_path, pipelines.dataset), and everything is loaded there, at no cost."
        )


def _hints(spec: TableSpec) -> Any:
    return dlt.mark.make_hints(
        table_name=spec.name,
        primary_key=spec.key,
        write_disposition=MERGE,
        additional_table_hints={"description": spec.description},
    )


def _cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _of_the_ledger(error: BaseException | None) -> LedgerError | None:
    """The ledger's trouble, where rows could not even be read from it."""
    while error is not None and not isinstance(error, LedgerError):
        error = error.__cause__
    return error


def _reason(error: PipelineStepFailed) -> str:
    cause = _cause(error)
    return " ".join(str(cause).split())[:300] or type(cause).__name__
