"""Which page of a search window to ask for next: finding its end and fetching it are one thing. Pure, no I/O.

The vendor tells no total. A page past the end is a wasted call, and at 2,000 calls a day calls are precious; asking
one page at a time wastes none but takes a round trip each. So pages up to the highest one seen with people on it are
fetched freely, and beyond it a few probes are placed so that the end is found in the fewest rounds while never more
than `PAST_END` calls can fall past it, wherever the end is (the puzzle of the dropped eggs, several at a time).
How many probes are out at once grows with the pages found. Where an earlier reading says about how many pages there
are, the first probe goes there, unless a single call is left to find the end with: then pages are asked for one by one.

The last page that can be asked for at all is among the probes once there are many pages, and among the first where the
window is likely to be full: a full one is split, and what was read of it before that is known is read once more.

Pages that shift while they are read (somebody is removed from a page read already, so that whoever comes first on the
next one moves up, unseen) show at the end: a few pages are asked for once more, and must hold whom they held. A page
tells of what has shifted before it since it was read, so these are pages that were the furthest ones known when others
were still to be asked for, a few of them from the first to the last. What an earlier run has read is not asked for
again: being shown may be charged.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from math import ceil

#: calls that may fall past the end of a window while it is read once, probes included
PAST_END = 3
#: pages found from which on the last page that can be asked for is tried
MANY = 20
#: pages of a window from which on some are asked for a second time, to see that nothing has shifted: fewer are read in
#: a moment
CHECKED = 5
#: how much further than the page checked before the next one lies, and by how many pages at least
_FURTHER, _APART = 1.25, 3


class Fill(Enum):
    """What a page held."""

    FULL = "full"  # as many records as a page has, or too few to say whether it is the last
    SHORT = "short"  # fewer than the vendor says a page has: the last one
    EMPTY = "empty"


class PageFinder:
    """Decides the pages of one window. `take` hands out pages, `record` says what they held."""

    def __init__(
        self,
        last_page: int,
        *,
        past_end: int = PAST_END,
        expected: int | None = None,
        many: int = MANY,
        checked: bool = False,
    ) -> None:
        """``expected``: about how many pages there are; ``many``: pages found from which on ``last_page`` is tried.

        ``checked``: ask for some pages a second time in the end.
        """
        self._last_page = last_page
        self._past_end = past_end
        self._expected = min(expected or 0, last_page)
        self._many = many
        self._checked = checked
        self._checking: set[int] = set()
        #: pages that were the furthest ones known when another was asked for: all of them, some to be asked for again
        self._furthest = 0
        self._to_check: list[int] = []
        self._held: dict[int, Fill] = {}
        self._under_way: set[int] = set()
        self._asked_again: set[int] = set()
        self._probes: list[int] = []

    @property
    def top(self) -> int:
        """The highest page seen with people on it; 0 before the first."""
        return max((page for page, fill in self._held.items() if fill is not Fill.EMPTY), default=0)

    @property
    def end(self) -> int | None:
        """The last page that holds people, once that is known (0: there is none)."""
        top = self.top
        known = top == self._last_page or self._held.get(top) is Fill.SHORT or self._held.get(top + 1) is Fill.EMPTY
        return top if known else None

    @property
    def truncated(self) -> bool:
        """The last page that can be asked for is full: there are people nobody can see through this window."""
        return self._held.get(self._last_page) is Fill.FULL

    @property
    def wasted(self) -> int:
        """Calls that fell past the end so far."""
        top = self.top
        return sum(1 for page, fill in self._held.items() if fill is Fill.EMPTY and page > top)

    @property
    def gaps(self) -> list[int]:
        """Pages that stayed empty although a later one holds people: the window cannot be called complete."""
        top = self.top
        return sorted(page for page, fill in self._held.items() if fill is Fill.EMPTY and page < top)

    def checks(self, page: int) -> bool:
        """Whether a page is under way for the second time, to see that nothing has shifted."""
        return page in self._checking

    @property
    def finished(self) -> bool:
        """Nothing is under way and nothing is left to ask."""
        return not self._under_way and self._next() is None

    def take(self) -> int | None:
        """The next page to ask for, or None while answers under way must come first (or all is done)."""
        page = self._next()
        if page is not None:
            if page in self._held and self._held[page] is not Fill.EMPTY:
                self._checking.add(page)
                self._to_check = [other for other in self._to_check if other != page]
                self._furthest = self._furthest if page != self.end else 0
            else:
                self._note_furthest()
            self._under_way.add(page)
            if page in self._probes:
                self._probes.remove(page)
        return page

    def hand_back(self, page: int) -> None:
        """A page that was handed out and not asked for: it may be handed out again."""
        self._under_way.discard(page)
        if page in self._checking:
            self._checking.remove(page)
            self._to_check.append(page)

    def know(self, page: int, fill: Fill) -> None:
        """What a page held that an earlier run has read, before any is taken. It is not asked for again to check it."""
        self._held[page] = fill

    def record(self, page: int, fill: Fill) -> None:
        """What page ``page``, handed out before, held; a second reading changes nothing."""
        self._under_way.discard(page)
        if page in self._checking:
            self._checking.remove(page)
            return
        if page in self._held:
            self._asked_again.add(page)
        self._held[page] = fill

    def _next(self) -> int | None:
        top, end = self.top, self.end
        if end is None:
            probe = self._probe(top)
            if probe is not None:
                return probe
        for page in range(1, top):
            if page not in self._under_way and page not in self._held:
                return page
        for page in self.gaps:  # an empty page below a filled one: the vendor may have slipped, so ask once more
            if page not in self._under_way and page not in self._asked_again:
                return page
        if not self._checked or end is None or end < CHECKED or self.truncated:
            return None
        return next((page for page in self._to_check), end if self._furthest == end else None)

    def _note_furthest(self) -> None:
        """Another page is asked for: what is known by now may shift before its answer."""
        self._furthest = top = self.top
        last = self._to_check[-1] if self._to_check else 0
        if top and (not last or top >= max(ceil(_FURTHER * last), last + _APART)):
            self._to_check.append(top)

    def _probe(self, top: int) -> int | None:
        self._probes = [page for page in self._probes if page > top]
        if not self._probes:
            if any(page > top for page in self._under_way):
                return None
            beyond = [page for page, fill in self._held.items() if fill is Fill.EMPTY and page > top]
            before = min(beyond, default=self._last_page + 1)
            left = self._past_end - len(beyond)
            if left > 1 and top >= self._many and before > self._last_page > top + 1:
                self._probes = [self._last_page]
                before, left = self._last_page, left - 1
            allowed = min(left, 3 if top > 1 else 1)
            if top == 0 and left > 1 and 1 < self._expected < before:
                self._probes += [1, self._expected]
            else:
                self._probes += [top + step for step in probe_steps(before - 1 - top, allowed)]
        return self._probes[0] if self._probes else None


def probe_steps(candidates: int, allowed: int) -> list[int]:
    """Where to probe at once among the next ``candidates`` pages (1 is the very next) with ``allowed`` misses left."""
    rounds = 0
    while _reach(allowed, rounds) < candidates and rounds < candidates:
        rounds += 1
    steps, step = [], 1
    for misses_left in range(1, allowed + 1):
        if step > candidates:
            break
        steps.append(step)
        step += 1 + _reach(misses_left, rounds - 1)
    return steps


@cache
def _reach(allowed: int, rounds: int) -> int:
    """How many candidate pages can be told apart with so many misses in so many rounds of probes."""
    if allowed <= 0 or rounds <= 0:
        return 0
    return allowed + sum(_reach(left, rounds - 1) for left in range(allowed + 1))
