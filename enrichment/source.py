"""The ledger's finished rows as a dlt source: nothing is bought here, only handed on.

    pipeline.run(enrichment(Ledger("sqlite:///.leadsync/ledger.db")))

With a ``sink_id`` only what that sink does not have yet is yielded; what was yielded is collected in ``handed`` and is
to be noted as delivered (`enrichment.ledger.deliveries.deliver`) after the load has succeeded, not before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import dlt
import sqlalchemy as sa
from dlt.extract import DltResource

from enrichment.ledger import Ledger, owed
from enrichment.ledger.deliveries import Deliveries, announce
from enrichment.tables import (
    CALLS,
    CREDIT_SPEND,
    EMAIL_VERIFICATIONS,
    EMAILS,
    PEOPLE_HISTORY,
    PHONES,
    PROVIDER_RESULTS,
    TableSpec,
)

#: rows a table that is yielded at a time
CHUNK = 10_000

_OWED: tuple[tuple[TableSpec, Callable[[sa.Connection, str | None], owed.Owed]], ...] = (
    (EMAILS, owed.owed_emails),
    (PHONES, owed.owed_phones),
    (EMAIL_VERIFICATIONS, owed.owed_email_verifications),
    (PROVIDER_RESULTS, owed.owed_provider_results),
    (CREDIT_SPEND, owed.owed_credit_spend),
    (CALLS, owed.owed_calls),
    (PEOPLE_HISTORY, owed.owed_people_history),
)


@dlt.source(name="enrichment")
def enrichment(
    ledger: Ledger, sink_id: str | None = None, handed: list[Deliveries] | None = None
) -> tuple[DltResource, ...]:
    """The ledger's tables (`enrichment.tables`), each merged on its key, as Arrow tables."""
    return tuple(_resource(spec, query, ledger, sink_id, handed) for spec, query in _OWED)


def _resource(
    spec: TableSpec,
    query: Callable[[sa.Connection, str | None], owed.Owed],
    ledger: Ledger,
    sink_id: str | None,
    handed: list[Deliveries] | None,
) -> DltResource:
    def rows() -> Iterator[Any]:
        with ledger.read() as connection:
            found, deliveries = query(connection, sink_id)
        if sink_id is not None and spec is CREDIT_SPEND:
            # a charge that comes to nothing is told only to a sink that may have its worst case
            ledger.call(announce, sink_id, deliveries)
        for start in range(0, len(found), CHUNK):
            yield spec.table(found[start : start + CHUNK])
        if handed is not None and len(deliveries):
            handed.append(deliveries)

    return dlt.resource(
        rows,
        name=spec.name,
        primary_key=spec.key,
        write_disposition={"disposition": "merge", "strategy": "delete-insert"},
    )
