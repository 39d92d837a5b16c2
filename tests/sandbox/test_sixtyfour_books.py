"""Sixtyfour's books, its balance, and how the control interface shows both vendors without mixing them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Server, running
from tests.sandbox.sixtyfour import STRANGER, books, charges, ended, find, known, lead, start

ROOT = str(Path(__file__).resolve().parents[2])


def balance(server: Server) -> object:
    return server.sixtyfour("GET", "/check-balance").json()


def test_every_purchase_is_booked_with_its_leads(server: Server) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_misses_charged=False)
    who = known(server)
    task_id = start(server, "email-bulk-async", [lead(who), STRANGER], mode="PROFESSIONAL")
    ended(server, task_id)
    [job] = books(server)["jobs"]
    assert (job["task_id"], job["operation"], job["mode"]) == (task_id, "find_email", "PROFESSIONAL")
    assert (job["bulk"], job["at_once"], job["status"], job["amount"]) == (True, False, "completed", 500)
    asked, nobody = job["leads"]
    assert asked == {"subject": who["person_id"], "person_id": who["person_id"], "outcome": "found", "amount": 500}
    assert (nobody["person_id"], nobody["outcome"], nobody["amount"]) == (None, "not_found", 0)
    [charge] = books(server)["charges"]
    about = {"operation": "find_email", "mode": "PROFESSIONAL", "subject": who["person_id"], "amount": 500}
    assert about.items() <= charge.items()
    assert (charge["task_id"], charge["person_id"]) == (task_id, who["person_id"])


def test_totals_sum_up(server: Server) -> None:
    server.reset(cents=1000)
    who = lead(known(server))
    for path in ("email", "email", "phone"):
        find(server, path, who)
    find(server, "email", who, mode="PERSONAL")
    find(server, "phone", {})
    totals = server.books(summary=True, vendor="sixtyfour")["totals"]
    assert totals["requests"] == {"find_email": {"200": 3}, "find_phone": {"200": 1, "400": 1}}
    assert totals["jobs"] == {"find_email": {"completed": 3}, "find_phone": {"completed": 1}}
    assert totals["charges_by_operation"] == {"find_email": 3000, "find_phone": 3000}
    assert (totals["charged"], totals["charged_again"], totals["balance"]) == (6000, 1, 94_000)
    assert totals["peak"]["minute"] == 5
    assert set(server.books(summary=True, vendor="sixtyfour")) == {"totals"}


def test_the_same_lead_twice_in_one_call_is_charged_again(server: Server) -> None:
    find(server, "email-bulk", [STRANGER, STRANGER])
    assert charges(server) == [("find_email", 500)] * 2
    assert books(server)["totals"]["charged_again"] == 1


def test_the_two_vendors_have_books_and_balances_of_their_own(server: Server) -> None:
    before = server.request("GET", "/api/v1/credits").json()
    find(server, "email")
    assert server.books()["charges"] == []
    assert [entry["operation"] for entry in server.books()["requests"]] == ["credits"]
    assert [entry["operation"] for entry in books(server)["requests"]] == ["find_email"]
    assert server.request("GET", "/api/v1/credits").json() == before
    server.charge("pool", 100)
    assert len(charges(server)) == 1
    with pytest.raises(ValueError, match="vendor"):
        server.books(vendor="other")


def test_the_balance_is_in_credits_of_ten_cents(server: Server) -> None:
    assert balance(server) == {"credits": 100_000}
    server.reset(cents=100)
    find(server, "email")
    assert balance(server) == {"credits": 9.5}
    server.charge("cents", 250)
    assert balance(server) == {"credits": 9.25}
    assert charges(server)[-1] == ("elsewhere", 250)
    server.reset()
    assert balance(server) == {"credits": 100_000}
    assert charges(server) == []
    with pytest.raises(ValueError, match="cents"):
        server.reset(cents="many")  # type: ignore[arg-type]


def test_people_tell_what_both_vendors_know(server: Server) -> None:
    who = server.people(limit=50)
    assert {frozenset(p["sixtyfour"]) for p in who} == {frozenset({"email", "personal_email", "phone"})}
    server.set_behaviour(sixtyfour_email_share=0.0)
    assert not any(p["sixtyfour"]["email"] for p in server.people())


@pytest.mark.parametrize(
    "switches",
    [
        {"sixtyfour_start_status": "started"},
        {"sixtyfour_tuple_length": 4},
        {"sixtyfour_email_share": "most"},
        {"sixtyfour_job_seconds": -1},
        {"conflict_operations": ["find_email"]},
        {"faults": [{"operation": "find_emails", "fault": "500"}]},
    ],
    ids=str,
)
def test_switches_that_cannot_be_set_are_refused(server: Server, switches: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(switches)).rstrip("s")):
        server.set_behaviour(**switches)


def test_the_line_at_the_start_says_where_both_are() -> None:
    command = [sys.executable, "-m", "sandbox", "--people", "10", "--exit-with-parent"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        started = json.loads(process.stdout.readline())
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0
    assert started["sixtyfour_url"] == f"{started['url']}/sixtyfour"
    assert started["sixtyfour_api_key"] == started["api_key"] == "sandbox-key"


def test_the_balance_can_be_set_at_the_start() -> None:
    with running(people=10, cents=70) as server:
        assert server.sixtyfour_url == f"{server.url}/sixtyfour"
        assert balance(server) == {"credits": 7}
