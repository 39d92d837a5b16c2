"""One search window read whole: its pages fetched concurrently, its end found on the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import anyio

from sources.clodura.client import CloduraClient
from sources.clodura.filters import LARGEST_PAGE, LAST_PAGE, SearchFilters
from sources.clodura.paging import Fill, PageFinder
from sources.clodura.records import Page
from sources.metering import Meter

#: pages of one window under way at a time
CONCURRENCY = 10


class Coverage(StrEnum):
    """What a walk through a window saw of it."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"  # page 100 is full: what lies behind it cannot be seen
    LIMITED = "limited"  # as many people as were asked for
    GAPS = "gaps"  # a page stayed empty although a later one was not
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class WindowReport:
    """How a window was read. ``calls`` counts pages asked for, ``wasted`` those past its end."""

    window: str
    coverage: Coverage
    pages: int
    records: int
    calls: int
    wasted: int
    unreadable: int


OnPage = Callable[[Page], Awaitable[None]]


async def walk(
    client: CloduraClient,
    filters: SearchFilters,
    on_page: OnPage,
    *,
    limit: int | None = None,
    concurrency: int = CONCURRENCY,
    stopped: Callable[[], bool] = lambda: False,
    patience: Callable[[], float | None] = lambda: None,
    meter: Meter | None = None,
) -> WindowReport:
    """Hand every page of a window to ``on_page`` (concurrently, in no order), and say what was seen.

    ``limit`` bounds the people wanted (the last page may hold a few more); ``stopped`` is asked before each call. An
    error of the client ends the walk once the calls under way are done with; ``on_page`` slows the walk by waiting.
    """
    per_page = page_size(limit)
    last_page = LAST_PAGE if limit is None else min(LAST_PAGE, -(-limit // per_page))
    walker = _Walk(client, filters, on_page, PageFinder(last_page), per_page, patience, meter)
    try:
        async with anyio.create_task_group() as tasks:
            while not stopped() and not walker.finder.finished:
                page = walker.finder.take() if walker.under_way < concurrency else None
                if page is None:
                    await walker.next_answer()
                else:
                    walker.under_way += 1
                    walker.calls += 1
                    tasks.start_soon(walker.fetch, page)
    except BaseExceptionGroup as group:
        raise first_error(group) from None
    return walker.report(limited=limit is not None and walker.held >= limit, interrupted=stopped())


def page_size(limit: int | None) -> int:
    """Records a page: 100, or the smallest of the sizes public clients use that holds all that is wanted."""
    return next((size for size in (25, 50) if limit is not None and limit <= size), LARGEST_PAGE)


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error inside a group of them, however deep."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


class _Walk:
    def __init__(
        self,
        client: CloduraClient,
        filters: SearchFilters,
        on_page: OnPage,
        finder: PageFinder,
        per_page: int,
        patience: Callable[[], float | None],
        meter: Meter | None,
    ) -> None:
        self._client = client
        self._filters = filters
        self._on_page = on_page
        self._per_page = per_page
        self._patience = patience
        self._meter = meter
        self._answered = anyio.Event()
        self.finder = finder
        self.under_way = 0
        self.calls = 0
        self._full_seen = False
        self._pages = 0
        self._records = 0
        self._unreadable = 0

    @property
    def held(self) -> int:
        """Items on the pages so far, readable or not."""
        return self._records + self._unreadable

    async def next_answer(self) -> None:
        await self._answered.wait()
        self._answered = anyio.Event()

    async def fetch(self, number: int) -> None:
        try:
            page = await self._client.search(
                self._filters, number, self._per_page, patience=self._patience(), meter=self._meter
            )
            if page.records:
                self._pages += 1
                self._records += len(page.records)
                await self._on_page(page)
            self._unreadable += page.unreadable
            self._full_seen |= len(page.records) >= self._per_page
            self.finder.record(number, fill(page, self._per_page, self._full_seen))
        finally:
            self.under_way -= 1
            self._answered.set()

    def report(self, *, limited: bool, interrupted: bool) -> WindowReport:
        finder = self.finder
        if interrupted and not finder.finished:
            coverage = Coverage.INTERRUPTED
        elif finder.gaps:
            coverage = Coverage.GAPS
        elif finder.truncated:
            coverage = Coverage.LIMITED if limited else Coverage.TRUNCATED
        else:
            coverage = Coverage.COMPLETE
        return WindowReport(
            window=self._filters.fingerprint(),
            coverage=coverage,
            pages=self._pages,
            records=self._records,
            calls=self.calls,
            wasted=finder.wasted,
            unreadable=self._unreadable,
        )


def fill(page: Page, asked: int, full_seen: bool) -> Fill:
    """Whether a page is full, the last, or empty: by what was asked for and what its records say a page holds.

    A vendor that quietly serves 25 where 100 were asked for must not look like the end of the window: where the
    records do not say (``per_page``) and no page of the window was full (``full_seen``), a page with too few people
    is not taken for the last one before the next one is empty.
    """
    held = len(page.records) + page.unreadable
    if not held:
        return Fill.EMPTY
    capacity = min(page.per_page, asked) if page.per_page is not None else asked if full_seen else None
    return Fill.SHORT if capacity is not None and held < capacity else Fill.FULL
