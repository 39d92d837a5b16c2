"""What attempts at pages of searches may have cost, and whether a cap leaves room for another."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from enrichment.ledger.books import Amount
from enrichment.ledger.schema import search_charges
from enrichment.storage import Statement
from sources.providers import Basis

_RESERVE = Statement(
    f"""
    INSERT INTO search_charges
        (charge_id, run_id, search, page, provider, unit, amount_min, amount_max, at, basis, version)
    VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, '{Basis.BOUNDED}', 1)
    """
)
_SETTLE = Statement(
    """
    UPDATE search_charges SET records = ?, amount_min = ?, amount_max = ?, basis = ?, version = version + 1
    WHERE charge_id = ?
    """
)


class SearchBudget:
    """The searches of one run under one cap (1/100 unit; None: none).

    What they may have cost is summed up once and kept from then on, not added up for every page. Its methods are work
    for the ledger's writer, which does one piece after the other, and are called from nowhere else.
    """

    def __init__(self, run_id: str, cap: int | None) -> None:
        self.run_id = run_id
        self._cap = cap
        self._most: int | None = None
        self._open: dict[str, int] = {}

    def reserve(self, connection: sa.Connection, row: dict[str, Any]) -> bool:
        """Note an attempt at its worst, unless that would pass the cap; False: it must not go."""
        if self._most is None:
            self._most = spent(connection, self.run_id).most
        most = row["amount_max"]
        if self._cap is not None and self._most + most > self._cap:
            return False
        names = ("charge_id", "run_id", "search", "page", "provider", "unit", "amount_max", "at")
        _RESERVE.run(connection, *(row[name] for name in names))
        self._most += most  # where the transaction fails after all, too much is counted, never too little
        self._open[row["charge_id"]] = most
        return True

    def settle(self, connection: sa.Connection, charge_id: str, records: int, least: int, most: int) -> None:
        """The attempt returned so many records, which cost so much."""
        basis = Basis.DOCUMENTED if least == most else Basis.BOUNDED
        _SETTLE.run(connection, records, least, most, basis, charge_id)
        reserved = self._open.pop(charge_id, None)
        if reserved is not None and self._most is not None:
            self._most += most - reserved


def spent(connection: sa.Connection, run_id: str) -> Amount:
    """What a run's searches may have cost."""
    query = sa.select(sa.func.sum(search_charges.c.amount_min), sa.func.sum(search_charges.c.amount_max))
    least, most = connection.execute(query.where(search_charges.c.run_id == run_id)).one()
    return Amount(int(least or 0), int(most or 0))
