"""`leadsync serve` in a process of its own: what comes while no sync runs, beside one, and whatever is killed."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import socket
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from enrichment.capability import Capability
from enrichment.inbox import inbox_path, waiting_in
from sandbox import Server
from tests.support.forked import Forked
from tests.support.project import WITHOUT_LOADING, Project, finish, wait_until
from tests.support.receiving import path_of, post

KEY = "a key of this test alone"
CAPABILITY = Capability(KEY)
#: kill -9 as the thirtieth call is about to leave, with fifteen others on the wire
KILLED_AT_30 = """
import itertools, os, signal, sources.crashpoints
sent = itertools.count(1)
def look(moment):
    if moment == "ledger.after:claims.mark_sent" and next(sent) == 30:
        os.kill(os.getpid(), signal.SIGKILL)
sources.crashpoints.arm(look)
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def project(bare: Project, port: int) -> Project:
    bare.configure(webhook={"port": port}, enrichment={"webhook_grace": 20})
    bare.env["WEBHOOK__SIGNING_KEY"] = KEY
    return bare


Serve = Callable[..., Forked]


@pytest.fixture
def serve(project: Project) -> Iterator[Serve]:
    """`leadsync serve --json`, once it has said something; whatever comes of the test, none is left behind."""
    started: list[Forked] = []

    def begin(prelude: str = "", until: str = "Listening on ") -> Forked:
        process = project.start("serve", "--json", prelude=prelude)
        started.append(process)
        said = ""
        for line in process.stderr:
            said += line
            if until in line:
                return process
            if "Listening on " in line:
                break
        raise AssertionError(f"it never said {until!r}, but {said!r}")

    yield begin
    for process in started:
        if process.returncode is None:
            process.kill()
            finish(process)


def stop(process: Forked, how: signal.Signals = signal.SIGTERM) -> dict[str, Any]:
    """End it in good order; what it printed."""
    process.send_signal(how)
    done = finish(process)
    assert (done.exit_code, "Traceback" in done.stderr) == (0, False), done.stderr
    assert "Stopped: " in done.stderr
    return done.json


def ledger_of(project: Project) -> Path:
    return project.folder / ".leadsync" / "ledger.db"


def waiting(project: Project) -> int:
    return waiting_in(inbox_path(ledger_of(project)))


def books(project: Project, query: str) -> list[tuple[Any, ...]]:
    """Rows of the ledger."""
    with closing(sqlite3.connect(ledger_of(project))) as ledger:
        return ledger.execute(query).fetchall()


def jobs(vendor: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = vendor.books()["jobs"]
    return found


def acted(vendor: Server) -> int:
    """How many jobs there are, by the sums: cheaper to ask for again and again."""
    return sum(sum(counts.values()) for counts in vendor.books(summary=True)["totals"]["jobs"].values())


def all_posted(vendor: Server) -> bool:
    return int(vendor.books(summary=True)["totals"]["webhooks"]["accepted"]) == acted(vendor)


def polls(vendor: Server) -> int:
    return sum(request["operation"] == "track" for request in vendor.books()["requests"])


def test_what_comes_while_no_sync_runs_settles_in_the_next_one_without_a_poll(
    project: Project, serve: Serve, vendor: Server
) -> None:
    """A sync is killed with jobs under way; serve stays up, hears of them, and nothing is in doubt that ever ran."""
    service = serve()
    vendor.set_behaviour(latency=0.03, job_seconds=1.0)
    killed = project.run("sync", "--json", prelude=WITHOUT_LOADING + KILLED_AT_30)
    assert killed.exit_code == -signal.SIGKILL
    wait_until(lambda: all_posted(vendor), "all webhooks")
    heard = {job["tracking_id"] for job in jobs(vendor)}
    assert 0 < waiting(project) <= len(heard)  # those that came before the kill may have been carried over
    status = project.run("status", "--json").json
    assert status["documents_waiting"] == waiting(project)
    assert status["calls"]["settled"] < len(heard)
    vendor.set_behaviour(job_seconds=0.05)
    no_grace = "import enrichment.engine\nenrichment.engine.IN_DOUBT_GRACE = 0.1\n"  # for what never arrived
    done = project.run("sync", "--json", prelude=WITHOUT_LOADING + no_grace)
    assert done.exit_code == 0, done.stderr
    assert polls(vendor) == 0
    assert waiting(project) == 0
    assert max(Counter((job["operation"], job["person_id"]) for job in jobs(vendor)).values()) == 1
    ran = {(job["operation"], job["person_id"]) for job in jobs(vendor)}
    states = dict(books(project, "SELECT operation || ' ' || person_id, state FROM calls"))
    assert {states[" ".join(job)] for job in ran} == {"settled"}
    assert {state for job, state in states.items() if tuple(job.split()) not in ran} <= {"in_doubt"}  # never arrived
    told = stop(service)
    assert told["kept"] == len(ran)  # beside the second sync, too, serve heard everything
    assert (told["waiting"], told["exit_code"]) == (0, 0)


def test_killed_at_any_moment_it_has_lost_nothing_that_it_acknowledged(
    project: Project, serve: Serve, port: int
) -> None:
    service = serve()
    acknowledged: list[str] = []

    def deliver(sender: int) -> None:
        try:
            for number in range(10_000):
                request_id = f"{sender}-{number}"
                if post(("127.0.0.1", port), path_of(request_id, capability=CAPABILITY), os.urandom(200)) == 200:
                    acknowledged.append(request_id)
        except (OSError, HTTPException):
            return  # it is gone

    senders = [threading.Thread(target=deliver, args=(sender,)) for sender in range(4)]
    for sender in senders:
        sender.start()
    wait_until(lambda: len(acknowledged) >= 60, "60 acknowledged")
    service.kill()
    for sender in senders:
        sender.join()
    finish(service)
    with closing(sqlite3.connect(inbox_path(ledger_of(project)))) as inbox:
        kept = {request_id for (request_id,) in inbox.execute("SELECT request_id FROM documents")}
    assert set(acknowledged) <= kept
    assert len(kept) <= len(acknowledged) + len(senders)  # those on the wire
    again = serve()  # the lock went with the process
    assert stop(again, signal.SIGINT)["waiting"] == len(kept)


def test_a_sync_that_dies_between_ledger_and_inbox_carries_twice_and_counts_once(
    project: Project, vendor: Server
) -> None:
    crash = (
        "import os, sources.crashpoints as c\n"
        "c.arm(lambda moment: os._exit(9) if moment == 'inbox.before:documents.remove' else None)\n"
    )
    vendor.set_behaviour(job_seconds=0.3)
    died = project.run("sync", "--json", "--limit", "10", prelude=WITHOUT_LOADING + crash)
    assert died.exit_code == 9
    carried = waiting(project)
    documents = "SELECT request_id, count(*) FROM inbox WHERE via = 'webhook' GROUP BY 1"
    assert books(project, documents)
    assert carried >= 1
    done = project.run("sync", "--json", "--limit", "10", prelude=WITHOUT_LOADING)
    assert done.exit_code == 0, done.stderr
    assert {count for _, count in books(project, documents)} == {1}
    assert waiting(project) == 0
    assert max(Counter((job["operation"], job["person_id"]) for job in jobs(vendor)).values()) == 1
    truth = sum(charge["amount"] for charge in project.charges())
    ((least, most),) = books(project, "SELECT sum(amount_min), sum(amount_max) FROM charges")
    assert least <= truth <= most


def test_it_takes_over_from_a_sync_that_listens_and_no_second_one_does(
    project: Project, serve: Serve, vendor: Server, port: int
) -> None:
    vendor.set_behaviour(job_seconds=300)
    first = project.start("sync", "--json", "--limit", "2", prelude=WITHOUT_LOADING)
    wait_until(lambda: acted(vendor) > 0, "the first sync works")
    service = serve(until="A sync listens on ")
    second = project.run("serve", "--json")
    assert (second.exit_code, second.stdout) == (3, "")
    assert "leadsync serve runs already for this ledger" in second.stderr
    first.send_signal(signal.SIGINT)
    assert finish(first).exit_code == 3
    assert any("Listening on " in line for line in service.stderr)
    assert post(("127.0.0.1", port), path_of(capability=CAPABILITY)) == 200
    assert stop(service)["kept"] == 1


def test_a_port_that_somebody_else_has_is_waited_for_only_while_a_sync_runs(
    project: Project, serve: Serve, port: int
) -> None:
    """Whoever has it: which of the two it is, is seen when that sync has ended."""
    with socket.create_server(("127.0.0.1", port)):
        with FileLock(f"{ledger_of(project)}.lock"):
            waits = serve(until="A sync listens on ")
            assert (stop(waits)["kept"], waits.returncode) == (0, 0)
            waits = serve(until="A sync listens on ")
        done = finish(waits)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_it_needs_no_key_of_the_vendor_makes_one_of_its_own_and_leaves_the_ledger_alone(
    project: Project, serve: Serve, port: int
) -> None:
    """And whatever is thrown at it, nothing of it shows."""
    del project.env["WEBHOOK__SIGNING_KEY"]
    project.configure(webhook={"port": port}, secrets="")
    service = serve(prelude="import resource as r\nn = r.RLIMIT_NOFILE\nr.setrlimit(n, (256, r.getrlimit(n)[1]))")
    with closing(sqlite3.connect(ledger_of(project), timeout=0, isolation_level=None)) as ledger:
        ledger.execute("BEGIN EXCLUSIVE")
        ((key,),) = ledger.execute("SELECT value FROM meta WHERE key = 'webhook_signing_key'").fetchall()
    held = [os.readlink(f"/proc/{service.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{service.pid}/fd")]
    assert [path for path in held if path.startswith(str(ledger_of(project)))] == [f"{ledger_of(project)}.serve.lock"]
    limits = dict(re.findall(r"^(Max \w+ \w+) +(\S+)", Path(f"/proc/{service.pid}/limits").read_text(), re.MULTILINE))
    assert int(limits["Max open files"]) >= min(65_536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    address, forged = ("127.0.0.1", port), path_of("forged", capability=Capability("canary-" * 3))
    genuine = path_of("r-1", capability=Capability(key))
    assert post(address, genuine, b"canary", content_type="text/plain", x_canary="canary") == 200
    assert [post(address, path, b"canary") for path in (forged, genuine)] == [404, 200]
    assert post(address, genuine, b"canary", content_type="image/png") == 415
    connection = HTTPConnection(*address, timeout=10)
    with closing(connection):
        connection.request("GET", "/health")
        assert json.loads(connection.getresponse().read()) == {"ok": True, "inbox_writable": True}
    service.send_signal(signal.SIGTERM)
    done = finish(service)
    counts = {"kept": 1, "known": 1, "refused": 2, "not_kept": 0, "cut_off": 0, "waiting": 1, "exit_code": 0}
    assert {name: done.json[name] for name in counts} == counts
    assert "1 kept, 1 were there already, 2 refused; 1 wait for the next sync" in done.stderr
    for secret in ("canary", genuine.rpartition("/")[2], forged.rpartition("/")[2], key):
        assert secret not in done.stderr + done.stdout
