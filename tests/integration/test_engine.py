"""The engine over a real ledger and a provider that does as it is told: what it sends, waits for, and gives up."""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from enrichment import context, engine, polling, posting, refusals, sending
from enrichment.capability import Capability
from enrichment.caps import Cap, Scope
from enrichment.context import Context, EngineSettings
from enrichment.engine import Ending, Engine, Report
from enrichment.ledger import Ledger, evidence, polls
from enrichment.ledger.schema import calls, emails, inbox, requests
from enrichment.states import State
from sources.backoff import Backoff
from sources.clock import SYSTEM_CLOCK, Clock
from sources.errors import KeyRefused, NotProven, QuotaExhausted, Unavailable
from sources.providers import Channel, Via
from sources.transport import Answer, Answered, Lost, NeverConnected, NeverSent, PaidOutcome
from tests.support.fake_provider import ACCEPTED, FakeProvider
from tests.support.ledgers import new_ledger
from tests.support.purchases import RUN, call, plan, rows

PEOPLE = [f"p{n:02}" for n in range(12)]


@dataclass
class Run:
    """One run of the engine, to be driven by a test."""

    ledger: Ledger
    provider: FakeProvider
    context: Context
    engine: Engine

    async def webhook(self, request_id: str, body: bytes) -> None:
        await self.ledger.run(evidence.receive, "vendor", request_id, Via.WEBHOOK, body, self.context.now())
        self.engine.mail()

    async def answer_all(self, body: str = "missed") -> None:
        """A webhook for every request there is."""
        for request in rows(self.ledger, requests):
            await self.webhook(request["request_id"], body.encode())

    async def to_the_end(self, seconds: float = 20) -> Report:
        await self.engine.start(alone=True)
        self.engine.no_more_plans()
        with anyio.fail_after(seconds):
            return await self.engine.run()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def running(
    ledger: Ledger, provider: FakeProvider, clock: Clock = SYSTEM_CLOCK, **settings: Any
) -> AsyncIterator[Run]:
    chosen: dict[str, Any] = {
        "channels": [Channel.EMAIL],
        "receiving": True,
        "callback_base": "http://127.0.0.1:1",
        "wait": 20.0,
    }
    made = Context(
        ledger=ledger,
        providers={provider.name: provider},
        settings=EngineSettings(**(chosen | settings)),
        clock=clock,
        dice=random.Random(1),
        run_id=RUN,
        owner="me",
        capability=Capability("k" * 16),
        started=SYSTEM_CLOCK.monotonic(),
    )
    yield Run(ledger, provider, made, Engine(made))


pytestmark = pytest.mark.anyio


async def test_an_operation_is_tried_with_one_call_before_many(ledger: Ledger) -> None:
    plan(ledger, *PEOPLE)
    provider = FakeProvider()
    first = anyio.Event()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        if not first.is_set():
            await anyio.sleep(0.2)  # long enough for others to be sent, were they allowed to
            assert provider.submitted == ["p00"]
            first.set()
        await anyio.sleep(0.02)
        return Answered(Answer(404, b""))

    provider.submit_with = submit
    async with running(ledger, provider, max_unanswered=5) as run:
        report = await run.to_the_end()
    assert report.ending is Ending.DONE
    assert 1 < provider.most_under_way <= 5
    assert sorted(provider.submitted) == PEOPLE


async def test_a_request_that_is_wrong_is_rejected_unsent_and_the_others_go_on(ledger: Ledger) -> None:
    plan(ledger, *PEOPLE)
    provider = FakeProvider()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        return NeverSent("no such id") if parameters["personId"] == "p03" else Answered(Answer(404, b""))

    provider.submit_with = submit
    async with running(ledger, provider) as run:
        report = await run.to_the_end()
    assert (report.ending, report.left) == (Ending.DONE, 0)
    assert (call(ledger, "p03").state, call(ledger, "p03").amount_max) == ("rejected", 0)
    assert call(ledger, "p04").outcome == "not_found"
    assert provider.submitted.count("p03") == 1


async def test_a_webhook_settles_each_call_and_ends_the_run(ledger: Ledger) -> None:
    plan(ledger, *PEOPLE)
    provider = FakeProvider()
    async with running(ledger, provider) as run:

        async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
            assert url is not None
            await run.webhook(url.split("/")[-2], f"found {parameters['personId']}@x.io".encode())
            return ACCEPTED

        provider.submit_with = submit
        report = await run.to_the_end()
    assert (report.ending, report.left, report.outstanding) == (Ending.DONE, 0, 0)
    assert {row["email"] for row in rows(ledger, emails)} == {f"{person}@x.io" for person in PEOPLE}
    assert provider.polled == []


async def test_a_lost_answer_is_waited_for_a_while_and_never_sent_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "IN_DOUBT_GRACE", 1.0)
    plan(ledger, "ann", "bob")
    provider = FakeProvider()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        return Lost("ReadTimeout")

    provider.submit_with = submit
    async with running(ledger, provider) as run, anyio.create_task_group() as tasks:

        async def later() -> None:
            await anyio.sleep(0.5)
            await run.webhook(call(ledger, "ann").request_id, b"found ann@x.io")

        tasks.start_soon(later)
        report = await run.to_the_end()
    assert report.ending is Ending.DONE
    assert provider.submitted == ["ann", "bob"]
    assert (call(ledger, "ann").state, call(ledger, "bob").state) == ("settled", "in_doubt")
    assert call(ledger, "bob").reserved == 600


async def test_a_provider_that_cannot_be_reached_keeps_its_calls_planned(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "UNREACHABLE_AFTER", 0.3)
    monkeypatch.setattr(sending, "REFUSED", Backoff(budget=float("inf"), first=0.05, largest=0.1))
    plan(ledger, *PEOPLE)
    provider = FakeProvider()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        return NeverConnected("ConnectError")

    provider.submit_with = submit
    async with running(ledger, provider) as run:
        report = await run.to_the_end()
        assert report.ending is Ending.HALTED
        assert len(run.context.halted) == 2  # both of its operations
    assert {row["state"] for row in rows(ledger, calls)} == {"planned"}
    assert sum(row["reserved"] for row in rows(ledger, calls)) == 0
    assert len(provider.submitted) < 40  # it was not hammered


async def test_a_provider_that_breaks_each_time_does_not_take_all_calls_with_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "REFUSED", Backoff(budget=float("inf"), first=0.005, largest=0.01))
    plan(ledger, *(f"p{n:03}" for n in range(100)))
    provider = FakeProvider()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        return Answered(Answer(503, b""))

    provider.submit_with = submit
    async with running(ledger, provider, receiving=False) as run:
        report = await run.to_the_end()
    assert report.ending is Ending.HALTED
    doubtful = [row for row in rows(ledger, calls) if row["state"] == State.IN_DOUBT]
    assert context.DOUBTFUL_HALT <= len(doubtful) <= context.DOUBTFUL_HALT + 16
    assert report.left == 100 - len(doubtful)


async def test_the_wait_ends_and_everything_open_is_asked_about_once_more(ledger: Ledger) -> None:
    plan(ledger, "ann", "bob")
    provider = FakeProvider()
    async with running(ledger, provider, wait=0.6, webhook_grace=60.0) as run:
        report = await run.to_the_end()
    assert (report.ending, report.outstanding) == (Ending.DEADLINE, 2)
    assert sorted(provider.polled) == ["t1", "t2"]
    assert {row["state"] for row in rows(ledger, calls)} == {"accepted"}


async def test_an_answer_that_only_the_last_poll_brings_is_not_lost(ledger: Ledger) -> None:
    plan(ledger, "ann")
    provider = FakeProvider()
    provider.poll_with = lambda tracking_id: Answer(200, b"found ann@x.io")
    async with running(ledger, provider, wait=0.3, webhook_grace=60.0) as run:
        report = await run.to_the_end()
    assert report.outstanding == 0
    assert [row["email"] for row in rows(ledger, emails)] == ["ann@x.io"]


async def test_webhooks_that_prove_absent_are_no_longer_waited_for(ledger: Ledger) -> None:
    """Three answers had to be fetched; once their webhooks had time to come, the others are fetched as well."""
    plan(ledger, *PEOPLE)
    provider = FakeProvider()
    asked: list[float] = []

    def poll(tracking_id: str) -> Answer:
        asked.append(SYSTEM_CLOCK.monotonic())
        return Answer(200, b"missed " + tracking_id.encode())

    provider.poll_with = poll
    async with running(ledger, provider, webhook_grace=0.2, poll_interval=0.05) as run:
        report = await run.to_the_end()
    assert (report.ending, report.outstanding) == (Ending.DONE, 0)
    assert sorted(provider.polled) == sorted(f"t{n + 1}" for n in range(len(PEOPLE)))  # each once
    assert asked[posting.ABSENT_AFTER] - asked[0] >= posting.LATE * 0.2


async def test_webhooks_that_are_only_late_are_waited_for(ledger: Ledger) -> None:
    """Jobs end at once, their webhooks come after the grace: a few polls tell. Nobody else is asked about, then or
    later, when webhooks would have counted as absent had none come.
    """
    plan(ledger, *(f"p{n:02}" for n in range(40)))
    provider = FakeProvider()
    provider.poll_with = lambda tracking_id: Answer(200, b"missed " + tracking_id.encode())
    async with running(ledger, provider, webhook_grace=0.2) as run, anyio.create_task_group() as tasks:

        async def later(request_id: str) -> None:
            await anyio.sleep(0.5)
            await run.webhook(request_id, b"missed")

        async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
            assert url is not None
            await anyio.sleep(1.2 if parameters["personId"] >= "p30" else 0)
            tasks.start_soon(later, url.split("/")[-2])
            return ACCEPTED

        provider.submit_with = submit
        report = await run.to_the_end()
    assert (report.ending, report.outstanding) == (Ending.DONE, 0)
    assert 1 <= len(provider.polled) <= posting.ABSENT_AFTER
    assert run.context.tally.webhooks == 40


async def test_a_poll_that_is_refused_slows_polling_down(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """429 to a poll: nobody else is asked meanwhile, the pauses grow, and nothing is said of the job."""
    monkeypatch.setattr(refusals, "REFUSED", Backoff(budget=float("inf"), first=0.1, largest=0.4))
    plan(ledger, *PEOPLE)
    provider = FakeProvider()
    asked: list[float] = []

    def poll(tracking_id: str) -> Answer:
        asked.append(SYSTEM_CLOCK.monotonic())
        if len(asked) <= 3:
            raise Unavailable("429", status=429)
        return Answer(200, b"missed " + tracking_id.encode())

    provider.poll_with = poll
    async with running(ledger, provider, receiving=False, poll_interval=0.05) as run:
        report = await run.to_the_end()
    assert (report.ending, report.outstanding) == (Ending.DONE, 0)
    gaps = [after - before for before, after in itertools.pairwise(asked[:4])]
    assert gaps[0] >= 0.05
    assert gaps[1] >= 0.1
    assert gaps[2] >= 0.2
    assert len(asked) == len(PEOPLE) + 3
    assert max(row["polls"] for row in rows(ledger, requests)) == 1


async def test_what_an_earlier_run_left_is_asked_about_at_the_start_while_that_is_worth_it(ledger: Ledger) -> None:
    plan(ledger, *(f"p{n:02}" for n in range(30)))
    provider = FakeProvider()
    async with running(ledger, provider, receiving=False, poll_interval=60.0, wait=0.0) as run:
        await run.to_the_end()
    assert {row["state"] for row in rows(ledger, calls)} == {"accepted"}
    an_hour = {"answered_at": requests.c.answered_at - 3_600_000_000}
    ledger.call(lambda connection: connection.execute(requests.update().values(an_hour)) and None)
    provider.polled.clear()
    async with running(ledger, provider, receiving=False, poll_interval=60.0, wait=0.5) as run:  # none has ended
        await run.to_the_end()
    assert sorted(provider.polled) == [f"t{n}" for n in range(1, 1 + polling.TOGETHER)]
    provider.polled.clear()
    provider.poll_with = lambda tracking_id: Answer(200, b"missed " + tracking_id.encode())
    async with running(ledger, provider, receiving=False, poll_interval=60.0) as run:
        report = await run.to_the_end()
    assert (report.ending, report.outstanding) == (Ending.DONE, 0)
    assert len(provider.polled) == len(set(provider.polled)) == 30


@pytest.mark.parametrize(
    "answer", [Answer(404, b""), Answer(200, b"{}"), Answer(200, b" "), Answer(200, b"pending")], ids=str
)
async def test_a_poll_without_an_end_in_it_is_no_news(ledger: Ledger, answer: Answer) -> None:
    """The job is asked about again, and only what says that it ended ends it."""
    plan(ledger, "ann")
    provider = FakeProvider()
    provider.poll_with = lambda tracking_id: answer if len(provider.polled) < 3 else Answer(200, b"found a@x.io")
    async with running(ledger, provider, receiving=False, poll_interval=0.05) as run:
        report = await run.to_the_end()
    assert (report.ending, report.outstanding) == (Ending.DONE, 0)
    assert provider.polled == ["t1"] * 3
    assert call(ledger, "ann").outcome == "found"
    assert [row["polls"] for row in rows(ledger, requests)] == [3]


async def test_a_job_given_up_is_asked_about_once_a_run(ledger: Ledger) -> None:
    plan(ledger, "ann", "bob")
    provider = FakeProvider()
    async with running(ledger, provider, receiving=False, wait=0.0) as run:
        await run.to_the_end()
        await ledger.run(polls.give_up, run.context.now(), run.context.now())
    assert {row["state"] for row in rows(ledger, calls)} == {"in_doubt"}
    plan(ledger, "cid", run="later-0")  # keeps the runs that follow waiting
    for number in range(2):
        provider.polled.clear()
        async with running(ledger, provider, receiving=False, poll_interval=0.05, wait=0.9) as run:
            run.context.run_id = f"later-{number}"
            await run.to_the_end()
        assert sorted(set(provider.polled) - {"t3"}) == ["t1", "t2"]
        assert len([job for job in provider.polled if job != "t3"]) == 2


@pytest.mark.parametrize(("ended", "asked"), [(0, polling.TOGETHER), (7, 15), (30, 30)])
async def test_at_the_deadline_the_oldest_are_asked_about_while_that_is_worth_it(
    ledger: Ledger, ended: int, asked: int
) -> None:
    plan(ledger, *(f"p{n:02}" for n in range(30)))
    provider = FakeProvider()
    over = {f"t{n}" for n in range(1, ended + 1)}
    provider.poll_with = lambda tracking_id: Answer(200, b"missed") if tracking_id in over else Answer(404, b"")
    async with running(ledger, provider, receiving=False, poll_interval=60.0, wait=0.1) as run:
        report = await run.to_the_end()
    assert report.outstanding == 30 - ended
    assert len(set(provider.polled)) == len(provider.polled) == asked


async def test_what_a_run_has_learned_the_next_one_knows(ledger: Ledger) -> None:
    provider = FakeProvider()
    provider.poll_with = lambda tracking_id: Answer(200, b"missed " + tracking_id.encode())
    plan(ledger, "ann", "bob")
    async with running(ledger, provider, receiving=False, poll_interval=0.5) as run:
        await run.to_the_end()
    plan(ledger, "cid")
    accepted = anyio.current_time()
    async with running(ledger, provider, receiving=False, poll_interval=30.0) as run:
        await run.to_the_end(5)
    assert 0.4 < anyio.current_time() - accepted < 5
    assert provider.polled == ["t1", "t2", "t3"]


async def test_stopping_gives_back_what_waits_for_its_turn(ledger: Ledger) -> None:
    plan(ledger, *PEOPLE)
    provider = FakeProvider()
    waiting = anyio.Event()

    async def turn() -> None:
        waiting.set()
        await anyio.sleep_forever()  # a rate limit that never gives

    provider.slot_with = turn
    async with running(ledger, provider) as run, anyio.create_task_group() as tasks:

        async def stop() -> None:
            await waiting.wait()
            assert call(ledger, "p00").state == State.RESERVED
            run.engine.stop()

        tasks.start_soon(stop)
        report = await run.to_the_end(5)
    assert report.ending is Ending.STOPPED
    assert provider.submitted == []
    assert {(row["state"], row["reserved"]) for row in rows(ledger, calls)} == {("planned", 0)}


async def test_stopping_waits_for_what_is_on_the_wire(ledger: Ledger) -> None:
    plan(ledger, "ann")
    provider = FakeProvider()
    async with running(ledger, provider) as run:

        async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
            run.engine.stop()
            await anyio.sleep(0.3)
            return ACCEPTED

        provider.submit_with = submit
        await run.to_the_end()
    assert call(ledger, "ann").state == State.ACCEPTED


async def test_nothing_is_sent_to_a_host_that_is_not_proven(ledger: Ledger) -> None:
    plan(ledger, "ann")
    provider = FakeProvider()
    provider.proven = False

    def refuse() -> None:
        raise NotProven("404 from everything", status=404)

    provider.prove_with = refuse
    async with running(ledger, provider) as run:
        report = await run.to_the_end()
    assert report.ending is Ending.HALTED
    assert provider.submitted == []


async def test_a_key_that_is_refused_ends_the_run(ledger: Ledger) -> None:
    plan(ledger, *PEOPLE)
    provider = FakeProvider()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        return Answered(Answer(401, b'{"message": "Invalid access credentials"}'))

    provider.submit_with = submit
    async with running(ledger, provider) as run:
        report = await run.to_the_end()
        assert isinstance(run.context.run_error, KeyRefused)
    assert report.ending is Ending.HALTED
    assert len(provider.submitted) == 1
    assert {row["state"] for row in rows(ledger, calls)} == {"planned"}


async def test_a_quota_that_is_used_up_ends_the_sending(ledger: Ledger) -> None:
    plan(ledger, *PEOPLE)
    provider = FakeProvider()
    left = iter([True, True])

    async def turn() -> None:
        if not next(left, False):
            raise QuotaExhausted("no call before tomorrow", until=0.0)

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        return Answered(Answer(404, b""))

    provider.slot_with, provider.submit_with = turn, submit
    async with running(ledger, provider) as run:
        report = await run.to_the_end()
    assert (report.ending, report.left) == (Ending.QUOTA, 10)
    assert {row["state"] for row in rows(ledger, calls)} == {"settled", "planned"}


async def test_a_call_met_by_409_waits_its_five_minutes_or_the_next_run(ledger: Ledger) -> None:
    plan(ledger, "ann")
    provider = FakeProvider()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        return Answered(Answer(409, b""))

    provider.submit_with = submit
    async with running(ledger, provider, wait=2.0) as run:
        report = await run.to_the_end()
        assert call(ledger, "ann").not_before >= run.context.now() + 290_000_000
    assert (report.ending, report.left) == (Ending.DEADLINE, 1)
    assert provider.submitted == ["ann"]


async def test_a_settled_call_makes_room_under_a_cap(ledger: Ledger) -> None:
    plan(ledger, "ann", "bob")
    provider = FakeProvider()
    cap = Cap("--budget", Scope.RUN, "credits", 700)  # 600 at worst each, 100 in truth
    async with running(ledger, provider, caps=[cap]) as run, anyio.create_task_group() as tasks:

        async def answer() -> None:
            while len(provider.submitted) < 2:
                await anyio.sleep(0.1)
                await run.answer_all("found a@x.io")
            await run.answer_all("found a@x.io")

        tasks.start_soon(answer)
        report = await run.to_the_end()
    assert (report.ending, provider.submitted) == (Ending.DONE, ["ann", "bob"])


async def test_a_broken_reader_leaves_the_answer_kept_and_the_others_settled(ledger: Ledger) -> None:
    plan(ledger, "ann", "bob")
    provider = FakeProvider()
    async with running(ledger, provider) as run:

        async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
            assert url is not None
            await run.webhook(url.split("/")[-2], b"break me" if parameters["personId"] == "ann" else b"found b@x.io")
            return ACCEPTED

        provider.submit_with = submit
        await run.to_the_end()
    ann = call(ledger, "ann")
    assert (ann.state, ann.outcome, ann.amount_max) == ("settled", "unreadable", 600)
    assert b"break me" in [row["body"] for row in rows(ledger, inbox)]
    assert call(ledger, "bob").outcome == "found"


async def test_a_bug_in_a_provider_leaves_the_call_in_doubt_and_is_told(ledger: Ledger) -> None:
    plan(ledger, "ann")
    provider = FakeProvider()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        raise KeyError("a bug, after the request may have left")

    provider.submit_with = submit
    async with running(ledger, provider) as run:
        with pytest.raises(BaseExceptionGroup):
            await run.to_the_end()
    assert call(ledger, "ann").state == State.IN_DOUBT


async def test_what_a_dead_run_left_in_the_inbox_is_applied_at_the_start(ledger: Ledger) -> None:
    plan(ledger, "ann")
    provider = FakeProvider()

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        return Lost("reset")

    provider.submit_with = submit
    async with running(ledger, provider, receiving=False) as run:
        await run.to_the_end()
    async with running(ledger, provider) as run:
        await ledger.run(
            evidence.receive, "vendor", call(ledger, "ann").request_id, Via.WEBHOOK, b"missed", run.context.now()
        )
        await run.engine.start(alone=True)
    assert call(ledger, "ann").outcome == "not_found"
