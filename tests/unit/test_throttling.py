"""What 429s do to the rate, and that it comes back."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.throttling import LEAST, RECOVERY, SINGLE, STEP_ANSWERS, STEPS, Refusal, Throttle

#: (seconds since the one before, whether it was a 429, seconds for which it was under way)
ANSWERS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.001, 0.1, 1.0, 4.9, 30.0]), st.booleans(), st.sampled_from([0.0, 0.05, 2.0])),
    max_size=80,
)


def after(answers: list[tuple[float, bool, float]]) -> tuple[Throttle, float]:
    throttle, now = Throttle(), 0.0
    for pause, refused, under_way in answers:
        now += pause
        if refused:
            throttle.refused(now - under_way, now)
        else:
            throttle.answered()
    return throttle, now


def slowed(refusals: int = 6) -> tuple[Throttle, float]:
    """A rate that has been cut, one 429 a second."""
    throttle, now = after([(1.0, True, 0.0)] * (refusals + 1))
    assert throttle.share(now) < 1.0
    return throttle, now


@settings(max_examples=200, deadline=None)
@given(answers=ANSWERS)
def test_a_part_of_the_rate_is_always_left_and_the_whole_is_back_in_time(
    answers: list[tuple[float, bool, float]],
) -> None:
    throttle, now = after(answers)
    assert LEAST <= throttle.share(now) <= 1.0
    assert throttle.share(now + throttle.whole_in(now) + 1e-6) == 1.0
    assert throttle.whole_in(now) <= RECOVERY + 1e-9
    for _ in range(STEPS * STEP_ANSWERS):
        throttle.answered()
    assert throttle.share(now) == 1.0


@settings(max_examples=100, deadline=None)
@given(answers=ANSWERS, later=st.lists(st.floats(0.0, RECOVERY), max_size=20))
def test_nothing_but_a_429_takes_any_of_the_rate_away(
    answers: list[tuple[float, bool, float]], later: list[float]
) -> None:
    throttle, now = after(answers)
    shares = [throttle.share(now + seconds) for seconds in sorted(later)]
    assert all(first <= second for first, second in pairwise(shares))
    before = throttle.share(now)
    throttle.answered()
    assert throttle.share(now) >= before


@settings(max_examples=100, deadline=None)
@given(gaps=st.lists(st.integers(SINGLE, 40), max_size=20))
def test_single_429s_among_good_answers_change_nothing(gaps: list[int]) -> None:
    throttle = Throttle()
    for number, gap in enumerate(gaps):
        for _ in range(gap):
            throttle.answered()
        assert throttle.refused(sent=float(number), now=number + 0.5) is Refusal.SINGLE
        assert throttle.share(number + 0.5) == 1.0


def test_the_second_of_two_429s_that_come_close_slows_down() -> None:
    throttle = Throttle()
    throttle.refused(0.0, 0.1)
    for _ in range(SINGLE - 1):
        throttle.answered()
    assert throttle.refused(1.0, 1.1) is Refusal.SLOWER
    assert throttle.share(1.1) == pytest.approx(0.95)


def test_the_429s_of_requests_that_left_before_a_cut_are_one_message() -> None:
    throttle, now = slowed()
    cut = throttle.share(now)
    for _ in range(8):
        throttle.refused(now - 0.01, now)
    assert throttle.share(now) == cut
    throttle.refused(now + 0.01, now + 0.02)
    assert throttle.share(now + 0.02) < cut


def test_a_vendor_that_lets_nothing_through_is_told_from_one_that_lets_less_through() -> None:
    throttle = Throttle()
    assert throttle.refused(sent=0.0, now=1.0) is Refusal.SINGLE
    assert throttle.refused(sent=0.9, now=1.1) is Refusal.SLOWER  # under way when the first came
    assert throttle.refused(sent=1.2, now=1.3) is Refusal.CLOSED
    throttle.answered()
    assert throttle.refused(sent=1.4, now=1.5) is Refusal.SLOWER


def test_however_many_429s_come_the_least_share_is_left() -> None:
    throttle, now = slowed(200)
    assert throttle.share(now) == LEAST


def test_the_way_back_is_fast_to_where_the_429_came_then_careful_then_fast() -> None:
    throttle, now = slowed()
    shares = [throttle.share(now + RECOVERY * part / 30) for part in range(31)]
    steps = [second - first for first, second in pairwise(shares)]
    assert max(steps[8:13]) < min(steps[0], steps[-1]) / 4
