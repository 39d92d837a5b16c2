"""What stands around a value and speaks of it: its status, its kind, its country.

What stands nearest belongs to a value: beside it, below it in a block of its own, or above it.
"""

from __future__ import annotations

import re

from sources.clodura import blocks, fields, words
from sources.clodura.words import Says
from sources.documents import Node, once, plain

#: a block with more status fields than this has one for each value, named exactly after it
_MOST = 32
_KIND_IN_NAME = re.compile("personal|mobile|direct|work|business|company|office|home|landline")
_STATUSES = re.compile(r"(status(es)?|verdicts?|states?|deliverability)$")


def status_of(node: Node) -> str | None:
    """The status that stands nearest to a value. That a job went well says nothing of an address."""
    parent = node.parent
    if parent is None:
        return None
    if node.is_key:  # {"k@clodura.ai": "Deliverable"}, {"k@clodura.ai": {"status": "Deliverable"}}
        inner = parent.value[node.step]
        if isinstance(inner, str) and _is_a_word(inner):
            return inner
        if isinstance(inner, dict) and (word := fields.general(inner)):
            return word
        return _best(_above(parent))
    if isinstance(parent.value, list) and len(parent.value) <= blocks.TUPLE:  # ["k@clodura.ai", "Deliverable"]
        for item in parent.value:
            if isinstance(item, str) and item != node.value and _is_a_word(item):
                return item
    column = _statuses_beside(parent) if isinstance(parent.value, list) else []
    if column and isinstance(node.step, int):
        return column[node.step]
    return _best(_above(node))


def _best(told: tuple[str | None, str | None]) -> str | None:
    return told[0] or told[1]


def _is_a_word(text: str) -> bool:
    return words.speaks_of_address(text) or words.says(text) not in (None, Says.NOTHING)


@once
def _statuses_beside(node: Node) -> list[str]:
    """The statuses in a list as long as this one: ``{"emails": [a, b], "statuses": ["Deliverable", "guessed"]}``."""
    return blocks.column_beside(node, _STATUSES)


@once
def _above(node: Node) -> tuple[str | None, str | None]:
    """What the blocks around say: the nearest word that speaks of addresses, and the nearest that may be a job's."""
    parent = node.parent
    if parent is None:
        return None, None
    word: str | None = None
    if isinstance(node.step, str):
        word = _in_block(parent, node.step, direct=not isinstance(node.value, dict | list))
    elif isinstance(parent.value, list) and len(parent.value) <= blocks.TUPLE and isinstance(node.value, list):
        word = next((item for item in parent.value if isinstance(item, str) and _is_a_word(item)), None)
    if word and words.speaks_of_address(word):
        return word, word
    telling, weak = _above(parent)
    return telling, word or weak


@once
def _said(node: Node) -> tuple[list[tuple[str, str]], str | None, frozenset[str]]:
    told, flag = fields.said(node.value)
    return told, flag, frozenset(plain(name) for name in node.value)


@once
def _by_name(node: Node) -> dict[str, str]:
    return dict(_said(node)[0])


def _in_block(block: Node, key: str, *, direct: bool) -> str | None:
    """What a block says of its field ``key``: the status named after the field first, then the key, then its own."""
    told, flag, flats = _said(block)
    flat = plain(key)
    stem = fields.stem(flat)
    if stem:
        own = [(name, word) for name, word in told[:_MOST] if name.startswith(stem)]
        if word := fields.best(own, None) or _by_name(block).get(f"{stem}status"):
            return word
    if words.speaks_of_address(key):
        return key
    # a status that is named after another field is that field's
    told = [
        (name, word)
        for name, word in told[:_MOST]
        if fields.owner(name) in (flat, stem) or fields.owner(name) not in flats
    ]
    if blocks.is_job_level(block) and not (direct and not blocks.names_job(block)):
        told = [(name, word) for name, word in told if words.says(word) not in (Says.OK, Says.ENDED)]
    return fields.best(told, flag) or (key if words.says(key) is Says.FOUND else None)


def kind_of(node: Node) -> str | None:
    """What kind of address or number it is: a field beside it, a word in the same list, or the names above it."""
    if kind := type_beside(node):
        return kind
    for name in list(node.names)[:3]:
        if found := _KIND_IN_NAME.search(plain(name)):
            return found[0]
    return None


def type_beside(node: Node) -> str | None:
    """A type, label or kind given for a value in its own block."""
    parent = node.parent
    if parent is None:
        return None
    inner = parent.value[node.step] if node.is_key else None
    if isinstance(inner, str):  # {"+91 98765 43210": "mobile"}
        return inner if plain(inner) in words.KINDS else None
    if isinstance(parent.value, list) and len(parent.value) <= blocks.TUPLE:  # ["+91 98765 43210", "mobile"]
        for item in parent.value:
            if isinstance(item, str) and plain(item) in words.KINDS:
                return item
    return _type_in(Node(inner)) if isinstance(inner, dict) else _type_around(node)


def _type_around(node: Node) -> str | None:
    block = next((block for block, _ in node.blocks()), None)
    return _type_in(block) if block is not None and not node.is_key else None


@once
def _type_in(block: Node) -> str | None:
    kinds = (fields.text_of(value) for name, value in block.value.items() if fields.TYPE.match(plain(name)))
    return next((kind for kind in kinds if kind), None)


def country_of(node: Node) -> str | None:
    """A country's name, code or calling code near a number."""
    parent = node.parent
    inner = parent.value[node.step] if parent is not None and node.is_key else None
    if isinstance(inner, dict) and (country := _country_in(Node(inner))):
        return country
    near = (country for depth, (block, _) in enumerate(node.blocks()) if depth < 3 and (country := _country_in(block)))
    return next(near, None)


@once
def _country_in(block: Node) -> str | None:
    for name, value in block.value.items():
        flat = plain(name)
        if isinstance(value, str | dict) and fields.COUNTRY.match(flat):
            if text := fields.text_of(value):
                return text
        elif type(value) is int and fields.COUNTRY.match(flat) and 0 < value < 1000:
            return str(value)
    return None
