"""Rules that hold for any document of Sixtyfour's: nothing breaks the reader, nothing is invented or goes astray."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sources.providers import Basis, Channel, Outcome, Reading, Via
from sources.sixtyfour import payload
from sources.sixtyfour.amounts import Amount
from sources.sixtyfour.people import identity
from sources.sixtyfour.prices import CHANNELS, PRICES, shared
from sources.sixtyfour.refusals import refused_leads

JOB = "job_123"
LEAD = {"name": "Jane Doe", "company": "Acme", "linkedin_url": "https://linkedin.com/in/jane"}
operations, ways = st.sampled_from(sorted(CHANNELS)), st.sampled_from(Via)

NAMES = st.sampled_from(
    "status id task_id result results leads structured_data data email personal_email phone name company linkedin_url "
    "linkedin domain error cost_cents charge_amount charge_credits number region type lead address detail loc".split()
) | st.text(max_size=6)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=True, allow_infinity=True)
    | st.text(max_size=20)
    | st.sampled_from("completed running failed OK NOT_FOUND COMPANY jane@acme.com job_123 other Acme 5.5 body".split())
    | st.sampled_from(["Jane Doe", "+1 555-123-4567", "", "not found", LEAD["linkedin_url"], "{", "9" * 400, "1e-400"])
    | st.sampled_from(["j***@acme.com", '{"email": 1}', "\ud800@acme.com", "jane@ac\0me.com"])
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=25
)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)
    elif value is not None:
        yield str(value)


def check(body: bytes, operation: str, count: int, via: Via) -> list[Reading]:
    readings = payload.read(
        body, operation, [{"lead": {**LEAD, "name": f"Jane Doe {n}"}} for n in range(count)], JOB, via
    )
    assert len(readings) == count
    for reading in readings:
        assert (reading.outcome is None) == (reading.charges == ())
        assert reading.outcome is not Outcome.FOUND or reading.emails or reading.phones
        assert reading.outcome in (None, Outcome.FOUND) or not (reading.emails or reading.phones)
        assert not (reading.phones if CHANNELS[operation] is Channel.EMAIL else reading.emails)
        assert not reading.foreign or reading.outcome is None
        assert all(0 <= charge.amount_min <= charge.amount_max < 2**62 for charge in reading.charges)
        repr(reading).encode()
    return readings


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS, operations, ways, st.integers(0, 3))
def test_no_document_breaks_the_reader_and_nothing_is_invented(
    document: Any, operation: str, via: Via, count: int
) -> None:
    body = json.dumps(document).encode()
    payload.tracking_id(body)
    assert all(0 <= position < count for position in refused_leads(body, count))
    there = list(strings(json.loads(body)))
    for reading in check(body, operation, count, via):
        for email in reading.emails:
            assert any(email.address in text for text in there)
            email.address.encode()
        for phone in reading.phones:
            assert any(phone.number in text.replace("\0", "") for text in there)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60), operations, ways)
def test_no_bytes_break_the_reader(body: bytes, operation: str, via: Via) -> None:
    payload.tracking_id(body)
    refused_leads(body, 3)
    check(body, operation, 2, via)


VALID = [
    {
        "status": "completed", "id": JOB, "run_id": "r", "start_time": "s", "close_time": "c", "charge_amount": 10,
        "result": [
            {"name": "Jane Doe 0", "company": "Acme", "email": [["jane@acme.com", "OK", "COMPANY"]], "cost_cents": 5},
            {"name": "Jane Doe 1", "company": "Acme", "email": [["", "NOT_FOUND", "COMPANY"]], "phone": "+1 555-123-4567"},
        ],
    },
    {"task_id": JOB, "status": "failed", "task_type": "find_email", "error": "Error message"},
    {"status": "completed", "id": JOB, "result": {"structured_data": {"email": "a@b.io"}}, "charge_credits": 0.5},
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A good document with one value somewhere in it replaced, or left out."""
    document = json.loads(json.dumps(draw(st.sampled_from(VALID))))
    at = document
    while True:
        key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if isinstance(at[key], dict | list) and at[key] and draw(st.booleans()):
            at = at[key]
            continue
        if draw(st.booleans()):
            at[key] = draw(DOCUMENTS)
        else:
            del at[key]
        return document


@settings(max_examples=100, deadline=None)
@given(mutated(), operations, ways, st.integers(1, 3))
def test_a_document_that_is_wrong_in_one_place_breaks_nothing(
    document: Any, operation: str, via: Via, count: int
) -> None:
    check(json.dumps(document).encode(), operation, count, via)


# Whose is what.

WORDS = st.sampled_from("ann bob cy".split())
PEOPLE = st.fixed_dictionaries(
    {"name": st.builds("{} {}".format, WORDS, WORDS)},
    optional={
        "company": st.sampled_from(["Acme", "Acme Inc", "Acme Robots", "Globex"]),
        "domain": st.sampled_from(["acme.com", "globex.com"]),
        "linkedin_url": st.builds("https://linkedin.com/in/{}".format, WORDS),
    },
)
ECHOES = st.fixed_dictionaries({}, optional={"linkedin": PEOPLE.map(lambda p: p.get("linkedin_url"))}) | PEOPLE


def asked(leads: list[Any], items: list[Any], **more: Any) -> list[Reading]:
    body = json.dumps({"status": "completed", "id": JOB, "result": items, **more}).encode()
    return payload.read(body, "find_email", [{"lead": lead} for lead in leads], JOB, Via.POLL)


def names_another(lead: Any, echo: Any) -> bool:
    """Whether what is repeated cannot be of this lead: another profile, or, without one, another name."""
    asked_for, named = lead.get("linkedin_url"), echo.get("linkedin") or echo.get("linkedin_url")
    if asked_for and named:
        return str(asked_for) != str(named)
    mine, theirs = set(lead["name"].split()), set(echo.get("name", "").split())
    return bool(theirs) and not (mine <= theirs or theirs <= mine)


@settings(max_examples=200, deadline=None)
@given(st.lists(PEOPLE, min_size=2, max_size=4), st.data())
def test_no_address_reaches_anybody_whom_its_item_does_not_name(leads: list[Any], data: st.DataObject) -> None:
    """And none reaches two."""
    count = data.draw(st.just(len(leads)) | st.integers(0, 5))
    echoes = data.draw(st.lists(ECHOES, min_size=count, max_size=count))
    items = [{**echo, "email": [[f"n{n}@x.io", "OK", "COMPANY"]]} for n, echo in enumerate(echoes)]
    given_out: list[str] = []
    for lead, reading in zip(leads, asked(leads, items), strict=True):
        for email in reading.emails:
            given_out.append(email.address)
            assert not names_another(lead, echoes[int(email.address.partition("@")[0][1:])])
    assert len(given_out) == len(set(given_out))


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 8))
def test_items_that_repeat_their_leads_may_come_in_any_order(data: st.DataObject, count: int) -> None:
    leads = [
        {"name": f"Ann {chr(97 + n) * 3}", "company": "Acme", **({"linkedin_url": f"linkedin.com/in/a{n}"} if n % 2 else {})}
        for n in range(count)
    ]  # fmt: skip
    items = [{**lead, "email": [[f"n{n}@x.io", "OK", "COMPANY"]] if n % 3 else []} for n, lead in enumerate(leads)]
    readings = asked(leads, items, charge_amount=7)
    assert [bool(reading.emails) for reading in readings] == [n % 3 > 0 for n in range(count)]
    assert asked(leads, data.draw(st.permutations(items)), charge_amount=7) == readings


@settings(max_examples=100, deadline=None)
@given(st.lists(PEOPLE, min_size=1, max_size=4), st.data())
def test_whole_echoes_of_namesakes_are_told_apart_in_any_order(leads: list[Any], data: st.DataObject) -> None:
    items = [{**lead, "email": [[f"n{n}@x.io", "OK", "COMPANY"]]} for n, lead in enumerate(leads)]
    readings = asked(leads, data.draw(st.permutations(items)))
    for lead, reading in zip(leads, readings, strict=True):
        [email] = reading.emails
        assert identity([leads[int(email.address.partition("@")[0][1:])]]) == identity([lead])


# Money.

AMOUNTS = st.floats(0, 10_000, allow_nan=False) | st.integers(0, 10_000)


@settings(max_examples=60, deadline=None)
@given(AMOUNTS, st.lists(st.booleans(), min_size=2, max_size=100), operations)
def test_the_shares_of_a_request_add_up_to_what_it_cost(cents: float, found: list[bool], operation: str) -> None:
    leads = [{"name": f"Ann {n}", "company": "Acme"} for n in range(len(found))]
    field = "phone" if CHANNELS[operation] is Channel.PHONE else "email"
    values = {"phone": "+1 555 123 4567", "email": [["a@x.io", "OK", "PERSONAL"]]}
    items = [{**lead, field: values[field] if hit else None} for lead, hit in zip(leads, found, strict=True)]
    body = json.dumps({"status": "completed", "id": JOB, "result": items, "charge_amount": cents}).encode()
    readings = payload.read(body, operation, [{"lead": lead} for lead in leads], JOB, Via.POLL)
    charges = [charge for reading in readings for charge in reading.charges]
    assert {charge.basis for charge in charges} == {Basis.REPORTED}
    least, most = sum(c.amount_min for c in charges), sum(c.amount_max for c in charges)
    assert least <= round(cents * 100, 6) <= most or abs(cents * 100 - least) < 1e-6
    assert most - least <= 1


@given(st.integers(0, 10**7), st.integers(0, 1), st.lists(st.booleans(), min_size=1, max_size=100), operations)
def test_even_shares_differ_by_no_more_than_the_smallest_amount(
    least: int, more: int, found: list[bool], operation: str
) -> None:
    charges, note = shared(operation, Amount(least, least + more), found)
    assume(note is not None)
    assert sum(c.amount_min for c in charges) == least
    assert sum(c.amount_max for c in charges) == least + more
    assert max(c.amount_max for c in charges) - min(c.amount_min for c in charges) <= 2
    assert note is None or PRICES[operation] * len(found) != least
