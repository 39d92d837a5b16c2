"""Whatever order things happen in, nothing but evidence (or an operator's word) brings a cap past what it allows."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from enrichment.caps import Cap, Scope
from enrichment.ledger import claims, plans, waterfalls
from enrichment.ledger.by_hand import resolve
from enrichment.ledger.claims import Claimed, Lane
from enrichment.ledger.plans import Wanted
from enrichment.ledger.schema import calls
from enrichment.ledger.standings import Asking
from enrichment.states import State
from enrichment.waterfall import Waterfall
from sources.providers import Ask, Channel, Outcome
from tests.support.ledgers import new_ledger
from tests.support.purchases import NOW, OWNER, answer, claim, found, rows, send, tell

HOUR = 3600 * 1_000_000
PROVIDERS = ("vendor", "other")
RUNS = ("run-1", "run-2")
#: what a cap sums over: of one answer nothing is summed
SUMMED = (Scope.RUN, Scope.DAY, Scope.MONTH)
RESERVE = {Channel.EMAIL: 600, Channel.PHONE: 2000}


class Interleavings(RuleBasedStateMachine):
    """Two runs, two providers, two kinds of purchase, six caps, and a clock that is set as it pleases."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        shutil.copy(self.template, Path(self.folder.name) / "ledger.db")
        self.ledger = new_ledger(Path(self.folder.name))
        self.now = NOW
        self.people = 0
        self.told = 0
        self.claimed: list[Claimed] = []
        self.caps: list[Cap] = []
        self.before: dict[str, dict[Cap, int]] = {}
        self.may_pass = True

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()

    @initialize(amounts=st.lists(st.integers(6, 90), min_size=6, max_size=6))
    def choose_caps(self, amounts: list[int]) -> None:
        kinds = [(scope, provider) for scope in SUMMED for provider in (None, "vendor")]
        self.caps = [
            Cap(f"{scope} {provider}", scope, "credits", amount * 100, provider)
            for (scope, provider), amount in zip(kinds, amounts, strict=True)
        ]
        for provider in PROVIDERS:
            self.plan(provider, Channel.EMAIL, 3)
            self.plan(provider, Channel.PHONE, 2)
        self.before = self.used()

    def used(self) -> dict[str, dict[Cap, int]]:
        with self.ledger.read() as connection:
            return {run: claims.used_of(connection, self.caps, run, self.now) for run in RUNS}

    @rule(provider=st.sampled_from(PROVIDERS), channel=st.sampled_from(list(RESERVE)), count=st.integers(1, 3))
    def more_people(self, provider: str, channel: Channel, count: int) -> None:
        self.plan(provider, channel, count)

    def plan(self, provider: str, channel: Channel, count: int) -> None:
        wanted = []
        for _ in range(count):
            self.people += 1
            person = f"p{self.people}"
            ask = Ask(f"find_{channel}", person, {"personId": person})
            wanted.append(Wanted(provider, channel, "credits", person, ask, "a search"))
        self.ledger.call(plans.plan, wanted, RUNS[0], self.now)

    @rule(run=st.sampled_from(RUNS), most=st.integers(1, 4))
    def claim(self, run: str, most: int) -> None:
        asking = Asking(Waterfall(dict.fromkeys(RESERVE, PROVIDERS)), {}, run)
        self.ledger.call(waterfalls.want_again, asking, ["a search"], list(RESERVE), self.now)
        lanes = [
            Lane(provider, f"find_{channel}", "credits", reserve, most)
            for provider in PROVIDERS
            for channel, reserve in RESERVE.items()
        ]
        claimed, refused = claim(self.ledger, lanes, self.caps, run, self.now)
        self.claimed += claimed
        used = self.used()[run]
        assert all(used[cap] <= cap.amount for cap in self.caps if self.concerned(cap, claimed))
        assert refused is None or refused in self.caps

    def concerned(self, cap: Cap, claimed: list[Claimed]) -> bool:
        return any(cap.concerns(item.provider, "credits") for item in claimed)

    @rule(
        data=st.data(),
        state=st.sampled_from(
            [State.SENT, State.ACCEPTED, State.IN_DOUBT, State.PLANNED, State.REJECTED, State.SETTLED]
        ),
    )
    def send(self, data: st.DataObject, state: State) -> None:
        """It leaves, and is answered so."""
        if self.claimed:
            item = data.draw(st.sampled_from(self.claimed))
            send(self.ledger, item, self.now)
            if state is not State.SENT:
                outcome = Outcome.NOT_FOUND if state is State.SETTLED else None
                answer(self.ledger, item, state, now=self.now, outcome=outcome)

    @rule(data=st.data(), amount=st.integers(0, 3000))
    def evidence(self, data: st.DataObject, amount: int) -> None:
        if self.claimed:
            self.told += 1
            item = data.draw(st.sampled_from(self.claimed))
            body = str(self.told).encode()
            settlement = found(f"a{self.told}@x.io", amount=amount)
            tell(self.ledger, item.request_id, settlement, body=body, now=self.now, provider=item.provider)
            self.may_pass = True

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        if self.claimed:
            self.ledger.call(claims.release, data.draw(st.sampled_from(self.claimed)), OWNER, self.now)

    @rule()
    def worker_dies(self) -> None:
        self.ledger.call(claims.take_over, self.now, all_owners=True)

    @rule(data=st.data(), amount=st.none() | st.integers(0, 3000))
    def by_hand(self, data: st.DataObject, amount: int | None) -> None:
        doubtful = [row["call_id"] for row in rows(self.ledger, calls) if row["state"] == State.IN_DOUBT]
        if doubtful:
            self.ledger.call(resolve, [data.draw(st.sampled_from(doubtful))], amount, self.now)
            self.may_pass = self.may_pass or amount is not None

    @rule(hours=st.integers(1, 800))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule(hours=st.integers(1, 800))
    def the_clock_is_set_back(self, hours: int) -> None:
        before = self.used()
        self.now -= hours * HOUR
        after = self.used()
        assert all(after[run][cap] >= before[run][cap] for run in RUNS for cap in self.caps)
        self.before = after

    @invariant()
    def what_counts_is_what_it_says(self) -> None:
        if self.caps:
            assert self.used() == {run: {cap: self.counted(cap, run) for cap in self.caps} for run in RUNS}

    @invariant()
    def no_cap_is_passed_but_by_evidence(self) -> None:
        used = self.used()
        for run in RUNS if self.before and not self.may_pass else ():
            for cap in self.caps:
                assert used[run][cap] <= max(cap.amount, self.before[run][cap]), cap
        self.before, self.may_pass = used, False

    def counted(self, cap: Cap, run: str) -> int:
        """The same sum by other means."""
        ours = [row for row in rows(self.ledger, calls) if cap.provider in (None, row["provider"])]
        worth: list[tuple[dict[str, Any], int]] = []
        for row in ours:
            if row["state"] == State.SETTLED:
                worth.append((row, row["amount_max"]))
            elif row["state"] not in (State.PLANNED, State.REJECTED, State.VOID):
                worth.append((row, RESERVE[Channel(row["channel"])]))
        if cap.scope is Scope.RUN:
            return sum(amount for row, amount in worth if row["run_id"] == run)
        everything = [row for row in rows(self.ledger, calls) if row["reserved_at"]]
        counts = [row for row in everything if row["state"] not in (State.PLANNED, State.REJECTED, State.VOID)]
        latest = max([self.now, *(row["reserved_at"] for row in counts)])
        written = "%Y-%m-%d" if cap.scope is Scope.DAY else "%Y-%m"
        return sum(amount for row, amount in worth if _text(row["reserved_at"], written) >= _text(latest, written))


def _text(micros: int, written: str) -> str:
    return datetime.fromtimestamp(micros / 1e6, UTC).strftime(written)


def _check(folder: Path, examples: int, steps: int) -> None:
    with new_ledger(folder):
        pass
    Interleavings.template = folder / "ledger.db"
    chosen = settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    run_state_machine_as_test(Interleavings, settings=chosen)


def test_random_interleavings(tmp_path: Path) -> None:
    _check(tmp_path, examples=10, steps=25)


@pytest.mark.thorough
def test_many_random_interleavings(tmp_path: Path) -> None:
    _check(tmp_path, examples=60, steps=50)
