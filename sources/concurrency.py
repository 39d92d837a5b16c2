"""How many requests may be under way at once: fewer when the vendor says 429, more again when it is content."""

from __future__ import annotations

import math
from types import TracebackType

import anyio

from sources.clock import Clock


class AdaptiveConcurrency:
    """How many requests may be under way: halved by a 429, regained one by one.

    At most one halving a second, so that the 429s of requests already under way count as one message.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._limiter = anyio.CapacityLimiter(most)
        self._good = 0
        self._halved_at = -math.inf

    @property
    def limit(self) -> int:
        """Requests that may be under way now."""
        return int(self._limiter.total_tokens)

    async def __aenter__(self) -> None:
        await self._limiter.acquire_on_behalf_of(_borrower())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limiter.release_on_behalf_of(_borrower())

    def throttled(self) -> None:
        """A 429 came back."""
        self._good = 0
        if self._clock.monotonic() - self._halved_at >= 1.0:
            self._halved_at = self._clock.monotonic()
            self._limiter.total_tokens = max(1, self.limit // 2)

    def answered(self) -> None:
        """A request was answered by anything but 429."""
        self._good += 1
        if self._good >= self.limit and self.limit < self._most:
            self._good = 0
            self._limiter.total_tokens = self.limit + 1


def _borrower() -> object:
    return anyio.get_current_task().id


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error inside a group of them, however deep."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
