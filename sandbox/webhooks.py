"""Posts webhooks: copies, delays, changed order and repetitions as the switches say, each posting booked.

The reveal pages say that the result is posted as JSON to the webhookUrl of the request, and nothing of headers,
signatures, repetitions or the answer expected. So there is no signature, and any 2xx counts as received.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from sandbox.behaviour import Switchboard
from sandbox.books import Books

_PATIENCE: Final = aiohttp.ClientTimeout(total=10)
_LONGEST_HOLD: Final = 0.5
"""Seconds after which webhooks held back for reordering are posted although too few are due."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A finished job's payload and where it goes."""

    tracking_id: str
    url: str
    body: bytes


class Courier:
    """Posts webhooks in the background until it is closed."""

    def __init__(self, switchboard: Switchboard, books: Books, seed: int) -> None:
        self._switchboard = switchboard
        self._books = books
        self._rng = random.Random(f"{seed}:webhooks")
        self._luck = random.Random(f"{seed}:webhooks:lost")
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: list[Webhook] = []
        self._release: asyncio.TimerHandle | None = None
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def send(self, webhook: Webhook) -> None:
        """Post it in the background. Nothing is posted any more once the courier is closed."""
        if self._closed:
            return
        group = self._switchboard.behaviour.webhook_reorder
        if group < 2:
            self._start(self.deliver(webhook))
            return
        self._held.append(webhook)
        if self._release is not None:
            self._release.cancel()
        if len(self._held) >= group:
            self._release_held()
        else:
            self._release = asyncio.get_running_loop().call_later(_LONGEST_HOLD, self._release_held)

    async def deliver(self, webhook: Webhook) -> None:
        """Post it now, as often as the switches say; return after the last posting."""
        behaviour = self._switchboard.behaviour
        if self._closed:
            return
        if behaviour.webhook_lost_probability and self._luck.random() < behaviour.webhook_lost_probability:
            error = "not posted: lost, as webhook_lost_probability says"
            self._books.posted(webhook.tracking_id, webhook.url, 1, None, error)
            return
        await asyncio.sleep(self._rng.uniform(*behaviour.webhook_delay))
        for _ in range(behaviour.webhook_copies):
            for attempt in range(1, behaviour.webhook_retries + 2):
                if attempt > 1:
                    await asyncio.sleep(behaviour.webhook_retry_seconds)
                if await self._post(webhook, attempt):
                    break

    async def close(self) -> None:
        """Give up whatever has not been posted."""
        self._closed = True
        if self._release is not None:
            self._release.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def _start(self, posting: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(posting)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _release_held(self) -> None:
        self._release = None
        held, self._held = self._held[::-1], []
        self._start(self._deliver_in_turn(held))

    async def _deliver_in_turn(self, webhooks: list[Webhook]) -> None:
        for webhook in webhooks:
            await self.deliver(webhook)

    async def _post(self, webhook: Webhook, attempt: int) -> bool:
        if not (self._switchboard.behaviour.webhook_any_host or _is_loopback(webhook.url)):
            error = "not posted: the host is not this machine, and webhook_any_host is off"
            self._books.posted(webhook.tracking_id, webhook.url, attempt, None, error)
            return True
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE)
        headers = {"content-type": "application/json"}
        status, reason = None, None
        try:
            async with self._session.post(
                webhook.url, data=webhook.body, headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"
        self._books.posted(webhook.tracking_id, webhook.url, attempt, status, reason)
        return status is not None and 200 <= status < 300


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
