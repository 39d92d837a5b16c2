"""Canaries: a key, a person and passwords that must appear in no log, no error and no repr, and how to find them there.

They are looked for by their parts, without case: half an address is too much. Numbers are looked for by their digits,
however they are written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

KEY = "cl-canary-7f3a9b2c5d8e1f04"
SIGNING_KEY = "signing-canary-0a1b2c3d4e5f"
PASSWORD = "pw-canary-55aa66bb"
FIRST_NAME, LAST_NAME = "Kanaria", "Vogelsang"
ADDRESS = "kanaria.vogelsang@nest-canary.example"
NUMBER = "+49 1512 3456789"
PROFILE = "https://www.linkedin.com/in/kanaria-vogelsang-42/"
PERSON_ID = "3597524184265130552"

_PARTS = (KEY, SIGNING_KEY, PASSWORD, "canary", "kanaria", "vogelsang", "7f3a9b2c5d8e1f04", "0a1b2c3d4e5f", "55aa66bb")
_DIGITS = ("15123456789", "3456789")
#: what a webhook's mac looks like
_MAC = re.compile(r"(?<![0-9a-f-])[0-9a-f]{40}(?![0-9a-f])")

#: all of them in one sentence, as a body may quote them
SENTENCE = f"Key {KEY} may not see {FIRST_NAME} {LAST_NAME} <{ADDRESS}>, {NUMBER}, {PROFILE}"
PERSON = {
    "personId": PERSON_ID,
    "firstName": FIRST_NAME,
    "lastName": LAST_NAME,
    "linkedinUrl": PROFILE,
    "personTitle": ["CEO"],
    "personCountry": ["Germany"],
    "organizationId": "2389402640191586304",
    "organizationName": f"{LAST_NAME} & Co",
}
#: bodies that quote them, good and bad JSON, HTML and none of these
BODIES: dict[str, bytes] = {
    "message": json.dumps({"message": SENTENCE}).encode(),
    "nested": json.dumps({"error": {"detail": SENTENCE, "person": PERSON}}).encode(),
    "list": json.dumps([PERSON, SENTENCE]).encode(),
    "keys": json.dumps({SENTENCE: {ADDRESS: NUMBER}}).encode(),
    "html": f"<!DOCTYPE html><title>{SENTENCE}</title><p>{ADDRESS}</p>".encode(),
    "broken": json.dumps({"message": SENTENCE, "people": [PERSON]}).encode()[:-9],
    "latin": SENTENCE.encode("utf-16"),
}


def leaks(text: str) -> list[str]:
    """The canaries in a text, and the macs of webhook URLs."""
    low, digits = text.lower(), re.sub(r"\D", "", re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "", text))
    found = [part for part in _PARTS if part.lower() in low]
    found += [part for part in _DIGITS if part in digits]
    return found + _MAC.findall(text)


def told_by(error: BaseException | None) -> Iterator[str]:
    """Every text that an exception holds, and those it came of, shown or not."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield from (str(one), repr(one), repr(one.args), *getattr(one, "__notes__", ()))
        waiting += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]


def assert_clean(*texts: object) -> None:
    """Fail where a text, the repr of an object, or what an exception tells, holds a canary."""
    for item in texts:
        told = told_by(item) if isinstance(item, BaseException) else [item if isinstance(item, str) else repr(item)]
        for text in told:
            assert leaks(text) == [], text
