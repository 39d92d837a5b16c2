"""Several providers one after the other: who is asked when, over a real ledger and providers that obey."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from enrichment.capability import Capability
from enrichment.caps import Cap, Scope
from enrichment.context import FAILED_HALT, Context, EngineSettings
from enrichment.engine import Ending, Engine, Report
from enrichment.ledger import Ledger, evidence, seen, waterfalls
from enrichment.ledger.schema import calls, emails, requests
from enrichment.states import State
from enrichment.waterfall import StopWhen, Waterfall
from sources.clock import SYSTEM_CLOCK
from sources.errors import KeyRefused, OutOfCredits, Unavailable
from sources.providers import Channel, Person, Via
from sources.transport import Answer, Answered, Lost, PaidOutcome
from tests.support.fake_provider import FakeProvider
from tests.support.ledgers import new_ledger
from tests.support.purchases import rows

pytestmark = pytest.mark.anyio

Said = Mapping[str, str]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


def saying(name: str, said: Said, otherwise: str = "missed", batch: int = 1) -> FakeProvider:
    """A provider that answers at once: what it says of each person."""
    provider = FakeProvider(name, batch=batch)

    async def submit(asks: Sequence[Mapping[str, Any]], url: str | None) -> PaidOutcome:
        await anyio.lowlevel.checkpoint()
        words = [said.get(ask["personId"], otherwise) for ask in asks]
        if words == ["lost"]:
            return Lost("reset")
        if words[0].isdigit():
            return Answered(Answer(int(words[0]), b""))
        return Answered(Answer(200, "\n".join(words).encode()))

    provider.submit_many_with = submit
    return provider


class Run:
    """One run of the engine with these providers, in this order."""

    def __init__(
        self,
        ledger: Ledger,
        *providers: FakeProvider,
        run_id: str = "run-1",
        stop_when: StopWhen = StopWhen.ANY,
        in_doubt_after: float | None = None,
        **settings: Any,
    ) -> None:
        names = [provider.name for provider in providers]
        self.ledger = ledger
        self.context = Context(
            ledger=ledger,
            providers={provider.name: provider for provider in providers},
            settings=EngineSettings(**{"channels": [Channel.EMAIL], "wait": 10.0, "gather": 0.2, **settings}),
            clock=SYSTEM_CLOCK,
            dice=random.Random(1),
            run_id=run_id,
            owner=run_id,
            capability=Capability("k" * 16),
            started=SYSTEM_CLOCK.monotonic(),
            waterfall=Waterfall({Channel.EMAIL: names, Channel.PHONE: names}, stop_when, in_doubt_after),
        )
        self.engine = Engine(self.context)

    async def over(self, *people: str) -> Report:
        """What earlier runs left is taken on, a search shows these people; then to the end."""
        context = self.context
        persons = [Person(person) for person in people]
        await self._start()
        await self.ledger.run(seen.remember_people, persons, context.now())
        await self.ledger.run(waterfalls.plan_contacts, context.asking, persons, context.now(), search="s")
        self.engine.no_more_plans()
        with anyio.fail_after(15):
            return await self.engine.run()

    async def goes_on(self) -> Report:
        """Nothing is searched: what earlier runs left, and no more."""
        await self._start()
        self.engine.no_more_plans()
        with anyio.fail_after(15):
            return await self.engine.run()

    async def _start(self) -> None:
        context = self.context
        await self.engine.start(alone=True)
        await self.ledger.run(waterfalls.want_again, context.asking, ["s"], context.settings.channels, context.now())

    def states(self) -> dict[tuple[str, str], str]:
        """How each call stands, by provider and person."""
        return {(row["provider"], row["person_id"]): row["outcome"] or row["state"] for row in rows(self.ledger, calls)}


async def test_the_next_is_asked_only_where_the_one_before_has_nothing(ledger: Ledger) -> None:
    first = saying("first", {"a": "found a@x.io"})
    second = saying("second", {"b": "found b@x.io"})
    third = saying("third", {})
    report = await Run(ledger, first, second, third).over("a", "b", "c")
    assert report.ending is Ending.DONE
    assert (sorted(first.submitted), sorted(second.submitted), third.submitted) == (["a", "b", "c"], ["b", "c"], ["c"])


@pytest.mark.parametrize("outcome", ["404", "400", "failed", "missed"])
async def test_whatever_end_it_is_that_found_nothing(ledger: Ledger, outcome: str) -> None:
    second = saying("second", {"a": "found a@x.io"})
    run = Run(ledger, saying("first", {"a": outcome}), second)
    await run.over("a")
    assert run.states()["second", "a"] == "found"


@pytest.mark.parametrize(
    ("stop_when", "status", "asked"),
    [
        (StopWhen.ANY, "unverified", False),
        (StopWhen.ANY, "undeliverable", True),
        (StopWhen.RISKY, "unverified", True),
        (StopWhen.RISKY, "guessed", True),
        (StopWhen.RISKY, "risky", False),
        (StopWhen.DELIVERABLE, "risky", True),
        (StopWhen.DELIVERABLE, "deliverable", False),
    ],
)
async def test_what_is_enough_is_chosen(ledger: Ledger, stop_when: StopWhen, status: str, asked: bool) -> None:
    second = saying("second", {})
    await Run(ledger, saying("first", {"a": f"found a@x.io {status}"}), second, stop_when=stop_when).over("a")
    assert second.submitted == (["a"] if asked else [])


async def test_a_call_in_doubt_holds_the_next_back_until_it_is_old(ledger: Ledger) -> None:
    first, second = saying("first", {"a": "lost"}), saying("second", {"a": "found a@x.io"})
    await Run(ledger, first, second).over("a")
    assert second.submitted == []
    await Run(ledger, first, second, run_id="run-2", in_doubt_after=3600).over("a")
    assert second.submitted == []
    await Run(ledger, first, second, run_id="run-3", in_doubt_after=0).over("a")
    assert (first.submitted, second.submitted) == (["a"], ["a"])  # and never the first again


@pytest.mark.parametrize(("status", "error"), [("402", OutOfCredits), ("401", KeyRefused)])
async def test_one_that_cannot_be_asked_is_passed_over_and_asked_later(
    ledger: Ledger, status: str, error: type[Exception]
) -> None:
    people = [f"p{n}" for n in range(8)]
    second = saying("second", {"p3": "found p3@x.io"})
    run = Run(ledger, saying("first", {}, otherwise=status), second)
    await run.over(*people)
    assert sorted(second.submitted) == people
    assert {type(found) for found in run.context.halted.values()} == {error}
    assert run.context.run_error is None
    first = saying("first", {"p5": "found p5@x.io"})
    await Run(ledger, first, second, run_id="run-2").over(*people)
    assert sorted(first.submitted) == [person for person in people if person != "p3"]
    assert len(second.submitted) == len(people)  # has said already what it knows


async def test_one_that_is_refused_at_the_last_moment_is_passed_over_all_the_same(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal comes after who is to be passed over was looked for, and before the look whether the run is over."""

    async def late(engine: Engine, look: Any = Engine._look) -> Any:
        while engine._sender.lanes.in_flight:  # noqa: ASYNC110 - other tasks count it down
            await anyio.sleep(0.001)
        return await look(engine)

    monkeypatch.setattr(Engine, "_look", late)
    second = saying("second", {"a": "found a@x.io"})
    await Run(ledger, saying("first", {}, otherwise="402"), second).over("a", "b")
    assert sorted(second.submitted) == ["a", "b"]


async def test_a_key_refused_ends_the_run_where_nobody_else_can_be_asked(ledger: Ledger) -> None:
    run = Run(ledger, saying("first", {}, otherwise="401"))
    await run.over("a")
    assert isinstance(run.context.run_error, KeyRefused)


async def test_jobs_that_fail_again_and_again_end_the_asking_there(ledger: Ledger) -> None:
    people = [f"p{n:03}" for n in range(3 * FAILED_HALT)]
    first, second = saying("first", {}, otherwise="failed"), saying("second", {})
    run = Run(ledger, first, second, max_unanswered=4)
    await run.over(*people)
    assert FAILED_HALT <= len(first.submitted) <= FAILED_HALT + 4
    assert isinstance(next(iter(run.context.halted.values())), Unavailable)
    assert sorted(second.submitted) == people


async def test_nobody_is_asked_by_whom_too_little_is_known_of(ledger: Ledger) -> None:
    second, third = saying("second", {"a": "found a@x.io"}), saying("third", {"a": "found a@x.io"})
    second.ask = lambda channel, person: None  # type: ignore[method-assign]
    await Run(ledger, saying("first", {}), second, third).over("a")
    assert (second.submitted, third.submitted) == ([], ["a"])


async def test_what_another_has_found_is_not_bought_by_a_later_run(ledger: Ledger) -> None:
    """The first was passed over, with its call planned; the second found it, and so nothing is left to buy."""
    first, second = saying("first", {}, otherwise="402"), saying("second", {"a": "found a@x.io"})
    run = Run(ledger, first, second)
    await run.over("a")
    assert run.states() == {("first", "a"): State.VOID, ("second", "a"): "found"}
    again = saying("first", {"a": "found a@x.io"})
    await Run(ledger, again, second, run_id="run-2").goes_on()
    await Run(ledger, again, second, run_id="run-3").over("a")
    assert again.submitted == []


async def test_while_another_may_still_answer_what_was_left_is_not_taken_on(ledger: Ledger) -> None:
    first, second = saying("first", {}, otherwise="402"), saying("second", {"a": "lost"})
    await Run(ledger, first, second).over("a")
    again = saying("first", {"a": "found a@x.io"})
    await Run(ledger, again, second, run_id="run-2").goes_on()
    assert again.submitted == []


@pytest.mark.parametrize("refused", [False, True])
async def test_what_is_planned_at_two_is_not_bought_from_both(ledger: Ledger, refused: bool) -> None:
    """The first was passed over, and a cap kept the second from being asked; the next run could ask both."""
    run = Run(ledger, saying("first", {}), saying("second", {}), caps=[Cap("cap", Scope.RUN, "credits", 0)])
    if refused:
        await ledger.run(waterfalls.plan_contacts, run.context.asking, [Person("a")], run.context.now(), search="s")
    run.context.halt("first", None, OutOfCredits("none"))
    await run.over("a")
    assert run.states() == {("second", "a"): "planned", **({("first", "a"): "planned"} if refused else {})}
    first, second = saying("first", {"a": "found a@x.io"}), saying("second", {"a": "found a@x.io"})
    again = Run(ledger, first, second, run_id="run-2")
    asking, now = again.context.asking, again.context.now()
    await ledger.run(waterfalls.want_again, asking, ["s"], [Channel.EMAIL], now)
    wanted = [row for row in rows(ledger, calls) if row["wanted_by"] == "run-2"]
    assert len(wanted) == 1  # both may be planned: before any search has shown her, one of them is to go
    await again.over("a")
    assert (first.submitted, second.submitted) == (["a"], [])


async def test_what_was_left_at_a_provider_that_is_not_asked_any_more_stays(ledger: Ledger) -> None:
    capped = Cap("cap", Scope.RUN, "credits", 0)
    await Run(ledger, saying("first", {}), caps=[capped]).over("a")
    for name, taken in (("second", False), ("first", True)):
        asking = Run(ledger, saying(name, {}), run_id=f"run of {name}").context.asking
        ledger.call(waterfalls.want_again, asking, ["s"], [Channel.EMAIL], asking.stale_before or 1)
        (left,) = [row for row in rows(ledger, calls) if row["provider"] == "first"]
        assert (left["wanted_by"] == f"run of {name}") is taken


async def test_who_was_passed_over_for_whom_is_noted(ledger: Ledger) -> None:
    people = ["a", "b", "c"]
    run = Run(ledger, saying("first", {}, otherwise="402"), saying("second", {"a": "found a@x.io"}))
    await run.over(*people)
    assert run.context.passed_over == {("first", "find_email"): set(people)}
    nobody_else = Run(ledger, saying("first", {}, otherwise="402"), run_id="run-2")
    await nobody_else.over(*people)
    assert nobody_else.context.passed_over == {}


@pytest.mark.parametrize("alone", [False, True])
async def test_a_key_refused_as_a_job_is_asked_about_ends_that_provider_alone(ledger: Ledger, alone: bool) -> None:
    first, second = FakeProvider("first"), saying("second", {"b": "found b@x.io"})
    first.poll_with = lambda job: Answer(401, b"")
    run = Run(ledger, first, *([] if alone else [second]), wait=0.5, poll_interval=0.05)
    await run.over("a")
    assert isinstance(run.context.run_error, KeyRefused) is alone
    assert {type(error) for error in run.context.halted.values()} == (set() if alone else {KeyRefused})


async def test_a_miss_that_a_webhook_tells_between_two_runs_leads_on_in_the_next(ledger: Ledger) -> None:
    first = FakeProvider("first")
    await Run(ledger, first, saying("second", {}), wait=0.3, poll_interval=5).over("a")
    (request,) = rows(ledger, requests)
    ledger.call(evidence.receive, "first", request["request_id"], Via.WEBHOOK, b"missed", 1)
    second = saying("second", {"a": "found a@x.io"})
    run = Run(ledger, first, second, run_id="run-2")
    await run.engine.start(alone=True)
    run.engine.no_more_plans()
    await run.engine.run()
    assert run.states() == {("first", "a"): "not_found", ("second", "a"): "found"}


class TestBatches:
    async def test_many_are_asked_in_one_request(self, ledger: Ledger) -> None:
        people = [f"p{n:03}" for n in range(250)]
        second = saying("second", {"p007": "found p7@x.io"}, batch=100)
        run = Run(ledger, saying("first", {}), second, gather=5.0)
        await run.over(*people)
        assert sorted(second.submitted) == people
        assert len(second.batches) <= 4  # the first request goes out alone to open the operation, but is as full
        assert run.states()["second", "p007"] == "found"
        assert sum(state == "not_found" for state in run.states().values()) == 499

    async def test_one_in_doubt_is_all_its_calls_in_doubt(self, ledger: Ledger) -> None:
        provider = FakeProvider("bulk", batch=100)
        provider.submit_many_with = _answering(Lost("reset"))
        run = Run(ledger, provider)
        await run.over(*[f"p{n}" for n in range(10)])
        assert list(run.states().values()) == [State.IN_DOUBT] * 10
        assert [row["reserved"] for row in rows(ledger, calls)] == [600] * 10

    async def test_what_a_start_says_of_some_is_kept_though_the_rest_is_never_heard_of(self, ledger: Ledger) -> None:
        provider = FakeProvider("bulk", batch=100)
        provider.submit_many_with = _answering(Answered(Answer(200, b"found a@x.io\nrunning trackingId\nmissed")))
        run = Run(ledger, provider, wait=0.5)
        await run.over("a", "b", "c")
        assert run.states() == {("bulk", "a"): "found", ("bulk", "b"): "accepted", ("bulk", "c"): "not_found"}
        assert [row["email"] for row in rows(ledger, emails)] == ["a@x.io"]
        provider.poll_with = lambda tracking_id: Answer(200, b"found a@x.io\nfound b@x.io\nmissed")
        run = Run(ledger, provider, run_id="run-2")
        await run.goes_on()
        assert run.states()["bulk", "b"] == "found"
        assert [len(batch) for batch in provider.batches] == [3]

    async def test_calls_with_other_options_go_by_themselves(self, ledger: Ledger) -> None:
        provider = saying("bulk", {}, batch=100)
        ask = provider.ask

        def with_mode(channel: Channel, person: Person) -> Any:
            made = ask(channel, person)
            assert made is not None
            return type(made)(made.operation, made.subject, {**made.parameters, "mode": person.person_id[0]})

        provider.ask = with_mode  # type: ignore[method-assign]
        await Run(ledger, provider).over("a1", "b1", "a2", "b2", "a3")
        assert sorted(map(sorted, provider.batches)) == [["a1", "a2", "a3"], ["b1", "b2"]]

    async def test_the_caps_cut_a_batch(self, ledger: Ledger) -> None:
        provider = saying("bulk", {}, otherwise="lost-as-a-batch", batch=100)
        provider.submit_many_with = _answering(Answered(Answer(200, b'{"trackingId": "t"}')))
        run = Run(ledger, provider, caps=[Cap("cap", Scope.RUN, "credits", 1500)], wait=0.5)
        report = await run.over("a", "b", "c", "d")
        assert report.ending in (Ending.CAP, Ending.DEADLINE)
        assert [len(batch) for batch in provider.batches] == [2]

    async def test_a_late_answer_that_costs_more_is_booked_past_the_cap_and_nothing_more_is_sent(
        self, ledger: Ledger
    ) -> None:
        """Two calls of one request were in doubt at six credits each; the vendor says that each has cost ten."""
        provider = FakeProvider("bulk", price=1000, batch=100)
        provider.submit_many_with = _answering(Lost("reset"))
        cap = Cap("cap", Scope.MONTH, "credits", 1900)
        run = Run(ledger, provider, caps=[cap])
        await run.over("a", "b", "c", "d", "e")
        assert [sorted(batch) for batch in provider.batches] == [["a", "b", "c"]]
        (request,) = [row for row in rows(ledger, requests) if row["sent_at"]]
        told = b"found a@x.io\nmissed\nfound c@x.io"
        ledger.call(evidence.receive, "bulk", request["request_id"], Via.WEBHOOK, told, 1)
        report = await Run(ledger, provider, run_id="run-2", caps=[cap]).goes_on()
        assert (report.ending, report.refused_by, report.left) == (Ending.CAP, cap, 2)
        assert len(provider.batches) == 1
        settled = {row["person_id"]: row["amount_max"] for row in rows(ledger, calls) if row["state"] == "settled"}
        assert settled == {"a": 1000, "b": 0, "c": 1000}

    async def test_what_a_refusal_names_is_rejected_and_the_others_go_again(self, ledger: Ledger) -> None:
        provider = FakeProvider("bulk", batch=100)

        async def submit(asks: Sequence[Mapping[str, Any]], url: str | None) -> PaidOutcome:
            await anyio.lowlevel.checkpoint()
            people = [ask["personId"] for ask in asks]
            wrong = [str(place) for place, person in enumerate(people) if person in ("b", "d")]
            if wrong:
                return Answered(Answer(422, f"wrong {' '.join(wrong)}".encode()))
            return Answered(Answer(200, "\n".join(["missed"] * len(asks)).encode()))

        provider.submit_many_with = submit
        run = Run(ledger, provider)
        await run.over("a", "b", "c", "d", "e")
        assert run.states() == {("bulk", p): "rejected" if p in "bd" else "not_found" for p in "abcde"}
        assert [len(batch) for batch in provider.batches] == [5, 3]

    async def test_where_a_refusal_names_nobody_each_is_tried_alone(self, ledger: Ledger) -> None:
        provider = FakeProvider("bulk", batch=100)

        async def submit(asks: Sequence[Mapping[str, Any]], url: str | None) -> PaidOutcome:
            await anyio.lowlevel.checkpoint()
            people = [ask["personId"] for ask in asks]
            return Answered(Answer(400 if "c" in people else 200, "\n".join(["missed"] * len(asks)).encode()))

        provider.submit_many_with = submit
        run = Run(ledger, provider)
        await run.over("a", "b", "c", "d")
        assert run.states() == {("bulk", p): "rejected" if p == "c" else "not_found" for p in "abcd"}
        assert sorted(map(len, provider.batches)) == [1, 1, 1, 1, 4]


def _answering(outcome: PaidOutcome) -> Callable[[Sequence[Mapping[str, Any]], str | None], Any]:
    async def submit(asks: Sequence[Mapping[str, Any]], url: str | None) -> PaidOutcome:
        await anyio.lowlevel.checkpoint()
        return outcome

    return submit


class TestWhatEarlierRunsLeft:
    """Calls that were planned and not sent: at one provider, or, where one was passed over, at two."""

    async def test_one_that_was_passed_over_and_the_next_are_not_asked_at_once(self, ledger: Ledger) -> None:
        second = saying("second", {"a": "found a@x.io"})
        nothing = Cap("cap", Scope.RUN, "credits", 0, "second")
        run = Run(ledger, saying("first", {}, otherwise="402"), second, caps=[nothing])
        await run.over("a")
        assert run.states() == {("first", "a"): State.PLANNED, ("second", "a"): State.PLANNED}
        first = saying("first", {"a": "found a@y.io"})
        run = Run(ledger, first, second, run_id="run-2")
        await run.goes_on()
        assert (first.submitted, second.submitted) == (["a"], [])
        assert run.states() == {("first", "a"): "found", ("second", "a"): State.VOID}

    async def test_what_another_found_in_a_run_that_did_not_know_the_first_is_not_bought(self, ledger: Ledger) -> None:
        """The order is the settings': a run may have had another one, or none of what was left for this channel."""
        first, second = saying("first", {}, otherwise="402"), FakeProvider("second")
        await Run(ledger, first, second, wait=0.3, poll_interval=5).over("a")
        second.poll_with = lambda tracking_id: Answer(200, b"found a@x.io")
        await Run(ledger, second, run_id="run-2").goes_on()
        again = saying("first", {"a": "found a@y.io"})
        run = Run(ledger, again, second, run_id="run-3")
        await run.goes_on()
        assert again.submitted == []
        assert run.states() == {("first", "a"): State.VOID, ("second", "a"): "found"}

    async def test_who_is_asked_first_now_is_asked_alone(self, ledger: Ledger) -> None:
        """What was planned at the second is taken on, and left again as the search puts another one before it."""
        second = saying("second", {"a": "found a@x.io"})
        await Run(ledger, second, caps=[Cap("cap", Scope.RUN, "credits", 0, "second")]).over("a", "b")
        first = saying("first", {"a": "found a@y.io"})
        run = Run(ledger, first, second, run_id="run-2")
        await run.over("a", "b")
        assert (sorted(first.submitted), second.submitted) == (["a", "b"], ["b"])
        assert run.states()["second", "a"] == State.VOID

    async def test_who_has_left_the_order_is_not_asked_for_what_was_planned_there(self, ledger: Ledger) -> None:
        """Still one of the run's providers, for other channels; the next in the order is, once a search shows her."""
        nothing = Cap("cap", Scope.RUN, "credits", 0, "dear")
        await Run(ledger, saying("dear", {}), caps=[nothing]).over("a")
        dear, other = saying("dear", {"a": "found a@x.io"}), saying("other", {"a": "found a@y.io"})
        run = Run(ledger, dear, other, run_id="run-2")
        run.context.waterfall = Waterfall({Channel.EMAIL: ["other"], Channel.PHONE: ["dear"]})
        report = await run.goes_on()
        assert (dear.submitted, other.submitted) == ([], [])
        assert (report.ending, report.left) == (Ending.DONE, 0)
        shown = Run(ledger, dear, other, run_id="run-3")
        shown.context.waterfall = run.context.waterfall
        await shown.over("a")
        assert (dear.submitted, other.submitted) == ([], ["a"])

    async def test_where_nobody_is_left_to_ask_nothing_is_bought(self, ledger: Ledger) -> None:
        """As where an answer may cost less than the only provider takes."""
        nothing = Cap("cap", Scope.RUN, "credits", 0, "dear")
        await Run(ledger, saying("dear", {}), caps=[nothing]).over("a")
        dear = saying("dear", {"a": "found a@x.io"})
        run = Run(ledger, dear, run_id="run-2")
        run.context.waterfall = Waterfall({Channel.EMAIL: []})
        await run.goes_on()
        assert dear.submitted == []


async def test_a_webhook_of_a_provider_that_a_run_does_not_have_waits_for_one_that_has(ledger: Ledger) -> None:
    first = FakeProvider("first")
    await Run(ledger, first, wait=0.3, poll_interval=5).over("a")
    (request,) = rows(ledger, requests)
    ledger.call(evidence.receive, "first", request["request_id"], Via.WEBHOOK, b"found a@x.io", 1)
    without = Run(ledger, saying("second", {}), run_id="run-2", wait=30)
    started = anyio.current_time()
    await without.over()
    assert anyio.current_time() - started < 10  # nor does it wait for jobs that it cannot ask about
    assert without.states() == {("first", "a"): State.ACCEPTED}
    again = Run(ledger, FakeProvider("first"), run_id="run-3")
    await again.over()
    assert again.states() == {("first", "a"): "found"}
