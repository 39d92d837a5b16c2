"""Two vendors one after the other, of which one takes many people in a request: whatever happens, in whatever order.

Hypothesis drives one run after the other of the real engine over a real ledger against both sandboxes. Addresses are
asked of the first vendor first, numbers of the second. Batches are refused in part, answered in part, shuffled, lost,
posted to the URL of another, asked about in between; runs die at named moments, providers are passed over.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from enrichment.caps import Cap, Scope
from enrichment.context import LEASE
from enrichment.inbox import Document, Inbox, documents, inbox_path
from enrichment.ledger import by_hand, claims, sums
from enrichment.states import State
from enrichment.waterfall import Waterfall
from sandbox.behaviour import Behaviour
from sandbox.faults import FaultRule
from sources.providers import Channel, Outcome, Person
from sources.transport import Answer, Answered, PaidOutcome
from tests.chaos import promises
from tests.chaos.fate import watched
from tests.chaos.imitation import Exchange, Imitation, StandingClock
from tests.chaos.test_state_machine import LOSSES, REFUSALS
from tests.chaos.worker import Worker
from tests.support.ledgers import new_ledger

PEOPLE, SEED = 60, 3
#: of them, some of whom the first vendor knows something, some the second, or none
WANTED = (44, 18, 15, 30, 5, 33)
ORDER = {Channel.EMAIL: ["clodura", "sixtyfour"], Channel.PHONE: ["sixtyfour", "clodura"]}
#: room for most of what is wanted, at its worst: some batches are cut
CAPS = [
    Cap("enrichment.max_credits_per_day", Scope.DAY, "credits", 9000),
    Cap("enrichment.caps.sixtyfour.cents_per_day", Scope.DAY, "cents", 14_000, "sixtyfour"),
]
OPERATIONS = ("reveal_email", "reveal_phone", "find_email", "find_phone")
WORK = (
    *("claims.claim", "claims.mark_sent", "sending.Sender._answered", "engine.Engine.start", "carrying.take_in"),
    *("collecting.Collector._apply_some", "polling.Poller._heard", "waterfalls.plan_next"),
)
MOMENTS = [
    *(f"submit.{moment}:{operation}" for moment in ("before", "after") for operation in OPERATIONS),
    *(f"ledger.{moment}:{work}" for moment in ("before", "after") for work in WORK),
]
#: how a bulk result is written; one that is neither in order nor repeats its leads nobody could read
FORMS: list[dict[str, Any]] = [
    {"sixtyfour_bulk_order": "shuffled"},
    {"sixtyfour_bulk_order": "reversed", "sixtyfour_echo": "all", "sixtyfour_cost": "nowhere"},
    {"sixtyfour_echo": "none", "sixtyfour_cost": "job"},
    {"sixtyfour_bulk_order": "shuffled", "sixtyfour_bulk_form": "results", "sixtyfour_cost": "job"},
    {"sixtyfour_bulk_order": "shuffled", "sixtyfour_cost": "job", "sixtyfour_misses_charged": False},
    {"sixtyfour_start_status": "absent", "sixtyfour_misses_charged": False, "sixtyfour_cost": "item"},
]
ENDS = {"found": Outcome.FOUND, "not_found": Outcome.NOT_FOUND, "failed": Outcome.FAILED}


#: how a run looks what came of its jobs
WAYS = ("inbox", "due", "earlier", "everything", "give up")
#: what becomes of a request, and how the result of one that is accepted is first heard of
ANSWERS = (*("accepted", "at once", "webhook", "webhook", "due", "everything"), *("lost", "refused", "refused in part"))
damages = st.sampled_from(["", "", "left out", "under way"])
places = st.integers(0, 5)


def damaged(body: bytes, how: str, place: int) -> bytes:
    """A document on a bulk result of which one item, at ``place``, was left out or is still under way; or as it was."""
    if not how:
        return body
    document = json.loads(body)
    result = document.get("result") or document.get("results")
    items = result.get("results") if isinstance(result, dict) else result
    if not isinstance(items, list) or len(items) < 2:
        return body
    place %= len(items)
    if how == "left out":
        del items[place]
    else:
        items[place] = {name: items[place][name] for name in ("name", "linkedin_url") if name in items[place]}
        items[place]["status"] = "running"
    return json.dumps(document).encode()


class TwoVendors(RuleBasedStateMachine):
    """One run after the other, one ledger, two vendors."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.loop = asyncio.new_event_loop()
        self.clock = StandingClock()
        self.ledger = new_ledger(self.folder)
        self.inbox = Inbox(inbox_path(self.ledger.path))
        self.runs = itertools.count(1)
        self.refused: set[str] = set()
        self.by_hand: set[str] = set()
        self.learnt: tuple[set[str], set[tuple[str, str]]] = (set(), set())
        self.enough: set[str] = set()
        self.seen_until = 0
        self.hired: Worker | None = None
        self.watching = watched()
        self.watching.__enter__()

    @initialize(form=st.sampled_from(FORMS), patience=st.sampled_from([None, None, 500.0]))
    def begin(self, form: dict[str, Any], patience: float | None) -> None:
        self.form, self.patience = form, patience
        shared: dict[str, Any] = {"sixtyfour_webhook": False, "sixtyfour_rate_limit": 0, **form}
        self.behaviour = Behaviour(webhook=False, job_seconds=(2.0, 2.0), sixtyfour_job_seconds=(2.0, 2.0), **shared)
        self.imitation = Imitation(PEOPLE, SEED, self.clock, self.behaviour)
        self.people = [self.person(index) for index in WANTED]
        self.restart()
        self.claim()

    def person(self, index: int) -> Person:
        """As a search shows her; some without their profile, to be told by name and employer."""
        known = self.imitation.world.population.person(index)
        return Person(
            known.person_id,
            first_name=known.first_name,
            last_name=known.last_name,
            organization_name=known.organization.name,
            linkedin_url=(known.linkedin_url or None) if index % 2 else None,
        )

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    # -- what runs do

    @property
    def worker(self) -> Worker:
        assert self.hired is not None
        return self.hired

    @property
    def alive(self) -> bool:
        return self.hired is not None and not self.hired.fate.dead

    def restart(self) -> None:
        """The next run: it has the ledger to itself, takes on what was left, and finds the same people."""
        if self.hired is not None:
            self.do(self.hired.die())
        self.hired = self.do(self.hire(f"run-{next(self.runs)}"))
        self.do(self.worker.start(alone=True))
        self.do(self.worker.want_again())
        self.do(self.worker.search(self.people))

    async def hire(self, run_id: str) -> Worker:
        waterfall = Waterfall(ORDER, in_doubt_after=self.patience)
        return Worker(run_id, run_id, self.ledger, self.inbox, self.imitation, self.clock, CAPS, waterfall)

    def claim(self) -> None:
        if not self.alive:
            return
        before = [self.used(cap) for cap in CAPS]
        self.do(self.worker.claim())
        for cap, used in zip(CAPS, before, strict=True):  # evidence may have gone past it: then nothing is claimed
            assert self.used(cap) <= max(cap.amount, used)

    def used(self, cap: Cap) -> int:
        with self.ledger.read() as connection:
            assert sums.drift(connection) == 0
            return claims.used(connection, cap, self.worker.run_id, self.worker.context.now())

    @rule(seconds=st.sampled_from([0.5, 3.0, 3.0, 400.0]), how=st.sampled_from(WAYS), damage=damages, place=places)
    def collect(self, seconds: float, how: str, damage: str, place: int) -> None:
        """Time passes, and the run looks what came of its jobs: in part, it may be."""
        self.clock.now += seconds
        self.imitation.work()
        if self.alive:
            self.do(self.worker.renew())
        self.collect_so(how, damage, place)

    def collect_so(self, how: str, damage: str, place: int) -> None:
        if not self.alive:
            return
        worker = self.worker
        ways = {
            "inbox": worker.apply, "due": worker.poll,
            "earlier": worker.poll_earlier, "everything": worker.poll_everything,
        }  # fmt: skip
        self.imitation.on_the_way = lambda body: damaged(body, damage, place)
        self.do(ways[how]() if how in ways else worker.give_up(30.0))
        self.claim()

    @rule(what=st.sampled_from(["doom", "doom", "next run", "by hand"]), data=st.data())
    def goes_wrong(self, what: str, data: st.DataObject) -> None:
        """It will die at a moment, should that ever come; it has died, and is followed; an operator comes by."""
        if what == "doom":
            self.worker.fate.doom = data.draw(st.sampled_from([None, *MOMENTS]))
        elif what == "by hand":
            self.resolve_by_hand(data)
        elif self.worker.over or data.draw(st.booleans()):
            self.clock.now += LEASE + 1
            self.restart()
            self.claim()

    def resolve_by_hand(self, data: st.DataObject) -> None:
        """Somebody looks at the vendor's balance as it is, and says what became of a call in doubt."""
        seen = promises.look(self.ledger, self.imitation)
        doubtful = [call_id for call_id, call in sorted(seen.calls.items()) if call.state == State.IN_DOUBT]
        if not doubtful:
            return
        call_id = data.draw(st.sampled_from(doubtful))
        charged = sum(job.amount for job in seen.jobs.get(call_id, ()))
        amount = None if data.draw(st.booleans()) else charged
        [resolved] = self.ledger.call(by_hand.resolve, [call_id], amount, round(self.clock.time() * 1_000_000))
        assert resolved.done
        self.by_hand.add(call_id)

    # -- what the wire and the vendors do

    def waiting(self) -> list[Exchange]:
        return [exchange for exchange in self.imitation.exchanges if exchange.open]

    def tell(self, exchange: Exchange, outcome: PaidOutcome) -> None:
        """It is answered so, and the run goes on."""
        exchange.outcome.set_result(outcome)
        if self.alive:
            self.do(self.worker.turn())
            self.do(self.worker.pass_over())
            self.claim()

    def act(self, exchange: Exchange, fate: str = "") -> None:
        faults = (FaultRule("any", fate, first=1),) if fate else ()
        self.imitation.world.change(replace(self.behaviour, faults=faults))
        self.do(self.imitation.act(exchange))
        self.imitation.world.change(self.behaviour)

    def arrived(self) -> list[Exchange]:
        return [e for e in self.imitation.exchanges if e.reply is None and not e.gone]

    @precondition(lambda self: self.arrived())
    @rule(data=st.data(), fate=st.sampled_from(["", "", "", "failed", "dropped"]))
    def vendor_acts(self, data: st.DataObject, fate: str) -> None:
        """On a request that has arrived, be it long after whoever sent it has given up; its answer is held back."""
        self.act(data.draw(st.sampled_from(self.arrived())), fate)

    @precondition(lambda self: self.waiting())
    @rule(data=st.data(), what=st.sampled_from(ANSWERS), damage=damages, place=places)
    def answer(self, data: st.DataObject, what: str, damage: str, place: int) -> None:
        """What the wire brings of a request that somebody waits for."""
        exchange = data.draw(st.sampled_from(self.waiting()))
        if what == "lost":  # reset, timeout, an error, or a 2xx that says nothing
            exchange.gone = exchange.reply is None and data.draw(st.booleans())
            self.tell(exchange, data.draw(st.sampled_from(LOSSES)))
        elif what == "refused" and exchange.reply is None:
            self.refuse(exchange, data.draw(st.sampled_from(REFUSALS)))
        elif what == "refused in part" and exchange.reply is None and exchange.many > 1:
            named = sorted(data.draw(st.sets(st.integers(0, exchange.many - 1), max_size=2)))  # nobody, it may be
            detail = [{"loc": ["body", "leads", n], "msg": "wrong"} for n in named]
            self.refuse(exchange, Answered(Answer(422, json.dumps({"detail": detail}).encode())))
        else:
            self.accept(exchange, what, damage, place)

    def refuse(self, exchange: Exchange, outcome: PaidOutcome) -> None:
        """Provably nothing was bought: the request never arrived, or was turned away."""
        exchange.gone = True
        finds_nobody = (
            isinstance(outcome, Answered) and outcome.answer.status == 404 and exchange.path.startswith("/api")
        )
        if not finds_nobody:
            self.refused.add(exchange.request_id)
        self.tell(exchange, outcome)

    def accept(self, exchange: Exchange, what: str, damage: str, place: int) -> None:
        """A job is accepted, or its result comes at once; it may be heard of before anything else happens."""
        if exchange.reply is None:
            self.act(exchange)
        assert exchange.reply is not None
        at_once = exchange.many > 1 and what == "at once"
        if not at_once:
            self.tell(exchange, Answered(exchange.reply))
        self.clock.now += 3.0
        self.imitation.work()
        posts = [(url, body) for url, body in self.imitation.posts().values() if exchange.request_id in url]
        if at_once:
            result = json.loads(damaged(posts[0][1], damage, place)).get("result") if posts else None
            said = exchange.reply if result is None else Answer(200, json.dumps(result).encode())
            self.tell(exchange, Answered(said))
        elif what == "webhook":
            for url, body in posts:
                self.post(url, body, damage, place)
        elif what in WAYS:
            self.collect_so(what, damage, place)

    # -- what is posted

    def keep(self, url: str, body: bytes) -> None:
        request_id = url.split("/")[-2]
        provider = url.split("/")[-3]
        self.inbox.call(documents.keep, Document(provider, request_id, round(self.clock.time() * 1_000_000), body))

    def post(self, url: str, body: bytes, damage: str, place: int, *, read: bool = True) -> None:
        self.keep(url, damaged(body, damage, place))
        if read and self.alive:
            self.do(self.worker.apply())
            self.claim()

    @precondition(lambda self: self.imitation.posts())
    @rule(data=st.data(), damage=damages, place=places, read=st.booleans())
    def webhook_comes(self, data: st.DataObject, damage: str, place: int, read: bool) -> None:
        """Early or late, again or for the first time, whole or in part; somebody reads it now or later."""
        url, body = data.draw(st.sampled_from(list(self.imitation.posts().values())))
        self.post(url, body, damage, place, read=read)

    @precondition(lambda self: len(self.imitation.world.sixtyfour.books.jobs) > 1)
    @rule(data=st.data())
    def webhook_is_for_another_request(self, data: st.DataObject) -> None:
        """A bulk result on the URL of another request: set aside where it names a job or people that are not its."""
        jobs, posts = self.imitation.world.sixtyfour.books.jobs, self.imitation.posts()
        ids = [task_id for task_id in jobs if task_id in posts]
        if not self.alive or self.worker.fate.doom is not None or not ids:
            return
        mine, other = data.draw(st.sampled_from(ids)), data.draw(st.sampled_from(ids))
        people = [{lead.subject for lead in jobs[task_id].leads} for task_id in (mine, other)]
        if people[0] & people[1] or self.form.get("sixtyfour_echo") == "none":
            return  # what names nobody can be told by the job's id alone, where that is known
        if jobs[other].status != "completed":
            return
        self.do(self.worker.apply())
        before = promises.results(self.ledger)
        self.keep(posts[mine][0], posts[other][1])
        self.do(self.worker.apply())
        assert promises.results(self.ledger) == before

    # -- what must be so

    @invariant()
    def the_promises_hold(self) -> None:
        if self.hired is None:
            return
        seen = promises.look(self.ledger, self.imitation)
        promises.at_most_one_request(seen, self.refused)
        promises.nothing_twice(seen)
        promises.reservations(seen)
        promises.charges_within_bounds(seen, self.by_hand)
        promises.sums_within_bounds(seen, self.by_hand)
        promises.legal_history(self.ledger)
        promises.jobs_remembered(seen, self.ledger)
        since = self.seen_until
        self.seen_until = promises.one_after_the_other(seen, self.ledger, self.enough, self.patience, since)
        self.enough = promises.enough(self.ledger)
        found, values = promises.learnt(self.ledger)
        assert found >= self.learnt[0]
        assert values >= self.learnt[1]
        self.learnt = found, values

    def teardown(self) -> None:
        try:
            if self.hired is not None:
                self.everything_ends()
        finally:
            self.watching.__exit__(None, None, None)
            self.loop.close()
            self.inbox.close()
            self.ledger.close()
            shutil.rmtree(self.folder)

    def everything_ends(self) -> None:
        """The run dies, every job ends and is posted, and a last run looks what there is."""
        self.do(self.worker.die())
        self.imitation.finish_all()
        posts = self.imitation.posts()
        for url, body in posts.values():
            self.keep(url, body)
        self.restart()
        seen = promises.look(self.ledger, self.imitation)
        promises.charges_within_bounds(seen, self.by_hand)
        promises.sums_within_bounds(seen, self.by_hand)
        for call_id, call in seen.calls.items():
            jobs = [job for job in seen.jobs.get(call_id, ()) if job.finished is not None]
            assert call.state not in (State.RESERVED, State.SENT), call
            if jobs:
                assert (call.state, call.outcome) == (State.SETTLED, ENDS[str(jobs[0].outcome)]), (call, jobs)


@pytest.mark.parametrize(
    ("examples", "steps"),
    [pytest.param(30, 40, id="some"), pytest.param(1000, 60, id="many", marks=pytest.mark.thorough)],
)
def test_whatever_happens_between_two_vendors(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        TwoVendors,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )
