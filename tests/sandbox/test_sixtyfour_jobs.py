"""Sixtyfour's jobs: how they are started, what job-status says of them, how they end, what they cost."""

from __future__ import annotations

import http.client
import re
import time
from typing import Any

import pytest

from sandbox import Server
from tests.sandbox.sixtyfour import books, charges, ended, find, known, lead, start, status

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
RUNNING = ["status", "id", "run_id", "start_time"]
COMPLETED = [*RUNNING, "close_time", "result", "charge_amount", "task_type"]


def arm(server: Server, operation: str, fault: str, **conditions: object) -> None:
    server.set_behaviour(faults=[{"operation": operation, "fault": fault, **conditions}])


def test_a_job_is_started_with_200_and_runs(server: Server) -> None:
    server.set_behaviour(sixtyfour_job_seconds=60)
    answer = find(server, "email-async", lead(known(server)))
    assert (answer.status, list(answer.json()), answer.json()["status"]) == (200, ["task_id", "status"], "RUNNING")
    task_id = answer.json()["task_id"]
    document = status(server, task_id).json()
    assert (list(document), document["status"], document["id"]) == (RUNNING, "running", task_id)
    assert re.fullmatch(UUID, task_id)
    assert re.fullmatch(UUID, document["run_id"])
    assert re.fullmatch(STAMP, document["start_time"])
    assert charges(server) == []
    assert books(server)["jobs"][0]["finished"] is None


@pytest.mark.parametrize(("operation", "cents"), [("email", 5), ("phone", 30)])
def test_a_completed_job_has_the_result_a_call_without_job_has(server: Server, operation: str, cents: int) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0)
    fields = lead(known(server))
    document = ended(server, start(server, f"{operation}-async", fields))
    assert list(document) == COMPLETED
    assert (document["charge_amount"], document["task_type"]) == (cents, f"find_{operation}")
    assert document["result"] == find(server, operation, fields).json()
    assert document["close_time"] >= document["start_time"]
    assert charges(server) == [(f"find_{operation}", cents * 100)] * 2


@pytest.mark.parametrize("form", ["array", "results", "leads", "result"])
def test_a_bulk_job_has_an_item_a_lead(server: Server, form: str) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_bulk_form=form)
    leads = [lead(known(server)), {"name": "Nobody"}]
    document = ended(server, start(server, "email-bulk-async", leads))
    assert document["result"] == find(server, "email-bulk", leads).json()
    assert (document["charge_amount"], document["task_type"]) == (10, "find_email_bulk")


def test_a_job_takes_its_time(server: Server) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0.3)
    ended(server, start(server, "email-async"))
    [job] = books(server)["jobs"]
    assert job["finished"] - job["created"] > 0.28


def test_costs_can_be_asked_for_in_credits(server: Server) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0)
    task_id = start(server, "email-async")
    document = ended(server, task_id, "?cost_units=credits")
    assert (document["charge_credits"], document["result"]["cost_credits"]) == (0.5, 0.5)
    assert "charge_amount" not in document
    assert "cost_cents" not in document["result"]
    assert status(server, task_id, "?cost_units=cents").json()["charge_amount"] == 5
    refused = status(server, task_id, "?cost_units=euros")
    assert (refused.status, refused.json()["detail"][0]["loc"]) == (422, ["query", "cost_units"])


@pytest.mark.parametrize("told", ["item and job", "item", "job", "nowhere"])
def test_costs_are_told_here_or_there(server: Server, told: str) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_cost=told)
    document = ended(server, start(server, "email-async"))
    assert ("cost_cents" in document["result"], "charge_amount" in document) == ("item" in told, "job" in told)


@pytest.mark.parametrize("word", ["RUNNING", "pending", "queued", "absent"])
def test_the_start_has_one_of_several_statuses(server: Server, word: str) -> None:
    server.set_behaviour(sixtyfour_start_status=word)
    assert find(server, "email-async").json().get("status", "absent") == word


@pytest.mark.parametrize(("form", "names"), [("id", {"id"}), ("task_id", {"task_id"}), ("both", {"id", "task_id"})])
def test_the_id_has_one_of_several_names_or_none(server: Server, form: str, names: set[str]) -> None:
    server.set_behaviour(sixtyfour_job_id=form, sixtyfour_id_form="job")
    task_id = start(server, "email-async")
    assert re.fullmatch(r"job_[0-9a-f]{32}", task_id)
    document = status(server, task_id).json()
    assert {name for name, value in document.items() if value == task_id} == names
    server.set_behaviour(sixtyfour_job_id="absent")
    assert task_id not in status(server, task_id).json().values()


@pytest.mark.parametrize("form", ["array", "structured_data", "top_level"])
def test_the_result_of_one_lead_has_several_forms(server: Server, form: str) -> None:
    fields = lead(known(server))
    plain = find(server, "email", fields).json()
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_result_form=form)
    document = ended(server, start(server, "email-async", fields))
    if form == "top_level":
        assert document["structured_data"] == plain
        assert "result" not in document
    elif form == "array":
        assert document["result"] == [plain]
    else:
        assert document["result"]["structured_data"] == plain
        assert set(document["result"]) == {"structured_data", "confidence_score", "references", "notes"}


@pytest.mark.parametrize("form", ["lead_enrichment", "absent"])
def test_the_task_type_can_be_another(server: Server, form: str) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_task_type=form)
    assert ended(server, start(server, "email-async")).get("task_type", "absent") == form


def test_statuses_can_be_other_words(server: Server) -> None:
    server.set_behaviour(sixtyfour_job_seconds=60, sixtyfour_running_word="processing", sixtyfour_upper_case=True)
    assert status(server, start(server, "email-async")).json()["status"] == "PROCESSING"


@pytest.mark.parametrize("charged", [True, False])
@pytest.mark.parametrize("by_rule", [True, False])
@pytest.mark.parametrize("end", ["failed", "cancelled", "terminated", "timed_out"])
def test_jobs_end_in_other_ways(server: Server, end: str, by_rule: bool, charged: bool) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_failed_charged=charged)
    if by_rule:
        arm(server, "find_email", end)
    else:
        server.set_behaviour(sixtyfour_end_status=end)
    document = ended(server, start(server, "email-async"))
    assert (list(document), document["status"]) == (RUNNING, end)
    [job] = books(server)["jobs"]
    assert (job["status"], job["leads"][0]["outcome"]) == (end, end)
    assert job["finished"] is not None
    assert charges(server) == ([("find_email", 500)] if charged else [])
    assert find(server, "email").json()["cost_cents"] == 5  # no job, no other end


def test_why_a_job_failed_is_told_where_switched_on(server: Server) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_end_status="failed", sixtyfour_failed_error=True)
    document = ended(server, start(server, "email-async"))
    assert list(document) == [*RUNNING, "error"]


def test_continued_as_new_goes_on_to_complete(server: Server) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0.4, sixtyfour_end_status="continued_as_new")
    task_id = start(server, "email-async")
    seen: list[str] = []
    end = time.monotonic() + 5
    while "completed" not in seen and time.monotonic() < end:
        word = status(server, task_id).json()["status"]
        seen += [] if seen[-1:] == [word] else [word]
        time.sleep(0.02)
    assert seen == ["running", "continued_as_new", "completed"]
    assert charges(server) == [("find_email", 500)]


def test_continued_as_new_can_be_an_end(server: Server) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_continued_ends=True)
    arm(server, "find_email", "continued_as_new")
    task_id = start(server, "email-async")
    assert ended(server, task_id)["status"] == "continued_as_new"
    time.sleep(0.1)
    assert status(server, task_id).json()["status"] == "continued_as_new"
    assert charges(server) == []


@pytest.mark.parametrize("charged", [True, False])
@pytest.mark.parametrize("by_rule", [True, False])
@pytest.mark.parametrize(("fate", "polled"), [("dropped", 200), ("lost", 404)])
def test_a_job_can_be_accepted_and_never_finish(
    server: Server, fate: str, polled: int, by_rule: bool, charged: bool
) -> None:
    """``lost`` is not even known to job-status."""
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_dropped_charged=charged)
    if by_rule:
        arm(server, "find_phone", fate)
    else:
        probability = {"dropped": "sixtyfour_drop_probability", "lost": "sixtyfour_lost_probability"}[fate]
        server.set_behaviour(**{probability: 1.0})
    task_id = start(server, "phone-async")
    end = time.monotonic() + 5
    while books(server)["jobs"][0]["status"] == "running" and time.monotonic() < end:
        time.sleep(0.02)
    [job] = books(server)["jobs"]
    assert (job["status"], job["finished"], job["amount"]) == (fate, None, 3000 if charged else 0)
    answer = status(server, task_id)
    assert answer.status == polled
    if polled == 200:
        assert answer.json()["status"] == "running"


def test_an_unknown_job_is_404_and_so_is_a_call_without_job(server: Server) -> None:
    find(server, "email")
    [job] = books(server)["jobs"]
    for task_id in ("", "job_123", job["task_id"]):
        answer = status(server, task_id)
        assert (answer.status, answer.json()) == (404, {"detail": "Job not found"})


def test_a_finished_job_can_be_forgotten(server: Server) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_kept_seconds=60)
    task_id = start(server, "email-async")
    ended(server, task_id)
    server.set_behaviour(sixtyfour_kept_seconds=0.01)
    time.sleep(0.02)
    assert status(server, task_id).status == 404


def test_a_reset_stops_running_jobs_and_forgets_all(server: Server) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0.1)
    task_id = start(server, "email-async")
    server.reset()
    time.sleep(0.2)
    assert status(server, task_id).status == 404
    assert books(server)["jobs"] == []


# Faults.


@pytest.mark.parametrize(
    ("operation", "method", "path", "body"),
    [
        ("find_email", "POST", "/find-email", {"lead": {"name": "A"}}),
        ("find_email", "POST", "/find-email-bulk-async", {"leads": [{"name": "A"}]}),
        ("find_phone", "POST", "/find-phone-async", {"lead": {"name": "A"}}),
        ("job_status", "GET", "/job-status/x", None),
        ("check_balance", "GET", "/check-balance", None),
        ("signing_secret", "GET", "/webhooks/signing-secret", None),
    ],
)
@pytest.mark.parametrize("fault", ["429", "500_before", "reset_before", "garbled_before"])
def test_every_operation_can_go_wrong_before_it_acts(
    server: Server, operation: str, method: str, path: str, body: object, fault: str
) -> None:
    arm(server, operation, fault, nth=[2])
    seen: list[Any] = []
    for _ in range(3):
        try:
            answer = server.sixtyfour(method, path, body)
            seen.append("garbled_before" if answer.body.startswith(b"<") else answer.status)
        except ConnectionError:
            seen.append("reset_before")
    well = 404 if operation == "job_status" else 200
    assert seen == [well, int(fault[:3]) if fault[0].isdigit() else fault, well]
    assert [entry["fault"] for entry in books(server)["requests"]] == [None, fault, None]
    assert len(books(server)["jobs"]) == (2 if body else 0)


@pytest.mark.parametrize("fault", ["500_after", "504_after", "reset_after", "cut_after", "garbled_after"])
@pytest.mark.parametrize("path", ["email", "email-bulk", "email-async", "email-bulk-async"])
def test_what_goes_wrong_after_acting_is_charged(server: Server, path: str, fault: str) -> None:
    server.set_behaviour(sixtyfour_job_seconds=0)
    arm(server, "find_email", fault, nth=[1])
    leads = [{"name": "Ann"}] if "bulk" in path else {"name": "Ann"}
    unanswered = {"reset_after": ConnectionError, "cut_after": http.client.IncompleteRead}.get(fault)
    if unanswered is not None:
        with pytest.raises(unanswered):
            find(server, path, leads)
    else:
        answer = find(server, path, leads)
        assert answer.status == (int(fault[:3]) if fault[0].isdigit() else 200)
        assert b"task_id" not in answer.body
    end = time.monotonic() + 5
    while not charges(server) and time.monotonic() < end:
        time.sleep(0.02)
    assert charges(server) == [("find_email", 500)]
    [request] = books(server)["requests"]
    assert (request["acted"], request["fault"]) == (True, fault)
    assert (request["status"] is None) == (unanswered is not None)
    assert request["task_id"] == books(server)["jobs"][0]["task_id"]


def test_calls_about_one_person_are_hit_in_bulk_too(server: Server) -> None:
    who = known(server)
    arm(server, "any", "500_before", person_id=who["person_id"])
    other, same = [{"name": "A"}], [{"name": "A"}, lead(who)]
    assert [find(server, "email-bulk", leads).status for leads in (other, same)] == [200, 500]
    assert [find(server, "phone", leads).status for leads in (other[0], same[1])] == [200, 500]


def test_calls_about_one_subject_are_hit(server: Server) -> None:
    find(server, "email", {"name": "Ann", "company": "Acme"})
    [subject] = books(server)["requests"][0]["subjects"]
    arm(server, "find_email", "500_before", subject=subject)
    assert [find(server, "email", {"name": name, "company": "Acme"}).status for name in ("Bob", "ANN")] == [200, 500]
    assert find(server, "phone", {"name": "Ann", "company": "Acme"}).status == 200


def test_faults_of_one_vendor_leave_the_other_alone(server: Server) -> None:
    arm(server, "find_email", "500_before")
    assert server.request("GET", "/api/v1/credits").status == 200
    arm(server, "credits", "500_before")
    assert find(server, "email").status == 200
