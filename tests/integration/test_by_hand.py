"""Calls in doubt in the ledger: what leads out of doubt, what an operator may say of them, and evidence after that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from enrichment.caps import Cap, Scope
from enrichment.ledger import Ledger, claims, plans, polls
from enrichment.ledger.by_hand import Resolved, resolve
from enrichment.ledger.claims import Claimed
from enrichment.ledger.deliveries import deliver
from enrichment.ledger.listing import Chosen, listed, named, totals
from enrichment.ledger.owed import owed_calls, owed_credit_spend, owed_emails
from enrichment.ledger.schema import calls, charges, emails, requests, transitions
from enrichment.settlement import Settlement
from enrichment.states import State
from sources.providers import Basis, Charge, Outcome
from tests.support.ledgers import new_ledger
from tests.support.purchases import MISSED, NOW, answer, call, claim, found, plan, rows, send, tell, wanted

DAY = 86_400 * 1_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path, "home/ledger.db") as ledger:
        yield ledger


def doubtful(ledger: Ledger, *people: str, tracking_id: str | None = None) -> list[Claimed]:
    """Calls of these people, in doubt; their requests."""
    plan(ledger, *people)
    claimed, _ = claim(ledger)
    for item in claimed:
        send(ledger, item)
        answer(ledger, item, State.IN_DOUBT, event="lost:ReadTimeout", tracking_id=tracking_id)
    return claimed


def by_hand(ledger: Ledger, amount: int | None, *people: str) -> list[Resolved]:
    ids = [call(ledger, person).call_id for person in people]
    return ledger.call(resolve, ids, amount, NOW + DAY)


def lines(ledger: Ledger, call_id: str | None = None) -> Sequence[tuple[str, int, int, str]]:
    return [
        (row["kind"], row["amount_min"], row["amount_max"], row["basis"])
        for row in rows(ledger, charges)
        if call_id in (None, row["call_id"])
    ]


class TestVoid:
    def test_it_frees_what_was_held_and_is_noted(self, ledger: Ledger) -> None:
        doubtful(ledger, "ann")
        version = call(ledger, "ann").version
        (done,) = by_hand(ledger, None, "ann")
        ann = call(ledger, "ann")
        assert (done.done, done.state, done.event) == (True, State.VOID, "by_hand")
        assert (ann.state, ann.reserved, ann.amount_max, ann.outcome) == ("void", 0, 0, None)
        assert ann.version == version + 1
        assert "by hand" in ann.note
        assert lines(ledger) == [("pool", 0, 0, Basis.REPORTED)]
        last = rows(ledger, transitions)[-1]
        assert (last["before"], last["after"], last["event"], last["at"]) == ("in_doubt", "void", "by_hand", NOW + DAY)
        with ledger.read() as connection:
            cap = Cap("day", Scope.DAY, "credits", 600)
            assert claims.used(connection, cap, "", NOW) == 0

    def test_the_next_run_buys_it_as_another_purchase(self, ledger: Ledger) -> None:
        doubtful(ledger, "ann")
        by_hand(ledger, None, "ann")
        assert plan(ledger, "ann", run="run-2") == 1
        assert (call(ledger, "ann").epoch, call(ledger, "ann").state) == (2, "planned")
        assert plan(ledger, "ann", run="run-3") == 0

    def test_evidence_that_comes_after_all_counts_for_both_purchases(self, ledger: Ledger) -> None:
        (first,) = doubtful(ledger, "ann")
        by_hand(ledger, None, "ann")
        plan(ledger, "ann", run="run-2")
        ((second,), _) = claim(ledger, run="run-2")
        send(ledger, second)
        assert tell(ledger, first.request_id, found("ann@x.io", amount=300), body=b"1")
        assert tell(ledger, second.request_id, found("ann@x.io", amount=400), body=b"2")
        assert [(row["epoch"], row["state"], row["amount_max"]) for row in rows(ledger, calls)] == [
            (1, "settled", 300), (2, "settled", 400),
        ]  # fmt: skip
        assert sum(most for _, _, most, _ in lines(ledger)) == 700

    @pytest.mark.parametrize("reserved", [False, True])
    def test_what_has_not_left_by_then_is_not_bought(self, ledger: Ledger, reserved: bool) -> None:
        (first,) = doubtful(ledger, "ann")
        by_hand(ledger, None, "ann")
        plan(ledger, "ann", run="run-2")
        second = claim(ledger, run="run-2")[0] if reserved else []
        assert tell(ledger, first.request_id, found("ann@x.io"))
        assert [(row["epoch"], row["state"]) for row in rows(ledger, calls)] == [(1, "settled"), (2, "void")]
        assert not any(send(ledger, item) for item in second)
        assert claim(ledger, run="run-2") == ([], None)
        assert plan(ledger, "ann", run="run-3") == 0  # the answer that came counts, not the void one after it

    def test_an_end_without_an_answer_leaves_the_new_purchase_alone(self, ledger: Ledger) -> None:
        (first,) = doubtful(ledger, "ann")
        by_hand(ledger, None, "ann")
        plan(ledger, "ann", run="run-2")
        tell(ledger, first.request_id, Settlement(Outcome.FAILED, charges=(Charge("pool", 0, 600, Basis.BOUNDED),)))
        assert len(claim(ledger, run="run-2")[0]) == 1


class TestSettled:
    def test_it_is_charged_and_not_bought_again(self, ledger: Ledger) -> None:
        doubtful(ledger, "ann")
        (done,) = by_hand(ledger, 450, "ann")
        ann = call(ledger, "ann")
        assert (done.done, done.state) == (True, State.SETTLED)
        assert (ann.outcome, ann.reserved, ann.amount_min, ann.amount_max) == ("unreadable", 0, 450, 450)
        assert (ann.basis, ann.note, ann.settled_at) == (Basis.REPORTED, "resolved by hand", NOW + DAY)
        assert lines(ledger) == [("pool", 450, 450, Basis.REPORTED)]
        assert plan(ledger, "ann", run="run-2") == 0
        with ledger.read() as connection:  # it counts on the day it was reserved
            assert claims.used(connection, Cap("day", Scope.DAY, "credits", 0), "", NOW) == 450

    def test_charged_nothing_is_an_end_all_the_same(self, ledger: Ledger) -> None:
        doubtful(ledger, "ann")
        by_hand(ledger, 0, "ann")
        assert (call(ledger, "ann").outcome, call(ledger, "ann").amount_max) == ("unreadable", 0)
        assert plan(ledger, "ann", run="run-2") == 0

    @pytest.mark.parametrize(
        ("amount", "told", "outcome", "booked"),
        [
            (450, found("ann@x.io", amount=200), "found", 200),
            (450, MISSED, "not_found", 0),
            (0, found("ann@x.io", amount=200), "found", 200),
            (0, MISSED, "not_found", 0),
            (0, Settlement(Outcome.FAILED, charges=(Charge("pool", 0, 600, Basis.BOUNDED),)), "failed", 600),
            (9_900, found("ann@x.io", amount=200), "found", 200),
            # a price list's range does not outrank what the operator saw, as long as that lies within it
            (450, Settlement(Outcome.FOUND, charges=(Charge("pool", 100, 600, Basis.BOUNDED),)), "found", 450),
            (9_900, Settlement(Outcome.FOUND, charges=(Charge("pool", 100, 600, Basis.BOUNDED),)), "found", 600),
            (0, Settlement(Outcome.FOUND, charges=(Charge("pool", 100, 600, Basis.BOUNDED),)), "found", 600),
        ],
    )
    def test_evidence_that_still_comes_says_it_better(
        self, ledger: Ledger, amount: int, told: Settlement, outcome: str, booked: int
    ) -> None:
        (item,) = doubtful(ledger, "ann")
        by_hand(ledger, amount, "ann")
        assert tell(ledger, item.request_id, told)
        ann = call(ledger, "ann")
        assert (ann.state, ann.outcome, ann.amount_max) == ("settled", outcome, booked)
        assert sum(most for _, _, most, _ in lines(ledger)) == booked

    def test_a_plan_of_two_kinds_has_the_amount_on_one(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((item,), _) = claim(ledger)
        worst = [Charge("unlock", 0, 100, Basis.BOUNDED), Charge("export", 0, 100, Basis.BOUNDED)]
        ledger.call(claims.mark_sent, item, worst, "worker-1", NOW)
        answer(ledger, item, State.IN_DOUBT)
        by_hand(ledger, 200, "ann")
        assert sorted(lines(ledger)) == [("export", 0, 0, Basis.DOCUMENTED), ("unlock", 200, 200, Basis.REPORTED)]


class TestOnlyFromDoubt:
    @pytest.mark.parametrize(
        "state", [State.PLANNED, State.RESERVED, State.SENT, State.ACCEPTED, State.SETTLED, State.REJECTED, State.VOID]
    )
    @pytest.mark.parametrize("amount", [None, 100])
    def test_a_call_in_another_state_stays_as_it_is(self, ledger: Ledger, state: State, amount: int | None) -> None:
        if state is State.VOID:
            doubtful(ledger, "ann")
            by_hand(ledger, None, "ann")
        else:
            plan(ledger, "ann")
            ((item,), _) = claim(ledger)
            if state not in (State.PLANNED, State.RESERVED):
                send(ledger, item)
            if state in (State.ACCEPTED, State.REJECTED):
                answer(ledger, item, state)
            if state is State.SETTLED:
                tell(ledger, item.request_id, MISSED)
            if state is State.PLANNED:
                ledger.call(claims.release, item, "worker-1", NOW)
        before = (call(ledger, "ann"), rows(ledger, charges), rows(ledger, transitions))
        assert before[0].state == state
        (done,) = by_hand(ledger, amount, "ann")
        assert (done.done, done.state) == (False, state)
        assert (call(ledger, "ann"), rows(ledger, charges), rows(ledger, transitions)) == before

    def test_who_is_faster_is_told(self, ledger: Ledger) -> None:
        (ann, _) = doubtful(ledger, "ann", "bob")
        tell(ledger, ann.request_id, found("ann@x.io"))
        first, second = by_hand(ledger, None, "ann", "bob")
        assert (first.done, first.state, first.event) == (False, State.SETTLED, "evidence:webhook")
        assert (second.done, second.state) == (True, State.VOID)
        assert [row["email"] for row in rows(ledger, emails)] == ["ann@x.io"]


class TestOutOfDoubt:
    """in_doubt -> settled | void: by webhook and by poll (test_evidence), by hand (above), and never by a restart."""

    def test_a_restart_leaves_it_in_doubt_and_sends_nothing(self, ledger: Ledger) -> None:
        doubtful(ledger, "ann")
        assert ledger.call(claims.take_over, NOW + 9 * DAY, all_owners=True) == (0, 0)
        assert plan(ledger, "ann", run="run-2") == 0
        assert claim(ledger, run="run-2", now=NOW + 9 * DAY) == ([], None)
        assert (call(ledger, "ann").state, call(ledger, "ann").reserved) == ("in_doubt", 600)

    def test_with_a_tracking_id_it_is_asked_about_until_it_is_resolved(self, ledger: Ledger) -> None:
        doubtful(ledger, "ann", "bob", tracking_id="t")
        assert len(ledger.look(polls.open_jobs)) == 2
        by_hand(ledger, None, "ann")
        by_hand(ledger, 100, "bob")
        assert ledger.look(polls.open_jobs) == []
        assert {row["open"] for row in rows(ledger, requests)} == {0}

    def test_an_accepted_job_outlives_any_number_of_restarts(self, ledger: Ledger, tmp_path: Path) -> None:
        plan(ledger, "ann")
        ((item,), _) = claim(ledger)
        send(ledger, item)
        answer(ledger, item, State.ACCEPTED, tracking_id="job-7")
        ledger.close()
        for run in ("run-2", "run-3"):
            with new_ledger(tmp_path, "home/ledger.db") as again:
                again.call(claims.take_over, NOW + 1, all_owners=True)
                (job,) = again.look(polls.open_jobs)
                assert (job.tracking_id, job.request_id) == ("job-7", item.request_id)
                again.call(polls.asked, job.request_id, NOW + DAY, run)
                assert call(again, "ann").state == "accepted"


class TestDelivery:
    def test_what_was_resolved_is_owed_anew(self, ledger: Ledger) -> None:
        doubtful(ledger, "ann", "bob")
        with ledger.read() as connection:
            given = [owed_calls(connection, "sink")[1], owed_credit_spend(connection, "sink")[1]]
        ledger.call(deliver, "sink", given, "load")
        by_hand(ledger, None, "ann")
        by_hand(ledger, 450, "bob")
        with ledger.read() as connection:
            owed, spend = owed_calls(connection, "sink")[0], owed_credit_spend(connection, "sink")[0]
        assert {(row["subject"], row["state"], row["note"]) for row in owed} == {
            ("ann", "void", "resolved by hand: nothing was bought"), ("bob", "settled", "resolved by hand"),
        }  # fmt: skip
        assert sorted(row["amount_max"] for row in spend) == [0, 450]


class TestBuyingAnew:
    def test_addresses_that_a_later_purchase_lacks_are_owed_as_former(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((item,), _) = claim(ledger)
        send(ledger, item)
        tell(ledger, item.request_id, found("old@x.io", "both@x.io"))
        with ledger.read() as connection:
            given, noted = owed_emails(connection, "sink")
        assert {(row["email"], row["former"]) for row in given} == {("old@x.io", False), ("both@x.io", False)}
        ledger.call(deliver, "sink", [noted], "load")
        with ledger.read() as connection:
            assert owed_emails(connection, "sink")[0] == []
        ledger.call(plans.plan, [wanted("ann")], "run-2", NOW, settled_before=NOW + 1)
        ((again,), _) = claim(ledger, run="run-2")
        send(ledger, again)
        tell(ledger, again.request_id, found("new@x.io", "both@x.io"), body=b"2")
        with ledger.read() as connection:
            given, noted = owed_emails(connection, "sink")
        assert {(row["email"], row["former"]) for row in given} == {
            ("old@x.io", True), ("both@x.io", False), ("new@x.io", False),
        }  # fmt: skip
        ledger.call(deliver, "sink", [noted], "load")
        with ledger.read() as connection:
            assert owed_emails(connection, "sink")[0] == []


class TestListing:
    def test_by_state_person_and_search_with_what_is_at_risk_in_all(self, ledger: Ledger) -> None:
        doubtful(ledger, "ann", "bob")
        plan(ledger, "cid")
        with ledger.read() as connection:
            chosen = Chosen([State.IN_DOUBT])
            assert len(listed(connection, chosen, 1)) == 1
            assert totals(connection, chosen) == (2, {"credits": 1200})
            assert totals(connection, Chosen()) == (3, {"credits": 1200})
            assert [row.person_id for row in listed(connection, Chosen(person_id="bob"), 9)] == ["bob"]
            assert len(listed(connection, Chosen(search="a search"), 9)) == 3
            assert listed(connection, Chosen(search="another"), 9) == []

    def test_a_call_is_named_by_its_id_or_a_part_of_it_that_no_other_has(self, ledger: Ledger) -> None:
        doubtful(ledger, "ann", "bob")
        ann = call(ledger, "ann").call_id
        with ledger.read() as connection:
            assert [row.call_id for row in named(connection, ann, 5)] == [ann]
            assert [row.call_id for row in named(connection, ann[-10:], 5)] == [ann]
            assert len(named(connection, ann[:4], 5)) == 2
            assert named(connection, "%", 5) == []
