"""Search records as rows of `people` and `organizations`: one explicit Arrow schema each, whatever the vendor sent.

The scalar columns of a person hold the first value of a list, the plural ones all of them (JSON in the destination).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from sources.clodura.cleaning import Texts, first_texts
from sources.clodura.records import Record, extra, fingerprint, organization_key, person_key, scalar, texts

if TYPE_CHECKING:
    from sources.clodura.columns import People

SOURCE = "clodura"

PEOPLE = pa.schema(
    [
        pa.field("person_id", pa.string(), nullable=False),
        pa.field("first_name", pa.string()),
        pa.field("last_name", pa.string()),
        pa.field("full_name", pa.string()),
        pa.field("title", pa.string()),
        pa.field("titles", pa.list_(pa.string())),
        pa.field("seniority", pa.string()),
        pa.field("seniorities", pa.list_(pa.string())),
        pa.field("function", pa.string()),
        pa.field("functions", pa.list_(pa.string())),
        pa.field("city", pa.string()),
        pa.field("state", pa.string()),
        pa.field("country", pa.string()),
        pa.field("linkedin_url", pa.string()),
        pa.field("contact_email_status", pa.string()),
        pa.field("organization_id", pa.string()),
        pa.field("source", pa.string(), nullable=False),
        pa.field("extra", pa.string()),
    ]
)

ORGANIZATIONS = pa.schema(
    [
        pa.field("organization_id", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("domain", pa.string()),
        pa.field("domains", pa.list_(pa.string())),
        pa.field("employee_size", pa.string()),
        pa.field("country", pa.string()),
        pa.field("source", pa.string(), nullable=False),
    ]
)

Row = dict[str, Any]


def person_row(record: Record) -> Row:
    """One row of `people`."""
    titles = list(texts(record.get("personTitle")))
    seniorities = list(texts(record.get("seniority")))
    functions = list(texts(record.get("functional")))
    first, last = scalar(record.get("firstName")), scalar(record.get("lastName"))
    return {
        "person_id": person_key(record)[0],
        "first_name": first,
        "last_name": last,
        "full_name": " ".join(part for part in (first, last) if part) or scalar(record.get("fullName")),
        "title": titles[0] if titles else None,
        "titles": titles,
        "seniority": seniorities[0] if seniorities else None,
        "seniorities": seniorities,
        "function": functions[0] if functions else None,
        "functions": functions,
        "city": scalar(record.get("personCity")),
        "state": scalar(record.get("personState")),
        "country": scalar(record.get("personCountry")),
        "linkedin_url": scalar(record.get("linkedinUrl")),
        "contact_email_status": scalar(record.get("contactEmailStatus")),
        "organization_id": organization_key(record),
        "source": SOURCE,
        "extra": extra(record),
    }


def organization_row(record: Record) -> Row | None:
    """One row of `organizations`, or None where the record names no employer."""
    key = organization_key(record)
    if key is None:
        return None
    domains = [domain.lower() for domain in texts(record.get("companyDomain"))]
    return {
        "organization_id": key,
        "name": scalar(record.get("organizationName")),
        "domain": domains[0] if domains else None,
        "domains": domains,
        "employee_size": scalar(record.get("companyEmployeeSize")),
        "country": scalar(record.get("companyCountry")),
        "source": SOURCE,
    }


def merge_organizations(rows: Iterable[Row]) -> list[Row]:
    """One row an organization: what one record leaves out, another may hold; the first value stands."""
    merged: dict[str, Row] = {}
    for row in rows:
        known = merged.setdefault(row["organization_id"], row)
        if known is not row:
            for name, value in row.items():
                if not known[name] and value:
                    known[name] = value
    return list(merged.values())


def row_hash(row: Row) -> str:
    """Names the content of a row."""
    return fingerprint(row)


def columns_table(people: People, keys: Sequence[str]) -> pa.Table:
    """People read in columns as Arrow, under these keys.

    All texts become one array, of which the columns are slices: an array of its own costs as much as a hundred texts.
    """
    several = {"titles": people.titles, "seniorities": people.seniorities, "functions": people.functions}
    texts: dict[str, Sequence[str | None]] = {
        "person_id": keys,
        "first_name": people.first_names,
        "last_name": people.last_names,
        "full_name": people.full_names,
        "title": first_texts(people.titles),
        "seniority": first_texts(people.seniorities),
        "function": first_texts(people.functions),
        "city": people.cities,
        "state": people.states,
        "country": people.countries,
        "linkedin_url": people.linkedin_urls,
        "contact_email_status": people.contact_email_statuses,
        "organization_id": people.organization_ids,
        "extra": people.extras,
    }
    offsets = {}
    for name, column in several.items():
        offsets[name], texts[name] = _flat(column)
    whole = pa.array(list(chain.from_iterable(texts.values())), pa.string())
    arrays: dict[str, Any] = {"source": pa.repeat(SOURCE, len(keys))}
    start = 0
    for name, values in texts.items():
        arrays[name] = whole.slice(start, len(values))
        start += len(values)
    for name, ends in offsets.items():
        arrays[name] = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), arrays[name])
    return pa.Table.from_arrays([arrays[name] for name in PEOPLE.names], schema=PEOPLE)


def _flat(column: Sequence[Texts]) -> tuple[list[int], list[str]]:
    """Lists as Arrow holds them: where each begins and ends in the values of all."""
    values: list[str] = []
    ends = [0]
    for found in column:
        if found.__class__ is str:
            values.append(found)
        elif found is not None:
            values.extend(found)
        ends.append(len(values))
    return ends, values


def organizations_table(rows: Sequence[Row]) -> pa.Table:
    """Rows of `organizations` as Arrow."""
    return pa.Table.from_pylist(list(rows), schema=ORGANIZATIONS)
