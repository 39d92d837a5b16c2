"""Rate windows, and their memory across restarts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
import anyio.lowlevel
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sources.errors import ConfigurationError, QuotaExhausted
from sources.limits import BLOCK_LIFE, TRANSIT, Grant, RateLimiter, Window
from sources.redaction import shown
from sources.throttling import RECOVERY, SINGLE, Refusal
from tests.support.stepped_clock import EPOCH, SteppedClock, play


@dataclass
class Notebook:
    """Counters that outlive a limiter, as the ledger's do. ``lost`` drops what is given back: a crash."""

    clock: SteppedClock
    rows: list[tuple[float, int]] = field(default_factory=list)
    latency: float = 0.0

    async def load(self, name: str, since: float) -> list[tuple[float, int]]:
        assert name == "account"
        return [row for row in self.rows if row[0] >= since]

    async def add(self, name: str, at: float, requests: int) -> None:
        assert name == "account"
        if self.latency:
            await self.clock.sleep(self.latency)
        else:
            await anyio.lowlevel.checkpoint()
        self.rows.append((at, requests))

    @property
    def counted(self) -> int:
        return sum(requests for _, requests in self.rows)


def limiter(clock: SteppedClock, *windows: str, counters: Notebook | None = None, share: float = 0.0) -> RateLimiter:
    parsed = [Window.parse(w) for w in windows]
    return RateLimiter(parsed, clock, counters=counters, name="account", share=share, transit=0.0)


def densest(times: Sequence[float], seconds: float) -> int:
    """The most of ``times`` in any half-open span of so many seconds."""
    ordered = sorted(times)
    return max((i - bisect_left(ordered, end - seconds + 1e-5) + 1 for i, end in enumerate(ordered)), default=0)


# Reading a rate.


@pytest.mark.parametrize(
    ("text", "limit", "seconds"),
    [
        ("10/second", 10, 1.0),
        ("10/s", 10, 1.0),
        ("10/sec", 10, 1.0),
        ("10 per second", 10, 1.0),
        ("100/minute", 100, 60.0),
        ("100/m", 100, 60.0),
        ("100/min", 100, 60.0),
        ("100 / mins", 100, 60.0),
        ("5/hour", 5, 3600.0),
        ("5/h", 5, 3600.0),
        ("2000/day", 2000, 86_400.0),
        ("2000/D", 2000, 86_400.0),
        ("50/10 seconds", 50, 10.0),
        ("50/10s", 50, 10.0),
        ("  3  PER  2 Days ", 3, 172_800.0),
    ],
)
def test_a_rate_is_a_count_and_a_span(text: str, limit: int, seconds: float) -> None:
    assert Window.parse(text) == Window(limit, seconds)


@pytest.mark.parametrize(
    "text",
    [
        "", "10", "/second", "ten/second", "10/fortnight", "0/second", "-1/second", "1.5/second", "10/0 seconds",
        "10/00s", "10/ms", "10/hs", "10/ds", "10/ss", "10 second", "10/second/minute", "10perminute",
        "9" * 5000 + "/day", "1/" + "9" * 5000 + "days",
    ],
)  # fmt: skip
def test_what_is_no_rate_is_refused_with_the_value_and_the_right_form(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Window.parse(text)
    assert shown(text) in str(caught.value)
    assert '"10/second"' in str(caught.value)
    assert caught.value.exit_code == 2


# Windows.


@settings(max_examples=60, deadline=None)
@given(
    windows=st.lists(st.sampled_from(["1/second", "3/second", "5/10 seconds", "7/minute", "40/hour"]), max_size=4),
    pauses=st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.1, 0.5, 1.0, 2.5, 9.0, 70.0]), min_size=1, max_size=60),
    collecting=st.lists(st.booleans(), min_size=1, max_size=5),
    throttled=st.lists(st.integers(0, 59), max_size=3),
    share=st.sampled_from([0.0, 0.05, 0.5]),
)
def test_no_window_is_ever_exceeded_whatever_the_arrivals(
    windows: list[str], pauses: list[float], collecting: list[bool], throttled: list[int], share: float
) -> None:
    clock = SteppedClock()
    granted: list[float] = []

    async def story() -> None:
        async with limiter(clock, *windows, share=share) as limits, anyio.create_task_group() as tasks:

            async def ask(number: int) -> None:
                await limits.acquire(collecting=collecting[number % len(collecting)])
                granted.append(clock.now)

            for number, pause in enumerate(pauses):
                if pause:
                    await clock.sleep(pause)
                if number in throttled:
                    limits.pause(1.5)
                tasks.start_soon(ask, number)

    play(clock, story)
    assert len(granted) == len(pauses)
    for window in map(Window.parse, windows):
        assert densest(granted, window.seconds) <= window.limit


def test_without_windows_nothing_waits() -> None:
    clock = SteppedClock()

    async def story() -> None:
        async with limiter(clock) as limits:
            for _ in range(100):
                await limits.acquire()
            assert str(limits) == "none"

    play(clock, story)
    assert clock.now == 0.0


def test_grants_are_used_as_soon_as_the_windows_allow_and_not_later() -> None:
    clock = SteppedClock()
    granted: list[float] = []

    async def story() -> None:
        async with limiter(clock, "2/second", "5/10 seconds") as limits:
            for _ in range(8):
                await limits.acquire()
                granted.append(clock.now)
            assert str(limits) == "2 in 1 s, 5 in 10 s"

    play(clock, story)
    assert granted == pytest.approx([0, 0, 1, 1, 2, 10, 10, 11], abs=1e-3)


def test_everybody_who_waits_is_served_in_the_end() -> None:
    clock = SteppedClock()
    served: list[int] = []

    async def story() -> None:
        async with limiter(clock, "1/second") as limits, anyio.create_task_group() as tasks:

            async def ask(number: int) -> None:
                await limits.acquire()
                served.append(number)

            for number in range(20):
                tasks.start_soon(ask, number)

    play(clock, story)
    assert sorted(served) == list(range(20))
    assert clock.now == pytest.approx(19.0, abs=1e-3)


def test_a_pause_holds_back_those_who_come_and_those_who_wait_already() -> None:
    clock = SteppedClock()
    granted: list[float] = []

    async def story() -> None:
        async with limiter(clock, "1/second") as limits, anyio.create_task_group() as tasks:

            async def ask() -> None:
                await limits.acquire()
                granted.append(clock.now)

            tasks.start_soon(ask)
            tasks.start_soon(ask)
            await clock.sleep(0.5)
            limits.pause(5.0)
            limits.pause(1.0)  # a shorter one takes nothing away
            tasks.start_soon(ask)

    play(clock, story)
    assert granted == pytest.approx([0.0, 5.5, 6.5], abs=1e-3)


@settings(max_examples=60, deadline=None)
@example(under_way=[0.034] * 5 + [0.0] * 5, answered_after=[0.3])
@given(
    under_way=st.lists(st.floats(0.0, 0.034), min_size=1, max_size=40),
    answered_after=st.lists(st.sampled_from([0.0, 0.001, 0.02, 0.3]), min_size=1, max_size=5),
)
def test_no_window_is_exceeded_where_the_vendor_counts_requests_as_they_arrive(
    under_way: list[float], answered_after: list[float]
) -> None:
    """Some arrive at once and some 34 ms later, each answered some time after; asked for by eight at a time."""
    clock = SteppedClock()
    arrived: list[float] = []

    async def story() -> None:
        windows = [Window.parse(text) for text in ("5/second", "30/10 seconds")]
        numbers = iter(range(len(under_way)))
        async with RateLimiter(windows, clock, share=0.0) as limits, anyio.create_task_group() as tasks:

            async def send() -> None:
                for number in numbers:
                    async with limits.hold() as grant:
                        grant.use()
                        await clock.sleep(under_way[number])
                        arrived.append(clock.now)
                        await clock.sleep(answered_after[number % len(answered_after)])
                        grant.answered()

            for _ in range(8):
                tasks.start_soon(send)

    play(clock, story)
    assert len(arrived) == len(under_way)
    assert densest(arrived, 1.0) <= 5
    assert densest(arrived, 10.0) <= 30
    late = max(answered_after)  # until that is what is usual, whoever is answered so late may have arrived so late
    assert clock.now <= (len(arrived) // 5) * 1.05 + 1.0 + late + (10.05 if len(arrived) > 30 else 0.0)


def test_a_request_that_was_late_on_its_way_counts_from_when_it_may_have_arrived() -> None:
    """All take 50 ms to be answered. Then five are held up for 0.4 s on their way: the next five follow later."""
    clock = SteppedClock()
    arrived: list[float] = []

    async def story() -> None:
        limits = RateLimiter([Window.parse("5/second")], clock, share=0.0)

        async def send(number: int) -> None:
            async with limits.hold() as grant:
                grant.use()
                await clock.sleep(0.4 if 50 <= number < 55 else 0.01)
                arrived.append(clock.now)
                await clock.sleep(0.04)
                grant.answered()

        async with limits, anyio.create_task_group() as tasks:
            for number in range(70):
                tasks.start_soon(send, number)

    play(clock, story)
    assert len(arrived) == 70
    assert densest(arrived, 1.0) <= 5
    assert clock.now <= 13 * 1.05 + 1.0


@settings(max_examples=40, deadline=None)
@given(
    windows=st.sampled_from([("10/second",), ("20/2 seconds",), ("5/second", "20/10 seconds"), ("40/minute",)]),
    latency=st.sampled_from([0.0, 0.05, 0.3]),
    askers=st.sampled_from([10, 16]),
)
def test_where_there_is_demand_the_windows_are_used_up(windows: tuple[str, ...], latency: float, askers: int) -> None:
    """Each request leaves no later than windows that are longer by the transit allow, and so many at a time."""
    clock = SteppedClock()
    sent: list[float] = []

    async def story() -> None:
        parsed = [Window.parse(text) for text in windows]
        async with RateLimiter(parsed, clock, share=0.0) as limits, anyio.create_task_group() as tasks:

            async def ask() -> None:
                while len(sent) < 100:
                    async with limits.hold() as grant:
                        grant.use()
                        sent.append(clock.now)
                        await clock.sleep(latency)
                        grant.answered()

            for _ in range(askers):
                tasks.start_soon(ask)

    play(clock, story)
    best: list[float] = []
    for number in range(len(sent)):
        at = best[number - askers] + latency if number >= askers else 0.0
        for window in map(Window.parse, windows):
            if number >= window.limit:
                at = max(at, best[number - window.limit] + window.seconds + TRANSIT)
        best.append(at)
    assert all(at <= ideal + 1e-3 for at, ideal in zip(sent, best, strict=True))


# 429s.


@pytest.mark.parametrize(
    ("lower", "latency", "told"), [(4, 0.0, False), (4, 0.3, False), (4, 0.02, True), (7, 0.02, False)]
)
def test_a_vendor_with_a_lower_limit_is_made_use_of_and_the_rate_comes_back_once_it_is_lifted(
    lower: int, latency: float, told: bool
) -> None:
    """Ten a second are allowed here, fewer there, where what is refused does not count; ``told``: by a pause of 1 s."""
    clock = SteppedClock()
    taken: list[float] = []
    refused: list[float] = []
    sent: list[float] = []
    lifted_at = 12.0
    ends = lifted_at + RECOVERY + 5.0

    def takes() -> bool:
        return clock.now >= lifted_at or sum(at > clock.now - 1.0 for at in taken) < lower

    async def story() -> None:
        windows = [Window.parse("10/second")]
        async with RateLimiter(windows, clock, share=0.0) as limits, anyio.create_task_group() as tasks:

            async def ask() -> None:
                while clock.now < ends:
                    async with limits.hold() as grant:
                        grant.use()
                        sent.append(clock.now)
                        good = takes()
                        (taken if good else refused).append(clock.now)
                        await clock.sleep(latency)
                        grant.answered()
                    if good:
                        limits.answered()
                    elif limits.refused(grant) is Refusal.CLOSED or told:
                        limits.pause(1.0)

            for _ in range(10):
                tasks.start_soon(ask)

    play(clock, story)
    assert densest(sent, 1.0) <= 10
    assert sum(5.0 < at < lifted_at for at in taken) >= 0.6 * lower * (lifted_at - 5.0) - lower
    assert sum(5.0 < at < lifted_at for at in refused) <= 0.35 * sum(5.0 < at < lifted_at for at in sent) + 2
    back = [at for at in sent if lifted_at + RECOVERY + 2.0 < at <= ends]
    assert len(back) >= 0.95 * 10 * (ends - lifted_at - RECOVERY - 2.0) - 10


def test_while_the_rate_is_slowed_down_patience_is_for_the_windows_at_full_rate() -> None:
    """A whole minute's requests are used up by half a rate: they are back in a moment, and nobody gives up."""
    clock = SteppedClock()

    async def story() -> None:
        async with limiter(clock, "20/minute") as limits:
            for _ in range(8):
                await limits.acquire(patience=0.0)
            for _ in range(12):
                limits.refused(sent_at(limits.now()))
                await clock.sleep(0.1)
            began = clock.now
            await limits.acquire(patience=RECOVERY)
            assert 0.0 < clock.now - began <= RECOVERY

    play(clock, story)


def test_a_quota_is_not_made_smaller_by_429s() -> None:
    clock = SteppedClock()

    async def story() -> None:
        async with limiter(clock, "20/day") as limits:
            for _ in range(6):
                limits.refused(sent_at(limits.now()))
                await clock.sleep(0.1)
            for _ in range(20):
                await limits.acquire(patience=0.0)

    play(clock, story)


def test_a_single_429_leaves_the_rate_as_it_is() -> None:
    clock = SteppedClock()

    async def story() -> None:
        async with limiter(clock, "10/second") as limits:
            for number in range(60):
                await limits.acquire()
                if number % (SINGLE + 1) == SINGLE:
                    limits.refused(sent_at(limits.now()))
                else:
                    limits.answered()

    play(clock, story)
    assert clock.now == pytest.approx(5.0, abs=1e-2)


def sent_at(when: float) -> Grant:
    return Grant.of_earlier_run(when)


# Grants that are held.


@settings(max_examples=60, deadline=None)
@given(
    delays=st.lists(st.sampled_from([0.0, 0.0, 0.3, 1.0, 2.5, 7.0]), min_size=1, max_size=40),
    unused=st.sets(st.integers(0, 39)),
    noted=st.booleans(),
)
def test_a_held_grant_counts_from_its_use_and_an_unused_one_not_at_all(
    delays: list[float], unused: set[int], noted: bool
) -> None:
    """Each holds its grant for a while, then sends or does not: no window sees more than its limit sent."""
    clock = SteppedClock()
    notebook = Notebook(clock)
    sent: list[float] = []

    async def story() -> None:
        limits = limiter(clock, "3/second", "5/5 seconds", "900/hour", counters=notebook if noted else None)
        async with limits, anyio.create_task_group() as tasks:

            async def send(number: int, delay: float) -> None:
                async with limits.hold() as grant:
                    await clock.sleep(delay)
                    if number not in unused:
                        sent.append(clock.now)
                        grant.use()

            for number, delay in enumerate(delays):
                tasks.start_soon(send, number, delay)

    play(clock, story)
    assert len(sent) == len(set(range(len(delays))) - unused)
    assert densest(sent, 1.0) <= 3
    assert densest(sent, 5.0) <= 5
    assert not noted or notebook.counted == len(sent)


def test_one_who_waits_goes_on_as_soon_as_a_held_grant_is_given_back() -> None:
    clock = SteppedClock()

    async def story() -> None:
        async with limiter(clock, "1/day") as limits, anyio.create_task_group() as tasks:

            async def hesitate() -> None:
                async with limits.hold():
                    await clock.sleep(3.0)

            tasks.start_soon(hesitate)
            await clock.sleep(1.0)
            await limits.acquire(patience=0.0)
            assert clock.now == pytest.approx(3.0, abs=1e-3)

    play(clock, story)


# Patience.


def test_patience_ends_at_once_where_the_wait_is_known_to_be_too_long() -> None:
    clock = SteppedClock()

    async def story() -> None:
        async with limiter(clock, "1/minute") as limits:
            await limits.acquire(patience=0.0)
            await clock.sleep(20.0)
            with pytest.raises(QuotaExhausted) as caught:
                await limits.acquire(patience=39.9)
            assert clock.now == pytest.approx(20.0)
            assert caught.value.until == pytest.approx(EPOCH + 60.0)
            assert caught.value.exit_code == 3
            assert "another 40 s" in str(caught.value)
            await limits.acquire(patience=40.1)
            assert clock.now == pytest.approx(60.0, abs=1e-3)

    play(clock, story)


def test_patience_covers_the_whole_wait_and_not_each_part_of_it() -> None:
    """Sixteen ask at once, one a 10 seconds is granted: with 25 s of patience, three get through and 13 give up."""
    clock = SteppedClock()
    outcomes: list[float | None] = []

    async def story() -> None:
        async with limiter(clock, "1/10 seconds") as limits, anyio.create_task_group() as tasks:

            async def ask() -> None:
                try:
                    await limits.acquire(patience=25.0)
                    outcomes.append(clock.now)
                except QuotaExhausted:
                    outcomes.append(None)
                    assert clock.now <= 25.0

            for _ in range(16):
                tasks.start_soon(ask)

    play(clock, story)
    assert [when for when in outcomes if when is not None] == pytest.approx([0.0, 10.0, 20.0], abs=1e-3)
    assert outcomes.count(None) == 13


@pytest.mark.parametrize("collecting", [False, True])
def test_the_impatient_do_not_queue_behind_somebody_who_waits_for_a_day(collecting: bool) -> None:
    clock = SteppedClock()

    async def story() -> None:
        async with limiter(clock, "1/day") as limits, anyio.create_task_group() as tasks:
            await limits.acquire(collecting=collecting)
            tasks.start_soon(lambda: limits.acquire(collecting=collecting))
            await clock.sleep(1.0)
            with pytest.raises(QuotaExhausted):
                await limits.acquire(collecting=collecting, patience=5.0)
            assert clock.now < 10.0
            tasks.cancel_scope.cancel()

    play(clock, story)


# The part kept for collecting.


@pytest.mark.parametrize(
    ("window", "kept"),
    [("10/second", 0), ("100/minute", 0), ("100/hour", 5), ("2000/day", 100), ("7/day", 1), ("1/day", 0)],
)
def test_a_share_of_long_windows_is_kept_back(window: str, kept: int) -> None:
    assert Window.parse(window).kept(0.05) == kept


def test_never_is_all_of_a_window_kept_back() -> None:
    assert Window.parse("10/day").kept(1.0) == 9


def test_buying_stops_where_the_kept_part_begins_and_collecting_goes_on() -> None:
    clock = SteppedClock()

    async def story() -> None:
        async with limiter(clock, "20/day", share=0.25) as limits:
            for _ in range(15):
                await limits.acquire(patience=0.0)
            with pytest.raises(QuotaExhausted):
                await limits.acquire(patience=60.0)
            for _ in range(5):
                await limits.acquire(patience=0.0, collecting=True)
            with pytest.raises(QuotaExhausted):
                await limits.acquire(patience=60.0, collecting=True)

    play(clock, story)


def test_a_part_is_kept_only_while_there_may_be_something_to_collect() -> None:
    clock = SteppedClock()
    asked: list[float] = []
    open_jobs = True

    def collects() -> bool:
        asked.append(clock.now)
        return open_jobs

    async def story() -> None:
        nonlocal open_jobs
        windows = [Window.parse("20/day")]
        async with RateLimiter(windows, clock, share=0.25, collects=collects) as limits:
            for _ in range(15):
                await limits.acquire(patience=0.0)
            assert not asked  # there was room enough beside that part
            with pytest.raises(QuotaExhausted):
                await limits.acquire(patience=60.0)
            open_jobs = False
            for _ in range(4):
                await limits.acquire(patience=0.0)
            open_jobs = True
            with pytest.raises(QuotaExhausted):
                await limits.acquire(patience=60.0)
            await limits.acquire(patience=0.0, collecting=True)
            open_jobs = False
            with pytest.raises(QuotaExhausted):  # all is used up, whoever asks
                await limits.acquire(patience=60.0)

    play(clock, story)


def test_collecting_is_not_held_up_by_buyers_who_wait() -> None:
    clock = SteppedClock()

    async def story() -> None:
        async with limiter(clock, "4/day", share=0.25) as limits, anyio.create_task_group() as tasks:
            for _ in range(3):
                await limits.acquire()
            tasks.start_soon(limits.acquire)
            await clock.sleep(1.0)
            await limits.acquire(collecting=True)
            assert clock.now < 2.0
            tasks.cancel_scope.cancel()

    play(clock, story)


# Memory.


def test_grants_are_noted_before_they_are_used_and_in_blocks() -> None:
    clock = SteppedClock()
    notebook = Notebook(clock)

    async def story() -> None:
        async with limiter(clock, "2000/day", counters=notebook) as limits:
            for used in range(1, 36):
                await limits.acquire()
                assert notebook.counted >= used
            assert notebook.rows == [(EPOCH, 10)] * 4
        assert notebook.counted == 35

    play(clock, story)


@pytest.mark.parametrize(("windows", "noted"), [(("10/second",), []), (("10/second", "30/minute"), [3])])
def test_only_windows_of_a_minute_and_longer_are_noted(windows: tuple[str, ...], noted: list[int]) -> None:
    clock = SteppedClock()
    notebook = Notebook(clock)

    async def story() -> None:
        async with limiter(clock, *windows, counters=notebook) as limits:
            await limits.acquire()
            assert [requests for _, requests in notebook.rows] == noted

    play(clock, story)


def test_those_who_ask_at_once_do_not_note_more_than_they_use() -> None:
    clock = SteppedClock()
    notebook = Notebook(clock, latency=0.5)

    async def story() -> None:
        async with limiter(clock, "100/day", counters=notebook, share=0.1) as limits:
            async with anyio.create_task_group() as tasks:
                for _ in range(5):
                    tasks.start_soon(limits.acquire)
                    tasks.start_soon(lambda: limits.acquire(collecting=True))
            assert notebook.counted == 10

    play(clock, story)


def test_what_was_not_used_is_given_back_even_when_the_run_is_cancelled() -> None:
    clock = SteppedClock()
    notebook = Notebook(clock)

    async def story() -> None:
        with anyio.CancelScope() as scope:
            async with limiter(clock, "2000/day", counters=notebook) as limits:
                await limits.acquire()
                await limits.acquire()
                scope.cancel()
                await anyio.sleep_forever()
        assert notebook.counted == 2

    play(clock, story)


def test_a_quota_used_up_is_still_used_up_after_a_restart_and_free_again_a_day_later() -> None:
    clock = SteppedClock()
    notebook = Notebook(clock)

    async def story() -> None:
        async with limiter(clock, "25/day", counters=notebook) as limits:
            for _ in range(25):
                await limits.acquire(patience=0.0)
        await clock.sleep(3600.0)
        async with limiter(clock, "25/day", counters=notebook) as limits:
            with pytest.raises(QuotaExhausted) as caught:
                await limits.acquire(patience=0.0)
            assert caught.value.until == pytest.approx(EPOCH + 86_400.0, abs=BLOCK_LIFE)
        await clock.sleep(86_400.0 - 3600.0 + BLOCK_LIFE)
        async with limiter(clock, "25/day", counters=notebook) as limits:
            await limits.acquire(patience=0.0)

    play(clock, story)


def test_the_part_kept_for_collecting_is_still_kept_after_a_restart() -> None:
    """What buying has used of the day is counted over restarts, and so is what collecting has used of its part."""
    clock = SteppedClock()
    notebook = Notebook(clock)

    async def story() -> None:
        async with limiter(clock, "20/day", counters=notebook, share=0.25) as limits:
            for _ in range(15):
                await limits.acquire(patience=0.0)
        await clock.sleep(3600.0)
        async with limiter(clock, "20/day", counters=notebook, share=0.25) as limits:
            with pytest.raises(QuotaExhausted):
                await limits.acquire(patience=0.0)
            for _ in range(3):
                await limits.acquire(patience=0.0, collecting=True)
        await clock.sleep(3600.0)
        async with limiter(clock, "20/day", counters=notebook, share=0.25) as limits:
            for _ in range(2):
                await limits.acquire(patience=0.0, collecting=True)
            with pytest.raises(QuotaExhausted):
                await limits.acquire(patience=0.0, collecting=True)

    play(clock, story)


def test_another_account_is_counted_by_itself() -> None:
    clock = SteppedClock()
    notebook = Notebook(clock)

    async def story() -> None:
        limits = RateLimiter([Window.parse("1/day")], clock, counters=notebook, name="another", share=0.0)
        with pytest.raises(AssertionError):
            await limits.__aenter__()

    play(clock, story)


@pytest.mark.parametrize("back", [1.0, 3600.0, 40 * 86_400.0])
def test_a_clock_set_back_between_two_runs_frees_nothing(back: float) -> None:
    clock = SteppedClock()
    notebook = Notebook(clock)

    async def story() -> None:
        async with limiter(clock, "5/day", counters=notebook) as limits:
            for _ in range(5):
                await limits.acquire(patience=0.0)
        clock.wall -= back
        async with limiter(clock, "5/day", counters=notebook) as limits:
            assert limits.now() >= EPOCH
            with pytest.raises(QuotaExhausted):
                await limits.acquire(patience=3600.0)

    play(clock, story)


@pytest.mark.parametrize("jump", [-40 * 86_400.0, 40 * 86_400.0])
def test_a_clock_that_jumps_during_a_run_changes_nothing(jump: float) -> None:
    clock = SteppedClock()

    async def story() -> None:
        async with limiter(clock, "2/day", counters=Notebook(clock)) as limits:
            await limits.acquire(patience=0.0)
            clock.wall += jump
            await limits.acquire(patience=0.0)
            with pytest.raises(QuotaExhausted):
                await limits.acquire(patience=3600.0)

    play(clock, story)


@pytest.mark.parametrize("latency", [0.0, 5.0])
@pytest.mark.parametrize("used_at", [9.0, 12.0, 59.0])
@pytest.mark.parametrize("back_at", [61.0, 68.9, 71.0])
def test_a_grant_noted_long_before_it_was_used_counts_from_its_use_after_a_crash(
    used_at: float, back_at: float, latency: float
) -> None:
    """Twenty a minute are noted two at a time: one at once, the next later, then killed, then as many as will go."""
    clock = SteppedClock()
    notebook = Notebook(clock, latency=latency)
    granted: list[float] = []

    async def story() -> None:
        killed = limiter(clock, "20/minute", counters=notebook)
        await killed.__aenter__()
        for when in (0.0, used_at):
            if when:
                await clock.sleep(when - clock.now)
            await killed.acquire()
            granted.append(clock.now)
        await clock.sleep(back_at - clock.now)
        notebook.latency = 0.0
        async with limiter(clock, "20/minute", counters=notebook) as limits:
            for _ in range(20):
                await limits.acquire()
                granted.append(clock.now)

    play(clock, story)
    assert densest(granted, 60.0) <= 20
    assert clock.now <= max(back_at, granted[1] + 60.0) + BLOCK_LIFE  # and nobody is held up for much longer


def test_what_was_given_back_can_be_used_by_the_next_run() -> None:
    clock = SteppedClock()
    notebook = Notebook(clock)

    async def story() -> None:
        async with limiter(clock, "100/day", counters=notebook) as limits:
            await limits.acquire()
        assert notebook.rows == [(EPOCH, 10), (EPOCH, -9)]
        async with limiter(clock, "100/day", counters=notebook) as limits:
            for _ in range(99):
                await limits.acquire(patience=0.0)
            with pytest.raises(QuotaExhausted):
                await limits.acquire(patience=0.0)

    play(clock, story)


def test_a_slow_run_notes_no_more_than_a_block_ahead() -> None:
    clock = SteppedClock()
    notebook = Notebook(clock)

    async def story() -> None:
        async with limiter(clock, "100/day", counters=notebook) as limits:
            for used in range(1, 8):
                await limits.acquire()
                assert used <= notebook.counted < used + 10
                await clock.sleep(600.0)
        assert notebook.counted == 7

    play(clock, story)


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(
        st.tuples(
            st.lists(st.sampled_from([0.0, 1.0, 5.9, 30.0, 59.0, 61.0]), max_size=6),
            st.sampled_from([0, 1, 20, 70]),
            st.booleans(),
            st.sampled_from([0.0, 1.0, 15.0, 61.0]),
        ),
        min_size=2,
        max_size=4,
    ),
    limit=st.sampled_from([1, 4, 12, 30, 50]),
    latency=st.sampled_from([0.0, 0.3]),
)
def test_runs_and_crashes_one_after_the_other_exceed_no_long_window_together(
    runs: list[tuple[list[float], int, bool, float]], limit: int, latency: float
) -> None:
    """A run: requests after pauses, then some at once; whether it is killed (gives nothing back); the rest after it."""
    clock = SteppedClock()
    notebook = Notebook(clock, latency=latency)
    granted: list[float] = []

    async def story() -> None:
        for pauses, burst, killed, rest in runs:
            limits = limiter(clock, f"{limit}/minute", f"{limit * 3}/10 minutes", counters=notebook)
            await limits.__aenter__()
            for pause in [*pauses, *[0.0] * burst]:
                if pause:
                    await clock.sleep(pause)
                await limits.acquire()
                granted.append(clock.now)
                assert notebook.counted >= len(granted)
            if not killed:
                await limits.__aexit__(None, None, None)
            if rest:
                await clock.sleep(rest)

    play(clock, story)
    assert densest(granted, 60.0) <= limit
    assert densest(granted, 600.0) <= limit * 3
