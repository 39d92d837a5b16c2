"""What one item of a result says of the lead it is about. Pure.

The result of a job has the shape of the answer to a synchronous call (find-email page), one item for each lead of a
bulk call. Not found is an empty field, or none; no page shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sources.documents import nodes, plain
from sources.providers import Channel, FoundEmail, FoundPhone, Outcome
from sources.redaction import plain_words
from sources.sixtyfour import words
from sources.sixtyfour.values import Values, emails_in, phones_in
from sources.sixtyfour.words import State

_PERSONAL = ("personal_email", "personal_emails")
_EMAILS = ("email", "emails", "email_address", "work_email", "professional_email", *_PERSONAL)
_PHONES = ("phone", "phones", "phone_number", "phone_numbers", "mobile", "mobile_phone")
#: the fields that hold what was asked for
FIELDS: Mapping[Channel, tuple[str, ...]] = {Channel.EMAIL: _EMAILS, Channel.PHONE: _PHONES}
#: blocks of an item that hold its result, and its lead
_INNER, _ECHO = ("result", "structured_data", "data"), ("lead", "input")
_ADDRESS_WITHIN = re.compile(r"[^\s@]@[^\s@]+\.")
_PHONE_NAME = re.compile(r"phone|mobile")


@dataclass(frozen=True)
class Item:
    """What an item says. ``outcome`` None: its lead is still under way."""

    outcome: Outcome | None
    emails: tuple[FoundEmail, ...] = field(default=(), repr=False)
    phones: tuple[FoundPhone, ...] = field(default=(), repr=False)
    note: str | None = None


def blocks_of(item: Any) -> list[dict[str, Any]]:
    """The blocks that hold an item's fields, the outermost first."""
    if not isinstance(item, dict):
        return []
    return [item, *(item[name] for name in (*_INNER, *_ECHO) if isinstance(item.get(name), dict))]


def has_value_field(block: Any, channel: Channel) -> bool:
    """Whether a block has a field in which the answer to such a call stands, filled or not."""
    return any(name in inner for inner in _results_in(block) for name in FIELDS[channel])


def read_item(item: Any, channel: Channel, lead: Mapping[str, Any]) -> Item:
    """The reading of one item about ``lead``, from a job that has ended."""
    if not isinstance(item, dict):
        return Item(Outcome.UNREADABLE, note="the result is no object")
    values = _values(item, channel)
    if values.emails or values.phones:
        return Item(Outcome.FOUND, values.emails, values.phones, _beside(item, values))
    if failure := _failure(item):
        return Item(Outcome.FAILED, note=failure)
    if "status" in item and words.state(item["status"]) is State.PENDING:
        return Item(None)
    if values.unread:
        return Item(Outcome.UNREADABLE, note="a field that should hold the answer cannot be read")
    if not has_value_field(item, channel) and _speaks_of_it(item, channel, lead):
        return Item(Outcome.UNREADABLE, note="the answer seems to stand in a field that nobody knows")
    return Item(Outcome.NOT_FOUND, note=_beside(item, values))


def failure_note(word: object, error: object) -> str:
    """How a job ended that did not complete, with the vendor's own words as far as they may be shown."""
    said = plain_words(error)[:200] if isinstance(error, str) and error.strip() else ""
    return f"the vendor says that its job {words.ending(word)}" + (f": {said!r}" if said.strip(" …") else "")


def _results_in(item: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(item, dict):
        yield item
        yield from (item[name] for name in _INNER if isinstance(item.get(name), dict))


def _values(item: Mapping[str, Any], channel: Channel) -> Values:
    found = Values()
    for block in _results_in(item):
        for name in FIELDS[channel]:
            if name not in block:
                continue
            if channel is Channel.PHONE:
                found += phones_in(block[name])
            else:
                found += emails_in(block[name], "PERSONAL" if name in _PERSONAL else None)
    return found


def _failure(item: Mapping[str, Any]) -> str | None:
    error = next((block["error"] for block in _results_in(item) if block.get("error")), None)
    if error is None and not ("status" in item and words.state(item["status"]) is State.FAILED):
        return None
    return failure_note(item.get("status"), error)


def _beside(item: Mapping[str, Any], values: Values) -> str | None:
    said = [
        (values.withheld, "an address or number that the vendor itself calls not found was left out"),
        (values.unread, "a part of the answer cannot be read"),
        (_failure(item), "an error stands beside what was found"),
    ]
    return "; ".join(text for is_so, text in said if is_so) or None


def _speaks_of_it(item: Mapping[str, Any], channel: Channel, lead: Mapping[str, Any]) -> bool:
    """Whether there is something that looks like an answer, where there is no field for it, and no echo of the lead."""
    sent = {value for value in lead.values() if isinstance(value, str)}
    for node in nodes(item):
        if node.is_key or not isinstance(node.value, str | int) or isinstance(node.value, bool) or node.value in sent:
            continue
        if channel is Channel.PHONE and _PHONE_NAME.search(plain(node.key)) and not words.says_nothing(str(node.value)):
            return True
        if channel is Channel.EMAIL and isinstance(node.value, str) and _ADDRESS_WITHIN.search(node.value[:2000]):
            return True
    return False


def items_of(result: Any, channel: Channel) -> Sequence[Any] | None:
    """The items of a result: of a list, of a list in a wrapper, or the one that it is itself; None: there are none."""
    for _ in range(3):
        if isinstance(result, list):
            return result
        if not isinstance(result, dict) or has_value_field(result, channel):
            break
        inner = next((result[name] for name in ("results", "leads", "items", "data") if name in result), None)
        if not isinstance(inner, list | dict):
            break
        result = inner
    return [result] if isinstance(result, dict) else None
