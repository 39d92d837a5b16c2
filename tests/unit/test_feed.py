"""The bridge between the event loop and dlt: bounded, ended in good order, never stuck."""

from __future__ import annotations

import threading
import time

import anyio
import pytest

from pipelines.feed import ROOM, Feed, Parcel
from pipelines.tables import PEOPLE


def _parcel(number: int) -> Parcel:
    return Parcel(PEOPLE, number)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_who_puts_waits_for_room_and_nothing_is_lost() -> None:
    feed = Feed()
    taken: list[Parcel] = []
    thread = threading.Thread(target=lambda: taken.extend(feed.take(60)))
    put = 0
    with anyio.move_on_after(0.3):
        for number in range(ROOM * 3):
            await feed.put(_parcel(number))
            put += 1
    assert ROOM <= put < ROOM * 3  # nobody takes: it waits
    thread.start()
    for number in range(put, ROOM * 3):
        await feed.put(_parcel(number))
    feed.close()
    await anyio.to_thread.run_sync(thread.join)
    assert {parcel.table for parcel in taken} == set(range(ROOM * 3))
    assert feed.finished


@pytest.mark.anyio
async def test_a_feed_that_is_abandoned_holds_nobody_up() -> None:
    feed = Feed()
    for number in range(ROOM):
        await feed.put(_parcel(number))
    feed.abandon()
    with anyio.fail_after(10):
        await feed.put(_parcel(99))


def test_taking_ends_when_the_time_is_up_and_goes_on_the_next_time() -> None:
    feed = Feed()
    anyio.run(feed.put, _parcel(1))
    assert [parcel.table for parcel in feed.take(0.05)] == [1]
    assert not feed.finished
    anyio.run(feed.put, _parcel(2))
    feed.close()
    started = time.monotonic()
    assert [parcel.table for parcel in feed.take(60)] == [2]
    assert time.monotonic() - started < 30  # closed and empty: it does not wait
    assert feed.finished
