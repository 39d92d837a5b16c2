"""A vendor without credits is left alone, and only that one: whether it says so by 402 or inside an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from enrichment.engine import Ending
from enrichment.ledger import Ledger, evidence, plans
from enrichment.ledger.plans import Wanted
from enrichment.ledger.schema import calls, requests
from pipelines.searching import SearchTally
from pipelines.summary import halted_by, judge
from sources.errors import OutOfCredits
from sources.providers import Channel, Operation, Person, Via
from sources.transport import Answer, Answered, Lost, PaidOutcome
from tests.integration.test_engine import Run, running
from tests.support.fake_provider import ACCEPTED, FakeProvider
from tests.support.ledgers import new_ledger
from tests.support.purchases import NOW, RUN, call, plan, rows

pytestmark = pytest.mark.anyio

PEOPLE = [f"p{n:02}" for n in range(6)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


def plan_at(ledger: Ledger, provider: FakeProvider, channel: Channel, *people: str) -> None:
    asks = [(person, provider.ask(channel, Person(person))) for person in people]
    items = [Wanted(provider.name, channel, "credits", person, ask, "s") for person, ask in asks if ask is not None]
    ledger.call(plans.plan, items, RUN, NOW)


def dry_by(via: Via, run: Run, dry: str) -> None:
    """The vendor answers everybody by ``via``: that nobody was found, and for one that its credits were not enough."""
    provider = run.provider
    people: dict[str, str] = {}

    def said(person: str) -> str:
        return "dry" if person == dry else "missed"

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        person = parameters["personId"]
        assert url is not None
        if via is Via.SUBMIT:
            return Answered(Answer(200, said(person).encode()))
        if via is Via.WEBHOOK:
            await run.webhook(url.split("/")[-2], f"{said(person)} {person}".encode())
        people[f"t{len(provider.submitted)}"] = person
        return ACCEPTED

    provider.submit_with = submit
    provider.poll_with = lambda job: Answer(200, f"{said(people[job])} {job}".encode())


@pytest.mark.parametrize("via", list(Via))
async def test_credits_that_end_inside_an_answer_end_the_buying_there(ledger: Ledger, via: Via) -> None:
    plan(ledger, *PEOPLE)
    plan(ledger, *PEOPLE, channel=Channel.PHONE)
    receiving = via is Via.WEBHOOK
    settings: dict[str, Any] = {"channels": [Channel.EMAIL, Channel.PHONE], "poll_interval": 0.05, "max_unanswered": 1}
    async with running(ledger, FakeProvider(), receiving=receiving, **settings) as run:
        dry_by(via, run, dry="p01")
        report = await run.to_the_end()
        assert {type(error) for error in run.context.halted.values()} == {OutOfCredits}
        assert len(run.context.halted) == 2  # both of its operations
    assert report.ending is Ending.HALTED
    assert (report.ran_dry, report.left) == (1, 12 - len(run.provider.submitted))
    assert report.left > 0
    verdict = judge(
        errors=[], run_error=None, halted=halted_by(run.context.halted, {}), tally=SearchTally(), report=report,
        interrupted=False,
    )  # fmt: skip
    assert (verdict.exit_code, verdict.exit_reason) == (3, "out_of_credits")
    ended = call(ledger, "p01")
    assert (ended.state, ended.outcome, ended.amount_max) == ("settled", "incomplete", 600)


async def test_it_counts_where_the_last_call_was_the_one(ledger: Ledger) -> None:
    plan(ledger, "ann")
    async with running(ledger, FakeProvider()) as run:
        dry_by(Via.SUBMIT, run, dry="ann")
        report = await run.to_the_end()
    verdict = judge(
        errors=[], run_error=None, halted=halted_by(run.context.halted, {}), tally=SearchTally(), report=report,
        interrupted=False,
    )  # fmt: skip
    assert (report.left, report.ran_dry) == (0, 1)
    assert (verdict.exit_code, verdict.exit_reason) == (3, "out_of_credits")
    assert "half-way" in (verdict.message or "")


@pytest.mark.parametrize("answer", [Answered(Answer(402, b"")), Answered(Answer(200, b"dry"))], ids=["402", "inside"])
@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.VERIFICATION])
async def test_other_providers_go_on(ledger: Ledger, answer: PaidOutcome, channel: Channel) -> None:
    empty, full = FakeProvider("vendor"), FakeProvider("full")

    async def refuse(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        return answer

    async def find(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        await anyio.sleep(0.01)  # long enough for the other to be refused first
        return Answered(Answer(200, f"found {parameters['personId']}@x.io".encode()))

    empty.submit_with, full.submit_with = refuse, find
    plan_at(ledger, empty, Channel.EMAIL, *PEOPLE)
    full.operations = {channel: Operation("other", channel, 10)}
    plan_at(ledger, full, channel, *PEOPLE)
    async with running(ledger, empty, channels=[Channel.EMAIL, channel]) as run:
        run.context.providers = {"vendor": empty, "full": full}
        report = await run.to_the_end()
    assert sorted(full.submitted) == PEOPLE
    assert len(empty.submitted) == 1
    assert report.ending is Ending.HALTED
    found = [row for row in rows(ledger, calls) if row["provider"] == "full"]
    assert {row["outcome"] for row in found} == {"found"}


@pytest.mark.parametrize("heard", ["in the inbox", "while it runs", "by poll"])
async def test_what_is_told_of_an_earlier_run_stops_nothing(ledger: Ledger, heard: str) -> None:
    """The credits ended then; they may have been filled up since. What ran dry is bought by the run after that."""
    plan(ledger, "ann", run="run-0")
    provider = FakeProvider()

    async def lose(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        return ACCEPTED if heard == "by poll" else Lost("reset")

    provider.submit_with = lose
    async with running(ledger, provider, receiving=False, wait=0.1) as run:
        run.context.run_id = "run-0"
        await run.to_the_end()
    (request,) = rows(ledger, requests)
    plan(ledger, *PEOPLE)
    async with running(ledger, provider, receiving=heard != "by poll", poll_interval=0.05) as run:
        if heard == "in the inbox":
            await ledger.run(evidence.receive, "vendor", request["request_id"], Via.WEBHOOK, b"dry", run.context.now())
        if heard == "by poll":
            provider.poll_with = lambda job: Answer(200, b"dry")

        async def miss(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
            if heard == "while it runs" and call(ledger, "ann").state != "settled":
                await run.webhook(request["request_id"], b"dry")
                while call(ledger, "ann").state != "settled":  # noqa: ASYNC110 - another task writes it
                    await anyio.sleep(0.01)
            return Answered(Answer(200, f"found {parameters['personId']}@x.io".encode()))

        provider.submit_with = miss
        report = await run.to_the_end()
        assert run.context.halted == {}
    assert (call(ledger, "ann").state, call(ledger, "ann").outcome) == ("settled", "incomplete")
    assert (report.ending, report.left) == (Ending.DONE, 0)
    assert plan(ledger, "ann") == 1  # this run may buy it again: it was an earlier one that fell short


async def test_an_accepted_job_is_asked_about_at_the_start_of_every_run(ledger: Ledger) -> None:
    plan(ledger, "ann")
    provider = FakeProvider()
    for number in range(3):
        async with running(ledger, provider, wait=0.0, receiving=False, poll_interval=60.0) as run:
            run.context.run_id = f"run-{number}" if number else RUN
            report = await run.to_the_end()
        assert report.outstanding == 1
        assert set(provider.polled) == {"t1"}
        assert len(provider.polled) > number
        assert (call(ledger, "ann").state, provider.submitted) == ("accepted", ["ann"])
    provider.poll_with = lambda job: Answer(200, b"found ann@x.io")
    async with running(ledger, provider, wait=0.0, receiving=False) as run:
        run.context.run_id = "run-9"
        await run.to_the_end()
    assert call(ledger, "ann").outcome == "found"
