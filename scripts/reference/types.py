"""A pydantic field's type in the words of somebody who writes a settings file."""

from __future__ import annotations

import types
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BeforeValidator
from pydantic.fields import FieldInfo

from scripts.reference import markdown
from sources.checking import OneOf, parse_duration

_PLAIN = {str: "text", bool: "true or false", int: "whole number", float: "number", date: "date, YYYY-MM-DD"}


def in_words(field: FieldInfo) -> str:
    """Such as ``list of `email`, `phone` `` or ``whole number, 1 to 1000``."""
    return _words(field.annotation, list(field.metadata))


def _words(hint: Any, metadata: Sequence[Any]) -> str:
    if get_origin(hint) is Annotated:
        inner, *more = get_args(hint)
        return _words(inner, [*more, *metadata])
    if get_origin(hint) in (Union, types.UnionType):
        (inner,) = (part for part in get_args(hint) if part is not type(None))
        return _words(inner, metadata)
    metadata = [part for item in metadata for part in (item.metadata if isinstance(item, FieldInfo) else [item])]
    checks = [item.func for item in metadata if isinstance(item, BeforeValidator)]
    allowed = next((check.allowed for check in checks if isinstance(check, OneOf)), None)
    if get_origin(hint) is Literal:
        allowed = tuple(map(str, get_args(hint)))
    if get_origin(hint) is list:
        return "list of " + (markdown.listed(allowed) if allowed else "texts")
    if allowed:
        return markdown.listed(allowed)
    if parse_duration in checks:
        return ", ".join(["duration", *_bounds(metadata)])
    if hint not in _PLAIN:
        raise LookupError(f"scripts/reference/types.py has no words for the type {hint!r}")
    return ", ".join([_PLAIN[hint], *_bounds(metadata)])


def _bounds(metadata: Sequence[Any]) -> list[str]:
    least = next((item.ge for item in metadata if isinstance(item, annotated_types.Ge)), None)
    most = next((item.le for item in metadata if isinstance(item, annotated_types.Le)), None)
    if least is not None:
        return [f"{least} to {most}" if most is not None else f"{least} or more"]
    return [f"{most} or less"] if most is not None else []
