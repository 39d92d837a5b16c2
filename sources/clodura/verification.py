"""What a document about a verification says: a verdict, still under way, or nothing we can read. Pure.

The webhook's fields are documented by name (verify-email page, "Webhook Response"): email, deepVerification,
trackingId, verificationProgress, verificationStatus, createdAt. The answers to the submit (200, 202) are described
alike, their names stripped, so that here too a field is known by what its name speaks of, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sources.clodura import contacts, fields, prices, words
from sources.clodura.reported import reported
from sources.clodura.words import Says
from sources.documents import Node, NotJson, nodes, parse, plain
from sources.providers import NO_NEWS, Outcome, Reading, Verification, Via

_PROGRESS = words.word_set("verificationprogress progress jobstatus state jobstate")
_VERDICT = words.word_set(
    "verificationstatus status verdict emailstatus result verificationresult deliverability validity validationstatus"
)
_FLAGS = {True: "deliverable", False: "undeliverable"}
_FLAG_NAMES = words.word_set("deliverable isdeliverable valid isvalid")
_CREATED = words.word_set("createdat verifiedat checkedat timestamp")


def read(body: bytes, parameters: Mapping[str, Any], tracking_id: str | None, via: Via) -> Reading:
    """The reading of one document about the verification of ``parameters["email"]`` under job ``tracking_id``."""
    asked, deep = str(parameters.get("email") or ""), bool(parameters.get("deepVerification"))
    try:
        found = nodes(parse(body))
    except NotJson:
        return _unreadable(deep, "the body is not JSON") if via is Via.WEBHOOK and body.strip() else NO_NEWS
    named = [node for node in found if isinstance(node.step, str) and not node.is_key and node.parent is not None]
    if _is_foreign(named, asked, tracking_id):
        return Reading(outcome=None, foreign=True, note="the document names another address or job")
    about = _about(named, asked)
    told = list(_told(about))
    said = {words.says(word) for _, word in told}
    if Says.PENDING in said:
        return NO_NEWS
    if Says.NO_CREDITS in said:
        note = "the vendor ran out of credits"
        return Reading(Outcome.INCOMPLETE, charges=_charges(deep, Outcome.INCOMPLETE, about), note=note)
    verdicts = [word for name, word in told if name in _VERDICT and _is_verdict(word)]
    if not verdicts:
        if Says.FAILED in said and (via is Via.WEBHOOK or tracking_id in _values(named, fields.JOB_IDS)):
            note = "the vendor says that its job failed"
            return Reading(Outcome.FAILED, charges=_charges(deep, Outcome.FAILED, about), note=note)
        return _unreadable(deep, "nothing in it says how good the address is") if via is Via.WEBHOOK else NO_NEWS
    verification = Verification(
        address=asked,
        status=words.email_status(verdicts[0]),
        status_raw=verdicts[0],
        deep=deep,
        created_at=next(iter(_values(about, _CREATED)), None),
    )
    charges = _charges(deep, Outcome.FOUND, about)
    return Reading(Outcome.FOUND, verification=verification, charges=charges)


def _charges(deep: bool, outcome: Outcome, about: Iterable[Node]) -> Any:
    return prices.verification_charges(deep, outcome, reported(about))


def _unreadable(deep: bool, note: str) -> Reading:
    return Reading(Outcome.UNREADABLE, charges=prices.verification_charges(deep, Outcome.UNREADABLE), note=note)


def _is_foreign(named: Sequence[Node], asked: str, tracking_id: str | None) -> bool:
    jobs = _values(named, frozenset({"trackingid"}))
    addresses = {
        address.casefold() for node in named if fields.MAIL.search(plain(node.key)) for address in _addresses(node)
    }
    return bool((addresses and asked.casefold() not in addresses) or (tracking_id and jobs and tracking_id not in jobs))


def _addresses(node: Node) -> list[str]:
    return contacts.addresses(node.value) if contacts.whose(node) != "others" else []


def _about(named: Sequence[Node], asked: str) -> list[Node]:
    """The fields of the block that names the address, and of those around it; all of them where none does."""
    blocks = {
        id(node.parent)
        for node in named
        if any(address.casefold() == asked.casefold() for address in contacts.addresses(node.value))
    }
    others = {
        id(node.parent)
        for node in named
        if fields.MAIL.search(plain(node.key)) and _addresses(node) and id(node.parent) not in blocks
    }
    return [node for node in named if id(node.parent) not in others]


def _told(about: Iterable[Node]) -> Iterable[tuple[str, str]]:
    """Status words with the plain names of their fields."""
    for node in about:
        name = plain(node.key)
        if name in _FLAG_NAMES and isinstance(node.value, bool):
            yield "verdict", _FLAGS[node.value]
        elif (name in _VERDICT or name in _PROGRESS) and (text := fields.text_of(node.value)):
            yield name, text
        elif name in fields.JOB_IDS or not isinstance(node.value, str):
            continue
        elif fields.MESSAGE.match(name) and words.says(node.value) is Says.NO_CREDITS:
            yield name, node.value


def _is_verdict(word: str) -> bool:
    """Whether a word says how good an address is, rather than that a job went well."""
    if words.speaks_of_address(word):
        return True
    return words.says(word) in (None, Says.NOTHING) and bool(plain(word))


def _values(named: Iterable[Node], names: frozenset[str]) -> list[str]:
    return [str(node.value).strip() for node in named if plain(node.key) in names and _is_text(node.value)]


def _is_text(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip())
