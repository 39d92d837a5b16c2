"""Search records as rows: one explicit schema; scalar columns hold the first value of a list, plural ones all."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.clodura.records import FIELDS
from sources.clodura.tables import (
    ORGANIZATIONS,
    PEOPLE,
    merge_organizations,
    organization_row,
    organizations_table,
    person_row,
    row_hash,
)

RECORD: dict[str, Any] = {
    "personId": "3597524184265130552",
    "firstName": "Kapil",
    "lastName": "Khangaonkar",
    "linkedinUrl": "https://www.linkedin.com/in/kapilkhangaonkar/",
    "seniority": ["Founder", "CEO"],
    "personTitle": ["CEO", "Co-Founder"],
    "functional": ["Admin", "Sales"],
    "personCity": ["Pune"],
    "personState": ["Maharashtra"],
    "personCountry": ["India"],
    "contactEmailStatus": "verified",
    "organizationId": "2389402640191586304",
    "organizationName": "Clodura.AI",
    "companyDomain": ["Clodura.ai", "clodura.com"],
    "companyEmployeeSize": ["51 - 200"],
    "companyCountry": ["United States"],
    "page": 1,
    "perPage": 25,
}
PERSON = {
    "person_id": "3597524184265130552",
    "first_name": "Kapil",
    "last_name": "Khangaonkar",
    "full_name": "Kapil Khangaonkar",
    "title": "CEO",
    "titles": ["CEO", "Co-Founder"],
    "seniority": "Founder",
    "seniorities": ["Founder", "CEO"],
    "function": "Admin",
    "functions": ["Admin", "Sales"],
    "city": "Pune",
    "state": "Maharashtra",
    "country": "India",
    "linkedin_url": "https://www.linkedin.com/in/kapilkhangaonkar/",
    "contact_email_status": "verified",
    "organization_id": "2389402640191586304",
    "source": "clodura",
    "extra": None,
}
ORGANIZATION = {
    "organization_id": "2389402640191586304",
    "name": "Clodura.AI",
    "domain": "clodura.ai",
    "domains": ["clodura.ai", "clodura.com"],
    "employee_size": "51 - 200",
    "country": "United States",
    "source": "clodura",
}


def test_the_documented_example_becomes_one_person_and_one_organization() -> None:
    assert person_row(RECORD) == PERSON
    assert organization_row(RECORD) == ORGANIZATION


@pytest.mark.parametrize(
    "name", ["personCity", "personState", "personCountry", "companyEmployeeSize", "companyCountry"]
)
def test_a_string_where_the_example_has_an_array_makes_the_same_row(name: str) -> None:
    record = {**RECORD, name: RECORD[name][0]}
    assert person_row(record) == PERSON
    assert organization_row(record) == ORGANIZATION


@pytest.mark.parametrize("nothing", [None, "", [], [None], [""], {}, "absent"])
def test_what_is_unknown_is_null_in_whatever_form_it_comes(nothing: Any) -> None:
    record = {"personId": "1"} | ({} if nothing == "absent" else dict.fromkeys(FIELDS - {"personId"}, nothing))
    row = person_row(record)
    assert {name: value for name, value in row.items() if value not in (None, [])} == {
        "person_id": "1",
        "source": "clodura",
    }
    assert (row["titles"], row["seniorities"], row["functions"]) == ([], [], [])
    assert organization_row(record) is None


@pytest.mark.parametrize(
    ("names", "full"),
    [
        ({"firstName": "Ann", "lastName": "Lee"}, "Ann Lee"),
        ({"firstName": "Ann", "lastName": None}, "Ann"),
        ({"firstName": "", "lastName": "Lee"}, "Lee"),
        ({"firstName": None, "fullName": "Ann Lee"}, "Ann Lee"),
        ({}, None),
    ],
)
def test_the_full_name_is_made_of_what_there_is(names: dict[str, Any], full: str | None) -> None:
    assert person_row({"personId": "1", **names})["full_name"] == full


def test_fields_nobody_documented_are_kept_as_json() -> None:
    assert person_row({**RECORD, "position": "CEO"})["extra"] == '{"position":"CEO"}'


def test_the_page_a_person_was_found_on_makes_no_difference() -> None:
    elsewhere = {**RECORD, "page": 9, "perPage": 100}
    assert row_hash(person_row(elsewhere)) == row_hash(person_row(RECORD))


@pytest.mark.parametrize("name", sorted(FIELDS - {"page", "perPage"}))
def test_any_other_change_changes_the_hash_of_the_person_or_of_the_organization(name: str) -> None:
    changed = {**RECORD, name: "another"}
    before = row_hash(person_row(RECORD)), row_hash(organization_row(RECORD) or {})
    assert (row_hash(person_row(changed)), row_hash(organization_row(changed) or {})) != before


# Many rows.


def test_an_organization_takes_from_one_record_what_another_leaves_out_and_the_first_value_stands() -> None:
    rows: list[dict[str, Any]] = [
        {**ORGANIZATION, "name": None, "domains": [], "domain": None},
        {**ORGANIZATION, "organization_id": "2", "country": None},
        {**ORGANIZATION, "country": "India", "domains": ["other.com"], "domain": "other.com"},
        {**ORGANIZATION, "name": "Another name", "domain": "third.com"},
    ]
    first, second = merge_organizations(rows)
    assert first == {**ORGANIZATION, "domain": "other.com", "domains": ["other.com"]}
    assert second == {**ORGANIZATION, "organization_id": "2", "country": None}
    assert merge_organizations([]) == []


# Arrow.


def test_organizations_have_their_schema_whatever_the_rows_hold() -> None:
    assert organizations_table([]).schema == ORGANIZATIONS
    assert organizations_table([ORGANIZATION]).to_pylist() == [ORGANIZATION]


def test_keys_cannot_be_null_and_lists_hold_texts() -> None:
    assert not PEOPLE.field("person_id").nullable
    assert not ORGANIZATIONS.field("organization_id").nullable
    lists = [field.name for field in PEOPLE if field.type == pa.list_(pa.string())]
    assert lists == ["titles", "seniorities", "functions"]
    assert all(field.type == pa.string() for field in PEOPLE if field.name not in lists)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "id"]), inner),
    max_leaves=5,
)


@given(st.lists(st.dictionaries(st.sampled_from([*FIELDS, "fullName", "x"]), _VALUES, max_size=8), max_size=5))
def test_whatever_records_hold_they_fit_the_schema(records: list[dict[str, Any]]) -> None:
    people = list(map(person_row, records))
    pa.Table.from_pylist(people, schema=PEOPLE).validate(full=True)
    employers = merge_organizations(row for row in map(organization_row, records) if row is not None)
    organizations_table(employers).validate(full=True)
    assert {row["organization_id"] for row in people} - {None} <= {row["organization_id"] for row in employers}
