"""People read in columns hold just what `person_row` and `organization_row` read of each record."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichment.ledger.schema import metadata
from enrichment.ledger.schema import people as ledger_people
from enrichment.ledger.seen import remember_people
from sources.clodura.columns import People, concat, organization, read_people
from sources.clodura.records import FIELDS, Record, parse_page, person_key
from sources.clodura.tables import PEOPLE, merge_organizations, organization_row, person_row
from sources.providers import Person
from tests.unit.test_tables import RECORD


def records_of(document: object) -> Sequence[Record]:
    return parse_page(1, json.dumps(document).encode()).records


def expected_person(record: Record) -> Person:
    row, employer = person_row(record), organization_row(record) or {}
    named = {name: row[name] for name in ("first_name", "last_name", "linkedin_url", "country", "full_name", "title")}
    return Person(
        person_key(record)[0], person_key(record)[1], company_domain=employer.get("domain"),
        organization_name=employer.get("name"), **named,
    )  # fmt: skip


def expected_facts(person: Person) -> str:
    known = {name: value for name, value in asdict(person).items() if value is not None and name != "person_id"}
    return json.dumps(known, sort_keys=True, ensure_ascii=False)


def check(records: Sequence[Record]) -> People:
    """Everything that columns tell, against what is read a person at a time."""
    people = read_people(records)
    rows, employers = list(map(person_row, records)), list(map(organization_row, records))
    assert list(zip(people.keys, people.vendor_keys, strict=True)) == list(map(person_key, records))
    table = people.table()
    table.validate(full=True)
    assert table.schema == PEOPLE
    assert table.to_pylist() == rows
    assert people.jobs() == [
        (row["title"], row["seniority"], row["organization_id"], employer["name"] if employer else None)
        for row, employer in zip(rows, employers, strict=True)
    ]
    told = list(map(organization, people.employers()))
    assert told == [row for index, row in enumerate(employers) if row is not None and row not in employers[:index]]
    assert merge_organizations(told) == merge_organizations([dict(row) for row in employers if row is not None])
    assert people.persons() == list(map(expected_person, records))
    assert people.facts() == list(map(expected_facts, people.persons()))
    hashes = people.hashes()
    assert hashes == [read_people([record]).hashes()[0] for record in records]
    for one, name in zip(rows, hashes, strict=True):
        assert [name == another for another in hashes] == [one == other for other in rows]
    return people


# Cases.


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in RECORD.items() if name not in names}


@pytest.mark.parametrize(
    "value",
    [
        "Pune", " Pune\u3000", "", "  ", "\x00", " \x00 Pune \x00 ", "a\\u0000b", 'Ann "Bo" Lee',
        "a\nb\\c\x1f\x7f\u2028", "],[0,", '"],[0,"', "x", None, 5, 0, -1.5, True, False, 2**70,
        [], ["Pune"], [" Pune "], [""], [None], [0], ["x"], [["Pune"]], [[]], [{}], ["Pune", "Mumbai"], ["", "Pune"],
        ["Pune", None], [" Pune", "Mumbai\x00"], ["Pune", 5, ["Delhi", {"name": "Goa"}]], ["a", "b", "c"],
        [False, "a"], {}, {"name": "Pune"}, {"id": 5}, {"x": "Pune"}, {"value": ["Pune", "Goa"]},
        {"name": None, "value": "Goa"}, {0: "a"},
        "\ud83d!", ["\ude00", "José"], "😀", "\x85a\xa0",
    ],
    ids=lambda value: ascii(value)[:20],
)  # fmt: skip
@pytest.mark.parametrize("whole", [True, False], ids=["a page of them", "one among others"])
def test_any_value_in_any_field_is_read_as_it_is_in_a_row(value: Any, whole: bool) -> None:
    odd = [{**RECORD, name: value} for name in sorted(FIELDS)]
    for records in [[record] for record in odd] if whole else [[RECORD, *odd, RECORD]]:
        check(records_of(records))
    check(records_of([dict.fromkeys(FIELDS, value)] * 2))


@pytest.mark.parametrize(
    "records",
    [
        [],
        [{"personId": "1"}],
        [without("personId"), without("personId", "linkedinUrl"), {"x": 1}],
        [without("organizationId"), without("organizationId", "companyDomain"), without("companyDomain")],
        [without("organizationId", "companyDomain") | {"organizationName": "Straße AG"}],
        [without("firstName", "lastName") | {"fullName": " Ann Lee "}, RECORD | {"fullName": "Ann Lee"}],
        [without("firstName") | {"fullName": "Ann Lee"}],  # as many fields as are documented
        [without("page", "perPage") | {"a": 1, "b": 2}, without("page", "perPage")],
        [RECORD | {"position": "CEO"}, RECORD, RECORD | {"position": {"b": 1, "a": [2**70, None]}}],
        [RECORD, RECORD | {"organizationName": "Another"}, RECORD | {"companyCountry": None}],
    ],
)
def test_records_that_lack_fields_or_have_others_are_read_as_rows_are(records: list[dict[str, Any]]) -> None:
    check(records_of(records))


@pytest.mark.parametrize("levels", [2, 240, 300, 1000])
def test_a_value_may_be_nested_as_deeply_as_can_be_parsed(levels: int) -> None:
    deep = b"[" * levels + b'"Pune"' + b"]" * levels
    (record,) = parse_page(1, b'[{"personCity": %s, "odd": %s}]' % (deep, deep)).records
    assert read_people([record]).cities == ["Pune"]
    assert check([record]).extras[0] is not None


# Anything.

_TEXT = st.text(st.sampled_from('aZé😀"\\/],[0 \u3000\x00\x1f\x7f\n\ud83d'), max_size=4)
_SOME = st.sampled_from(["Pune", " Goa ", "", ["Pune"], ["CEO", "Founder"], [], None])
_JSON = st.recursive(
    _SOME | _TEXT | st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "value", "label", "id"]), inner)
    ),
    max_leaves=5,
)
_NAMES = st.sampled_from([*sorted(FIELDS), "fullName", "x"])
_RECORDS = st.lists(
    st.dictionaries(_NAMES, _JSON, max_size=20)
    | st.dictionaries(_NAMES, _SOME | _JSON, max_size=3).map(lambda changes: {**RECORD, **changes}),
    max_size=5,
)


@settings(max_examples=200)
@given(_RECORDS)
def test_whatever_records_hold_columns_hold_what_rows_do(records: list[dict[str, Any]]) -> None:
    check(records_of(records))


@given(_RECORDS, st.randoms())
def test_the_order_of_keys_and_the_page_change_no_hash(records: list[dict[str, Any]], random: Any) -> None:
    read = records_of(records)
    shuffled = [dict(random.sample([*record.items()], len(record))) for record in read]
    elsewhere = [record | {"page": 9, "perPage": 25} if record.keys() & {"personId"} else record for record in shuffled]
    assert read_people(elsewhere).hashes() == read_people(read).hashes()


@given(_RECORDS, st.data())
def test_people_taken_and_put_together_are_those_of_their_records(records: list[dict[str, Any]], data: Any) -> None:
    read = records_of(records)
    places = data.draw(st.lists(st.integers(0, len(read) - 1), max_size=6)) if read else []
    people = read_people(read)
    assert people.take(places) == read_people([read[place] for place in places])
    assert people.take(range(len(people))) == people
    cut = data.draw(st.integers(0, len(read)))
    assert concat([read_people(read[:cut]), read_people(read[cut:])]) == people
    assert concat([]) == read_people([])
    assert [people.person(place) for place in places] == people.take(places).persons()


# What others do with them.


def test_the_last_record_of_a_key_stands() -> None:
    people = read_people([{"personId": "1"}, {"personId": "2"}, {"personId": "1", "firstName": "Ann"}])
    assert dict(zip(people.latest().keys, people.latest().first_names, strict=True)) == {"1": "Ann", "2": None}


def test_facts_are_what_the_ledger_writes_of_a_person() -> None:
    records = records_of([RECORD, {"personId": "2", "lastName": 'O"Neil\\'}, {"linkedinUrl": "x/in/é"}])
    people = read_people(records)
    engine = sa.create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.begin() as connection:
        remember_people(connection, people.persons(), 1)
        rows = connection.execute(sa.select(ledger_people.c.person_id, ledger_people.c.facts))
        assert {row.person_id: row.facts for row in rows} == dict(zip(people.keys, people.facts(), strict=True))


def test_a_table_may_stand_under_other_keys() -> None:
    people = read_people([RECORD, {"personId": "2"}])
    table = people.table(["ours", "2"])
    assert table.column("person_id").to_pylist() == ["ours", "2"]
    assert table.drop_columns("person_id") == people.table().drop_columns("person_id")
    with pytest.raises(pa.ArrowInvalid):
        people.table(["too few"])
