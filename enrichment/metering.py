"""Searches that may be charged: every attempt is booked in the ledger at its worst before it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

import anyio

from enrichment.ids import new_id
from enrichment.ledger import Ledger
from enrichment.ledger.searches import SearchBudget
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

    def __init__(
        self, ledger: Ledger, price: SearchPrice, budget: SearchBudget, search: str, now: Callable[[], int]
    ) -> None:
        """``budget``: the one of all searches of the run."""
        self._ledger = ledger
        self._price = price
        self._budget = budget
        self._search = search
        self._now = now
        self._open: set[str] = set()
        self._settled = anyio.Event()

    async def reserve(self, page: int, records: int) -> str:
        """See `Meter.reserve`. Raises CapReached where the cap leaves no room, whatever is still under way returns."""
        attempt_id = new_id()
        row = {
            "charge_id": attempt_id,
            "run_id": self._budget.run_id,
            "search": self._search,
            "page": page,
            "provider": self._price.provider,
            "unit": self._price.unit,
            "amount_max": self._price.bounds(records)[1],
            "at": self._now(),
        }
        while not await self._ledger.run(self._budget.reserve, row):
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
        loop = asyncio.get_running_loop()

        def done(_: Future[None]) -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self.unknown, attempt_id)

        # not waited for: a crash before it leaves the worst case, and what the page held is written right after it
        self._ledger.submit(self._budget.settle, attempt_id, records, least, most).add_done_callback(done)

    def unknown(self, attempt_id: str) -> None:
        """See `Meter.unknown`."""
        self._open.discard(attempt_id)
        self._settled.set()
        self._settled = anyio.Event()
