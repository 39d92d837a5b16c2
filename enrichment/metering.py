"""Searches that may be charged: every attempt is booked in the ledger at its worst before it is sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import anyio

from enrichment.ids import new_id
from enrichment.ledger import Ledger, searches
from sources.errors import CapReached

#: what a search may charge for: the records of people viewed before, every record, nothing
VIEWED, EVERY, NONE = "viewed", "every", "none"
#: the price of a charged record, in 1/100 unit (one export credit, search page)
RECORD = 100


@dataclass(frozen=True)
class SearchPrice:
    """Whose searches they are, what they charge for, and how much of it (1/100 unit) a run may spend on them."""

    provider: str
    unit: str
    charge: str
    cap: int | None = None

    def bounds(self, records: int) -> tuple[int, int]:
        """The least and the most that a page of so many records costs."""
        most = 0 if self.charge == NONE else records * RECORD
        return (most if self.charge == EVERY else 0), most


class LedgerMeter:
    """Implements `sources.metering.Meter` for one search of one run."""

    def __init__(self, ledger: Ledger, price: SearchPrice, run_id: str, search: str, now: Callable[[], int]) -> None:
        self._ledger = ledger
        self._price = price
        self._run_id = run_id
        self._search = search
        self._now = now
        self._open: set[str] = set()
        self._settled = anyio.Event()

    async def reserve(self, page: int, records: int) -> str:
        """See `Meter.reserve`. Raises CapReached where the cap leaves no room, whatever is still under way returns."""
        attempt_id = new_id()
        row = {
            "charge_id": attempt_id,
            "run_id": self._run_id,
            "search": self._search,
            "page": page,
            "provider": self._price.provider,
            "unit": self._price.unit,
            "amount_min": 0,
            "amount_max": self._price.bounds(records)[1],
            "at": self._now(),
        }
        while not await self._ledger.run(searches.reserve, row, self._price.cap):
            if not self._open:
                raise CapReached(
                    f"enrichment.max_search_credits_per_run is reached: the next page of the search {self._search} may "
                    f"cost {records} credits. It was not asked for. Raise it, or run again: what was found is kept."
                )
            await self._settled.wait()  # what is under way may cost less than its worst
        self._open.add(attempt_id)
        return attempt_id

    async def settle(self, attempt_id: str, records: int) -> None:
        """See `Meter.settle`."""
        least, most = self._price.bounds(records)
        with anyio.CancelScope(shield=True):
            await self._ledger.run(searches.settle, attempt_id, records, least, most)
        self.unknown(attempt_id)

    def unknown(self, attempt_id: str) -> None:
        """See `Meter.unknown`."""
        self._open.discard(attempt_id)
        self._settled.set()
        self._settled = anyio.Event()
