"""Answers a poll for a job. The search page gives path and method; what is answered before and after is not said."""

from __future__ import annotations

from sandbox.behaviour import Behaviour, PendingForm
from sandbox.bodies import Refused
from sandbox.jobs import Jobs
from sandbox.payloads.result import Payload, Subject
from sandbox.wire import Answer, json_answer


def track(jobs: Jobs, behaviour: Behaviour, tracking_id: str) -> Answer:
    """The state of a job. Raises Refused with 404 for one that does not exist."""
    subject = jobs.subject(tracking_id)
    if subject is None:
        raise Refused(404, "No Results found, may be you can tweak the filters.")
    payload = jobs.payload(tracking_id)
    if payload is not None:
        return json_answer(payload if behaviour.finished_form == "payload" else _people(payload))
    if behaviour.pending_form == "404":
        raise Refused(404, "No Results found, may be you can tweak the filters.")
    return json_answer(_pending(behaviour.pending_form, tracking_id, subject))


def _people(payload: Payload) -> Payload:
    """The envelope that is told of this endpoint at second hand."""
    return {"pagination": {"page": 1, "per_page": 1, "total_entries": 1}, "people": [payload]}


def _pending(form: PendingForm, tracking_id: str, subject: Subject) -> Payload:
    match form:
        case "empty_object":
            return {}
        case "empty_people":
            return {"pagination": {}, "people": []}
        case "person_status":
            return {"pagination": {}, "people": [{"personId": subject.person_id, "status": "Pending"}]}
        case "queued":
            return {"trackingId": tracking_id, "status": "queued", "message": "Your request is being processed."}
        case "running":
            return {"trackingId": tracking_id, "status": "running", "data": None}
        case _:
            return {"status": "In-progress"}
