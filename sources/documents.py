"""Walking a JSON document whose field names nobody documents: every value with the way that leads to it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: deeper nesting than any answer has; what lies below is not looked at
DEEPEST = 60

Step = tuple[Any, str | int]  # the dict or list, and the key or index taken in it


class NotJson(ValueError):
    """The bytes are no JSON document."""


def parse(body: bytes) -> Any:
    """The document, numbers exact; NotJson for anything else, nesting bombs included."""
    try:
        return json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        raise NotJson from None


@dataclass(frozen=True, slots=True)
class Node:
    """A value anywhere in a document. ``steps`` lead to it from the root; ``is_key`` where it is a dict's key."""

    value: Any
    steps: tuple[Step, ...]
    is_key: bool = False

    @property
    def key(self) -> str:
        """The nearest name on the way, list positions skipped; "" at the root."""
        for _, key in reversed(self.steps):
            if isinstance(key, str):
                return key
        return ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names on the way from the root, list positions skipped."""
        return tuple(key for _, key in self.steps if isinstance(key, str))

    def ancestors(self) -> Iterator[tuple[dict[str, Any], str, tuple[Step, ...]]]:
        """The dicts around it, nearest first: each with the name taken in it, and the steps that lead to the dict."""
        for depth in range(len(self.steps) - 1, -1, -1):
            container, _ = self.steps[depth]
            if isinstance(container, dict):
                key = self.steps[depth][1]
                yield container, str(key), self.steps[:depth]


def nodes(document: Any) -> Iterator[Node]:
    """Every node in document order: dicts and lists, their scalars, and the keys of dicts as values of their own."""
    stack = [Node(document, ())]
    while stack:
        node = stack.pop()
        yield node
        if node.is_key or len(node.steps) >= DEEPEST:
            continue
        below: list[Node] = []
        if isinstance(node.value, dict):
            for key, value in node.value.items():
                step = (*node.steps, (node.value, key))
                below += [Node(key, step, is_key=True), Node(value, step)]
        elif isinstance(node.value, list):
            below = [Node(value, (*node.steps, (node.value, index))) for index, value in enumerate(node.value)]
        stack.extend(reversed(below))


def plain(name: str) -> str:
    """A name or a status word without case, blanks and punctuation: ``"Not Found"`` and ``"notFound"`` are one."""
    return re.sub(r"[\W_]+", "", name).casefold()


def without(document: Any, drop: set[int]) -> Any:
    """The document without the dicts whose ``id()`` is in ``drop``."""
    if isinstance(document, dict):
        return {key: without(value, drop) for key, value in document.items() if id(value) not in drop}
    if isinstance(document, list):
        return [without(value, drop) for value in document if id(value) not in drop]
    return document
