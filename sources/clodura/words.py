"""The vocabularies of Clodura's answers, compared without case, blanks and punctuation.

Documented are: for e-mail "not found", "not verified", "Insufficient Credits", "Success / Deliverable", "guessed"
(reveal-email page, "Provider Status Definitions"), for phones "found", "notFound", "Insufficient Credits" (reveal-phone
page), the job status "success", and "In-progress", "Completed", "Pending", "Deliverable", "Undeliverable",
"Risky (Catch-all)" (verify-email page). The rest is what such APIs commonly say.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from sources.documents import plain
from sources.providers import EmailStatus

T = TypeVar("T")


class Says(StrEnum):
    """What a status word says of whatever it stands beside."""

    PENDING = "pending"
    ENDED = "ended"  # an end, whatever was found
    OK = "ok"  # an end of a job, or merely "your request was understood"
    FAILED = "failed"
    NOT_FOUND = "not_found"
    NO_CREDITS = "no_credits"
    FOUND = "found"  # there is a value, verified or not
    NOTHING = "nothing"  # fills a field instead of a value


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def _compiled(*pairs: tuple[T, str]) -> tuple[tuple[T, re.Pattern[str]], ...]:
    return tuple((meaning, re.compile(pattern)) for meaning, pattern in pairs)


_SETS = {
    Says.PENDING: "inprogress progress pending running queued queue inqueue enqueued processing inprocess submitted "
    "started accepted waiting scheduled initiated ongoing working notready notstarted partial created received "
    "retrying",
    Says.ENDED: "completed complete finished done finalized finalised processed ended",
    Says.OK: "success successful succeeded ok okay",
    Says.FAILED: "failed failure fail error errored cancelled canceled aborted expired timedout timeout",
    Says.NOT_FOUND: "notfound nonefound nomatch noresult noresults nodata norecord norecords miss missed nothingfound "
    "unavailable notavailable",
    Says.NO_CREDITS: "nocredits lowcredits creditlimitreached creditlimitexceeded paymentrequired",
    Says.FOUND: "found available",
    Says.NOTHING: "na none null nil undefined false no unknown",
}
_SAYS = {word: says for says, text in _SETS.items() for word in text.split()}
_THING = "(e?mail|phone|mobile|number|contact|match|result|record|data)s?(address|number)?(es|s)?"
#: what longer words and whole phrases say; the first that matches counts
_PHRASES = _compiled(
    (Says.NO_CREDITS, r"(insufficient|outof|notenough)credit|credits?(are|is|were)?(exhausted|depleted)"),
    (Says.NOT_FOUND, rf"^no(valid|verified|such)?{_THING}(was|were)?(found|located|available|returned)?$"),
    (Says.NOT_FOUND, r"not(be)?(found|located)$"),
    (
        Says.PENDING,
        r"pending|inprogress|queued|awaiting|underway|inflight|stillrunning|tryagain|notready|^(check|search)ing",
    ),
    (
        Says.PENDING,
        r"^(being|still|now)?(processing|verifying|validating)(?!(is)?(complete|done|finished|failed|error))",
    ),
    (Says.ENDED, r"^processing(is)?(complete|done|finished)"),
    (Says.FAILED, r"^(failed|error)|(failed|failure|error)$"),
    (Says.FOUND, rf"^{_THING}found$|^found\d*{_THING}$"),
)

_DELIVERABLE = word_set(
    "successdeliverable deliverable success successful verified valid ok safe good validated smtpvalid confirmed"
)
#: what longer words say of an address; the first that matches counts
_OF_ADDRESSES = _compiled(
    (EmailStatus.UNVERIFIED, r"unverif|not(be|yet|been)?verif|unconfirm|notconfirm|unchecked|notchecked"),
    (EmailStatus.UNDELIVERABLE, r"undeliver|not(be)?deliver|nondeliver|invalid|notvalid|bounce|reject|^bad$"),
    (EmailStatus.RISKY, r"catchall|accepts?all|risky|disposable|^role"),
    (EmailStatus.GUESSED, r"guess|pattern|predict|extrapolat"),
    (EmailStatus.DELIVERABLE, r"deliverable|verified|^valid"),
)

#: HTTP-like numbers met as a status inside a document
BY_NUMBER = {202: Says.PENDING, 402: Says.NO_CREDITS, 404: Says.NOT_FOUND, 500: Says.FAILED}


def says(word: str) -> Says | None:
    """What a status word says, or None for one that nobody knows."""
    return _says(plain(word))


@lru_cache(4096)
def _says(flat: str) -> Says | None:
    if not flat:
        return Says.NOTHING
    phrase = _SAYS.get(flat) or next((said for said, pattern in _PHRASES if pattern.search(flat)), None)
    if phrase is None and _of_address(flat) not in (None, EmailStatus.UNDELIVERABLE):
        return Says.FOUND
    return phrase


def _of_address(flat: str) -> EmailStatus | None:
    if flat in _DELIVERABLE:
        return EmailStatus.DELIVERABLE
    return next((status for status, pattern in _OF_ADDRESSES if pattern.search(flat)), None)


def speaks_of_address(word: str) -> bool:
    """Whether a word says how good an address is, and nothing else: "guessed" does, "success" may be a job's."""
    flat = plain(word)
    return _says(flat) in (None, Says.FOUND) and _of_address(flat) is not None


def email_status(word: str | None) -> EmailStatus:
    """An address's status in the house's vocabulary; a word nobody knows is not verified."""
    flat = plain(word or "")
    known = _of_address(flat) if _says(flat) in (None, Says.FOUND, Says.OK) else None
    return known or EmailStatus.UNVERIFIED


#: the providers that the reveal pages name, and others of the trade: a field named so is a provider's own block
PROVIDERS = word_set(
    "clodura cloduraai prospeo hunter hunterio rocketreach findymail leadmagic signalhire enrichlayer "
    "wiza apollo apolloio lusha contactout snov snovio dropcontact kaspr zoominfo datagma icypeas "
    "anymailfinder nymeria peopledatalabs pdl forager bettercontact fullenrich uplead clearbit seamless "
    "seamlessai lemlist tomba skrapp cognism proxycurl swordfish getprospect voilanorbert aeroleads easyleadz"
)
#: what kind of number or address it is
KINDS = word_set(
    "mobile cell work office home personal direct directdial landline fixed fixedline business company corporate "
    "hq headquarters main other private professional voip primary secondary alternate"
)
