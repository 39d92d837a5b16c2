"""One cell of a list -> a text or nothing. Pure. What cannot be used is said in words that quote nothing of it."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

#: characters of the longest value that is anybody's name, title or URL
LONGEST = 500
#: what exports write for "nothing". "NA", "Nan" and "Null" are names or countries, so case counts
_MISSING = frozenset(
    ["NULL", "null", "(null)", "\\N", "n/a", "N/A", "N/a", "#N/A", "NaN", "nan", "None", "none", "<NA>", "NaT"]
)
_DASHES = re.compile(r"[-\u2010-\u2015\u2212.]{1,3}")
#: they come with what is copied from web pages, and are seen by nobody
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
#: what `rejects` and spreadsheets put before what would be a formula
_ESCAPED = re.compile(r"^'(?=[=+\-@])")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?e[+-]?\d+", re.IGNORECASE)
#: above it a floating-point number is none of the whole numbers that it may have been
_WHOLE = 2**53
#: digits that a spreadsheet keeps
_SPREADSHEET = 15

DIGITS_LOST = (
    "digits were lost, because it was kept as a number: export it anew with the column as text, and do not open it in "
    "a spreadsheet in between"
)


class Unusable(ValueError):
    """A value that cannot be what its field holds; the reason quotes nothing of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def text_of(value: object) -> str | None:
    """A text without blanks around it, on one line; None where there is nothing.

    Raises `Unusable`: control characters, more than 500 characters, bytes that are no UTF-8, lists.
    """
    written = _written(value)
    if written is None:
        return None
    text = _ESCAPED.sub("", " ".join(_INVISIBLE.sub("", written).split()))
    if not text or text in _MISSING or _DASHES.fullmatch(text):
        return None
    if len(text) > LONGEST:
        raise Unusable(f"it is longer than {LONGEST} characters")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise Unusable("it holds control characters")
    return unicodedata.normalize("NFC", text)


def _written(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        if value != value:  # NaN
            return None
        return str(int(value)) if value.is_integer() and abs(value) < _WHOLE else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            return bytes(value).decode()
        except UnicodeDecodeError:
            raise Unusable("it is no text") from None
    if isinstance(value, list | tuple | dict | set):
        raise Unusable("it is a list, and one value belongs there")
    return str(value)


def id_of(value: object) -> str | None:
    """An id, digit by digit. Raises `Unusable` where a number has lost some of them on its way here."""
    if isinstance(value, bool):
        raise Unusable("it is no id")
    if isinstance(value, float) and value == value and not (value.is_integer() and abs(value) < _WHOLE):
        raise Unusable(DIGITS_LOST)
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value)
    text = text_of(value)
    if text is not None and _SCIENTIFIC.fullmatch(text):
        raise Unusable(DIGITS_LOST)
    if text is not None and " " in text:
        raise Unusable("it holds blanks, and no id does")
    return text


def rounded(ids: list[str]) -> bool:
    """Whether these ids went through a spreadsheet, which keeps fifteen digits and writes zeros for the others.

    One id may end so by chance, one in a hundred or less; three of three do not.
    """
    long = [one for one in ids if one.isdigit() and len(one) >= _SPREADSHEET + 2]
    return len(long) >= 3 and all(not one[_SPREADSHEET:].strip("0") for one in long)
