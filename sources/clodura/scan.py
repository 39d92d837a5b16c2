"""A search read whole: windows that hold more than can be shown are split until every part fits.

Which windows there are and how far each is read is noted (`sources.clodura.scans.Notes`), so that a scan may stop
anywhere and go on in another process. Whether parts leave somebody out shows by the people that the full window itself
has shown: who is in none of its parts stands for others. Such people are looked for by splitting the window once more,
by another filter or by the employers seen, where that is worth its calls; about how many are left is told, and never
passed over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import anyio

from sources.clodura.client import CloduraClient
from sources.clodura.columns import read_people
from sources.clodura.concluding import conclude
from sources.clodura.facets import Tally
from sources.clodura.filters import LARGEST_PAGE, LAST_PAGE, SearchFilters
from sources.clodura.records import Page, Record
from sources.clodura.scans import Notes, ScanWindow, State
from sources.clodura.splitting import COMPANIES, MOST_SHOWN, Role, Split, companies, split
from sources.clodura.tree import WindowTree
from sources.clodura.walks import Walk
from sources.clodura.windows import CONCURRENCY, Coverage, PageRead, Reading, Slots, WindowReport, fill
from sources.concurrency import first_error
from sources.errors import CapReached, RequestRefused, VendorError
from sources.metering import Meter

#: windows read at the same time: while one looks for its end, others go on
WINDOWS = 3
#: a window that is expected to hold so many people is first asked for its last page
LIKELY_FULL = 8_000
#: where a window may leave people out, one person in so many is looked at for what he lacks
ONE_IN = 5


@dataclass(frozen=True)
class ScanReport:
    """How a search was read. ``windows``: those that this run read, or came to an end with."""

    coverage: Coverage
    windows: tuple[ScanWindow, ...]
    #: pages that this run asked for, and those of them past the end of a window
    calls: int
    wasted: int
    #: windows with people that cannot be seen, the innermost ones, whatever run has read them
    truncated: tuple[ScanWindow, ...] = ()
    #: fingerprints, by number, of these windows and of all that they are parts of
    fingerprints: Mapping[int, str] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """Pages that held people."""
        return sum(window.pages for window in self.windows if window.split_by is None)

    @property
    def unreadable(self) -> int:
        """Items that nobody could read."""
        return sum(window.unreadable for window in self.windows)


#: takes a page of a window in; returns how many of its people this window had shown before
OnWindowPage = Callable[[ScanWindow, PageRead], Awaitable[int]]


@dataclass(frozen=True)
class Scanning:
    """How a search is to be read; see `sources.clodura.windows.Reading`."""

    limit: int | None = None
    concurrency: int = CONCURRENCY
    stopped: Callable[[], bool] = lambda: False
    patience: Callable[[], float | None] = lambda: None
    meter: Meter | None = None
    now: Callable[[], int] = lambda: 0


async def scan(
    client: CloduraClient, filters: SearchFilters, notes: Notes, on_page: OnWindowPage, scanning: Scanning
) -> ScanReport:
    """Read a search whole. Raises what the client raises; what was noted by then is not asked for again."""
    reading = Scan(client, filters, notes, on_page, scanning)
    await reading.run()
    return reading.report()


@dataclass
class Scan:
    """The same in steps: what was read can be told of a scan that has failed, too."""

    client: CloduraClient
    filters: SearchFilters
    notes: Notes
    on_page: OnWindowPage
    scanning: Scanning
    tree: WindowTree = field(default_factory=WindowTree)
    stack: list[int] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    #: values of each facet that full windows have shown
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    under_way: int = 0
    #: what ends the scan: an answer of the vendor, or a cap
    failed: VendorError | CapReached | None = None
    #: calls of this run, by window
    asked: Counter[int] = field(default_factory=Counter)
    calls: int = 0
    wasted: int = 0

    def __post_init__(self) -> None:
        self._slots = Slots(self.scanning.concurrency)
        self._changed = anyio.Event()
        limit = self.scanning.limit
        #: what fits into one window is not split
        self._window_limit = limit if limit is not None and limit <= MOST_SHOWN else None

    async def run(self) -> None:
        """Read on, to the end or until `Scanning.stopped`."""
        noted = await self.notes.begin()
        if not noted:
            expected = await self.notes.expected(self.filters.fingerprint())
            noted = [ScanWindow(0, None, Role.SEARCH, self.filters, expected=expected)]
            await self.notes.keep(*noted)
        for window in noted:
            self.tree.add(window)
            if window.tally is not None:
                self._note_values(Tally.from_json(window.tally))
        self.stack = [w.number for w in reversed(noted) if w.state is State.OPEN]
        for window in reversed(noted):  # a run may have ended between the end of the last part and that of the whole
            if self.tree.ends(window):
                await conclude(self, window)
        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(1 if self.scanning.limit is not None else WINDOWS):
                    tasks.start_soon(self._work)
        except BaseExceptionGroup as group:
            raise first_error(group) from None
        if self.failed is not None:
            raise self.failed

    def report(self) -> ScanReport:
        """What was read."""
        read = [replace(self.tree[number], calls=self.asked[number]) for number in sorted(self.touched)]
        for window in read:
            if window.state is not State.DONE:
                window.coverage = Coverage.INTERRUPTED
        if self.tree.empty:
            return ScanReport(Coverage.INTERRUPTED, (), self.calls, self.wasted)
        root, by_number = self.tree.root, {window.number: window for window in read}
        truncated = [by_number.get(window.number, window) for window in self.tree.truncated()]
        named = {window.number: window for window in (*read, *truncated)}
        for window in [*named.values()]:
            named |= {above.number: above for above in self.tree.ancestors(window)}
        return ScanReport(
            coverage=(root.coverage if root.state is State.DONE else None) or Coverage.INTERRUPTED,
            windows=tuple(read),
            calls=self.calls,
            wasted=self.wasted,
            truncated=tuple(truncated),
            fingerprints={number: window.fingerprint for number, window in named.items()},
        )

    # windows, one after the other

    async def _work(self) -> None:
        while not self.stopped():
            if self.stack:
                window = self.tree[self.stack.pop()]
                self.under_way += 1
                try:
                    await self._read(window)
                except (VendorError, CapReached) as error:  # what is under way of other windows is taken in
                    self.failed = self.failed or error
                finally:
                    self.under_way -= 1
                    self._changed.set()
                    self._changed = anyio.Event()
            elif self.under_way:
                await self._changed.wait()
            else:
                return

    def stopped(self) -> bool:
        """Whether no more calls are to go out."""
        return self.failed is not None or self.scanning.stopped()

    async def _read(self, window: ScanWindow) -> None:
        self.touched.add(window.number)
        window.started_at = window.started_at or self.scanning.now()
        splitting = self._window_limit is None
        known = await self.notes.remembered(window.fingerprint) if splitting else None
        by_filter = known is None or known.turns[0].field != COMPANIES
        if known is not None and by_filter:
            window.left, window.lacks = known.left, known.lacks
            await self.open(window, known.turns[0])
            return
        try:
            report = await self.walk(window, splitting=splitting and by_filter)
            if report.full and await self._split(window, report.sample):
                return
            if report.full:  # nothing is left to split it by: all that can be seen of it
                report = await self.walk(window, splitting=False)
        except RequestRefused:
            if window.parent is None:
                raise
            await self._refused(window)
            return
        if report.coverage is Coverage.TRUNCATED and splitting:
            by_company = companies(window.filters, await self.notes.domains([window.number]))
            if by_company is not None:
                await self.open(window, by_company)
                return
        if report.coverage is not Coverage.INTERRUPTED:
            await self.done(window, report.coverage)

    async def walk(self, window: ScanWindow, *, splitting: bool) -> WindowReport:
        """Read a window, and note of it how that went; ``splitting``: leave it at once where it is too large."""
        scanning = self.scanning
        expected = window.expected if window.expected is not None else self.tree.estimate(window)
        unknown = expected is None and window.role in (Role.PART, Role.COMPLEMENT)

        async def on_shift(walk: int) -> None:
            window.shifted = walk
            await self.notes.keep(window)

        reading = Reading(
            limit=self._window_limit,
            concurrency=scanning.concurrency,
            slots=self._slots,
            stopped=self.stopped,
            patience=scanning.patience,
            meter=scanning.meter,
            expected=window.expected,
            splitting=splitting,
            likely_full=unknown or (expected or 0) >= LIKELY_FULL,
            known=tuple(await self.notes.pages(window.number)),
            shifted=window.shifted,
            on_shift=on_shift,
        )

        lacking = Tally() if self.tree.inside_inexact(window) else None

        async def on_page(read: PageRead) -> int:
            if lacking is not None:
                lacking.add_lacking(read.page.records[::ONE_IN])
            return await self.on_page(window, read)

        walker = Walk(self.client, window.filters, on_page, reading)
        try:
            await walker.read()
        finally:
            report = walker.report()
            window.people, window.pages, window.unreadable = report.records, report.pages, report.unreadable
            self._count(window, report.calls, report.wasted)
        if lacking is not None and window.tally is None and not report.full:
            window.tally = lacking.as_json()
        return report

    async def ask(self, window: ScanWindow, filters: SearchFilters, number: int = 1) -> Page:
        """A page beside those of the walk, counted as the window's."""
        scanning = self.scanning
        page = await self.client.search(filters, number, patience=scanning.patience(), meter=scanning.meter)
        self._count(window, 1, 0)
        return page

    def _count(self, window: ScanWindow, calls: int, wasted: int) -> None:
        self.touched.add(window.number)
        self.asked[window.number] += calls
        self.calls += calls
        self.wasted += wasted

    # splitting

    async def _split(self, window: ScanWindow, sample: Sequence[Record]) -> bool:
        if not sample:  # it was read by an earlier run, which ended before it was split
            sample = await self._sample(window)
        tally = Tally()
        tally.add(sample)
        self._note_values(tally)
        window.tally = tally.as_json()
        people = self.tree.estimate(window)
        around, all_of_them = self.tree.avoided(window)
        parts = split(window.filters, tally, people, self.seen, all_of_them)
        parts = parts or split(window.filters, tally, people, self.seen, around)
        if parts is not None:
            await self.open(window, parts)
        return parts is not None

    async def _sample(self, window: ScanWindow) -> Sequence[Record]:
        """People of a page that was not read yet."""
        read = {known.page for known in await self.notes.pages(window.number)}
        number = next((number for number in range(1, LAST_PAGE) if number not in read), 1)
        page = await self.ask(window, window.filters, number)
        people = read_people(page.records)
        await self.on_page(window, PageRead(page, people, fill(page, LARGEST_PAGE, full_seen=True), 1))
        return page.records

    def _note_values(self, tally: Tally) -> None:
        for name, counter in tally.counts.items():
            self.seen[name] |= counter.keys()

    async def open(self, window: ScanWindow, parts: Split) -> None:
        """Put the parts of a window on the list of what is to be read."""
        new = self.tree.split(window, parts)
        await self.notes.keep(window, *new)
        self.stack += [one.number for one in reversed(new)]

    async def _refused(self, window: ScanWindow) -> None:
        """The vendor does not take this part as it is: shorter lists may do."""
        ways = split(window.filters, Tally(), None, {})
        if ways is not None and ways.exact and window.role is not Role.COMPLEMENT:
            await self.open(window, ways)
            return
        parent = self.tree.parent(window)
        if parent is not None and window.role is Role.COMPLEMENT:  # everybody in it is in no other part
            parent.exact, parent.lacks = False, True
            await self.notes.keep(parent)
        await self.done(window, Coverage.TRUNCATED)

    # the end of windows

    async def done(self, window: ScanWindow, coverage: Coverage) -> None:
        """A window is read; where it was the last part of another, so is that."""
        window.state, window.coverage, window.finished_at = State.DONE, coverage, self.scanning.now()
        self.touched.add(window.number)
        await self.notes.keep(window)
        parent = self.tree.parent(window)
        if parent is not None and self.tree.ends(parent):
            await conclude(self, parent)
