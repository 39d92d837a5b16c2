"""What the fields of a block say, judged by their names alone: those that matter are documented nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sources.clodura import words
from sources.clodura.words import Says, word_set
from sources.documents import plain

MAIL = re.compile(r"e?mail(s|address|addresses|id|ids)?\d*$")
PHONE = re.compile(
    r"phone|mobile|^cell|landline|dials?$|^direct(line|number)?s?$|whatsapp|msisdn|^tel(no|s)?$"
    r"|^(contact|office|work|home|personal|business|other|alternate|alternative|primary|secondary|additional|tel|main"
    r"|national|international|formatted|local|raw|e164|revealed|verified|direct)?(numbers?|nos?)$"
)
#: what a field named after phones may hold other than a number
NO_PHONE = re.compile(
    r"^(total|count|max|min|remaining)|(id|ids|count|credits?|status|state|code|extension|ext|employees|fax|type|provider|label|country|zip|rank|index"
    r"|date|time|timestamp|epoch|at|created|updated|verified|source|url|domain|name|total|position|score|confidence"
    r"|carrier|operator|cost|price|hash)$"
)
#: names that say nothing by themselves: the next name on the way speaks for them
BLAND = word_set(
    "value values raw national international e164 formatted display data result results item items contact contacts "
    "details info output response responses payload primary body list"
)
WRAPPERS = word_set("data result results response payload body people person job item items record records output")
JOB_IDS = word_set("trackingid jobid taskid requestid")
MESSAGE = re.compile(r"^(status|error)?(message|msg|info|notes?|details?|description|text|remarks?|reason|hint|error)$")
#: whose address or number it is, where a name says that it is not the person's
NOT_THE_PERSONS = re.compile(
    r"support|help|requester|requestedby|createdby|owner|billing|useremail|accountemail|webhook|callback|sender|messageid"
    r"|^(users?|account|admin|client|request|input|query)$"
)
EMPLOYER = re.compile(r"^(current)?(company|organi[sz]ation|employer|org|firm)$")
PERSON = re.compile(r"^(person|people|contacts?|leads?|prospects?|employees?|profiles?)$")

#: fields whose text is a status whatever it says, and fields whose text is one where we know the word
STATUS = re.compile(r"(status|verdict|deliverability|verification|validity|validation)$")
MAYBE_STATUS = re.compile(r"(state|progress|outcome|result|quality|verified|valid)$")
_STATUS_PART = re.compile(rf"(verification|validation|deliverability)?({STATUS.pattern}|{MAYBE_STATUS.pattern})")
#: flags that stand for a status word when they are true, and when they are false
_FLAGS = {
    "verified": ("verified", "not verified"), "isverified": ("verified", "not verified"),
    "valid": ("valid", "invalid"), "isvalid": ("valid", "invalid"), "deliverable": ("deliverable", "undeliverable"),
    "isdeliverable": ("deliverable", "undeliverable"), "catchall": ("catch-all", None),
    "iscatchall": ("catch-all", None), "acceptall": ("catch-all", None), "guessed": ("guessed", None),
    "isguessed": ("guessed", None),
}  # fmt: skip
#: blocks that say more of what stands beside them
ANNEX = re.compile(
    r"^(meta|metadata|verification|validation|validity|check|quality|deliverability|status|details|info)$"
)

PROVIDER = re.compile(r"^(data|email|phone)?(provider|vendor|foundby|datasource|revealedby)(name)?$")
#: fields that may name a provider, and many other things as well
MAYBE_PROVIDER = re.compile(r"^(email|phone)?(source|service|partner|integration|origin|via)(name)?$")
NO_PROVIDERS = word_set("api web webhook internal external database cache cached live email phone linkedin")
#: blocks of which each field, or each item, is a provider's
PROVIDERS = re.compile(
    r"(provider|vendor|source|waterfall|integration|partner)s?(results?|data|responses?|list|answers?|status(es)?)?$"
)
RESULTS = re.compile(r"^(results?|responses?|answers?|breakdown|enrichments?|lookups?|emails?|phones?)$")
#: what a field of such a block may be, other than a provider
ORDINARY = re.compile(
    r"status|state|e?mails?$|phone|number|name$|ids?$|^(total|count|message|error|url|type|label|key|credits?|cost|time|date"
    r"|step|order|index|company|profile|success|rank|priority|code|reason|used|tried|pagination|page)$"
)

COUNTRY = re.compile(
    r"^(phone|mobile|number)?(country(calling|dial|dialling|iso)?(code)?"
    r"|(dial|dialling|calling|isd|phone|intl)(code|prefix)|isd|region(code)?|prefix)$"
)
TYPE = re.compile(r"^(email|phone|number|line|address|contact)?(type|label|kind|category)$")
#: what such a field says of a phone number
TYPE_OF_PHONE = re.compile(r"phone|mobile|^cell|landline|^tel$|directdial")

_TEXT_NAMES = ("name", "label", "value", "text", "status", "result", "code")


def text_of(value: object) -> str | None:
    """The text of a field, or of the block in its place: ``{"code": 1, "label": "Deliverable"}``; no address."""
    if isinstance(value, dict):
        texts = {plain(name): text for name, text in value.items() if isinstance(text, str) and text.strip()}
        value = next((texts[name] for name in _TEXT_NAMES if name in texts), None)
    if not isinstance(value, str) or not value.strip() or len(value) > 80 or "@" in value:
        return None
    return value.strip()


def said(block: Mapping[str, Any], depth: int = 0) -> tuple[list[tuple[str, str]], str | None]:
    """The status words of a block with their fields' names, those of its annexes last; and its flags as a word."""
    told: list[tuple[str, str]] = []
    below: list[tuple[str, str]] = []
    flag: str | None = None
    for name, value in block.items():
        flat = plain(name)
        if isinstance(value, bool):
            word = _FLAGS.get(flat, (None, None))[0 if value else 1]
            flag = word if word and (flag is None or word == "catch-all") else flag
        elif isinstance(value, dict) and depth < 3 and (ANNEX.match(flat) or STATUS.search(flat)):
            inner, inner_flag = said(value, depth + 1)
            text = text_of(value) if STATUS.search(flat) and not inner else None
            below += [(flat, text)] if text else inner
            flag = flag or inner_flag
        elif isinstance(value, str) and (text := text_of(value)):
            known = MAYBE_STATUS.search(flat) and words.says(text) not in (None, Says.NOTHING)
            if known or STATUS.search(flat):
                told.append((flat, text))
    told.sort(key=lambda field: field[0] != "status")
    return told + below, flag


def best(told: list[tuple[str, str]], flag: str | None) -> str | None:
    """The word that speaks of an address, else the flags, else any word that is not blank."""
    for _, word in told:
        if words.speaks_of_address(word):
            return word
    return flag or next((word for _, word in told if words.says(word) is not Says.NOTHING), None)


def general(block: Mapping[str, Any]) -> str | None:
    """What a block says as a whole."""
    return best(*said(block))


def stem(flat: str) -> str:
    """What a field's status is named after: "emailAddress" and "emails" have an "emailStatus"."""
    return re.sub(r"(address|addresses|s)$", "", flat)


def owner(flat: str) -> str:
    """The field that a status is named after: "email" for "emailVerificationStatus"."""
    return _STATUS_PART.sub("", flat)


def has_empty_value(block: Mapping[str, Any], of: re.Pattern[str] | None = None) -> bool:
    """Whether a block shows that it has no address or number: ``"email": null``."""
    for name, value in block.items():
        flat = plain(name)
        mail, phone = MAIL.search(flat), PHONE.search(flat) and not NO_PHONE.search(flat)
        if not ((of is not PHONE and mail) or (of is not MAIL and phone)):
            continue
        if value in (None, "", [], {}) or (isinstance(value, str) and words.says(value) in _BLANK):
            return True
    return False


_BLANK = (Says.NOTHING, Says.NOT_FOUND)
