"""The addresses and numbers in one field of a result, in every shape that is told of it. Pure.

Wire facts: an address is a tuple (address, status, type) in a list (find-email page); of two parts in the example of a
webhook (webhooks page); a plain text in one example of the OpenAPI. A number is a text, or a list of
``{"number": ..., "region": ...}`` (a community description). How either says that nothing was found is shown nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sources.providers import FoundEmail, FoundPhone
from sources.sixtyfour import words

#: no address, number or status is longer
_LONGEST, _LONGEST_WORD = 320, 100
_PART = r"[^\s@<>()\[\],;:\"|/\\*\u2022"  # a masked address is none
_ADDRESS = re.compile(rf"{_PART}]+@(?:{_PART}.]+\.)+{_PART}.\d]{_PART}.]+")
_NUMBER = re.compile(
    r"(?=(?:\D*\d){5})[+(]?[\d\s().+\-/\u2010-\u2015\u2212]{5,32}(?:\s*(?:x|ext\.?|#)\s*:?\s*\d{1,6})?", re.IGNORECASE
)
_BETWEEN = re.compile(r"[,;|\n]")
_OF_ADDRESSES, _OF_NUMBERS = (
    ("email", "address", "email_address", "value"),
    ("number", "phone", "phone_number", "value"),
)
_OF_STATUS, _OF_TYPE = (
    ("status", "validation_status", "email_status"),
    ("type", "email_type", "phone_type", "line_type"),
)
_OF_COUNTRY = ("region", "country", "country_code")


@dataclass(frozen=True)
class Values:
    """What a field holds. ``unread``: so much of it that cannot be read. ``withheld``: values beside NOT_FOUND."""

    emails: tuple[FoundEmail, ...] = ()
    phones: tuple[FoundPhone, ...] = ()
    unread: int = 0
    withheld: int = 0

    def __add__(self, other: Values) -> Values:
        return Values(
            self.emails + other.emails,
            self.phones + other.phones,
            self.unread + other.unread,
            self.withheld + other.withheld,
        )


UNREAD = Values(unread=1)


def emails_in(value: Any, stated: str | None = None) -> Values:
    """The addresses of a field; ``stated``: their type, where the field's name says it and they do not."""
    found = Values()
    for address, status, kind, _ in _entries(value, _OF_ADDRESSES):
        text = address.strip().removeprefix("mailto:") if isinstance(address, str) else ""
        if not isinstance(address, str | None) or len(text) > _LONGEST:
            found += UNREAD
        elif words.says_nothing(text):
            found += Values() if words.claims_nothing(status) else UNREAD
        elif not _ADDRESS.fullmatch(text) or "\ufffd" in text:  # the second stands for what is no character
            found += UNREAD
        elif words.says_not_found(status):
            found += Values(withheld=1)
        else:
            email = FoundEmail(text, words.email_status(status), status_raw=status, type_raw=kind or stated)
            found += Values(emails=(email,))
    return found


def phones_in(value: Any) -> Values:
    """The numbers of a field, as they are written."""
    found = Values()
    for entry, status, kind, country in _entries(value, _OF_NUMBERS):
        whole = str(entry) if isinstance(entry, int) and not isinstance(entry, bool) and 0 < entry < 10**15 else entry
        if not isinstance(whole, str | None) or len(whole or "") > _LONGEST:
            found += UNREAD
            continue
        for text in map(str.strip, _BETWEEN.split(whole or "")):
            if words.says_nothing(text):
                found += Values() if words.claims_nothing(status) else UNREAD
            elif not _NUMBER.fullmatch(text):
                found += UNREAD
            elif words.says_not_found(status):
                found += Values(withheld=1)
            else:
                found += Values(phones=(FoundPhone(text, status, kind, country),))
    return found


def _entries(value: Any, names: Sequence[str]) -> Iterator[tuple[Any, str | None, str | None, str | None]]:
    """Value, status, type and country of each entry; the value is None where it is empty."""
    for entry in value if isinstance(value, list) and not _is_tuple(value) else [value]:
        if isinstance(entry, dict):
            own = next((entry[name] for name in names if name in entry), entry or None)
            yield own, _word(entry, _OF_STATUS), _word(entry, _OF_TYPE), _word(entry, _OF_COUNTRY)
        elif isinstance(entry, list):
            parts = [*entry, None, None, None]
            status, kind = (part[:_LONGEST_WORD] if isinstance(part, str) and part else None for part in parts[1:3])
            yield parts[0], status, kind, None
        else:
            yield entry, None, None, None


def _is_tuple(entries: Sequence[Any]) -> bool:
    """Whether a list is one bare tuple, rather than a list of entries: its second part is a status."""
    if not 2 <= len(entries) <= 3 or any(isinstance(entry, list | dict) for entry in entries):
        return False
    status = entries[1]
    return isinstance(status, str) and bool(status.strip()) and not re.search(r"@|\d{3}", status)


def _word(entry: dict[str, Any], names: Sequence[str]) -> str | None:
    text = next((entry[name] for name in names if entry.get(name)), None)
    return text[:_LONGEST_WORD] if isinstance(text, str) else None
