"""Caps hold at every moment: with many senders at once, with two processes on one ledger, and when one is killed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlalchemy as sa

from enrichment.caps import Cap, Scope
from enrichment.engine import Ending, Engine
from enrichment.ledger import Ledger
from enrichment.ledger.schema import calls, requests, transitions
from enrichment.states import State
from tests.support.forked import Forked
from tests.support.ledgers import new_ledger
from tests.support.project import wait_until
from tests.support.purchases import rows
from tests.support.worker import WORST, Event, Job, books, cap_in_cents, cap_of, start, work

pytestmark = pytest.mark.anyio

SUMMED = (Scope.RUN, Scope.DAY, Scope.MONTH)
CAPS = [cap_of(scope, 10 * WORST, provider) for scope in SUMMED for provider in (None, "vendor")]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


def job(folder: Path, run: str, people: Sequence[str], cap: Cap | None = None, **more: Any) -> Job:
    return Job(str(folder), run, list(people), asdict(cap) if cap is not None else None, **more)


def held(ledger: Ledger, unit: str = "credits") -> list[int]:
    """What counted against a cap over all, after each change of state there ever was, in the order of their commits."""
    with ledger.read() as connection:
        rows = connection.execute(sa.select(calls).where(calls.c.unit == unit))
        settled = {row.call_id: row.amount_max for row in rows}
        steps = connection.execute(sa.select(transitions).order_by(transitions.c.transition_id)).all()
    now: dict[str, int] = {}
    sums = []
    for step in steps:
        if step.call_id not in settled:
            continue
        worth = {State.PLANNED: 0, State.REJECTED: 0, State.VOID: 0, State.SETTLED: settled[step.call_id]}
        now[step.call_id] = worth.get(State(step.after), WORST) or 0
        sums.append(sum(now.values()))
    return sums


def owed(events: Sequence[Event], price: int) -> list[int]:
    """What the vendor had charged, or was about to charge at the most, after each line of its books."""
    now: dict[str, int] = {}
    sums = []
    for event in events:
        now[event.person] = WORST if event.what == "sent" else price
        sums.append(sum(now.values()))
    return sums


def at(vendor: str, events: Sequence[Event]) -> list[Event]:
    """What happened at one of two vendors."""
    return [event for event in events if event.vendor == vendor]


def sent_by(events: Sequence[Event]) -> dict[str, str]:
    """Who was sent by whom; fails where anybody was sent twice."""
    count = Counter(event.person for event in events if event.what == "sent")
    assert set(count.values()) <= {1}, count
    return {event.person: event.run for event in events if event.what == "sent"}


def finished(worker: Forked) -> dict[str, Any]:
    out, err = worker.communicate(timeout=60)
    assert worker.wait() == 0, err
    told: dict[str, Any] = json.loads(out.splitlines()[-1])  # the log stands before it
    return told


@pytest.mark.parametrize("cap", CAPS, ids=lambda cap: cap.setting)
@pytest.mark.parametrize("price", [pytest.param(WORST, marks=pytest.mark.thorough), 50])
async def test_64_senders_never_pass_a_cap_of_10(ledger: Ledger, tmp_path: Path, cap: Cap, price: int) -> None:
    people = [f"p{n:02}" for n in range(64)]
    report = await work(job(tmp_path, "run-1", people, cap, price=price, at_a_time=64), ledger)
    events = books(tmp_path)
    # as long as there is room for the worst, one more goes out: at half the price one short of twice as many
    assert len(sent_by(events)) == (10 if price == WORST else 19)
    assert max(held(ledger)) <= cap.amount
    assert max(owed(events, price)) <= cap.amount
    assert (report.ending, report.refused_by, report.left) == (Ending.CAP, cap, 64 - len(sent_by(events)))


@pytest.mark.parametrize("second", [10 * WORST, pytest.param(20 * WORST, marks=pytest.mark.thorough)])
async def test_64_senders_never_pass_the_cap_of_either_vendor(ledger: Ledger, tmp_path: Path, second: int) -> None:
    """The second one takes seven people in a request, of which its cap cuts one, and sells in a unit of its own."""
    people = [f"p{n:02}" for n in range(64)]
    caps: dict[str, Any] = {"cap": cap_of(Scope.RUN, 30 * WORST), "second_cap": asdict(cap_in_cents(Scope.RUN, second))}
    report = await work(job(tmp_path, "run-1", people, **caps, price=50, at_a_time=64, batch=7), ledger)
    events = books(tmp_path)
    first, bulk = at("vendor", events), at("bulk", events)
    assert sorted(sent_by(first)) == people  # a miss costs nothing: its cap bounds how many are under way
    assert len(sent_by(bulk)) == 2 * second // WORST - 1
    assert max(held(ledger)) <= 30 * WORST
    assert 0 < max(held(ledger, "cents")) <= second
    assert max(owed(bulk, 50)) <= second
    assert report.ending is Ending.CAP


async def test_what_the_last_answer_frees_is_used_before_a_cap_ends_the_run(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer comes between the refusal and the look around that follows it."""

    async def late(engine: Engine, look: Any = Engine._look) -> Any:
        while engine._sender.lanes.in_flight:  # noqa: ASYNC110 - other tasks count it down
            await anyio.sleep(0.001)
        return await look(engine)

    monkeypatch.setattr(Engine, "_look", late)
    cap = cap_of(Scope.RUN, WORST + 20)  # one at a time, while no more than two have been paid
    report = await work(job(tmp_path, "run-1", ["p1", "p2", "p3", "p4"], cap, price=10), ledger)
    assert sorted(sent_by(books(tmp_path))) == ["p1", "p2", "p3"]
    assert (report.ending, report.left) == (Ending.CAP, 1)


@pytest.mark.parametrize(
    ("share", "cap"),
    [
        ("the same people", cap_of(Scope.DAY, 10 * WORST)),
        ("other people", cap_of(Scope.MONTH, 10 * WORST, "vendor")),
        pytest.param("the same people", cap_of(Scope.MONTH, 10 * WORST, "vendor"), marks=pytest.mark.thorough),
        pytest.param("other people", cap_of(Scope.DAY, 10 * WORST), marks=pytest.mark.thorough),
    ],
    ids=str,
)
def test_two_processes_share_what_a_cap_leaves(ledger: Ledger, tmp_path: Path, cap: Cap, share: str) -> None:
    ours = [f"p{n:02}" for n in range(30)]
    theirs = ours if share == "the same people" else [f"q{n:02}" for n in range(30)]
    pair = [
        start(job(tmp_path, "run-1", ours, cap, price=50, peers=["run-2"])),
        start(job(tmp_path, "run-2", theirs, cap, price=50, peers=["run-1"])),
    ]
    told = [finished(worker) for worker in pair]
    events = books(tmp_path)
    by = sent_by(events)
    assert len(by) == 19
    assert max(held(ledger)) <= cap.amount
    assert max(owed(events, 50)) <= cap.amount
    left = [row for row in rows(ledger, calls) if row["state"] == State.PLANNED]
    assert len(left) == len({*ours, *theirs}) - 19
    assert "cap" in {report["ending"] for report in told}
    # nobody touched what was another's: who sent a call is who had reserved it
    runs = {row["request_id"]: row["run_id"] for row in rows(ledger, requests)}
    assert {row["subject"]: runs[row["request_id"]] for row in rows(ledger, calls) if row["sent_at"]} == by
    assert "worker_gone" not in {row["event"] for row in rows(ledger, transitions)}


def test_two_processes_share_what_the_caps_of_two_vendors_leave(ledger: Ledger, tmp_path: Path) -> None:
    ours, theirs = [f"p{n:02}" for n in range(40)], [f"q{n:02}" for n in range(40)]
    caps: dict[str, Any] = {
        "cap": cap_of(Scope.DAY, 30 * WORST),
        "second_cap": asdict(cap_in_cents(Scope.MONTH, 10 * WORST)),
    }
    pair = [
        start(job(tmp_path, "run-1", ours, **caps, price=50, batch=7, peers=["run-2"])),
        start(job(tmp_path, "run-2", theirs, **caps, price=50, batch=7, peers=["run-1"])),
    ]
    told = [finished(worker) for worker in pair]
    events = books(tmp_path)
    first, bulk = sent_by(at("vendor", events)), sent_by(at("bulk", events))
    assert sorted(first) == [*ours, *theirs]
    assert len(bulk) == 19
    assert max(held(ledger)) <= 30 * WORST
    assert max(held(ledger, "cents")) <= 10 * WORST
    assert max(owed(at("bulk", events), 50)) <= 10 * WORST
    assert "cap" in {report["ending"] for report in told}
    assert "worker_gone" not in {row["event"] for row in rows(ledger, transitions)}


def test_without_a_cap_two_processes_buy_everybody_once(ledger: Ledger, tmp_path: Path) -> None:
    ours, theirs = [f"p{n:02}" for n in range(30)], [f"p{n:02}" for n in range(15, 45)]
    pair = [
        start(job(tmp_path, "run-1", ours, peers=["run-2"])),
        start(job(tmp_path, "run-2", theirs, peers=["run-1"])),
    ]
    assert [finished(worker) for worker in pair] == [{"ending": "done", "left": 0}] * 2
    assert sorted(sent_by(books(tmp_path))) == [f"p{n:02}" for n in range(45)]
    assert {row["state"] for row in rows(ledger, calls)} == {"settled"}


def test_what_a_killed_worker_had_reserved_is_sent_by_another_and_what_it_had_sent_is_in_doubt(
    ledger: Ledger, tmp_path: Path
) -> None:
    people = [f"p{n}" for n in range(6)]
    cap = cap_of(Scope.DAY, 6 * WORST)
    # the first is answered, the second never, the others never get their turn
    dying = start(job(tmp_path, "run-1", people, cap, lease=1.0, slots=2, answers=1))

    def states() -> Counter[str]:
        return Counter(row["state"] for row in rows(ledger, calls))

    wait_until(lambda: states() == {"settled": 1, "sent": 1, "reserved": 4}, "two sent, four reserved")
    other = start(job(tmp_path, "run-2", people, cap, lease=1.0))
    wait_until(lambda: {row["wanted_by"] for row in rows(ledger, calls)} > {"run-2"}, "the other wants them too")
    assert states() == {"settled": 1, "sent": 1, "reserved": 4}  # alive: nobody touches them
    dying.kill()
    dying.wait()
    told = finished(other)
    by = sent_by(books(tmp_path))
    assert Counter(by.values()) == {"run-1": 2, "run-2": 4}
    assert states() == {"settled": 5, "in_doubt": 1}
    assert max(held(ledger)) <= cap.amount
    assert told["left"] == 0
    gone = [row for row in rows(ledger, transitions) if row["event"] == "worker_gone"]
    assert Counter(row["after"] for row in gone) == {"planned": 4, "in_doubt": 1}
