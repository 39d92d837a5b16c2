"""The ASGI application: routes a request, checks its key and the limits, lets faults happen, and books all of it.

Paths and methods: search, reveal, verify, enrich and credits pages, each in section Endpoint. What is below the second
vendor's prefix is that one's own.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from typing import Final, cast

from sandbox.behaviour import Behaviour
from sandbox.bodies import Refused
from sandbox.calls import Prepared
from sandbox.control import PREFIX, control
from sandbox.faults import Fault
from sandbox.jobs import Fate
from sandbox.sixtyfour.app import PREFIX as SIXTYFOUR
from sandbox.sixtyfour.app import SixtyfourApp
from sandbox.wire import (
    GARBLED,
    UNANSWERED,
    Answer,
    Receive,
    Reply,
    Scope,
    Send,
    come_back,
    error_answer,
    give,
    is_refused_agent,
    json_answer,
    read,
    send_answer,
)
from sandbox.world import Vendor, World

_ROUTES: Final = {
    ("POST", "/api/v1/search/people"): "search",
    ("POST", "/api/v1/search/people/email/match"): "reveal_email",
    ("POST", "/api/v1/search/people/phone/match"): "reveal_phone",
    ("POST", "/api/v1/verify/email"): "verify_email",
    ("POST", "/api/v1/cleanup/enrich"): "enrich_contact",
    ("POST", "/api/v1/organisation/enrich"): "enrich_organization",
    ("GET", "/api/v1/credits"): "credits",
}
_TRACK: Final = "/api/v1/search/people/track/"
_UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class _Exchange:
    """What is to be said to a call, and how: as it is, or with a fault."""

    answer: Answer
    fault: Fault | None = None
    person_id: str | None = None
    acted: bool = False
    subject: str | None = None


class Sandbox:
    """The application. The second vendor takes the same key unless it has one of its own."""

    def __init__(self, vendor: Vendor, api_key: str, sixtyfour_api_key: str | None = None) -> None:
        self._vendor = vendor
        self._sixtyfour = SixtyfourApp(vendor, sixtyfour_api_key or api_key)
        self._key = api_key.encode()
        self._jitter = random.Random(f"{vendor.start.seed}:latency")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan of the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["path"].startswith(PREFIX):
            await send_answer(send, await control(self._vendor, scope, await read(receive)))
        elif scope["path"].startswith(f"{SIXTYFOUR}/"):
            await self._sixtyfour(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._vendor.world.close()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        world, path = self._vendor.world, scope["path"]
        operation = _ROUTES.get((scope["method"], path), _UNKNOWN)
        if scope["method"] == "GET" and path.startswith(_TRACK):
            operation = "track"
        number = world.books.arrived(operation)
        exchange = await self._exchange(world, operation, scope, await read(receive))
        least, most = world.behaviour.latency
        if most > 0:
            await asyncio.sleep(self._jitter.uniform(least, most))
        fault = exchange.fault
        kind = fault.kind if fault else None
        world.books.answered(
            number,
            None if kind in UNANSWERED else exchange.answer.status,
            person_id=exchange.person_id,
            acted=exchange.acted,
            fault=fault.name if fault else None,
            subject=exchange.subject,
        )
        await give(scope, receive, send, exchange.answer, kind, world.behaviour.silence_seconds)

    async def _exchange(self, world: World, operation: str, scope: Scope, raw: bytes) -> _Exchange:
        behaviour = world.behaviour
        try:
            if not behaviour.serves_api:
                raise Refused(404, "Route NOT FOUND")
            if is_refused_agent(scope, behaviour.refused_user_agents):
                return _Exchange(Answer(403, b"", ()))
            if (b"x-api-key", self._key) not in scope["headers"]:
                raise Refused(401, "Invalid access credentials")
            if operation == _UNKNOWN:
                raise Refused(404, "Route NOT FOUND")
            wait = world.limiter.wait()
            if wait > 0:
                return _Exchange(_too_many(behaviour, wait, world.now()))
            if operation in behaviour.not_entitled:
                raise Refused(403, "This endpoint is not available on your plan")
            prepared = _prepare(world, operation, scope["path"], raw)
        except Refused as refusal:
            return _Exchange(error_answer(refusal.status, refusal.message, behaviour.error_body))
        subject = prepared.subject or prepared.person_id
        fault = world.faults.decide(operation, prepared.person_id, subject)
        exchange = _Exchange(Answer(200, b""), fault, prepared.person_id, subject=subject)
        if fault is None or fault.moment == "after":
            reply = await _run(prepared, fault, behaviour)
            exchange = replace(exchange, answer=reply.answer, acted=reply.acted)
        if fault is not None and fault.kind == "status":
            answer = error_answer(fault.code, "An unexpected error occurred", behaviour.error_body)
            return replace(exchange, answer=_too_many(behaviour, 1, world.now()) if fault.code == 429 else answer)
        return replace(exchange, answer=GARBLED) if fault is not None and fault.kind == "garbled" else exchange


async def _run(prepared: Prepared, fault: Fault | None, behaviour: Behaviour) -> Reply:
    fate = cast("Fate", fault.kind) if fault is not None and fault.kind in {"dropped", "failed"} else "normal"
    try:
        return await prepared.run(fate)
    except Refused as refusal:
        return Reply(error_answer(refusal.status, refusal.message, behaviour.error_body))


def _prepare(world: World, operation: str, path: str, raw: bytes) -> Prepared:
    """Make ready what the call asks for. Raises Refused."""
    match operation:
        case "reveal_email" | "reveal_phone":
            return world.reveals.prepare(operation, raw)
        case "verify_email":
            return world.verifications.prepare(raw)
        case "enrich_contact":
            return world.contacts.prepare(raw)
        case "enrich_organization":
            return world.companies.prepare(raw)

    async def run(_fate: Fate) -> Reply:
        if operation == "search":
            return world.search.answer(raw)
        if operation == "track":
            return Reply(world.tracking.answer(path.removeprefix(_TRACK)))
        if not world.behaviour.credits_page:
            raise Refused(404, "Route NOT FOUND")
        return Reply(json_answer(world.account.answer(world.behaviour)))

    return Prepared(None, run)


def _too_many(behaviour: Behaviour, wait: float, now: float) -> Answer:
    answer = error_answer(429, "Rate limit exceeded", behaviour.error_body)
    return come_back(answer, wait, behaviour.retry_after, now)
