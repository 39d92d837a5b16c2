"""The bridge between the event loop and dlt: bounded, ended in good order, never stuck."""

from __future__ import annotations

import threading
import time

import anyio
import pytest

from enrichment.ledger.deliveries import Deliveries
from pipelines.feed import PACKAGE, ROOM, Feed, Parcel
from pipelines.tables import ORGANIZATIONS, PEOPLE_SEEN

#: rows of a parcel
MANY = 10_000


def _parcel(number: int, rows: int = MANY) -> Parcel:
    return Parcel(PEOPLE_SEEN, PEOPLE_SEEN.table([{"person_id": str(number), "search": "s"}] * rows))


def _number(parcel: Parcel) -> int:
    return int(parcel.table.column("person_id")[0].as_py())


def _employer(key: str, version: str) -> Parcel:
    table = ORGANIZATIONS.table([{"organization_id": key, "name": version, "source": "test"}])
    return Parcel(ORGANIZATIONS, table, Deliveries(ORGANIZATIONS.name, [key], [version]))


def _takes(feed: Feed, seconds: float = 60) -> list[list[Parcel]]:
    packages = []
    while not feed.finished:
        packages.append(list(feed.take(seconds)))
    return packages


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_who_puts_waits_for_room_and_nothing_is_lost() -> None:
    feed = Feed()
    taken: list[list[Parcel]] = []
    thread = threading.Thread(target=lambda: taken.extend(_takes(feed)))
    most = 3 * ROOM // MANY
    put = 0
    with anyio.move_on_after(0.3):
        for number in range(most):
            await feed.put(_parcel(number))
            put += 1
    assert put * MANY == ROOM  # nobody takes: it waits
    thread.start()
    for number in range(put, most):
        await feed.put(_parcel(number))
    feed.close()
    await anyio.to_thread.run_sync(thread.join)
    assert [_number(parcel) for package in taken for parcel in package] == list(range(most))


@pytest.mark.anyio
async def test_a_feed_that_is_abandoned_holds_nobody_up() -> None:
    feed = Feed()
    for number in range(ROOM // MANY):
        await feed.put(_parcel(number))
    feed.abandon()
    with anyio.fail_after(10):
        await feed.put(_parcel(99))


def test_taking_ends_when_the_time_is_up_and_goes_on_the_next_time() -> None:
    feed = Feed()
    anyio.run(feed.put, _parcel(1, rows=1))
    assert [_number(parcel) for parcel in feed.take(0.05)] == [1]
    assert not feed.finished
    anyio.run(feed.put, _parcel(2, rows=1))
    feed.close()
    started = time.monotonic()
    assert [_number(parcel) for parcel in feed.take(60)] == [2]
    assert time.monotonic() - started < 30  # closed and empty: it does not wait
    assert feed.finished


@pytest.mark.anyio
async def test_a_package_holds_so_many_rows_and_no_more() -> None:
    feed = Feed()
    taken: list[list[Parcel]] = []
    thread = threading.Thread(target=lambda: taken.extend(_takes(feed)))
    thread.start()
    for number in range(3 * PACKAGE // MANY + 1):
        await feed.put(_parcel(number))
    feed.close()
    await anyio.to_thread.run_sync(thread.join)
    assert [sum(parcel.rows for parcel in package) for package in taken] == [PACKAGE, PACKAGE, PACKAGE, MANY]


def test_a_row_that_comes_again_in_another_version_comes_in_another_package() -> None:
    """Of two rows of one key a load keeps any one, and the ledger would note the last as delivered."""

    def told(parcel: Parcel) -> str:
        assert parcel.deliveries is not None
        return str(parcel.deliveries.keys[0] + parcel.deliveries.hashes[0])

    feed = Feed()
    for key, version in (("a", "1"), ("b", "1"), ("a", "1"), ("a", "2"), ("b", "2"), ("b", "3")):
        anyio.run(feed.put, _employer(key, version))
    feed.close()
    packages = [[told(parcel) for parcel in package] for package in _takes(feed)]
    assert packages == [["a1", "b1", "a1"], ["a2", "b2"], ["b3"]]


def test_what_is_kept_back_is_not_forgotten_when_the_time_is_up() -> None:
    feed = Feed()
    for version in "12":
        anyio.run(feed.put, _employer("a", version))
    feed.close()
    assert len(list(feed.take(60))) == 1
    assert not feed.finished
    assert len(list(feed.take(0))) == 1
    assert feed.finished
