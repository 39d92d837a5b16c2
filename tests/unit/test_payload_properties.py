"""Rules that hold for any document whatsoever: nothing breaks the reader, nothing is invented, nothing is overlooked."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichment.settlement import settlement
from sources.clodura import payload
from sources.providers import CONTACTS, Channel, Outcome, Reading, Via

ME = "3597524184265130552"
JOB = "65f1c0ffee65f1c0ffee0001"
PLANS = ("standard", "multi_provider")

channels, plans, ways = st.sampled_from(CONTACTS), st.sampled_from(PLANS), st.sampled_from(Via)


def read(body: bytes, channel: Channel, plan: str, via: Via) -> Reading:
    return payload.read(body, channel, plan, {"personId": ME}, JOB, via)


def strings(value: object) -> Iterator[str]:
    """Every text and number of a document, keys included."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif value is not None:
        yield str(value)


# --- any document at all

NAMES = st.sampled_from(
    "email emails emailAddress emailStatus status Status provider providers source name people person personId trackingId "
    "data result results phone phones phoneNumbers number countryCode country type verified found success message error "
    "creditsUsed credits cost meta verification Hunter Clodura wiza notFound deliverable k@clodura.ai +919876543210 code "
    "completed progress state value id support company waterfall pagination sources statuses".split()
) | st.text(max_size=8)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=20)
    | st.sampled_from(
        [
            *("k@clodura.ai", "K@CLODURA.AI; x@y.io", "k***@clodura.ai", "Kapil <k@clodura.ai>", "support@clodura.ai"),
            *("+91 98765 43210", "020 2605 3210 x4", "+91 98XXX XXX10", "9876543210", "2026-01-15", "N/A", "-", ""),
            *(
                "success",
                "Success / Deliverable",
                "not found",
                "notFound",
                "found",
                "In-progress",
                "Pending",
                "guessed",
            ),
            *(
                "Insufficient Credits",
                "failed",
                "Hunter",
                "Clodura",
                "verified",
                "mobile",
                ME,
                JOB,
                "{",
                '{"email": 1}',
            ),
            *("\ud800", "k\udfff@clodura.ai", "\0", "x" * 101, "[" * 50),
        ]
    )
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=25
)


@settings(max_examples=250, deadline=None)
@given(DOCUMENTS, channels, plans, ways)
def test_no_document_breaks_the_reader_and_nothing_is_invented(
    document: Any, channel: Channel, plan: str, via: Via
) -> None:
    body = json.dumps(document).encode()
    reading = read(body, channel, plan, via)
    payload.tracking_id(body)
    assert reading.outcome is not None or reading.charges == ()
    assert not reading.phones if channel is Channel.EMAIL else not reading.emails
    assert (reading.outcome is Outcome.FOUND) <= bool(reading.emails or reading.phones)
    assert reading.outcome is not Outcome.NOT_FOUND or not (reading.emails or reading.phones)
    assert all(0 <= charge.amount_min <= charge.amount_max for charge in reading.charges)
    there = list(strings(json.loads(body.decode())))
    for email in reading.emails:
        assert any(_characters(email.address) in _characters(text) for text in there)
    for phone in reading.phones:
        assert any(_digits(phone.number) in _digits(text) for text in there)
    for value in (*reading.emails, *reading.phones, *reading.results):
        repr(value).encode()  # what is half a character could not be written down


def _characters(text: str) -> str:
    return re.sub(r"\s", "", text)


def _digits(text: str) -> str:
    return "".join(str(int(char)) for char in text if char.isdecimal())


@settings(max_examples=250, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=60).map(str.encode), channels, plans, ways)
def test_no_bytes_break_the_reader(body: bytes, channel: Channel, plan: str, via: Via) -> None:
    reading = read(body, channel, plan, via)
    payload.tracking_id(body)
    assert (reading.emails, reading.phones) == ((), ())


ODD = {
    "a byte order mark": b'\xef\xbb\xbf{"email": "k@clodura.ai"}',
    "a byte that is no UTF-8": b'{"name": "\xff\xfe", "email": "k@clodura.ai"}',
    "half a character": b'{"name": "\\ud800", "email": "k@clodura.ai"}',
    "half a character in a name": b'{"\\udc00x": 1, "email": "k@clodura.ai"}',
    "NaN and infinities": b'{"score": NaN, "a": Infinity, "b": -Infinity, "c": 1e999, "email": "k@clodura.ai"}',
    "a number of 5,000 digits": b'{"n": ' + b"9" * 5000 + b', "email": "k@clodura.ai"}',
    "the same name twice": b'{"email": "k@clodura.ai", "email": null}',
    "the same name twice, the other way": b'{"email": "", "email": "k@clodura.ai"}',
    "the same block twice": b'{"data": {"email": "k@clodura.ai"}, "data": {"email": ""}}',
    "NUL": b'{"a": "\\u0000", "email": "k@clodura.ai\\u0000"}',
    "500 levels of something else": b'{"x": ' + b"[" * 500 + b"]" * 500 + b', "email": "k@clodura.ai"}',
    "500 levels of objects, half a character": b'{"x": "\\ud800", "y": ' + b'{"a":' * 400 + b"1" + b"}" * 400
    + b', "email": "k@clodura.ai"}',
}  # fmt: skip


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_odd_documents_are_read_all_the_same(body: bytes) -> None:
    assert [email.address for email in read(body, Channel.EMAIL, "standard", Via.WEBHOOK).emails] == ["k@clodura.ai"]


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":', b'{"email":{"status":'])
def test_a_nesting_bomb_is_unreadable_not_fatal(opening: bytes) -> None:
    for body in (opening * 200_000, opening * 990 + b"1"):
        assert read(body, Channel.EMAIL, "standard", Via.WEBHOOK).outcome is Outcome.UNREADABLE
        assert read(body, Channel.EMAIL, "standard", Via.POLL).outcome is None
    whole = opening * 3000 + b"1" + b"]" * 3000  # newer Pythons parse it where it is JSON, and find nothing in it
    assert read(whole, Channel.EMAIL, "standard", Via.WEBHOOK).outcome in (Outcome.UNREADABLE, None)
    assert read(whole, Channel.EMAIL, "standard", Via.POLL).outcome is None


#: what stands before, again and again, and after; %d counts
LARGE: dict[str, tuple[str, str, str]] = {
    "numbers": ("[", "1", "]"),
    "empty blocks": ("[", "{}", "]"),
    "addresses": ('{"emails": [', '"a%d@b.co"', "]}"),
    "fields with addresses": ("{", '"email%d": "a%d@b.co"', "}"),
    "fields with addresses and statuses": ("{", '"email%d": "a%d@b.co", "email%dStatus": "guessed"', "}"),
    "addresses as names": ("{", '"a%d@b.co": "guessed"', "}"),
    "the same name": ("{", '"email": "a%d@b.co"', "}"),
    "statuses": ("{", '"x%dStatus": "guessed"', ', "email": "a@b.co"}'),
    "rows": ('{"providers": [', '{"provider": "P%d", "status": "found", "email": "a%d@b.co"}', "]}"),
    "rows keyed by provider": ('{"providers": {', '"P%d": {"status": "found", "email": "a%d@b.co"}', "}}"),
    "rows below 50 levels": ('{"a":' * 50 + '{"providers": [', '{"provider": "P%d"}', "]}" + "}" * 50),
    "addresses below 55 levels": ('{"status":' * 55 + '{"email": [', '"a%d@b.co"', "]}" + "}" * 55),
    "triples": ('{"emails": [', '["a%d@b.co", "guessed", "Hunter"]', "]}"),
    "people": ('{"people": [', '{"personId": "%d", "email": "a%d@b.co"}', ', {"personId": "3597524184265130552"}]}'),
    "people, all of them ours": ('{"people": [', '{"id": "3597524184265130552", "email": "a%d@b.co"}', "]}"),
    "phone numbers": ('{"phones": [', '"+1415555%d"', "]}"),
    "fields with phone numbers": ("{", '"phone%d": "+1415555%d"', "}"),
    "deep statuses": ("[", '{"status":' * 40 + '"x"' + "}" * 40, "]"),
    "deep blocks about blocks": ("[", '{"meta":' * 50 + '"x"' + "}" * 50, "]"),
    "echoes of the person": ("[", '{"firstName": "a", "email": null}', "]"),
    "messages": ("[", '{"message": "%s"}' % ("no email " * 30), "]"),
    "long texts of addresses": ('{"email": [', '"%s"' % ("a@b.co," * 140), "]}"),
    "long texts of signs": ('{"email": [', '"%s"' % ("@" * 900), "]}"),
    "long texts of digits": ('{"phone": [', '"%s"' % ("1 (2-" * 190), "]}"),
    "long texts of blanks": ('{"phone": [', '"Work: %s"' % (" " * 450 + "(" * 400), "]}"),
    "brackets in texts": ("[", '"%s"' % ("[" * 900 + "]" * 900), "]"),
}


def large(name: str, size: int) -> bytes:
    before, again, after = LARGE[name]
    pieces: list[str] = []
    length = 0
    while length < size:
        number = len(pieces)
        pieces.append(again.replace("%d", str(number)))
        length += len(pieces[-1]) + 1
    return (before + ",".join(pieces) + after).encode()


def seconds_for(body: bytes, channel: Channel) -> float:
    started = time.process_time()
    read(body, channel, "multi_provider", Via.WEBHOOK)
    return time.process_time() - started


@pytest.mark.parametrize("name", LARGE)
def test_a_large_document_takes_no_longer_than_its_size(name: str) -> None:
    """100 kB take an eighth of a second. What grew with the square of the size would take two and a half."""
    channel = Channel.PHONE if "phone" in name or "digits" in name else Channel.EMAIL
    assert seconds_for(large(name, 100_000), channel) < 0.75


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(json.dumps({"message": "no email " * 110_000}).encode(), id="a long message"),
        pytest.param(json.dumps({"email": "a@" + "b." * 500_000}).encode(), id="a long address"),
        pytest.param(json.dumps({"phone": "1" * 1_000_000}).encode(), id="a long number"),
        pytest.param(b'{"phone": ' + b"9" * 1_000_000 + b"}", id="a huge number"),
        pytest.param(json.dumps([{"a" * 900: "b" * 1000}] * 500).encode(), id="long names"),
        pytest.param(large("numbers", 1_000_000), id="a million characters of numbers", marks=pytest.mark.thorough),
    ],
)
def test_a_document_of_a_megabyte_takes_no_time(body: bytes) -> None:
    assert seconds_for(body, Channel.EMAIL) < 3
    assert seconds_for(body, Channel.PHONE) < 3


# --- whatever stands around it

WORDS = {
    "Success / Deliverable": "deliverable",
    "Deliverable": "deliverable",
    "not verified": "unverified",
    "guessed": "guessed",
    "Risky (Catch-all)": "risky",
    "Undeliverable": "undeliverable",
}
LOCALS = st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z]{1,8})?", fullmatch=True).filter(
    lambda text: not re.match(r"(support|care|help|noreply|notification|customer)", text) and "xxx" not in text
)
DOMAINS = st.sampled_from(["clodura.ai", "xn--bcher-kva.example", "mail.co.uk", "a.test", "Firma-24.DE"])
HOLDERS: list[Callable[[str, str], Any]] = [
    lambda a, w: {"email": a, "emailStatus": w},
    lambda a, w: {"email": {"address": a, "status": w}},
    lambda a, w: {"emails": [{"value": a, "verification_status": w}]},
    lambda a, w: {"work_email": a, "status": w},
    lambda a, w: {"Email Address": a, "Status": w},
    lambda a, w: {"emails": {a: w}},
    lambda a, w: {"emails": {a: {"deliverability": w}}},
    lambda a, w: {"emails": [[a, w]]},
    lambda a, w: {"emails": [[None, "not found", "Clodura"], [a, w, "Hunter"]]},
    lambda a, w: {"emails": [a], "statuses": [w]},
    lambda a, w: {"email": a, "verification": {"status": w}},
    lambda a, w: {"providers": [{"provider": "Wiza", "status": "not found"}, {"provider": "X", "email": a, "status": w}]},
    lambda a, w: {"providers": {"Zeliq": {"email": a, "status": w}, "Clodura": "not found"}},
    lambda a, w: {"results": [{"vendor": "Hunter", "response": {"data": {"email": a}, "status": w}}]},
    lambda a, w: {"emailStatus": w, "emails": [{"items": [{"value": a}]}]},
]  # fmt: skip
WRAPS = st.lists(
    st.sampled_from("data result response payload body output enrichment reveal content answer x".split())
    | st.integers(0, 2),
    max_size=4,
)
NOISE: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from("score linkedinUrl title city note rank createdAt personTitle count url seniority".split()),
    st.none()
    | st.integers(0, 99)
    | st.booleans()
    | st.sampled_from(["", "N/A", "x", "https://a.example/@b"])
    | st.just([]),
    max_size=4,
)


def wrapped(document: Any, wraps: list[str | int], noise: dict[str, Any]) -> Any:
    for wrap in wraps:
        document = [{"x": 1}] * wrap + [document] if isinstance(wrap, int) else {**noise, wrap: document}
    return document


@settings(max_examples=200, deadline=None)
@given(
    LOCALS, DOMAINS, st.sampled_from(sorted(WORDS)), st.sampled_from(HOLDERS), WRAPS, NOISE, plans, ways, st.booleans()
)
def test_an_address_and_its_status_are_found_wherever_they_stand(
    local: str,
    domain: str,
    word: str,
    holder: Callable[[str, str], Any],
    wraps: list[str | int],
    noise: dict[str, Any],
    plan: str,
    via: Via,
    job: bool,
) -> None:
    address = f"{local}@{domain}"
    document = wrapped({**noise, **holder(address, word)}, wraps, noise)
    if job:
        document = {"trackingId": JOB, "status": "success", "answer": document, "person": {"personId": ME}}
    reading = read(json.dumps(document).encode(), Channel.EMAIL, plan, via)
    (email,) = settlement(reading, None).emails
    assert email.email == address.lower().replace("xn--bcher-kva", "bücher")
    assert (email.status.value, email.status_raw) == (WORDS[word], word)
    assert reading.outcome is Outcome.FOUND


@settings(max_examples=150, deadline=None)
@given(
    LOCALS,
    st.sampled_from(HOLDERS),
    WRAPS,
    st.sampled_from("In-progress Pending queued RUNNING processing in_progress".split()),
    st.sampled_from(["status", "job", "rows"]),
    plans,
    ways,
)
def test_a_pending_word_anywhere_keeps_the_values_and_ends_nothing(
    local: str,
    holder: Callable[[str, str], Any],
    wraps: list[str | int],
    word: str,
    place: str,
    plan: str,
    via: Via,
) -> None:
    pending: dict[str, dict[str, Any]] = {
        "status": {"status": word},
        "job": {"job": {"state": word}},
        "rows": {"status": "success", "waterfall": [{"provider": "Lusha", "status": word}]},
    }
    document: dict[str, Any] = {
        **pending[place],
        "answer": wrapped(holder(f"{local}@clodura.ai", "Deliverable"), wraps, {}),
    }
    reading = read(json.dumps(document).encode(), Channel.EMAIL, plan, via)
    assert {email.address for email in reading.emails} == {f"{local}@clodura.ai"}
    assert (reading.outcome, reading.charges) == (None, ())


@settings(max_examples=250, deadline=None)
@given(DOCUMENTS, channels, plans, ways)
def test_a_document_about_another_person_is_never_evidence(
    document: Any, channel: Channel, plan: str, via: Via
) -> None:
    reading = read(
        json.dumps({"personId": "2389402640191586304", "trackingId": JOB, "x": document}).encode(), channel, plan, via
    )
    if ME not in set(strings(document)):
        assert reading.foreign
    assert reading.foreign <= (reading.outcome is None and not reading.emails and not reading.phones)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, channels, plans)
def test_an_answer_to_a_submit_never_ends_more_than_a_webhook_does(document: Any, channel: Channel, plan: str) -> None:
    """What settles a call at once would have settled it later, the same way."""
    body = json.dumps(document).encode()
    submit, webhook = read(body, channel, plan, Via.SUBMIT), read(body, channel, plan, Via.WEBHOOK)
    if submit.outcome is not None:
        assert submit.outcome is webhook.outcome
    assert (submit.emails, submit.phones) == (webhook.emails, webhook.phones)
