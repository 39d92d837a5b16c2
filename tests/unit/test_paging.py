"""Which pages of a window are asked for: each one with people on it once, and hardly any behind the last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.clodura.paging import CHECKED, PAST_END, Fill, PageFinder, probe_steps


@dataclass
class Window:
    """A vendor's window: ``end`` pages with people, the last of them ``short`` or not; ``slips`` are empty at first.

    ``empty`` pages stay empty whenever they are asked for.
    """

    end: int
    short: bool = False
    slips: frozenset[int] = frozenset()
    empty: frozenset[int] = frozenset()
    calls: list[int] = field(default_factory=list)

    def ask(self, page: int) -> Fill:
        self.calls.append(page)
        if page > self.end or page in self.empty or (page in self.slips and self.calls.count(page) == 1):
            return Fill.EMPTY
        return Fill.SHORT if self.short and page == self.end else Fill.FULL


def crawl(
    finder: PageFinder, window: Window, concurrency: int, chance: Callable[[int], int] = lambda most: most - 1
) -> int:
    """Ask for pages as the finder says, with answers in any order; the number of turns in which answers came.

    In a turn as many calls go out as may, then ``chance`` says how many of them are answered, and which.
    """
    under_way: list[tuple[int, Fill]] = []
    turns = 0
    while not finder.finished:
        turns += 1
        assert turns < 10_000
        while len(under_way) < concurrency and (page := finder.take()) is not None:
            under_way.append((page, window.ask(page)))
        assert under_way, "nothing under way, nothing to ask, and not finished: a standstill"
        for _ in range(1 + chance(len(under_way))):
            finder.record(*under_way.pop(chance(len(under_way))))
    assert finder.take() is None
    return turns


ENDS = st.integers(0, 100)
LAST_PAGES = st.sampled_from([1, 2, 3, 10, 100, 100, 100])


@settings(max_examples=400, deadline=None)
@given(end=ENDS, short=st.booleans(), last_page=LAST_PAGES, concurrency=st.integers(1, 16), data=st.data())
def test_every_page_with_people_is_asked_for_once_and_three_at_most_behind_the_end(
    end: int, short: bool, last_page: int, concurrency: int, data: st.DataObject
) -> None:
    end = min(end, last_page)
    finder, window = PageFinder(last_page), Window(end, short)
    crawl(finder, window, concurrency, lambda most: data.draw(st.integers(0, most - 1)))
    asked = Counter(window.calls)
    assert all(asked[page] == 1 for page in range(1, end + 1))
    assert max(window.calls, default=0) <= last_page
    assert min(window.calls, default=1) >= 1
    assert sum(count for page, count in asked.items() if page > end) <= 3 == PAST_END
    assert finder.end == finder.top == end
    assert finder.wasted == sum(count for page, count in asked.items() if page > end)
    assert finder.gaps == []
    assert finder.truncated == (end == last_page and not short and end > 0)


@pytest.mark.parametrize("past_end", [1, 2, 3, 4])
@pytest.mark.parametrize("last_page", [1, 2, 7, 100])
@pytest.mark.parametrize("expected", [None, 5, 90])
def test_wherever_the_end_is_the_misses_allowed_suffice_to_find_it(
    past_end: int, last_page: int, expected: int | None
) -> None:
    for end in range(last_page + 1):
        finder, window = PageFinder(last_page, past_end=past_end, expected=expected), Window(end)
        crawl(finder, window, concurrency=10)
        assert finder.end == end
        assert sum(1 for page in window.calls if page > end) <= past_end
        assert sorted(page for page in window.calls if page <= end) == list(range(1, end + 1))


@pytest.mark.parametrize("concurrency", [1, 10])
def test_a_search_of_one_or_two_pages_wastes_nothing_where_the_last_is_seen_to_be_short(concurrency: int) -> None:
    for end in (1, 2):
        window = Window(end, short=True)
        crawl(PageFinder(100), window, concurrency)
        assert window.calls == list(range(1, end + 1))


def test_a_search_of_one_full_page_asks_for_one_page_more() -> None:
    window = Window(1)
    crawl(PageFinder(100), window, concurrency=10)
    assert window.calls == [1, 2]


def test_nobody_found_is_one_call() -> None:
    finder, window = PageFinder(100), Window(0)
    crawl(finder, window, concurrency=10)
    assert window.calls == [1]
    assert (finder.end, finder.top, finder.truncated, finder.gaps) == (0, 0, False, [])


def test_nothing_to_ask_for_is_no_call() -> None:
    window = Window(5)
    crawl(PageFinder(0), window, concurrency=10)
    assert window.calls == []


@pytest.mark.parametrize(
    ("end", "short"), [(100, False), (100, True), (73, True), (73, False), (50, False), (99, False)]
)
def test_ten_calls_at_a_time_come_near_the_fewest_turns_there_can_be(end: int, short: bool) -> None:
    turns = crawl(PageFinder(100), Window(end, short), concurrency=10)
    assert turns <= 1.3 * end / 10 + 4


def test_only_the_last_page_that_can_be_asked_for_tells_of_truncation() -> None:
    full, short = PageFinder(3), PageFinder(3)
    crawl(full, Window(3), concurrency=1)
    crawl(short, Window(3, short=True), concurrency=1)
    assert full.truncated
    assert not short.truncated


@pytest.mark.parametrize("concurrency", [1, 3, 10])
@pytest.mark.parametrize("gap", [2, 3, 17, 40, 59])
def test_an_empty_page_before_a_filled_one_is_asked_for_once_more(gap: int, concurrency: int) -> None:
    finder, window = PageFinder(100), Window(60, short=True, slips=frozenset({gap}))
    crawl(finder, window, concurrency)
    if finder.top < gap:  # the slip came where nothing behind it was known yet: it looked like the end
        assert window.calls.count(gap) == 1
        return
    assert window.calls.count(gap) == 2
    assert finder.gaps == []
    assert finder.end == 60
    assert all(window.calls.count(page) == 1 for page in range(1, 61) if page != gap)


@pytest.mark.parametrize("concurrency", [3, 10])
def test_a_page_that_stays_empty_is_told_as_a_gap_and_not_asked_for_a_third_time(concurrency: int) -> None:
    finder, window = PageFinder(100), Window(60, short=True, empty=frozenset({17, 40}))
    crawl(finder, window, concurrency)
    assert finder.gaps == [17, 40]
    assert (window.calls.count(17), window.calls.count(40)) == (2, 2)
    assert finder.end == 60
    assert finder.wasted == sum(1 for page in window.calls if page > 60)


@settings(max_examples=200, deadline=None)
@given(
    end=ENDS,
    short=st.booleans(),
    slips=st.frozensets(st.integers(1, 100), max_size=8),
    empty=st.frozensets(st.integers(1, 100), max_size=8),
    concurrency=st.integers(1, 16),
    data=st.data(),
)
def test_whatever_slips_the_finder_ends_and_every_hole_below_its_end_is_told(
    end: int, short: bool, slips: frozenset[int], empty: frozenset[int], concurrency: int, data: st.DataObject
) -> None:
    finder, window = PageFinder(100), Window(end, short, slips, empty)
    crawl(finder, window, concurrency, lambda most: data.draw(st.integers(0, most - 1)))
    asked = Counter(window.calls)
    assert max(asked.values(), default=0) <= 2
    assert sum(count for page, count in asked.items() if page > end) <= PAST_END
    held = [page for page in range(1, finder.top + 1) if page <= end and page not in empty]
    assert all(asked[page] == (2 if page in slips else 1) for page in held if page != finder.top)
    assert finder.gaps == [page for page in range(1, finder.top) if page in empty]


@pytest.mark.parametrize(
    ("candidates", "allowed", "steps"),
    [(0, 4, []), (1, 1, [1]), (5, 1, [1]), (5, 0, []), (2, 2, [1, 2]), (4, 4, [1, 2, 3, 4]), (3, 4, [1, 2, 3])],
)
def test_probes_are_placed_next_to_each_other_where_few_pages_are_left(
    candidates: int, allowed: int, steps: Sequence[int]
) -> None:
    assert probe_steps(candidates, allowed) == steps


@given(candidates=st.integers(0, 100), allowed=st.integers(0, 6))
def test_probes_rise_lie_among_the_candidates_and_are_no_more_than_the_misses_left(
    candidates: int, allowed: int
) -> None:
    steps = probe_steps(candidates, allowed)
    assert steps == sorted(set(steps))
    assert len(steps) <= allowed
    assert all(1 <= step <= candidates for step in steps)
    assert bool(steps) == bool(candidates and allowed)


@given(end=st.integers(1, 99), concurrency=st.integers(1, 10), every=st.integers(2, 5))
def test_a_page_that_was_handed_back_is_handed_out_again(end: int, concurrency: int, every: int) -> None:
    finder, window = PageFinder(100, checked=True), Window(end)
    taken = 0
    while not finder.finished:
        pages: list[int] = []
        while len(pages) < concurrency and (page := finder.take()) is not None:
            pages.append(page)
        assert pages
        assert taken < 2_000, "it never ends"
        for page in pages:
            taken += 1
            if taken == every:  # a stop, and a run that goes on after all
                finder.hand_back(page)
            else:
                finder.record(page, window.ask(page))
    assert finder.end == end
    assert set(range(1, end + 1)) <= set(window.calls)
    assert sum(1 for page in window.calls if page > end) <= PAST_END


# What is known before, and what is asked for once more.


@settings(max_examples=100, deadline=None)
@given(
    end=ENDS,
    short=st.booleans(),
    expected=st.none() | st.integers(0, 130),
    many=st.sampled_from([1, 20, 100]),
    concurrency=st.integers(1, 16),
    known=st.frozensets(st.integers(1, 100)),
    data=st.data(),
)
def test_what_is_expected_likely_or_known_changes_nothing_of_what_is_found(
    end: int,
    short: bool,
    expected: int | None,
    many: int,
    concurrency: int,
    known: frozenset[int],
    data: st.DataObject,
) -> None:
    finder, window = PageFinder(100, expected=expected, many=many, checked=True), Window(end, short)
    told = [page for page in sorted(known) if page <= end]  # by an earlier run
    for page in told:
        finder.know(page, window.ask(page))
    read = len(window.calls)
    crawl(finder, window, concurrency, lambda most: data.draw(st.integers(0, most - 1)))
    assert (finder.end, finder.gaps) == (end, [])
    asked, after = Counter(window.calls), Counter(window.calls[read:])
    assert all(asked[page] >= 1 for page in range(1, end + 1))
    assert sum(count for page, count in asked.items() if page > end) <= PAST_END
    again = [page for page in range(1, end + 1) if asked[page] > 1]
    assert max(asked.values(), default=0) <= 2
    assert len(again) <= 13  # each a quarter further than the one before
    if end < CHECKED or finder.truncated:
        assert again == []
    elif again:
        assert set(window.calls[-len(again) :]) == set(again)  # last of all
    else:  # what an earlier run has read is not checked
        assert told or not after


def test_a_window_that_is_likely_full_shows_that_in_a_few_calls() -> None:
    finder, window = PageFinder(100, many=1, checked=True), Window(100)
    while not finder.truncated:
        page = finder.take()
        assert page is not None
        finder.record(page, window.ask(page))
    assert (len(window.calls), window.calls[:2]) == (2, [1, 100])


def test_a_window_that_is_as_it_was_is_found_to_end_where_it_ended() -> None:
    finder, window = PageFinder(100, expected=57), Window(60, short=True)
    turns = crawl(finder, window, concurrency=8)
    assert window.calls[:2] == [1, 57]
    assert turns <= 60 / 8 + 3
    assert finder.wasted <= 2


@settings(max_examples=60, deadline=None)
@given(end=st.integers(CHECKED, 99), concurrency=st.integers(1, 10), data=st.data())
def test_a_page_that_goes_while_others_are_read_shows_on_one_that_is_asked_for_again(
    end: int, concurrency: int, data: st.DataObject
) -> None:
    """Whoever went was on a page read already, and another page was asked for after that: somebody slipped unseen.

    Pages are checked a few at a time: one that lies close behind a checked one may not be.
    """
    finder = PageFinder(100, checked=True)
    under_way: list[int] = []
    answered: list[int] = []
    taken_after: dict[int, int] = {}  # a page taken, with the furthest one answered by then
    checked: set[int] = set()
    while not finder.finished:
        while len(under_way) < concurrency and (page := finder.take()) is not None:
            under_way.append(page)
            if finder.checks(page):
                checked.add(page)
            else:
                taken_after[page] = max((p for p in answered if p <= end), default=0)
        page = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
        finder.record(page, Fill.EMPTY if page > end else Fill.SHORT if page == end else Fill.FULL)
        answered.append(page)
    for furthest in {top for top in taken_after.values() if top}:
        assert any(furthest / 1.25 - 3 <= page <= furthest for page in checked)
