"""What the answers of both enrichments say, as far as their contract is known. Pure, and never raises.

Known are (enrich-contacts page, "Response"): a Clodura person id, names, a LinkedIn URL, a title; credit-usage details
of no known name; and that nobody matched may be a 200 without data. Of a company's answer no name is known. So a match
is any text that is neither an echo of the request nor about the call itself, and the document is kept whole.

A 404, which may stand for "no match" too, has no document to read: whether it counts depends on a proven host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sources.clodura import contacts, fields, words
from sources.clodura.reported import reported
from sources.clodura.words import Says
from sources.documents import Node, NotJson, nodes, parse, plain

_PERSON_IDS = ("personid", "contactid", "prospectid", "leadid")
_ORGANIZATION_IDS = ("organisationid", "organizationid", "companyid", "orgid")
#: what is said of the call, not of whom it was about; nothing below such a name counts
_OF_THE_CALL = re.compile(
    r"credit|^(usage|billing|costs?|charges?|pagination|page|perpage|total|count|meta|metadata|status|success|code|plan"
    r"|statuscode|errors?|warnings?|version|timestamp|took|duration|request|query|input|trackingid|requestid|jobid)$"
)
_NO_MATCH = re.compile(
    r"\b(?:no|nobody|nothing|not)\b.*\b(?:found|match(?:es|ed)?|results?|records?|data)\b", re.IGNORECASE
)
_TROUBLE = frozenset({Says.FAILED, Says.NO_CREDITS, Says.PENDING})


@dataclass(frozen=True)
class Enriched:
    """An enrichment's answer.

    ``matched``: whether it holds anything about whom or what was asked for, an employer alone included; None where that
    cannot be told, and ``note`` says why. ``credits`` is what the answer says it cost, in 1/100, None where it says
    nothing. ``document`` is all of it, decoded (None: no JSON), ``raw`` as it came.
    """

    matched: bool | None
    person_id: str | None = None
    organization_id: str | None = None
    credits: int | None = None
    note: str | None = None
    document: Any = field(default=None, repr=False)
    raw: bytes = field(default=b"", repr=False)


def read_contact(body: bytes, asked: Mapping[str, Any]) -> Enriched:
    """The reading of an enriched contact; ``asked`` is the body that was sent."""
    return _read(body, asked, about_person=True)


def read_organization(body: bytes, asked: Mapping[str, Any]) -> Enriched:
    """The reading of an enriched company; ``asked`` is the body that was sent."""
    return _read(body, asked, about_person=False)


def _read(body: bytes, asked: Mapping[str, Any], *, about_person: bool) -> Enriched:
    try:
        document = parse(body)
    except NotJson:
        return Enriched(None, note="the body is not JSON", raw=body)
    found = nodes(document)
    told = [node for node in found if isinstance(node.step, str) and node.parent is not None and not node.is_key]
    credits_ = reported(told)
    echo = {_bare(str(value)) for value in asked.values() if isinstance(value, str | int)}
    person = _person_id(told) if about_person else None
    organization = _organization_id(told, about_person)
    matched, note = _matched(found, echo, person is not None, credits_)
    return Enriched(
        matched=matched,
        person_id=person,
        organization_id=organization if matched else None,
        credits=credits_,
        note=note,
        document=document,
        raw=body,
    )


def _bare(text: str) -> str:
    """A text without what two ways of writing it, or a URL, may differ in."""
    return re.sub(r"^https?://(?:www\.)?|/+$", "", text.strip().casefold())


def _is_fact(node: Node, echo: set[str]) -> bool:
    """A text about a person or company: no echo of the request, no status word, nothing about the call."""
    if not isinstance(node.value, str) or node.is_key or not any(node.names):
        return False
    text = node.value.strip()
    if not text or _bare(text) in echo or words.says(text) is not None or fields.MESSAGE.match(plain(node.key)):
        return False
    return not _of_the_call(node)


def _of_the_call(node: Node) -> bool:
    return any(_OF_THE_CALL.search(plain(name)) for name in node.names) or contacts.whose(node) == "others"


def _matched(
    found: Sequence[Node], echo: set[str], person: bool, credits_: int | None
) -> tuple[bool | None, str | None]:
    """Whether anybody or anything matched, and why that cannot be told."""
    texts = [node for node in found if isinstance(node.value, str) and node.value.strip() and not node.is_key]
    said = {words.says(node.value) for node in texts}
    trouble = any(node.value and re.fullmatch(r"errors?", plain(node.key)) for node in found)
    if person or (not trouble and any(_is_fact(node, echo) for node in texts)):
        return True, None
    if trouble or said & _TROUBLE:
        return None, "the answer speaks of trouble, and tells of nobody"
    if credits_:
        return None, "the answer says that it cost something, and tells of nobody that can be read"
    if Says.NOT_FOUND in said or any(_NO_MATCH.search(node.value) for node in texts) or credits_ == 0:
        return False, None
    if isinstance(found[0].value, dict | list) and any(
        node.value in ({}, [], None) and not node.is_key and not _of_the_call(node) for node in found
    ):
        return False, None
    return None, "the answer says neither who matched nor that nobody did"


def _person_id(told: Sequence[Node]) -> str | None:
    return _first_id(told, _PERSON_IDS) or _first_id(_plain_ids(told, fields.PERSON), ("id",))


def _organization_id(told: Sequence[Node], about_person: bool) -> str | None:
    own = _first_id(told, _ORGANIZATION_IDS) or _first_id(_plain_ids(told, fields.EMPLOYER), ("id",))
    if own or about_person:
        return own
    # nothing else an answer about a company is likely to be the id of
    return _first_id([node for node in told if set(map(plain, node.names)) <= {"id", *fields.WRAPPERS}], ("id",))


def _plain_ids(told: Sequence[Node], above: re.Pattern[str]) -> Iterator[Node]:
    """Fields called ``id`` whose block is called as ``above`` says."""
    for node in told:
        names = list(map(plain, node.names))
        if names[0] == "id" and names[1:] and above.match(names[1]):
            yield node


def _first_id(candidates: Sequence[Node] | Iterator[Node], names: Sequence[str]) -> str | None:
    """The id that stands highest: below it may stand those of colleagues, of companies bought."""
    best: tuple[int, str] | None = None
    for node in candidates:
        if plain(node.key) not in names or _of_the_call(node) or isinstance(node.value, bool):
            continue
        text = str(node.value).strip() if isinstance(node.value, str | int) else ""
        if text and (best is None or node.depth < best[0]):
            best = node.depth, text
    return best[1] if best else None
