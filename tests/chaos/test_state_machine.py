"""The life of purchases under everything that can happen to them, in any order: Hypothesis drives two workers of the
real engine over a real ledger against the sandbox, and the promises are checked after every step.

Workers die at named moments and by themselves, leases end, answers are lost, late or odd, webhooks come before, after,
twice, forged and for others, the clock is set back. What was asked for once must be asked for once.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from enrichment.capability import Capability
from enrichment.caps import Cap, Scope
from enrichment.context import LEASE
from enrichment.inbox import Inbox, documents, inbox_path
from enrichment.ledger import by_hand, claims, sums
from enrichment.ledger.schema import calls, requests
from enrichment.states import State
from pipelines import receiver
from sandbox.behaviour import Behaviour
from sandbox.faults import FaultRule
from sources.providers import Channel, Outcome
from sources.transport import Answer, Answered, Lost, NeverConnected, PaidOutcome
from tests.chaos import promises
from tests.chaos.fate import watched
from tests.chaos.imitation import Exchange, Imitation, StandingClock
from tests.chaos.worker import CHANNELS, KEY, Worker
from tests.support.ledgers import new_ledger

PEOPLE, SEED = 5, 3
#: room for most of what is wanted, at its worst
CAP = Cap("enrichment.max_credits_per_day", Scope.DAY, "credits", 9000)
MOMENTS = [
    *(f"submit.{moment}:reveal_{channel}" for moment in ("before", "after") for channel in ("email", "phone")),
    *(
        f"ledger.{moment}:{work}"
        for moment in ("before", "after")
        for work in (
            *("claims.claim", "claims.mark_sent", "sending.Sender._answered", "engine.Engine.start", "plans.plan"),
            *(
                "carrying.take_in",
                "collecting.Collector._apply_some",
                "polling.Poller._heard",
                "polls.asked",
            ),
        )
    ),
]
#: what leaves a call in doubt, or accepted without an id
LOSSES: list[PaidOutcome] = [
    Lost("ReadTimeout"),
    *(Answered(Answer(status, b"oops")) for status in (408, 500, 503)),
    *(Answered(Answer(200, body)) for body in (b"", b"<html>just a moment</html>", b'{"message": "queued"}')),
]
TURNED_AWAY = (301, 400, 401, 402, 403, 409, 410, 422, 429)
REFUSALS: list[PaidOutcome] = [
    NeverConnected("ConnectError"),
    *(Answered(Answer(status, b'{"message": "no"}')) for status in (404, *TURNED_AWAY)),
]
ENDS = {"found": Outcome.FOUND, "not_found": Outcome.NOT_FOUND, "failed": Outcome.FAILED}


class Purchases(RuleBasedStateMachine):
    """Two workers, one ledger, one vendor."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.loop = asyncio.new_event_loop()
        self.clock = StandingClock()
        self.ledger = new_ledger(self.folder)
        self.inbox = Inbox(inbox_path(self.ledger.path))
        self.capability = Capability(KEY)
        self.runs = itertools.count(1)
        self.refused: set[str] = set()
        self.by_hand: set[str] = set()
        self.learnt: tuple[set[str], set[tuple[str, str]]] = (set(), set())
        self.watching = watched()
        self.watching.__enter__()

    @initialize(form=st.sampled_from(["tracking", "tracking", "result", "no_id"]), people=st.just(PEOPLE))
    def begin(self, form: Any, people: int) -> None:
        self.behaviour = Behaviour(webhook=False, submit_form=form, job_seconds=(2.0, 2.0))
        self.imitation = Imitation(people, SEED, self.clock, self.behaviour)
        population = self.imitation.world.population
        self.people = [population.person(index).person_id for index in range(people)]
        self.app = receiver.make_app(self.capability, receiver.keeping(self.inbox, self.clock))
        self.workers: dict[str, Worker] = {}
        for name in ("a", "b"):
            self.restart(name)
            self.claim(name)  # Hypothesis leaves rules out of an example: this one would be missed in most

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    # -- what workers do

    names = st.sampled_from(["a", "b"])

    def living(self, name: str) -> Worker | None:
        worker = self.workers[name]
        return None if worker.fate.dead else worker

    @rule(name=names, data=st.data())
    def refresh(self, name: str, data: st.DataObject) -> None:
        """What an earlier run has bought is wanted anew: on purpose, a purchase of its own."""
        worker = self.living(name)
        with self.ledger.read() as connection:
            query = sa.select(calls.c.person_id, calls.c.channel).where(calls.c.state == State.SETTLED)
            bought = [tuple(row) for row in connection.execute(query.order_by(calls.c.call_id))]
        if worker is not None and bought:
            person_id, channel = data.draw(st.sampled_from(bought))
            self.do(worker.plan(person_id, Channel(channel), settled_before=worker.context.now()))

    @rule(name=names)
    def claim(self, name: str) -> None:
        if worker := self.living(name):
            before = self.used(worker)
            self.do(worker.claim())
            # evidence may have gone past the cap, and a clock set back counts two days as one: then nothing is claimed
            assert self.used(worker) <= max(CAP.amount, before)

    def used(self, worker: Worker) -> int:
        """What counts against the cap."""
        with self.ledger.read() as connection:
            assert sums.drift(connection) == 0
            return claims.used(connection, CAP, worker.run_id, worker.context.now())

    @rule(name=names, how=st.sampled_from(["inbox", "due", "earlier", "everything", "give up"]))
    def collect(self, name: str, how: str) -> None:
        worker = self.living(name)
        if worker is None:
            return
        ways = {
            "inbox": worker.apply, "due": worker.poll, "earlier": worker.poll_earlier,
            "everything": worker.poll_everything,
        }  # fmt: skip
        self.do(ways[how]() if how in ways else worker.give_up(30.0))

    @rule(name=names, moment=st.sampled_from([None, *MOMENTS]))
    def doom(self, name: str, moment: str | None) -> None:
        """It dies now, or will die there, should it ever come to that."""
        self.workers[name].fate.doom = moment
        if moment is None:
            self.do(self.workers[name].die())

    @precondition(lambda self: any(worker.over for worker in self.workers.values()))
    @rule(data=st.data())
    def next_run(self, data: st.DataObject) -> None:
        """One follows a run that has died, or was refused what it needs."""
        name = data.draw(st.sampled_from([name for name, worker in self.workers.items() if worker.over]))
        self.restart(name)
        self.claim(name)

    @rule(name=names)
    def dies_and_is_followed(self, name: str) -> None:
        """A run dies with all that it has on the wire, its lease ends, and the next one begins."""
        self.do(self.workers[name].die())
        self.clock.now += LEASE + 1
        for worker in self.workers.values():
            if not worker.fate.dead:
                self.do(worker.renew())
        self.restart(name)
        self.claim(name)

    def restart(self, name: str) -> None:
        """A new run in its place, which wants what it searches for; it has the ledger to itself where the other is
        gone. The searches of the two have one person in common.
        """
        before = self.workers.get(name)
        if before is not None:
            self.do(before.die())
        run_id = f"run-{next(self.runs)}"
        alone = all(worker.fate.dead for other, worker in self.workers.items() if other != name)
        worker = self.workers[name] = self.do(self.hire(name, run_id))
        self.do(worker.start(alone=alone))
        for person_id in self.people[:3] if name == "a" else self.people[2:]:
            for channel in CHANNELS:
                self.do(worker.plan(person_id, channel))

    @rule(data=st.data(), void=st.booleans())
    def resolve_by_hand(self, data: st.DataObject, void: bool) -> None:
        """An operator looks at the vendor's balance as it is, and says what became of a call in doubt."""
        seen = promises.look(self.ledger, self.imitation)
        doubtful = [call_id for call_id, call in sorted(seen.calls.items()) if call.state == State.IN_DOUBT]
        if not doubtful:
            return
        call_id = data.draw(st.sampled_from(doubtful))
        charged = sum(job.amount for job in seen.jobs.get(call_id, ()))
        now = round(self.clock.time() * 1_000_000)
        [resolved] = self.ledger.call(by_hand.resolve, [call_id], None if void else charged, now)
        assert resolved.done
        self.by_hand.add(call_id)

    async def hire(self, name: str, run_id: str) -> Worker:
        return Worker(f"{name}-{run_id}", run_id, self.ledger, self.inbox, self.imitation, self.clock, [CAP])

    # -- what time does

    @rule(
        seconds=st.sampled_from([0.5, 3.0, LEASE / 2, LEASE + 1, 400.0, 90_000.0]),
        renewing=st.sampled_from(["", "a", "b", "ab"]),
    )
    def time_passes(self, seconds: float, renewing: str) -> None:
        """Whoever renews in time keeps what is its own; a process that is stopped does not."""
        while seconds > 0:
            step = min(seconds, LEASE / 2) if seconds < 1000 else seconds
            self.clock.now += step
            seconds -= step
            for name in renewing:
                if worker := self.living(name):
                    self.do(worker.renew())
        self.imitation.work()

    @rule(hours=st.sampled_from([1, 30]))
    def clock_is_set_back(self, hours: int) -> None:
        self.clock.wall -= hours * 3600

    # -- what the wire and the vendor do

    def waiting(self) -> list[Exchange]:
        return [exchange for exchange in self.imitation.exchanges if exchange.open]

    def arrived(self) -> list[Exchange]:
        return [exchange for exchange in self.imitation.exchanges if exchange.reply is None and not exchange.gone]

    def tell(self, exchange: Exchange, outcome: PaidOutcome) -> None:
        """An outcome reaches the worker that waits for it."""
        exchange.outcome.set_result(outcome)
        for worker in self.workers.values():
            self.do(worker.turn())

    def act(self, exchange: Exchange, fate: str = "") -> None:
        """The vendor does what it is asked for."""
        faults = (FaultRule("any", fate, first=1),) if fate else ()
        self.imitation.world.change(replace(self.behaviour, faults=faults))
        self.do(self.imitation.act(exchange))
        self.imitation.world.change(self.behaviour)

    @precondition(lambda self: self.arrived())
    @rule(data=st.data(), fate=st.sampled_from(["", "", "", "failed", "dropped"]))
    def vendor_acts(self, data: st.DataObject, fate: str) -> None:
        """On a request that has arrived, be it long after whoever sent it has given up; its answer is held back."""
        self.act(data.draw(st.sampled_from(self.arrived())), fate)

    @precondition(lambda self: self.waiting())
    @rule(data=st.data())
    def answer_comes(self, data: st.DataObject) -> None:
        exchange = data.draw(st.sampled_from(self.waiting()))
        if exchange.reply is None:
            self.act(exchange)
        assert exchange.reply is not None
        self.tell(exchange, Answered(exchange.reply))

    @precondition(lambda self: self.waiting())
    @rule(data=st.data(), arrives=st.booleans(), outcome=st.sampled_from(LOSSES))
    def answer_is_lost(self, data: st.DataObject, arrives: bool, outcome: PaidOutcome) -> None:
        """Reset, timeout, an error, or a 2xx that says nothing; the request may still be acted on, or never."""
        exchange = data.draw(st.sampled_from(self.waiting()))
        exchange.gone = exchange.reply is None and not arrives
        self.tell(exchange, outcome)

    @precondition(lambda self: any(exchange.reply is None for exchange in self.waiting()))
    @rule(data=st.data(), outcome=st.sampled_from(REFUSALS))
    def vendor_refuses(self, data: st.DataObject, outcome: PaidOutcome) -> None:
        """Provably nothing was bought: the request never arrived, or was turned away."""
        exchange = data.draw(st.sampled_from([e for e in self.waiting() if e.reply is None]))
        exchange.gone = True
        if not _finds_nobody(outcome):
            self.refused.add(exchange.request_id)
        self.tell(exchange, outcome)

    # -- what is posted

    async def post(self, path: str, body: bytes) -> int:
        """A POST to the receiver; its status."""
        said: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        headers = [(b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
        await self.app(scope, receive, send)
        return int(said[0]["status"])

    @precondition(lambda self: self.imitation.posts())
    @rule(data=st.data(), times=st.integers(1, 2), read_by=st.sampled_from(["a", "b", ""]))
    def webhook_comes(self, data: st.DataObject, times: int, read_by: str) -> None:
        """Once or twice, early or late, whether or not anybody still waits for it; somebody reads it now or later."""
        url, body = data.draw(st.sampled_from(list(self.imitation.posts().values())))
        for _ in range(times):
            assert self.do(self.post(_path(url), body)) == 200
            worker = self.living(read_by) if read_by else None
            if worker is not None:
                self.do(worker.apply())

    @precondition(lambda self: self.imitation.posts())
    @rule(data=st.data(), place=st.integers(0, 200), by=st.integers(1, 255))
    def webhook_is_forged(self, data: st.DataObject, place: int, by: int) -> None:
        """Any byte of a path that was ours, changed: nothing is kept."""
        url, body = data.draw(st.sampled_from(list(self.imitation.posts().values())))
        raw = bytearray(_path(url).encode())
        raw[place % len(raw)] ^= by
        path = raw.decode("latin-1")
        before = self.ledger_text()
        assert self.do(self.post(path, body)) in (404, 405)
        assert self.ledger_text() == before

    @precondition(lambda self: len(self.imitation.posts()) > 1)
    @rule(data=st.data(), name=names)
    def webhook_is_for_another_person(self, data: st.DataObject, name: str) -> None:
        """A body on the URL of another request: kept, set aside, and nothing comes of it."""
        worker = self.living(name)
        if worker is None or worker.fate.doom is not None:
            return
        jobs, posts = self.imitation.world.books.jobs, self.imitation.posts()
        mine, other = data.draw(st.sampled_from(list(posts))), data.draw(st.sampled_from(list(posts)))
        (url, _), (_, body) = posts[mine], posts[other]
        if jobs[mine].person_id == jobs[other].person_id or b"personId" not in body:
            return  # a body that names nobody can be told by the job's id alone, where that is known
        self.do(worker.apply())
        before = promises.results(self.ledger)
        assert self.do(self.post(_path(url), body)) == 200
        self.do(worker.apply())
        assert promises.results(self.ledger) == before

    def ledger_text(self) -> str:
        with self.inbox.read() as connection:
            return repr((documents.waiting(connection, 10_000), promises.results(self.ledger)))

    # -- what must be so

    @invariant()
    def the_promises_hold(self) -> None:
        if not hasattr(self, "imitation"):
            return
        seen = promises.look(self.ledger, self.imitation)
        promises.at_most_one_request(seen, self.refused)
        promises.nothing_twice(seen)
        promises.reservations(seen)
        promises.charges_within_bounds(seen, self.by_hand)
        promises.legal_history(self.ledger)
        promises.jobs_remembered(seen, self.ledger)
        found, values = promises.learnt(self.ledger)
        assert found >= self.learnt[0]
        assert values >= self.learnt[1]
        self.learnt = found, values

    def teardown(self) -> None:
        try:
            if hasattr(self, "workers"):
                self.everything_ends()
        finally:
            self.watching.__exit__(None, None, None)
            self.loop.close()
            self.inbox.close()
            self.ledger.close()
            shutil.rmtree(self.folder)

    def everything_ends(self) -> None:
        """Everybody dies, every job ends and is posted, and a last run looks what there is: R2, R5, R7."""
        for worker in self.workers.values():
            self.do(worker.die())
        self.imitation.finish_all()
        for url, body in self.imitation.posts().values():
            assert self.do(self.post(_path(url), body)) == 200
        self.restart("a")
        self.do(self.workers["a"].apply())
        seen = promises.look(self.ledger, self.imitation)
        promises.charges_within_bounds(seen, self.by_hand)
        for call_id, call in seen.calls.items():
            jobs = [job for job in seen.jobs.get(call_id, ()) if job.finished is not None]
            assert call.state not in (State.RESERVED, State.SENT), call
            if jobs:
                assert (call.state, call.outcome) == (State.SETTLED, ENDS[str(jobs[0].outcome)]), (call, jobs)
            elif call.state == State.IN_DOUBT and not str(call.note).startswith("the process ended"):
                # nobody here was told that nothing was bought, unless it was too late: by then it was another's
                assert self.status_of(call.request_id) not in {*TURNED_AWAY} - {409}, call

    def status_of(self, request_id: str) -> int | None:
        """The status of the answer to a submit, as far as it was written down."""
        with self.ledger.read() as connection:
            return connection.execute(
                sa.select(requests.c.http_status).where(requests.c.request_id == request_id)
            ).scalar()


def _finds_nobody(outcome: PaidOutcome) -> bool:
    return isinstance(outcome, Answered) and outcome.answer.status == 404


def _path(url: str) -> str:
    return url.removeprefix("http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("examples", "steps"),
    [pytest.param(45, 40, id="some"), pytest.param(1500, 60, id="many", marks=pytest.mark.thorough)],
)
def test_whatever_happens_in_whatever_order(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Purchases,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )
