"""The engine when its ledger fails in the middle of a run: it stops sending at once, and tells what was on the wire."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from enrichment import sending
from enrichment.ledger import Ledger
from enrichment.ledger.schema import calls
from sources.concurrency import first_error
from sources.errors import LedgerError
from sources.transport import Answer, Answered, PaidOutcome
from tests.integration.test_engine import PEOPLE, Run, running
from tests.support.fake_provider import ACCEPTED, FakeProvider
from tests.support.purchases import plan, rows

pytestmark = pytest.mark.anyio
URL = "sqlite:///ledger.db"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enrichment.storage.sqlite.BUSY", 0.3)


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another process's connection to the ledger."""
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    yield other
    other.close()


async def _fails(run: Run) -> LedgerError:
    """Run until the ledger's error ends it."""
    with pytest.raises((ExceptionGroup, LedgerError)) as told:
        await run.to_the_end()
    error = told.value
    found = first_error(error) if isinstance(error, BaseExceptionGroup) else error
    assert isinstance(found, LedgerError)
    return found


def _states(ledger: Ledger) -> dict[str, int]:
    found = [row["state"] for row in rows(ledger, calls)]
    return {state: found.count(state) for state in set(found)}


def _at(person: str, act: Callable[[], object]) -> Callable[[Mapping[str, Any], str | None], Any]:
    """Accept every purchase; while that for one person is on the wire, something happens."""

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        await anyio.sleep(0.01)
        if parameters["personId"] == person:
            act()
        return ACCEPTED

    return submit


async def test_a_ledger_locked_for_good_ends_the_sending_and_its_call_is_in_doubt_at_the_next_start(
    tmp_path: Path, lock: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "AGAIN", (0.05, 0.05))
    provider = FakeProvider()
    with Ledger(URL, tmp_path) as ledger:
        plan(ledger, *PEOPLE)
        provider.submit_with = _at("p02", lambda: lock.execute("BEGIN IMMEDIATE"))
        async with running(ledger, provider, max_unanswered=1) as run:
            error = await _fails(run)
        assert "Another process holds it" in str(error)
        assert provider.submitted == ["p00", "p01", "p02"]
        assert run.context.tally.unwritten == 1
        lock.execute("ROLLBACK")
        assert _states(ledger) == {"accepted": 2, "sent": 1, "planned": 9}
    provider.submit_with = _at("nobody", lambda: None)
    provider.poll_with = lambda tracking_id: Answer(200, b"missed")
    with Ledger(URL, tmp_path) as ledger:
        async with running(ledger, provider, wait=2.0, receiving=False, poll_interval=0.05) as run:
            await run.to_the_end()
        assert _states(ledger) == {"in_doubt": 1, "settled": 11}
    assert sorted(provider.submitted) == PEOPLE  # each once, that in doubt too


async def test_a_lock_that_is_given_back_in_time_costs_only_time(tmp_path: Path, lock: sqlite3.Connection) -> None:
    provider = FakeProvider()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        if parameters["personId"] == "p02":
            lock.execute("BEGIN IMMEDIATE")
            tasks.start_soon(_give_back, lock)
        return Answered(Answer(404, b""))

    provider.submit_with = submit
    with Ledger(URL, tmp_path) as ledger:
        plan(ledger, *PEOPLE)
        async with running(ledger, provider) as run, anyio.create_task_group() as tasks:
            report = await run.to_the_end()
        assert (report.left, _states(ledger)) == (0, {"settled": 12})
    assert sorted(provider.submitted) == PEOPLE


async def _give_back(lock: sqlite3.Connection) -> None:
    await anyio.sleep(0.1)
    lock.execute("ROLLBACK")


async def test_an_answer_is_written_down_in_a_later_try_and_still_nothing_more_is_sent(
    tmp_path: Path, lock: sqlite3.Connection
) -> None:
    """The answer to a purchase is worth several tries; a ledger that failed once is not worth another purchase."""
    provider = FakeProvider()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        if parameters["personId"] == "p02":
            lock.execute("BEGIN IMMEDIATE")
            tasks.start_soon(_give_back_late, lock)
        return Answered(Answer(404, b""))

    provider.submit_with = submit
    with Ledger(URL, tmp_path) as ledger:
        plan(ledger, *PEOPLE)
        async with anyio.create_task_group() as tasks, running(ledger, provider, max_unanswered=1) as run:
            with contextlib.suppress(ExceptionGroup, LedgerError):  # another task may have met the lock, too
                await run.to_the_end()
        assert isinstance(run.context.run_error, LedgerError)
        assert run.context.tally.unwritten == 0
        assert _states(ledger) == {"settled": 3, "planned": 9}
    assert provider.submitted == ["p00", "p01", "p02"]


async def _give_back_late(lock: sqlite3.Connection) -> None:
    await anyio.sleep(0.5)  # after the first try has failed, which waits for 0.3 s
    lock.execute("ROLLBACK")


async def test_a_ledger_deleted_in_the_middle_of_a_run_ends_the_sending_and_is_written_down_again(
    tmp_path: Path,
) -> None:
    provider = FakeProvider()
    provider.submit_with = _at("p02", lambda: shutil.move(tmp_path / "ledger.db", tmp_path / "elsewhere.db"))
    ledger = Ledger(URL, tmp_path)
    plan(ledger, *PEOPLE)
    async with running(ledger, provider, max_unanswered=1, wait=0.5) as run:
        await run.to_the_end()
    assert "deleted or replaced" in str(run.context.run_error)
    assert provider.submitted == ["p00", "p01", "p02"]
    with pytest.raises(LedgerError, match="again"):
        ledger.close()
    with Ledger(URL, tmp_path) as again:
        assert _states(again) == {"accepted": 3, "planned": 9}  # the answer that came after the file was gone, too
