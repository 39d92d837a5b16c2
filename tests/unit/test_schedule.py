"""Which jobs to ask about, and when: simulated runs of a schedule."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichment import posting as posting_module
from enrichment import schedule as schedule_module
from enrichment.durations import Durations, End
from enrichment.posting import Posting, Webhooks
from enrichment.schedule import DOUBLE, JITTER, LONGEST_PAUSE, MOST_AT_A_TIME, Job, Schedule
from tests.support.simulated_jobs import NEVER, Outcome, Simulation, Takes, between, fixed, lognormal, some

KINDS: list[tuple[str, Takes]] = [
    ("0.2", fixed(0.2)),
    ("2", fixed(2.0)),
    ("1 to 4", between(1.0, 4.0)),
    ("8", fixed(8.0)),
    ("5 to 30", between(5.0, 30.0)),
]
takes = st.sampled_from([kind for _, kind in KINDS] + [lognormal(20.0, 0.7), some(0.1, fixed(NEVER), fixed(3.0))])
simulations = st.builds(
    Simulation,
    jobs=st.integers(1, 60),
    takes=takes,
    rate=st.sampled_from([0.2, 5.0, 200.0]),
    interval=st.sampled_from([0.05, 0.5, 5.0, 60.0]),
    grace=st.sampled_from([0.5, 5.0]),
    webhooks=st.sampled_from([None, fixed(0.0), fixed(3.0), between(1.0, 20.0), fixed(NEVER)]),
    seed=st.integers(0, 1000),
    until=st.just(100_000.0),
    polls_a_second=st.sampled_from([2.0, 100.0]),
)


def schedule(durations: Durations | None = None, interval: float = 5.0, grace: float = 5.0) -> Schedule:
    return Schedule(durations or Durations(), interval=interval, grace=grace, dice=random.Random(1))


def with_jobs(count: int, durations: Durations | None = None, **settings: float) -> Schedule:
    made = schedule(durations, **settings)
    for number in range(count):
        made.add(Job(str(number), str(number), 0.0))
    return made


def known(by: float, count: int = 30, after: float = 0.0) -> Durations:
    return Durations([End(after, by)] * count)


@given(simulations)
@settings(max_examples=200, deadline=None)
def test_every_result_is_collected_and_no_job_is_asked_again_without_a_longer_pause(simulation: Simulation) -> None:
    outcome = simulation.run()
    ended = [job for job, _, ended in outcome.asked if ended]
    assert len(ended) == len(set(ended))  # never asked again once it had ended
    assert outcome.late.keys() == {job for job, end in outcome.ends.items() if end < NEVER}
    for pauses in outcome.pauses.values():
        assert all(after >= before / (1 + JITTER) for before, after in itertools.pairwise(pauses))
        assert max(pauses) <= LONGEST_PAUSE * (1 + JITTER)
    by_job: dict[int, list[float]] = {}
    for job, age, _ in outcome.asked:
        by_job.setdefault(job, []).append(age)
    for job, ages in by_job.items():
        for (before, after), pause in zip(itertools.pairwise(ages), outcome.pauses.get(job, []), strict=False):
            assert after - before >= pause - 1 / simulation.polls_a_second * simulation.jobs


def test_what_takes_longer_is_asked_less_and_less() -> None:
    outcome = Simulation(jobs=1, takes=fixed(NEVER), until=86_400.0).run()
    assert len(outcome.asked) < 40  # in a whole day
    assert LONGEST_PAUSE <= max(outcome.pauses[0]) <= LONGEST_PAUSE * (1 + JITTER)


def test_a_pause_is_never_shorter_than_the_one_before() -> None:
    """Who took longer than 10 s was known to take 60: that long is waited. From then on only longer."""
    made = with_jobs(1, Durations([End(0.0, 10.0)] * 90 + [End(10.0, 60.0)] * 3))
    (job,) = made.due(10.0, 1, Posting.ABSENT)
    made.missed(job, 10.0, Posting.ABSENT)
    assert 60.0 <= job.again <= 66.0
    (job,) = made.due(job.again, 1, Posting.ABSENT)
    asked = job.again
    made.missed(job, asked, Posting.ABSENT)
    assert job.again - asked >= 50.0


class TestWhileNothingIsKnown:
    def test_one_job_is_asked_at_ages_that_double_and_each_time_another(self) -> None:
        made = with_jobs(5)
        assert made.due(4.9, 16, Posting.ABSENT) == []
        at, asked = 0.0, []
        for _ in range(4):
            at = made.next_at(Posting.ABSENT)
            (job,) = made.due(at, 16, Posting.ABSENT)
            assert made.due(at, 16, Posting.ABSENT) == []  # the others wait for what it says
            asked.append((job.request_id, at))
            made.missed(job, at, Posting.ABSENT)
        assert [at for _, at in asked] == [5.0, 10.0, 20.0, 40.0]
        assert len({name for name, _ in asked}) == 4
        assert DOUBLE == 2.0

    def test_the_end_of_one_moves_the_others_to_its_age(self) -> None:
        made = with_jobs(5)
        (job,) = made.due(5.0, 16, Posting.ABSENT)
        made.missed(job, 5.0, Posting.ABSENT)
        (job,) = made.due(10.0, 16, Posting.ABSENT)
        made.ended(job, 10.0, 10.1)
        late = Job("late", "late", 7.0)
        made.add(late)
        (job,) = made.due(10.2, 16, Posting.ABSENT)  # one at a time, while little is known
        assert job.request_id != "late"
        made.ended(job, 10.2, 10.3)
        assert made.next_at(Posting.ABSENT) <= 10.3

    def test_with_webhooks_single_jobs_are_asked_after_the_grace(self) -> None:
        made = with_jobs(5, grace=7.0)
        assert made.next_at(Posting.EXPECTED) == 7.0
        assert made.due(7.0, 16, Posting.SUSPECT) == []
        assert made.next_at(Posting.SUSPECT) == NEVER
        assert len(made.due(7.0, 16, Posting.EXPECTED)) == 1

    def test_with_webhooks_still_to_come_one_is_asked_at_a_time_though_ends_are_known(self) -> None:
        made = with_jobs(5, known(10.0), grace=7.0)
        assert made.next_at(Posting.EXPECTED) == 17.0
        assert len(made.due(17.0, 16, Posting.EXPECTED)) == 1
        assert made.due(17.0, 16, Posting.EXPECTED) == []
        assert made.next_at(Posting.EXPECTED) == NEVER

    def test_what_an_earlier_run_saw_unfinished_is_not_tried_again(self) -> None:
        made = with_jobs(5, Durations(unfinished=300.0))
        assert made.next_at(Posting.ABSENT) == 600.0
        assert made.worth_asking(299.0) == ([], [])
        assert len(made.worth_asking(301.0)[0]) == 5


class TestOnceItIsKnown:
    def test_jobs_are_asked_at_the_usual_age_and_a_few_earlier(self) -> None:
        made = with_jobs(16, known(10.0))
        early = made.durations.early
        assert early == 5.0
        assert [job.request_id for job in made.due(9.9, 16, Posting.ABSENT)] == ["7", "15"]
        assert len(made.due(10.0, 16, Posting.ABSENT)) == 14

    def test_webhooks_are_waited_for_as_long_as_the_longest_took_and_a_grace(self) -> None:
        made = with_jobs(3, known(10.0, after=10.0), grace=4.0)
        assert made.due(13.9, 16, Posting.EXPECTED) == []
        assert len(made.due(14.0, 16, Posting.EXPECTED)) == 3

    def test_webhooks_that_proved_absent_are_not_waited_for(self) -> None:
        made = with_jobs(3, known(10.0, after=10.0), grace=4.0)
        assert len(made.due(10.0, 16, Posting.ABSENT)) == 3

    def test_no_more_than_there_is_room_for(self) -> None:
        made = with_jobs(100, known(10.0))
        assert len(made.due(20.0, 5, Posting.ABSENT)) == 5
        assert len(made.due(20.0, 100, Posting.ABSENT)) == MOST_AT_A_TIME - 5
        assert made.due(20.0, 0, Posting.ABSENT) == []

    def test_a_job_that_waited_for_the_rate_limits_teaches_nothing(self) -> None:
        made = with_jobs(1, known(10.0))
        (job,) = made.due(10.0, 16, Posting.ABSENT)
        made.ended(job, 10.0, 40.0)
        assert made.durations.known == 30

    def test_a_job_of_an_earlier_run_teaches_nothing(self) -> None:
        made = schedule()
        made.add(Job("old", "old", -3600.0, fresh=False))
        (job,) = made.due(0.0, 16, Posting.ABSENT)
        made.ended(job, 0.0, 0.1)
        made.ask(old := Job("older", "older", -7200.0, fresh=False))
        made.ended(old, 0.0, 0.1)
        assert made.durations.usual is None

    def test_a_webhook_ends_a_job_wherever_it_stands(self) -> None:
        made = with_jobs(9, known(10.0))
        (under_way,) = made.due(11.0, 1, Posting.ABSENT)
        (asked,) = made.due(11.0, 1, Posting.ABSENT)
        made.missed(asked, 11.0, Posting.ABSENT)
        for name in (under_way.request_id, asked.request_id, "7", "8"):
            made.posted(name, 12.0)
        assert (made.under_way, len(made)) == (0, 5)
        assert made.durations.known == 34


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[name for name, _ in KINDS])
@pytest.mark.parametrize("interval", [0.5, 5.0, 30.0])
def test_polling_alone_takes_hardly_more_than_a_poll_an_answer(name: str, kind: Takes, interval: float) -> None:
    outcomes = [Simulation(jobs=150, takes=kind, interval=interval, seed=seed).run() for seed in range(4)]
    assert all(len(outcome.late) == 150 for outcome in outcomes)
    assert max(outcome.polls_an_answer for outcome in outcomes) <= 1.2


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[name for name, _ in KINDS])
@pytest.mark.parametrize("delay", [fixed(0.0), fixed(1.0), between(3.0, 9.0), fixed(12.0)], ids=["0", "1", "3-9", "12"])
def test_with_webhooks_hardly_anybody_is_asked(name: str, kind: Takes, delay: Takes) -> None:
    outcome = Simulation(jobs=300, takes=kind, webhooks=delay).run()
    assert len(outcome.late) == 300
    assert outcome.polls_an_answer <= 0.02


def test_lost_webhooks_are_polled_for_and_hardly_any_other() -> None:
    outcome = Simulation(jobs=500, takes=between(1.0, 4.0), webhooks=some(0.05, fixed(NEVER), fixed(1.0))).run()
    assert len(outcome.late) == 500
    assert outcome.polls_an_answer <= 0.09
    assert outcome.lateness(1.0) <= 12.0


def test_absent_webhooks_cost_a_while_and_no_calls() -> None:
    outcome = Simulation(jobs=200, takes=fixed(2.0), receiving=True).run()
    assert len(outcome.late) == 200
    assert outcome.polls_an_answer <= 1.05
    assert outcome.asked[posting_module.ABSENT_AFTER][1] >= posting_module.LATE * 5.0 * 0.9


def test_a_warm_start_asks_nobody_too_early() -> None:
    first: Outcome = Simulation(jobs=100, takes=fixed(480.0)).run()
    outcome = Simulation(jobs=100, takes=fixed(480.0), durations=Durations.from_json(first.durations.as_json())).run()
    assert outcome.polls_an_answer <= 1.06


class TestBeforeARunEnds:
    def test_those_never_asked_come_oldest_first_and_those_asked_a_moment_ago_not_at_all(self) -> None:
        made = with_jobs(4, known(10.0))
        made.add(Job("young", "young", 5.0))
        (first, second) = made.due(10.0, 2, Posting.ABSENT)
        for job in (first, second):
            made.missed(job, 10.0, Posting.ABSENT)
        never, asked = made.worth_asking(10.5)
        assert [job.request_id for job in never] == ["2", "3", "young"]
        assert asked == []
        assert made.worth_asking(10.0 + first.pause / 2)[1] == [first, second]


class TestWebhooks:
    def test_where_nobody_listens_they_are_absent(self) -> None:
        assert Webhooks(receiving=False, grace=5.0).posting(0.0) is Posting.ABSENT

    def test_results_that_had_to_be_fetched_make_them_suspect_then_absent(self) -> None:
        webhooks = Webhooks(receiving=True, grace=5.0)
        for at in (10.0, 11.0, 12.0):
            assert webhooks.posting(at) is Posting.EXPECTED
            webhooks.fetched(at)
        assert webhooks.posting(12.0) is Posting.SUSPECT
        assert webhooks.judged_at(12.0) == 30.0
        assert webhooks.posting(29.9) is Posting.SUSPECT
        assert webhooks.posting(30.0) is Posting.ABSENT
        assert webhooks.judged_at(30.0) == NEVER

    def test_the_first_that_comes_restores_trust_which_then_is_lost_less_easily(self) -> None:
        webhooks = Webhooks(receiving=True, grace=5.0)
        for _ in range(3):
            webhooks.fetched(10.0)
        assert webhooks.posting(100.0) is Posting.ABSENT
        webhooks.came()
        for _ in range(19):
            webhooks.fetched(100.0)
        assert webhooks.posting(1000.0) is Posting.EXPECTED
        webhooks.fetched(100.0)
        assert webhooks.posting(1000.0) is Posting.ABSENT


def test_the_least_pause_is_the_poll_interval_where_that_is_short() -> None:
    for interval, least in ((0.1, 0.1), (5.0, schedule_module.LEAST_PAUSE)):
        made = with_jobs(1, known(0.01), interval=interval)
        (job,) = made.due(0.02, 1, Posting.ABSENT)
        made.missed(job, 0.02, Posting.ABSENT)
        assert least <= job.again - 0.02 <= least * (1 + JITTER)
