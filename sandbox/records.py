"""Writes people as the JSON records of a search page, each encoded once and kept.

Shape of a record: search page, section Response. A page is put together by joining bytes, because the imitation has to
keep ahead of the client that is measured against it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, Literal

import orjson

from sandbox.organizations import Organization
from sandbox.population import ABSENT, FORM_BITS, NO_TITLE, NULL, Population, Tables
from sandbox.values.names import FIRST_NAMES, LAST_NAMES

LocationForm = Literal["array", "string"]
UnicodeForm = Literal["raw", "escaped", "mixed"]
_Value = str | tuple[str, ...]

_MOST_KEPT: Final = 200_000
"""Records, of about 700 bytes each; those that come after are encoded each time they are shown."""


class RecordEncoder:
    """The encoded records of one population in one form."""

    def __init__(self, population: Population, location_form: LocationForm, unicode_form: UnicodeForm) -> None:
        self._population = population
        self._encoded: dict[int, bytes] = {}
        tables = population.tables
        raw = _Fragments(location_form, tables, escaped=False)
        escaped = _Fragments(location_form, tables, escaped=True)
        self._fragments = {"raw": (raw,), "escaped": (escaped,), "mixed": (raw, escaped)}[unicode_form]

    def page(self, indices: Sequence[int], tail: bytes) -> bytes:
        """Records side by side, without the brackets of the array; ``tail`` ends each, closing brace included."""
        known = self._encoded.get
        return (tail + b",").join([known(index) or self._encode(index) for index in indices]) + tail

    def _encode(self, index: int) -> bytes:
        people = self._population
        fragments = self._fragments[index % len(self._fragments)]
        form = people.gaps[index] & FORM_BITS
        titles = people.titles[index], people.second_titles[index]
        record = b"".join(
            (
                b'{"personId":"%s"' % people.code.encode(index).encode(),
                fragments.names(people.first_names[index], people.last_names[index], form),
                fragments.member("linkedinUrl", people.linkedin_url(index), form),
                fragments.work(titles, form),
                fragments.place(people.places[index], form),
                fragments.status(people.email_statuses[index], form),
                fragments.organization(people.employers[index], people.organizations, form),
            )
        )
        if len(self._encoded) < _MOST_KEPT:
            self._encoded[index] = record
        return record


class _Fragments:
    """Encoded pieces of records. A piece for the same table entries and form is encoded once."""

    def __init__(self, location_form: LocationForm, tables: Tables, *, escaped: bool) -> None:
        self._tables = tables
        self._as_array = location_form == "array"
        self._escaped = escaped
        self._names: dict[tuple[int, int, int], bytes] = {}
        self._work: dict[tuple[tuple[int, int], int], bytes] = {}
        self._places: dict[tuple[int, int], bytes] = {}
        self._statuses: dict[tuple[int, int], bytes] = {}
        self._organizations: dict[tuple[int, int], bytes] = {}

    def member(self, key: str, value: _Value, form: int) -> bytes:
        """``,"key":value``; where the value is empty, in the form that stands for unknown."""
        if not value and form == ABSENT:
            return b""
        shown = None if not value and form == NULL else value
        text = json.dumps(shown).encode() if self._escaped else orjson.dumps(shown)
        return b',"%s":%s' % (key.encode(), text)

    def _located(self, key: str, value: str, form: int) -> bytes:
        """One of the five members that are strings in the table and arrays in the example of the search page."""
        return self.member(key, ((value,) if value else ()) if self._as_array else value, form)

    def names(self, first: int, last: int, form: int) -> bytes:
        piece = self._names.get((first, last, form))
        if piece is None:
            piece = self.member("firstName", FIRST_NAMES[first].shown, form)
            piece += self.member("lastName", LAST_NAMES[last].shown, form)
            self._names[first, last, form] = piece
        return piece

    def work(self, titles: tuple[int, int], form: int) -> bytes:
        piece = self._work.get((titles, form))
        if piece is None:
            table = self._tables.titles
            held = [table[titles[0]]] + ([table[titles[1]]] if titles[1] != NO_TITLE else [])
            piece = self.member("seniority", _union([title.seniorities for title in held]), form)
            piece += self.member("personTitle", _union([(title.text,) for title in held if title.text]), form)
            piece += self.member("functional", _union([title.functions for title in held]), form)
            self._work[titles, form] = piece
        return piece

    def place(self, place: int, form: int) -> bytes:
        piece = self._places.get((place, form))
        if piece is None:
            city, state, country = self._tables.places[place]
            piece = self._located("personCity", city, form) + self._located("personState", state, form)
            piece += self._located("personCountry", country, form)
            self._places[place, form] = piece
        return piece

    def status(self, status: int, form: int) -> bytes:
        piece = self._statuses.get((status, form))
        if piece is None:
            piece = self._statuses[status, form] = self.member(
                "contactEmailStatus", self._tables.statuses[status], form
            )
        return piece

    def organization(self, employer: int, organizations: Sequence[Organization], form: int) -> bytes:
        piece = self._organizations.get((employer, form))
        if piece is None:
            organization = organizations[employer]
            piece = self.member("organizationId", organization.organization_id, form)
            piece += self.member("organizationName", organization.name, form)
            piece += self.member("companyDomain", organization.domains, form)
            piece += self._located("companyEmployeeSize", organization.shown_size, form)
            piece += self._located("companyCountry", organization.headquarters.country, form)
            self._organizations[employer, form] = piece
        return piece


def _union(lists: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for values in lists for value in values))
