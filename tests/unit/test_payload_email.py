"""What a reveal's answer says of an e-mail address, in shapes that nobody documents: address, status, finder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from enrichment.settlement import settlement
from sources.clodura import payload
from sources.providers import Channel, EmailStatus, Outcome, Reading, Via

ME = "3597524184265130552"
OTHER = "2389402640191586304"
JOB = "65f1c0ffee65f1c0ffee0001"
WORK = "kapil@clodura.ai"
HOME = "kapil.k@gmail.com"
WHO = {"personId": ME, "firstName": "Kapil", "lastName": "Khangaonkar", "companyDomain": "clodura.ai"}
DONE = {"trackingId": JOB, "status": "success"}
YES = ("deliverable", "Hunter")

Told = Mapping[str, tuple[str, str | None]]


def read(document: object, plan: str, via: Via = Via.WEBHOOK) -> Reading:
    return payload.read(json.dumps(document).encode(), Channel.EMAIL, plan, {"personId": ME}, JOB, via)


def told(reading: Reading) -> Told:
    """Address: (status, finder), as the ledger would keep it."""
    return {email.email: (email.status.value, email.found_by) for email in settlement(reading, None).emails}


def row(provider: str, status: str | None, email: object = None) -> dict[str, object]:
    return {"provider": provider, "status": status, "email": email}


MULTI: dict[str, tuple[Any, Told]] = {
    "beside the job": ({**DONE, "email": WORK, "emailStatus": "Deliverable", "provider": "Hunter"}, {WORK: YES}),
    "in data": (
        {**DONE, "data": {"person": WHO, "email": WORK, "emailStatus": "Success / Deliverable", "foundBy": "Hunter"}},
        {WORK: YES},
    ),
    "rows at the top": ([row("Clodura", "not found"), row("Hunter", "Success", WORK)], {WORK: YES}),
    "rows that repeat the tracking id": (
        [{**row("Clodura", "not found"), "trackingId": JOB}, {**row("Hunter", "Success", WORK), "trackingId": JOB}],
        {WORK: YES},
    ),
    "snake case": (
        {
            "tracking_id": JOB,
            "status": "success",
            "provider_results": [
                {"provider_name": "Prospeo", "provider_status": "not_found", "email_address": ""},
                {"provider_name": "Hunter", "provider_status": "success_deliverable", "email_address": WORK},
            ],
        },
        {WORK: YES},
    ),
    "title case": (
        {
            "Tracking ID": JOB,
            "Status": "success",
            "Providers": [{"Provider": "Hunter", "Status": "Success / Deliverable", "Email": WORK}],
        },
        {WORK: YES},
    ),
    "keyed by providers, one of them unknown": (
        {**DONE, "providers": {"Clodura": {"status": "not found"}, "Zeliq": {"status": "guessed", "email": WORK}}},
        {WORK: ("guessed", "Zeliq")},
    ),
    "an unknown provider beside known ones": (
        {**DONE, "results": {"Hunter": {"status": "not found"}, "Zeliq": {"status": "Deliverable", "email": WORK}}},
        {WORK: ("deliverable", "Zeliq")},
    ),
    "unknown providers alone": (
        {**DONE, "results": {"Acme Data": {"status": "not found"}, "Zeliq": {"status": "guessed", "email": WORK}}},
        {WORK: ("guessed", "Zeliq")},
    ),
    "an address or a word for each provider": (
        {**DONE, "person": WHO, "emails": {"Clodura": "not found", "Hunter": WORK, "Prospeo": None}},
        {WORK: ("unverified", "Hunter")},
    ),
    "addresses and statuses in two maps": (
        {**DONE, "emails": {"Hunter": WORK}, "statuses": {"Clodura": "not found", "Hunter": "Success / Deliverable"}},
        {WORK: YES},
    ),
    "address, with the rows' words apart": (
        {**DONE, "email": WORK, "providers": [row("Clodura", "not found"), row("Hunter", "Success / Deliverable")]},
        {WORK: YES},
    ),
    "address, and named rows apart": (
        {
            **DONE,
            "emails": [WORK],
            "waterfall": [{"name": "Clodura", "status": "not found"}, {"name": "Zeliq", "status": "not verified"}],
        },
        {WORK: ("unverified", "Zeliq")},
    ),
    "triples, provider first": (
        {**DONE, "emails": [["Clodura", None, "NOT FOUND"], ["Hunter", WORK, "Guessed"]]},
        {WORK: ("guessed", "Hunter")},
    ),
    "columns side by side": (
        {**DONE, "emails": [WORK, HOME], "statuses": ["Deliverable", "guessed"], "providers": ["Hunter", "Wiza"]},
        {WORK: YES, HOME: ("guessed", "Wiza")},
    ),
    "grouped by status": (
        {**DONE, "deliverable": [{"email": WORK, "provider": "Hunter"}], "notFound": ["Clodura", "Prospeo"]},
        {WORK: YES},
    ),
    "the status below": (
        {**DONE, "email": {"value": WORK, "verification": {"status": "Deliverable"}, "source": {"name": "Hunter"}}},
        {WORK: YES},
    ),
    "status and provider both below": (
        {**DONE, "email": {"value": WORK, "meta": {"verificationStatus": "Deliverable", "provider": "Hunter"}}},
        {WORK: YES},
    ),
    "the status in a block of its own": (
        {**DONE, "emails": [{"address": WORK, "status": {"code": 1, "label": "Deliverable"}, "vendor": "Hunter"}]},
        {WORK: YES},
    ),
    "the answer of each provider whole": (
        {
            **DONE,
            "providers": [
                {"provider": "Clodura", "response": {"status": "not found", "data": None}},
                {"provider": "Hunter", "response": {"status": "Success / Deliverable", "data": {"email": WORK}}},
            ],
        },
        {WORK: YES},
    ),
    "steps of a waterfall": (
        {
            **DONE,
            "waterfall": [
                {"step": 1, "vendor": "Clodura", "outcome": "not found", "result": None},
                {"step": 2, "vendor": "Hunter", "outcome": "Deliverable", "result": WORK},
            ],
        },
        {WORK: YES},
    ),
    "people, rows below": (
        {
            "pagination": {"page": 1},
            "people": [{**WHO, **DONE, "enrichment": {"email": [row("Hunter", "Deliverable", WORK)]}}],
        },
        {WORK: YES},
    ),
    "addresses keyed, providers as values": ({**DONE, "emails": {WORK: "Hunter"}}, {WORK: ("unverified", "Hunter")}),
    "addresses keyed, statuses as values": ({**DONE, "emails": {WORK: "guessed"}}, {WORK: ("guessed", None)}),
    "flags": (
        {**DONE, "emails": [{"email": WORK, "verified": True, "catchAll": False, "source": "Hunter"}]},
        {WORK: YES},
    ),
    "a catch-all flag": (
        {**DONE, "result": {"email": WORK, "isValid": True, "catchAll": True, "provider": "Hunter"}},
        {WORK: ("risky", "Hunter")},
    ),
    "a provider in a block": (
        {**DONE, "contact": {"email": WORK, "status": "Risky (Catch-all)", "provider": {"name": "LeadMagic", "id": 7}}},
        {WORK: ("risky", "LeadMagic")},
    ),
    "several providers, several addresses": (
        {**DONE, "providers": [row("Prospeo", "guessed", HOME), row("Hunter", "Success / Deliverable", WORK)]},
        {WORK: YES, HOME: ("guessed", "Prospeo")},
    ),
    "one address by two providers": (
        {**DONE, "providers": [row("Prospeo", "guessed", WORK.upper()), row("Hunter", "Deliverable", WORK)]},
        {WORK: YES},
    ),
    "the best on top, the rows below": (
        {**DONE, "email": WORK, "emailStatus": "Deliverable", "providers": [row("Hunter", "Deliverable", WORK)]},
        {WORK: YES},
    ),
    "JSON in a text": (
        {**DONE, "payload": json.dumps({"providers": [row("Hunter", "Deliverable", WORK)]})},
        {WORK: YES},
    ),
    "not only ours: unicode, nulls, blanks": (
        {
            **DONE,
            "näme": "Kapil ✓",
            "providers": [row("Clodura", "", ""), row("Hunter", "guessed", "käpil@clodura.ai")],
        },
        {"käpil@clodura.ai": ("guessed", "Hunter")},
    ),
    "credits ran out after a find": (
        {**DONE, "providers": [row("Hunter", "guessed", WORK), row("Wiza", "Insufficient Credits")]},
        {WORK: ("guessed", "Hunter")},
    ),
    "success is the job's, not the address's": ({**DONE, "email": WORK}, {WORK: ("unverified", None)}),
    "success and a message beside the address": (
        {**DONE, "email": WORK, "contactEmailStatus": "verified", "message": "Email found"},
        {WORK: ("deliverable", None)},
    ),
    "completed is the job's, too": (
        {"trackingId": JOB, "status": "completed", "data": {"emails": [WORK]}},
        {WORK: ("unverified", None)},
    ),
    "progress and status": (
        {**DONE, "email": {"email": WORK, "verificationProgress": "Completed", "verificationStatus": "guessed"}},
        {WORK: ("guessed", None)},
    ),
}

STANDARD: dict[str, tuple[Any, Told]] = {
    "flat": ({**WHO, "email": WORK, "email_status": "Verified"}, {WORK: ("deliverable", None)}),
    "flat, status of the documented table": ({**WHO, "email": WORK, "status": "Success"}, {WORK: ("deliverable", None)}),
    "an array": ([{**WHO, "email": {"address": WORK, "status": "Deliverable"}}], {WORK: ("deliverable", None)}),
    "in data": ({"data": {**WHO, "workEmail": WORK, "emailStatus": "valid"}}, {WORK: ("deliverable", None)}),
    "in a list of data": ({"data": [{**WHO, "work_email": WORK, "work_email_status": "guessed"}]}, {WORK: ("guessed", None)}),
    "in payload": ({"event": "reveal.completed", "payload": {"person": {**WHO, "email": WORK}}}, {WORK: ("unverified", None)}),
    "in people": ({"pagination": {}, "people": [{**WHO, "email": WORK, "verified": True}]}, {WORK: ("deliverable", None)}),
    "title case": (
        {"Person ID": ME, "First Name": "Kapil", "Email Address": WORK, "Email Status": "Not Verified"},
        {WORK: ("unverified", None)},
    ),
    "beside the person": ({"person": WHO, "email": {"value": WORK, "verified": True}}, {WORK: ("deliverable", None)}),
    "work and home by name": (
        {**WHO, "email": {"work": WORK, "personal": HOME}, "status": "verified"},
        {WORK: ("deliverable", None), HOME: ("deliverable", None)},
    ),
    "work and home by type": (
        {**WHO, "emails": [{"type": "work", "email": WORK, "state": "valid"}, {"type": "personal", "email": HOME}]},
        {WORK: ("deliverable", None), HOME: ("unverified", None)},
    ),
    "numbered": (
        {**WHO, "email1": WORK, "email1Status": "verified", "email2": HOME, "email2Status": "guessed"},
        {WORK: ("deliverable", None), HOME: ("guessed", None)},
    ),
    "several in one text": (
        {**WHO, "emails": f"{WORK}; {HOME}", "emailStatus": "verified"},
        {WORK: ("deliverable", None), HOME: ("deliverable", None)},
    ),
    "several in one text, with blanks": (
        {**WHO, "emails": f"{WORK} {HOME}"},
        {WORK: ("unverified", None), HOME: ("unverified", None)},
    ),
    "with kinds in the text": (
        {**WHO, "emails": [f"Work: {WORK}", f"{HOME} (personal)"]},
        {WORK: ("unverified", None), HOME: ("unverified", None)},
    ),
    "with a name": ({**WHO, "email": f"Kapil K <{WORK}>", "emailStatus": "valid"}, {WORK: ("deliverable", None)}),
    "with mailto and blanks": ({**WHO, "email": f" mailto:{WORK} \n"}, {WORK: ("unverified", None)}),
    "with characters that cannot be seen": ({**WHO, "email": f"\u200b{WORK}\ufeff"}, {WORK: ("unverified", None)}),
    "capitals": ({**WHO, "email": WORK.upper(), "emailStatus": "VERIFIED"}, {WORK: ("deliverable", None)}),
    "pairs": ({**WHO, "emails": [[WORK, "verified"], [HOME, "Guessed"]]}, {WORK: ("deliverable", None), HOME: ("guessed", None)}),
    "keyed by address": ({**WHO, "emails": {WORK: {"status": "Risky (Catch-all)"}}}, {WORK: ("risky", None)}),
    "keyed by status": ({**WHO, "emails": {"verified": [WORK], "guessed": [HOME]}}, {WORK: ("deliverable", None), HOME: ("guessed", None)}),
    "checked in a block": (
        {**WHO, "email": WORK, "verification": {"verificationProgress": "Completed", "verificationStatus": "Deliverable"}},
        {WORK: ("deliverable", None)},
    ),
    "the result itself": ({**WHO, "result": WORK, "resultStatus": "catch-all"}, {WORK: ("risky", None)}),
    "from the vendor's own database": (
        {**WHO, "email": {"email": WORK, "status": "verified", "source": "Clodura"}},
        {WORK: ("deliverable", "Clodura")},
    ),
    "a tracking id and success beside it": ({**WHO, **DONE, "email": WORK}, {WORK: ("unverified", None)}),
    "deeply nested": (
        {"response": {"body": {"result": {"contact": {"details": {"emails": {"items": [{"value": {"raw": WORK}}]}}}}}}},
        {WORK: ("unverified", None)},
    ),
    "the employer's address beside": (
        {**WHO, "email": WORK, "company": {"name": "Clodura", "email": "info@clodura.ai"}},
        {WORK: ("unverified", None)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("via", [Via.WEBHOOK, Via.POLL, Via.SUBMIT])
@pytest.mark.parametrize(("document", "expected"), MULTI.values(), ids=MULTI)
def test_multi_provider_shapes(document: Any, expected: Told, via: Via) -> None:
    reading = read(document, "multi_provider", via)
    assert told(reading) == expected
    assert reading.outcome is Outcome.FOUND


@pytest.mark.parametrize("via", [Via.WEBHOOK, Via.POLL, Via.SUBMIT])
@pytest.mark.parametrize(("document", "expected"), STANDARD.values(), ids=STANDARD)
def test_standard_shapes(document: Any, expected: Told, via: Via) -> None:
    reading = read(document, "standard", via)
    assert told(reading) == expected
    assert reading.outcome is Outcome.FOUND


@pytest.mark.parametrize(("document", "expected"), [*MULTI.values(), *STANDARD.values()], ids=[*MULTI, *STANDARD])
def test_a_shape_is_read_whichever_plan_the_settings_name(document: Any, expected: Told) -> None:
    assert set(told(read(document, "standard"))) == set(told(read(document, "multi_provider"))) == set(expected)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Success / Deliverable", "deliverable"),
        ("success_deliverable", "deliverable"),
        ("SUCCESS/DELIVERABLE", "deliverable"),
        ("Success", "deliverable"),
        ("Deliverable", "deliverable"),
        ("verified", "deliverable"),
        ("Valid", "deliverable"),
        ("not verified", "unverified"),
        ("notVerified", "unverified"),
        ("Unverified", "unverified"),
        ("guessed", "guessed"),
        ("GUESSED", "guessed"),
        ("pattern-predicted", "guessed"),
        ("Risky (Catch-all)", "risky"),
        ("catch_all", "risky"),
        ("Accept All", "risky"),
        ("Undeliverable", "undeliverable"),
        ("invalid", "undeliverable"),
        ("hard bounce", "undeliverable"),
        ("something new", "unverified"),
    ],
)
@pytest.mark.parametrize("shape", ["row", "beside", "keyed"])
def test_a_status_in_any_spelling(word: str, status: str, shape: str) -> None:
    document = {
        "row": {**DONE, "providers": [row("Hunter", word, WORK)]},
        "beside": {**DONE, "data": {"email": WORK, "emailStatus": word}},
        "keyed": {**DONE, "results": {"Hunter": {"Email": WORK, "Status": word}}},
    }[shape]
    (email,) = read(document, "multi_provider").emails
    assert email.status is EmailStatus(status)
    assert email.status_raw == word


FLAGGED = [
    ({"verified": True}, "deliverable"),
    ({"verified": False}, "unverified"),
    ({"isVerified": True}, "deliverable"),
    ({"is_valid": True}, "deliverable"),
    ({"isValid": False}, "undeliverable"),
    ({"deliverable": True}, "deliverable"),
    ({"catchAll": True}, "risky"),
    ({"catch_all": True, "verified": True}, "risky"),
    ({"guessed": True}, "guessed"),
    ({"status": "found", "verified": True}, "deliverable"),
    ({"status": "Deliverable", "catchAll": False}, "deliverable"),
    ({"status": "guessed", "verified": False}, "guessed"),
    ({"verified": None}, "unverified"),
    ({"status": None, "emailStatus": "guessed"}, "guessed"),
    ({"status": "N/A"}, "unverified"),
]


@pytest.mark.parametrize(("beside", "status"), FLAGGED, ids=str)
def test_flags_stand_for_words(beside: dict[str, object], status: str) -> None:
    for document in (
        {**WHO, "email": {"value": WORK, **beside}},
        {**DONE, "providers": [{"provider": "Wiza", "email": WORK, **beside}]},
    ):
        assert [email.status for email in read(document, "standard").emails] == [EmailStatus(status)]


NOT_THEIRS: dict[str, dict[str, Any]] = {
    "the vendor's help desk": {"supportEmail": "support@clodura.ai"},
    "the vendor's help desk in a block": {"support": {"email": "help@clodura.ai"}},
    "an address in a sentence": {"message": "No luck. Write to support@clodura.ai for help."},
    "an address at the end of a sentence": {"message": "Questions? kapil@clodura.ai"},
    "whoever asked": {"requestedBy": {"email": "me@mycompany.com"}},
    "whoever made the key": {"createdBy": "me@mycompany.com"},
    "the account": {"account": {"email": "me@mycompany.com", "credits": 7}},
    "the user": {"user": {"id": 4, "email": "me@mycompany.com"}},
    "a webhook's address": {"webhookUrl": "https://hooks@leads.example.com/hooks/clodura/x/y"},
    "a webhook's address without a scheme": {"webhook": "hooks@leads.example.com"},
    "a social handle": {"social": ["youtube.com/@kapil.khangaonkar", "@kapil", "medium.com/@kapil"]},
    "a version": {"package": "reveal@1.20.33"},
    "the employer's": {"organization": {"name": "Clodura", "email": "info@clodura.ai"}},
    "a role address beside nothing": {"contact": "support@clodura.ai"},
    "an empty one": {"email": ""},
    "one that says N/A": {"email": "N/A", "emailStatus": "not found"},
    "a lone at": {"email": "@"},
}


@pytest.mark.parametrize("document", NOT_THEIRS.values(), ids=NOT_THEIRS)
@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
def test_what_is_not_the_persons_is_not_taken(document: dict[str, Any], plan: str) -> None:
    assert read({**WHO, **DONE, **document}, plan).emails == ()


@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
def test_of_several_people_only_ours_counts(plan: str) -> None:
    theirs = {"personId": OTHER, "email": "somebody@else.example", "emailStatus": "verified"}
    ours = {**WHO, "email": WORK, "emailStatus": "guessed"}
    for document in (
        {"people": [theirs, ours]},
        {"people": [ours, theirs]},
        {**ours, "colleagues": [theirs]},
        {**theirs, "colleagues": [ours]},
        {"data": {OTHER: theirs, ME: ours}},
        {
            "people": [
                {"id": OTHER, "email": "somebody@else.example"},
                {"id": ME, "email": WORK, "emailStatus": "guessed"},
            ]
        },
    ):
        assert {a: status for a, (status, _) in told(read(document, plan)).items()} == {WORK: "guessed"}, document


@pytest.mark.parametrize("via", list(Via))
def test_another_person_or_another_job_is_foreign(via: Via) -> None:
    for document in (
        {"personId": OTHER, "email": WORK},
        {"people": [{"person_id": OTHER, "email": WORK}]},
        {"trackingId": "another", "email": WORK},
        {"data": {"tracking_id": "another"}, "personId": ME, "email": WORK},
    ):
        reading = read(document, "standard", via)
        assert reading.foreign, document
        assert (reading.outcome, reading.emails) == (None, ())
    assert not read({"personId": int(ME), "email": WORK}, "standard", via).foreign


def test_every_provider_has_a_row_and_none_two() -> None:
    misses = [row("Clodura", "not found"), row("Prospeo", "not found")]
    hit = row("Hunter", "Success / Deliverable", WORK)
    shapes: list[Any] = [
        {**DONE, "providers": [*misses, hit]},
        {**DONE, "data": {"email": WORK, "providers": [*misses, row("Hunter", "Success / Deliverable")]}},
        {**DONE, "results": {r["provider"]: {"status": r["status"], "email": r["email"]} for r in [*misses, hit]}},
        {**DONE, "emails": [[r["provider"], r["email"], r["status"]] for r in [*misses, hit]]},
        {**DONE, "emails": [hit], "providers": [*misses, row("Hunter", "Success / Deliverable")]},
        {
            **DONE,
            "emails": {WORK: {"status": "Success / Deliverable", "provider": "Hunter"}},
            "misses": {"Clodura": "not found", "Prospeo": "not found"},
        },
        {
            **DONE,
            "email": WORK,
            "emailStatus": "Success / Deliverable",
            "foundBy": "Hunter",
            "providers": [*misses, hit],
        },
        {
            **DONE,
            "providers": [
                {"provider": r["provider"], "result": {"status": r["status"], "email": r["email"]}}
                for r in [*misses, hit]
            ],
        },
    ]
    for document in shapes:
        results = settlement(read(document, "multi_provider"), None).results
        assert sorted((r.provider, r.status_raw, r.value) for r in results) == [
            ("Clodura", "not found", None),
            ("Hunter", "Success / Deliverable", WORK),
            ("Prospeo", "not found", None),
        ], document


def test_a_standard_answer_is_the_vendors_own_result() -> None:
    found = read({**WHO, "email": {"email": WORK, "status": "verified"}}, "standard")
    assert [(r.provider, r.status_raw, r.value) for r in found.results] == [("clodura", "verified", WORK)]
    missed = read({**WHO, "email": None}, "standard")
    assert [(r.provider, r.status_raw, r.value) for r in missed.results] == [("clodura", "not found", None)]


@pytest.mark.parametrize("block", ["user", "account", "client", "input", "owner", "company", "support", "requester"])
@pytest.mark.parametrize("via", list(Via))
def test_an_address_with_a_verdict_beside_it_was_bought_whatever_its_block_is_called(block: str, via: Via) -> None:
    document = {"trackingId": "t", "status": "success", block: {"email": "a@b.co", "emailStatus": "Deliverable"}}
    reading = payload.read(json.dumps(document).encode(), Channel.EMAIL, "multi_provider", {"personId": "1"}, "t", via)
    assert [(email.address, email.status_raw) for email in reading.emails] == [("a@b.co", "Deliverable")]
