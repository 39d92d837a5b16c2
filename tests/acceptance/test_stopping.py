"""Ctrl-C, SIGTERM, kill -9, two at a time: a run may end at any moment, and the next one goes on."""

from __future__ import annotations

import signal
from collections import Counter

import duckdb
import pytest

from sandbox import Server
from tests.support.project import WITHOUT_LOADING, Finished, Project, finish, wait_until


def _jobs(vendor: Server) -> Counter[tuple[str, str]]:
    return Counter((job["operation"], job["person_id"]) for job in vendor.books()["jobs"])


def _stop_in_the_middle(project: Project, vendor: Server, how: signal.Signals, *arguments: str) -> Finished:
    """Signal a run once thirty calls were acted on, while others are on the wire or waiting."""
    vendor.set_behaviour(latency=0.05, job_seconds=0.2)
    process = project.start("sync", "--json", *arguments)
    wait_until(lambda: vendor.books(summary=True)["totals"]["jobs"] and sum(_jobs(vendor).values()) >= 30, "30 jobs")
    process.send_signal(how)
    return finish(process)


@pytest.mark.parametrize("how", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.thorough)])
def test_a_signal_ends_the_run_in_good_order(project: Project, vendor: Server, how: signal.Signals) -> None:
    done = _stop_in_the_middle(project, vendor, how)
    assert (done.exit_code, done.json["exit_reason"]) == (3, "interrupted"), done.stderr
    assert "Traceback" not in done.stderr
    assert done.json["calls_in_doubt"] == 0  # what was on the wire was waited for
    assert done.json["calls_left"] > 0
    assert project.one("SELECT count(*) FROM crm.calls WHERE state IN ('reserved', 'sent')") == 0
    assert project.one("SELECT count(*) FROM crm.people") > 0
    assert project.sql("SELECT exit_reason FROM crm.runs") == [("interrupted",)]
    rest = project.sync()
    assert rest.exit_code == 0, rest.stderr
    assert max(_jobs(vendor).values()) == 1
    assert project.one("SELECT count(*) FROM crm.calls WHERE state = 'settled'") == 80


def test_a_second_ctrl_c_ends_it_at_once_and_loses_nothing(project: Project, vendor: Server) -> None:
    silent = {"operation": "reveal_email", "fault": "silence_after", "nth": [1]}
    vendor.set_behaviour(faults=[silent], silence_seconds=300)
    process = project.start("sync", "--json")
    wait_until(lambda: sum(_jobs(vendor).values()) >= 1, "a job")
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert any("Stopping" in line for line in process.stderr)  # and waits for the answer that does not come
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert done.exit_code == 3
    assert "Traceback" not in done.stderr
    assert "Run again to go on" in done.stderr
    vendor.set_behaviour(faults=[])
    rest = project.sync(load=False)
    assert rest.exit_code == 0, rest.stderr
    assert max(_jobs(vendor).values()) == 1


@pytest.mark.parametrize("where", ["preparing.destinations.make", "preparing.keep_realm", "sync._Run"])
def test_a_ctrl_c_before_anything_is_bought_is_not_told_as_two(bare: Project, vendor: Server, where: str) -> None:
    module, _, name = where.partition(".")
    early = (
        f"import os, signal\nimport pipelines.{module} as m\n"
        f"def stop(*_, **__):\n    os.kill(os.getpid(), signal.SIGINT)\nm.{name} = stop\n"
    )
    done = bare.run("sync", "--json", prelude=WITHOUT_LOADING + early)
    assert (done.exit_code, done.stdout) == (3, "")
    assert "stopped before it was through. No purchase was on the wire" in done.stderr
    for wrong in ("at once", "in doubt", "Traceback"):
        assert wrong not in done.stderr
    assert vendor.books()["requests"] == []


def test_a_ctrl_c_as_the_run_is_noted_ends_it_in_good_order(bare: Project, vendor: Server) -> None:
    begins = (
        "import os, signal\nfrom enrichment.ledger import runs\n"
        "def start(*given, before=runs.start):\n    before(*given)\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "start.__module__, runs.start = 'test', start\n"
    )
    done = bare.run("sync", "--json", prelude=WITHOUT_LOADING + begins)
    assert (done.exit_code, done.json["exit_reason"]) == (3, "interrupted"), done.stderr
    assert vendor.books()["totals"]["jobs"] == {}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in (1, 2))])
def test_kill_nine_buys_nothing_twice_and_loses_only_what_it_lists(project: Project, vendor: Server, seed: int) -> None:
    vendor.set_behaviour(latency=0.03, job_seconds=0.1)
    process = project.start("sync", "--json")
    least = (5, 25, 55)[seed]
    wait_until(lambda: sum(_jobs(vendor).values()) >= least, f"{least} jobs")
    process.kill()
    finish(process)
    rest = project.sync()
    assert rest.exit_code == 0, rest.stderr
    assert max(_jobs(vendor).values()) == 1
    in_doubt = project.sql("SELECT person_id, operation FROM crm.calls WHERE state = 'in_doubt'")
    assert len(in_doubt) <= 16
    truth = {(p["person_id"], phone["e164"]) for p in vendor.people() for phone in p["phones"]}
    doubtful = {person for person, operation in in_doubt if operation == "reveal_phone"}
    found = set(project.sql("SELECT person_id, number FROM crm.phones"))
    assert {pair for pair in truth if pair[0] not in doubtful} <= found <= truth


def test_two_runs_in_one_folder_never_work_at_once(project: Project, vendor: Server) -> None:
    vendor.set_behaviour(latency=0.2)
    first = project.start("sync", "--json", prelude=WITHOUT_LOADING)
    wait_until(lambda: len(vendor.books()["requests"]) > 0, "the first run works")
    second = project.sync()
    assert second.exit_code == 3
    assert "Another leadsync is at work" in second.stderr
    assert second.stdout == ""
    assert finish(first).exit_code == 0


def test_a_database_open_elsewhere_stops_the_run_before_anything_is_spent(project: Project, vendor: Server) -> None:
    with duckdb.connect(str(project.folder / "leads.duckdb")):
        done = project.sync()
    assert done.exit_code == 1
    assert "open in another program" in done.stderr
    assert "Nothing was bought" in done.stderr
    assert vendor.books()["requests"] == []


def test_a_port_that_is_taken_stops_the_run_before_anything_is_spent(project: Project, vendor: Server) -> None:
    port = int(vendor.url.rsplit(":", 1)[1])
    project.configure(webhook={"port": port})
    done = project.sync()
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert vendor.books()["requests"] == []
