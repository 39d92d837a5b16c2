"""Search answers read tolerantly: envelope, scalar or list, missing, null and extra fields.

Wire facts: the vendor's search page, section "Response" (a bare array; location fields are strings in its table and
arrays in its example). Public clients have met `{people: [...]}` and `{results: [...]}`; `{data: [...]}` is plausible.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

#: the documented fields of a record; whatever else comes is kept in `extra`
FIELDS = frozenset({
    "personId", "firstName", "lastName", "linkedinUrl", "seniority", "personTitle", "functional", "personCity",
    "personState", "personCountry", "contactEmailStatus", "organizationId", "organizationName", "companyDomain",
    "companyEmployeeSize", "companyCountry", "page", "perPage",
})  # fmt: skip
ENVELOPES = ("people", "results", "data")

Record = Mapping[str, Any]


class UnreadablePage(ValueError):
    """The body is no JSON, or holds no list of records anywhere we know to look."""


@dataclass(frozen=True)
class Page:
    """One page of a search. ``per_page`` is what the records themselves say a page holds, where they do."""

    number: int
    records: Sequence[Record] = field(repr=False)
    per_page: int | None = None
    #: items of the list that are no objects, or empty ones beside others: counted, never guessed at
    unreadable: int = 0
    #: the answer as it came, from which all of this can be read again
    body: bytes = field(default=b"", repr=False)


def parse_page(number: int, body: bytes) -> Page:
    """The records of a 200 answer; UnreadablePage where there is no list of records."""
    try:
        items = _items(_load(body))
    except RecursionError:  # newer Pythons parse what is nested deeper than they can follow
        raise UnreadablePage("it is nested too deeply") from None
    if set(map(type, items)) == {dict} and all(items):
        records = items
    else:
        records = [item for item in items if isinstance(item, dict) and item]
    stated = {size for record in records if isinstance(size := record.get("perPage"), int) and size > 0}
    return Page(
        number=number,
        records=records,
        per_page=stated.pop() if len(stated) == 1 else None,
        unreadable=sum(1 for item in items if not isinstance(item, dict) or (records and not item)),
        body=body,
    )


def _load(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:  # slower, and more lenient: bytes that are no UTF-8, half a surrogate pair, NaN
        document = json.loads(body.decode("utf-8-sig", "replace"))
        return json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise UnreadablePage("the body is not JSON") from None


def _items(document: object) -> list[Any]:
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        for name in ENVELOPES:
            inner = document.get(name)
            if isinstance(inner, list):
                return inner
            if isinstance(inner, dict):
                return _items(inner)
        if "personId" in document:
            return [document]
        if any(name in document for name in ENVELOPES) or not document:
            return []  # {"people": null}
    raise UnreadablePage("the body holds no list of people")


def scalar(value: object) -> str | None:
    """The first usable text of a scalar, a list or an object with a name."""
    for text in texts(value):
        return text
    return None


def texts(value: object) -> Iterator[str]:
    """Every usable text of a scalar, a list or an object with a name, in order."""
    waiting = [value]  # not by recursion: a value may be nested as deeply as the parser goes
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if stripped := value.replace("\x00", "").strip():
                yield stripped
        elif isinstance(value, list):
            waiting.extend(reversed(value))
        elif isinstance(value, dict):
            waiting += [value[name] for name in ("name", "value", "label") if name in value][:1]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield str(value)


def person_key(record: Record) -> tuple[str, bool]:
    """The key of a person, and whether it is the vendor's own (only then can anything be asked by it).

    A record without a personId is loaded all the same, under a key made of its LinkedIn URL or of its content.
    """
    vendor = scalar(record.get("personId"))
    if vendor is not None:
        return vendor, True
    url = scalar(record.get("linkedinUrl"))
    if url is not None:
        return "linkedin:" + url.rstrip("/").rsplit("/", 1)[-1].lower(), False
    return "record:" + fingerprint({k: v for k, v in record.items() if k not in ("page", "perPage")}), False


def organization_key(record: Record) -> str | None:
    """The key of the employer: the vendor's id, else one made of domain or name, else None."""
    vendor = scalar(record.get("organizationId"))
    if vendor is not None:
        return vendor
    domain = scalar(record.get("companyDomain"))
    if domain is not None:
        return f"domain:{domain.lower()}"
    name = scalar(record.get("organizationName"))
    return f"name:{name.casefold()}" if name is not None else None


def extra(record: Record) -> str | None:
    """Fields nobody documented, as JSON, or None."""
    unknown = {name: value for name, value in record.items() if name not in FIELDS}
    return _encoded(unknown).decode() if unknown else None


def fingerprint(content: object) -> str:
    """A short hash of JSON-like content, equal for equal content whatever the order of keys."""
    return blake2b(_encoded(content), digest_size=12).hexdigest()


def _encoded(content: object) -> bytes:
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # integers beyond 64 bits, nesting beyond 254 levels
        return json.dumps(_cut(content), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _cut(content: object, levels: int = 250) -> object:
    """Content without what is nested deeper than can be written again."""
    if isinstance(content, list | dict) and not levels:
        return None
    if isinstance(content, list):
        return [_cut(item, levels - 1) for item in content]
    if isinstance(content, dict):
        return {name: _cut(value, levels - 1) for name, value in content.items()}
    return content
