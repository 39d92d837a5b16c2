"""A clock that is set back and forth between runs: caps hold, nothing is bought twice, and nothing waits for ever."""

from __future__ import annotations

import pytest

from sandbox import Server
from tests.support.project import Project
from tests.support.wrong_clock import DAY, SHIFTED

pytestmark = pytest.mark.thorough  # tests/integration/test_wrong_clock.py shows each part of it


@pytest.mark.parametrize("ahead", [-40 * DAY, -DAY, -3600.0])
def test_a_clock_that_was_set_back_frees_no_cap_of_the_day(project: Project, vendor: Server, ahead: float) -> None:
    project.configure(enrichment={"max_credits_per_day": 100})
    runs = [project.run("sync", "--json", prelude=SHIFTED.format(ahead=by)) for by in (0.0, ahead, 0.0)]
    assert [run.json["exit_reason"] for run in runs] == ["cap"] * 3, [run.stderr for run in runs]
    assert sum(charge["amount"] for charge in project.charges()) <= 100 * 100
    times = [row[0] for row in project.sql("SELECT started_at FROM crm.runs ORDER BY run_id")]
    assert times == sorted(times)


@pytest.mark.parametrize("ahead", [DAY, 400 * DAY])
def test_what_a_clock_that_was_ahead_left_is_collected_and_bought_by_the_next_run(
    project: Project, vendor: Server, ahead: float
) -> None:
    vendor.set_behaviour(webhook=False, job_seconds=3.0)
    project.configure(webhook={"mode": "poll"}, enrichment={"poll_interval": 0.2, "max_credits_per_run": 300})
    first = project.run("sync", "--json", "--wait", "1s", prelude=SHIFTED.format(ahead=ahead))
    assert first.json["calls_outstanding"] > 0, first.stderr
    project.configure(webhook={"mode": "poll"}, enrichment={"poll_interval": 0.2})
    vendor.set_behaviour(job_seconds=0.05)
    second = project.sync()
    assert (second.exit_code, second.json["calls_outstanding"]) == (0, 0), second.stderr
    jobs = [(job["operation"], job["person_id"]) for job in vendor.books()["jobs"]]
    assert len(jobs) == len(set(jobs)) == 80
    assert project.one("SELECT count(*) FROM crm.calls WHERE state = 'settled'") == 80
