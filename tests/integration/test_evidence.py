"""Evidence in the ledger: what settles a call, what adds to it, what is set aside; and which jobs to ask about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from enrichment.ledger import Ledger, polls
from enrichment.ledger.schema import calls, emails, inbox, phones, requests
from enrichment.states import State
from sources.providers import Via
from tests.support.ledgers import new_ledger
from tests.support.purchases import (
    MISSED,
    NOW,
    RUN,
    answer,
    call,
    claim,
    found,
    found_number,
    plan,
    rows,
    send,
    tell,
)

DAY = 86_400 * 1_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path, "home/ledger.db") as ledger:
        yield ledger


class TestEvidence:
    @pytest.mark.parametrize(
        "state", [State.PLANNED, State.SENT, State.ACCEPTED, State.IN_DOUBT, State.REJECTED, State.VOID]
    )
    def test_it_settles_from_any_state(self, ledger: Ledger, state: State) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        if state is State.VOID:
            answer(ledger, claimed, State.IN_DOUBT)
            ledger.call(lambda connection: connection.execute(calls.update().values(state=State.VOID)))
        elif state is not State.SENT:
            answer(ledger, claimed, state)
        assert call(ledger, "ann").state == state
        assert tell(ledger, claimed.request_id, found("ann@x.io"))
        row = call(ledger, "ann")
        assert (row.state, row.outcome, row.reserved, row.amount_max) == ("settled", "found", 0, 200)
        assert [row["email"] for row in rows(ledger, emails)] == ["ann@x.io"]

    def test_a_document_counts_once(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        assert tell(ledger, claimed.request_id, found("ann@x.io"))
        version = call(ledger, "ann").version
        assert tell(ledger, claimed.request_id, found("ann@x.io")) is None
        assert tell(ledger, claimed.request_id, found("ann@x.io"), via=Via.POLL) is None  # by whatever way
        assert call(ledger, "ann").version == version

    def test_a_second_document_may_add_and_never_takes_away(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        tell(ledger, claimed.request_id, MISSED, body=b"1")
        assert tell(ledger, claimed.request_id, found("ann@x.io"), body=b"2")
        assert tell(ledger, claimed.request_id, MISSED, body=b"3") is False
        assert tell(ledger, claimed.request_id, found("ann@y.io", amount=500), body=b"4")
        row = call(ledger, "ann")
        assert (row.outcome, row.amount_max) == (
            "found",
            500,
        )  # on equal grounds, the larger bounds it
        assert tell(ledger, claimed.request_id, found("ann@z.io", amount=300), body=b"5")
        assert call(ledger, "ann").amount_max == 500
        assert {row["email"] for row in rows(ledger, emails)} == {"ann@x.io", "ann@y.io", "ann@z.io"}

    def test_what_names_somebody_else_is_set_aside(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        assert tell(ledger, claimed.request_id, found("bob@x.io"), foreign=True) is False
        assert call(ledger, "ann").state == State.SENT
        assert rows(ledger, emails) == []
        assert [row["verdict"] for row in rows(ledger, inbox)] == ["quarantined"]

    def test_what_belongs_to_no_request_of_ours_is_kept(self, ledger: Ledger) -> None:
        assert tell(ledger, "unknown", found("bob@x.io"), body=b"kept whole") is False
        assert [(row["verdict"], row["body"]) for row in rows(ledger, inbox)] == [("unmatched", b"kept whole")]

    def test_a_submit_answered_after_the_webhook_only_fills_in_the_tracking_id(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        tell(ledger, claimed.request_id, found("ann@x.io"))
        answer(ledger, claimed, State.ACCEPTED, tracking_id="late")
        assert call(ledger, "ann").state == State.SETTLED
        assert [row["tracking_id"] for row in rows(ledger, requests)] == ["late"]

    def test_a_webhook_for_an_attempt_that_was_refused_stops_the_next_one(self, ledger: Ledger) -> None:
        """The vendor said 429 and acted all the same: what lies ready for a second attempt must not leave."""
        plan(ledger, "ann")
        ((first,), _) = claim(ledger)
        send(ledger, first)
        answer(ledger, first, State.PLANNED, event="http_429")
        ((second,), _) = claim(ledger)
        tell(ledger, first.request_id, found("ann@x.io"))
        assert send(ledger, second) is False
        assert call(ledger, "ann").state == State.SETTLED

    def test_numbers_are_kept_beside_what_they_look_like(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        tell(ledger, claimed.request_id, found_number("+919876543210"))
        assert [(row["number"], row["person_id"]) for row in rows(ledger, phones)] == [("+919876543210", "ann")]


class TestPolling:
    def test_an_accepted_job_is_open_until_it_is_settled(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        assert ledger.look(polls.open_jobs) == []
        answer(ledger, claimed, State.ACCEPTED)
        (job,) = ledger.look(polls.open_jobs)
        assert (job.request_id, job.tracking_id, job.accepted_at, job.doubtful) == (
            claimed.request_id, "t-1", NOW, False,
        )  # fmt: skip
        ledger.call(polls.asked, job.request_id, NOW + 1000, RUN)
        (job,) = ledger.look(polls.open_jobs, [job.request_id, "another"])
        assert (job.polls, job.next_poll_at, job.polled_by) == (1, NOW + 1000, RUN)
        tell(ledger, claimed.request_id, MISSED)
        assert ledger.look(polls.open_jobs) == []
        assert not ledger.look(polls.is_open, job.request_id)

    def test_a_job_given_up_is_in_doubt_and_has_no_next_time(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        answer(ledger, claimed, State.ACCEPTED)
        assert ledger.call(polls.give_up, NOW + 1, NOW + 1) == 1
        assert call(ledger, "ann").state == State.IN_DOUBT
        (job,) = ledger.look(polls.open_jobs)
        assert (job.doubtful, job.next_poll_at, job.polled_by) == (True, None, None)
        ledger.call(polls.asked, job.request_id, NOW + 1, "run-2")
        (job,) = ledger.look(polls.open_jobs)
        assert (job.next_poll_at, job.polled_by) == (None, "run-2")

    def test_a_webhook_before_the_submits_answer_leaves_nothing_to_ask_about(self, ledger: Ledger) -> None:
        plan(ledger, "ann")
        ((claimed,), _) = claim(ledger)
        send(ledger, claimed)
        tell(ledger, claimed.request_id, MISSED)
        answer(ledger, claimed, State.ACCEPTED)
        assert call(ledger, "ann").state == State.SETTLED
        assert ledger.look(polls.open_jobs) == []
