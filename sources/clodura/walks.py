"""One search window read whole: its pages fetched concurrently, its end found on the way, shifts noticed and healed."""

from __future__ import annotations

import anyio

from sources.clodura.client import CloduraClient
from sources.clodura.columns import read_people
from sources.clodura.filters import LARGEST_PAGE, LAST_PAGE, SearchFilters
from sources.clodura.paging import MANY, PAST_END, Fill, PageFinder
from sources.clodura.records import Page, Record
from sources.clodura.windows import WAITING, Coverage, OnPage, PageRead, Reading, Slots, WindowReport, fill
from sources.concurrency import first_error
from sources.errors import CapReached, QuotaExhausted, VendorError

#: how often a window is read at the most, where its pages shift while they are read
MOST_WALKS = 3
#: and where whoever was shown leaves the search, so that others move up: each walk shows about half of them
MOST_VIEWED_WALKS = 12
#: calls that may fall past the end of a window in all walks through it
PAST_END_IN_ALL = PAST_END + 1
#: pages whose records are kept to tell by what a window that is too large can be split
SAMPLED = 12


async def walk(client: CloduraClient, filters: SearchFilters, on_page: OnPage, reading: Reading) -> WindowReport:
    """Hand every page of a window to ``on_page`` (concurrently, in no order), and say what was seen.

    ``limit`` bounds the people wanted (the last page may hold a few more); ``stopped`` is asked before each call. An
    error of the client is raised once the calls under way are done with and their pages taken in, an error of
    ``on_page`` at once; ``on_page`` slows the walk by waiting.

    Somebody who shows up on two pages, or a page that holds others when it is asked for again, says that pages have
    shifted: then the window is walked through again, as long as that shows people it had not shown, and at most
    `MOST_WALKS` times in all. Where people who were viewed are left out, being shown may be what takes somebody out of
    the search: then its first page is asked for again, and the walk begins anew, until that shows nobody new.
    """
    walker = Walk(client, filters, on_page, reading)
    await walker.read()
    return walker.report()


def page_size(limit: int | None) -> int:
    """Records a page: 100, or the smallest of the sizes public clients use that holds all that is wanted."""
    return next((size for size in (25, 50) if limit is not None and limit <= size), LARGEST_PAGE)


class Walk:
    """The same in steps: what was seen can be told of one that has failed, too."""

    def __init__(self, client: CloduraClient, filters: SearchFilters, on_page: OnPage, reading: Reading) -> None:
        self._client = client
        self._filters = filters
        self._on_page = on_page
        self._reading = reading
        self._slots = reading.slots or Slots(reading.concurrency)
        self._per_page = page_size(reading.limit)
        self._answered = anyio.Event()
        self._under_way = 0
        self._calls = 0
        self._wasted = 0
        self._pages = sum(page.fill is not Fill.EMPTY for page in reading.known)
        self._records = sum(page.people for page in reading.known)
        self._unreadable = sum(page.unreadable for page in reading.known)
        self._full_seen = any(page.people >= self._per_page for page in reading.known)
        self._sample: list[Record] = []
        self._sampled = 0
        self._finder = PageFinder(LAST_PAGE)
        self._first_walk = max((page.walk for page in reading.known), default=1)
        self._walk = self._first_walk
        self._shown: set[str] = set()  # people of earlier walks
        self._showing: dict[str, int] = {}  # people of this walk, by the page that showed them first
        self._far: dict[int, frozenset[str]] = {}  # pages of this walk that were the furthest so far: who is on them
        self._moved = False
        self._found_more = False
        self._noted = reading.shifted
        self._open = False  # whether others may have moved up to where those who were shown have been
        self._emptied = False  # nobody is left to be shown, whatever has shifted
        self._failed: VendorError | CapReached | None = None

    async def read(self) -> None:
        """Walk through the window, and again where that is needed."""
        number = self._first_walk
        await self.through(number)
        while number < MOST_WALKS and self.shifted and not self.ended_early and self._misses_left(number + 1) > 0:
            number += 1
            await self.through(number)
        if self._filters.exclude_viewed_people:
            await self._those_who_moved_up(number)

    async def _those_who_moved_up(self, number: int) -> None:
        """Walk again as long as the first page shows somebody new."""
        self._open = self._records > 0 and not self.ended_early
        while self._open and not self.ended_early and number < MOST_VIEWED_WALKS:
            number += 1
            page = await self._ask(1)
            if page is None:
                return
            people = read_people(page.records)
            keys = frozenset(people.keys)
            if keys <= self._shown | self._showing.keys():
                self._open, self._emptied = False, not page.records and not page.unreadable
                return
            filled = fill(page, self._per_page, self._full_seen)
            again = await self._on_page(PageRead(page, people, filled, number))
            if again == len(keys):  # an earlier run has taken them in
                self._open = False
                return
            self._begin(number)
            self._see(1, page, keys)
            self._finder.know(1, filled)
            await self._go_on()

    def _misses_left(self, number: int) -> int:
        """How many calls of a walk may fall past the end."""
        if self._filters.exclude_viewed_people:  # the end moves with each page that is shown
            return PAST_END
        before = [known for known in self._reading.known if known.walk < min(number, self._first_walk)]
        tops = {known.walk: 0 for known in before}
        for known in before:
            if known.fill is not Fill.EMPTY:
                tops[known.walk] = max(tops[known.walk], known.page)
        missed = sum(known.fill is Fill.EMPTY and known.page > tops[known.walk] for known in before)
        return min(PAST_END, PAST_END_IN_ALL - missed - self._wasted)

    @property
    def shifted(self) -> bool:
        """Whether pages have shifted in the last walk, and there may be people whom that has hidden."""
        return self._moved and (self._walk == 1 or self._found_more)

    @property
    def ended_early(self) -> bool:
        """Whether the walk has stopped before the end of what can be seen, or was not to see all of it."""
        return self._reading.limit is not None or self._finder.truncated or not self._finder.finished

    async def through(self, number: int) -> None:
        """Walk through the window once."""
        self._begin(number)
        await self._go_on()

    async def _go_on(self) -> None:
        try:
            async with anyio.create_task_group() as tasks:
                while not (self._ended or self._finder.finished):
                    page = self._finder.take() if self._under_way < self._reading.concurrency + WAITING else None
                    if page is None:
                        await self._answered.wait()
                        self._answered = anyio.Event()
                    else:
                        self._under_way += 1
                        tasks.start_soon(self._fetch, page, self._finder.checks(page))
        except BaseExceptionGroup as group:
            raise first_error(group) from None
        finally:
            self._wasted += self._finder.wasted
        if self._failed is not None:
            raise self._failed

    @property
    def _ended(self) -> bool:
        """Whether no more calls go out."""
        return self._reading.stopped() or self._failed is not None or self._full

    def _begin(self, number: int) -> None:
        reading, before = self._reading, self._finder
        limit = reading.limit
        last_page = LAST_PAGE if limit is None else min(LAST_PAGE, -(-limit // self._per_page))
        expected = before.end if number > self._walk else _pages(reading.expected, self._per_page)
        if self._filters.exclude_viewed_people and number > 1:  # whoever was shown may have gone
            expected = None
        self._finder = PageFinder(
            last_page,
            past_end=max(1, self._misses_left(number)),  # a run that goes on with a walk may have none left
            expected=expected,
            many=1 if reading.likely_full else MANY if reading.splitting else last_page,
            checked=limit is None,
        )
        self._shown |= self._showing.keys()
        self._showing = {}
        self._far = {}
        self._moved = reading.shifted == number
        self._found_more = self._moved and number > 1  # whom that walk had shown by then is not known
        self._walk = number
        for known in sorted(reading.known, key=lambda known: known.page):
            if known.walk == number:
                self._finder.know(known.page, known.fill)

    @property
    def _full(self) -> bool:
        return self._reading.splitting and self._finder.truncated

    async def _fetch(self, number: int, checking: bool) -> None:
        try:
            async with self._slots.page:  # until it is taken in: who takes pages slows all windows down
                await self._fetch_page(number, checking)
        except (VendorError, CapReached) as error:  # other calls are under way: their pages are paid for, and count
            self._failed = self._failed or error
        finally:
            self._under_way -= 1
            self._answered.set()

    async def _ask(self, number: int) -> Page | None:
        """One page; None where it is not to be asked for any more by the time that it may be."""
        reading = self._reading
        try:
            async with self._slots.call:
                if self._ended:
                    return None
                page = await self._client.search(
                    self._filters, number, self._per_page, patience=reading.patience(), meter=reading.meter
                )
        except (QuotaExhausted, CapReached):
            raise  # it was not sent
        except VendorError:
            self._calls += 1
            raise
        self._calls += 1
        return page

    async def _fetch_page(self, number: int, checking: bool) -> None:
        page = await self._ask(number)
        if page is None:
            self._finder.hand_back(number)
            return
        async with self._slots.reading:
            people = read_people(page.records)
        keys = frozenset(people.keys)
        if checking and keys == self._far.get(number):
            self._finder.record(number, Fill.FULL)  # nothing has moved
            return
        filled = fill(page, self._per_page, self._full_seen or len(page.records) >= self._per_page)
        if not checking:
            self._see(number, page, keys)
            self._finder.record(number, filled)  # what comes next need not wait until this page is taken in
            self._answered.set()
        await self._note_shift()
        again = await self._on_page(PageRead(page, people, filled, self._walk))
        if checking:  # an earlier run may have read it: then nobody may be on it whom this window had not shown
            self._moved |= number in self._far or again < len(keys)
            self._found_more |= not keys <= self._shown
            self._finder.record(number, filled)
        else:
            self._moved |= self._walk == 1 and again > 0
        await self._note_shift()

    async def _note_shift(self) -> None:
        if self._moved and self._noted != self._walk:
            self._noted = self._walk
            await self._reading.on_shift(self._walk)

    def _see(self, number: int, page: Page, keys: frozenset[str]) -> None:
        self._full_seen |= len(page.records) >= self._per_page
        self._unreadable += page.unreadable
        if not page.records:
            return
        self._pages += 1
        self._records += len(page.records)
        if self._sampled < SAMPLED:
            self._sampled += 1
            self._sample += page.records
        before = keys & self._showing.keys()
        self._moved |= any(self._showing[key] != number for key in before)
        self._found_more |= not keys <= self._shown
        self._showing |= dict.fromkeys(keys - before, number)
        if number > max(self._far, default=0):
            self._far[number] = keys

    def report(self) -> WindowReport:
        """What was seen in all walks."""
        finder, reading = self._finder, self._reading
        limited = reading.limit is not None and self._records + self._unreadable >= reading.limit
        if reading.stopped() and (self._open or not finder.finished) and not self._full:
            coverage = Coverage.INTERRUPTED
        elif finder.truncated:
            coverage = Coverage.LIMITED if limited else Coverage.TRUNCATED
        elif not self._emptied and (finder.gaps or finder.end is None or self.shifted or self._open):
            coverage = Coverage.GAPS
        else:
            coverage = Coverage.COMPLETE
        return WindowReport(
            window=self._filters.fingerprint(),
            coverage=coverage,
            pages=self._pages,
            records=self._records,
            calls=self._calls,
            wasted=self._wasted,
            unreadable=self._unreadable,
            full=self._full,
            sample=tuple(self._sample) if self._full else (),
        )


def _pages(people: int | None, per_page: int) -> int | None:
    """Where to look first for the end: a little before where it is expected, for searches grow and shrink."""
    return None if people is None else max(1, people * 19 // 20 // per_page)
