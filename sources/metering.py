"""What a repeatable call that may be charged asks for before each attempt, and tells after it: a Protocol.

A search is repeated like any free call, and yet a vendor may bill it: so every attempt is noted with the most that it
can cost before it is sent, and with what it did cost once that is known. What is never told stays at its worst.
"""

from __future__ import annotations

from typing import Protocol

from sources.transport import Answered, NeverConnected, NeverSent, PaidOutcome


class Meter(Protocol):
    """Books attempts that may be charged for each record they return."""

    async def reserve(self, page: int, records: int) -> str:
        """Note that an attempt for a page of at most ``records`` is about to be sent; returns its id. May refuse."""
        ...

    async def settle(self, attempt_id: str, records: int) -> None:
        """That attempt returned so many records; 0 also where it was provably refused."""
        ...

    def unknown(self, attempt_id: str) -> None:
        """What that attempt cost will never be told: it stays at its worst."""
        ...


class MeteredPage:
    """The attempts at one page: implements `sources.transport.Attempts`."""

    def __init__(self, meter: Meter, page: int, records: int) -> None:
        self._meter = meter
        self._page = page
        self._records = records
        self._attempt: str | None = None

    async def sending(self) -> None:
        """See `Attempts.sending`."""
        self._attempt = await self._meter.reserve(self._page, self._records)

    async def ended(self, outcome: PaidOutcome) -> None:
        """See `Attempts.ended`. A lost answer, 408 and 5xx stay at their worst: the vendor may have acted."""
        answer = outcome.answer if isinstance(outcome, Answered) else None
        if isinstance(outcome, NeverConnected | NeverSent) or (answer is not None and _refused(answer.status)):
            await self.returned(0)
        elif not (isinstance(outcome, Answered) and outcome.complete and outcome.answer.ok):
            self.unreadable()

    async def returned(self, records: int) -> None:
        """The last attempt was answered with a page of so many records."""
        if self._attempt is not None:
            attempt, self._attempt = self._attempt, None
            await self._meter.settle(attempt, records)

    def unreadable(self) -> None:
        """Nobody will ever know what the last attempt returned."""
        if self._attempt is not None:
            attempt, self._attempt = self._attempt, None
            self._meter.unknown(attempt)


def _refused(status: int) -> bool:
    return 300 <= status < 500 and status != 408
