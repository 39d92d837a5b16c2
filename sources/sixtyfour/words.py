"""The vocabularies of Sixtyfour's answers, compared without case, blanks and punctuation.

Documented are the job words running, completed, failed, cancelled, terminated, continued_as_new, timed_out (OpenAPI),
RUNNING, pending and queued for a start (several pages), and the statuses of an address OK, UNKNOWN, NOT_FOUND
(find-email page) and OK, CATCH_ALL, RISKY, INVALID (skills repository).
"""

from __future__ import annotations

from enum import StrEnum

from sources.documents import plain
from sources.providers import EmailStatus


class State(StrEnum):
    """What a status word says of a job, or of one item of its result."""

    PENDING = "pending"
    ENDED = "ended"
    FAILED = "failed"
    UNKNOWN = "unknown"  # a word that nobody knows


_WORDS = {
    # one that is continued as new runs on under the same id
    State.PENDING: "running pending queued processing continuedasnew inprogress started scheduled submitted accepted",
    State.ENDED: "completed complete finished done succeeded",
    State.FAILED: "failed cancelled canceled terminated timedout timeout aborted",
}
_STATES = {word: state for state, words in _WORDS.items() for word in words.split()}
_ENDS = {"cancelled": "was cancelled", "canceled": "was cancelled", "terminated": "was terminated",
         "timedout": "ran out of time", "timeout": "ran out of time"}  # fmt: skip

_EMAIL_STATUSES = {
    "ok": EmailStatus.DELIVERABLE,
    "unknown": EmailStatus.RISKY,
    "catchall": EmailStatus.RISKY,
    "risky": EmailStatus.RISKY,
    "invalid": EmailStatus.UNDELIVERABLE,
}
_NOT_FOUND = frozenset({"notfound"})
#: stands in a field in place of a value
_NO_VALUE = frozenset("na none null nil undefined unknown notfound noemailfound nophonefound notavailable".split())


def state(word: object) -> State:
    """What a status says."""
    return _STATES.get(plain(word), State.UNKNOWN) if isinstance(word, str) else State.UNKNOWN


def ending(word: object) -> str:
    """How a job that did not complete ended, in our words."""
    return _ENDS.get(plain(word) if isinstance(word, str) else "", "failed")


def email_status(word: str | None) -> EmailStatus:
    """An address's status in the house's vocabulary; a word nobody knows is not verified."""
    return _EMAIL_STATUSES.get(plain(word or ""), EmailStatus.UNVERIFIED)


def says_not_found(word: str | None) -> bool:
    """Whether a status says that there is no such address or number."""
    return plain(word or "") in _NOT_FOUND


def says_nothing(text: str) -> bool:
    """Whether a text stands for no value at all: blank, "N/A", "-"."""
    flat = plain(text)
    return not flat or flat in _NO_VALUE


def claims_nothing(word: str | None) -> bool:
    """Whether a status that stands without a value may stand so: OK without an address is one we cannot read."""
    return says_nothing(word or "")
