"""Checks shared by everything a user writes down: an error names the field, the value and the mend."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from sources.nearest import did_you_mean
from sources.redaction import shown

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", re.IGNORECASE)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}

#: what pydantic's own complaints come to, in plain words
_MENDS = {
    "date_from_datetime_parsing": "write dates as YYYY-MM-DD",
    "date_from_datetime_inexact": "write dates as YYYY-MM-DD",
    "date_parsing": "write dates as YYYY-MM-DD",
    "date_type": "write dates as YYYY-MM-DD",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "list_type": 'write a list of texts, such as ["one", "another"]',
    "string_type": "write a text in quotes",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_parsing": "write a number",
    "float_type": "write a number",
    "finite_number": "write a number that is not endless",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
    "string_too_short": "it is too short, its least length is {min_length}",
}


def wrong(message: str) -> PydanticCustomError:
    """A complaint in our own words, raised inside a validator."""
    return PydanticCustomError("ours", "{message}", {"message": message})


@dataclass(frozen=True)
class OneOf:
    """A check: the value, or each of a list, is one of ``allowed``."""

    allowed: tuple[str, ...]

    def __call__(self, value: object) -> object:
        """The value; the complaint names the nearest right one."""
        items = value if isinstance(value, list) else [value]
        others = [item for item in items if isinstance(item, str) and item not in self.allowed]
        if others:
            listed = ", ".join(self.allowed)
            said = [f"{shown(item)} is not one of {listed}.{did_you_mean(item, self.allowed)}" for item in others]
            raise wrong(" ".join(said))
        return value


def one_of(allowed: Sequence[str]) -> BeforeValidator:
    """A validator: the value, or each of a list, is one of these."""
    return BeforeValidator(OneOf(tuple(allowed)))


def parse_duration(value: object) -> object:
    """Seconds of a number, or of a text such as "10m", "1h30m", "500ms", "90"."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    if isinstance(value, str):
        text = value.strip()
        try:
            seconds = float(text)
        except ValueError:
            if not text or _DURATION.sub("", text).strip():
                said = f'{shown(value)} is not a duration: write seconds, or a text such as "10m" or "1h30m"'
                raise wrong(said) from None
            seconds = sum(float(count) * _SECONDS[unit.lower()] for count, unit in _DURATION.findall(text))
    else:
        seconds = float(value) if abs(value) < 1e300 else float("inf")
    if not 0 <= seconds < float("inf"):
        raise wrong(f"{shown(value)} is not a duration: it must be zero or more")
    return seconds


def complaints(error: ValidationError, prefix: str, fields: Sequence[str], secret: Sequence[str] = ()) -> list[str]:
    """One line a problem: field, value (never a secret one) and mend."""
    found = []
    for problem in error.errors():
        field = next((str(part) for part in problem["loc"] if part in fields), "")
        where = ".".join(part for part in (prefix, field) if part)
        value = "the value" if field in secret else shown(problem["input"])
        found.append(f"{where}: {_complaint(problem, value)}")
    return found


def _complaint(problem: Any, value: str) -> str:
    if problem["type"] == "ours":
        return str(problem["msg"])
    if problem["type"] == "missing":
        return "is missing"
    mend = _MENDS.get(problem["type"])
    return f"{value} is not accepted: {mend.format(**problem.get('ctx', {})) if mend else problem['msg']}"
