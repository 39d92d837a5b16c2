"""Finding addresses and numbers in a reveal's answer, wherever they stand, with the status and provider beside them.

The vendor's pages lost every nested field of the four answers, so nothing here relies on one path: an address is a
text that is wholly an address; a number is a text of digits under a name that speaks of phones. What stands nearest to
a value (a status, a provider) belongs to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Literal

from sources.clodura import beside, blocks, fields, words
from sources.documents import Node, once, plain
from sources.providers import FoundEmail, FoundPhone

#: longer than any text that is nothing but addresses or numbers
_LONGEST = 1000
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"|/\\]+@(?:[^\s@<>()\[\],;:\"|/\\.]+\.)+(?!\d+$)[^\s@<>()\[\],;:\"|/\\.]{2,}")
_NAMED = re.compile(r"[^<>]*<\s*([^<>\s]+)\s*>")
_NUMBER = re.compile(
    r"\+?\s*\(?\d[\d\s().\-/\u2010-\u2015\u2212]{5,24}\d(?:\s*(?:x|ext\.?|extn\.?|extension|#)\s*:?\s*\d{1,6})?",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"x|ext|#", re.IGNORECASE)
_DATE = re.compile(r"\d{4}([-/.])\d\d?\1\d\d?|\d\d?([/.-])\d\d?\2\d{4}")
_SEVERAL = re.compile(r"[,;|\n]|\s/\s|\s(?:and|or|&)\s")
_LABEL = re.compile(
    r"(?:(?:work|personal|private|mobile|cell|office|home|direct|phone|tel|telephone|e-?mail|business|primary|secondary"
    r"|company|main|mailto)(?:\s(?:phone|number|e-?mail))?\s*[:=]\s*)?(.*?)(?:\s*[(\[][a-z -]{2,20}[)\]])?",
    re.IGNORECASE | re.DOTALL,
)
#: k***@clodura.ai, kxxxx@clodura.ai, k...@clodura.ai; +91 98XXX XXX10
_MASKED = re.compile(r"[*\u2022\u25cf\u00b7\ufffd]|\.\.\.|x{3,}", re.IGNORECASE)
_MASKED_NUMBER = re.compile(r"(?=.*\d\D*\d)(?=.*[x*#\u2022\u25cf])[+\d\s().\-/x*#\u2022\u25cf]{5,40}", re.IGNORECASE)
_SEALED = re.compile(r"(?=.*\d)[\w+/=.-]{16,}", re.ASCII)
_HIDDEN = words.word_set("hidden masked locked redacted protected")
#: addresses of a help desk, which nobody is called
_ROLE = re.compile(r"(customer)?(support|care|help|helpdesk|noreply|donotreply|postmaster|mailerdaemon|notifications?)")


def _tidy(text: str, form: Literal["NFC", "NFKC"]) -> str:
    """Text without what cannot be seen; NFKC: wide digits narrow, blanks plain."""
    shown = text if text.isascii() else "".join(char for char in text if unicodedata.category(char) != "Cf")
    return unicodedata.normalize(form, shown).strip(" \t\r\n\"'")


def addresses(text: object) -> list[str]:
    """The addresses a text consists of: one, several with separators, ``mailto:`` or ``Name <address>``; else none."""
    if not isinstance(text, str) or "@" not in text or len(text) > _LONGEST:
        return []
    found = []
    for part in _parts(_tidy(text, "NFC")):
        if plain(part) not in ("na", "none", "null", ""):
            named = _NAMED.fullmatch(part)
            bare = _bare(named[1] if named else part).rstrip(".")
            several = bare.split()
            if not several or not all(_ADDRESS.fullmatch(one) and not _MASKED.search(one) for one in several):
                return []
            found += several
    return found


def _parts(text: str) -> Iterator[str]:
    for part in _SEVERAL.split(text):
        if stripped := part.strip():
            yield stripped


def _bare(part: str) -> str:
    """Without a label: ``Work: k@clodura.ai``, ``+91 98765 43210 (mobile)``."""
    match = _LABEL.fullmatch(part)
    return match[1].strip() if match else part


def numbers(node: Node) -> list[str]:
    """The phone numbers a node holds, judged by its text and by the names that lead to it; else none."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, str | int) or not _may_be_numbers(str(value)):
        return []
    speaks = _speaks_of_phones(node)
    nearest = plain(node.key)
    found = []
    text = re.sub(r"[;,]\s*ext(ension)?[.=:\s]*", " ext ", _tidy(str(value), "NFKC"), flags=re.IGNORECASE)
    for part in _parts(text):
        if plain(part) in ("na", "none", "null", ""):
            continue
        bare = _bare(part)
        if not _NUMBER.fullmatch(bare) or _DATE.fullmatch(bare):
            return []
        if not 7 <= _digits(_EXTENSION.split(bare)[0]) <= 15:
            return []
        if not speaks and not (bare.startswith("+") and not fields.NO_PHONE.search(nearest)):
            return []
        found.append(bare)
    return found


def _digits(text: str) -> int:
    return sum(char.isdigit() for char in text)


def _may_be_numbers(text: str) -> bool:
    return 7 <= len(text) <= _LONGEST and any(char.isdigit() for char in text[:60])


def emails_in(found: Iterable[Node]) -> Iterator[tuple[FoundEmail, Node]]:
    """Every address of a document, once a place, with what stands beside it."""
    for node in found:
        if not isinstance(node.value, str) or "@" not in node.value:
            continue
        for address in addresses(node.value):
            word = beside.status_of(node)
            # a word of how good an address is stands beside what was bought, whatever the block is called
            verdict = word is not None and words.speaks_of_address(word)
            if (_is_not_the_persons(node) and not verdict) or _is_a_role(address, node):
                continue
            yield (
                FoundEmail(
                    address=address,
                    status=words.email_status(word),
                    status_raw=word,
                    type_raw=beside.kind_of(node),
                    found_by=blocks.provider_of(node)[0],
                ),
                node,
            )


def phones_in(found: Iterable[Node]) -> Iterator[tuple[FoundPhone, Node]]:
    """Every phone number of a document, once a place, with what stands beside it."""
    for node in found:
        if isinstance(node.value, str | int):
            for number in numbers(node):
                if _is_not_the_persons(node) or _is_another_writing(number, node):
                    continue
                yield (
                    FoundPhone(
                        number=number,
                        status_raw=beside.status_of(node),
                        type_raw=beside.kind_of(node),
                        country=beside.country_of(node),
                        found_by=blocks.provider_of(node)[0],
                    ),
                    node,
                )


def _is_another_writing(number: str, node: Node) -> bool:
    """Whether the same number stands beside in its international form: ``{"e164": ..., "national": ...}``."""
    parent = node.parent
    if number.startswith("+") or parent is None or not isinstance(parent.value, dict) or len(parent.value) > 24:
        return False
    own = re.sub(r"\D", "", _EXTENSION.split(number)[0]).lstrip("0")
    beside_it = [text for text in parent.value.values() if isinstance(text, str) and text.strip().startswith("+")]
    others = (re.sub(r"\D", "", text) for text in beside_it if text is not node.value)
    return any(len(own) < len(other) <= 15 and other.endswith(own) for other in others)


@once
def whose(node: Node) -> str:
    """Whose a value is by the names above: "others", "employer", or "" and "listed" for the person."""
    if node.parent is None:
        return ""
    above = whose(node.parent)
    if above == "others" or not isinstance(node.step, str):
        return above
    flat = plain(node.step)
    if fields.NOT_THE_PERSONS.search(flat):
        return "others"
    if fields.PERSON.match(flat):
        return ""
    if above:
        return above
    if fields.EMPLOYER.match(flat) and isinstance(node.value, dict | list):
        return "employer"
    return "listed" if fields.MAIL.search(flat) or fields.PHONE.search(flat) else ""


def _is_not_the_persons(node: Node) -> bool:
    at = node.parent if node.is_key else node
    return at is not None and whose(at) in ("others", "employer")


def _is_a_role(address: str, node: Node) -> bool:
    """support@... in a field that is not named after addresses, or has no word beside it."""
    if not _ROLE.fullmatch(plain(address.partition("@")[0])):
        return False
    return not (fields.MAIL.search(plain(node.key)) and beside.status_of(node))


def _own_name(node: Node) -> tuple[Node | None, str]:
    """The nearest name on the way that says anything, and the node it leads to."""
    at = node.parent if node.is_key else node
    while at is not None and at.parent is not None:
        if isinstance(at.step, str) and (flat := plain(at.step)) not in fields.BLAND:
            return at, flat
        at = at.parent
    return None, ""


def _speaks_of_phones(node: Node) -> bool:
    at, name = _own_name(node)
    if fields.TYPE_OF_PHONE.search(plain(beside.type_beside(node) or "")) and plain(node.key) in fields.BLAND:
        return True
    if at is None or at.parent is None:
        return blocks.provider_of(node)[0] is not None
    if fields.NO_PHONE.search(name):
        return False
    if fields.PHONE.search(name) or name in words.KINDS:
        return True
    if isinstance(at.value, list) and fields.PROVIDERS.search(name):
        return True
    return at.step in blocks.provider_keys(at.parent)


def looks_unread(node: Node, phone: bool) -> bool:
    """A field that should hold an address or a number, holds a text, and yet we cannot read it: "+91 98XXX XXX10"."""
    if node.is_key or not isinstance(node.value, str) or len(node.value) > _LONGEST or _is_not_the_persons(node):
        return False
    text = _tidy(node.value, "NFKC")
    if not text or words.says(text) is not None:
        return False
    sealed = _SEALED.fullmatch(text) or plain(text) in _HIDDEN
    if phone:
        return _speaks_of_phones(node) and not numbers(node) and bool(sealed or _MASKED_NUMBER.fullmatch(text))
    local, at, _ = text.partition("@")
    if at and " " not in text and _MASKED.search(local):
        return True
    named = fields.MAIL.search(_own_name(node)[1])
    return bool(named) and not addresses(text) and bool(at or sealed)
