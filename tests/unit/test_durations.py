"""How long jobs take, learned from webhooks and polls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.durations import FURTHER, SLUMP, WINDOW, Durations, End
from tests.support.simulated_jobs import NEVER, Simulation, Takes, between, fixed, lognormal, some, then

ages = st.floats(0.01, 10_000.0)
#: a job's story: ages at which it was asked in vain; then when it was known to have ended, and whether exactly
stories = st.lists(
    st.tuples(st.lists(ages, max_size=4).map(sorted), ages, st.booleans()), min_size=1, max_size=40
)  # fmt: skip


def told(stories: Sequence[tuple[Sequence[float], float, bool]]) -> Durations:
    durations = Durations()
    for number, (missed, ended, exactly) in enumerate(stories):
        for age in missed:
            durations.missed(str(number), age)
        durations.ended(str(number), max([ended, *missed]), exactly=exactly)
    return durations


def known(*ends: tuple[float, float]) -> Durations:
    return Durations([End(after, by) for after, by in ends])


@given(stories)
def test_what_is_learned_lies_within_what_was_observed(
    stories: Sequence[tuple[Sequence[float], float, bool]],
) -> None:
    durations = told(stories)
    seen = [age for missed, ended, _ in stories for age in (*missed, ended)]
    assert durations.usual is not None
    assert min(end.by for end in durations.ends) <= durations.usual <= FURTHER * max(seen)
    early = durations.early
    assert early is None or 0 < early < durations.usual


@given(st.lists(ages, min_size=1, max_size=300))
def test_of_ends_known_exactly_nineteen_of_twenty_are_no_later_than_usual(taken: list[float]) -> None:
    durations = told([((), age, True) for age in taken])
    usual = durations.usual
    assert usual in taken[-WINDOW:]
    assert sum(age > usual for age in taken[-WINDOW:]) <= 0.05 * min(WINDOW, len(taken))


@given(stories)
def test_what_one_run_learned_the_next_one_knows(stories: Sequence[tuple[Sequence[float], float, bool]]) -> None:
    durations = told(stories)
    restored = Durations.from_json(durations.as_json())
    for told_end, end in zip(durations.ends, restored.ends, strict=True):
        assert (end.after, end.by) == pytest.approx((told_end.after, told_end.by), abs=1e-3)
    assert restored.longest == pytest.approx(durations.longest, abs=0.01)


@pytest.mark.parametrize(
    "document",
    [
        None, [], "x", {}, {"ends": []}, {"ends": 1, "unfinished": 0}, {"ends": [[1]], "unfinished": 0},
        {"ends": [[2.0, 1.0]], "unfinished": 0}, {"ends": [[-1, 1]], "unfinished": 0},
        {"ends": [[0, "inf"]], "unfinished": 0}, {"ends": [["a", "b"]], "unfinished": 0},
        {"ends": [], "unfinished": "nan"},
    ],
)  # fmt: skip
def test_a_note_that_cannot_be_read_is_no_knowledge(document: object) -> None:
    restored = Durations.from_json(document)
    assert (restored.usual, restored.unfinished) == (None, 0.0)


@pytest.mark.parametrize(
    ("ends", "usual"),
    [
        ([], None),
        ([(0, 5)], 5),  # all that is known
        ([(5, 10)], 10),
        ([(0, 5), (5, 9)], 9),
        ([(0, 5)] * 30, 5),
        ([(0, 5)] * 30 + [(5, 9)], 5),  # one of thirty-one may be asked too early
        ([(0, 5)] * 30 + [(5, 9)] * 3, 9),
        ([(8, 8)] * 50, 8),
        ([(n, n) for n in range(1, 101)], 95),
        ([(0, 20)] * 50 + [(0, 9)] * 2, 20),  # two are not enough to believe in 9
        ([(0, 20)] * 50 + [(0, 9)] * 3, 9),
        ([(0, 20)] * 50 + [(0, 9)] * 3 + [(10, 20)], 20),  # nine, and ten too, was too early for one of four
    ],
)
def test_the_usual_age_is_the_least_that_nearly_all_had_ended_by(
    ends: list[tuple[float, float]], usual: float | None
) -> None:
    assert known(*ends).usual == usual


def test_where_every_age_known_is_too_early_it_is_further() -> None:
    durations = known((0, 10), (0, 10), (0, 10))
    durations.missed("slow", 10.0)
    assert durations.usual == FURTHER * 10


def test_a_job_that_is_stuck_stops_counting_once_others_have_ended() -> None:
    durations = known(*[(0, 10)] * 3)
    for age in (10.0, 12.0, 17.0):
        durations.missed("stuck", age)
    assert durations.usual == FURTHER * 10
    for number in range(5):
        durations.ended(str(number), 15.0)
    durations.missed("stuck", 30.0)
    assert durations.usual == 10.0


def test_a_job_that_is_stuck_for_long_is_one_job() -> None:
    durations = known(*[(0, 10)] * 30)
    for number in range(40):
        durations.missed("stuck", 10.0 + number)
        durations.ended(str(number), 10.0)
    for number in range(8):
        durations.missed(f"slow {number}", 11.0)
        durations.ended(f"other {number}", 10.0)
    assert durations.usual is not None
    assert durations.usual > 11


def test_webhooks_are_left_more_time_where_polls_find_jobs_unfinished() -> None:
    durations = known(*[(2, 2)] * 50)
    assert durations.longest == 2
    durations.missed("slow", 7.0)
    assert durations.longest == FURTHER * 7


def test_one_job_far_beyond_the_others_is_no_measure_for_their_webhooks() -> None:
    assert known(*[(10, 10)] * 50, (900, 900)).longest == 30
    assert known(*[(10, 10)] * 50, *[(60, 60)] * 3).longest == 60
    assert known((0, 5), (0, 7)).longest is None  # results that had to be fetched: no webhook came by then


def test_a_slump_is_believed_at_once_and_not_for_ever() -> None:
    durations = known(*[(0, 8)] * WINDOW)
    for number in range(SLUMP):
        assert durations.usual == 8
        durations.missed(str(number), 8.5)
    assert durations.usual == FURTHER * 8.5
    for number in range(SLUMP):
        durations.forget(str(number))
    for number in count(100):
        if durations.usual == 8:
            break
        durations.ended(str(number), 8.0)
        assert number < 120


# Convergence, by simulation: jobs, the age that 80 of 100 have ended by, the age that 99 have (or so)
KINDS: dict[str, tuple[Takes, float, float]] = {
    "a fifth of a second": (fixed(0.2), 0.2, 0.2),
    "two seconds": (fixed(2.0), 2.0, 2.0),
    "one to four": (between(1.0, 4.0), 3.4, 3.97),
    "eight": (fixed(8.0), 8.0, 8.0),
    "five to thirty": (between(5.0, 30.0), 25.0, 29.75),
    "eight minutes": (fixed(480.0), 480.0, 480.0),
    "lognormal": (lognormal(20.0, 0.5), 30.5, 64.0),
    "one of thirty stuck": (some(1 / 30, fixed(NEVER), fixed(8.0)), 8.0, 16.0),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("interval", [5.0, 0.5])
def test_the_usual_age_comes_to_lie_near_the_true_one(kind: str, interval: float) -> None:
    takes, least, most = KINDS[kind]
    for seed in range(2):
        outcome = Simulation(jobs=400, takes=takes, rate=5.0, interval=interval, seed=seed, until=3600.0).run()
        usual = outcome.durations.usual
        assert usual is not None
        assert least <= usual * 1.01
        assert usual <= most * 2.0 + 0.1


@pytest.mark.parametrize(("before", "after"), [(8.0, 40.0), (8.0, 12.0), (2.0, 60.0), (40.0, 4.0)])
def test_a_vendor_that_becomes_slower_or_faster_is_followed(before: float, after: float) -> None:
    takes = then(200, fixed(before), fixed(after))
    outcome = Simulation(jobs=600, takes=takes, rate=2.0, interval=5.0).run()
    assert len(outcome.late) == 600
    usual = outcome.durations.usual
    assert usual is not None
    assert after <= usual <= after * 1.6
    assert outcome.polls_an_answer <= 1.2


def test_nothing_infinite_is_ever_learned() -> None:
    outcome = Simulation(jobs=50, takes=fixed(NEVER), until=90_000.0).run()
    assert outcome.durations.usual is None
    assert math.isfinite(outcome.durations.unfinished)
