"""The switches: what the documentation leaves open, and what can go wrong, each with a default.

``Behaviour`` is one immutable value. It is written as a JSON object of the fields named here and of those of the second
vendor, in ``sixtyfour/switches.py``; a span of time may be written as one number or as [least, most].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, get_type_hints

from sandbox.faults import FaultRule
from sandbox.matching import LocationExclusion
from sandbox.records import LocationForm, UnicodeForm
from sandbox.roster import Order
from sandbox.shifts import Shift
from sandbox.sixtyfour.switches import SixtyfourSwitches

Span = tuple[float, float]
"""Seconds, least and most; drawn from the seed between the two."""
EmptySearch = Literal["404", "array"]
Envelope = Literal["bare", "people", "results", "data"]
SearchCharge = Literal["viewed", "every", "none", "request"]
NotFound = Literal["webhook", "404"]
SeveralIdentifiers = Literal["first", "refused"]
SubmitForm = Literal["tracking", "result", "no_id"]
PendingForm = Literal["status_word", "empty_object", "empty_people", "404", "person_status", "queued", "running"]
FinishedForm = Literal["people", "payload"]
VerifyFinish = Literal["by_deep", "at_once", "queued"]
VerifyTracking = Literal["verdict", "people", "404", "empty_object", "empty_people"]
VerifyWithoutWebhook = Literal["kept", "lost", "refused"]
NoMatch = Literal["empty", "message", "404"]
ContactShape = Literal["data", "bare", "contact", "people", "flat"]
OrganizationShape = Literal["organisation", "data", "bare"]
CreditUsage = Literal["creditsUsed", "creditUsage", "credits", "usage", "none"]
RemainingForm = Literal["number", "decimal", "integer", "string"]
ErrorBody = Literal["message", "empty", "html", "error", "text"]
RetryAfter = Literal["none", "seconds", "date"]
PhonePartners = Literal["flag", "plan"]
DeliverableWord = Literal["Success / Deliverable", "Success", "Deliverable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour(SixtyfourSwitches):
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
        SearchCharge, "what costs an export credit: records already viewed, every record, nothing, or each request?"
    ] = "viewed"
    search_marks_viewed: Annotated[bool, "is a person viewed once a search returned it, or only once revealed?"] = False

    search_order: Annotated[Order, "in which order are people shown? None is documented"] = "position"
    search_shifts: Annotated[
        tuple[Shift, ...], "who comes, goes or changes places while a search is read? See Shifting pages"
    ] = ()
    new_jobs: Annotated[
        int, "how many people have changed places: title and employer of another of them, as a search shows them?"
    ] = 0
    most_filter_values: Annotated[
        int, "how many values may an array of a search hold, before it is 400? 0: any number; companyDomain takes 10"
    ] = 0
    location_exclusion: Annotated[
        LocationExclusion,
        "personLocationExclude: does each location filter leave people out, or do only all of them together?",
    ] = "each"
    location_unknown_passes: Annotated[
        bool, "do people without a location pass personLocationExclude, or are they left out, as null is in SQL?"
    ] = True

    # Reveals: the submit.
    submit_form: Annotated[SubmitForm, "does the submit's answer hold an id, an id and the result, no id?"] = "tracking"
    message_key: Annotated[str, "under which name does the submit's answer confirm?"] = "message"
    not_found: Annotated[NotFound, "nothing to be found: told by the webhook, or 404 at once?"] = "webhook"
    incomplete_status: Annotated[
        int, "which status refuses a reveal without identifier or webhookUrl, an enrichment without identifier?"
    ] = 422
    several_identifiers: Annotated[
        SeveralIdentifiers, "several ways of naming the person: does the first of the page's list count, or is it 422?"
    ] = "first"
    repeat_reveal_free: Annotated[bool, "is revealing a person again free?"] = False
    conflict_seconds: Annotated[float, "for how long after a reveal is the same one refused with 409? 0: never"] = 0.0
    conflict_operations: Annotated[tuple[str, ...], "which operations refuse a quick repetition?"] = (
        "reveal_email",
        "reveal_phone",
    )
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
    result_kept_seconds: Annotated[
        float, "for how long after a job's end does tracking give its result, before it is 404? 0: for ever"
    ] = 0.0
    job_seconds: Annotated[Span, "how long does a job take?"] = (0.1, 0.1)
    failed_word: Annotated[str, "which status word ends a reveal that failed? Only success is documented"] = "failed"
    drop_probability: Annotated[float, "the share of accepted jobs that never finish"] = 0.0
    dropped_charged: Annotated[bool, "is a job that never finishes charged?"] = True

    # Verifications.
    verify_finish: Annotated[
        VerifyFinish, "is a verification finished in its 200, queued with 202, or queued only where it is deep?"
    ] = "by_deep"
    verify_pending_200: Annotated[
        bool, "is a queued verification answered 200 with In-progress and Pending, as the table of the 200 allows?"
    ] = False
    verify_queued_key: Annotated[str, "under which name does a 202 confirm that it is queued? Empty: under none"] = (
        "isAsync"
    )
    verify_seconds: Annotated[Span, "how long does a queued verification take?"] = (0.1, 0.1)
    verify_tracking: Annotated[
        VerifyTracking, "does tracking know verifications, bare or as people[]; or what does it answer for them?"
    ] = "verdict"
    verify_without_webhook: Annotated[
        VerifyWithoutWebhook, "a queued verification without webhookUrl: kept for tracking, lost, or refused with 422?"
    ] = "kept"
    verify_webhook_first: Annotated[
        bool, "does the webhook post In-progress and Pending before it posts the verdict?"
    ] = False
    verify_webhook_when_finished: Annotated[
        bool, "is the verdict posted to the webhook too where the answer held it already?"
    ] = True
    verify_remembers: Annotated[
        bool, "is an address that was verified before, as deeply, answered at once from what is known?"
    ] = False
    repeat_verify_free: Annotated[bool, "is verifying an address again, as deeply, free?"] = False
    deep_settles: Annotated[
        bool, "does a deep verification tell the addresses of a catch-all domain apart, so that none stays Risky?"
    ] = False

    # Enrichments.
    contact_shape: Annotated[ContactShape, "what holds an enriched contact, and under which names?"] = "data"
    organization_shape: Annotated[OrganizationShape, "what holds an enriched company, and under which names?"] = (
        "organisation"
    )
    credit_usage: Annotated[CreditUsage, "under which name does an enriched contact's answer tell its cost?"] = (
        "creditsUsed"
    )
    contact_no_match: Annotated[NoMatch, "no contact matched: 200 without data, 200 with a message, or 404?"] = "empty"
    organization_no_match: Annotated[NoMatch, "an unknown company: 200 without data, 200 with a message, or 404?"] = (
        "404"
    )
    organization_no_match_charged: Annotated[bool, "does an unknown company cost what a known one does?"] = False
    repeat_enrich_free: Annotated[bool, "is enriching the same contact or company again free?"] = False

    # Credits.
    credits_page: Annotated[bool, "is there a credits page, or a 404 as may be on lifetime deals?"] = True
    remaining_form: Annotated[
        RemainingForm, "remainingCredits: a number, always with decimals, always whole, or a string?"
    ] = "number"
    credits_extra: Annotated[bool, "does remainingCredits come with other fields beside it?"] = False

    # Webhooks.
    webhook: Annotated[bool, "are webhooks posted at all?"] = True
    webhook_lost_probability: Annotated[float, "the share of webhooks that are never posted although the job ended"] = (
        0.0
    )
    webhook_copies: Annotated[int, "how often is each webhook posted?"] = 1
    webhook_delay: Annotated[Span, "how long after a job's end is its webhook posted?"] = (0.0, 0.0)
    webhook_reorder: Annotated[int, "webhooks wait until so many are due and are posted last first; 0: in order"] = 0
    webhook_retries: Annotated[int, "how often is a webhook posted again after an answer that is not 2xx?"] = 0
    webhook_retry_seconds: Annotated[float, "how long is the pause before it is posted again?"] = 0.5
    webhook_before_answer: Annotated[bool, "can the webhook come before the submit's answer?"] = False
    webhook_any_host: Annotated[bool, "may webhooks leave this machine? Otherwise they are only booked"] = False

    # Answers in general.
    serves_api: Annotated[bool, "does this host serve the API, or answer every path with 404 'Route NOT FOUND'?"] = True
    not_entitled: Annotated[tuple[str, ...], "operations that are not on the plan: 403"] = ()
    refused_user_agents: Annotated[
        tuple[str, ...], "which User-Agents, by how they start, does a proxy refuse with 403 and an empty body?"
    ] = ()
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
