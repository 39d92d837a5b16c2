"""Posts webhooks: copies, delays, changed order and repetitions as the switches say, each posting booked.

The reveal pages say that the result is posted as JSON to the webhookUrl of the request, and nothing of headers,
signatures, repetitions or the answer expected. So there is no signature, and any 2xx counts as received. The second
vendor's habits are others, and it adds headers of its own.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

import aiohttp

from sandbox.behaviour import Behaviour, Span, Switchboard

_PATIENCE: Final = aiohttp.ClientTimeout(total=10)
_LONGEST_HOLD: Final = 0.5
"""Seconds after which webhooks held back for reordering are posted although too few are due."""


def _no_headers(_attempt: int) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Webhook:
    """A finished job's payload, where it goes, and the headers of each attempt, counted from 1."""

    tracking_id: str
    url: str
    body: bytes
    headers: Callable[[int], Mapping[str, str]] = _no_headers


@dataclass(frozen=True, slots=True)
class Habits:
    """How webhooks are posted. ``pauses``: the seconds before each posting after one that was not answered 2xx."""

    lost_probability: float
    delay: Span
    copies: int
    reorder: int
    pauses: tuple[float, ...]


def habits(behaviour: Behaviour) -> Habits:
    """The first vendor's."""
    return Habits(
        lost_probability=behaviour.webhook_lost_probability,
        delay=behaviour.webhook_delay,
        copies=behaviour.webhook_copies,
        reorder=behaviour.webhook_reorder,
        pauses=(behaviour.webhook_retry_seconds,) * behaviour.webhook_retries,
    )


class PostingBooks(Protocol):
    """Where postings are booked."""

    def posted(self, tracking_id: str, url: str, attempt: int, status: int | None, error: str | None) -> None:
        """Book one."""


class Courier:
    """Posts webhooks in the background until it is closed. ``seed`` and the habits are its vendor's."""

    def __init__(
        self,
        switchboard: Switchboard,
        books: PostingBooks,
        seed: int | str,
        habits: Callable[[Behaviour], Habits] = habits,
    ) -> None:
        self._switchboard = switchboard
        self._habits = habits
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
        group = self._habits(self._switchboard.behaviour).reorder
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
        habits = self._habits(self._switchboard.behaviour)
        if self._closed:
            return
        if habits.lost_probability and self._luck.random() < habits.lost_probability:
            error = "not posted: lost, as webhook_lost_probability says"
            self._books.posted(webhook.tracking_id, webhook.url, 1, None, error)
            return
        await asyncio.sleep(self._rng.uniform(*habits.delay))
        for _ in range(habits.copies):
            for attempt, pause in enumerate((0.0, *habits.pauses), start=1):
                if attempt > 1:
                    await asyncio.sleep(pause)
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
        headers = {"content-type": "application/json", **webhook.headers(attempt)}
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
