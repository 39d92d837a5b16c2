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

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import structlog
from dlt.common.exceptions import DltException
from dlt.common.storages import LoadStorage, NormalizeStorage
from dlt.extract import DltResource
from dlt.pipeline.exceptions import PipelineStepFailed

from destinations import Destination
from enrichment.tables import ALL, TableSpec
from pipelines.leftovers import tidy
from pipelines.tables import OURS
from sources.crashpoints import reach
from sources.errors import DestinationError, LeadsyncError
from sources.redaction import plain_words
from sources.tracebacks import disarm

log = structlog.get_logger("leadsync.loading")

PIPELINE = "leadsync"
MERGE: Any = {"disposition": "merge", "strategy": "delete-insert"}
NOTHING_LOST = "Nothing that was bought is lost: it is in the ledger, and the next run loads it."
#: rows that dlt is handed at a time, where there are as many: each table takes it 2 ms, whatever its size
JOINED = 10_000
#: every table there is
TABLES: tuple[TableSpec, ...] = (*OURS, *ALL)
#: what a reason may name
_NAMES = frozenset(name for spec in TABLES for name in (spec.name, *spec.schema.names))


def pending(folder: Path) -> int:
    """Packages that interrupted runs left in dlt's folder. Only looks: opening a pipeline may wipe them."""
    kinds = (("normalize", NormalizeStorage.EXTRACTED_FOLDER), ("load", LoadStorage.NORMALIZED_FOLDER))
    places = [place for step, kind in kinds for place in folder.glob(f"*/{PIPELINE}/{step}/{kind}")]
    return sum(entry.is_dir() for place in places if place.is_dir() for entry in place.iterdir())


class Loader:
    """Loads Arrow tables into one dataset of a destination."""

    def __init__(self, destination: Destination, dataset: str, folder: Path) -> None:
        """``folder`` is where dlt works: one of its own for each folder that leadsync runs in.

        In it each dataset has its own: what an interrupted run left for one must not be loaded into another.
        """
        self._destination = destination
        self._dataset = dataset
        self._folder = folder.absolute() / _place(destination, dataset, folder)
        with self._on_disk():
            try:
                self._pipeline = self._open()
            except (ValueError, LookupError, DltException) as error:
                self._begin_anew(error)
            self._tidy()

    def _open(self) -> dlt.Pipeline:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return dlt.pipeline(
            PIPELINE,
            pipelines_dir=str(self._folder),
            destination=self._destination.to_dlt(),
            dataset_name=self._dataset,
        )

    def drain(self) -> str | None:
        """Load what an interrupted run left pending; says what was done, None where there was nothing.

        A package that fails for good is dropped: all its rows are still owed, and it would block every other. So is
        a folder that dlt cannot read any more.
        """
        with self._on_disk():
            try:
                if not self._pipeline.has_pending_data:
                    return None
                self._pipeline.normalize()
                self._pipeline.load()
                self._tidy()
                return "loaded what an earlier run had left pending"
            except PipelineStepFailed as error:
                reason = _reason(error)
                if _full(reason):  # it is as good as before, once there is room
                    raise self._trouble(error) from error
                log.warning("pending_package_dropped", step=error.step, reason=reason)
                try:
                    self._pipeline.abort_packages()
                except (ValueError, LookupError, DltException) as damage:
                    self._begin_anew(damage)
            except (ValueError, LookupError, DltException) as error:
                self._begin_anew(error)
            self._tidy()
        return "what an earlier run had left pending could not be loaded; what was bought of it is loaded anew"

    def _begin_anew(self, error: Exception) -> None:
        """dlt's folder is damaged, by a full disk or a crash: it holds nothing that is not owed all the same."""
        log.warning("working_folder_made_anew", error=type(error).__name__)
        shutil.rmtree(self._folder)
        self._pipeline = self._open()

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise DestinationError(
                f"dlt's working folder {self._folder} cannot be used: {reason}.", _mend(reason)
            ) from error

    def make_tables(self, rows: Sequence[tuple[TableSpec, Any]] = ()) -> None:
        """Make every table that is missing, by a package of empty ones and the rows given."""
        parts = [(spec, spec.table([])) for spec in TABLES]
        self.load(self.feed([*parts, *rows]))

    def feed(self, parts: Iterable[tuple[TableSpec, Any]]) -> list[DltResource]:
        """A resource that yields Arrow tables of several specs, those of one spec joined to larger ones."""

        def items() -> Iterator[Any]:
            hinted: set[str] = set()
            for spec, table in _joined(parts):
                if spec.name in hinted:
                    yield dlt.mark.with_table_name(table, spec.name)
                else:  # a table without hints of its own would take those of the resource
                    hinted.add(spec.name)
                    yield dlt.mark.with_hints(table, _hints(spec), create_table_variant=True)

        return [dlt.resource(items, name="feed")]

    def load(self, resources: Sequence[DltResource]) -> str | None:
        """One package: extract, normalize, load. Returns its id, None where it held nothing.

        Step by step, as `Pipeline.run` does it but for what that does before: it asks the destination for dlt's state,
        which is none of ours, and loads what is pending, which was drained.
        """
        reach("load.before")
        try:
            self._pipeline.extract(list(resources), loader_file_format="parquet")
            reach("load.extracted")
            self._pipeline.normalize()
            reach("load.normalized")
            with self._destination.held():
                info = self._pipeline.load()
        except (DltException, OSError) as error:  # most often PipelineStepFailed
            if isinstance(_cause(error), KeyboardInterrupt):
                raise KeyboardInterrupt from None  # dlt wraps it; it is no failure of the load
            ours = _ours(error)
            if ours is not None:
                raise ours from ours.__cause__
            trouble = self._trouble(error)
            disarm(error)  # it quotes rows, and so may what it came of
            raise trouble from error
        self._tidy()
        reach("load.after")
        return info.loads_ids[-1] if info is not None and info.loads_ids else None

    def _tidy(self) -> None:
        tidy(Path(self._pipeline.working_dir), pending=self._pipeline.has_pending_data)

    def _trouble(self, error: Exception) -> DestinationError:
        reason = _reason(error).rstrip(".")
        step = error.step if isinstance(error, PipelineStepFailed) else "run"
        problem = f"Loading into {self._destination.location} failed in dlt's step {step}: {reason}."
        return DestinationError(problem, _mend(reason), NOTHING_LOST)


def _joined(parts: Iterable[tuple[TableSpec, Any]]) -> Iterator[tuple[TableSpec, Any]]:
    """The same rows in fewer tables; those of one spec stay in their order."""
    waiting: dict[str, tuple[TableSpec, list[Any]]] = {}
    for spec, table in parts:
        _, tables = waiting.setdefault(spec.name, (spec, []))
        if tables and tables[0].schema != table.schema:
            yield spec, pa.concat_tables(tables)
            tables.clear()
        tables.append(table)
        if sum(one.num_rows for one in tables) >= JOINED:
            yield spec, pa.concat_tables(tables)
            del waiting[spec.name]
    for spec, tables in waiting.values():
        yield spec, pa.concat_tables(tables)


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


def _place(destination: Destination, dataset: str, folder: Path) -> str:
    """A name for dlt's folder; the same for the same dataset, wherever the project's folder is moved to."""
    where = os.path.relpath(destination.location, folder.absolute())
    return f"{destination.name}-{dataset}-{sha256(where.encode()).hexdigest()[:8]}"


def _ours(error: BaseException | None) -> LeadsyncError | None:
    """An error of ours that dlt has wrapped: the ledger's, where rows could not even be read from it."""
    while error is not None and not isinstance(error, LeadsyncError):
        error = error.__cause__
    return error


def _full(reason: str) -> bool:
    return "No space left" in reason or "File too large" in reason


def _mend(reason: str) -> str:
    if _full(reason):
        return "Free some disk there and run again."
    return (
        "Should it fail again, the dataset may hold tables that are not leadsync's, or be damaged: choose another file "
        "or dataset (pipelines.duckdb_path, pipelines.dataset), and everything is loaded there, at no cost."
    )


def _reason(error: Exception) -> str:
    """Why, in words that quote no row."""
    cause = _cause(error)
    return plain_words(str(cause), _NAMES)[:300] or type(cause).__name__
