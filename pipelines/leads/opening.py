"""Opening what `enrich` and `find-email` are given: before anything is spent, and told as it was understood."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from destinations import Destination
from pipelines.enriching import ListOfLeads
from pipelines.leads.lead import Lead, Reject
from pipelines.leads.reading import LeadSource, open_leads
from pipelines.leads.rejects import Rejects
from pipelines.options import Leads
from pipelines.telling import Teller
from sources.errors import ConfigurationError
from sources.redaction import shown


@contextmanager
def opened_leads(
    asked: Leads | None, folder: Path, destination: Destination, teller: Teller
) -> Iterator[ListOfLeads | None]:
    """The list, open; None where none is asked for. ConfigurationError and SourceError as `open_leads` has them."""
    if asked is None:
        yield None
        return
    if asked.one is not None:
        yield ListOfLeads(iter([[asked.one]]))
        return
    with ThreadPoolExecutor(1, "leadsync-list") as reader, ExitStack() as stack:
        # SQLite's connections belong to the thread that opened them: one thread opens, reads and closes
        opened = ExitStack()
        stack.callback(lambda: reader.submit(opened.close).result())
        listed = open_leads(
            asked.source,
            folder=folder,
            query=asked.query,
            table=asked.table,
            encoding=asked.encoding,
            mapping_flags=asked.mapping,
            read_destination=destination.read,
        )
        source = reader.submit(opened.enter_context, listed).result()
        _tell(source, teller)
        path = folder / (asked.rejects or _rejects_of(asked))
        is_file = asked.source is not None and "://" not in asked.source
        if is_file and path.resolve() == (folder / str(asked.source)).resolve():
            raise ConfigurationError(
                f"--rejects: {shown(str(asked.rejects))} is the list itself. Name another file. Nothing was sent or "
                f"bought."
            )
        rejects = stack.enter_context(Rejects(path, source.columns))
        batches = _in_thread(source.batches, reader)
        # the destination is loaded into while this run lasts: it is read before that
        yield ListOfLeads(iter(list(batches)) if asked.source is None else batches, rejects)


def _in_thread(batches: Iterator[list[Lead | Reject]], reader: ThreadPoolExecutor) -> Iterator[list[Lead | Reject]]:
    while (batch := reader.submit(next, batches, None).result()) is not None:
        yield batch


def _rejects_of(asked: Leads) -> Path:
    """Beside the list, under its name; what a database gives has none."""
    if asked.source is None or "://" in asked.source:
        return Path("rejects.csv")
    path = Path(asked.source)
    return path.with_name(path.name.split(".")[0] + ".rejects.csv")


def _tell(source: LeadSource, teller: Teller) -> None:
    count = "rows" if source.count is None else f"{source.count:,} rows"
    columns = ", ".join(f"{field} = {shown(column)}" for field, column in source.mapping.items())
    teller.say(f"{count} of {source.name}: {columns}")
    for note in source.notes:
        teller.warn(note)
