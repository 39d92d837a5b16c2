"""Search answers in every form they may take, read without losing or inventing anybody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.clodura.records import (
    FIELDS,
    UnreadablePage,
    extra,
    fingerprint,
    organization_key,
    parse_page,
    person_key,
    scalar,
    texts,
)

#: the example of the vendor's search page
EXAMPLE: dict[str, Any] = {
    "personId": "3597524184265130552",
    "firstName": "Kapil",
    "lastName": "Khangaonkar",
    "linkedinUrl": "https://www.linkedin.com/in/kapilkhangaonkar/",
    "seniority": ["Founder"],
    "personTitle": ["CEO"],
    "functional": ["Admin"],
    "personCity": ["Pune"],
    "personState": ["Maharashtra"],
    "personCountry": ["India"],
    "contactEmailStatus": "verified",
    "organizationId": "2389402640191586304",
    "organizationName": "Clodura.AI",
    "companyDomain": ["clodura.ai"],
    "companyEmployeeSize": ["51-100"],
    "companyCountry": ["United States"],
    "page": 1,
    "perPage": 25,
}
ONE, TWO = {"personId": "1"}, {"personId": "2"}


def read(document: object) -> list[Any]:
    return list(parse_page(1, json.dumps(document).encode()).records)


# Envelopes.


@pytest.mark.parametrize(
    "document",
    [
        [ONE, TWO],
        {"people": [ONE, TWO]},
        {"results": [ONE, TWO]},
        {"data": [ONE, TWO]},
        {"pagination": {"page": 1, "total_entries": 2}, "people": [ONE, TWO]},
        {"data": {"people": [ONE, TWO]}},
        {"data": {"pagination": {}, "results": [ONE, TWO]}},
        {"status": "success", "message": None, "data": [ONE, TWO]},
        {"people": None, "results": [ONE, TWO]},
    ],
)
def test_records_are_found_in_every_plausible_envelope(document: object) -> None:
    assert read(document) == [ONE, TWO]


@pytest.mark.parametrize("document", [EXAMPLE, {"data": EXAMPLE}, {"people": EXAMPLE}, [EXAMPLE]])
def test_one_person_may_come_without_a_list(document: object) -> None:
    assert read(document) == [EXAMPLE]


@pytest.mark.parametrize(
    "document",
    [[], {}, {"people": []}, {"results": []}, {"data": []}, {"people": None}, {"data": {}}, {"data": {"people": []}}],
)
def test_no_records_are_an_empty_page(document: object) -> None:
    page = parse_page(7, json.dumps(document).encode())
    assert (page.number, list(page.records), page.per_page, page.unreadable) == (7, [], None, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"null", b"5", b'"people"', b"true", b"{", b"[{]", b'{"people": [{"personId": "1"',
        b"<!DOCTYPE html><html><title>Just a moment...</title></html>",
        b'{"message": "Route NOT FOUND"}', b'{"status": "success"}', b'{"people": "none"}' b'x',
        b"[" * 100_000, b'{"data":' * 5_000 + b"[]" + b"}" * 5_000,
    ],
    ids=lambda body: repr(body)[:20],
)  # fmt: skip
def test_what_holds_no_list_of_people_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadablePage):
        parse_page(1, body)


def test_items_that_are_no_objects_are_counted_and_not_guessed_at() -> None:
    page = parse_page(1, json.dumps([ONE, "somebody", None, 5, ["x"], TWO]).encode())
    assert list(page.records) == [ONE, TWO]
    assert page.unreadable == 4


@pytest.mark.parametrize(
    ("document", "held", "unreadable"),
    [([ONE, {}, TWO], 2, 1), ([{}], 0, 0), ({"people": [{}]}, 0, 0), ([{}, {}], 0, 0), ([{}, "x"], 0, 1)],
)
def test_an_empty_object_is_nobody_but_takes_a_place_beside_others(
    document: object, held: int, unreadable: int
) -> None:
    page = parse_page(1, json.dumps(document).encode())
    assert (len(page.records), page.unreadable) == (held, unreadable)


# What a page says it holds.


@pytest.mark.parametrize(
    ("said", "per_page"),
    [
        ([100, 100], 100),
        ([25, 25], 25),
        ([100, 25], None),
        ([None, None], None),
        ([100, None], 100),
        ([0, 0], None),
        ([-5, -5], None),
        (["100", "100"], None),
        ([[100], [100]], None),
        ([1.5, 1.5], None),
    ],
)
def test_records_that_agree_say_how_many_a_page_holds(said: list[Any], per_page: int | None) -> None:
    records = [{"personId": "1"} | ({} if size is None else {"perPage": size}) for size in said]
    assert parse_page(1, json.dumps(records).encode()).per_page == per_page


# Text.


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('[{"firstName": "José"}]'.encode(), "José"),
        (b'[{"firstName": "Jos\\u00e9"}]', "José"),
        (b'\xef\xbb\xbf[{"firstName": "Jos\xc3\xa9"}]', "José"),
        (b'[{"firstName": "Jos\xe9"}]', "Jos\ufffd"),
        (b'[{"firstName": "\\ud83d\\ude00"}]', "😀"),
        (b'[{"firstName": "\\ud83d!"}]', "?!"),
        (b'[{"firstName": "a\\u0000b"}]', "ab"),
        (b'[{"firstName": "Ann", "score": NaN}]', "Ann"),
        (b'[{"firstName": "Ann", "score": -Infinity}]', "Ann"),
        (b' \n[{"firstName": "Ann"}]\n ', "Ann"),
    ],
)
def test_text_is_read_in_whatever_form_it_comes(body: bytes, name: str) -> None:
    (record,) = parse_page(1, body).records
    assert scalar(record["firstName"]) == name
    extra(record)
    fingerprint(record)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("Pune", ["Pune"]),
        ("  Pune ", ["Pune"]),
        (["Pune"], ["Pune"]),
        (["Pune", "Mumbai"], ["Pune", "Mumbai"]),
        (["", None, "Pune"], ["Pune"]),
        ([["Pune"], "Mumbai"], ["Pune", "Mumbai"]),
        ({"name": "Pune"}, ["Pune"]),
        ([{"name": "Pune"}, {"value": "Mumbai"}, {"label": "Delhi"}], ["Pune", "Mumbai", "Delhi"]),
        ({"id": 5}, []),
        (5, ["5"]),
        (3597524184265130552, ["3597524184265130552"]),
        (1.5, ["1.5"]),
        (True, []),
        (False, []),
        (None, []),
        ("", []),
        ("   ", []),
        ("\x00", []),
        ([], []),
        ({}, []),
    ],
)
def test_a_value_may_be_a_scalar_a_list_or_an_object_with_a_name(value: object, found: list[str]) -> None:
    assert list(texts(value)) == found
    assert scalar(value) == (found[0] if found else None)


# Keys.


@pytest.mark.parametrize(
    ("record", "key", "vendors"),
    [
        ({"personId": "3597524184265130552"}, "3597524184265130552", True),
        ({"personId": 3597524184265130552}, "3597524184265130552", True),
        ({"personId": ["35"]}, "35", True),
        ({"personId": " 35 "}, "35", True),
        ({"personId": None, "linkedinUrl": "https://www.linkedin.com/in/Kapil/"}, "linkedin:kapil", False),
        ({"personId": "", "linkedinUrl": "linkedin.com/in/kapil"}, "linkedin:kapil", False),
    ],
)
def test_a_person_is_known_by_the_vendors_id_or_else_by_the_profile(record: Any, key: str, vendors: bool) -> None:
    assert person_key(record) == (key, vendors)


def test_a_person_without_id_and_profile_is_known_by_the_rest_whatever_page_it_is_on() -> None:
    one = person_key({"firstName": "Ann", "lastName": "Lee", "page": 1, "perPage": 100})
    again = person_key({"perPage": 25, "lastName": "Lee", "firstName": "Ann", "page": 9})
    other = person_key({"firstName": "Ann", "lastName": "Leigh"})
    assert one == again
    assert one != other
    assert one[0].startswith("record:")
    assert not one[1]


@pytest.mark.parametrize(
    ("record", "key"),
    [
        ({"organizationId": "23", "companyDomain": ["a.com"]}, "23"),
        ({"organizationId": None, "companyDomain": ["A.com", "b.com"], "organizationName": "A"}, "domain:a.com"),
        ({"companyDomain": [], "organizationName": "Straße AG"}, "name:strasse ag"),
        ({"companyDomain": "", "organizationName": ""}, None),
        ({}, None),
    ],
)
def test_an_employer_is_known_by_id_domain_or_name(record: Any, key: str | None) -> None:
    assert organization_key(record) == key


# The rest.


def test_only_what_nobody_documented_is_kept_aside() -> None:
    assert set(EXAMPLE) == FIELDS
    assert extra(EXAMPLE) is None
    assert extra({**EXAMPLE, "position": "CEO", "a": [1]}) == '{"a":[1],"position":"CEO"}'


@pytest.mark.parametrize(
    "odd",
    [b"123456789012345678901234567890", b"-1e400", b"NaN", b"[" * 300 + b"]" * 300, b'{"a":' * 300 + b"1" + b"}" * 300],
    ids=lambda odd: repr(odd)[:20],
)
def test_odd_values_in_undocumented_fields_do_not_stop_a_search(odd: bytes) -> None:
    for body in (b'[{"firstName": "Ann", "odd": %s}]' % odd, b'[{"firstName": "\xe9", "odd": %s}]' % odd):
        (record,) = parse_page(1, body).records
        kept = extra(record)
        assert kept is not None
        assert kept.startswith('{"odd":')
        assert person_key(record) == person_key(dict(record))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*FIELDS, "people", "results", "data", "x"]), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(_JSON | st.lists(st.dictionaries(st.sampled_from([*FIELDS, "x"]), _JSON, max_size=6)))
def test_every_json_document_is_read_or_refused(document: object) -> None:
    body = json.dumps(document).encode()
    try:
        page = parse_page(1, body)
    except UnreadablePage:
        return
    for record in page.records:
        assert person_key(record)[0]
        extra(record)
        organization_key(record)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        parse_page(1, body)
    except UnreadablePage:
        return


@given(st.dictionaries(st.text(max_size=5), _JSON, max_size=5), st.randoms())
def test_a_fingerprint_does_not_depend_on_the_order_of_keys(content: dict[str, object], random: Any) -> None:
    items = list(content.items())
    random.shuffle(items)
    assert fingerprint(dict(items)) == fingerprint(content)
