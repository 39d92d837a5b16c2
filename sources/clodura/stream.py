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

from sources.clodura.cleaning import first_texts
from sources.clodura.client import CloduraClient
from sources.clodura.columns import NOBODY, People, concat
from sources.clodura.filters import SearchFilters
from sources.clodura.records import Record, parse_page
from sources.clodura.scan import Scanning, ScanReport, scan
from sources.clodura.scans import MemoryNotes, ScanWindow
from sources.clodura.windows import PageRead
from sources.concurrency import first_error
from sources.tracebacks import disarm
from sources.transport import Transport

#: people handed on at a time to a consumer who waits: small enough to flow, large enough for Arrow
BATCH = 1000
#: and to one who is slower than the search: each batch costs dlt some milliseconds
LARGEST = 2500
#: batches that wait for the consumer: searching may be charged, so that it must not run far ahead of one who may stop
AHEAD = 1


@dataclass(frozen=True)
class Batch:
    """People of one search, or its report at the end.

    The records themselves are not kept: a hundred thousand small lists and dicts that live on keep Python's garbage
    collector busy for longer than it takes to read them from their bodies.
    """

    search: str
    people: People = field(default=NOBODY, repr=False)
    #: the answers that told of these people, and perhaps of more
    bodies: Sequence[bytes] = field(default=(), repr=False)
    report: ScanReport | None = None

    def records(self) -> list[Record]:
        """What the vendor said of each of these people, read once more."""
        return [record for body in self.bodies for record in parse_page(0, body).records][: len(self.people)]


def stream(
    make_transport: Callable[[], Transport], searches: Mapping[str, SearchFilters], *, limit: int | None = None
) -> Iterator[Batch]:
    """Run the searches one after the other and yield what they find; closing the iterator stops them at once.

    Raises what the client raises. ``limit`` bounds the people of each search.
    """
    handed: queue.Queue[Batch | BaseException | None] = queue.Queue(maxsize=AHEAD)
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
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_cancel_once, stop, tasks.cancel_scope)
            async with make_transport() as transport:
                client = CloduraClient(transport)
                for name, filters in searches.items():
                    await _search(client, name, filters, limit, handed)
            tasks.cancel_scope.cancel()

    try:
        anyio.run(main)
        handed.put(None)
    except BaseExceptionGroup as group:
        disarm(group)  # it may quote a page, and whoever logs it is not us
        handed.put(first_error(group))
    except BaseException as error:  # noqa: BLE001 - handed to the consumer, who raises it
        disarm(error)
        handed.put(error)


async def _cancel_once(stop: threading.Event, scope: anyio.CancelScope) -> None:
    """A call may be waiting for its rate limit or for the vendor, for longer than anybody who stops wants to wait."""
    await anyio.to_thread.run_sync(stop.wait, abandon_on_cancel=True)
    scope.cancel()


async def _search(
    client: CloduraClient,
    name: str,
    filters: SearchFilters,
    limit: int | None,
    handed: queue.Queue[Batch | BaseException | None],
) -> None:
    waiting: list[People] = []
    bodies: list[bytes] = []
    wanted = limit
    handing = anyio.Lock()
    notes = MemoryNotes()

    async def hand_on(least: int) -> None:
        nonlocal wanted
        count = sum(map(len, waiting))
        if count >= max(least, 1):
            people, told = concat(waiting), tuple(bodies)
            if wanted is not None and wanted < count:
                people = people.take(range(wanted))
            waiting.clear()
            bodies.clear()
            wanted = None if wanted is None else wanted - len(people)
            if people:
                await anyio.to_thread.run_sync(handed.put, Batch(name, people, told))

    async def on_page(window: ScanWindow, read: PageRead) -> int:
        domains = first_texts(read.people.company_domains)
        again = notes.page(window.number, read, dict(zip(read.people.keys, domains, strict=True)))
        if read.people:
            waiting.append(read.people)
            bodies.append(read.page.body)
        async with handing:
            await hand_on(LARGEST if handed.full() else BATCH)
        return again

    def stopped() -> bool:
        return wanted == 0

    report = await scan(client, filters, notes, on_page, Scanning(limit=limit, stopped=stopped))
    await hand_on(0)
    await anyio.to_thread.run_sync(handed.put, Batch(name, report=report))
