"""Getting a destination ready, before anything is spent: drained, its tables made, its name in the ledger known."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from destinations import Destination
from enrichment.ledger import Ledger
from enrichment.ledger.deliveries import forget
from pipelines import views
from pipelines.loading import TABLES, Loader
from pipelines.tables import SINKS


def prepare(
    loader: Loader, destination: Destination, dataset: str, ledger: Ledger, now: int, tell: Callable[[str], None]
) -> str:
    """Make the destination ready to be loaded into; returns the name under which the ledger knows what it holds.

    The name lies in the dataset itself. A file that was deleted, or another one, has none and is owed everything that
    was ever bought; a table that somebody dropped is owed its rows again.
    """
    if loader.drain():
        tell("loaded what an earlier run had left pending")
    present = destination.tables()
    missing = [spec.name for spec in TABLES if spec.name not in present]
    sink_id = _name(destination, dataset) if SINKS.name in present else None
    if sink_id is None:
        sink_id = uuid.uuid4().hex
        loader.make_tables([(SINKS, SINKS.table([{"sink_id": sink_id, "made_at": now}]))])
    elif missing:
        # dlt looks for missing tables only where it does not know the version of the schema
        destination.execute([f"DELETE FROM {dataset}._dlt_version"] if "_dlt_version" in present else [])
        loader.make_tables()
        ledger.call(forget, sink_id, missing)
        tell(f"made missing tables anew: {', '.join(missing)}; what was bought is loaded again")
    destination.execute(views.statements(dataset))
    return sink_id


def _name(destination: Destination, dataset: str) -> str | None:
    rows = destination.query(f"SELECT min(sink_id) FROM {dataset}.{SINKS.name}")
    return str(rows[0][0]) if rows and rows[0][0] is not None else None
