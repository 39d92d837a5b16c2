"""A whole name -> first and last name, where that can be told. Pure.

The first word, and all others: no part of a name is dropped but titles. Which of three words is a middle name and which
half of a last name, no rule knows.
"""

from __future__ import annotations

import re

_BEFORE = frozenset("mr mrs ms miss mx dr prof professor herr frau sir dame eng ing".split())
_AFTER = frozenset(
    """
    jr sr ii iii iv phd md mba msc ma bsc ba dr ing cpa cfa cfp pmp esq mph jd llm rn pe pmi dds dvm fca aca
""".split()
)


def split_name(whole: str, first: str | None = None, last: str | None = None) -> tuple[str | None, str | None]:
    """First and last name; a half that is known stays, and the other is what is left of the whole without it.

    One word is a first name alone; (None, None) where nothing is left but titles.
    """
    words = _in_order(re.sub(r"\([^()]*\)|\[[^\[\]]*\]|[\"“”].*?[\"“”]", " ", whole)).split()
    while len(words) > 1 and _plain(words[0]) in _BEFORE:
        words = words[1:]
    while len(words) > 2 and _plain(words[-1]) in _AFTER:
        words = words[:-1]
    if not any(character.isalpha() for word in words for character in word):
        return first, last
    given, family = (first or "").casefold().split(), (last or "").casefold().split()
    plain = [word.casefold() for word in words]
    if given and plain[: len(given)] == given:
        return first, " ".join(words[len(given) :]) or last
    if family and plain[-len(family) :] == family:
        return " ".join(words[: -len(family)]) or first, last
    return first or words[0], last or " ".join(words[1:]) or None


def _in_order(name: str) -> str:
    """Titles behind a comma are left out; "Lovelace, Ada" is turned around."""
    before, *others = [part.strip() for part in name.split(",")]
    others = [part for part in others if part and not _is_title(part, before)]
    if not others:
        return before
    return " ".join([*others, before])


def _is_title(part: str, before: str) -> bool:
    words = part.split()
    if all(_plain(word) in _AFTER for word in words):
        return True
    # "Ada Lovelace, XYZ": but of "VAN DYKE, JAN" the part behind is a name like all the rest
    return len(words) == 1 and part.isupper() and 1 < len(part) <= 6 and " " in before and not before.isupper()


def _plain(word: str) -> str:
    return word.replace(".", "").casefold()
