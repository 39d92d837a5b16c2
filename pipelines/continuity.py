"""Whether ledger and dataset still belong together: each may have been put back to an earlier state, by a backup or a
copy.

A dataset that has lost loads is owed their rows again, at no cost. A ledger that does not know what the dataset holds
must not buy: what it has forgotten would be bought again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from destinations import Destination
from enrichment.ledger import Ledger
from enrichment.ledger.deliveries import forget_loads, last_load
from enrichment.ledger.schema import calls
from sources.errors import LedgerError

#: calls of the dataset that are looked for in the ledger at each start: those that changed last, for a ledger that was
#: put back does not know these
LOOKED_AT = 1000
_CHUNK = 500


def holds_calls(present: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether a dataset with these columns (by table) has calls that a ledger can be held against."""
    return {"call_id", "version", "updated_at"} <= set(present.get("calls", ()))


def refuse_older_ledger(ledger: Ledger, destination: Destination, dataset: str) -> None:
    """LedgerError where the dataset holds calls that the ledger does not know, or knows in an earlier state only."""
    latest = f"SELECT call_id, version FROM {dataset}.calls ORDER BY updated_at DESC, call_id DESC LIMIT {LOOKED_AT}"
    if not any(_behind(ledger, destination.query(latest))):
        return
    unknown, earlier = _behind(ledger, destination.query(f"SELECT call_id, version FROM {dataset}.calls"))
    raise LedgerError(
        f"The ledger {ledger.path} is older than the dataset {dataset} in {destination.location}: of the calls there "
        f"it does not know {unknown}, and {earlier} only in an earlier state. It is a backup of an earlier day, or "
        f"another ledger, and would buy again what it does not know of. Nothing was sent or bought. Put the newest "
        f"ledger in its place. Where there is none, choose another dataset (pipelines.dataset): what this ledger knows "
        f"is loaded there, and what it does not know is bought again."
    )


def _behind(ledger: Ledger, there: Sequence[tuple[Any, ...]]) -> tuple[int, int]:
    """How many of these (call_id, version) the ledger does not know, and how many it knows in an earlier version."""
    unknown = earlier = 0
    with ledger.read() as connection:
        for start in range(0, len(there), _CHUNK):
            some = dict(there[start : start + _CHUNK])
            query = sa.select(calls.c.call_id, calls.c.version).where(calls.c.call_id.in_(some))
            known = {row.call_id: row.version for row in connection.execute(query)}
            unknown += len(some) - len(known)
            earlier += sum(1 for call_id, version in known.items() if version < some[call_id])
    return unknown, earlier


def owe_lost_loads(ledger: Ledger, destination: Destination, dataset: str, sink_id: str) -> bool:
    """Owe again what the dataset had and has no longer; True where it lost loads."""
    with ledger.read() as connection:
        last = last_load(connection, sink_id)
    if last is None:
        return False
    there = f"SELECT load_id FROM {dataset}._dlt_loads WHERE status = 0"
    if destination.query(f"{there} AND load_id = '{last}'"):
        return False
    kept = {str(load_id) for (load_id,) in destination.query(there)}
    ledger.call(forget_loads, sink_id, kept)
    return True
