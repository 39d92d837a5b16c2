"""Finding addresses and numbers in a reveal's answer, wherever they stand, with the status and provider beside them.

The vendor's pages lost every nested field of the four answers, so nothing here relies on one path: an address is a
text that is wholly an address; a number is a text of digits under a name that speaks of phones. What stands nearest to
a value (a status, a provider) belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sources.clodura import words
from sources.documents import Node, Step, nodes, plain
from sources.providers import FoundEmail, FoundPhone

_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"|]+@[^\s@<>()\[\],;:\"|]+\.[^\s@<>()\[\],;:\"|.]{2,}", re.UNICODE)
_NAMED = re.compile(r"^[^<>]*<\s*(?:mailto:)?([^<>\s]+)\s*>$")
_NUMBER = re.compile(
    r"(?:tel:)?\s*(\+?\s*\(?\d[\d\s().\-/\u2010-\u2015\u00a0]{5,24}\d(?:\s*(?:x|ext\.?|extension|#)\s*\d{1,6})?)"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d\d[/.-]\d\d[/.-]\d{4}")
_SPLIT = re.compile(r"[,;|\n]")

#: whose address it is, where a name says that it is not the person's
_NOT_THE_PERSONS = re.compile(r"support|requester|requestedby|createdby|useremail|accountemail|webhook|callback|sender")
_PHONE_NAME = re.compile(r"phone|mobile|cell|landline|dial|whatsapp|msisdn|numbers?$|^tel|^direct")
_NO_PHONE_NAME = re.compile(
    r"(id|ids|count|credits?|status|state|code|extension|ext|employees|fax|type|provider|label|country|zip|rank|index"
    r"|date|time|timestamp|epoch|ts|at|created|updated|verified|source|url|domain|name|total|position|score|confidence)$"
)
_MAIL_NAME = re.compile(r"e?mail(s|address|addresses|id)?$")
#: names that say nothing by themselves: the next name on the way speaks for them
_BLAND = words.word_set(
    "value values raw national international e164 formatted display data result results item items contact contacts "
    "details info output response payload primary"
)
_STATUS_NAME = re.compile(r"(status|state|verdict|deliverab\w*|verif\w*|valid\w*|progress|outcome)$")
#: flags that stand for a status word when they are true, and when they are false
_FLAGS = {
    "verified": ("verified", "not verified"), "isverified": ("verified", "not verified"),
    "valid": ("valid", "invalid"), "isvalid": ("valid", "invalid"), "deliverable": ("deliverable", "undeliverable"),
    "isdeliverable": ("deliverable", "undeliverable"), "catchall": ("catch-all", None),
    "iscatchall": ("catch-all", None), "acceptall": ("catch-all", None), "guessed": ("guessed", None),
    "isguessed": ("guessed", None),
}  # fmt: skip
_PROVIDER_NAME = re.compile(r"^(data)?(provider|vendor|source|foundby|service|partner|integration)(name)?$")
_PROVIDER_BLOCKS = re.compile(r"(provider|vendor|source|waterfall|integration|partner)s?(results?|data|responses?)?$")
_COUNTRY_NAME = re.compile(r"^(countrycode|country|dialcode|callingcode|isd|isdcode|countrycallingcode|region|prefix)$")
_TYPE_NAME = re.compile(r"^(type|label|kind|category|linetype|phonetype|numbertype|emailtype|addresstype)$")


def addresses(text: object) -> list[str]:
    """The addresses a text consists of: one, several with separators, ``mailto:`` or ``Name <address>``; else none."""
    if not isinstance(text, str) or "@" not in text or len(text) > 2000:
        return []
    found = []
    for part in _SPLIT.split(text):
        bare = part.strip()
        named = _NAMED.match(bare)
        bare = (named[1] if named else bare).removeprefix("mailto:")
        if not _ADDRESS.fullmatch(bare) or "**" in bare:  # k***@clodura.ai is a masked one
            return []
        found.append(bare)
    return found


def numbers(node: Node) -> list[str]:
    """The phone numbers a node holds, judged by its text and by the names that lead to it; else none."""
    value = node.value
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > 400:
        return []
    texts = [str(value)] if isinstance(value, int) else [part.strip() for part in _SPLIT.split(value)]
    speaks = _speaks_of_phones(node)
    found = []
    for text in texts:
        match = _NUMBER.fullmatch(text)
        if match is None or _DATE.fullmatch(text):
            return []
        base = re.split(r"x|ext|#", match[1])[0]
        if not 7 <= sum(char.isdigit() for char in base) <= 15:
            return []
        if not speaks and not (text.startswith("+") and not _NO_PHONE_NAME.search(plain(node.key))):
            return []
        found.append(match[1].strip())
    return found


def emails_in(document: Any) -> Iterator[tuple[FoundEmail, Node]]:
    """Every address of a document, once a place, with what stands beside it."""
    for node in nodes(document):
        for address in addresses(node.value):
            if any(_NOT_THE_PERSONS.search(plain(name)) for name in node.names if name != node.value):
                continue
            word = status_word(node)
            yield (
                FoundEmail(
                    address=address,
                    status=words.email_status(word),
                    status_raw=word,
                    type_raw=_beside(node, _TYPE_NAME) or _type_in_name(node),
                    found_by=provider_of(node)[0],
                ),
                node,
            )


def phones_in(document: Any) -> Iterator[tuple[FoundPhone, Node]]:
    """Every phone number of a document, once a place, with what stands beside it."""
    for node in nodes(document):
        for number in numbers(node):
            country = _beside(node, _COUNTRY_NAME)
            yield (
                FoundPhone(
                    number=number,
                    status_raw=status_word(node),
                    type_raw=_beside(node, _TYPE_NAME) or _type_in_name(node),
                    country=country,
                    found_by=provider_of(node)[0],
                ),
                node,
            )


def looks_unread(node: Node, phone: bool) -> bool:
    """A field that should hold an address or a number, holds a text, and yet we cannot read it: "+91 98XXX XXX10"."""
    if node.is_key or not isinstance(node.value, str) or plain(node.value) in words.BLANK:
        return False
    name = plain(node.key)
    if phone:
        speaking = _speaks_of_phones(node) and any(char.isdigit() for char in node.value)
        return speaking and not numbers(node) and plain(node.value) not in words.PROMISES
    return bool(_MAIL_NAME.search(name)) and "@" in node.value and not addresses(node.value)


def status_word(node: Node) -> str | None:
    """The status that stands nearest to a value: one named after its field, else the block's own."""
    if node.is_key:  # {"a@b.c": "Deliverable"}
        inner = node.steps[-1][0][node.steps[-1][1]]
        if isinstance(inner, str) and not addresses(inner):
            return inner
        if isinstance(inner, dict) and (word := block_status(inner, "")):
            return word
    if node.steps and isinstance(node.steps[-1][0], list):  # ["a@b.c", "Deliverable"]
        for item in node.steps[-1][0]:
            if isinstance(item, str) and (plain(item) in words.PROMISES or plain(item) == "undeliverable"):
                return item
    for block, key, steps in node.ancestors():
        if word := block_status(block, key):
            if plain(word) in (words.OK | words.ENDED) and is_job_level(block, steps):
                continue  # the job went well: that says nothing of the address
            return word
    return None


def block_status(block: dict[str, Any], key: str) -> str | None:
    """The status word of a block: the one named after ``key`` first ("emailStatus"), then flags, then "status"."""
    stem = re.sub(r"(address|s)$", "", plain(key))
    named: str | None = None
    general: str | None = None
    for name, value in block.items():
        flat = plain(name)
        if isinstance(value, bool):
            word = _FLAGS.get(flat, (None, None))[0 if value else 1]
            if word and (named is None or word == "catch-all"):
                named = word
        elif isinstance(value, str) and value.strip() and _STATUS_NAME.search(flat) and not addresses(value):
            if stem and flat.startswith(stem):
                return value.strip()
            if flat == "status" or general is None:
                general = value.strip()
    return named or general


def is_job_level(block: dict[str, Any], steps: tuple[Step, ...]) -> bool:
    """Whether a block describes the job as a whole: it holds the tracking id, or only wrappers lead to it."""
    if any(plain(name) in ("trackingid", "jobid", "taskid", "requestid") for name in block):
        return True
    return not any(isinstance(key, str) and plain(key) not in _WRAPPERS for _, key in steps) and not _provider_in(block)


_WRAPPERS = words.word_set("data result results response payload body people person job items record records output")


def provider_of(node: Node) -> tuple[str | None, int | None]:
    """The provider inside the answer that a value came from, and what identifies its block (an ``id()``)."""
    if node.steps and isinstance(node.steps[-1][0], list):  # ["a@b.c", "Deliverable", "Hunter"]
        for item in node.steps[-1][0]:
            if isinstance(item, str) and plain(item) in words.PROVIDERS:
                return item, id(node.steps[-1][0])
    for block, key, steps in node.ancestors():
        if name := _provider_in(block):
            return name, id(block)
        if is_provider_key(block, key, steps):
            return key, id(block.get(key))
    return None, None


def provider_blocks(document: Any) -> Iterator[tuple[str, Any, Node]]:
    """Every provider's own block: its name, its content, and where it stands. Those that hold other blocks are none."""
    for node in nodes(document):
        if node.is_key or not isinstance(node.value, dict):
            continue
        if (name := _provider_in(node.value)) and not _holds_blocks(node.value):
            yield name, node.value, node
        for key, content in node.value.items():
            if is_provider_key(node.value, key, node.steps):
                if isinstance(content, dict) and _provider_in(content):
                    continue  # yielded by itself
                yield key, content, Node(content, (*node.steps, (node.value, key)))


def is_provider_key(block: dict[str, Any], key: str, steps: tuple[Step, ...]) -> bool:
    """Whether a field is named after a provider: one we know, or any field of a block called "providers"."""
    if plain(key) in words.PROVIDERS:
        return not _provider_in(block)
    parent = steps[-1][1] if steps else ""
    if not isinstance(parent, str) or not _PROVIDER_BLOCKS.search(plain(parent)):
        return False
    flat = plain(key)
    ordinary = _STATUS_NAME.search(flat) or _MAIL_NAME.search(flat) or _PHONE_NAME.search(flat) or flat in _BLAND
    return not ordinary and not _provider_in(block) and flat not in ("total", "count", "message", "error")


def _provider_in(block: dict[str, Any]) -> str | None:
    for name, value in block.items():
        if _PROVIDER_NAME.match(plain(name)):
            if isinstance(value, dict):
                value = value.get("name")
            if isinstance(value, str) and value.strip() and "@" not in value:
                return value.strip()
    own = block.get("name")
    return own if isinstance(own, str) and plain(own) in words.PROVIDERS else None


def _holds_blocks(block: dict[str, Any]) -> bool:
    return any(
        isinstance(node.value, dict) and node.steps and not node.is_key and _provider_in(node.value)
        for node in nodes(block)
    )


def _speaks_of_phones(node: Node) -> bool:
    names = [plain(name) for name in node.names if not (node.is_key and name == node.value)]
    while names and names[-1] in _BLAND:
        names.pop()
    if not names:
        return False
    if _NO_PHONE_NAME.search(names[-1]):
        return False
    return bool(_PHONE_NAME.search(names[-1])) or provider_of(node)[0] is not None


def _beside(node: Node, pattern: re.Pattern[str]) -> str | None:
    for block, _, _ in node.ancestors():
        for name, value in block.items():
            if pattern.match(plain(name)) and isinstance(value, str | int) and not isinstance(value, bool):
                return str(value).strip() or None
        return None  # the nearest block only
    return None


def _type_in_name(node: Node) -> str | None:
    name = plain(node.key)
    for word in ("personal", "mobile", "direct", "work", "business", "company", "office", "home"):
        if word in name:
            return word
    return None
