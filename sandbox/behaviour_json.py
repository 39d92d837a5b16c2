"""Reads and writes a ``Behaviour`` as a JSON object, checking every value against the type of its field."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from sandbox.behaviour import Behaviour, Span
from sandbox.faults import CLODURA_OPERATIONS, OPERATIONS, FaultRule
from sandbox.limits import parse_limit
from sandbox.shifts import Shift

VARIANTS: Final = 7
"""How many shapes each kind of result has."""


def write_behaviour(behaviour: Behaviour) -> dict[str, object]:
    """Every switch with its value."""
    written: dict[str, object] = {}
    for switch in fields(behaviour):
        value = getattr(behaviour, switch.name)
        ruled = switch.name in {"faults", "search_shifts"}
        written[switch.name] = [rule.as_json() for rule in value] if ruled else value
    return written


def change_behaviour(behaviour: Behaviour, changes: Mapping[str, object]) -> Behaviour:
    """``behaviour`` with some switches set anew. Raises ValueError, naming the switch, for what cannot be set."""
    hints = get_type_hints(Behaviour)
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in hints:
            raise ValueError(f"there is no switch {name!r}; there are {', '.join(hints)}")
        values[name] = _read(name, hints[name], value)
    return _checked(replace(behaviour, **values))


def alternatives(name: str) -> tuple[object, ...]:
    """The words a switch may be set to; empty where it takes other values than a choice of words."""
    hint = get_type_hints(Behaviour)[name]
    return get_args(hint) if get_origin(hint) is Literal else ()


def _checked(behaviour: Behaviour) -> Behaviour:
    try:
        for limit in behaviour.rate_limits:
            parse_limit(limit)
    except ValueError as error:
        raise ValueError(f"rate_limits: {error}") from error
    if behaviour.variant != "mixed" and not 0 <= behaviour.variant < VARIANTS:
        raise ValueError(f"variant must be 0 to {VARIANTS - 1} or 'mixed', not {behaviour.variant}")
    if behaviour.new_jobs < 0:
        raise ValueError(f"new_jobs must be 0 or more, not {behaviour.new_jobs}")
    if behaviour.most_filter_values < 0:
        raise ValueError(f"most_filter_values must be 0 or more, not {behaviour.most_filter_values}")
    for switch, operations in (("not_entitled", OPERATIONS), ("conflict_operations", CLODURA_OPERATIONS)):
        for operation in getattr(behaviour, switch):
            if operation not in operations:
                raise ValueError(f"{switch}: unknown operation {operation!r}, there are {', '.join(operations)}")
    return behaviour


def _read(name: str, hint: Any, value: object) -> object:
    if hint == Span:
        return _read_span(name, value)
    if get_origin(hint) is tuple:
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{name} must be a list, not {value!r}")
        read_item = _ITEMS.get(get_args(hint)[0], str)
        return tuple(read_item(item) for item in value)
    alternatives = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if float in alternatives and type(value) is int:
        value = float(value)
    if not any(_fits(alternative, value) for alternative in alternatives):
        expected = [repr(word) for word in get_args(hint)] or [hint.__name__]
        raise ValueError(f"{name} must be {' or '.join(expected)}, not {value!r}")
    return value


def _fits(hint: object, value: object) -> bool:
    return value in get_args(hint) if get_origin(hint) is Literal else type(value) is hint


def _read_span(name: str, value: object) -> Span:
    ends = list(value) if isinstance(value, (list, tuple)) else [value, value]
    numbers = [float(end) for end in ends if isinstance(end, (int, float)) and not isinstance(end, bool)]
    if len(numbers) != 2 or len(ends) != 2 or not 0 <= numbers[0] <= numbers[1]:
        raise ValueError(f"{name} must be a number of seconds or [least, most], not {value!r}")
    return numbers[0], numbers[1]


_CONDITIONS: Final[dict[str, type | tuple[type, ...]]] = {
    "operation": str,
    "fault": str,
    "nth": (list, tuple),
    "first": int,
    "person_id": str,
    "subject": str,
    "probability": (int, float),
}


def _read_rule(value: object) -> FaultRule:
    if isinstance(value, FaultRule):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(f"a fault is an object with operation and fault, not {value!r}")
    for name, part in value.items():
        if name not in _CONDITIONS or not isinstance(part, _CONDITIONS[name]):
            raise ValueError(f"fault: {name}={part!r} is not understood")
    if "operation" not in value or "fault" not in value:
        raise ValueError("a fault needs operation and fault")
    return FaultRule(**{**value, "nth": tuple(value.get("nth", ()))})


def _read_shift(value: object) -> Shift:
    if isinstance(value, Shift):
        return value
    names = [field.name for field in fields(Shift)]
    if not isinstance(value, Mapping) or not {"after", "change"} <= value.keys() <= set(names):
        raise ValueError(f"search_shifts: a shift is an object with after and change, and of {names}, not {value!r}")
    try:
        return Shift(**value)
    except ValueError as error:
        raise ValueError(f"search_shifts: {error}") from error


_ITEMS: Final[dict[object, Callable[[object], object]]] = {FaultRule: _read_rule, Shift: _read_shift}
