"""The life of a reveal: accepted, under way, finished. At the end the charge is booked and the webhook is posted.

The reveal pages say that a job is queued, that its result is posted and can be polled for; when the charge is taken is
not said, and is the end here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import orjson

from sandbox.behaviour import Behaviour, Switchboard
from sandbox.books import Books, JobEntry
from sandbox.credits import Account
from sandbox.emails import email_truth
from sandbox.outcomes import Outcome, reveal_email, reveal_phone
from sandbox.payloads import payload
from sandbox.payloads.result import Payload, Result, Subject
from sandbox.phones import phone_truth
from sandbox.population import Population
from sandbox.webhooks import Courier, Webhook

Fate = Literal["normal", "dropped", "failed"]


@dataclass(frozen=True, slots=True)
class RevealRequest:
    """A reveal that passed validation. ``index`` is None for somebody the database does not know."""

    operation: str
    index: int | None
    subject: Subject
    webhook_url: str | None
    partners: bool


class Timer(Protocol):
    """What a scheduler returns."""

    def cancel(self) -> None:
        """Do not call after all."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What jobs need of the outside: a clock, a scheduler, new tracking ids."""

    now: Callable[[], float]
    later: Callable[[float, Callable[[], None]], Timer]
    new_id: Callable[[], str]


class Jobs:
    """Every job since the last reset."""

    def __init__(
        self,
        population: Population,
        account: Account,
        books: Books,
        courier: Courier,
        viewed: set[int],
        switchboard: Switchboard,
        surroundings: Surroundings,
    ) -> None:
        self._population = population
        self._account = account
        self._books = books
        self._courier = courier
        self._viewed = viewed
        self._switchboard = switchboard
        self._outside = surroundings
        self._rng = random.Random(f"{population.seed}:jobs")
        self._timers: dict[str, Timer] = {}
        self._subjects: dict[str, Subject] = {}
        self._payloads: dict[str, Payload] = {}
        self._last: dict[tuple[str, Subject], float] = {}

    def find(self, request: RevealRequest) -> Outcome:
        """What the reveal would find now, and cost."""
        if request.index is None:
            return Outcome("not_found")
        behaviour, plan = self._switchboard.behaviour, self._account.plan
        person = self._population.person(request.index)
        remaining = self._account.remaining(request.operation)
        if request.operation == "reveal_email":
            truth = email_truth(self._population.seed, person)
            outcome = reveal_email(truth, plan, remaining, behaviour.deliverable_word)
        else:
            partners = request.partners or (plan == "multi_provider" and behaviour.phone_partners == "plan")
            outcome = reveal_phone(phone_truth(self._population.seed, person), plan, remaining, partners=partners)
        if behaviour.repeat_reveal_free and self._books.was_charged(request.operation, person.person_id):
            return Outcome(outcome.word, outcome.rows, outcome.best)
        return outcome

    def too_soon(self, request: RevealRequest) -> bool:
        """Whether the same reveal was accepted less than ``conflict_seconds`` ago."""
        if request.operation not in self._switchboard.behaviour.conflict_operations:
            return False
        last = self._last.get((request.operation, request.subject))
        return last is not None and self._outside.now() - last < self._switchboard.behaviour.conflict_seconds

    def accept(self, request: RevealRequest, fate: Fate) -> str:
        """Start a job and return its tracking id."""
        tracking_id, behaviour = self._outside.new_id(), self._switchboard.behaviour
        now, person_id = self._outside.now(), request.subject.person_id
        if fate == "normal" and self._rng.random() < behaviour.drop_probability:
            fate = "dropped"
        about = person_id or None
        self._books.opened(JobEntry(tracking_id, request.operation, about, request.webhook_url, now, subject=about))
        self._subjects[tracking_id] = request.subject
        self._last[request.operation, request.subject] = now
        seconds = self._rng.uniform(*behaviour.job_seconds)
        if _at_once(behaviour):
            self._finish(tracking_id, request, fate)
        else:
            self._timers[tracking_id] = self._outside.later(
                seconds, lambda: self._send(self._finish(tracking_id, request, fate))
            )
        return tracking_id

    async def announce(self, tracking_id: str, request: RevealRequest) -> None:
        """Post the webhook of a job that was finished at once; return when it has been posted, if it comes first."""
        webhook = self._webhook(tracking_id, request)
        if webhook is not None and self._switchboard.behaviour.webhook_before_answer:
            await self._courier.deliver(webhook)
        else:
            self._send(webhook)

    def payload(self, tracking_id: str) -> Payload | None:
        """The result of a finished job."""
        return self._payloads.get(tracking_id)

    def subject(self, tracking_id: str) -> Subject | None:
        """Whom a job is about; None where there is no such job."""
        return self._subjects.get(tracking_id)

    def close(self) -> None:
        """Leave every running job unfinished."""
        for timer in self._timers.values():
            timer.cancel()

    def _finish(self, tracking_id: str, request: RevealRequest, fate: Fate) -> Webhook | None:
        self._timers.pop(tracking_id, None)
        behaviour = self._switchboard.behaviour
        outcome = Outcome("failed") if fate == "failed" else self.find(request)
        if fate == "normal" or (fate == "dropped" and behaviour.dropped_charged):
            for kind, amount in outcome.prices:
                self._books.charge(kind, amount, request.operation, request.subject.person_id, tracking_id)
        if fate == "dropped":
            self._books.closed(tracking_id, "dropped", finished=False)
            return None
        self._books.closed(tracking_id, outcome.word, finished=True)
        if outcome.best is not None and request.index is not None:
            self._viewed.add(request.index)
        result = Result(tracking_id, request.subject, outcome)
        self._payloads[tracking_id] = payload(
            result, request.operation, self._account.plan, behaviour.variant, behaviour.failed_word
        )
        return self._webhook(tracking_id, request)

    def _webhook(self, tracking_id: str, request: RevealRequest) -> Webhook | None:
        if request.webhook_url is None or not self._switchboard.behaviour.webhook or tracking_id not in self._payloads:
            return None
        return Webhook(tracking_id, request.webhook_url, orjson.dumps(self._payloads[tracking_id]))

    def _send(self, webhook: Webhook | None) -> None:
        if webhook is not None:
            self._courier.send(webhook)


def _at_once(behaviour: Behaviour) -> bool:
    """Whether the result must be there before the submit is answered."""
    return behaviour.submit_form == "result" or behaviour.webhook_before_answer
