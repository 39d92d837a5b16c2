"""The switches: what the documentation leaves open, and what can go wrong, each with a default.

``Behaviour`` is one immutable value. It is written as a JSON object of the fields named here; a span of time may be
written as one number or as [least, most].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_type_hints

from sandbox.faults import FaultRule
from sandbox.records import LocationForm, UnicodeForm

Span = tuple[float, float]
"""Seconds, least and most; drawn from the seed between the two."""
EmptySearch = Literal["404", "array"]
Envelope = Literal["bare", "people", "results", "data"]
SearchCharge = Literal["viewed", "every", "none"]
NotFound = Literal["webhook", "404"]
SubmitForm = Literal["tracking", "result", "no_id"]
PendingForm = Literal["status_word", "empty_object", "empty_people", "404", "person_status", "queued", "running"]
FinishedForm = Literal["people", "payload"]
ErrorBody = Literal["message", "empty", "html"]
RetryAfter = Literal["none", "seconds", "date"]
PhonePartners = Literal["flag", "plan"]
DeliverableWord = Literal["Success / Deliverable", "Success", "Deliverable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How this imitation answers where the documentation is silent, and which faults it shows."""

    # Search.
    search_envelope: Annotated[Envelope, "is a search answer a bare array, or wrapped under a key?"] = "bare"
    search_pagination: Annotated[bool, "does a wrapped answer carry a pagination block?"] = False
    page_in_records: Annotated[bool, "does every record repeat page and perPage, as the example shows?"] = True
    location_form: Annotated[
        LocationForm, "person location, employee size, company country: array (example) or string (table)?"
    ] = "array"
    unicode_form: Annotated[UnicodeForm, "is JSON text raw UTF-8 or escaped to ASCII?"] = "raw"
    empty_search: Annotated[EmptySearch, "no results, or a page past the end: 404 or an empty array?"] = "404"
    search_charge: Annotated[
        SearchCharge, "which records of a search cost an export credit: those already viewed, every one, none?"
    ] = "viewed"
    search_marks_viewed: Annotated[bool, "is a person viewed once a search returned it, or only once revealed?"] = False

    # Reveals: the submit.
    submit_form: Annotated[SubmitForm, "does the submit's answer hold an id, an id and the result, no id?"] = "tracking"
    message_key: Annotated[str, "under which name does the submit's answer confirm?"] = "message"
    not_found: Annotated[NotFound, "nothing to be found: told by the webhook, or 404 at once?"] = "webhook"
    incomplete_status: Annotated[int, "which status refuses a reveal without identifier or webhookUrl?"] = 422
    repeat_reveal_free: Annotated[bool, "is revealing a person again free?"] = False
    conflict_seconds: Annotated[float, "for how long after a reveal is the same one refused with 409? 0: never"] = 0.0
    phone_partners: Annotated[
        PhonePartners, "on multi-provider plans, are partners asked only when the flag is set, or always?"
    ] = "flag"
    deliverable_word: Annotated[DeliverableWord, "is 'Success / Deliverable' one status word or two?"] = (
        "Success / Deliverable"
    )

    # Reveals: the result.
    variant: Annotated[int | Literal["mixed"], "the shape of a result, 0 to 6; 'mixed': differs by person"] = 0
    pending_form: Annotated[PendingForm, "what does tracking answer while a job runs?"] = "status_word"
    finished_form: Annotated[FinishedForm, "does tracking wrap the result as people[], or give the payload?"] = "people"
    job_seconds: Annotated[Span, "how long does a job take?"] = (0.1, 0.1)
    drop_probability: Annotated[float, "the share of accepted jobs that never finish"] = 0.0
    dropped_charged: Annotated[bool, "is a job that never finishes charged?"] = True

    # Webhooks.
    webhook: Annotated[bool, "are webhooks posted at all?"] = True
    webhook_copies: Annotated[int, "how often is each webhook posted?"] = 1
    webhook_delay: Annotated[Span, "how long after a job's end is its webhook posted?"] = (0.0, 0.0)
    webhook_reorder: Annotated[int, "webhooks wait until so many are due and are posted last first; 0: in order"] = 0
    webhook_retries: Annotated[int, "how often is a webhook posted again after an answer that is not 2xx?"] = 0
    webhook_retry_seconds: Annotated[float, "how long is the pause before it is posted again?"] = 0.5
    webhook_before_answer: Annotated[bool, "can the webhook come before the submit's answer?"] = False
    webhook_any_host: Annotated[bool, "may webhooks leave this machine? Otherwise they are only booked"] = False

    # Answers in general.
    error_body: Annotated[ErrorBody, "what does an error's body hold?"] = "message"
    retry_after: Annotated[RetryAfter, "does a 429 say when to come back, and in which form?"] = "none"
    latency: Annotated[Span, "how long does an answer take?"] = (0.0, 0.0)
    rate_limits: Annotated[
        tuple[str, ...], "limits that are enforced, such as '10/second', '100/minute', '2000/day'"
    ] = ()
    faults: Annotated[
        tuple[FaultRule, ...], "which calls go wrong: operation, fault, and nth, first, person_id, ..."
    ] = ()
    silence_seconds: Annotated[float, "how long a call is left without an answer before its connection ends"] = 30.0


def questions() -> Mapping[str, str]:
    """The open question behind each switch."""
    hints = get_type_hints(Behaviour, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


class Switchboard:
    """Holds the behaviour in force, so that it can be changed while the server runs."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
