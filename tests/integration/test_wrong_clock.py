"""The machine's clock set back and forth, between runs and within one: caps, quotas, waits and order hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

from enrichment import polling
from enrichment.caps import Cap, Scope
from enrichment.ids import micros
from enrichment.ledger import Ledger, claims, runs
from enrichment.ledger.counters import LedgerCounters
from enrichment.ledger.ledger_time import LedgerClock, keep_time, latest, ledger_time
from enrichment.ledger.owed import owed_emails
from enrichment.ledger.schema import calls, meta, requests
from enrichment.settlement import Settlement
from enrichment.states import State
from sources.errors import QuotaExhausted
from sources.limits import RateLimiter, Window
from sources.providers import EmailStatus, Outcome, Verification
from sources.transport import Answer, PaidOutcome
from tests.integration.test_engine import running
from tests.support.fake_provider import ACCEPTED, FakeProvider
from tests.support.ledgers import new_ledger
from tests.support.purchases import RUN, answer, call, claim, found, plan, rows, send, tell
from tests.support.wrong_clock import DAY, HOUR, HandClock, ShiftedClock

#: half an hour into the first day of a month
MARCH = datetime(2027, 3, 1, 0, 30, tzinfo=UTC).timestamp()
BACK = [HOUR, DAY, 40 * DAY]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


@pytest.fixture
def hands() -> HandClock:
    return HandClock(MARCH)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def _begin(ledger: Ledger, hands: HandClock, run: str = RUN) -> int:
    """A run begins; what time it is for the ledger (microseconds)."""
    now = ledger.call(keep_time, micros(hands))
    ledger.call(runs.start, run, now)
    return now


def _behind(ledger: Ledger) -> list[str]:
    return [row["value"] for row in rows(ledger, meta) if row["key"] == "clock_behind"]


class TestLedgerClock:
    @pytest.mark.parametrize("back", BACK)
    def test_it_never_goes_back_and_goes_on_at_the_pace_of_time(self, hands: HandClock, back: float) -> None:
        clock = LedgerClock(hands, 0)
        assert clock.time() == MARCH
        hands.wall -= back
        assert clock.time() == MARCH
        hands.pass_(90)
        assert clock.time() == MARCH + 90
        hands.pass_(back)  # and now it shows what it showed before
        assert clock.time() == MARCH + 90 + back

    def test_it_follows_a_clock_that_is_set_forward_and_agrees_with_one_that_caught_up(self, hands: HandClock) -> None:
        clock = LedgerClock(hands, round((MARCH + HOUR) * 1_000_000))
        assert clock.time() == MARCH + HOUR
        hands.wall += HOUR / 2
        assert clock.time() == MARCH + HOUR
        hands.wall += HOUR
        assert clock.time() == MARCH + 1.5 * HOUR

    @pytest.mark.anyio
    async def test_it_sleeps_and_counts_as_the_machine_does(self, hands: HandClock) -> None:
        clock = LedgerClock(hands, 0)
        await clock.sleep(5)
        assert (clock.monotonic(), clock.time()) == (5.0, MARCH + 5)


class TestBetweenRuns:
    @pytest.mark.parametrize("back", BACK)
    def test_time_goes_on_at_its_pace_while_the_clock_is_behind(
        self, ledger: Ledger, hands: HandClock, back: float
    ) -> None:
        first = _begin(ledger, hands)
        ledger.call(runs.finish, RUN, first + 1, 0, "done", {})
        hands.wall -= back
        assert _begin(ledger, hands, "2") == first + 1
        assert _behind(ledger) == [str(round(back * 1_000_000) + 1)]
        hands.pass_(HOUR / 2)  # nothing ran meanwhile
        with ledger.read() as connection:
            assert ledger_time(connection, micros(hands)) == first + 1 + round(HOUR / 2 * 1_000_000)
        hands.wall += back  # somebody set it right
        assert _begin(ledger, hands, "3") == micros(hands)
        assert _behind(ledger) == []
        with ledger.read() as connection:
            assert [row["run_id"] for row in runs.latest(connection, 5)] == ["3", "2", RUN]

    def test_every_kind_of_entry_counts(self, ledger: Ledger) -> None:
        with ledger.read() as connection:
            assert latest(connection) == 0
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger, now=2 * 10**15)
        with ledger.read() as connection:
            assert latest(connection) == 2 * 10**15
        tell(ledger, claimed.request_id, found("ann@x.io"), now=3 * 10**15)
        with ledger.read() as connection:
            assert latest(connection) == 3 * 10**15
        anyio.run(LedgerCounters(ledger).add, "vendor", 4 * 10**9, 1)
        with ledger.read() as connection:
            assert latest(connection) == 4 * 10**15
        ledger.call(runs.start, RUN, 5 * 10**15)
        with ledger.read() as connection:
            assert latest(connection) == 5 * 10**15

    @pytest.mark.parametrize("back", BACK)
    def test_what_is_bought_while_the_clock_is_behind_counts_on_the_day_it_is_bought(
        self, ledger: Ledger, hands: HandClock, back: float
    ) -> None:
        cap = Cap("max_credits_per_day", Scope.DAY, "credits", 1300)
        plan(ledger, "ann", "bob", "cid", "dan")

        def buys(run: str) -> int:
            return len(claim(ledger, caps=[cap], now=_begin(ledger, hands, run))[0])

        assert buys("1") == 2  # twice six of thirteen
        ledger.call(lambda c: c.exec_driver_sql("UPDATE calls SET reserved = 300 WHERE reserved > 0") and None)
        hands.wall -= back  # over midnight, into another month
        assert buys("2") == 1
        hands.wall += back + HOUR
        assert buys("3") == 0
        hands.wall += DAY
        assert buys("4") == 1

    @pytest.mark.parametrize("back", BACK)
    def test_a_quota_is_that_of_the_same_day_and_comes_again_after_a_day(
        self, ledger: Ledger, hands: HandClock, back: float
    ) -> None:
        def sends(run: str) -> bool:
            clock = LedgerClock(hands, _begin(ledger, hands, run))

            async def ask() -> bool:
                counters = LedgerCounters(ledger)
                async with RateLimiter([Window(3, DAY)], clock, counters=counters, name="v", share=0.0) as limiter:
                    try:
                        await limiter.acquire(patience=1.0)
                    except QuotaExhausted:
                        return False
                    return True

            return anyio.run(ask)

        assert [sends(str(n)) for n in range(4)] == [True, True, True, False]
        hands.wall -= back
        assert not sends("set back")
        hands.pass_(DAY / 2)
        assert not sends("half a day later")
        hands.pass_(DAY / 2 + 2 * HOUR)
        assert sends("a day later")

    @pytest.mark.parametrize("ahead", BACK)
    def test_a_lease_and_a_poll_from_a_clock_that_was_ahead_do_not_last_for_ever(
        self, ledger: Ledger, hands: HandClock, ahead: float
    ) -> None:
        plan(ledger, "ann", "bob")
        hands.wall += ahead
        now = _begin(ledger, hands)
        (first, second), _ = claim(ledger, now=now)  # leased for a minute
        send(ledger, first, now)
        answer(ledger, first, State.ACCEPTED, now=now)
        hands.wall -= ahead
        _begin(ledger, hands, "2")  # from here on it is known how far the clock is behind
        hands.pass_(61)
        now = _begin(ledger, hands, "3")
        assert ledger.call(claims.take_over, now, all_owners=False) == (1, 0)
        assert call(ledger, "bob").state == State.PLANNED
        (request,) = [row for row in rows(ledger, requests) if row["request_id"] == first.request_id]
        assert request["next_poll_at"] <= now
        assert second.call_ids == (call(ledger, "bob").call_id,)

    @pytest.mark.parametrize("back", BACK)
    def test_the_verdict_that_came_last_is_the_last_one(self, ledger: Ledger, hands: HandClock, back: float) -> None:
        def buy(subject: str, settlement: Settlement, run: str) -> None:
            now = _begin(ledger, hands, run)
            plan(ledger, subject, run=run)
            ((claimed,), _) = claim(ledger, run=run, now=now)
            send(ledger, claimed, now)
            tell(ledger, claimed.request_id, settlement, now=now)

        def verdict(status: EmailStatus) -> Settlement:
            told = Verification("ann@x.io", status, str(status), deep=False, created_at=None)
            return Settlement(Outcome.FOUND, verification=told)

        buy("ann", found("ann@x.io"), "1")
        buy("first", verdict(EmailStatus.RISKY), "2")
        hands.wall -= back
        hands.pass_(1)
        buy("second", verdict(EmailStatus.DELIVERABLE), "3")
        with ledger.read() as connection:
            ((row,), _) = owed_emails(connection, None)
        assert row["status"] == EmailStatus.DELIVERABLE


@pytest.mark.anyio
class TestWithinARun:
    async def _collect(self, ledger: Ledger, shift: float, **settings: Any) -> float:
        """A run whose clock is set so much ahead while its calls are on the wire; the seconds it took."""
        hands = ShiftedClock()
        provider = FakeProvider()

        async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
            await anyio.sleep(0.01)
            return ACCEPTED

        asked: list[str] = []

        def poll(tracking_id: str) -> Answer:
            hands.ahead = shift
            asked.append(tracking_id)
            return Answer(200, b"missed" if asked.count(tracking_id) >= 3 else b"{}")

        provider.submit_with, provider.poll_with = submit, poll
        plan(ledger, "ann", "bob")
        chosen = {"receiving": False, "poll_interval": 0.1, "wait": 60.0, **settings}
        clock = LedgerClock(hands, 0)
        async with running(ledger, provider, clock=clock, **chosen) as run:
            started = clock.monotonic()
            await run.to_the_end(seconds=30)
            return clock.monotonic() - started

    @pytest.mark.parametrize("shift", [-HOUR, -40 * DAY])
    async def test_a_clock_set_back_keeps_no_job_waiting(self, ledger: Ledger, shift: float) -> None:
        assert await self._collect(ledger, shift) < 20
        assert {row["state"] for row in rows(ledger, calls)} == {"settled"}
        steps = [
            (row["planned_at"], row["sent_at"], row["accepted_at"], row["settled_at"]) for row in rows(ledger, calls)
        ]
        assert all(list(times[1:]) == sorted(times[1:]) for times in steps)

    async def test_a_clock_set_forward_gives_up_no_job(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        """It only seems to have waited for days; given up, it would be asked about in the next run alone."""
        monkeypatch.setattr(polling, "GIVE_UP_LEAST", 0.0)
        monkeypatch.setattr(polling, "GIVE_UP_MOST", 0.0)
        assert await self._collect(ledger, 3 * DAY, give_up_after=DAY) < 20
        assert {row["state"] for row in rows(ledger, calls)} == {"settled"}
