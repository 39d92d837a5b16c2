"""Columns of texts -> what each row holds: a hash that names it, and JSON for the ledger. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TypeAlias

import orjson

from sources.clodura.cleaning import Texts

Column: TypeAlias = Sequence[str | None]
_NAMES = (
    "company_domain", "country", "first_name", "full_name", "last_name", "linkedin_url", "organization_name", "title",
)  # fmt: skip


def content_hashes(*columns: Sequence[Texts]) -> list[str]:
    """24 hex digits for each row of these columns; equal rows have equal ones, whatever they lie among."""
    # orjson's bytes are let go at once: kept for a moment, they take ten times as long to make
    return [blake2b(orjson.dumps(row), digest_size=12).hexdigest() for row in zip(*columns, strict=True)]


def facts_texts(
    *,
    company_domain: Column,
    country: Column,
    first_name: Column,
    full_name: Column,
    last_name: Column,
    linkedin_url: Column,
    organization_name: Column,
    title: Column,
    vendor_key: Sequence[bool],
) -> list[str]:
    """One JSON object a person, of what is known; just as `json.dumps` writes it, keys sorted and nothing escaped."""
    columns = [company_domain, country, first_name, full_name, last_name, linkedin_url, organization_name, title]
    if _escapes(columns):
        columns = list(map(_escaped, columns))
    own = ["true" if vendors else "false" for vendors in vendor_key]
    return [
        f'{{"company_domain": "{domain}", "country": "{where}", "first_name": "{first}", "full_name": "{full}", '
        f'"last_name": "{last}", "linkedin_url": "{url}", "organization_name": "{employer}", "title": "{position}", '
        f'"vendor_key": {key}}}'
        if domain and where and first and full and last and url and employer and position
        else _facts((domain, where, first, full, last, url, employer, position), key)
        for domain, where, first, full, last, url, employer, position, key in zip(*columns, own, strict=True)
    ]


def _facts(texts: Iterable[str | None], vendor_key: str) -> str:
    known = [f'"{name}": "{text}", ' for name, text in zip(_NAMES, texts, strict=True) if text is not None]
    return f'{{{"".join(known)}"vendor_key": {vendor_key}}}'


def _escapes(column: object) -> bool:
    """Whether a text in there is written in JSON otherwise than it is."""
    return b"\\" in orjson.dumps(column)


def _escaped(column: Column) -> Column:
    if not _escapes(column):
        return column
    return [None if text is None else json.dumps(text, ensure_ascii=False)[1:-1] for text in column]
