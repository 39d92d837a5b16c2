"""Opening what `enrich` and `find-email` are given: before anything is spent, and told as it was understood."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from destinations import Destination
from pipelines.enriching import ListOfLeads
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
    with ExitStack() as stack:
        source = stack.enter_context(
            open_leads(
                asked.source,
                folder=folder,
                query=asked.query,
                table=asked.table,
                encoding=asked.encoding,
                mapping_flags=asked.mapping,
                read_destination=destination.read,
            )
        )
        _tell(source, teller)
        path = folder / (asked.rejects or _rejects_of(asked))
        if (
            asked.source is not None
            and "://" not in asked.source
            and path.resolve() == (folder / asked.source).resolve()
        ):
            raise ConfigurationError(
                f"--rejects: {shown(str(asked.rejects))} is the list itself. Name another file. Nothing was sent or "
                f"bought."
            )
        rejects = stack.enter_context(Rejects(path, source.columns))
        # the destination is loaded into while this run lasts: it is read before that
        batches = iter(list(source.batches)) if asked.source is None else source.batches
        yield ListOfLeads(batches, rejects)


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
