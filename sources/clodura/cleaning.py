"""One field of many records read at once, each value as `records.texts` reads it. Pure.

What is normal (a text, a list of one, null) is read by one comprehension; everything else by `texts` itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import orjson

from sources.clodura.records import scalar, texts

#: all that a field says: nothing, one text, or several
Texts: TypeAlias = str | tuple[str, ...] | None


def read_scalars(values: Sequence[Any]) -> list[str | None]:
    """The first text of each value."""
    # what is neither text nor list has no `strip`, length or first
    try:
        return [None if value is None else value.strip() or None for value in values]
    except AttributeError:
        try:
            return [
                value[0].strip() or None
                if value and len(value) == 1
                else None
                if value is None or value == []
                else scalar(value)
                for value in values
            ]
        except (AttributeError, KeyError, TypeError):
            return [scalar(value) for value in values]


def read_texts(values: Sequence[Any]) -> list[Texts]:
    """All texts of each value."""
    try:
        return [value[0].strip() or None if value and len(value) == 1 else _several(value) for value in values]
    except (AttributeError, KeyError, TypeError):
        return [all_texts(value) for value in values]


def all_texts(value: object) -> Texts:
    """All texts of one value, whatever it is."""
    return _folded(tuple(texts(value)))


def _several(value: Any) -> Texts:
    """The same, where a list of texts is likely, and without a NUL."""
    if value is None or value == []:
        return None
    try:
        found = tuple(map(str.strip, value)) if value.__class__ is list else None
    except TypeError:
        found = None
    return all_texts(value) if found is None else _folded(tuple(filter(None, found)) if "" in found else found)


def _folded(found: tuple[str, ...]) -> Texts:
    return found if len(found) > 1 else found[0] if found else None


def first_texts(column: Sequence[Texts]) -> list[str | None]:
    """The first of all texts of each."""
    return [texts[0] if texts.__class__ is tuple else texts for texts in column]  # type: ignore[misc]


def hold_nul(columns: object) -> bool:
    """Whether a text in there may hold a NUL; those are to be read by `texts`, which takes them out before blanks."""
    return b"\\u0000" in orjson.dumps(columns)
