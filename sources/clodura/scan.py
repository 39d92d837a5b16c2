"""A search read whole: windows that hold more than can be shown are split until every part fits.

Which windows there are and how far each is read is noted (`sources.clodura.scans.Notes`), so that a scan may stop
anywhere and go on in another process. Whether parts leave somebody out shows by the people that the full window itself
has shown: who is in none of its parts stands for others. Such people are looked for by their employers; what may be
left after that is reported, never passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import anyio

from sources.clodura.client import CloduraClient
from sources.clodura.facets import Tally
from sources.clodura.filters import SearchFilters
from sources.clodura.records import Record
from sources.clodura.scans import Notes, Remembered, ScanWindow, State
from sources.clodura.splitting import MOST_SHOWN, Part, Role, Split, changed, companies, split
from sources.clodura.windows import CONCURRENCY, Coverage, PageRead, Reading, WindowReport, first_error, walk
from sources.errors import RequestRefused
from sources.metering import Meter

#: windows read at the same time: while one looks for its end, others go on
WINDOWS = 3
#: a window that is expected to hold so many people is first asked for its last page
LIKELY_FULL = 8_000
#: with fewer people than this a window that was split is tried whole again
FITS = 9_000
#: people whom only the full window has shown that are asked for one by one, before all of it is searched by employer
FEW_LEFT = 5

#: what matters most of several parts, the gravest first
_GRAVEST = (Coverage.INTERRUPTED, Coverage.TRUNCATED, Coverage.GAPS, Coverage.LIMITED, Coverage.UNPROVEN)


@dataclass(frozen=True)
class ScanReport:
    """How a search was read. ``windows``: those that this run read, or came to an end with."""

    coverage: Coverage
    windows: tuple[ScanWindow, ...]
    #: pages that this run asked for, and those of them past the end of a window
    calls: int
    wasted: int

    @property
    def pages(self) -> int:
        """Pages that held people."""
        return sum(window.pages for window in self.windows if window.split_by is None)

    @property
    def unreadable(self) -> int:
        """Items that nobody could read."""
        return sum(window.unreadable for window in self.windows)

    @property
    def truncated(self) -> list[ScanWindow]:
        """Windows with people that cannot be seen, the innermost ones."""
        found = [window for window in self.windows if window.coverage is Coverage.TRUNCATED]
        parents = {window.parent for window in found}
        return [window for window in found if window.number not in parents]


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
    return await _Scan(client, filters, notes, on_page, scanning).run()


@dataclass
class _Scan:
    client: CloduraClient
    filters: SearchFilters
    notes: Notes
    on_page: OnWindowPage
    scanning: Scanning
    windows: dict[int, ScanWindow] = field(default_factory=dict)
    children: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    stack: list[int] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    #: values of each facet that full windows have shown
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    under_way: int = 0
    calls: int = 0
    wasted: int = 0

    def __post_init__(self) -> None:
        self._slots = anyio.CapacityLimiter(self.scanning.concurrency)
        self._changed = anyio.Event()
        limit = self.scanning.limit
        #: what fits into one window is not split
        self._window_limit = limit if limit is not None and limit <= MOST_SHOWN else None

    async def run(self) -> ScanReport:
        noted = await self.notes.begin()
        if not noted:
            expected = await self.notes.expected(self.filters.fingerprint())
            root = ScanWindow(0, None, Role.SEARCH, self.filters, expected=expected)
            await self.notes.keep(root)
            noted = [root]
        for window in noted:
            self._add(window)
        self.stack = [w.number for w in reversed(noted) if w.state is State.OPEN]
        for window in noted:  # a run may have ended between the end of the last part and that of the whole
            if window.state is State.SPLIT and self._parts_done(window):
                await self._conclude(window)
        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(1 if self.scanning.limit is not None else WINDOWS):
                    tasks.start_soon(self._work)
        except BaseExceptionGroup as group:
            raise first_error(group) from None
        root = self.windows[0]
        coverage = root.coverage if root.state is State.DONE else None
        read = [replace(self.windows[number]) for number in sorted(self.touched)]
        for window in read:
            if window.state is not State.DONE:
                window.coverage = Coverage.INTERRUPTED
        return ScanReport(coverage or Coverage.INTERRUPTED, tuple(read), self.calls, self.wasted)

    # windows, one after the other

    async def _work(self) -> None:
        while not self.scanning.stopped():
            if self.stack:
                window = self.windows[self.stack.pop()]
                self.under_way += 1
                try:
                    await self._read(window)
                finally:
                    self.under_way -= 1
                    self._changed.set()
                    self._changed = anyio.Event()
            elif self.under_way:
                await self._changed.wait()
            else:
                return

    async def _read(self, window: ScanWindow) -> None:
        self.touched.add(window.number)
        window.started_at = window.started_at or self.scanning.now()
        splitting = self._window_limit is None
        known = await self.notes.remembered(window.fingerprint) if splitting else None
        if known is not None:
            window.lacks, window.left = known.lacks, known.left
            await self._split(window, known.split)
            return
        try:
            report = await self._walk(window, splitting=splitting)
            if report.full and await self._split_by(window, report.sample):
                return
            if report.full:  # nothing is left to split it by: all that can be seen of it
                report = await self._walk(window, splitting=False)
        except RequestRefused:
            if window.parent is None:
                raise
            await self._refused(window)
            return
        if report.coverage is Coverage.INTERRUPTED:
            return
        if report.coverage is Coverage.TRUNCATED and await self._look_by_company(window):
            return
        await self._done(window, report.coverage)

    async def _walk(self, window: ScanWindow, *, splitting: bool) -> WindowReport:
        scanning = self.scanning
        expected = window.expected if window.expected is not None else self._estimate(window)
        reading = Reading(
            limit=self._window_limit,
            concurrency=scanning.concurrency,
            slots=self._slots,
            stopped=scanning.stopped,
            patience=scanning.patience,
            meter=scanning.meter,
            expected=window.expected,
            splitting=splitting,
            likely_full=(expected or 0) >= LIKELY_FULL
            or (expected is None and window.role in (Role.PART, Role.COMPLEMENT)),
            known=tuple(await self.notes.pages(window.number)),
        )

        async def on_page(read: PageRead) -> int:
            return await self.on_page(window, read)

        report = await walk(self.client, window.filters, on_page, reading)
        window.people, window.pages, window.unreadable = report.records, report.pages, report.unreadable
        self._count(window, report.calls, report.wasted)
        return report

    async def _refused(self, window: ScanWindow) -> None:
        """The vendor does not take this part as it is: shorter lists may do."""
        ways = split(window.filters, Tally(), None, {})
        if ways is not None and ways.exact and window.role is not Role.COMPLEMENT:
            await self._split(window, ways)
        else:
            await self._done(window, Coverage.TRUNCATED)

    # splitting

    async def _split_by(self, window: ScanWindow, sample: Sequence[Record]) -> bool:
        if not sample:  # it was read by an earlier run, which ended before it was split
            sample = await self._ask(window, window.filters)
        tally = Tally()
        tally.add(sample)
        for name, counter in tally.counts.items():
            self.seen[name] |= counter.keys()
        parts = split(window.filters, tally, self._estimate(window), self.seen)
        if parts is None:
            return False
        await self._split(window, parts)
        return True

    async def _split(self, window: ScanWindow, parts: Split) -> None:
        window.state, window.split_by, window.exact = State.SPLIT, parts.field, parts.exact
        new = self._new(window, parts.parts)
        await self.notes.keep(window, *new)
        self._open(new)

    def _new(self, window: ScanWindow, parts: Iterable[Part]) -> list[ScanWindow]:
        number = len(self.windows)
        return [
            ScanWindow(number + place, window.number, part.role, part.filters, part.share, part.people)
            for place, part in enumerate(parts)
        ]

    def _open(self, windows: Sequence[ScanWindow]) -> None:
        for window in windows:
            self._add(window)
        self.stack += [window.number for window in reversed(windows)]

    def _add(self, window: ScanWindow) -> None:
        self.windows[window.number] = window
        if window.parent is not None and window.number not in self.children[window.parent]:
            self.children[window.parent].append(window.number)

    def _estimate(self, window: ScanWindow) -> int | None:
        """How many people a part holds, about: by its share, and by what its siblings turned out to hold."""
        if window.parent is None or not window.share:
            return None
        siblings = [self.windows[number] for number in self.children[window.parent]]
        read = [w for w in siblings if w.share and w.state is State.DONE and w.role is Role.PART]
        if not read:
            return None
        return round(window.share * sum(w.people for w in read) / sum(w.share or 0 for w in read))

    # the end of windows

    async def _done(self, window: ScanWindow, coverage: Coverage) -> None:
        window.state, window.coverage, window.finished_at = State.DONE, coverage, self.scanning.now()
        self.touched.add(window.number)
        await self.notes.keep(window)
        if window.parent is not None:
            parent = self.windows[window.parent]
            if parent.state is State.SPLIT and self._parts_done(parent):
                await self._conclude(parent)

    def _parts_done(self, window: ScanWindow) -> bool:
        return all(self.windows[number].state is State.DONE for number in self.children[window.number])

    async def _conclude(self, window: ScanWindow) -> None:
        """All parts of a window are read: was that all of it?"""
        parts = [self.windows[number] for number in self.children[window.number]]
        shown, own = sum(part.people for part in parts), window.people
        left_out = await self._left_out(window)
        window.lacks |= left_out > 0
        if window.lacks and await self._look_by_company(window):
            return
        found = {part.coverage for part in parts}
        coverage = next((grave for grave in _GRAVEST if grave in found), None)
        if left_out:
            window.left = max(left_out, round(left_out * shown / max(1, own - left_out)))
        if window.split_by is None or left_out or window.left:
            coverage = Coverage.TRUNCATED
        elif coverage is None:
            coverage = Coverage.SPLIT if window.exact else Coverage.UNPROVEN
        if window.split_by is not None:
            window.people = shown
            await self._remember(window, parts)
        await self._done(window, coverage)

    async def _left_out(self, window: ScanWindow) -> int:
        """How many of those whom the full window itself has shown are in none of its parts.

        A few of them may have left the search meanwhile: they are asked for by their ids.
        """
        only = await self.notes.only_shown_by(window.number)
        if len(only) > FEW_LEFT or window.filters.person_id or any(":" in person for person in only):
            return len(only)
        return sum([bool(await self._ask(window, changed(window.filters, person_id=person))) for person in only])

    async def _ask(self, window: ScanWindow, filters: SearchFilters) -> Sequence[Record]:
        scanning = self.scanning
        page = await self.client.search(filters, 1, patience=scanning.patience(), meter=scanning.meter)
        self._count(window, 1, 0)
        return page.records

    def _count(self, window: ScanWindow, calls: int, wasted: int) -> None:
        window.calls += calls
        window.wasted += wasted
        self.calls += calls
        self.wasted += wasted

    async def _look_by_company(self, window: ScanWindow) -> bool:
        """Look for people that no part shows by the employers of those seen; False where that is done or cannot be."""
        if window.companies:
            return False
        window.companies = True
        domains = await self.notes.domains([*self._below(window)])
        new = self._new(window, companies(window.filters, domains))
        if not new:
            return False
        window.state = State.SPLIT
        await self.notes.keep(window, *new)
        self._open(new)
        return True

    def _below(self, window: ScanWindow) -> Iterable[int]:
        yield window.number
        for number in self.children[window.number]:
            yield from self._below(self.windows[number])

    async def _remember(self, window: ScanWindow, parts: Sequence[ScanWindow]) -> None:
        if sum(part.people for part in parts if part.role is not Role.COMPANIES) < FITS:
            await self.notes.remember(window.fingerprint, None)
            return
        kept = [
            Part(part.filters, part.role, part.share, part.people) for part in parts if part.role is not Role.COMPANIES
        ]
        parted = Split(str(window.split_by), window.exact, tuple(kept))
        remembered = Remembered(parted, window.lacks, window.left)
        await self.notes.remember(window.fingerprint, remembered)
