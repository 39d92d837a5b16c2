"""Walking a JSON document whose field names nobody documents: every value with the way that leads to it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any, TypeVar

#: deeper nesting than any answer has; what lies below is not looked at
DEEPEST = 60
#: no name, status word or inner document is longer than these
_LONGEST_NAME, _LONGEST_INNER = 100, 200_000
#: escapes that stand for no character: half a surrogate pair, or NUL, which no database holds
_NO_CHARACTER = re.compile(r"\\u(?:d[89a-f]|0000)", re.IGNORECASE)
_HALF = re.compile("[\ud800-\udfff]")

#: a key that may be an address or a number
_CONTACT = re.compile(r"@|(?:\d\D{0,4}){7}")

T = TypeVar("T")


class NotJson(ValueError):
    """The bytes are no JSON document."""


def parse(body: bytes) -> Any:
    """The document; NotJson for anything else, nesting bombs included.

    A name that an object holds twice keeps both values, as a list. What is no character is replaced.
    """
    return _parse(body.decode("utf-8-sig", "replace"))


def _parse(text: str) -> Any:
    try:
        document = json.loads(text, parse_int=_integer, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise NotJson from None
    return _mended(document, 0) if _NO_CHARACTER.search(text) else document


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NAME else digits  # Python itself refuses more than 4,300 digits


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        several: dict[str, list[Any]] = {}
        for name, value in pairs:
            several.setdefault(name, []).append(value)
        for name, values in several.items():
            if len(values) > 1:
                nested = any(isinstance(value, dict | list) for value in values)
                different = values if nested else list(dict.fromkeys(values))
                found[name] = different if len(different) > 1 else different[0]
    return found


def _mended(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value).replace("\0", "")
    if depth > DEEPEST:
        return None
    if isinstance(value, dict):
        return {_mended(name, depth): _mended(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_mended(inner, depth + 1) for inner in value]
    return value


@dataclass(eq=False, slots=True)
class Node:
    """A value anywhere in a document, taken from ``parent`` by ``step``; ``is_key`` where it is that dict's key."""

    value: Any = field(repr=False)
    parent: Node | None = field(default=None, repr=False)
    step: str | int = field(default="", repr=False)
    is_key: bool = False
    depth: int = 0
    #: what `once` remembers of it
    memo: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def names(self) -> Iterator[str]:
        """The names on the way to the root, nearest first; list positions, and a key itself, are left out."""
        node: Node | None = self.parent if self.is_key else self
        while node is not None and node.parent is not None:
            if isinstance(node.step, str):
                yield node.step
            node = node.parent

    @property
    def key(self) -> str:
        """The nearest name on the way; "" at the root."""
        return next(self.names, "")

    def blocks(self) -> Iterator[tuple[Node, str]]:
        """The dicts around it, nearest first, each with the name taken in it."""
        node: Node | None = self
        while node is not None and node.parent is not None:
            if isinstance(node.step, str):
                yield node.parent, node.step
            node = node.parent


def nodes(document: Any) -> list[Node]:
    """Every node in document order: dicts and lists, their scalars, and such keys of dicts as may be contacts.

    A text that is a JSON document itself stands for that document.
    """
    found = []
    stack = [Node(_unfolded(document))]
    while stack:
        node = stack.pop()
        found.append(node)
        value, depth = node.value, node.depth + 1
        if node.is_key or depth > DEEPEST:
            continue
        if isinstance(value, dict):
            for name in reversed(value):
                stack.append(Node(_unfolded(value[name]), node, name, False, depth))
                if _CONTACT.search(name):
                    stack.append(Node(name, node, name, True, depth))
        elif isinstance(value, list):
            stack += [
                Node(_unfolded(value[index]), node, index, False, depth) for index in range(len(value) - 1, -1, -1)
            ]
    return found


def _unfolded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "[") and value[-1:] in ("}", "]") and len(value) < _LONGEST_INNER:
        try:
            return _parse(value)
        except NotJson:
            pass
    return value


def once(function: Callable[[Node], T]) -> Callable[[Node], T]:
    """Remember what a function says of a node."""
    name = function.__qualname__

    @wraps(function)
    def remembered(node: Node) -> T:
        if node.memo is None:
            node.memo = {}
        if name not in node.memo:
            node.memo[name] = function(node)
        said: T = node.memo[name]
        return said

    return remembered


def plain(name: str) -> str:
    """A name or a status word without case, blanks and punctuation: ``"Not Found"`` and ``"notFound"`` are one."""
    return _plain(name) if len(name) <= _LONGEST_NAME else "\u2026"


@lru_cache(65536)
def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
