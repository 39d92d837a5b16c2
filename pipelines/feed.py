"""The bridge between the engine's event loop and dlt: parcels of Arrow tables through a bounded queue.

The loop puts, and waits while there is no room; a sync dlt resource takes. dlt sees no coroutine.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio

from enrichment.ledger.deliveries import Deliveries
from enrichment.tables import TableSpec

#: parcels that may wait; one holds some thousand rows at most
ROOM = 32
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


class Feed:
    """A bounded queue of parcels that can be closed."""

    def __init__(self) -> None:
        self._parcels: queue.Queue[Parcel] = queue.Queue(maxsize=ROOM)
        self._closed = False
        self._abandoned = False

    async def put(self, parcel: Parcel) -> None:
        """Hand a parcel over, waiting for room; who is cancelled while waiting has put nothing."""
        while not self._abandoned:
            try:
                self._parcels.put_nowait(parcel)
            except queue.Full:
                await anyio.sleep(ROOM_EVERY)
            else:
                return

    def close(self) -> None:
        """Nothing more comes. Never blocks."""
        self._closed = True

    def abandon(self) -> None:
        """Nobody takes any more: whoever puts goes on at once, what lies here is owed again by the next run."""
        self._abandoned = True

    @property
    def finished(self) -> bool:
        """Closed, and everything taken."""
        return self._closed and self._parcels.empty()

    def take(self, seconds: float) -> Iterator[Parcel]:
        """Parcels as they come, for so long; ends early once the feed is finished."""
        until = time.monotonic() + seconds
        while not self.finished:
            left = until - time.monotonic()
            if left <= 0:
                return
            try:
                parcel = self._parcels.get(timeout=min(left, LOOK_EVERY))
            except queue.Empty:
                continue
            yield parcel
