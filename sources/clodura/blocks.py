"""Providers inside an answer: which one a value came from, and what each of them said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sources.clodura import fields, words
from sources.clodura.words import Says
from sources.documents import Node, once, plain

#: a list of at most so many things may be one thing told in parts: ["k@clodura.ai", "Deliverable", "Hunter"]
TUPLE = 12


@dataclass(frozen=True)
class Row:
    """A provider's part of an answer. ``word`` is what it says; ``empty``: it shows that it has no value."""

    provider: str = field(repr=False)
    node: Node
    word: str | None = field(repr=False)
    empty: bool


def provider_of(node: Node) -> tuple[str | None, Node | None]:
    """The provider that a value came from, and the node of its part of the answer."""
    parent = node.parent
    if node.is_key and parent is not None:  # {"k@clodura.ai": "Hunter"}, {"k@clodura.ai": {"provider": "Hunter"}}
        inner = parent.value[node.step]
        own = inner if _is_known(inner) else own_provider(Node(inner, parent, node.step))
        if own:
            return str(own), None
    if parent is not None and isinstance(parent.value, list) and isinstance(node.step, int):
        column = _providers_beside(parent)
        if column:
            return column[node.step], None
    return part_of(node)


@once
def part_of(node: Node) -> tuple[str | None, Node | None]:
    """The provider whose part of the answer a node is or stands in."""
    parent = node.parent
    if parent is None:
        return None, None
    if name := own_provider(parent):
        return name, parent
    if isinstance(node.step, str) and node.step in provider_keys(parent):
        return node.step, node
    return part_of(parent)


@once
def _providers_beside(node: Node) -> list[str]:
    """The providers in a list as long as this one: ``{"emails": [a, b], "providers": ["Hunter", "Wiza"]}``."""
    return column_beside(node, fields.PROVIDERS)


def column_beside(node: Node, names: re.Pattern[str]) -> list[str]:
    """A list of texts beside a list, as long as it, under a name that ``names`` matches; else none."""
    if node.parent is None or not isinstance(node.parent.value, dict):
        return []
    for name, value in node.parent.value.items():
        if name == node.step or not names.search(plain(name)) or not isinstance(value, list):
            continue
        if len(value) == len(node.value) and all(isinstance(item, str) and item for item in value):
            return value
    return []


@once
def own_provider(node: Node) -> str | None:
    """The provider that a dict names as its own, or that a short list holds among other things."""
    value = node.value
    if isinstance(value, list):
        known = [item for item in value[:TUPLE] if _is_known(item)]
        return known[0] if len(known) == 1 < len(value) <= TUPLE else None
    if not isinstance(value, dict):
        return None
    block = {plain(name): inner for name, inner in value.items()}
    of_a_job = not block.keys().isdisjoint(fields.JOB_IDS | {"personid"})
    for flat, inner in block.items():
        sure = fields.PROVIDER.match(flat) is not None
        if sure or fields.MAYBE_PROVIDER.match(flat):
            name = fields.text_of(inner[0] if isinstance(inner, list) and len(inner) == 1 else inner)
            if name and (_is_known(name) or ((sure or not of_a_job) and _may_be_a_name(name))):
                return name
    if of_a_job:
        return None
    name = fields.text_of(block.get("name"))
    if name and (_is_known(name) or fields.PROVIDERS.search(plain(node.key))):
        return name
    return next((name for flat, inner in block.items() if (name := _in_annex(flat, inner))), None)


def _in_annex(flat: str, inner: object) -> str | None:
    if not fields.ANNEX.match(flat) or not isinstance(inner, dict):
        return None
    return next((fields.text_of(value) for name, value in inner.items() if fields.PROVIDER.match(plain(name))), None)


def _is_known(value: object) -> bool:
    return isinstance(value, str) and plain(value) in words.PROVIDERS


def _may_be_a_name(text: str) -> bool:
    flat = plain(text)
    return words.says(text) is None and not flat.isdigit() and flat not in fields.NO_PROVIDERS and "/" not in text


@once
def provider_keys(node: Node) -> frozenset[str]:
    """The fields of a dict named after providers: those we know, and those beside them or in a block of such."""
    block = node.value
    if not isinstance(block, dict) or own_provider(node):
        return frozenset()
    known = {name for name in block if _is_known(name)}
    others = {name for name in block if name not in known and not _is_ordinary(name) and _is_like_a_row(block[name])}
    flat = plain(node.key)
    if known or fields.PROVIDERS.search(flat):
        return frozenset(known | others)
    if fields.RESULTS.match(flat) and all(name in others and isinstance(block[name], dict) for name in block):
        return frozenset(others)
    return frozenset()


def _is_ordinary(name: str) -> bool:
    flat = plain(name)
    if not flat or len(name) > 40 or "@" in name or not any(char.isalpha() for char in name):
        return True
    known = fields.BLAND | fields.WRAPPERS | words.KINDS
    return flat in known or bool(fields.ORDINARY.search(flat)) or words.says(name) is not None


def _is_like_a_row(value: object) -> bool:
    """What a provider's part may be: a block with a status or a value, a list, a word, an address, null."""
    if isinstance(value, dict):
        flats = [plain(name) for name in value]
        patterns = (fields.STATUS, fields.MAIL, fields.PHONE)
        return not flats or any(f in fields.BLAND or f == "found" or any(p.search(f) for p in patterns) for f in flats)
    if isinstance(value, str):
        return words.says(value) is not None or "@" in value or _digits(value) >= 7
    return value is None or isinstance(value, list)


def _digits(text: str) -> int:
    return sum(char.isdigit() for char in text)


def is_job_level(node: Node) -> bool:
    """Whether a dict describes the job as a whole: it holds the tracking id, or only wrappers lead to it."""
    if own_provider(node) and not (node.parent is None and names_job(node)):
        return False
    return names_job(node) or all(plain(name) in fields.WRAPPERS for name in node.names)


@once
def names_job(node: Node) -> bool:
    """Whether a dict holds an id of the job."""
    return any(plain(name) in fields.JOB_IDS for name in node.value)


def rows(found: Sequence[Node]) -> list[Row]:
    """Every provider's part of an answer, misses too. A part that holds others is none itself."""
    parts: list[tuple[str, Node]] = []
    for node in found:
        if node.is_key:
            continue
        if name := own_provider(node):
            if not _describes(node, name):
                parts.append((name, node))
        elif isinstance(node.step, str):
            if node.parent is not None and node.step in provider_keys(node.parent):
                parts.append((node.step, node))
        elif _is_known(node.value) and words.says(node.key) in _MISSES:  # {"notFound": ["Clodura", "Hunter"]}
            parts.append((node.value, node))
    holders: set[int] = set()
    for _, node in parts:
        above = node.parent
        while above is not None and id(above) not in holders:
            holders.add(id(above))
            above = above.parent
    return [_row(name, node) for name, node in parts if id(node) not in holders]


def claims(row: Row) -> bool:
    """Whether a provider says that it has a value. "success" may mean that it was asked well and had none."""
    said = words.says(row.word) if row.word else None
    return said is Says.FOUND or (said is Says.OK and not row.empty and row.node.parent is not None)


_MISSES = (Says.NOT_FOUND, Says.NO_CREDITS, Says.FAILED)


def _describes(node: Node, name: str) -> bool:
    """Whether a block only says which provider the block around it is of: ``"source": {"name": "Hunter"}``."""
    if node.parent is None or not isinstance(node.step, str) or own_provider(node.parent) != name:
        return False
    flat = plain(node.step)
    return any(pattern.match(flat) for pattern in (fields.PROVIDER, fields.MAYBE_PROVIDER, fields.ANNEX))


def _row(name: str, node: Node) -> Row:
    value = node.value
    word: str | None = None
    if isinstance(value, dict):
        word = _word_in(value, 0)
    elif isinstance(value, list) and own_provider(node):
        told = (item for item in value if isinstance(item, str) and item != name)
        word = next((item for item in told if words.says(item) not in (None, Says.NOTHING)), None)
    elif isinstance(value, bool):
        word = "found" if value else "not found"
    elif isinstance(value, str) and not _is_known(value) and _digits(value) < 7:
        word = fields.text_of(value)
    if word is None:  # {"found": {"Wiza": ["+1 415 555 0100"]}}
        near = islice(node.names, 3)
        word = next((key for key in near if words.says(key) in (*_MISSES, Says.FOUND)), None)
    empty = value in (None, "", [], {}) or (isinstance(value, dict) and fields.has_empty_value(value))
    return Row(name, node, word, empty)


def _word_in(block: Mapping[str, Any], depth: int) -> str | None:
    """What a provider's block says: its status, else a flag, a word in a value's place, or what blocks in it say."""
    if word := fields.general(block):
        return word
    for name, value in block.items():
        flat = plain(name)
        if isinstance(value, bool) and flat in ("found", "success"):
            return "not found" if not value else "found" if flat == "found" else "success"
        if type(value) is int and value in words.BY_NUMBER and flat in ("status", "statuscode", "code"):
            return words.BY_NUMBER[value]
        if (
            fields.MAIL.search(flat)
            or fields.PHONE.search(flat)
            or flat in fields.BLAND | {"error", "reason", "message"}
        ):
            text = fields.text_of(value) if isinstance(value, str) else None
            if text and words.says(text) not in (None, Says.NOTHING):
                return text
    if depth < 4:
        for value in block.values():
            if isinstance(value, dict) and (word := _word_in(value, depth + 1)):
                return word
    return None
