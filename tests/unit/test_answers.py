"""A vendor's refusal becomes an error by its status, with the vendor's words and without anybody's data."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.answers import redact, refusal, vendor_words
from sources.errors import KeyRefused, NotEntitled, OutOfCredits, RequestRefused, VendorError
from sources.transport import Answer


def refused(status: int, body: bytes = b"", location: str | None = None) -> VendorError:
    return refusal(Answer(status, body, location=location), "the people search", "Clodura")


@pytest.mark.parametrize(
    ("status", "kind", "exit_code"),
    [
        (401, KeyRefused, 1),
        (402, OutOfCredits, 3),
        (403, NotEntitled, 1),
        (301, RequestRefused, 1),
        (308, RequestRefused, 1),
        (400, RequestRefused, 1),
        (404, RequestRefused, 1),
        (409, RequestRefused, 1),
        (422, RequestRefused, 1),
        (451, RequestRefused, 1),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[VendorError], exit_code: int) -> None:
    error = refused(status, b'{"message": "No such luck"}')
    assert type(error) is kind
    assert error.status == status
    assert error.exit_code == exit_code
    assert str(status) in str(error)
    assert "Clodura" in str(error)
    assert "the people search" in str(error)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 422])
def test_the_vendors_own_words_are_told(status: int) -> None:
    assert "It says: 'companyDomain takes 10'." in str(refused(status, b'{"message": "companyDomain takes 10"}'))
    assert "It says" not in str(refused(status, b""))


def test_a_redirect_tells_where_to_but_not_what_its_query_carries() -> None:
    error = refused(302, location="https://app.clodura.ai/login?token=abcdef#top")
    assert "https://app.clodura.ai/login:" in str(error)
    assert "abcdef" not in str(error)
    assert "base_url" in str(error)
    assert "nowhere" in str(refused(302))
    assert "kapil@clodura.ai" not in str(refused(302, location="https://x.example/kapil@clodura.ai/"))
    assert len(str(refused(302, location="https://x.example/" + "y" * 5000))) < 500


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "Rate limit exceeded"}', "Rate limit exceeded"),
        (b'{"error": "Nope"}', "Nope"),
        (b'{"detail": "Nope"}', "Nope"),
        (b'{"detail": [{"loc": []}], "message": "Nope"}', "Nope"),
        (b'{"statusCode": 403, "error": {"code": "E403", "detail": "Nope"}}', "Nope"),
        (b'{"error": {"message": "Nope"}, "message": "Outside"}', "Outside"),
        (b'{"error": {"code": 5}}', None),
        (b'{"error": ["Nope"]}', None),
        (b'{"message": "  two\\n\\tlines  "}', "two lines"),
        (b'{"message": ""}', None),
        (b'{"message": "   "}', None),
        (b'{"message": 5}', None),
        (b'{"status": "failed"}', None),
        (b"{}", None),
        (b"", None),
        (b"[]", None),
        (b'["Nope"]', None),
        (b'"Nope"', None),
        (b"null", None),
        (b"<!DOCTYPE html><html>403</html>", None),
        (b"\xff\xfe\x00", None),
        (b'{"message": "half', None),
        (b"[" * 100_000, None),
        (b'{"a":' * 100_000, None),
    ],
)
def test_words_are_read_from_whatever_an_error_body_holds(body: bytes, words: str | None) -> None:
    assert vendor_words(body) == words


def test_the_vendors_words_are_told_without_anybodys_address_or_number() -> None:
    said = str(refused(422, b'{"message": "kapil@clodura.ai (+91 98765 43210) is known"}'))
    assert "It says: '<address> (<number>) is known'." in said


def test_long_words_are_cut() -> None:
    words = vendor_words(json.dumps({"message": "long " * 100}).encode())
    assert words is not None
    assert len(words) == 200


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing to hide", "nothing to hide"),
        ("kapil@clodura.ai has no credits", "<address> has no credits"),
        ("mail <kapil.k+x@clodura.ai>, please", "mail <address> please"),
        ("käpil@clödura.ai", "<address>"),
        ("call +919876543210 now", "call <number> now"),
        ("call +91 98765 43210 now", "call <number> now"),
        ("call 020-2605-3210.", "call <number>."),
        ("call +1 (555) 123-4567 now", "call <number> now"),
        ("call (555) 123 - 4567", "call (<number>"),
        ("person 3597524184265130552 unknown", "person <number> unknown"),
        ("at most 10 domains, 2000 a day, 100 pages", "at most 10 domains, 2000 a day, 100 pages"),
        ("HTTP 404", "HTTP 404"),
    ],
)
def test_addresses_and_numbers_are_blanked_out(text: str, shown: str) -> None:
    assert redact(text) == shown


@given(
    before=st.text(max_size=20),
    local=st.from_regex(r"[a-z0-9._%+-]{1,12}", fullmatch=True),
    after=st.text(max_size=20),
)
def test_no_address_survives_wherever_it_stands(before: str, local: str, after: str) -> None:
    assert f"{local}@secret.example" not in redact(f"{before}{local}@secret.example{after}")


@given(body=st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "error", "detail", "x"]), inner),
).map(lambda document: json.dumps(document).encode()))  # fmt: skip
def test_no_body_breaks_the_error(body: bytes) -> None:
    assert isinstance(refused(422, body), RequestRefused)
