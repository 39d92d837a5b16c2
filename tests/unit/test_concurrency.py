"""A concurrency that shrinks when the vendor says 429."""

from __future__ import annotations

import math

import anyio
import pytest

from sources.concurrency import AdaptiveConcurrency
from tests.support.stepped_clock import SteppedClock, play


def test_concurrency_is_bounded_halved_by_429_and_regained_one_by_one() -> None:
    clock = SteppedClock()

    async def story() -> None:
        gate = AdaptiveConcurrency(16, clock)
        assert gate.limit == 16
        gate.throttled()
        assert gate.limit == 8
        gate.throttled()  # of a request that was under way already
        assert gate.limit == 8
        for expected in (4, 2, 1, 1):
            await clock.sleep(1.0)
            gate.throttled()
            assert gate.limit == expected
        gate.answered()
        assert gate.limit == 2
        gate.answered()
        assert gate.limit == 2
        gate.answered()
        assert gate.limit == 3
        for _ in range(1000):
            gate.answered()
        assert gate.limit == 16

    play(clock, story)


def test_a_429_forgets_the_good_answers_before_it() -> None:
    clock = SteppedClock()

    async def story() -> None:
        gate = AdaptiveConcurrency(4, clock)
        gate.throttled()
        gate.answered()
        gate.throttled()
        gate.answered()
        assert gate.limit == 2
        gate.answered()
        assert gate.limit == 3

    play(clock, story)


@pytest.mark.parametrize("throttled", [0, 1, 2])
def test_no_more_are_under_way_than_the_limit_allows(throttled: int) -> None:
    clock = SteppedClock()
    peaks: list[int] = []

    async def story() -> None:
        gate = AdaptiveConcurrency(8, clock)
        for _ in range(throttled):
            gate.throttled()
            await clock.sleep(1.0)
        under_way = 0

        async def work() -> None:
            nonlocal under_way
            async with gate:
                under_way += 1
                peaks.append(under_way)
                await clock.sleep(1.0)
                under_way -= 1

        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(work)

    play(clock, story)
    assert max(peaks) == 8 >> throttled
    assert math.ceil(30 / max(peaks)) + throttled == round(clock.now)
