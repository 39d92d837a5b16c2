"""A file, a table or a query -> people to enrich, batch by batch: memory does not grow with the list.

Whatever can be wrong with a list as a whole is found as it is opened, before anything is bought.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from pipelines.leads.dialect import headings
from pipelines.leads.lead import Lead, Reject, read_row
from pipelines.leads.mapping import chosen
from pipelines.leads.tables import Rows, Table
from pipelines.leads.values import DIGITS_LOST, Unusable, id_of, rounded
from sources.errors import ConfigurationError, DestinationError, SourceError
from sources.nearest import did_you_mean
from sources.redaction import shown

#: the destination's `read`: columns and batches of the rows of a SELECT
ReadDestination = Callable[[str], AbstractContextManager[tuple[Sequence[str], Iterator[Rows]]]]

TEXTS = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
PARQUET = (".parquet",)
_INSTEAD = {
    ".xlsx": 'save it as "CSV UTF-8"', ".xls": 'save it as "CSV UTF-8"', ".ods": "save it as CSV, in UTF-8",
    ".json": "make it CSV or parquet", ".jsonl": "make it CSV or parquet", ".txt": "name it .csv if it is one",
    ".db": "write it as sqlite:///FILE, with --table or --query", ".zip": "unpack it",
    ".sqlite": "write it as sqlite:///FILE, with --table or --query", ".duckdb": "export it as parquet",
}  # fmt: skip
_MIDWAY = "The rows before were read, those behind it were not; what was bought is in the ledger."


@dataclass(frozen=True)
class LeadSource:
    """A list that is open. ``mapping`` is field -> column; ``notes`` are for the user; ``count`` None: not known yet.

    ``batches`` is read once. It raises `SourceError` where the list breaks off, which no file of text does.
    """

    name: str = field(repr=False)
    columns: tuple[str, ...] = field(repr=False)
    mapping: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...] = field(repr=False)
    count: int | None
    batches: Iterator[list[Lead | Reject]] = field(repr=False)


@contextmanager
def open_leads(
    source: str | None,
    *,
    folder: Path,
    query: str | None = None,
    table: str | None = None,
    encoding: str | None = None,
    mapping_flags: Sequence[str] = (),
    read_destination: ReadDestination,
) -> Iterator[LeadSource]:
    """Open a file, a database (``source`` is its URL), or, without ``source``, a query on the destination.

    Raises `ConfigurationError` where the arguments cannot be meant so, `SourceError` where the list cannot be read,
    and `DestinationError`. What is raised where the list is used passes unchanged.
    """
    with ExitStack() as stack:
        opened = stack.enter_context(_open(source, folder, query, table, encoding, read_destination))
        opened = replace(opened, columns=headings(opened.columns))
        choice = chosen(opened.columns, mapping_flags, ours=source is None)
        first = next(opened.batches, [])
        _refuse_rounded(opened, first, choice.mapping.get("person_id"))
        batches = _read(opened.columns, chain([first], opened.batches), choice.mapping)
        yield LeadSource(opened.name, opened.columns, choice.mapping, choice.notes, opened.count, batches)


def _open(
    source: str | None,
    folder: Path,
    query: str | None,
    table: str | None,
    encoding: str | None,
    read_destination: ReadDestination,
) -> AbstractContextManager[Table]:
    if query is not None and table is not None:
        raise ConfigurationError("--query and --table: give one of them")
    if encoding is not None and (source is None or not source.lower().endswith(TEXTS)):
        raise ConfigurationError("--encoding: only files of text have one")
    if source is None:
        return _destination(query, table, read_destination)
    if "://" in source:
        from pipelines.leads.databases import only_reads, open_database

        if query is None and not table:
            raise ConfigurationError("A database holds many tables: say which, by --table NAME or --query SELECT")
        if query is not None and not only_reads(query):
            raise ConfigurationError("--query: it is not one SELECT. leadsync only reads there")
        return open_database(source, folder, query, table)
    if query is not None or table is not None:
        raise ConfigurationError(
            "--query and --table: a file has neither. Leave them out, or leave out the file to ask the destination"
        )
    return _file(source, folder, encoding)


@contextmanager
def _destination(query: str | None, table: str | None, read: ReadDestination) -> Iterator[Table]:
    if table is not None:
        query = "SELECT * FROM " + ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))
    if query is None:
        raise ConfigurationError("Name a list: a file, the URL of a database, or --query SELECT for the destination")
    with read(query) as (columns, batches):
        yield Table("the destination", tuple(columns), batches)


def _file(source: str, folder: Path, encoding: str | None) -> AbstractContextManager[Table]:
    path, low = folder / source, source.lower()
    if not path.exists():
        near = [each.name for each in path.parent.glob("*") if each.name.lower().endswith((*TEXTS, *PARQUET))]
        raise ConfigurationError(f"There is no file {shown(source)}.{did_you_mean(path.name, near)}")
    if path.is_dir():
        raise ConfigurationError(f"{shown(source)} is a folder. Name a file in it")
    if low.endswith(TEXTS):
        from pipelines.leads.texts import open_text

        return open_text(path, shown(source), encoding)
    if low.endswith(PARQUET):
        from pipelines.leads.parquet import open_parquet

        return open_parquet(path, shown(source))
    instead = _INSTEAD.get(path.suffix.lower(), "save it as CSV")
    raise ConfigurationError(f"{shown(source)} is none of {', '.join((*TEXTS, *PARQUET))}: {instead}")


def _refuse_rounded(table: Table, rows: Rows, column: str | None) -> None:
    """Ids that lost digits are other people's: better no row than those. Of single ones nothing can be told."""
    if column is None:
        return
    place, ids = table.columns.index(column), []
    for row in rows:
        try:
            ids.append(id_of(row[place]) or "")
        except (Unusable, IndexError):
            continue  # told of each such row
    if rounded(ids):
        raise SourceError(f"{table.name}: of the ids in {shown(column)} {DIGITS_LOST}.")


def _read(
    columns: tuple[str, ...], batches: Iterator[Rows], mapping: Mapping[str, str]
) -> Iterator[list[Lead | Reject]]:
    number = 0
    try:
        for batch in batches:
            read = [_row(number + place, columns, row, mapping) for place, row in enumerate(batch, 1)]
            number += len(read)
            if read:
                yield read
    except (SourceError, DestinationError) as error:
        raise SourceError(error.problem, error.mend, _MIDWAY) from error


def _row(number: int, columns: tuple[str, ...], row: Sequence[object], mapping: Mapping[str, str]) -> Lead | Reject:
    values = dict(zip(columns, row, strict=False))
    if len(row) == len(columns):
        return read_row(number, values, mapping)
    beyond = {f"column {place}": cell for place, cell in enumerate(row[len(columns) :], len(columns) + 1)}
    kind = "more" if beyond else "fewer"
    return Reject(number, f"it has {kind} cells than there are headings", (), values | beyond)
