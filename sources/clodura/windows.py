"""Search windows: how one is to be read, what a page of it held, how it was read. `walks` reads them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

import anyio

from sources.clodura.columns import People
from sources.clodura.paging import Fill
from sources.clodura.records import Page, Record
from sources.metering import Meter

#: pages of one search under way at a time
CONCURRENCY = 8
#: pages beside those that have come and wait to be taken in: taking one in must not keep the next from being asked for
WAITING = 4


class Coverage(StrEnum):
    """What was seen of a window."""

    COMPLETE = "complete"
    SPLIT = "split"  # all of it, through parts that leave nobody out
    UNPROVEN = "unproven"  # all of its parts, but somebody may be in none of them
    TRUNCATED = "truncated"  # there are people that cannot be seen
    LIMITED = "limited"  # as many people as were asked for
    GAPS = "gaps"  # a page stayed empty although a later one was not, or pages went on shifting
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class KnownPage:
    """A page that was read by an earlier run: it is not asked for again."""

    walk: int
    page: int
    fill: Fill
    people: int
    unreadable: int


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
    #: its last page is full, and it was not read on: it is to be split
    full: bool = False
    #: records of some of its pages, where it is
    sample: tuple[Record, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class PageRead:
    """A page of a window as it came: what it held, in which walk through the window."""

    page: Page = field(repr=False)
    people: People = field(repr=False)
    fill: Fill
    walk: int


#: takes a page in; returns how many of its people this window had shown before
OnPage = Callable[[PageRead], Awaitable[int]]


#: takes the number of a walk in which pages have shifted
OnShift = Callable[[int], Awaitable[None]]


async def _unnoted(walk: int) -> None:
    return None


class Slots:
    """Bounds the calls under way at a time, and the pages under way or waiting to be taken in.

    Pages are read one by one: answers come together, and the next calls go out between two of them, not after all.
    """

    def __init__(self, concurrency: int) -> None:
        self.call = anyio.CapacityLimiter(concurrency)
        self.reading = anyio.Lock()
        self.page = anyio.CapacityLimiter(concurrency + WAITING)


@dataclass(frozen=True)
class Reading:
    """How a window is to be read. ``slots``: those of all windows that are read at the same time."""

    limit: int | None = None
    concurrency: int = CONCURRENCY
    slots: Slots | None = None
    stopped: Callable[[], bool] = lambda: False
    patience: Callable[[], float | None] = lambda: None
    meter: Meter | None = None
    #: about how many people there are, where that is known
    expected: int | None = None
    #: whether a window whose last page is full is left at once, to be split
    splitting: bool = False
    #: whether that is likely
    likely_full: bool = False
    known: tuple[KnownPage, ...] = ()
    #: the walk in which an earlier run has noticed that pages had shifted; 0: none
    shifted: int = 0
    #: told of the walk in which that is noticed, to be noted before the run may end
    on_shift: OnShift = field(default=_unnoted)


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
