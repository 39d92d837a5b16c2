"""A search read whole: windows that hold more than can be shown are split until every part fits.

Which windows there are and how far each is read is noted (`sources.clodura.scans.Notes`), so that a scan may stop
anywhere and go on in another process. Whether parts leave somebody out shows by the people that the full window itself
has shown: who is in none of its parts stands for others. Such people are looked for by splitting the window once more,
by another filter or by the employers seen, where that is worth its calls; about how many are left is told, and never
passed over.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import anyio

from sources.clodura.client import CloduraClient
from sources.clodura.estimates import left_by_sample, left_by_turns, worthwhile
from sources.clodura.facets import Tally
from sources.clodura.filters import LARGEST_PAGE, SearchFilters
from sources.clodura.records import Record
from sources.clodura.scans import Notes, Remembered, ScanWindow, State
from sources.clodura.splitting import COMPANIES, MOST_SHOWN, Part, Role, Split, changed, companies, split
from sources.clodura.tree import WindowTree
from sources.clodura.windows import CONCURRENCY, Coverage, PageRead, Reading, Slots, WindowReport, first_error, walk
from sources.errors import RequestRefused
from sources.metering import Meter

#: windows read at the same time: while one looks for its end, others go on
WINDOWS = 3
#: a window that is expected to hold so many people is first asked for its last page
LIKELY_FULL = 8_000
#: with fewer people than this a window that was split is tried whole again
FITS = 9_000
#: people whom only the full window has shown that are asked for one by one, before it is split once more for them
FEW_LEFT = 5

#: what matters most of several parts, the gravest first
_GRAVEST = (Coverage.TRUNCATED, Coverage.GAPS, Coverage.UNPROVEN)


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
    tree: WindowTree = field(default_factory=WindowTree)
    stack: list[int] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    #: values of each facet that full windows have shown
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    under_way: int = 0
    calls: int = 0
    wasted: int = 0

    def __post_init__(self) -> None:
        self._slots = Slots(self.scanning.concurrency)
        self._changed = anyio.Event()
        limit = self.scanning.limit
        #: what fits into one window is not split
        self._window_limit = limit if limit is not None and limit <= MOST_SHOWN else None

    async def run(self) -> ScanReport:
        noted = await self.notes.begin()
        if not noted:
            expected = await self.notes.expected(self.filters.fingerprint())
            noted = [ScanWindow(0, None, Role.SEARCH, self.filters, expected=expected)]
            await self.notes.keep(*noted)
        for window in noted:
            self.tree.add(window)
        self.stack = [w.number for w in reversed(noted) if w.state is State.OPEN]
        for window in reversed(noted):  # a run may have ended between the end of the last part and that of the whole
            if self.tree.ends(window):
                await self._conclude(window)
        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(1 if self.scanning.limit is not None else WINDOWS):
                    tasks.start_soon(self._work)
        except BaseExceptionGroup as group:
            raise first_error(group) from None
        read = [replace(self.tree[number]) for number in sorted(self.touched)]
        for window in read:
            if window.state is not State.DONE:
                window.coverage = Coverage.INTERRUPTED
        root = self.tree.root
        coverage = root.coverage if root.state is State.DONE else None
        return ScanReport(coverage or Coverage.INTERRUPTED, tuple(read), self.calls, self.wasted)

    # windows, one after the other

    async def _work(self) -> None:
        while not self.scanning.stopped():
            if self.stack:
                window = self.tree[self.stack.pop()]
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
            window.left = known.left
            await self._open(window, known.turns[0])
            return
        try:
            report = await self._walk(window, splitting=splitting)
            if report.full and await self._split(window, report.sample):
                return
            if report.full:  # nothing is left to split it by: all that can be seen of it
                report = await self._walk(window, splitting=False)
        except RequestRefused:
            if window.parent is None:
                raise
            await self._refused(window)
            return
        if report.coverage is Coverage.TRUNCATED and splitting:
            by_company = companies(window.filters, await self.notes.domains([window.number]))
            if by_company is not None:
                await self._open(window, by_company)
                return
        if report.coverage is not Coverage.INTERRUPTED:
            await self._done(window, report.coverage)

    async def _walk(self, window: ScanWindow, *, splitting: bool) -> WindowReport:
        scanning = self.scanning
        expected = window.expected if window.expected is not None else self.tree.estimate(window)
        unknown = expected is None and window.role in (Role.PART, Role.COMPLEMENT)
        reading = Reading(
            limit=self._window_limit,
            concurrency=scanning.concurrency,
            slots=self._slots,
            stopped=scanning.stopped,
            patience=scanning.patience,
            meter=scanning.meter,
            expected=window.expected,
            splitting=splitting,
            likely_full=unknown or (expected or 0) >= LIKELY_FULL,
            known=tuple(await self.notes.pages(window.number)),
        )

        async def on_page(read: PageRead) -> int:
            return await self.on_page(window, read)

        report = await walk(self.client, window.filters, on_page, reading)
        window.people, window.pages, window.unreadable = report.records, report.pages, report.unreadable
        self._count(window, report.calls, report.wasted)
        return report

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

    # splitting

    async def _split(self, window: ScanWindow, sample: Sequence[Record]) -> bool:
        if not sample:  # it was read by an earlier run, which ended before it was split
            sample = await self._ask(window, window.filters)
        tally = Tally()
        tally.add(sample)
        for name, counter in tally.counts.items():
            self.seen[name] |= counter.keys()
        window.tally = tally.as_json()
        parts = split(window.filters, tally, self.tree.estimate(window), self.seen)
        if parts is not None:
            await self._open(window, parts)
        return parts is not None

    async def _open(self, window: ScanWindow, parts: Split) -> None:
        """Put the parts of a window on the list of what is to be read."""
        new = self.tree.split(window, parts)
        await self.notes.keep(window, *new)
        self.stack += [one.number for one in reversed(new)]

    async def _refused(self, window: ScanWindow) -> None:
        """The vendor does not take this part as it is: shorter lists may do."""
        ways = split(window.filters, Tally(), None, {})
        if ways is not None and ways.exact and window.role is not Role.COMPLEMENT:
            await self._open(window, ways)
        else:
            await self._done(window, Coverage.TRUNCATED)

    # the end of windows

    async def _done(self, window: ScanWindow, coverage: Coverage) -> None:
        window.state, window.coverage, window.finished_at = State.DONE, coverage, self.scanning.now()
        self.touched.add(window.number)
        await self.notes.keep(window)
        parent = self.tree.parent(window)
        if parent is not None and self.tree.ends(parent):
            await self._conclude(parent)

    async def _conclude(self, window: ScanWindow) -> None:
        """All parts of a window are read: was that all of it?"""
        parts = self.tree.parts(window)
        found = {part.coverage for part in parts}
        coverage = next((grave for grave in _GRAVEST if grave in found), None)
        if window.split_by == COMPANIES:  # no filter could split it: who is at other employers is not to be seen
            coverage = Coverage.TRUNCATED
        else:
            left_out = await self._left_out(window)
            if window.exact and (not left_out or coverage is Coverage.TRUNCATED):
                window.left = sum(part.left or 0 for part in parts) or None
                coverage = coverage or Coverage.SPLIT
            else:
                window.exact = False
                window.lacks |= left_out > 0 or window.left is not None or any(part.lacks for part in parts)
                if self.tree.inside_inexact(window):
                    coverage = coverage or Coverage.UNPROVEN
                elif window.lacks:
                    if await self._look_further(window, left_out):
                        return
                    coverage = Coverage.TRUNCATED
                else:
                    coverage = coverage or Coverage.UNPROVEN
        several = len(window.tried) > 1 or window.split_by == COMPANIES
        below = [*self.tree.below(window)]
        window.people = await self.notes.shown(below) if several else sum(part.people for part in parts)
        await self._remember(window)
        await self._done(window, coverage)

    async def _left_out(self, window: ScanWindow) -> int:
        """How many of those whom the full window itself has shown are in none of its parts.

        A few of them may have left the search meanwhile: they are asked for by their ids.
        """
        only = await self.notes.only_shown_by(window.number)
        if len(only) > FEW_LEFT or window.filters.person_id or any(":" in person for person in only):
            return len(only)
        return sum([bool(await self._ask(window, changed(window.filters, person_id=person))) for person in only])

    async def _look_further(self, window: ScanWindow, left_out: int) -> bool:
        """Split a window whose parts leave people out once more, by another filter, where that is worth it."""
        turn = len(window.tried)
        shown = await self.notes.shown([*self.tree.below(window)])
        if turn > 1:
            only_earlier = await self.notes.shown([*self.tree.below(window, but_turn=turn)])
            window.left = max(1, left_by_turns(only_earlier, shown - window.before, shown))
        elif window.people:  # as its own pages held
            parts = self.tree.parts(window)
            window.left = max(1, left_by_sample(left_out, window.people, sum(part.people for part in parts)))
        known = await self.notes.remembered(window.fingerprint)
        if known is not None and turn < len(known.turns):
            further: Split | None = known.turns[turn]
        else:
            further = await self._other_way(window, shown)
        if further is None:
            return False
        window.before = shown
        await self._open(window, further)
        return True

    async def _other_way(self, window: ScanWindow, shown: int) -> Split | None:
        """By a filter it was not split by yet, or by the employers of those it shows: the cheaper one, if worth it."""
        by_facet = by_company = None
        if window.tally is not None:
            tally = Tally.from_json(window.tally)
            by_facet = split(window.filters, tally, shown, self.seen, tried=window.tried)
        if COMPANIES not in window.tried:
            by_company = companies(window.filters, await self.notes.domains([*self.tree.below(window)]))
        ways = [(shown / LARGEST_PAGE + len(way.parts), way) for way in (by_facet, by_company) if way is not None]
        calls, way = min(ways, key=lambda known: known[0], default=(0.0, None))
        return way if way is not None and worthwhile(window.left or 1, calls) else None

    async def _remember(self, window: ScanWindow) -> None:
        parts = self.tree.parts(window)
        if sum(part.people for part in parts if part.turn == 1) < FITS:
            await self.notes.remember(window.fingerprint, None)
            return
        turns = []
        for turn, name in enumerate(window.tried, 1):
            kept = [Part(p.filters, p.role, p.share, p.people) for p in parts if p.turn == turn]
            turns.append(Split(name, window.exact and turn == 1, tuple(kept)))
        await self.notes.remember(window.fingerprint, Remembered(tuple(turns), window.left if window.lacks else None))
