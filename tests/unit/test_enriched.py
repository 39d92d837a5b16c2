"""The answers of both enrichments: matched or not, what it cost, whose id it is; in names that nobody documents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.clodura.enriched import Enriched, read_contact, read_organization

KAPIL = "3597524184265130552"
CLODURA = "2389402640191586304"
ASKED = {"email": "k@clodura.ai", "linkedinUrl": "https://www.linkedin.com/in/kapilkhangaonkar/"}
COMPANY = {"organisationId": CLODURA, "organisationName": "Clodura.AI", "industry": "Software Development"}
PERSON = {"personId": KAPIL, "firstName": "Kapil", "personTitle": "CEO"}


def contact(document: Any) -> Enriched:
    return read_contact(json.dumps(document).encode(), ASKED)


def company(document: Any, **asked: Any) -> Enriched:
    return read_organization(json.dumps(document).encode(), asked or {"organisationId": CLODURA})


@pytest.mark.parametrize(
    ("document", "person", "organization", "credits_"),
    [
        ({"data": [{**PERSON, "organisation": COMPANY}], "creditsUsed": 2}, KAPIL, CLODURA, 200),
        ({**PERSON, "organisation": COMPANY, "usage": {"total": 2, "person": 2}}, KAPIL, CLODURA, 200),
        ({"contact": {"id": KAPIL, "name": "Kapil", "company": {"id": CLODURA}}}, KAPIL, CLODURA, None),
        (
            {"people": [{**PERSON, **COMPANY}], "credits": {"consumed": "2", "remainingCredits": 9}},
            KAPIL,
            CLODURA,
            200,
        ),
        ({"status": "success", **PERSON, **COMPANY, "creditUsage": {"creditsUsed": 2.0}}, KAPIL, CLODURA, 200),
        ({"result": {"person_id": int(KAPIL), "job_title": "CEO"}}, KAPIL, None, None),
        ({"id": "5f2b0a", "data": {"jobTitle": "CEO"}}, None, None, None),  # whose id it is nobody can tell
        ({"data": [{"organisation": COMPANY}], "creditsUsed": 1}, None, CLODURA, 100),  # the employer alone
        ({"organisationName": "Clodura.AI", "message": "No person found"}, None, None, None),
        # of the ids in an answer the one that stands highest is the contact's
        ({"colleagues": [{"personId": "8"}], "data": PERSON}, KAPIL, None, None),
        ({"data": [{**PERSON, "colleagues": [{"personId": "8"}]}]}, KAPIL, None, None),
    ],
)
def test_a_contact_that_matched(document: Any, person: str | None, organization: str | None, credits_: int) -> None:
    found = contact(document)
    assert (found.matched, found.note) == (True, None)
    assert (found.person_id, found.organization_id, found.credits) == (person, organization, credits_)
    assert found.document == document


NO_RESULTS = "No Results found, may be you can tweak the filters."


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"data": []},
        {"data": None, "status": "success"},
        {"contact": None, "creditsUsed": 0},
        {"people": [], "pagination": {"total": 0}},
        {"status": "not found"},
        {"status": "notFound"},
        {"plan": "Max", "data": []},
        {"creditUsage": {"creditsUsed": 0, "remainingCredits": "12", "plan": "Max"}},
        {"message": NO_RESULTS},
        {"message": "No contact matches these identifiers"},
        # the request, repeated
        {"email": "K@clodura.ai", "linkedinUrl": "http://linkedin.com/in/kapilkhangaonkar", "data": []},
        {"request": {"firstName": "Kapil"}, "data": []},
    ],
)
def test_nobody_matched(document: Any) -> None:
    for found in (contact(document), company(document, **ASKED)):
        assert (found.matched, found.note, found.person_id, found.organization_id) == (False, None, None, None)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Just a moment...</html>",
        b"null",
        b'"ok"',
        b'{"message": "Something went wrong"}',
        b'{"error": "Bad request", "details": {"field": "email"}}',
        b'{"errors": ["email"], "data": []}',
        b'{"status": "failed", "data": null}',
        b'{"status": "Insufficient Credits", "data": []}',
        b'{"status": "In-progress", "data": []}',
        b'{"creditsUsed": 2}',
        b'{"creditsUsed": 2, "data": []}',
    ],
)
def test_what_cannot_be_told_is_not_called_a_miss(body: bytes) -> None:
    for found in (read_contact(body, ASKED), read_organization(body, {"organisationId": CLODURA})):
        assert found.matched is None
        assert found.note
        assert found.raw == body


@pytest.mark.parametrize(
    ("document", "organization"),
    [
        ({"organisation": COMPANY}, CLODURA),
        ({"data": [COMPANY], "message": "success"}, CLODURA),
        ({"id": CLODURA, "name": "Clodura.AI", "domains": ["clodura.ai"]}, CLODURA),
        ({"data": {"id": CLODURA, "name": "Clodura.AI"}}, CLODURA),
        ({"company": {"id": CLODURA, "name": "Clodura.AI"}, "id": "of the call"}, CLODURA),
        ({"organisation": {**COMPANY, "acquisitions": [{"organisationId": "8"}]}}, CLODURA),
        ({"acquisitions": [{"parent": {"organisationId": "8"}}], "organisation": COMPANY}, CLODURA),
        ({"name": "Clodura.AI"}, None),
    ],
)
def test_a_company_that_matched(document: Any, organization: str | None) -> None:
    found = company(document)
    assert (found.matched, found.person_id, found.organization_id) == (True, None, organization)


def test_a_company_whose_id_is_only_repeated_is_not_known() -> None:
    found = company({"organisationId": CLODURA, "organisation": None})
    assert (found.matched, found.organization_id) == (False, None)


def test_the_raw_answer_is_kept_as_it_came() -> None:
    body = b'\xef\xbb\xbf{"personId": "7", "firstName": "Andr\\u0000\xff", "x": {"y": [1.50]}}'
    found = read_contact(body, ASKED)
    assert (found.raw, found.person_id, found.document["x"]) == (body, "7", {"y": [1.5]})


def test_no_name_is_shown() -> None:
    assert "Kapil" not in repr(contact({"data": [PERSON]}))


NAMES = st.sampled_from([
    "data", "personId", "id", "organisation", "organisationId", "creditsUsed", "usage", "total", "message", "error",
    "status", "people", "contact", "name", "k@clodura.ai",
])  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["success", "k@x.io"])
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(), inner, max_size=5)
)


@settings(deadline=None)
@given(JSON, JSON)
def test_no_document_breaks_the_reading(document: Any, asked: Any) -> None:
    body = json.dumps(document).encode()
    for read in (read_contact, read_organization):
        found = read(body, asked if isinstance(asked, dict) else {"email": asked})
        assert found.raw == body
        assert (found.matched is None) == (found.note is not None)
        assert found.matched or found.person_id is found.organization_id is None


@settings(deadline=None)
@given(st.binary())
def test_no_bytes_break_the_reading(body: bytes) -> None:
    assert read_contact(body, {}).raw == read_organization(body, {}).raw == body


@pytest.mark.parametrize("depth", [100, 100_000])
def test_no_nesting_breaks_the_reading(depth: int) -> None:
    assert read_contact(b"[" * depth + b"]" * depth, {}).matched is not True
