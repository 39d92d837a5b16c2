"""The verification of an e-mail address (verify e-mail page): read, answered at once or queued, posted to a webhook.

The price is per request, so that it is charged when the request is accepted, whatever the verdict.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import orjson

from sandbox.behaviour import Behaviour, Switchboard
from sandbox.bodies import BAD_REQUEST, Refused, read_body
from sandbox.books import Books, JobEntry
from sandbox.calls import Prepared
from sandbox.credits import Account
from sandbox.directory import Directory
from sandbox.jobs import Fate, Surroundings, Timer
from sandbox.verdicts import verdict
from sandbox.webhooks import Courier, Webhook
from sandbox.wire import Answer, Reply, json_answer

OPERATION: Final = "verify_email"
STANDARD_PRICE: Final = 4
DEEP_PRICE: Final = 10
"""Hundredths of a credit (verify e-mail page, Credit cost)."""

_PENDING: Final = ("In-progress", "Pending")
_Key = tuple[str, bool]
"""What makes two verifications the same: the address in lower case, and whether it is deep."""


@dataclass(frozen=True, slots=True)
class Verification:
    """One accepted request. ``state`` is verificationProgress and verificationStatus."""

    tracking_id: str
    email: str
    deep: bool
    webhook_url: str | None
    created: float
    state: tuple[str, str] = _PENDING

    @property
    def key(self) -> _Key:
        """Which verification it is."""
        return self.email.lower(), self.deep

    def document(self) -> dict[str, object]:
        """The members of the 200 and of the webhook."""
        created = datetime.fromtimestamp(self.created, UTC).isoformat(timespec="milliseconds")
        return {
            "email": self.email,
            "deepVerification": self.deep,
            "trackingId": self.tracking_id,
            "verificationProgress": self.state[0],
            "verificationStatus": self.state[1],
            "createdAt": created.replace("+00:00", "Z"),
        }


class Verifications:
    """Every verification since the last reset."""

    def __init__(
        self,
        directory: Directory,
        account: Account,
        books: Books,
        courier: Courier,
        switchboard: Switchboard,
        surroundings: Surroundings,
    ) -> None:
        self._directory = directory
        self._seed = directory.population.seed
        self._account = account
        self._books = books
        self._courier = courier
        self._switchboard = switchboard
        self._outside = surroundings
        self._rng = random.Random(f"{self._seed}:verifications")
        self._timers: dict[str, Timer] = {}
        self._all: dict[str, Verification] = {}
        self._last: dict[_Key, str] = {}
        self._paid: set[_Key] = set()

    def prepare(self, raw: bytes) -> Prepared:
        """Read a request. Raises Refused."""
        if self._account.plan == "standard":
            raise Refused(403, "Email verification is not available on your plan")
        body = read_body(raw)
        email = body.address("email")
        if email is None:
            raise Refused(BAD_REQUEST, "email is required")
        now = self._outside.now()
        request = Verification("", email, body.flag("deepVerification", False), body.webhook(), now)

        async def run(fate: Fate) -> Reply:
            return await self._submit(request, fate)

        return Prepared(None, run, subject=email.lower())

    def document(self, tracking_id: str) -> dict[str, object] | None:
        """The state of a verification as tracking shows it; None where there is no such one, or no longer."""
        job = self._all.get(tracking_id)
        lost = self._switchboard.behaviour.verify_without_webhook == "lost"
        return None if job is None or (lost and job.webhook_url is None) else job.document()

    def close(self) -> None:
        """Leave every running verification unfinished."""
        for timer in self._timers.values():
            timer.cancel()

    async def _submit(self, request: Verification, fate: Fate) -> Reply:
        behaviour, key = self._switchboard.behaviour, request.key
        price = DEEP_PRICE if request.deep else STANDARD_PRICE
        if behaviour.repeat_verify_free and key in self._paid:
            price = 0
        if price and self._account.exhausted(OPERATION, price):
            raise Refused(402, "Payment required: credits exhausted")
        if self._too_soon(key, behaviour):
            raise Refused(409, "This address was verified within the last few minutes")
        at_once = fate != "dropped" and self._answers_at_once(request, behaviour)
        if not at_once and request.webhook_url is None and behaviour.verify_without_webhook == "refused":
            raise Refused(422, "webhookUrl is required for a verification that is queued")
        if fate == "normal" and not at_once and self._rng.random() < behaviour.drop_probability:
            fate = "dropped"
        job = self._accept(request, 0 if fate == "dropped" and not behaviour.dropped_charged else price)
        if at_once:
            done = self._finish(job, fate)
            if behaviour.verify_webhook_when_finished:
                await self._post(done)
            return Reply(json_answer(done.document()), acted=True)
        if behaviour.verify_webhook_first:
            await self._post(job)
        await self._start(job, fate)
        return Reply(_queued(job, behaviour), acted=True)

    def _too_soon(self, key: _Key, behaviour: Behaviour) -> bool:
        last = self._last.get(key)
        if OPERATION not in behaviour.conflict_operations or last is None:
            return False
        return self._outside.now() - self._all[last].created < behaviour.conflict_seconds

    def _answers_at_once(self, request: Verification, behaviour: Behaviour) -> bool:
        last = self._last.get(request.key)
        if behaviour.verify_remembers and last is not None and self._all[last].state[0] == "Completed":
            return True
        return behaviour.verify_finish == "at_once" or (behaviour.verify_finish == "by_deep" and not request.deep)

    def _accept(self, request: Verification, price: int) -> Verification:
        job = replace(request, tracking_id=self._outside.new_id(), created=self._outside.now())
        subject = job.key[0]
        entry = JobEntry(job.tracking_id, OPERATION, None, job.webhook_url, job.created, subject=subject)
        self._books.opened(entry)
        if price:
            self._books.charge("pool", price, OPERATION, None, job.tracking_id, subject)
            self._paid.add(job.key)
        self._all[job.tracking_id] = job
        self._last[job.key] = job.tracking_id
        return job

    async def _start(self, job: Verification, fate: Fate) -> None:
        """Let a queued verification run; where the webhook may come before the answer, to its end."""
        behaviour = self._switchboard.behaviour
        if fate == "dropped":
            self._books.closed(job.tracking_id, "dropped", finished=False)
        elif behaviour.webhook_before_answer:
            await self._post(self._finish(job, fate))
        else:
            seconds = self._rng.uniform(*behaviour.verify_seconds)
            self._timers[job.tracking_id] = self._outside.later(seconds, lambda: self._send(self._finish(job, fate)))

    def _finish(self, job: Verification, fate: Fate) -> Verification:
        self._timers.pop(job.tracking_id, None)
        known = self._directory.deliverability(job.email)
        settle = job.deep and self._switchboard.behaviour.deep_settles
        found = verdict(self._seed, job.email, known, settle=settle)
        done = replace(job, state=("Failed", "Unknown") if fate == "failed" else ("Completed", found))
        self._all[job.tracking_id] = done
        self._books.closed(job.tracking_id, "failed" if fate == "failed" else found, finished=True)
        return done

    async def _post(self, job: Verification) -> None:
        """Post the state of a verification: now, where the webhook may come before the answer, else in time."""
        webhook = self._webhook(job)
        if webhook is not None and self._switchboard.behaviour.webhook_before_answer:
            await self._courier.deliver(webhook)
        else:
            self._send(job)

    def _send(self, job: Verification) -> None:
        webhook = self._webhook(job)
        if webhook is not None:
            self._courier.send(webhook)

    def _webhook(self, job: Verification) -> Webhook | None:
        if job.webhook_url is None or not self._switchboard.behaviour.webhook:
            return None
        return Webhook(job.tracking_id, job.webhook_url, orjson.dumps(job.document()))


def _queued(job: Verification, behaviour: Behaviour) -> Answer:
    if behaviour.verify_pending_200:
        return json_answer(job.document())
    flag = {behaviour.verify_queued_key: True} if behaviour.verify_queued_key else {}
    return json_answer({**job.document(), **flag}, 202)
