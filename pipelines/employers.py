"""Employers that pages of a search tell of: new ones handed on at once, what has changed when all was seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import sqlalchemy as sa

from enrichment.ledger.deliveries import Deliveries, known_hashes
from enrichment.ledger.seen import known_organizations, remember_organizations
from pipelines.feed import Parcel
from pipelines.organizations import LookUp, Organizations
from pipelines.search_context import SearchContext
from pipelines.tables import ORGANIZATIONS
from sources.clodura.columns import Employer, Row
from sources.clodura.tables import row_hash

#: employers settled at a time
SETTLED = 1000


@dataclass(frozen=True)
class NewEmployers:
    """Rows to hand on, and the hashes of those that the destination lacks, by id."""

    rows: Sequence[Row] = field(repr=False)
    lacking: Mapping[str, str] = field(repr=False)


class EmployerArrivals:
    """Takes in the employers of one run's searches, page by page."""

    def __init__(self, context: SearchContext) -> None:
        self._context = context
        self._organizations = Organizations()
        self._handed: dict[str, int] = {}  # those that this run has handed on, each with a hash of its row

    def see(self, connection: sa.Connection, employers: Sequence[Employer]) -> NewEmployers:
        """Take in what a page says; returns the new ones. Always in the ledger's thread, page by page."""
        new = self._organizations.see(employers, partial(known_organizations, connection))
        remember_organizations(connection, new)
        return NewEmployers(new, self._lacking(connection, new))

    async def hand_on(self, new: NewEmployers) -> None:
        """What the destination lacks goes to it."""
        lacking = new.lacking
        if not lacking:
            return
        self._handed |= {key: hash(content) for key, content in lacking.items()}
        table = ORGANIZATIONS.table([row for row in new.rows if row["organization_id"] in lacking])
        deliveries = Deliveries(ORGANIZATIONS.name, list(lacking), list(lacking.values()))
        await self._context.feed.put(Parcel(ORGANIZATIONS, table, deliveries))

    async def settle(self) -> None:
        """All has been seen: hand on what has changed."""

        def work(connection: sa.Connection, part: Callable[[LookUp], list[Row]]) -> NewEmployers:
            rows = part(partial(known_organizations, connection))
            remember_organizations(connection, rows)
            return NewEmployers(rows, self._lacking(connection, rows))

        for part in self._organizations.settled(SETTLED):
            await self.hand_on(await self._context.ledger.run(work, part))

    def _lacking(self, connection: sa.Connection, rows: Sequence[Row]) -> dict[str, str]:
        """Hashes of the rows that the destination has not, nor this run has handed on."""
        hashes = {row["organization_id"]: row_hash(row) for row in rows}
        other = [key for key, content in hashes.items() if self._handed.get(key) != hash(content)]
        has = known_hashes(connection, self._context.sink_id, ORGANIZATIONS.name, other)
        return {key: hashes[key] for key in other if has.get(key) != hashes[key]}
