"""One window read whole at a vendor whose people come and go meanwhile: nobody is lost, or that is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest

from sources.clodura.client import CloduraClient
from sources.clodura.filters import SearchFilters
from sources.clodura.paging import Fill
from sources.clodura.records import Page
from sources.clodura.scan import Scanning, scan
from sources.clodura.scans import MemoryNotes, ScanWindow
from sources.clodura.walks import PAST_END_IN_ALL, walk
from sources.clodura.windows import Coverage, KnownPage, PageRead, Reading, WindowReport
from sources.errors import CapReached, LeadsyncError, RequestRefused, Unavailable

SIZE = 10


@dataclass
class Changing(CloduraClient):
    """A vendor with ``people``, `SIZE` on a page. ``before`` and ``after`` an answer may change them."""

    people: list[str]
    before: Callable[[Changing, int], None] = lambda vendor, page: None
    after: Callable[[Changing, Sequence[str]], None] = lambda vendor, shown: None
    asked: list[int] = field(default_factory=list)
    past_end: int = 0

    async def search(
        self, filters: SearchFilters, page: int, per_page: int = 100, *, patience: Any = None, meter: Any = None
    ) -> Page:
        self.asked.append(page)
        await anyio.lowlevel.checkpoint()
        self.before(self, page)
        shown = self.people[(page - 1) * SIZE : page * SIZE]
        self.past_end += not shown
        self.after(self, shown)
        return Page(page, [{"personId": person} for person in shown], SIZE)


@dataclass
class Reader:
    """Takes pages in as a scan does: in order of what came, and what this window had shown is told."""

    shown: dict[str, int] = field(default_factory=dict)
    pages: list[KnownPage] = field(default_factory=list)
    shifts: list[int] = field(default_factory=list)

    async def take(self, read: PageRead) -> int:
        again = sum(person in self.shown for person in read.people.keys)
        self.shown |= dict.fromkeys(read.people.keys, read.page.number)
        self.pages.append(KnownPage(read.walk, read.page.number, read.fill, len(read.page.records), 0))
        return again

    async def shifted(self, number: int) -> None:
        self.shifts.append(number)

    def known(self) -> tuple[KnownPage, ...]:
        return tuple({(page.walk, page.page): page for page in self.pages}.values())

    def read(self, vendor: Changing, filters: SearchFilters | None = None, **reading: Any) -> WindowReport:
        async def story() -> WindowReport:
            return await walk(vendor, filters or SearchFilters(), self.take, Reading(on_shift=self.shifted, **reading))

        return anyio.run(story)


def people(count: int) -> list[str]:
    return [f"p{number:05}" for number in range(count)]


def once(page: int, change: Callable[[Changing], None]) -> Callable[[Changing, int], None]:
    """Change the people before the first answer for a page."""

    def before(vendor: Changing, asked: int) -> None:
        if asked == page and vendor.asked.count(page) == 1:
            change(vendor)

    return before


def shrink(vendor: Changing) -> None:
    del vendor.people[:4]


# Walks that heal.


def test_a_window_that_lost_its_last_page_meanwhile_is_walked_to_its_new_end() -> None:
    reader = Reader()
    seen: list[int] = []

    def before(vendor: Changing, page: int) -> None:
        if vendor.asked.count(1) == 2 and not seen:  # the second walk begins
            seen.append(page)
            del vendor.people[40:44]
        elif len(vendor.asked) == 7:
            vendor.people.pop(0)

    vendor = Changing(people(92), before)
    report = reader.read(vendor, concurrency=1)
    assert vendor.asked.count(1) >= 2
    assert report.coverage is Coverage.COMPLETE
    walked = {page.walk for page in reader.pages}
    last = [page for page in reader.known() if page.walk == max(walked)]
    assert sorted(page.page for page in last if page.people) == list(range(1, 10))
    assert set(vendor.people) <= reader.shown.keys()


@pytest.mark.parametrize("count", [200, 205, 370, 373, 990])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_four_calls_at_most_fall_past_the_end_however_often_a_window_is_walked(count: int, concurrency: int) -> None:
    def rotate(vendor: Changing, page: int) -> None:
        if len(vendor.asked) % 5 == 0:  # it never stands still, and holds as many as before
            vendor.people.insert(0, vendor.people.pop())

    vendor, reader = Changing(people(count), rotate), Reader()
    report = reader.read(vendor, concurrency=concurrency)
    assert vendor.asked.count(1) >= 2
    assert vendor.past_end <= PAST_END_IN_ALL == 4
    assert report.coverage is Coverage.GAPS or set(vendor.people) <= reader.shown.keys()


def test_a_walk_that_does_not_know_the_end_is_not_called_complete() -> None:
    # an earlier run has used all that may fall past the end, in its last walk, too, and that goes on
    known = [KnownPage(1, page, Fill.FULL, SIZE, 0) for page in range(1, 10)]
    known += [KnownPage(1, page, Fill.EMPTY, 0, 0) for page in (10, 11, 12)]
    known += [KnownPage(2, page, Fill.FULL, SIZE, 0) for page in range(1, 4)]
    known += [KnownPage(2, 11, Fill.EMPTY, 0, 0)]
    vendor, reader = Changing(people(90)), Reader(dict.fromkeys(people(90), 1))
    report = reader.read(vendor, known=tuple(known))
    assert report.coverage is Coverage.GAPS
    assert vendor.past_end == 0


# What an earlier run has read.


def test_a_shift_noticed_before_a_run_stopped_is_healed_by_the_next() -> None:
    vendor, reader = Changing(people(92), once(6, shrink)), Reader()

    def stopped() -> bool:
        return bool(reader.shifts)

    first = reader.read(vendor, concurrency=1, stopped=stopped)
    assert first.coverage is not Coverage.COMPLETE
    assert reader.shifts == [1]
    assert not set(vendor.people) <= reader.shown.keys()
    second = reader.read(vendor, known=reader.known(), shifted=1)
    assert second.coverage is Coverage.COMPLETE
    assert set(vendor.people) <= reader.shown.keys()


def test_a_shift_is_noted_with_the_window() -> None:
    class Kept(MemoryNotes):
        shifts: set[int] = set()

        async def keep(self, *windows: ScanWindow) -> None:
            self.shifts |= {window.details()["shifted"] for window in windows if window.coverage is None}

    notes = Kept()

    async def on_page(window: ScanWindow, read: PageRead) -> int:
        return notes.page(window.number, read, dict.fromkeys(read.people.keys))

    async def story() -> None:
        await scan(Changing(people(92), once(6, shrink)), SearchFilters(), notes, on_page, Scanning(concurrency=1))

    anyio.run(story)
    assert 1 in notes.shifts


# People who are out of the search once they were shown.


def gone(vendor: Changing, shown: Sequence[str]) -> None:
    left_out = set(shown)
    vendor.people = [person for person in vendor.people if person not in left_out]


UNVIEWED = SearchFilters(exclude_viewed_people=True)


@pytest.mark.parametrize("concurrency", [1, 8])
@pytest.mark.parametrize("count", [0, 5, 10, 30, 205, 800])
def test_people_who_are_viewed_once_shown_hide_nobody_behind_them(count: int, concurrency: int) -> None:
    vendor, reader = Changing(people(count), after=gone), Reader()
    report = reader.read(vendor, UNVIEWED, concurrency=concurrency)
    assert reader.shown.keys() == set(people(count))
    assert report.coverage is Coverage.COMPLETE
    assert report.calls == len(vendor.asked)


@pytest.mark.parametrize("count", [0, 5, 10, 30, 205])
def test_where_being_shown_is_not_being_viewed_that_costs_one_call(count: int) -> None:
    asked = []
    for filters in (SearchFilters(), UNVIEWED):
        vendor, reader = Changing(people(count)), Reader()
        report = reader.read(vendor, filters, concurrency=1)
        assert (report.coverage, len(reader.shown), report.records) == (Coverage.COMPLETE, count, count)
        asked.append(len(vendor.asked))
    assert asked[1] - asked[0] == (1 if count else 0)


def test_a_window_that_goes_on_showing_others_is_not_called_complete() -> None:
    def others(vendor: Changing, shown: Sequence[str]) -> None:
        vendor.people = [f"{len(vendor.asked)}-{number}" for number in range(5)]

    report = Reader().read(Changing(people(5), after=others), UNVIEWED)
    assert report.coverage is Coverage.GAPS


def test_a_run_that_stops_before_it_looked_for_those_who_moved_up_is_interrupted_and_goes_on() -> None:
    vendor, reader = Changing(people(30), after=gone), Reader()
    first = reader.read(vendor, UNVIEWED, concurrency=1, stopped=lambda: vendor.past_end > 0)
    assert first.coverage is Coverage.INTERRUPTED
    assert len(reader.shown) < 30
    second = reader.read(vendor, UNVIEWED, known=reader.known())
    assert second.coverage is Coverage.COMPLETE
    assert len(reader.shown) == 30


# Stops and errors.


def test_no_call_goes_out_after_a_stop() -> None:
    vendor, reader = Changing(people(990)), Reader()
    asked: list[int] = []

    def stopped() -> bool:
        if len(reader.pages) >= 20 and not asked:
            asked.append(len(vendor.asked))
        return bool(asked)

    report = reader.read(vendor, concurrency=2, stopped=stopped)
    assert report.coverage is Coverage.INTERRUPTED
    assert len(vendor.asked) <= asked[0] + 1  # one may have its turn already
    assert len(reader.pages) == len(vendor.asked)
    again = reader.read(vendor, known=reader.known())
    assert (again.coverage, len(reader.shown)) == (Coverage.COMPLETE, 990)


@pytest.mark.parametrize(
    "error", [Unavailable("no answer", status=503), RequestRefused("no", status=400), CapReached("no room")]
)
def test_pages_under_way_when_another_fails_are_taken_in(error: LeadsyncError) -> None:
    class Failing(Changing):
        async def search(self, filters: SearchFilters, page: int, *args: Any, **options: Any) -> Page:
            if page == 7:
                self.asked.append(page)
                raise error
            found = await super().search(filters, page, *args, **options)
            await anyio.sleep(0.01)
            return found

    vendor, reader = Failing(people(300)), Reader()
    with pytest.raises(type(error)):
        reader.read(vendor, concurrency=8)
    assert sorted(page.page for page in reader.pages) == sorted(page for page in vendor.asked if page != 7)
    assert len(vendor.asked) > 5
