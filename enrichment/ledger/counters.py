"""Rate counters that outlive the process: a daily quota does not start anew because cron started us again."""

from __future__ import annotations

import sqlalchemy as sa

from enrichment.ledger.database import Ledger
from enrichment.ledger.schema import rate_grants

_DAY = 86_400 * 1_000_000


class LedgerCounters:
    """Implements `sources.limits.Counters` in a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def load(self, name: str, since: float) -> list[tuple[float, int]]:
        """See `Counters.load`; older grants are dropped on the way."""

        def work(connection: sa.Connection) -> list[tuple[float, int]]:
            start = round(since * 1_000_000)
            connection.execute(rate_grants.delete().where(rate_grants.c.name == name, rate_grants.c.at < start - _DAY))
            rows = connection.execute(
                sa.select(rate_grants.c.at, rate_grants.c.requests)
                .where(rate_grants.c.name == name, rate_grants.c.at >= start)
                .order_by(rate_grants.c.grant_id)
            )
            return [(row.at / 1_000_000, row.requests) for row in rows]

        return await self._ledger.run(work)

    async def add(self, name: str, at: float, requests: int) -> None:
        """See `Counters.add`."""
        row = {"name": name, "at": round(at * 1_000_000), "requests": requests}
        await self._ledger.run(lambda connection: connection.execute(rate_grants.insert().values(row)) and None)
