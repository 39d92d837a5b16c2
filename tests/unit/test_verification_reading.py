"""What a document about the verification of an address says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.clodura.verification import read
from sources.providers import Basis, EmailStatus, Outcome, Via

ADDRESS, JOB = "john@example.com", "65a4f0e2b7c9d1e3f5a7b9c1"
BASE = {"email": ADDRESS, "deepVerification": False, "trackingId": JOB, "createdAt": "2026-01-15T10:20:30.000Z"}
ways = pytest.mark.parametrize("via", list(Via))


def reading(document: Any, via: Via = Via.WEBHOOK, *, deep: bool = False) -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read(body, {"email": ADDRESS, "deepVerification": deep}, JOB, via)


@ways
@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Deliverable", EmailStatus.DELIVERABLE),
        ("Undeliverable", EmailStatus.UNDELIVERABLE),
        ("Risky (Catch-all)", EmailStatus.RISKY),
        ("risky", EmailStatus.RISKY),
        ("DELIVERABLE", EmailStatus.DELIVERABLE),
        ("Unknown", EmailStatus.UNVERIFIED),
        ("Greylisted", EmailStatus.UNVERIFIED),
    ],
)
def test_a_completed_verification_is_a_verdict_however_it_comes(via: Via, word: str, status: EmailStatus) -> None:
    found = reading({**BASE, "verificationProgress": "Completed", "verificationStatus": word}, via)
    assert found.outcome is Outcome.FOUND
    assert (found.verification.status, found.verification.status_raw) == (status, word)
    assert (found.verification.address, found.verification.created_at) == (ADDRESS, BASE["createdAt"])
    assert not found.emails


@ways
@pytest.mark.parametrize(
    "fields",
    [
        {"verificationProgress": "In-progress", "verificationStatus": "Pending"},  # 200, 202 and webhook alike (K9)
        {"verificationProgress": "In-progress", "verificationStatus": "Pending", "isAsync": True},
        {"verificationProgress": "Completed", "verificationStatus": "Pending"},
        {"verificationProgress": "In-progress", "verificationStatus": "Deliverable"},
        {"verificationProgress": "queued"},
    ],
)
def test_a_pending_word_is_never_an_end(via: Via, fields: dict[str, Any]) -> None:
    found = reading({**BASE, **fields}, via)
    assert (found.outcome, found.verification, found.charges) == (None, None, ())


@pytest.mark.parametrize("via", [Via.SUBMIT, Via.POLL])
@pytest.mark.parametrize(
    "document", [b"", b"null", b"[]", b"<html>", {}, {"people": []}, {**BASE, "queued": True}, {"status": "success"}]
)
def test_an_answer_without_a_verdict_is_no_news(via: Via, document: Any) -> None:
    assert reading(document, via).outcome is None


@pytest.mark.parametrize("document", [b"nonsense", {}, {**BASE}, {"status": "success", "trackingId": JOB}])
def test_a_webhook_without_a_verdict_cannot_be_read_and_may_have_cost(document: Any) -> None:
    found = reading(document)
    assert found.outcome is Outcome.UNREADABLE
    (charge,) = found.charges
    assert (charge.amount_min, charge.amount_max, charge.basis) == (0, 4, Basis.BOUNDED)


@pytest.mark.parametrize(
    "document",
    [
        {**BASE, "email": "jane@example.com", "verificationStatus": "Deliverable"},
        {**BASE, "trackingId": "another", "verificationStatus": "Deliverable"},
        {"data": {"email": "jane@example.com", "verificationStatus": "Deliverable"}},
    ],
)
@ways
def test_what_names_another_address_or_job_is_foreign(via: Via, document: Any) -> None:
    found = reading(document, via)
    assert found.foreign
    assert (found.outcome, found.verification) == (None, None)


@pytest.mark.parametrize(("deep", "price"), [(False, 4), (True, 10)])
def test_a_verdict_costs_what_the_page_says(deep: bool, price: int) -> None:
    (charge,) = reading({**BASE, "verificationStatus": "Deliverable"}, deep=deep).charges
    assert (charge.kind, charge.amount_min, charge.amount_max, charge.basis) == ("pool", price, price, Basis.DOCUMENTED)


def test_what_the_answer_says_it_cost_counts() -> None:
    (charge,) = reading({**BASE, "verificationStatus": "Deliverable", "creditsUsed": 0.1}).charges
    assert (charge.amount_min, charge.amount_max, charge.basis) == (10, 10, Basis.REPORTED)


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        ({**BASE, "verificationProgress": "Failed"}, Outcome.FAILED),
        ({**BASE, "status": "error"}, Outcome.FAILED),
        ({**BASE, "message": "Insufficient Credits"}, Outcome.INCOMPLETE),
        ({**BASE, "verificationStatus": "Insufficient Credits"}, Outcome.INCOMPLETE),
    ],
)
def test_other_ends(document: Any, outcome: Outcome) -> None:
    assert reading(document).outcome is outcome


WRAPS = st.lists(st.sampled_from(["data", "result", "response", "verification", "payload", 0]), max_size=4)
NAMES = st.sampled_from(["verificationStatus", "verification_status", "status", "verdict", "emailStatus", "result"])
WORDS = {
    "Deliverable": EmailStatus.DELIVERABLE,
    "Undeliverable": EmailStatus.UNDELIVERABLE,
    "Risky (Catch-all)": EmailStatus.RISKY,
}


@settings(max_examples=150, deadline=None)
@given(
    WRAPS, NAMES, st.sampled_from(sorted(WORDS)), st.sampled_from(list(Via)), st.booleans(), st.sampled_from(["", "ok"])
)
def test_a_verdict_beside_its_address_is_read_wherever_it_stands(
    wraps: list[str | int], name: str, word: str, via: Via, named: bool, around: str
) -> None:
    document: Any = {"email": ADDRESS, name: word} if named else {name: word, "trackingId": JOB}
    for wrap in reversed(wraps):
        document = [document] if wrap == 0 else {wrap: document}
    if around and isinstance(document, dict) and "status" not in document:
        document = {"status": around, **document}
    found = reading(document, via)
    assert found.outcome is Outcome.FOUND
    assert found.verification.status is WORDS[word]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.sampled_from([ADDRESS, JOB, "Pending", "ok"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["email", "status", "verificationStatus", "trackingId", "data", "message", "x", "valid"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(JSON, st.sampled_from(list(Via)))
def test_no_document_breaks_the_reader_or_makes_a_verdict_up(document: Any, via: Via) -> None:
    text = json.dumps(document)
    found = reading(document, via)
    if found.verification is not None:
        word = found.verification.status_raw
        assert word in ("deliverable", "undeliverable") or json.dumps(word.strip())[1:-1] in text
