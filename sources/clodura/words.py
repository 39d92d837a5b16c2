"""The vocabularies of Clodura's answers, compared without case, blanks and punctuation.

Documented are: for e-mail "not found", "not verified", "Insufficient Credits", "Success / Deliverable", "guessed"
(reveal-email page, "Provider Status Definitions"), for phones "found", "notFound", "Insufficient Credits" (reveal-phone
page), the job status "success", and "In-progress", "Completed", "Pending", "Deliverable", "Undeliverable",
"Risky (Catch-all)" (verify-email page). The rest is what such APIs commonly say.
"""

from __future__ import annotations

from sources.documents import plain
from sources.providers import EmailStatus


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


PENDING = word_set(
    "inprogress progress pending running queued queue inqueue enqueued processing inprocess submitted "
    "started accepted waiting scheduled initiated ongoing working notready notstarted partial"
)
#: an end, whatever was found
ENDED = word_set("completed complete finished done finalized finalised processed ended")
#: an end of a job, or merely "your request was understood"
OK = word_set("success successful succeeded ok")
FAILED = word_set("failed failure fail error errored cancelled canceled aborted expired timedout timeout")
NOT_FOUND = word_set(
    "notfound emailnotfound phonenotfound nonefound nomatch nomatchfound noresult noresults nodata "
    "norecord norecords miss missed nothingfound unavailable notavailable"
)
NO_CREDITS = word_set(
    "insufficientcredits insufficientcredit outofcredits nocredits creditsexhausted creditexhausted "
    "notenoughcredits lowcredits creditlimitreached"
)
#: words that fill a field instead of a value
BLANK = word_set("na none null nil undefined false no unknown hidden") | NOT_FOUND | {""}

_DELIVERABLE = word_set(
    "successdeliverable deliverable success successful verified valid ok safe good validated smtpvalid confirmed"
)
_RISKY = word_set("riskycatchall risky catchall acceptall acceptsall catchallacceptall role disposable")
_UNDELIVERABLE = word_set("undeliverable notdeliverable invalid bounced bounce hardbounce rejected bad")
_GUESSED = word_set("guessed guess pattern predicted patternpredicted extrapolated")
_UNVERIFIED = word_set("notverified unverified unconfirmed unchecked")
#: says that there is a value, verified or not
PROMISES = _DELIVERABLE | _RISKY | _GUESSED | _UNVERIFIED | frozenset({"found", "available"})

#: HTTP-like numbers met as a status inside a document
BY_NUMBER = {202: "pending", 402: "insufficientcredits", 404: "notfound", 500: "failed"}

_EMAIL = (
    dict.fromkeys(_DELIVERABLE, EmailStatus.DELIVERABLE)
    | dict.fromkeys(_RISKY, EmailStatus.RISKY)
    | dict.fromkeys(_UNDELIVERABLE, EmailStatus.UNDELIVERABLE)
    | dict.fromkeys(_GUESSED, EmailStatus.GUESSED)
)


def email_status(word: str | None) -> EmailStatus:
    """An address's status in the house's vocabulary; a word nobody knows is not verified."""
    return _EMAIL.get(plain(word), EmailStatus.UNVERIFIED) if word else EmailStatus.UNVERIFIED


def is_terminal(word: str) -> bool:
    """Whether a provider's status word says that this provider is done."""
    return plain(word) not in PENDING


#: the providers that the reveal pages name, and others of the trade: a field named so is a provider's own block
PROVIDERS = word_set(
    "clodura cloduraai prospeo hunter hunterio rocketreach findymail leadmagic signalhire enrichlayer "
    "wiza apollo apolloio lusha contactout snov snovio dropcontact kaspr zoominfo datagma icypeas "
    "anymailfinder nymeria peopledatalabs pdl forager bettercontact fullenrich uplead clearbit seamless "
    "seamlessai lemlist tomba skrapp cognism"
)
