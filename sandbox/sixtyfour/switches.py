"""Sixtyfour's switches: where its documentation contradicts itself or is silent, and what can go wrong.

They are fields of ``Behaviour``, told from the first vendor's by ``sixtyfour_`` in front.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

_Span = tuple[float, float]
StartStatus = Literal["RUNNING", "pending", "queued", "absent"]
IdForm = Literal["uuid", "job"]
JobId = Literal["id", "task_id", "both", "absent"]
EndStatus = Literal["completed", "failed", "cancelled", "terminated", "timed_out", "continued_as_new"]
TaskType = Literal["operation", "lead_enrichment", "absent"]
ResultForm = Literal["object", "array", "structured_data", "top_level"]
EmailStatuses = Literal["OK UNKNOWN", "OK CATCH_ALL RISKY INVALID"]
TupleLength = Literal[3, 2]
EmailNotFound = Literal["empty_tuple", "null_tuple", "untyped_tuple", "empty_list", "null", "absent"]
PhoneFound = Literal["by_count", "string", "list"]
PhoneNotFound = Literal["empty_string", "empty_list", "null", "absent"]
PassedThrough = Literal["personal_email", "email", "both"]
Echo = Literal["known", "all", "enriched", "none"]
BulkForm = Literal["array", "results", "leads", "result"]
BulkOrder = Literal["as_sent", "shuffled", "reversed"]
CostToldIn = Literal["item and job", "item", "job", "nowhere"]
EmptyLead = Literal["refused", "not_found"]
UnknownProviders = Literal["ignored", "refused", "not_found"]
SixtyfourErrorBody = Literal["detail", "error", "empty", "html"]
ValidationForm = Literal["v2", "v1", "text"]
RateWindow = Literal["fixed", "sliding"]
RateReset = Literal["none", "seconds", "epoch"]
OtherEnds = Literal["none", "failed", "as_is"]
ExtraHeaders = Literal["always", "signed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SixtyfourSwitches:
    """How the second vendor answers, and what it knows."""

    # What it knows.
    sixtyfour_email_share: Annotated[
        float, "of how many people with a company domain does it find a company address? A share, 0 to 1"
    ] = 0.6
    sixtyfour_personal_share: Annotated[float, "of how many does it find a personal address? A share, 0 to 1"] = 0.4
    sixtyfour_phone_share: Annotated[float, "of how many does it find a telephone number? A share, 0 to 1"] = 0.5

    # Requests.
    sixtyfour_empty_lead: Annotated[EmptyLead, "a lead without any field: refused with 400, or not found?"] = "refused"
    sixtyfour_leads_status: Annotated[int, "which status refuses no leads, or more than 100?"] = 400
    sixtyfour_unknown_providers: Annotated[
        UnknownProviders, "providers (no valid id is documented): ignored, refused with 400, or do they find nothing?"
    ] = "ignored"
    sixtyfour_https_only: Annotated[bool, "is a webhook_url that is not HTTPS refused with 400?"] = False
    sixtyfour_sync_seconds: Annotated[_Span, "how long does it look before it answers a call that is no job?"] = (
        0.0,
        0.0,
    )
    sixtyfour_sync_webhook: Annotated[bool, "is the webhook_url of a call that is no job posted to?"] = False

    # Results.
    sixtyfour_email_statuses: Annotated[EmailStatuses, "which words say what an address is worth?"] = "OK UNKNOWN"
    sixtyfour_tuple_length: Annotated[
        TupleLength, "[address, status, type], or without type as in one example of a webhook?"
    ] = 3
    sixtyfour_webhook_tuple_length: Annotated[TupleLength, "the same in webhooks"] = 3
    sixtyfour_email_not_found: Annotated[
        EmailNotFound, 'no address: ["", "NOT_FOUND", type], with null or without type, [], null, or no such field?'
    ] = "empty_tuple"
    sixtyfour_unverified_ok: Annotated[bool, "with verify_emails off, is an address OK all the same?"] = False
    sixtyfour_passed_through: Annotated[
        PassedThrough, "in mode PERSONAL, where is the personal address that the lead had already?"
    ] = "personal_email"
    sixtyfour_phone_found: Annotated[
        PhoneFound, "phone: a string for one number and a list for several, always a string, or always a list?"
    ] = "by_count"
    sixtyfour_phone_not_found: Annotated[PhoneNotFound, 'no number: "", [], null, or no such field?'] = "empty_string"
    sixtyfour_echo: Annotated[
        Echo, "which fields of the lead come back: the documented ones, all, more than were sent, or none?"
    ] = "known"
    sixtyfour_result_form: Annotated[
        ResultForm, "a single job's result: an object, an array of one, below structured_data, or that at the top?"
    ] = "object"
    sixtyfour_bulk_form: Annotated[BulkForm, "a bulk result: a bare array, or wrapped under a key?"] = "array"
    sixtyfour_bulk_order: Annotated[BulkOrder, "in which order are the items of a bulk result?"] = "as_sent"
    sixtyfour_bulk_left_out: Annotated[int, "how many leads of a bulk request are missing in its result?"] = 0
    sixtyfour_bulk_errors: Annotated[int, "for how many leads of a bulk request does the result tell an error?"] = 0

    # Money.
    sixtyfour_misses_charged: Annotated[bool, "is a lead charged for whom nothing is found?"] = True
    sixtyfour_passed_through_charged: Annotated[
        bool, "is a lead charged whose company address was sent along and is returned?"
    ] = True
    sixtyfour_repeat_free: Annotated[bool, "is asking for the same of the same lead again free?"] = False
    sixtyfour_failed_charged: Annotated[
        bool, "is charged what failed: a job that ends in another way than completed, a lead with an error?"
    ] = False
    sixtyfour_dropped_charged: Annotated[bool, "is a job that never finishes charged?"] = True
    sixtyfour_cost: Annotated[CostToldIn, "what a call costs: told with each result, with the job, or nowhere?"] = (
        "item and job"
    )

    # Jobs.
    sixtyfour_start_status: Annotated[StartStatus, "which status has the answer that starts a job?"] = "RUNNING"
    sixtyfour_id_form: Annotated[IdForm, "is a task_id a UUID, or job_...?"] = "uuid"
    sixtyfour_job_id: Annotated[JobId, "under which name does job-status tell the job's id?"] = "id"
    sixtyfour_job_seconds: Annotated[_Span, "how long does a job take?"] = (0.1, 0.1)
    sixtyfour_running_word: Annotated[str, "which status has a job under way? Older texts: pending, processing"] = (
        "running"
    )
    sixtyfour_upper_case: Annotated[bool, "are the statuses of job-status in capitals?"] = False
    sixtyfour_end_status: Annotated[EndStatus, "how do jobs end?"] = "completed"
    sixtyfour_continued_ends: Annotated[
        bool, "is continued_as_new the end of a job, or does it complete as long again after?"
    ] = False
    sixtyfour_failed_error: Annotated[bool, "does job-status tell why a job failed?"] = False
    sixtyfour_task_type: Annotated[TaskType, "task_type: the operation, lead_enrichment, or absent?"] = "operation"
    sixtyfour_drop_probability: Annotated[float, "the share of accepted jobs that never finish"] = 0.0
    sixtyfour_lost_probability: Annotated[float, "the share of accepted jobs that job-status answers 404 for"] = 0.0
    sixtyfour_kept_seconds: Annotated[
        float, "for how long after its end does job-status know a job, before it is 404? 0: for ever"
    ] = 0.0

    # Webhooks.
    sixtyfour_webhook: Annotated[bool, "are webhooks posted at all?"] = True
    sixtyfour_webhook_other_ends: Annotated[
        OtherEnds, "a job cancelled, terminated or timed out: no webhook, one that says failed, or that status?"
    ] = "none"
    sixtyfour_webhook_lost_probability: Annotated[
        float, "the share of webhooks that are never posted although the job ended"
    ] = 0.0
    sixtyfour_webhook_copies: Annotated[int, "how often is each webhook posted?"] = 1
    sixtyfour_webhook_delay: Annotated[_Span, "how long after a job's end is its webhook posted?"] = (0.0, 0.0)
    sixtyfour_webhook_reorder: Annotated[
        int, "webhooks wait until so many are due and are posted last first; 0: in order"
    ] = 0
    sixtyfour_webhook_retries: Annotated[int, "how often is a webhook posted again after no 2xx within 10 s?"] = 5
    sixtyfour_webhook_retry_seconds: Annotated[
        float, "how long is the first pause before it is posted again? Each further one is twice as long"
    ] = 1.0
    sixtyfour_webhook_before_answer: Annotated[bool, "can the webhook come before the answer that starts the job?"] = (
        False
    )
    sixtyfour_webhook_headers: Annotated[
        ExtraHeaders, "Event-Id, Event-Type, Delivery-Attempt: always, or only with a signature?"
    ] = "always"
    sixtyfour_webhook_event_id_stable: Annotated[bool, "is the Event-Id of a repetition that of the first?"] = True
    sixtyfour_webhook_restamped: Annotated[bool, "is a repetition signed anew, with the time of its posting?"] = True
    sixtyfour_webhook_clock: Annotated[float, "by how many seconds is the signature's time ahead of this clock?"] = 0.0

    # Answers in general.
    sixtyfour_error_body: Annotated[
        SixtyfourErrorBody, "an error's body: detail, error with message, nothing, or a page of a proxy?"
    ] = "detail"
    sixtyfour_validation_form: Annotated[
        ValidationForm, "the entries of a 422: as pydantic 2 or 1 writes them, or one text?"
    ] = "v2"
    sixtyfour_rate_limit: Annotated[int, "how many calls a minute may a key make? 0: any number"] = 500
    sixtyfour_rate_seconds: Annotated[float, "how long is that minute?"] = 60.0
    sixtyfour_rate_window: Annotated[RateWindow, "is it a minute of the clock, or the last 60 seconds?"] = "fixed"
    sixtyfour_rate_headers: Annotated[bool, "do answers have X-RateLimit-Limit and X-RateLimit-Remaining?"] = True
    sixtyfour_rate_reset: Annotated[RateReset, "is there an X-RateLimit-Reset, in which form?"] = "none"
    sixtyfour_polls_limited: Annotated[bool, "do calls of job-status count towards the limit?"] = True


MOST_LEADS = 100
"""In one call; the documentation says so, the schema does not."""
