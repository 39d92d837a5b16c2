"""What is an end of a reveal and what is not: found, not found, incomplete, failed, unreadable, or no news."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest

from sources.clodura import payload
from sources.providers import Channel, Outcome, Reading, Via

ME = "3597524184265130552"
JOB = "65f1c0ffee65f1c0ffee0001"
WORK, CELL = "kapil@clodura.ai", "+91 98765 43210"
WHO = {"personId": ME, "firstName": "Kapil", "lastName": "Khangaonkar", "companyDomain": "clodura.ai"}
DONE = {"trackingId": JOB, "status": "success"}
CALLBACK = "Callback will be triggered once processing is complete."
STANDARD, MULTI = "standard", "multi_provider"
EMAIL, PHONE = Channel.EMAIL, Channel.PHONE
SUBMIT, WEBHOOK, POLL = Via.SUBMIT, Via.WEBHOOK, Via.POLL

Case = tuple[Any, Iterable[Via], Iterable[str], Iterable[Channel]]
EVERY_VIA, LATER = (SUBMIT, WEBHOOK, POLL), (WEBHOOK, POLL)
BOTH_PLANS, BOTH = (STANDARD, MULTI), (EMAIL, PHONE)


def read(document: object, plan: str, channel: Channel, via: Via) -> Reading:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return payload.read(body, channel, plan, {"personId": ME}, JOB, via)


def row(provider: str, status: object, **more: object) -> dict[str, object]:
    return {"provider": provider, "status": status, **more}


def each(cases: dict[str, Case]) -> list[Any]:
    return [
        pytest.param(document, via, plan, channel, id=f"{name}-{via}-{plan}-{channel}")
        for name, (document, vias, plans, channels) in cases.items()
        for via in vias
        for plan in plans
        for channel in channels
    ]


NOTHING_YET: dict[str, Case] = {
    "nothing at all": ({}, EVERY_VIA, BOTH_PLANS, BOTH),
    "an empty body": (b"", EVERY_VIA, BOTH_PLANS, BOTH),
    "blanks": (b" \n", EVERY_VIA, BOTH_PLANS, BOTH),
    "an empty list": ([], EVERY_VIA, BOTH_PLANS, BOTH),
    "null": (None, EVERY_VIA, BOTH_PLANS, BOTH),
    "no people": ({"people": []}, EVERY_VIA, BOTH_PLANS, BOTH),
    "no people, pages": ({"pagination": {"page": 1, "total_entries": 0}, "people": []}, EVERY_VIA, BOTH_PLANS, BOTH),
    "In-progress": ({"status": "In-progress"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "pending in a block": ({"trackingId": JOB, "job": {"state": "PENDING"}}, EVERY_VIA, BOTH_PLANS, BOTH),
    "pending in data": ({"success": True, "data": {"status": "Processing"}}, EVERY_VIA, BOTH_PLANS, BOTH),
    "success of the request, pending of the job": (
        {"status": "success", "people": [{"personId": ME, "status": "Pending"}]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "success of the request, a provider still asked": (
        {**DONE, "providers": [row("Clodura", "not found"), row("Hunter", "In-progress")]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "some providers still asked": (
        {"trackingId": JOB, "providers": [row("Clodura", "notFound"), row("Wiza", "pending")]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "providers keyed, one still asked": (
        {"trackingId": JOB, "providers": {"Clodura": "not found", "Hunter": "queued"}}, EVERY_VIA, BOTH_PLANS, BOTH),
    "triples, one still asked": (
        {"trackingId": JOB, "emails": [[None, "not found", "Clodura"], [None, "running", "Hunter"]]},
        EVERY_VIA, BOTH_PLANS, BOTH),
    "verification under way": (
        {"trackingId": JOB, "verificationProgress": "In-progress", "verificationStatus": "Pending"},
        EVERY_VIA, BOTH_PLANS, BOTH),
    "a pending person": ({"people": [{**WHO, "status": "Pending"}]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "status 202": ({"trackingId": JOB, "status": 202}, EVERY_VIA, BOTH_PLANS, BOTH),
    "not completed": ({**WHO, "completed": False}, EVERY_VIA, BOTH_PLANS, BOTH),
    "is complete: no": ({**WHO, "isComplete": False, "email": None, "phone": None}, EVERY_VIA, BOTH_PLANS, BOTH),
    "a flag that says pending": ({**WHO, "pending": True}, EVERY_VIA, BOTH_PLANS, BOTH),
    "a flag that says processing": ({**WHO, "isProcessing": True}, EVERY_VIA, BOTH_PLANS, BOTH),
    "half the way": ({"trackingId": JOB, "progress": 50, "status": "in_progress"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "a message that it runs": ({**WHO, "message": "Your request is being processed."}, EVERY_VIA, BOTH_PLANS, BOTH),
    "a message that it is queued": ({"people": [WHO], "message": "Queued"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "a message to come back": ({**WHO, "message": "Not ready yet, please try again later"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "not found so far": ({**WHO, "message": "No email found yet, no phone found yet"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "the confirmation": ({"trackingId": JOB, "message": CALLBACK}, EVERY_VIA, BOTH_PLANS, BOTH),
    "the confirmation under another name": ({"trackingId": JOB, "info": CALLBACK}, (SUBMIT, POLL), BOTH_PLANS, BOTH),
    "the confirmation with success": (
        {"trackingId": JOB, "status": "success", "message": CALLBACK}, EVERY_VIA, BOTH_PLANS, BOTH),
    "the confirmation with a flag": ({"success": True, "message": CALLBACK}, EVERY_VIA, BOTH_PLANS, BOTH),
    "the confirmation, echoing the person": ({**WHO, "trackingId": JOB, "message": CALLBACK}, EVERY_VIA, BOTH_PLANS, BOTH),
    "success alone, to a submit": ({"status": "success", "trackingId": JOB}, (SUBMIT,), BOTH_PLANS, BOTH),
    "ok, to a submit": ({"status": "ok", "data": {"trackingId": JOB, "email": None}}, (SUBMIT,), BOTH_PLANS, BOTH),
    "completed, to a submit": ({"status": "completed", "trackingId": JOB}, (SUBMIT,), BOTH_PLANS, BOTH),
    "failed, to a submit": ({"status": "error", "message": "Something went wrong"}, (SUBMIT,), BOTH_PLANS, BOTH),
    "an echo of the person, to a submit": ({**WHO, "trackingId": JOB, "email": None}, (SUBMIT,), BOTH_PLANS, BOTH),
    "success without a job, to a poll": ({"status": "success", "people": []}, (POLL,), BOTH_PLANS, BOTH),
    "success as a flag, to a poll": ({"success": True, "data": None}, (POLL,), BOTH_PLANS, BOTH),
    "no success as a flag, to a poll": ({"success": False, "message": "Job is not ready"}, (POLL,), BOTH_PLANS, BOTH),
    "a tracking id not found, to a poll": ({"message": "trackingId not found"}, (POLL,), BOTH_PLANS, BOTH),
    "no results, to a poll": (
        {"message": "No Results found, may be you can tweak the filters."}, (POLL,), BOTH_PLANS, BOTH),
    "an echo on a plan of several providers": (WHO, EVERY_VIA, (MULTI,), BOTH),
    "an echo in people on a plan of several providers": ({"people": [WHO]}, EVERY_VIA, (MULTI,), BOTH),
    "an echo with its search record": (
        {"people": [{**WHO, "contactEmailStatus": "verified", "personTitle": ["CEO"]}]}, (SUBMIT, POLL), (MULTI,), BOTH),
    "providers to be asked": (
        {"trackingId": JOB, "providers": [{"name": "Clodura"}, {"name": "Hunter"}]}, (SUBMIT, POLL), BOTH_PLANS, BOTH),
    "providers to be asked, by name": (
        {"trackingId": JOB, "providers": ["Clodura", "Hunter"]}, (SUBMIT, POLL), BOTH_PLANS, BOTH),
    "providers without an answer": (
        {"trackingId": JOB, "providers": {"Clodura": None, "Hunter": {}}}, (SUBMIT, POLL), BOTH_PLANS, BOTH),
    "HTML, to a poll": (b"<html><body>502 Bad Gateway</body></html>", (SUBMIT, POLL), BOTH_PLANS, BOTH),
    "half a document": (b'{"trackingId": "65f1', (SUBMIT, POLL), BOTH_PLANS, BOTH),
}  # fmt: skip

NOT_FOUND: dict[str, Case] = {
    "a Standard person without an address": (WHO, LATER, (STANDARD,), BOTH),
    "a Standard person in people": ({"pagination": {}, "people": [{**WHO, "email": {}}]}, LATER, (STANDARD,), BOTH),
    "a Standard person in data": ({"data": {"person": WHO, "phoneNumbers": []}}, LATER, (STANDARD,), BOTH),
    "a Standard person, snake case": (
        {"person_id": ME, "first_name": "Kapil", "email": None}, LATER, (STANDARD,), BOTH),
    "a Standard person, N/A": ({**WHO, "email": "N/A", "phone": "N/A"}, LATER, (STANDARD,), BOTH),
    "a Standard person, unavailable": ({**WHO, "email": "", "emailStatus": "unavailable"}, LATER, (STANDARD,), BOTH),
    "a Standard person, its search record": (
        {**WHO, "email": None, "contactEmailStatus": "unverified"}, LATER, (STANDARD,), BOTH),
    "a final word": ({"trackingId": JOB, "status": "not found"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "a final word, one more spelling": ({"trackingId": JOB, "status": "NOT_FOUND"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "a final word of two": ({"trackingId": JOB, "status": "completed", "result": "notFound"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "no match": ({"trackingId": JOB, "result": {"status": "No Match Found"}}, EVERY_VIA, BOTH_PLANS, BOTH),
    "success, and nothing": (DONE, LATER, BOTH_PLANS, BOTH),
    "success, and empty fields": ({**DONE, "email": None, "phones": []}, LATER, BOTH_PLANS, BOTH),
    "completed, and nothing": ({"status": "Completed", "data": {}}, LATER, BOTH_PLANS, BOTH),
    "completed, a flag": ({"trackingId": JOB, "isCompleted": True, "emails": [], "phones": []}, LATER, BOTH_PLANS, BOTH),
    "found: no": ({"trackingId": JOB, "found": False}, EVERY_VIA, BOTH_PLANS, BOTH),
    "found: none": ({"trackingId": JOB, "status": "success", "found": 0}, LATER, BOTH_PLANS, BOTH),
    "status 404 inside": ({"trackingId": JOB, "status": 404}, LATER, BOTH_PLANS, BOTH),
    "no email, in words": ({"trackingId": JOB, "message": "No verified email found for this contact"}, EVERY_VIA, BOTH_PLANS, (EMAIL,)),
    "no email, in other words": ({**WHO, "error": "Email address could not be found"}, EVERY_VIA, BOTH_PLANS, (EMAIL,)),
    "no phone, in words": ({"trackingId": JOB, "reason": "No phone number was found."}, EVERY_VIA, BOTH_PLANS, (PHONE,)),
    "failed because there is none": (
        {"trackingId": JOB, "status": "failed", "message": "No email found, no phone number found"}, LATER, BOTH_PLANS, BOTH),
    "the word in the value's place": ({"trackingId": JOB, "email": "not found", "phone": "notFound"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "the word of the address": (
        {"trackingId": JOB, "email": {"status": "not found"}, "phone": {"status": "notFound"}}, EVERY_VIA, BOTH_PLANS, BOTH),
    "the word of the address beside": (
        {"trackingId": JOB, "emailStatus": "not found", "phoneStatus": "notFound"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "all providers missed": ({**DONE, "providers": [row("Clodura", "not found"), row("Hunter", "NOT FOUND")]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "all providers missed, no word of the job": (
        {"trackingId": JOB, "providers": [row("Clodura", "notFound"), row("Wiza", "notFound")]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "all providers missed, keyed": ({"trackingId": JOB, "results": {"Clodura": "not found", "Wiza": "Not Found"}}, EVERY_VIA, BOTH_PLANS, BOTH),
    "all providers missed, unknown names": (
        {"trackingId": JOB, "providers": {"Zeliq": {"status": "not found"}, "Acme": {"status": "no match"}}}, EVERY_VIA, BOTH_PLANS, BOTH),
    "all providers missed, triples": (
        {"trackingId": JOB, "emails": [["Clodura", "not found", None], ["Wiza", "notFound", None]]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "all providers missed, by name": ({"trackingId": JOB, "notFound": ["Clodura", "Hunter"]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "all providers missed, flags": (
        {"trackingId": JOB, "providers": [{"provider": "Clodura", "found": False}, {"provider": "Wiza", "found": False}]},
        EVERY_VIA, BOTH_PLANS, BOTH),
    "all providers missed, whole answers": (
        {"trackingId": JOB, "providers": [{"provider": "Wiza", "response": {"status": "not found", "data": {}}}]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "a provider that broke, the others missed": (
        {**DONE, "providers": [row("Clodura", "not found"), row("Hunter", "error")]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "success of a call that gave nothing": (
        {**DONE, "providers": [row("Clodura", "success", email=None, phone=None)]}, LATER, BOTH_PLANS, BOTH),
    "rows of nulls in a webhook": (
        {"trackingId": JOB, "providers": [{"provider": "Wiza", "email": None, "phone": None}]}, (WEBHOOK,), BOTH_PLANS, BOTH),
    "an empty field in a webhook": ({**WHO, "email": None, "phone": []}, (WEBHOOK,), (MULTI,), BOTH),
}  # fmt: skip

INCOMPLETE: dict[str, Case] = {
    "a provider's word": ({**DONE, "providers": [row("Clodura", "not found"), row("Hunter", "Insufficient Credits")]}, EVERY_VIA, BOTH_PLANS, BOTH),
    "a provider's word, keyed": ({**DONE, "results": {"Clodura": "notFound", "Wiza": "insufficient_credits"}}, EVERY_VIA, BOTH_PLANS, BOTH),
    "the job's word": ({"trackingId": JOB, "status": "Insufficient Credits"}, EVERY_VIA, BOTH_PLANS, BOTH),
    "the word of the address": ({"trackingId": JOB, "email": {"status": "Insufficient Credits"}, "phone": {"status": "Insufficient Credits"}}, LATER, BOTH_PLANS, BOTH),
    "a person, and the word": ({**WHO, "status": "INSUFFICIENT_CREDITS"}, LATER, BOTH_PLANS, BOTH),
    "failed for that reason": ({"trackingId": JOB, "status": "failed", "message": "Insufficient credits"}, LATER, BOTH_PLANS, BOTH),
    "failed for that reason, a code": ({"trackingId": JOB, "status": "failed", "error": {"code": "INSUFFICIENT_CREDITS"}}, LATER, BOTH_PLANS, BOTH),
    "status 402 inside": ({"trackingId": JOB, "status": 402}, LATER, BOTH_PLANS, BOTH),
}  # fmt: skip

FAILED: dict[str, Case] = {
    "the word": ({"trackingId": JOB, "status": "failed"}, LATER, BOTH_PLANS, BOTH),
    "another word": ({"data": {"trackingId": JOB, "jobStatus": "ERROR"}}, LATER, BOTH_PLANS, BOTH),
    "with the person": ({**WHO, "status": "failed"}, LATER, BOTH_PLANS, BOTH),
    "with a reason": ({"trackingId": JOB, "state": "Failed", "message": "Internal error"}, LATER, BOTH_PLANS, BOTH),
    "timed out": ({"trackingId": JOB, "status": "timed out"}, LATER, BOTH_PLANS, BOTH),
    "status 500 inside": ({"trackingId": JOB, "status": 500}, LATER, BOTH_PLANS, BOTH),
    "no success, in a webhook": ({"trackingId": JOB, "success": False, "message": "Internal error"}, (WEBHOOK,), BOTH_PLANS, BOTH),
}  # fmt: skip

UNREADABLE: dict[str, Case] = {
    "a masked address": ({**WHO, "email": "k***@clodura.ai", "emailStatus": "verified"}, LATER, BOTH_PLANS, (EMAIL,)),
    "a masked address without a status": ({**DONE, "email": {"value": "k***l@clodura.ai"}}, LATER, BOTH_PLANS, (EMAIL,)),
    "an address masked with dots": ({**WHO, "emails": ["k•••@clodura.ai"]}, LATER, BOTH_PLANS, (EMAIL,)),
    "an address masked with one star": ({**WHO, "emails": ["k*@clodura.ai"]}, LATER, BOTH_PLANS, (EMAIL,)),
    "a masked number": ({**WHO, "phone": "+91 98XXX XXX10"}, LATER, BOTH_PLANS, (PHONE,)),
    "a masked number, stars": ({**DONE, "phones": [{"number": "98******10"}]}, LATER, BOTH_PLANS, (PHONE,)),
    "a masked number in a row": ({**DONE, "providers": [row("Wiza", "found", number="+91-98xxx-xxx10")]}, LATER, BOTH_PLANS, (PHONE,)),
    "a find without an address": ({**DONE, "providers": [row("Clodura", "not found"), row("Hunter", "Success / Deliverable")]}, LATER, BOTH_PLANS, (EMAIL,)),
    "a find without an address, one word": ({**DONE, "providers": [row("Hunter", "Success")]}, LATER, BOTH_PLANS, (EMAIL,)),
    "a guess without an address": ({**DONE, "results": {"Hunter": {"status": "guessed", "data": "U2FsdGVkX1"}}}, LATER, BOTH_PLANS, (EMAIL,)),
    "a find without a number": ({**DONE, "providers": [row("Clodura", "notFound"), row("Wiza", "found")]}, LATER, BOTH_PLANS, (PHONE,)),
    "a find without a number, keyed": ({**DONE, "providers": {"Clodura": "notFound", "Wiza": "found"}}, LATER, BOTH_PLANS, (PHONE,)),
    "a find without a number, a triple": ({**DONE, "phones": [["Wiza", "found", "on request"]]}, LATER, BOTH_PLANS, (PHONE,)),
    "a find, a whole answer": ({**DONE, "providers": [{"provider": "Wiza", "response": {"status": "found", "data": {}}}]}, LATER, BOTH_PLANS, (PHONE,)),
    "a find, a flag": ({**DONE, "providers": [{"provider": "Wiza", "found": True}]}, LATER, BOTH_PLANS, BOTH),
    "a find of the job": ({**WHO, "status": "verified"}, LATER, BOTH_PLANS, (EMAIL,)),
    "a find of the job, a flag": ({"trackingId": JOB, "found": True}, LATER, BOTH_PLANS, BOTH),
    "a find of the address": ({**DONE, "email": {"status": "Deliverable"}, "phone": {"status": "found"}}, LATER, BOTH_PLANS, BOTH),
    "credits ran out, yet one says found": (
        {**DONE, "providers": [row("Wiza", "found"), row("Lusha", "Insufficient Credits")]}, LATER, BOTH_PLANS, BOTH),
    "sealed": ({**WHO, "email": "U2FsdGVkX1+vupppZksvRf5pq5g5XjFRlipRkwB0K1Y=", "phone": "U2FsdGVkX1+vupppZksvRf5pq5g5XjFRlipRkwB0K1Y="}, LATER, BOTH_PLANS, BOTH),
    "HTML, in a webhook": (b"<html></html>", (WEBHOOK,), BOTH_PLANS, BOTH),
    "nothing we know, in a webhook": ({"trackingId": JOB, "blob": "x7f", "n": 3}, (WEBHOOK,), BOTH_PLANS, BOTH),
}  # fmt: skip

FOUND: dict[str, Case] = {
    "without any word": ({"email": WORK, "phone": CELL}, EVERY_VIA, BOTH_PLANS, BOTH),
    "with the confirmation": ({"trackingId": JOB, "message": CALLBACK, "email": WORK, "phone": CELL}, EVERY_VIA, BOTH_PLANS, BOTH),
    "credits ran out afterwards": (
        {**DONE, "providers": [row("Clodura", "found", email=WORK, phone=CELL), row("Wiza", "Insufficient Credits")]},
        EVERY_VIA, BOTH_PLANS, BOTH),
    "failed, and yet a value": ({"trackingId": JOB, "status": "failed", "email": WORK, "phone": CELL}, LATER, BOTH_PLANS, BOTH),
    "one found, another masked": (
        {**DONE, "providers": [row("Wiza", "found", email=WORK, phone=CELL), row("Lusha", "found", email="k***@c.ai", phone="98XXX XXX10")]},
        EVERY_VIA, BOTH_PLANS, BOTH),
}  # fmt: skip


@pytest.mark.parametrize(("document", "via", "plan", "channel"), each(NOTHING_YET))
def test_this_is_no_news(document: Any, via: Via, plan: str, channel: Channel) -> None:
    reading = read(document, plan, channel, via)
    assert (reading.outcome, reading.emails, reading.phones, reading.charges) == (None, (), (), ())
    assert not reading.foreign


@pytest.mark.parametrize(("document", "via", "plan", "channel"), each(NOT_FOUND))
def test_this_proves_that_nothing_was_found(document: Any, via: Via, plan: str, channel: Channel) -> None:
    reading = read(document, plan, channel, via)
    assert (reading.outcome, reading.emails, reading.phones) == (Outcome.NOT_FOUND, (), ())
    assert all(charge.amount_max == 0 for charge in reading.charges)


@pytest.mark.parametrize(("document", "via", "plan", "channel"), each(INCOMPLETE))
def test_this_ran_out_of_credits_half_way(document: Any, via: Via, plan: str, channel: Channel) -> None:
    assert read(document, plan, channel, via).outcome is Outcome.INCOMPLETE


@pytest.mark.parametrize(("document", "via", "plan", "channel"), each(FAILED))
def test_this_failed(document: Any, via: Via, plan: str, channel: Channel) -> None:
    assert read(document, plan, channel, via).outcome is Outcome.FAILED


@pytest.mark.parametrize(("document", "via", "plan", "channel"), each(UNREADABLE))
def test_this_is_a_find_that_cannot_be_read(document: Any, via: Via, plan: str, channel: Channel) -> None:
    """Neither a find nor a miss: it may have been paid for, and is kept for a reader that can."""
    reading = read(document, plan, channel, via)
    assert (reading.outcome, reading.emails, reading.phones) == (Outcome.UNREADABLE, (), ())
    assert reading.note
    assert any(charge.amount_max for charge in reading.charges)


@pytest.mark.parametrize(("document", "via", "plan", "channel"), each(UNREADABLE))
def test_a_find_that_cannot_be_read_does_not_settle_a_submit(
    document: Any, via: Via, plan: str, channel: Channel
) -> None:
    assert read(document, plan, channel, Via.SUBMIT).outcome is None


@pytest.mark.parametrize(("document", "via", "plan", "channel"), each(FOUND))
def test_this_is_found(document: Any, via: Via, plan: str, channel: Channel) -> None:
    assert read(document, plan, channel, via).outcome is Outcome.FOUND


PENDING_WORDS = (
    "In-progress in_progress inProgress Pending PENDING running queued Queued processing Processing in-queue submitted "
    "started scheduled waiting initiated ongoing enqueued awaiting"
).split()
WITH_VALUES: dict[str, Any] = {
    "the job's word": lambda word: {"trackingId": JOB, "status": word, "email": WORK, "phone": CELL},
    "the job's word, rows done": lambda word: {
        "trackingId": JOB, "status": word, "providers": [row("Hunter", "found", email=WORK, phone=CELL)]},
    "a word of data": lambda word: {"data": {"status": word, "email": WORK, "phone": CELL}},
    "a provider's word": lambda word: {
        "trackingId": JOB, "providers": [row("Hunter", "found", email=WORK, phone=CELL), row("Lusha", word)]},
    "a provider's word, the request a success": lambda word: {
        **DONE, "providers": [row("Hunter", "found", email=WORK, phone=CELL), row("Lusha", word)]},
    "the person's word": lambda word: {"people": [{**WHO, "status": word, "email": WORK, "phone": CELL}]},
    "the word of the value": lambda word: {**WHO, "email": {"value": WORK, "status": word}, "phone": {"number": CELL, "status": word}},
}  # fmt: skip


@pytest.mark.parametrize("channel", BOTH)
@pytest.mark.parametrize("shape", WITH_VALUES)
def test_a_pending_word_is_never_final_though_values_are_kept(shape: str, channel: Channel) -> None:
    for word in PENDING_WORDS:
        for plan in BOTH_PLANS:
            for via in Via:
                reading = read(WITH_VALUES[shape](word), plan, channel, via)
                values = [email.address for email in reading.emails] or [phone.number for phone in reading.phones]
                assert (reading.outcome, values) == (None, [WORK if channel is EMAIL else CELL]), (word, plan, via)
                assert reading.charges == ()


def test_the_tracking_id_of_a_submit() -> None:
    cases: list[tuple[object, str | None]] = [
        ({"trackingId": JOB, "message": CALLBACK}, JOB),
        ({"data": {"trackingId": JOB}}, JOB),
        ({"tracking_id": 123456789}, "123456789"),
        ({"Tracking ID": f" {JOB} "}, JOB),
        ([{"trackingID": JOB}], JOB),
        ({"jobId": "j", "trackingId": JOB}, JOB),
        ({"jobId": JOB}, JOB),
        ({"task_id": JOB}, JOB),
        ({"tracking": {"id": JOB}}, JOB),
        ({"trackingId": ""}, None),
        ({"trackingId": None}, None),
        ({"trackingId": True}, None),
        ({"trackingId": {"x": 1}}, None),
        ({"message": CALLBACK}, None),
        ({}, None),
        ("text", None),
    ]
    for document, expected in cases:
        assert payload.tracking_id(json.dumps(document).encode()) == expected, document
    assert payload.tracking_id(b"<html>") is None
    assert payload.tracking_id(b"") is None
