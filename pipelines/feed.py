"""The bridge between the engine's event loop and dlt: parcels of Arrow tables through a bounded queue.

The loop puts, and waits while there is no room; a sync dlt resource takes. dlt sees no coroutine. What is taken at a
time is one package: bounded, too, since a load takes memory for all of it at once (docs/adr/0012).
"""

from __future__ import annotations

import queue
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio

from enrichment.ledger.deliveries import Deliveries
from enrichment.tables import TableSpec

#: rows of a package, and rows that may wait meanwhile: as many as a fast search finds while a package is loaded
PACKAGE, ROOM = 120_000, 100_000
#: seconds between looks whether the time is up
LOOK_EVERY = 0.2
#: and whether there is room again
ROOM_EVERY = 0.02


@dataclass(frozen=True)
class Parcel:
    """Rows for one table, and what to note once they are loaded."""

    spec: TableSpec
    table: Any = field(repr=False)
    deliveries: Deliveries | None = None
    #: in which version rows are that are not noted as delivered: of two of a row in one package any might be kept
    versions: Deliveries | None = None
    #: pages of the spool whose people are loaded with this parcel and those before it
    spooled: Sequence[int] = ()
    #: scans that are over once it is loaded, each with what it covered
    ended: Sequence[tuple[int, str]] = ()

    @property
    def rows(self) -> int:
        """How many rows it counts for."""
        return max(1, int(self.table.num_rows))


class Feed:
    """A bounded queue of parcels that can be closed. One thread puts, one takes."""

    def __init__(self) -> None:
        self._parcels: queue.SimpleQueue[Parcel] = queue.SimpleQueue()
        self._rows_put = 0
        self._rows_taken = 0
        self._kept_back: Parcel | None = None
        self._closed = False
        self._abandoned = False

    async def put(self, parcel: Parcel) -> None:
        """Hand a parcel over, waiting for room; who is cancelled while waiting has put nothing."""
        while not self._abandoned:
            if self._rows_put - self._rows_taken < ROOM:
                self._rows_put += parcel.rows
                self._parcels.put(parcel)
                return
            await anyio.sleep(ROOM_EVERY)

    def close(self) -> None:
        """Nothing more comes. Never blocks."""
        self._closed = True

    def abandon(self) -> None:
        """Nobody takes any more: whoever puts goes on at once, what lies here is owed again by the next run."""
        self._abandoned = True

    @property
    def finished(self) -> bool:
        """Closed, and everything taken."""
        return self._closed and self._parcels.empty() and self._kept_back is None

    def take(self, seconds: float) -> Iterator[Parcel]:
        """The parcels of one package: as they come, for so long and up to `PACKAGE` rows; fewer once all is taken.

        It also ends before a row that it holds already, in another version: of two in one package any might be kept.
        """
        until = time.monotonic() + seconds
        held: dict[str, dict[str, str]] = defaultdict(dict)
        rows = 0
        while rows < PACKAGE and (parcel := self._next(until)) is not None:
            given = parcel.deliveries or parcel.versions
            hashes = {} if given is None else dict(zip(given.keys, given.hashes, strict=True))
            mine = held[parcel.spec.name]
            if any(mine[key] != hashes[key] for key in hashes.keys() & mine.keys()):
                self._kept_back = parcel
                return
            mine |= hashes
            rows += parcel.rows
            self._rows_taken += parcel.rows
            yield parcel

    def _next(self, until: float) -> Parcel | None:
        if (kept_back := self._kept_back) is not None:
            self._kept_back = None
            return kept_back
        while not self.finished and (left := until - time.monotonic()) > 0:
            try:
                return self._parcels.get(timeout=min(left, LOOK_EVERY))
            except queue.Empty:
                continue
        return None
