"""A provider that does as it is told: for faults that no wire can be made to have at will."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count
from typing import Any, cast

import anyio

from sources.providers import (
    NO_NEWS,
    Ask,
    Basis,
    Channel,
    Charge,
    EmailStatus,
    FoundEmail,
    Operation,
    Outcome,
    Person,
    Reading,
    Via,
)
from sources.transport import Answer, Answered, PaidOutcome, PaidSlot

Submit = Callable[[Mapping[str, Any], str | None], Awaitable[PaidOutcome]]
SubmitMany = Callable[[Sequence[Mapping[str, Any]], str | None], Awaitable[PaidOutcome]]

ACCEPTED = Answered(Answer(200, b'{"trackingId": "t"}'))


class FakeProvider:
    """Implements `sources.providers.Provider`. ``submit_with`` decides each submit; bodies read as their text says:

    ``found ADDRESS`` (at ``price``), ``missed``, ``dry`` (out of credits half-way), ``failed``, ``break`` (the reader
    raises), anything else is no news. Of a request for several calls each line says it of one. With ``batch`` one
    request carries so many, and ``submit_many_with`` decides it; a body may complain of positions: ``wrong 0 2``.
    """

    def __init__(self, name: str = "vendor", price: int = 100, batch: int = 1, unit: str = "credits") -> None:
        self.name = name
        self.unit = unit
        self.price = price
        self.batches: list[list[str]] = []
        self.submit_many_with: SubmitMany | None = None
        self.operations: Mapping[Channel, Operation] = {
            Channel.EMAIL: Operation("find_email", Channel.EMAIL, 600, batch, together=("mode",)),
            Channel.PHONE: Operation("find_phone", Channel.PHONE, 2000, batch, together=("mode",)),
        }
        self.proven = True
        self.submit_with: Submit = _accept
        self.poll_with: Callable[[str], Answer] = lambda tracking_id: Answer(404, b"")
        self.slot_with: Callable[[], Awaitable[None]] = _at_once
        self.prove_with: Callable[[], None] = lambda: None
        self.submitted: list[str] = []
        self.polled: list[str] = []
        self._jobs = count(1)
        self.under_way = 0
        self.most_under_way = 0

    async def prove(self) -> None:
        self.prove_with()
        self.proven = True

    def ask(self, channel: Channel, person: Person) -> Ask | None:
        return Ask(self.operations[channel].name, person.person_id, {"personId": person.person_id})

    def ask_verification(self, address: str) -> Ask | None:
        return None

    def slot(self, *, patience: float | None) -> AbstractAsyncContextManager[PaidSlot]:
        @asynccontextmanager
        async def slot() -> AsyncIterator[PaidSlot]:
            await self.slot_with()
            yield cast(PaidSlot, None)

        return slot()

    async def submit(
        self, slot: PaidSlot, operation: str, asks: Sequence[Mapping[str, Any]], callback_url: str | None
    ) -> PaidOutcome:
        self.submitted += [parameters["personId"] for parameters in asks]
        self.batches.append([parameters["personId"] for parameters in asks])
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.submit_many_with is not None:
                return await self.submit_many_with(asks, callback_url)
            (parameters,) = asks
            return await self.submit_with(parameters, callback_url)
        finally:
            self.under_way -= 1

    def refused_asks(self, body: bytes, asks: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
        word, *places = body.decode().split()
        return tuple(map(int, places)) if word == "wrong" else ()

    def tracking_id(self, body: bytes) -> str | None:
        return f"t{next(self._jobs)}" if b"trackingId" in body else None

    async def poll(self, operation: str, tracking_id: str) -> Answer:
        self.polled.append(tracking_id)
        await anyio.lowlevel.checkpoint()
        return self.poll_with(tracking_id)

    def read(
        self, operation: str, body: bytes, asks: Sequence[Mapping[str, Any]], tracking_id: str | None, via: Via
    ) -> list[Reading]:
        lines = body.decode().splitlines() if len(asks) > 1 else [body.decode()]
        return [self._read(operation, line) for line in lines] if len(lines) == len(asks) else [NO_NEWS for _ in asks]

    def _read(self, operation: str, line: str) -> Reading:
        word, _, rest = line.partition(" ")
        if word == "found":
            charge = Charge("pool", self.price, self.price, Basis.REPORTED)
            address, _, status = rest.partition(" ")
            email = FoundEmail(address, EmailStatus(status)) if status else FoundEmail(address)
            return Reading(Outcome.FOUND, emails=(email,), charges=(charge,))
        if word == "missed":
            return Reading(Outcome.NOT_FOUND, charges=(Charge("pool", 0, 0, Basis.DOCUMENTED),))
        if word == "dry":
            return Reading(Outcome.INCOMPLETE, charges=self.charges(operation, Outcome.INCOMPLETE))
        if word == "failed":
            return Reading(Outcome.FAILED, charges=self.charges(operation, Outcome.FAILED))
        if word == "break":
            raise ZeroDivisionError("a reader with a bug")
        return NO_NEWS

    def charges(self, operation: str, outcome: Outcome) -> tuple[Charge, ...]:
        return (Charge("pool", 0, 600, Basis.BOUNDED),)


async def _accept(parameters: Mapping[str, Any], callback_url: str | None) -> PaidOutcome:
    await anyio.lowlevel.checkpoint()
    return ACCEPTED


async def _at_once() -> None:
    await anyio.lowlevel.checkpoint()
