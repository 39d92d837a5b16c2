"""The webhooks of jobs: handed to a courier with the headers of signed deliveries (signing-secrets page)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from sandbox.behaviour import Behaviour, Switchboard
from sandbox.sixtyfour.job_status import Job, event_type
from sandbox.sixtyfour.signing import SigningSecrets, signature_header
from sandbox.webhooks import Courier, Habits, Webhook


def habits(behaviour: Behaviour) -> Habits:
    """How this vendor posts: after each answer that is no 2xx again, after pauses that double."""
    pauses = tuple(
        behaviour.sixtyfour_webhook_retry_seconds * 2**attempt for attempt in range(behaviour.sixtyfour_webhook_retries)
    )
    return Habits(
        lost_probability=behaviour.sixtyfour_webhook_lost_probability,
        delay=behaviour.sixtyfour_webhook_delay,
        copies=behaviour.sixtyfour_webhook_copies,
        reorder=behaviour.sixtyfour_webhook_reorder,
        pauses=pauses,
    )


class Callbacks:
    """Posts what jobs have come to."""

    def __init__(
        self,
        courier: Courier,
        secrets: SigningSecrets,
        switchboard: Switchboard,
        now: Callable[[], float],
        new_uuid: Callable[[], str],
    ) -> None:
        self._courier = courier
        self._secrets = secrets
        self._switchboard = switchboard
        self._now = now
        self._new_uuid = new_uuid

    def send(self, job: Job, message: Mapping[str, Any] | None) -> None:
        """Post it in the background; nothing, where there is no message, or nowhere to post it."""
        webhook = self._webhook(job, message)
        if webhook is not None:
            self._courier.send(webhook)

    async def deliver(self, job: Job, message: Mapping[str, Any] | None) -> None:
        """Post it now; return after the last posting."""
        webhook = self._webhook(job, message)
        if webhook is not None:
            await self._courier.deliver(webhook)

    def _webhook(self, job: Job, message: Mapping[str, Any] | None) -> Webhook | None:
        url = job.purchase.wanted.webhook_url
        if url is None or message is None or not self._switchboard.behaviour.sixtyfour_webhook:
            return None
        body = orjson.dumps(message)
        headers = _Headers(event_type(job), body, self._secrets, self._switchboard, self._now, self._new_uuid)
        return Webhook(job.task_id, url, body, headers.of)


class _Headers:
    """The headers of one event's postings."""

    def __init__(
        self,
        kind: str,
        body: bytes,
        secrets: SigningSecrets,
        switchboard: Switchboard,
        now: Callable[[], float],
        new_uuid: Callable[[], str],
    ) -> None:
        self._kind = kind
        self._body = body
        self._secrets = secrets
        self._switchboard = switchboard
        self._now = now
        self._new_uuid = new_uuid
        self._event_id = new_uuid()
        self._signature: str | None = None

    def of(self, attempt: int) -> dict[str, str]:
        """The headers of that attempt, counted from 1."""
        behaviour = self._switchboard.behaviour
        signature = self._signed(behaviour)
        headers = {"Sixtyfour-Signature": signature} if signature else {}
        if signature or behaviour.sixtyfour_webhook_headers == "always":
            stable = attempt == 1 or behaviour.sixtyfour_webhook_event_id_stable
            headers |= {
                "Sixtyfour-Event-Id": self._event_id if stable else self._new_uuid(),
                "Sixtyfour-Event-Type": self._kind,
                "Sixtyfour-Delivery-Attempt": str(attempt),
            }
        return headers

    def _signed(self, behaviour: Behaviour) -> str:
        """The signature, made anew or that of the first attempt; empty without a secret."""
        if self._signature is None or behaviour.sixtyfour_webhook_restamped:
            secrets = self._secrets.signing()
            seconds = int(self._now() + behaviour.sixtyfour_webhook_clock)
            self._signature = signature_header(secrets, seconds, self._body) if secrets else ""
        return self._signature
