"""What attempts at pages of searches may have cost, and whether a cap leaves room for another."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from enrichment.ledger.books import Amount
from enrichment.ledger.schema import search_charges
from sources.providers import Basis


def reserve(connection: sa.Connection, row: dict[str, Any], cap: int | None) -> bool:
    """Note an attempt at its worst, unless that would pass the cap of its run (1/100 unit); False: it must not go."""
    if cap is not None and spent(connection, row["run_id"]).most + row["amount_max"] > cap:
        return False
    connection.execute(search_charges.insert().values(**row, basis=Basis.BOUNDED, version=1))
    return True


def settle(connection: sa.Connection, charge_id: str, records: int, least: int, most: int) -> None:
    """The attempt returned so many records, which cost so much."""
    connection.execute(
        search_charges.update()
        .where(search_charges.c.charge_id == charge_id)
        .values(
            records=records,
            amount_min=least,
            amount_max=most,
            basis=Basis.DOCUMENTED if least == most else Basis.BOUNDED,
            version=search_charges.c.version + 1,
        )
    )


def spent(connection: sa.Connection, run_id: str) -> Amount:
    """What a run's searches may have cost."""
    query = sa.select(sa.func.sum(search_charges.c.amount_min), sa.func.sum(search_charges.c.amount_max))
    least, most = connection.execute(query.where(search_charges.c.run_id == run_id)).one()
    return Amount(int(least or 0), int(most or 0))
