"""Answers a poll for a job. The search page gives path and method; what is answered before and after is not said."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.behaviour import Behaviour, PendingForm, Switchboard, VerifyTracking
from sandbox.bodies import Refused
from sandbox.books import Books
from sandbox.jobs import Jobs
from sandbox.payloads.result import Payload, Subject
from sandbox.verify import Verifications
from sandbox.wire import Answer, json_answer


class Tracking:
    """The tracking endpoint over reveals and verifications. ``now`` is the clock."""

    def __init__(
        self,
        jobs: Jobs,
        verifications: Verifications,
        books: Books,
        switchboard: Switchboard,
        now: Callable[[], float],
    ) -> None:
        self._jobs = jobs
        self._verifications = verifications
        self._books = books
        self._switchboard = switchboard
        self._now = now

    def answer(self, tracking_id: str) -> Answer:
        """The state of a job. Raises Refused with 404 for one that does not exist, or no longer."""
        behaviour = self._switchboard.behaviour
        if self._expired(tracking_id, behaviour):
            raise _nothing()
        verification = self._verifications.document(tracking_id)
        if verification is not None:
            return _verified(verification, behaviour.verify_tracking)
        subject = self._jobs.subject(tracking_id)
        if subject is None:
            raise _nothing()
        payload = self._jobs.payload(tracking_id)
        if payload is not None:
            return json_answer(payload if behaviour.finished_form == "payload" else _people(payload))
        if behaviour.pending_form == "404":
            raise _nothing()
        return json_answer(_pending(behaviour.pending_form, tracking_id, subject))

    def _expired(self, tracking_id: str, behaviour: Behaviour) -> bool:
        job = self._books.jobs.get(tracking_id)
        if job is None or job.finished is None or behaviour.result_kept_seconds <= 0:
            return False
        return self._now() - job.finished > behaviour.result_kept_seconds


def _nothing() -> Refused:
    return Refused(404, "No Results found, may be you can tweak the filters.")


def _people(payload: Payload) -> Payload:
    """The envelope that is told of this endpoint at second hand."""
    return {"pagination": {"page": 1, "per_page": 1, "total_entries": 1}, "people": [payload]}


def _verified(document: Payload, form: VerifyTracking) -> Answer:
    """The page says that the id of a verification can be polled for, and names no path for it."""
    match form:
        case "404":
            raise _nothing()
        case "empty_object":
            return json_answer({})
        case "empty_people":
            return json_answer({"pagination": {}, "people": []})
    return json_answer(_people(document) if form == "people" else document)


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
