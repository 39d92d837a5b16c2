"""What is read of Sixtyfour's documents about one lead, in every state and form that is told of anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from enrichment.contacts import normalize_email
from sources.providers import Basis, EmailStatus, Outcome, Reading, Via
from sources.sixtyfour import payload
from sources.sixtyfour.prices import FIND_EMAIL, FIND_PERSONAL_EMAIL, FIND_PHONE

JOB = "550e8400-e29b-41d4-a716-446655440000"
LEAD = {
    "name": "Jane Doe",
    "company": "Acme Corp",
    "domain": "acme.com",
    "linkedin_url": "https://linkedin.com/in/jane",
}
JANE = "jane@acme.com"
FOUND = {"name": "Jane Doe", "company": "Acme Corp", "email": [[JANE, "OK", "COMPANY"]]}
OK, RISKY, BAD, RAW = EmailStatus.DELIVERABLE, EmailStatus.RISKY, EmailStatus.UNDELIVERABLE, EmailStatus.UNVERIFIED
MISS, UNREADABLE, FAILED = Outcome.NOT_FOUND, Outcome.UNREADABLE, Outcome.FAILED


def read(
    document: Any, operation: str = FIND_EMAIL, via: Via = Via.POLL, lead: Any = LEAD, job: str | None = JOB
) -> Reading:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    [reading] = payload.read(body, operation, [{"lead": lead}], job, via)
    return reading


def polled(result: Any, **more: Any) -> dict[str, Any]:
    times = {"start_time": "2026-06-10T00:00:00Z", "close_time": "2026-06-10T00:01:00Z"}
    return {"status": "completed", "id": JOB, "run_id": "r", **times, "result": result, **more}


def emails(reading: Reading) -> list[tuple[str, EmailStatus, str | None, str | None]]:
    return [(email.address, email.status, email.status_raw, email.type_raw) for email in reading.emails]


# The address.

ADDRESSES: list[tuple[Any, list[tuple[str, EmailStatus, str | None, str | None]]]] = [
    ([[JANE, "OK", "COMPANY"]], [(JANE, OK, "OK", "COMPANY")]),
    ([[JANE, "ok", "company"]], [(JANE, OK, "ok", "company")]),
    ([[JANE, "UNKNOWN", "COMPANY"]], [(JANE, RISKY, "UNKNOWN", "COMPANY")]),
    ([[JANE, "CATCH_ALL", "COMPANY"]], [(JANE, RISKY, "CATCH_ALL", "COMPANY")]),
    ([[JANE, "Catch-All", "COMPANY"]], [(JANE, RISKY, "Catch-All", "COMPANY")]),
    ([[JANE, "RISKY", "COMPANY"]], [(JANE, RISKY, "RISKY", "COMPANY")]),
    ([[JANE, "INVALID", "COMPANY"]], [(JANE, BAD, "INVALID", "COMPANY")]),
    ([[JANE, "SOMETHING_NEW", "COMPANY"]], [(JANE, RAW, "SOMETHING_NEW", "COMPANY")]),
    ([[JANE, "OK"]], [(JANE, OK, "OK", None)]),
    ([[JANE, None, None]], [(JANE, RAW, None, None)]),
    ([[JANE, 7, {}]], [(JANE, RAW, None, None)]),
    ([[JANE]], [(JANE, RAW, None, None)]),
    ([[f" {JANE} ", "OK", "COMPANY", "more"]], [(JANE, OK, "OK", "COMPANY")]),
    ([JANE, "OK", "COMPANY"], [(JANE, OK, "OK", "COMPANY")]),
    ([JANE, "CATCH_ALL"], [(JANE, RISKY, "CATCH_ALL", None)]),
    ([JANE, "j@acme.io"], [(JANE, RAW, None, None), ("j@acme.io", RAW, None, None)]),
    ([JANE], [(JANE, RAW, None, None)]),
    (JANE, [(JANE, RAW, None, None)]),
    (f"mailto:{JANE}", [(JANE, RAW, None, None)]),
    ({"email": JANE, "status": "OK", "type": "COMPANY"}, [(JANE, OK, "OK", "COMPANY")]),
    ([{"address": JANE, "status": "RISKY"}, {}], [(JANE, RISKY, "RISKY", None)]),
    (
        [[JANE, "OK", "COMPANY"], ["j@gmail.com", "UNKNOWN", "PERSONAL"]],
        [(JANE, OK, "OK", "COMPANY"), ("j@gmail.com", RISKY, "UNKNOWN", "PERSONAL")],
    ),
    ([["", "NOT_FOUND", "COMPANY"], [JANE, "OK", "COMPANY"]], [(JANE, OK, "OK", "COMPANY")]),
]


@pytest.mark.parametrize(("value", "expected"), ADDRESSES)
def test_an_address_is_read_in_every_form(value: Any, expected: list[Any]) -> None:
    reading = read(polled({**FOUND, "email": value}))
    assert (reading.outcome, emails(reading), reading.note) == (Outcome.FOUND, expected, None)


NOTHING: list[Any] = [
    [], None, "", {}, [[]], [None], [""], [["", "NOT_FOUND", "COMPANY"]], [[None, "NOT_FOUND", "COMPANY"]],
    [["", "NOT_FOUND", ""]], [["", "not_found", None]], [[None, None, None]], [["", "UNKNOWN", ""]], ["", "NOT_FOUND"],
    ["NOT_FOUND"], "NOT_FOUND", "Not found", "N/A", "-", "null", [{"email": None, "status": "NOT_FOUND"}],
]  # fmt: skip


@pytest.mark.parametrize("value", NOTHING)
def test_no_address_is_a_miss_in_every_form(value: Any) -> None:
    for operation, field in [(FIND_EMAIL, "email"), (FIND_PERSONAL_EMAIL, "personal_email")]:
        reading = read(polled({"name": "Jane Doe", field: value}), operation)
        assert (reading.outcome, reading.emails, reading.note) == (MISS, (), None)


@pytest.mark.parametrize("result", [{}, {"name": "Jane Doe", "company": "Acme Corp"}, {"structured_data": {}}])
def test_a_result_without_the_field_is_a_miss(result: Any) -> None:
    for operation in (FIND_EMAIL, FIND_PERSONAL_EMAIL, FIND_PHONE):
        assert read(polled(result), operation).outcome is MISS


def test_an_address_that_is_called_not_found_is_kept_out_and_noted() -> None:
    reading = read(polled({"email": [[JANE, "NOT_FOUND", "COMPANY"]]}))
    assert (reading.outcome, reading.emails) == (MISS, ())
    assert reading.note == "an address or number that the vendor itself calls not found was left out"


@pytest.mark.parametrize(
    "value",
    [
        [["", "OK", "COMPANY"]], [[None, "CATCH_ALL", "COMPANY"]], [["", "PENDING", ""]], [["j***@acme.com", "OK"]],
        [["Jane Doe", "OK"]], [[7, "OK"]], 42, True, [[["x"]]], [{"foo": "bar"}], "see the notes", [[JANE + "x" * 400]],
    ],
)  # fmt: skip
def test_a_field_that_holds_something_else_is_unreadable_and_no_miss(value: Any) -> None:
    reading = read(polled({"email": value}))
    assert (reading.outcome, reading.emails) == (UNREADABLE, ())
    assert reading.note == "a field that should hold the answer cannot be read"


def test_what_can_be_read_is_found_beside_what_cannot() -> None:
    reading = read(polled({"email": [[JANE, "OK", "COMPANY"], ["j***@acme.com", "OK"]]}))
    assert (reading.outcome, len(reading.emails)) == (Outcome.FOUND, 1)
    assert reading.note == "a part of the answer cannot be read"


@pytest.mark.parametrize(
    ("result", "operation"),
    [
        ({"name": "Jane Doe", "best_guess": JANE}, FIND_EMAIL),
        ({"structured_data": {"contact": {"mail": JANE}}}, FIND_EMAIL),
        ({"mobile_numbers": ["+1 555 123 4567"]}, FIND_PHONE),
        ({"contact": {"phoneNumber": "+1 555 123 4567"}}, FIND_PHONE),
    ],
)
def test_what_looks_like_an_answer_in_an_unknown_field_is_no_miss(result: Any, operation: str) -> None:
    reading = read(polled(result), operation)
    assert (reading.outcome, reading.emails, reading.phones) == (UNREADABLE, (), ())


def test_an_echo_of_the_lead_is_no_answer() -> None:
    lead = {**LEAD, "contact": JANE, "phone_hint": "5551234567"}
    assert read(polled({"name": "Jane Doe", "contact": JANE}), lead=lead).outcome is MISS
    assert read(polled({"phone_hint": "5551234567"}), FIND_PHONE, lead=lead).outcome is MISS


def test_both_fields_of_personal_mode_are_read() -> None:
    """The very fixture of a public client."""
    result = {
        "name": "Jane Doe", "company": "Acme Inc", "title": "CEO", "phone": "+1 555 123 4567",
        "linkedin": "https://linkedin.com/in/jane", "email": [[JANE, "OK", "COMPANY"]],
        "personal_email": [["jane.doe@gmail.com", "UNKNOWN", "PERSONAL"]],
    }  # fmt: skip
    reading = read(polled(result), FIND_PERSONAL_EMAIL)
    assert emails(reading) == [(JANE, OK, "OK", "COMPANY"), ("jane.doe@gmail.com", RISKY, "UNKNOWN", "PERSONAL")]
    assert reading.phones == ()


@pytest.mark.parametrize(
    ("field", "entry", "kind"),
    [
        ("email", ["jane@gmail.com", "OK", "COMPANY"], "company"),
        ("email", [JANE, "OK", "PERSONAL"], "personal"),
        ("personal_email", [JANE, "OK"], "personal"),
        ("email", [JANE, "OK"], "company"),
        ("email", ["jane@gmail.com", "OK"], "personal"),
    ],
)
def test_the_type_is_what_the_vendor_or_its_field_says(field: str, entry: list[str], kind: str) -> None:
    [email] = read(polled({field: [entry]})).emails
    assert normalize_email(email).type == kind


# The number.

NUMBER = "+1 555-123-4567"
PHONES: list[tuple[Any, list[tuple[str, str | None, str | None]]]] = [
    (NUMBER, [(NUMBER, None, None)]),
    ("(555) 123-4567 x12", [("(555) 123-4567 x12", None, None)]),
    ([{"number": NUMBER, "region": "US"}], [(NUMBER, "US", None)]),
    (
        [{"number": NUMBER, "region": "US", "type": "MOBILE"}, {"number": "+49 30 123456", "region": "DE"}],
        [(NUMBER, "US", "MOBILE"), ("+49 30 123456", "DE", None)],
    ),
    ({"phone": NUMBER}, [(NUMBER, None, None)]),
    ([NUMBER, "+49 30 123456"], [(NUMBER, None, None), ("+49 30 123456", None, None)]),
    (f"{NUMBER}, +49 30 123456", [(NUMBER, None, None), ("+49 30 123456", None, None)]),
    ([[NUMBER, "OK", "MOBILE"]], [(NUMBER, None, "MOBILE")]),
    (15551234567, [("15551234567", None, None)]),
]


@pytest.mark.parametrize(("value", "expected"), PHONES)
def test_a_number_is_read_in_every_form(value: Any, expected: list[Any]) -> None:
    reading = read(polled({"name": "Jane Doe", "phone": value}), FIND_PHONE)
    assert (reading.outcome, reading.emails) == (Outcome.FOUND, ())
    assert [(phone.number, phone.country, phone.type_raw) for phone in reading.phones] == expected


@pytest.mark.parametrize(
    "value", ["", None, [], {}, [""], [None], "N/A", "not found", [{"number": "", "region": "US"}], [{"number": None}]]
)
def test_no_number_is_a_miss_in_every_form(value: Any) -> None:
    assert read(polled({"name": "Jane Doe", "phone": value}), FIND_PHONE).outcome is MISS


@pytest.mark.parametrize("value", ["call the office", "+1 555-XXX-4567", [{"foo": 1}], -5, True, "x" * 400])
def test_a_number_that_is_none_is_unreadable_and_no_miss(value: Any) -> None:
    assert read(polled({"phone": value}), FIND_PHONE).outcome is UNREADABLE


# The job.


@pytest.mark.parametrize("via", Via)
@pytest.mark.parametrize(
    "word", "RUNNING running Running pending queued processing continued_as_new CONTINUED_AS_NEW in_progress".split()
)
def test_a_job_under_way_is_no_news(word: str, via: Via) -> None:
    assert read({"task_id": JOB, "status": word}, via=via) == Reading(None)
    assert read({"status": word, "id": JOB, "run_id": "r", "start_time": "t", "result": FOUND}, via=via) == Reading(
        None
    )


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("failed", "failed"), ("FAILED", "failed"), ("cancelled", "was cancelled"), ("canceled", "was cancelled"),
        ("terminated", "was terminated"), ("timed_out", "ran out of time"), ("Timed Out", "ran out of time"),
    ],
)  # fmt: skip
def test_a_job_that_did_not_complete_has_failed(word: str, said: str) -> None:
    reading = read({"status": word, "id": JOB, "run_id": "r", "start_time": "t"})
    assert (reading.outcome, reading.note) == (FAILED, f"the vendor says that its job {said}")
    assert [(c.amount_min, c.amount_max, c.basis) for c in reading.charges] == [(0, 500, Basis.BOUNDED)]


def test_what_the_vendor_says_of_a_failure_is_noted_without_names() -> None:
    for via in (Via.POLL, Via.WEBHOOK):
        error = {"status": "failed", "id": JOB, "error": f"Internal error for Jane Doe <{JANE}>"}
        reading = read(error, via=via)
        assert reading.note is not None
        assert "'Internal error for " in reading.note
        assert not any(part in reading.note.casefold() for part in ("jane", "doe", "acme"))


def test_what_a_cancelled_job_had_found_was_found() -> None:
    reading = read({"status": "cancelled", "id": JOB, "result": FOUND})
    assert (reading.outcome, len(reading.emails)) == (Outcome.FOUND, 1)
    assert read({"status": "cancelled", "id": JOB, "result": {"email": []}}).outcome is FAILED


@pytest.mark.parametrize("word", ["partial", "reviewing", "", None, 7, {}, ["completed"]])
def test_a_status_that_nobody_knows_is_no_end_and_what_was_found_is_kept(word: Any) -> None:
    for via in Via:
        assert read({"status": word, "id": JOB}, via=via) == Reading(None)
        assert read({"status": word, "id": JOB, "result": {"email": []}}, via=via) == Reading(None)
        reading = read({"status": word, "id": JOB, "result": FOUND}, via=via)
        assert (reading.outcome, [email.address for email in reading.emails]) == (None, [JANE])
        assert reading.charges == ()


@pytest.mark.parametrize("missing", [{}, {"result": None}, {"results": None}])
def test_a_completed_job_without_a_result_is_unreadable(missing: dict[str, Any]) -> None:
    for operation in (FIND_EMAIL, FIND_PHONE):
        reading = read({"status": "completed", "id": JOB, "charge_amount": 5, **missing}, operation)
        assert (reading.outcome, reading.note) == (UNREADABLE, "the job has ended, and its result is missing")


@pytest.mark.parametrize(
    "document",
    [
        polled(FOUND),
        polled([FOUND]),
        polled({"results": [FOUND]}),
        polled({"leads": [FOUND]}),
        polled({"data": FOUND}),
        polled({"lead": LEAD, "result": FOUND}),
        polled({"structured_data": {"email": JANE}, "confidence_score": 0.92, "references": {"https://e.com": "x"}}),
        {"status": "COMPLETED", "id": JOB, "result": FOUND},
        {"status": "completed", "id": JOB, "results": [FOUND]},
        {"status": "completed", "id": JOB, "structured_data": {"email": JANE}},
        {"status": "completed", "id": JOB, "email": [[JANE, "OK", "COMPANY"]]},
        {"id": JOB, "result": FOUND},
        FOUND,
        [FOUND],
        {"results": [FOUND]},
        {"leads": [FOUND]},
    ],
)
def test_a_result_is_found_wherever_it_stands(document: Any) -> None:
    for via in Via:
        reading = read(document, via=via)
        assert (reading.outcome, [email.address for email in reading.emails]) == (Outcome.FOUND, [JANE]), via


@pytest.mark.parametrize(
    "document",
    [
        {"status": "completed", "id": JOB, "results": [{"filename": "a.csv", "download_url": "https://x.example/a"}]},
        polled({"results": [{"filename": "a.csv", "download_url": "https://x.example/a"}]}),
        polled("https://x.example/a.csv"),
        polled(7),
        polled([]),
        polled([7]),
        polled([FOUND, FOUND]),
        polled([[JANE, "OK"]]),
    ],
)
def test_a_result_that_cannot_be_read_is_unreadable(document: Any) -> None:
    reading = read(document)
    assert (reading.outcome, reading.emails) == (UNREADABLE, ())
    assert reading.note


@pytest.mark.parametrize("error", ["No such lead", {"code": 7}, ["x"]])
def test_a_result_that_is_an_error_has_failed(error: Any) -> None:
    assert read(polled({"name": "Jane Doe", "error": error})).outcome is FAILED
    assert read(polled({"name": "Jane Doe", "email": [], "error": error})).outcome is FAILED
    assert read(polled({"name": "Jane Doe", "status": "failed"})).outcome is FAILED
    beside = read(polled({**FOUND, "error": error}))
    assert (beside.outcome, beside.note) == (Outcome.FOUND, "an error stands beside what was found")


@pytest.mark.parametrize("nothing", [None, "", {}, []])
def test_an_empty_error_is_none(nothing: Any) -> None:
    assert read(polled({"name": "Jane Doe", "email": [], "error": nothing})).outcome is MISS


# The answer to a start.


@pytest.mark.parametrize(
    ("document", "job"),
    [
        ({"task_id": JOB, "status": "RUNNING"}, JOB),
        ({"task_id": "job_123", "status": "queued"}, "job_123"),
        ({"task_id": "job_123"}, "job_123"),
        ({"task_id": 7, "status": "pending"}, "7"),
        ({"job_id": "j", "status": "pending"}, "j"),
        ({"id": "j", "status": "pending"}, "j"),
        ({"id": "j", "email": []}, None),
        ({"task_id": "", "status": "RUNNING"}, None),
        ({"task_id": None}, None),
        ({"task_id": True}, None),
        ({"task_id": {"a": 1}}, None),
        ({"task_id": "x" * 301}, None),
        ([], None),
        ("x", None),
    ],
)
def test_the_id_is_read_whatever_the_status(document: Any, job: str | None) -> None:
    assert payload.tracking_id(json.dumps(document).encode()) == job


def test_no_id_is_read_of_what_is_no_json() -> None:
    assert payload.tracking_id(b"<html>") is None


@pytest.mark.parametrize(
    "document",
    [
        {"task_id": JOB}, {"task_id": JOB, "status": "completed"}, {"task_id": JOB, "email": []}, {}, [], 7, None,
        {"task_id": JOB, "leads": [LEAD]}, {"leads": [LEAD]}, {"message": "ok"}, b"", b"<html>", [LEAD],
    ],
)  # fmt: skip
def test_a_start_that_holds_no_result_is_no_news(document: Any) -> None:
    assert read(document, via=Via.SUBMIT) == Reading(None)


def test_a_server_may_answer_at_once() -> None:
    for document in (FOUND, {"task_id": JOB, **FOUND}, {"task_id": JOB, "status": "completed", "result": FOUND}):
        assert read(document, via=Via.SUBMIT).outcome is Outcome.FOUND
    assert read({"name": "Jane Doe", "email": [], "cost_cents": 0}, via=Via.SUBMIT).outcome is MISS


# Polls and webhooks.


@pytest.mark.parametrize(
    "document", [b"", b"<html>", {"detail": "Job not found"}, {}, [], 7, "x", None, {"a": {"b": 1}}]
)
def test_a_poll_without_an_answer_is_no_news(document: Any) -> None:
    assert read(document) == Reading(None)


@pytest.mark.parametrize("document", [b"<html>", b"{", 7, "x", {"message": "hello"}, [7], {"a": {"b": 1}}])
def test_a_webhook_that_tells_nothing_is_kept_as_unreadable(document: Any) -> None:
    reading = read(document, via=Via.WEBHOOK)
    assert (reading.outcome, reading.charges[0].amount_max) == (UNREADABLE, 500)


@pytest.mark.parametrize("document", [b"", b"  ", {}, [], {"task_id": JOB, "task_type": "find_email"}])
def test_a_webhook_that_is_empty_is_no_news(document: Any) -> None:
    assert read(document, via=Via.WEBHOOK) == Reading(None)


def test_the_webhooks_of_the_vendors_page() -> None:
    done = {
        "task_id": JOB, "status": "completed", "task_type": "find_email",
        "result": {"name": "Jane Doe", "company": "Acme Inc", "email": [["john.doe@acme.com", "OK"]]},
    }  # fmt: skip
    reading = read(done, via=Via.WEBHOOK)
    assert emails(reading) == [("john.doe@acme.com", OK, "OK", None)]
    assert [(c.kind, c.amount_min, c.amount_max, c.basis) for c in reading.charges] == [
        ("find_email", 500, 500, Basis.DOCUMENTED)
    ]
    error = {"task_id": JOB, "status": "failed", "task_type": "find_email", "error": "Error message"}
    assert read(error, via=Via.WEBHOOK).outcome is FAILED
    assert read({"task_id": JOB, "error": "Error message"}, via=Via.WEBHOOK).outcome is FAILED


@pytest.mark.parametrize("via", [Via.POLL, Via.WEBHOOK])
@pytest.mark.parametrize("name", ["task_id", "id"])
def test_another_job_is_foreign(name: str, via: Via) -> None:
    for other in ("550e8400-e29b-41d4-a716-446655440001", JOB + "0", "x"):
        reading = read({name: other, "status": "completed", "result": FOUND}, via=via)
        assert (reading.foreign, reading.outcome, reading.emails) == (True, None, ())
    for ours in (JOB, JOB.upper(), f"find-email-{JOB}"):
        assert read({name: ours, "status": "completed", "result": FOUND}, via=via).outcome is Outcome.FOUND
    assert not read({name: "x", "status": "completed", "result": FOUND}, via=via, job=None).foreign


# The person.


@pytest.mark.parametrize(
    "echo",
    [
        {"name": "Mary Major"},
        {"linkedin": "https://www.linkedin.com/in/mary"},
        {"name": "Jane Doe", "linkedin_url": "linkedin.com/in/jane-2/"},
    ],
)
def test_the_only_result_is_nobodys_else(echo: dict[str, str]) -> None:
    reading = read(polled({**echo, "email": [[JANE, "OK", "COMPANY"]]}))
    assert (reading.outcome, reading.emails) == (UNREADABLE, ())


@pytest.mark.parametrize(
    "echo",
    [
        {},
        {"name": "DOE, Jané"},
        {"name": "Jane Q. Doe-Smith", "company": "International Business Machines"},
        {"linkedin": "https://www.linkedin.com/in/Jane/", "name": "Mary Major"},
        {"linkedin": "https://www.linkedin.com/in/ACwAAB1234", "name": "Jane Doe"},
        {"linkedin": None, "name": ["Jane"]},
    ],
)
def test_what_the_vendor_enriches_is_the_same_person(echo: dict[str, Any]) -> None:
    assert read(polled({**echo, "email": [[JANE, "OK", "COMPANY"]]})).outcome is Outcome.FOUND


def test_an_address_with_what_is_no_character_is_kept_unread() -> None:
    body = b'{"email": ["\\\\ud800@acme.com"]}'
    (reading,) = payload.read(body.replace(b"\\\\", b"\\"), "find_email", [{"lead": {"name": "A B"}}], None, Via.SUBMIT)
    assert (reading.outcome, reading.emails) == (Outcome.UNREADABLE, ())
