"""Getting a destination ready, before anything is spent: drained, its tables made, its name in the ledger known."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence

from destinations import Destination
from enrichment.ledger import Ledger
from enrichment.ledger.deliveries import forget
from pipelines import views
from pipelines.continuity import holds_calls, owe_lost_loads, refuse_older_ledger
from pipelines.loading import NOTHING_LOST, TABLES, Loader
from pipelines.tables import SINKS
from sources.errors import DestinationError

#: dlt's own tables that a load needs
_DLTS = ("_dlt_loads", "_dlt_version", "_dlt_pipeline_state")

Columns = Mapping[str, Mapping[str, str]]


def prepare(
    loader: Loader,
    destination: Destination,
    dataset: str,
    ledger: Ledger,
    now: int,
    tell: Callable[[str], None],
    made_views: Sequence[str] | None = None,
) -> str:
    """Make the destination ready to be loaded into; returns the name under which the ledger knows what it holds.

    ``made_views``: the statements that make the views; None: those of the default order of providers.

    The name lies in the dataset itself. A file that was deleted, or another one, has none and is owed everything that
    was ever bought; a table that somebody dropped, or one that lacks columns, is owed its rows again.
    """
    with destination.held():
        return _prepare(loader, destination, dataset, ledger, now, tell, made_views)


def _prepare(
    loader: Loader,
    destination: Destination,
    dataset: str,
    ledger: Ledger,
    now: int,
    tell: Callable[[str], None],
    made_views: Sequence[str] | None,
) -> str:
    if (drained := loader.drain()) is not None:
        tell(drained)
    present = destination.columns()
    missing = [spec.name for spec in TABLES if spec.name not in present]
    lacking = _lacking(destination, dataset, present)
    if holds_calls(present):
        refuse_older_ledger(ledger, destination, dataset)
    sink_id = _name(destination, dataset) if SINKS.name in present else None
    broken = [*missing, *lacking, *(name for name in _DLTS if present and name not in present)]
    if broken and "_dlt_version" in present:
        # dlt looks for what is missing only where it does not know the version of the schema
        destination.execute([f"DELETE FROM {dataset}._dlt_version"])
    if sink_id is None:
        sink_id = uuid.uuid4().hex
        loader.make_tables([(SINKS, SINKS.table([{"sink_id": sink_id, "made_at": now}]))])
    elif broken:
        loader.make_tables()
        ledger.call(forget, sink_id, [*missing, *lacking])
        tell(f"made anew what was missing of {', '.join(broken)}; what was bought is loaded again")
    if owe_lost_loads(ledger, destination, dataset, sink_id):
        tell(f"{destination.location} has lost what was loaded into it last: what was bought is loaded again")
    destination.execute(views.statements(dataset) if made_views is None else made_views)
    return sink_id


def still_there(destination: Destination, dataset: str, sink_id: str) -> None:
    """DestinationError where what a run loads into is not any more what it began with."""
    try:
        with destination.held():
            there = (
                destination.exists and SINKS.name in destination.columns() and _name(destination, dataset) == sink_id
            )
    except DestinationError as error:
        raise DestinationError(error.problem, error.mend, NOTHING_LOST) from error
    if not there:
        raise DestinationError(
            f"The dataset {dataset} in {destination.location} was deleted or replaced while the run went on.",
            "Run again: all that was bought is loaded into what is there then, at no cost.",
            NOTHING_LOST,
        )


def _lacking(destination: Destination, dataset: str, present: Columns) -> list[str]:
    """Tables that lack columns, which can be made anew. DestinationError for what cannot be mended so."""
    lacking = []
    for spec in TABLES:
        there = present.get(spec.name)
        if there is None:
            continue
        for field in spec.schema:
            wanted = destination.type_of(field.type)
            found = there.get(field.name)
            if found is None and field.nullable:
                lacking.append(spec.name)
            elif found != wanted:
                what = f"has the type {found}, where leadsync writes {wanted}" if found else "is missing"
                raise DestinationError(
                    f"The column {field.name} of {dataset}.{spec.name} in {destination.location} {what}.",
                    "Rename or drop that table: the next run makes it anew and loads again what belongs into it, at "
                    "no cost. Or choose another dataset (pipelines.dataset).",
                )
    return list(dict.fromkeys(lacking))


def _name(destination: Destination, dataset: str) -> str | None:
    rows = destination.query(f"SELECT min(sink_id) FROM {dataset}.{SINKS.name}")
    return str(rows[0][0]) if rows and rows[0][0] is not None else None
