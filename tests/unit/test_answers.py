"""A vendor's refusal becomes an error by its status, with the vendor's words and without anybody's data."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.answers import refusal, vendor_words
from sources.errors import KeyRefused, NotEntitled, OutOfCredits, RequestRefused, VendorError
from sources.redaction import redact
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


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("https://app.clodura.ai/login?token=abcdef#top", "https://app.clodura.ai"),
        ("http://127.0.0.1:8080/kapil", "http://127.0.0.1:8080"),
        ("https://kapil:abcdef@app.clodura.ai/", "https://app.clodura.ai"),
        ("//app.clodura.ai/kapil", "https://app.clodura.ai"),
        ("/kapil", "another path of its own"),
        ("kapil", "another path of its own"),
        ("https://[kapil/", "what is no address"),
        ("https://x.example:kapil/", "what is no address"),
        ("", "nowhere"),
        (None, "nowhere"),
    ],
)
def test_a_redirect_tells_the_host_and_not_what_path_or_query_carry(location: str | None, shown: str) -> None:
    error = str(refused(302, location=location))
    assert f"to {shown}: base_url" in error
    assert "abcdef" not in error
    assert "kapil" not in error


def test_a_redirect_to_an_endless_host_is_cut() -> None:
    assert len(str(refused(302, location="https://" + "y" * 5000))) < 500


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "Rate limit exceeded"}', "Rate limit exceeded"),
        (b'{"error": "Refused"}', "Refused"),
        (b'{"detail": "Refused"}', "Refused"),
        (b'{"detail": [{"loc": []}], "message": "Refused"}', "Refused"),
        (b'{"statusCode": 403, "error": {"code": "E403", "detail": "Refused"}}', "Refused"),
        (b'{"error": {"message": "Refused"}, "message": "Outside"}', "Outside"),
        (b'{"error": {"code": 5}}', None),
        (b'{"error": ["Refused"]}', None),
        (b'{"message": "  two\\n\\tlines  "}', "two lines"),
        (b'{"message": ""}', None),
        (b'{"message": "   "}', None),
        (b'{"message": 5}', None),
        (b'{"status": "failed"}', None),
        (b"{}", None),
        (b"", None),
        (b"[]", None),
        (b'["Refused"]', None),
        (b'"Refused"', None),
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


def test_the_vendors_words_are_told_without_anybodys_name_address_or_number() -> None:
    said = str(refused(422, b'{"message": "Kapil Khangaonkar kapil@clodura.ai (+91 98765 43210) is known"}'))
    assert "It says: '… <address> (<number>) is known'." in said


@pytest.mark.parametrize("message", ["Kapil", "Kapil Khangaonkar", "カピル", "!"])
def test_words_that_tell_nothing_are_not_quoted(message: str) -> None:
    assert "It says" not in str(refused(422, json.dumps({"message": message}).encode()))


def test_long_words_are_cut() -> None:
    words = vendor_words(json.dumps({"message": "long " * 100}).encode())
    assert words is not None
    assert len(words) == 200


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing to hide", "nothing to hide"),
        ("kapil@clodura.ai has no credits", "<address> has no credits"),
        ("mail <kapil.k+x@clodura.ai>, please", "mail <<address>>, please"),
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
