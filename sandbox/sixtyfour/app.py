"""Serves the second vendor's API below its prefix: checks key and limit, lets faults happen, and books every call."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from typing import Final, cast, get_args

from sandbox.faults import Fault
from sandbox.sixtyfour.calls import Call, Did, methods_of, operation_of, prepare
from sandbox.sixtyfour.errors import Refusal, error_answer, refusal_answer
from sandbox.sixtyfour.jobs import Fate
from sandbox.sixtyfour.limits import Headers
from sandbox.wire import (
    GARBLED,
    UNANSWERED,
    Answer,
    Receive,
    Scope,
    Send,
    come_back,
    give,
    is_refused_agent,
    read,
)
from sandbox.world import Vendor, World

PREFIX: Final = "/sixtyfour"
_FATES: Final[tuple[Fate, ...]] = get_args(Fate)


@dataclass(frozen=True, slots=True)
class _Exchange:
    """What is to be said to a call, and how: as it is, or with a fault."""

    did: Did
    fault: Fault | None = None
    subjects: tuple[str, ...] = ()


class SixtyfourApp:
    """The application behind the prefix. ``api_key`` is the only key it takes."""

    def __init__(self, vendor: Vendor, api_key: str) -> None:
        self._vendor = vendor
        self._key = api_key.encode()
        self._jitter = random.Random(f"{vendor.start.seed}:sixtyfour:latency")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        world = self._vendor.world
        books, path = world.sixtyfour.books, scope["path"].removeprefix(PREFIX)
        number = books.arrived(operation_of(path), f"{scope['method']} {path}")
        exchange = await self._exchange(world, path, scope, await read(receive))
        least, most = world.behaviour.latency
        if most > 0:
            await asyncio.sleep(self._jitter.uniform(least, most))
        did, fault = exchange.did, exchange.fault
        kind = fault.kind if fault else None
        books.answered(
            number,
            None if kind in UNANSWERED else did.answer.status,
            acted=did.acted,
            fault=fault.name if fault else None,
            subjects=exchange.subjects,
            task_id=did.task_id,
        )
        await give(scope, receive, send, did.answer, kind, world.behaviour.silence_seconds)

    async def _exchange(self, world: World, path: str, scope: Scope, raw: bytes) -> _Exchange:
        behaviour, service = world.behaviour, world.sixtyfour
        told: Headers = ()
        try:
            if not behaviour.serves_api or not methods_of(path):
                raise Refusal(404, "Not Found")
            if scope["method"] not in methods_of(path):
                raise Refusal(405, "Method Not Allowed")
            if is_refused_agent(scope, behaviour.refused_user_agents):
                return _Exchange(Did(Answer(403, b"", ())))
            if (b"x-api-key", self._key) not in scope["headers"]:
                raise Refusal(401)
            operation = operation_of(path)
            counted = operation != "job_status" or behaviour.sixtyfour_polls_limited
            admission = service.gate.admit(behaviour, counted=counted)
            told = admission.headers
            if admission.wait > 0:
                return _Exchange(Did(_with(_too_many(world, admission.wait), told)))
            if operation in behaviour.not_entitled:
                raise Refusal(403)
            call = prepare(service, scope["method"], path, scope["query_string"], raw)
        except Refusal as refusal:
            return _Exchange(Did(_with(refusal_answer(refusal, behaviour), told)))
        subjects = tuple(lead.subject for lead in call.leads)
        about = {lead.person_id for lead in call.leads if lead.person_id is not None}.union(subjects)
        fault = world.faults.decide(operation, None, also=about)
        did = await _carry_out(world, call, fault)
        if fault is not None and fault.kind == "status":
            answer = _too_many(world, 1) if fault.code == 429 else error_answer(fault.code, None, behaviour)
            did = replace(did, answer=answer)
        elif fault is not None and fault.kind == "garbled":
            did = replace(did, answer=GARBLED)
        return _Exchange(replace(did, answer=_with(did.answer, told)), fault, subjects)


async def _carry_out(world: World, call: Call, fault: Fault | None) -> Did:
    if fault is not None and fault.moment == "before":
        return Did(Answer(200, b""))
    fate = cast("Fate", fault.kind) if fault is not None and fault.kind in _FATES else "normal"
    try:
        return await call.run(fate)
    except Refusal as refusal:
        return Did(refusal_answer(refusal, world.behaviour))


def _too_many(world: World, wait: float) -> Answer:
    answer = error_answer(429, None, world.behaviour)
    return come_back(answer, wait, world.behaviour.retry_after, world.now())


def _with(answer: Answer, headers: Headers) -> Answer:
    return replace(answer, headers=(*answer.headers, *headers))
