"""A worker of its own process on a ledger that others work on too, over a vendor whose books all of them share.

Each line of the books is one event, appended as it happens: when (monotonic, the same for all processes), which run,
whose contact, ``sent`` or ``done``, at which vendor.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import anyio

from enrichment import engine, sending
from enrichment.capability import Capability
from enrichment.caps import Cap, Scope
from enrichment.context import Context, EngineSettings
from enrichment.engine import Engine
from enrichment.ids import micros
from enrichment.ledger import Ledger, plans, seen, waterfalls
from enrichment.ledger.plans import Wanted
from enrichment.waterfall import Waterfall
from sources.clock import SYSTEM_CLOCK
from sources.providers import Channel, Operation, Person
from sources.transport import Answer, Answered, PaidOutcome
from tests.support.fake_provider import FakeProvider
from tests.support.forked import Forked

#: what a call costs at most, in 1/100 credit
WORST = 100


@dataclass(frozen=True)
class Job:
    """What a worker does. ``slots``: how many requests get their turn before it hangs; ``answers``: how many come.

    It begins to send when its ``peers`` (runs) are as far as it is.
    """

    folder: str
    run: str
    people: list[str]
    cap: dict[str, Any] | None = None
    price: int = 100
    lease: float = 60.0
    slowest: float = 0.02
    slots: int = 1_000_000
    answers: int = 1_000_000
    at_a_time: int = 16
    peers: list[str] = field(default_factory=list)
    #: so many people fit into a request of a second vendor, which charges in cents and is asked for what the first one
    #: has not, which is then everybody, at no cost; 0: there is none
    batch: int = 0
    second_cap: dict[str, Any] | None = None


@dataclass(frozen=True)
class Event:
    """A line of the vendor's books."""

    at: int
    run: str
    person: str
    what: str
    vendor: str = "vendor"


def start(job: Job) -> Forked:
    """The worker, under way; its stdout is the report of its engine as JSON."""
    prelude = f"from tests.support.worker import main\nmain({json.dumps(asdict(job))!r})\n"
    return Forked(["worker"], Path(job.folder), dict(os.environ), prelude)


def books(folder: Path) -> list[Event]:
    """The vendor's books, in the order in which it happened."""
    path = folder / "books"
    lines = path.read_text().splitlines() if path.exists() else []
    return sorted((Event(**json.loads(line)) for line in lines), key=lambda event: event.at)


def cap_of(scope: Scope, amount: int, provider: str | None = None) -> Cap:
    """A cap in credits, named by what it is."""
    return Cap(f"{provider or 'all'} a {scope}", scope, "credits", amount, provider)


def cap_in_cents(scope: Scope, amount: int) -> Cap:
    """A cap on the second vendor."""
    return Cap(f"bulk a {scope}", scope, "cents", amount, "bulk")


def make_provider(job: Job, name: str = "vendor", batch: int = 1) -> FakeProvider:
    """A vendor: slow, out of order, every call at its price. Of two, only the second one finds anybody."""
    provider = FakeProvider(name, price=job.price, batch=batch, unit="credits" if name == "vendor" else "cents")
    provider.operations = {Channel.EMAIL: Operation("find_email", Channel.EMAIL, WORST, batch)}
    dice = random.Random(f"{job.run} {name}")
    turns = {"slots": job.slots, "answers": job.answers}
    finds = name != "vendor" or not job.batch

    async def turn() -> None:
        turns["slots"] -= 1
        if turns["slots"] < 0:
            await anyio.sleep_forever()

    async def submit(asks: Sequence[Mapping[str, Any]], url: str | None) -> PaidOutcome:
        people = [ask["personId"] for ask in asks]
        for person in people:
            _write(job, person, "sent", name)
        turns["answers"] -= 1
        if turns["answers"] < 0:
            await anyio.sleep_forever()
        await anyio.sleep(dice.uniform(0, job.slowest))
        for person in people:
            _write(job, person, "done", name)
        lines = [f"found {person}@x.io" if finds else "missed" for person in people]
        return Answered(Answer(200, "\n".join(lines).encode()))

    provider.slot_with, provider.submit_many_with = turn, submit
    return provider


def _write(job: Job, person: str, what: str, vendor: str) -> None:
    event = Event(time.monotonic_ns(), job.run, person, what, vendor)
    with (Path(job.folder) / "books").open("a") as file:
        file.write(json.dumps(asdict(event)) + "\n")


async def work(job: Job, ledger: Ledger) -> engine.Report:
    """One run: plan for these people, buy what may be bought."""
    providers = [make_provider(job), *([make_provider(job, "bulk", job.batch)] if job.batch else [])]
    names = [provider.name for provider in providers]
    caps = [Cap(**{**cap, "scope": Scope(cap["scope"])}) for cap in (job.cap, job.second_cap) if cap is not None]
    context = Context(
        ledger=ledger,
        providers={provider.name: provider for provider in providers},
        settings=EngineSettings(
            [Channel.EMAIL], caps=caps, max_unanswered=job.at_a_time, wait=20.0, gather=0.05 if job.batch else 10.0
        ),
        clock=SYSTEM_CLOCK,
        dice=random.Random(job.run),
        run_id=job.run,
        owner=f"worker of {job.run}",
        capability=Capability("k" * 16),
        started=SYSTEM_CLOCK.monotonic(),
        waterfall=Waterfall({Channel.EMAIL: names}),
    )
    made = Engine(context)
    await made.start(alone=False)
    people = [Person(person) for person in job.people]
    if job.batch:
        await ledger.run(seen.remember_people, people, micros(SYSTEM_CLOCK))
        await ledger.run(waterfalls.plan_contacts, context.asking, people, micros(SYSTEM_CLOCK), search="s")
    else:  # wants what another is about to send, too, should it give that back
        asks = [(person.person_id, providers[0].ask(Channel.EMAIL, person)) for person in people]
        wanted = [Wanted("vendor", Channel.EMAIL, "credits", who, ask, "s") for who, ask in asks if ask is not None]
        await ledger.run(plans.plan, wanted, job.run, micros(SYSTEM_CLOCK))
    await _together(job)
    made.no_more_plans()
    return await made.run()


async def _together(job: Job) -> None:
    (Path(job.folder) / f"ready-{job.run}").touch()
    while not all((Path(job.folder) / f"ready-{peer}").exists() for peer in job.peers):  # noqa: ASYNC110 - other processes
        await anyio.sleep(0.005)


def main(text: str) -> None:
    """What the process does; does not return."""
    job = Job(**json.loads(text))
    for module in (engine, sending):
        vars(module)["LEASE"] = job.lease
    with Ledger("sqlite:///ledger.db", Path(job.folder)) as ledger:
        report = anyio.run(work, job, ledger)
    print(json.dumps({"ending": report.ending, "left": report.left}), flush=True)  # noqa: T201 - for the test
    os._exit(0)
