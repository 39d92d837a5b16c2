"""Purchases in the ledger: planned once, claimed within the caps, sent while they are ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichment.caps import Cap, Scope
from enrichment.ledger import Ledger, books, claims, plans
from enrichment.ledger import answers as submit_answers
from enrichment.ledger.by_hand import resolve
from enrichment.ledger.moves import move
from enrichment.ledger.schema import calls, charges, transitions
from enrichment.settlement import Settlement
from enrichment.states import State
from sources.errors import LedgerError
from sources.providers import Channel, Outcome
from tests.support.ledgers import new_ledger
from tests.support.purchases import (
    EMAIL_LANE,
    MISSED,
    NOW,
    OWNER,
    PHONE_LANE,
    RUN,
    answer,
    call,
    claim,
    found,
    plan,
    rows,
    send,
    tell,
    wanted,
)

DAY = 86_400 * 1_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path, "home/ledger.db") as ledger:
        yield ledger


class TestPlanning:
    def test_a_thing_is_planned_once_whoever_wants_it(self, ledger: Ledger) -> None:
        assert plan(ledger, "ann", "bob") == 2
        assert plan(ledger, "ann", "bob", "cid") == 1
        assert plan(ledger, "ann", run="run-2") == 0
        assert len(rows(ledger, calls)) == 3

    def test_the_database_itself_refuses_a_second_purchase_of_a_thing(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        row = {**dict(call(ledger, "ann")._mapping), "call_id": "another"}
        with pytest.raises(LedgerError, match="UNIQUE"):
            ledger.call(lambda connection: connection.execute(calls.insert().values(row)))

    def test_email_and_phone_are_two_things(self, ledger: Ledger) -> None:
        assert plan(ledger, "ann") + plan(ledger, "ann", channel=Channel.PHONE) == 2

    def test_other_parameters_do_not_make_it_another_thing(self, ledger: Ledger) -> None:
        plan(ledger, "ann", partners=False)
        assert plan(ledger, "ann", partners=True) == 0

    def test_a_later_run_takes_on_what_an_earlier_one_planned(self, ledger: Ledger) -> None:
        plan(ledger, "ann", run="run-1")
        assert claim(ledger, run="run-2")[0] == []
        plan(ledger, "ann", run="run-2")
        assert len(claim(ledger, run="run-2")[0]) == 1

    def test_only_what_was_not_bought_is_planned_anew(self, ledger: Ledger) -> None:
        plan(ledger, "void", "rejected", "dry", "missed", "doubt")
        outcomes = {"dry": Outcome.INCOMPLETE, "missed": Outcome.NOT_FOUND}
        states = {"void": State.VOID, "rejected": State.REJECTED, "doubt": State.IN_DOUBT}

        def end(connection: sa.Connection) -> None:
            for subject in ("void", "rejected", "dry", "missed", "doubt"):
                values = {"state": states.get(subject, State.SETTLED), "outcome": outcomes.get(subject), "run_id": RUN}
                connection.execute(calls.update().where(calls.c.subject == subject).values(**values))

        ledger.call(end)
        assert (
            plan(ledger, "void", "rejected", "dry", "missed", "doubt") == 1
        )  # void; the rest not in this run, or ever
        assert call(ledger, "void").epoch == 2
        assert plan(ledger, "dry", "missed", "rejected", "doubt", run="run-2") == 1  # credits may have been refilled
        assert call(ledger, "dry").epoch == 2
        assert plan(ledger, "rejected", run="run-2", mended=True) == 1

    def test_what_is_old_is_bought_anew_found_or_not_and_nothing_else(self, ledger: Ledger) -> None:
        ends = {
            "found": Outcome.FOUND, "missed": Outcome.NOT_FOUND, "failed": Outcome.FAILED, "odd": Outcome.UNREADABLE
        }  # fmt: skip
        plan(ledger, *ends, "doubt")
        for item in claim(ledger)[0]:
            send(ledger, item)
            person = item.parameters[0]["personId"]
            if person in ends:
                tell(ledger, item.request_id, Settlement(ends[person]))
            else:
                answer(ledger, item, State.IN_DOUBT)

        def again(run: str, before: int | None) -> int:
            return ledger.call(plans.plan, [wanted(name) for name in (*ends, "doubt")], run, NOW, settled_before=before)

        assert again("run-2", None) == 0
        assert again("run-2", NOW) == 0  # not older than that
        assert again(RUN, NOW + 1) == 0  # one run never buys a thing twice
        assert again("run-2", NOW + 1) == 2
        assert {row["subject"] for row in rows(ledger, calls) if row["epoch"] == 2} == {"found", "missed"}
        assert again("run-3", NOW + 1) == 0  # planned already

    def test_the_last_purchase_that_is_not_void_decides(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((item,), _) = claim(ledger)
        send(ledger, item)
        tell(ledger, item.request_id, found("ann@x.io"))
        ledger.call(plans.plan, [wanted("ann")], "run-2", NOW, settled_before=NOW + 1)
        ((item,), _) = claim(ledger, run="run-2")
        send(ledger, item)
        answer(ledger, item, State.IN_DOUBT)
        ledger.call(resolve, [call(ledger, "ann").call_id], None, NOW)
        assert plan(ledger, "ann", run="run-3") == 0  # what was answered before it still is
        assert ledger.call(plans.plan, [wanted("ann")], "run-3", NOW, settled_before=NOW + 1) == 1
        assert call(ledger, "ann").epoch == 3

    def test_a_call_that_another_worker_gives_back_is_for_whoever_wanted_it_last(self, ledger: Ledger) -> None:
        plan(ledger, "ann", run="run-1")
        ((item,), _) = claim(ledger, run="run-1")
        plan(ledger, "ann", run="run-2")
        assert send(ledger, item)  # it is still the first one's
        answer(ledger, item, State.PLANNED, event="http_429")
        assert claim(ledger, run="run-1")[0] == []
        assert len(claim(ledger, run="run-2")[0]) == 1


class TestClaiming:
    @given(budget=st.integers(0, 5000), people=st.integers(0, 12), phones=st.integers(0, 6))
    @settings(max_examples=25, deadline=None)
    def test_reservations_never_pass_a_cap(
        self, tmp_path_factory: pytest.TempPathFactory, budget: int, people: int, phones: int
    ) -> None:
        cap = Cap("--budget", Scope.RUN, "credits", budget)
        with new_ledger(tmp_path_factory.mktemp("ledger")) as ledger:
            plan(ledger, *(f"p{n}" for n in range(people)))
            plan(ledger, *(f"p{n}" for n in range(phones)), channel=Channel.PHONE)
            claimed, refused = claim(ledger, [EMAIL_LANE, PHONE_LANE], [cap])
            with ledger.read() as connection:
                used = claims.used(connection, cap, RUN, NOW)
            assert used == sum(row["reserved"] for row in rows(ledger, calls)) <= budget
            everything = people * 600 + phones * 2000
            assert (refused is None) == (everything <= budget)
            if refused is None:
                assert len(claimed) == people + phones
            else:  # nothing that would still have fitted was left out
                left = {row["operation"] for row in rows(ledger, calls) if row["state"] == State.PLANNED}
                cheapest = 600 if "find_email" in left else 2000
                assert used + cheapest > budget

    def test_what_was_settled_counts_by_what_it_cost_at_most(self, ledger: Ledger) -> None:
        cap = Cap("--budget", Scope.RUN, "credits", 1000)
        plan(ledger, "ann", "bob")
        ((first,), refused) = claim(ledger, caps=[cap])
        assert refused == cap  # 600 and 600 are too much
        send(ledger, first)
        tell(ledger, first.request_id, found("ann@x.io", amount=200))
        assert len(claim(ledger, caps=[cap])[0]) == 1

    def test_the_cap_of_a_day_forgets_yesterday_and_no_clock_set_back_helps(self, ledger: Ledger) -> None:
        cap = Cap("day", Scope.DAY, "credits", 600)
        plan(ledger, "ann", "bob", "cid")
        assert len(claim(ledger, caps=[cap])[0]) == 1
        assert claim(ledger, caps=[cap], now=NOW - DAY)[0] == []
        assert len(claim(ledger, caps=[cap], now=NOW + DAY)[0]) == 1
        assert claim(ledger, caps=[cap], now=NOW)[0] == []

    def test_a_clock_that_was_ahead_does_not_hide_what_is_bought_after_it_was_put_right(self, ledger: Ledger) -> None:
        cap = Cap("day", Scope.DAY, "credits", 1200)
        plan(ledger, *(f"p{n}" for n in range(6)))
        one = replace(EMAIL_LANE, most=1)
        assert len(claim(ledger, [one], [cap], now=NOW + 300 * DAY)[0]) == 1
        assert len(claim(ledger, [one], [cap], now=NOW)[0]) == 1
        assert claim(ledger, [one], [cap], now=NOW)[0] == []
        assert len(claim(ledger, [one], [cap], now=NOW + 301 * DAY)[0]) == 1

    def test_the_cap_of_a_month_forgets_the_month_before(self, ledger: Ledger) -> None:
        cap = Cap("month", Scope.MONTH, "credits", 600)
        plan(ledger, "ann", "bob", "cid")
        assert len(claim(ledger, caps=[cap])[0]) == 1  # 2026-09-21
        assert claim(ledger, caps=[cap], now=NOW + 9 * DAY)[0] == []
        assert len(claim(ledger, caps=[cap], now=NOW + 10 * DAY)[0]) == 1

    def test_what_is_bought_while_the_clock_is_behind_counts_when_it_is_put_right(self, ledger: Ledger) -> None:
        cap = Cap("day", Scope.DAY, "credits", 1200)
        plan(ledger, *(f"p{n}" for n in range(6)))
        one = replace(EMAIL_LANE, most=1)
        assert len(claim(ledger, [one], [cap])[0]) == 1
        assert len(claim(ledger, [one], [cap], now=NOW - 3 * DAY)[0]) == 1
        assert claim(ledger, [one], [cap])[0] == []

    def test_caps_of_a_provider_count_its_purchases_alone(self, ledger: Ledger) -> None:
        plan(ledger, "ann", "bob")
        other = Cap("other", Scope.DAY, "credits", 0, "other")
        vendor = Cap("vendor", Scope.DAY, "credits", 600, "vendor")
        claimed, refused = claim(ledger, caps=[other, vendor])
        assert (len(claimed), refused) == (1, vendor)

    def test_a_late_answer_is_booked_past_a_cap_and_then_nothing_more_is_bought(self, ledger: Ledger) -> None:
        plan(ledger, "ann", "bob")
        cap = Cap("--budget", Scope.RUN, "credits", 1200)
        ((item, other), _) = claim(ledger, caps=[cap])
        ledger.call(claims.release, other, OWNER, NOW)
        send(ledger, item)
        answer(ledger, item, State.REJECTED)
        tell(ledger, item.request_id, found("ann@x.io", amount=1300))
        with ledger.read() as connection:
            assert claims.used(connection, cap, RUN, NOW) == 1300
        assert claim(ledger, [replace(EMAIL_LANE, reserve=0)], [cap]) == ([], cap)

    def test_caps_of_another_unit_do_not_count(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        assert len(claim(ledger, caps=[Cap("cents", Scope.RUN, "cents", 0)])[0]) == 1

    def test_the_oldest_goes_first_and_what_must_wait_waits(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        plan(ledger, "bob")
        ((first,), _) = claim(ledger, [replace(EMAIL_LANE, most=1)])
        assert first.parameters[0]["personId"] == "ann"
        send(ledger, first)
        answer(ledger, first, State.PLANNED, event="http_429", delay=30)
        claimed, _ = claim(ledger)
        assert [item.parameters[0]["personId"] for item in claimed] == ["bob"]
        ((again,), _) = claim(ledger, now=NOW + 31_000_000)
        assert (again.parameters[0]["personId"], again.attempts) == ("ann", 2)

    def test_one_request_may_carry_many_calls(self, ledger: Ledger) -> None:
        plan(ledger, *(f"p{n}" for n in range(5)))
        lane = replace(EMAIL_LANE, most=2, batch=2)
        claimed, _ = claim(ledger, [lane])
        assert [len(item.call_ids) for item in claimed] == [2, 2]
        assert send(ledger, claimed[0])
        assert tell(ledger, claimed[0].request_id, found("a@x.io"), MISSED)
        assert {call(ledger, f"p{n}").outcome for n in range(2)} == {"found", "not_found"}


class TestSending:
    def test_a_call_leaves_only_while_it_is_ours(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        ledger.call(claims.take_over, NOW + 61_000_000, all_owners=False)  # the lease ended
        assert send(ledger, claimed) is False
        assert call(ledger, "ann").state == State.PLANNED
        assert rows(ledger, charges) == []

    def test_a_live_lease_is_nobody_elses(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        assert ledger.call(claims.take_over, NOW + 1, all_owners=False) == (0, 0)
        ledger.call(claims.renew, OWNER, NOW + DAY)
        assert ledger.call(claims.take_over, NOW + 61_000_000, all_owners=False) == (0, 0)
        assert send(ledger, claimed)

    def test_a_worker_that_died_leaves_what_was_sent_in_doubt(self, ledger: Ledger) -> None:
        plan(ledger, "ann", "bob")
        (first, _second), _ = claim(ledger)
        send(ledger, first)
        assert ledger.call(claims.take_over, NOW, all_owners=True) == (1, 1)
        assert call(ledger, first.parameters[0]["personId"]).state == State.IN_DOUBT
        assert ledger.call(books.spent)["credits"].most == 600

    def test_what_may_have_been_charged_stands_in_the_books_until_it_is_known(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        assert [(row["kind"], row["amount_min"], row["amount_max"]) for row in rows(ledger, charges)] == [
            ("pool", 0, 600)
        ]
        answer(ledger, claimed, State.PLANNED, event="http_503")
        assert [(row["amount_min"], row["amount_max"]) for row in rows(ledger, charges)] == [(0, 0)]

    def test_a_step_from_a_state_the_call_is_not_in_changes_nothing(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ids = [call(ledger, "ann").call_id]
        for before, after in ((State.RESERVED, State.SENT), (State.ACCEPTED, State.IN_DOUBT)):
            assert ledger.call(move, ids, before, after, "test", NOW, changes={}) == []
        assert call(ledger, "ann").state == State.PLANNED
        with pytest.raises(ValueError, match="cannot go from"):
            ledger.call(move, ids, State.PLANNED, State.SENT, "test", NOW, changes={})

    def test_every_step_is_noted(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        answer(ledger, claimed, State.ACCEPTED)
        tell(ledger, claimed.request_id, MISSED)
        steps = [(row["before"], row["after"]) for row in rows(ledger, transitions)]
        assert steps == [
            (None, "planned"),
            ("planned", "reserved"),
            ("reserved", "sent"),
            ("sent", "accepted"),
            ("accepted", "settled"),
        ]
        assert call(ledger, "ann").version == len(steps)

    def test_another_purchase_of_the_same_thing_that_is_unresolved_is_noticed(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((first,), _) = claim(ledger)
        send(ledger, first)

        def second_epoch(connection: sa.Connection) -> None:
            row = {**dict(call(ledger, "ann")._mapping), "call_id": "second", "epoch": 2, "state": State.PLANNED}
            connection.execute(calls.insert().values(row))

        ledger.call(second_epoch)
        ((second,), _) = claim(ledger)
        with ledger.read() as connection:
            assert submit_answers.earlier_unresolved(connection, second)
        answer(ledger, first, State.REJECTED)
        with ledger.read() as connection:
            assert not submit_answers.earlier_unresolved(connection, second)
