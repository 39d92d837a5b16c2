"""Searches as a plain iterator of batches, for sync consumers such as a dlt resource.

The calls run on an event loop of our own in a thread of our own: dlt is never handed a coroutine (one that ends
cancelled would hang its extract step). A bounded queue lets the consumer slow the search down.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import anyio
import anyio.to_thread

from sources.clodura.client import CloduraClient
from sources.clodura.filters import SearchFilters
from sources.clodura.records import Page, Record
from sources.clodura.windows import WindowReport, walk
from sources.transport import Transport

#: records handed on at a time: small enough to flow, large enough for Arrow
BATCH = 1000


@dataclass(frozen=True)
class Batch:
    """Records of one search, or its report at the end."""

    search: str
    records: Sequence[Record] = field(default=(), repr=False)
    report: WindowReport | None = None


def stream(
    make_transport: Callable[[], Transport], searches: Mapping[str, SearchFilters], *, limit: int | None = None
) -> Iterator[Batch]:
    """Run the searches one after the other and yield what they find; closing the iterator stops them.

    Raises what the client raises. ``limit`` bounds the people of each search.
    """
    handed: queue.Queue[Batch | BaseException | None] = queue.Queue(maxsize=20)
    stop = threading.Event()
    worker = threading.Thread(
        target=_work, args=(make_transport, searches, limit, handed, stop), name="clodura-search", daemon=True
    )
    worker.start()
    try:
        while True:
            item = handed.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        while worker.is_alive():  # the worker may be waiting for room
            try:
                handed.get(timeout=0.1)
            except queue.Empty:
                continue
        worker.join()


def _work(
    make_transport: Callable[[], Transport],
    searches: Mapping[str, SearchFilters],
    limit: int | None,
    handed: queue.Queue[Batch | BaseException | None],
    stop: threading.Event,
) -> None:
    async def main() -> None:
        async with make_transport() as transport:
            client = CloduraClient(transport)
            for name, filters in searches.items():
                if not stop.is_set():
                    await _search(client, name, filters, limit, handed, stop)

    try:
        anyio.run(main)
        handed.put(None)
    except BaseException as error:  # noqa: BLE001 - handed to the consumer, who raises it
        handed.put(error)


async def _search(
    client: CloduraClient,
    name: str,
    filters: SearchFilters,
    limit: int | None,
    handed: queue.Queue[Batch | BaseException | None],
    stop: threading.Event,
) -> None:
    waiting: list[Record] = []
    wanted = limit

    async def hand_on(least: int) -> None:
        nonlocal wanted
        if len(waiting) >= max(least, 1):
            records = waiting[:wanted]
            waiting.clear()
            wanted = None if wanted is None else wanted - len(records)
            if records:
                await anyio.to_thread.run_sync(handed.put, Batch(name, records))

    async def on_page(page: Page) -> None:
        waiting.extend(page.records)
        await hand_on(BATCH)

    report = await walk(client, filters, on_page, limit=limit, stopped=stop.is_set)
    await hand_on(0)
    await anyio.to_thread.run_sync(handed.put, Batch(name, report=report))
