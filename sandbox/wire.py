"""Answers as values, and the ways of giving one, or none, on an open connection."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from email.utils import formatdate
from html import escape
from typing import Any, Final, cast

import orjson

from sandbox.behaviour import ErrorBody, RetryAfter

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CONNECTION: Final = "sandbox.connection"
"""The name in ``scope["extensions"]`` under which the server hands in the transport of a request."""

_JSON: Final = (b"content-type", b"application/json; charset=utf-8")
_HTML: Final = (b"content-type", b"text/html; charset=UTF-8")
_TEXT: Final = (b"content-type", b"text/plain; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body, and its headers without content-length."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = (_JSON,)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and whether the call made a job or a charge."""

    answer: Answer
    acted: bool = False


def json_answer(body: object, status: int = 200) -> Answer:
    """``body`` as JSON."""
    return Answer(status, orjson.dumps(body))


GARBLED: Final = Answer(200, b"<!DOCTYPE html><html><title>Just a moment...</title></html>", (_HTML,))
"""What a proxy in between may put in an answer's place."""


def error_answer(status: int, message: str, form: ErrorBody) -> Answer:
    """An error. No page shows the body of one: a message, nothing, or the page of a proxy are all plausible."""
    if form == "message":
        return json_answer({"message": message}, status)
    if form == "error":
        return json_answer({"statusCode": status, "error": {"code": f"E{status}", "detail": message}}, status)
    if form == "text":
        return Answer(status, message.encode(), (_TEXT,))
    if form == "empty":
        return Answer(status, b"", ())
    page = f"<!DOCTYPE html><html><head><title>{status}</title></head><body>{escape(message)}</body></html>"
    return Answer(status, page.encode(), (_HTML,))


def come_back(answer: Answer, seconds: float, form: RetryAfter, now: float) -> Answer:
    """``answer`` with a Retry-After of at least ``seconds`` (RFC 9110, section 10.2.3), if it is to have one."""
    if form == "none":
        return answer
    whole = max(1, -int(-seconds // 1))
    value = str(whole) if form == "seconds" else formatdate(now + whole, usegmt=True)
    return Answer(answer.status, answer.body, (*answer.headers, (b"retry-after", value.encode())))


async def read(receive: Receive) -> bytes:
    """The body of a request."""
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def send_answer(send: Send, answer: Answer) -> None:
    """Give the answer."""
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body})


async def cut(scope: Scope, receive: Receive, send: Send, answer: Answer) -> None:
    """Give half of the answer and close the connection."""
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
    _transport(scope).close()
    await _disconnected(receive)


async def reset(scope: Scope, receive: Receive) -> None:
    """End the connection with a TCP reset and without an answer."""
    transport = _transport(scope)
    # A second handle on the same socket: SO_LINGER with no time to linger makes the close that follows a reset, and
    # the transports of different event loops offer no way to set it.
    with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as handle:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    await _disconnected(receive)


async def stay_silent(scope: Scope, receive: Receive, seconds: float) -> None:
    """Leave the client without an answer until it goes away or the time is over, then reset the connection."""
    try:
        await asyncio.wait_for(_disconnected(receive), seconds)
    except TimeoutError:
        await reset(scope, receive)


UNANSWERED: Final = {"reset", "cut", "silence"}
"""Kinds of faults that leave a call without an answer."""


async def give(
    scope: Scope, receive: Receive, send: Send, answer: Answer, fault: str | None, silence_seconds: float
) -> None:
    """Give the answer, or what is left of it where a fault of that kind keeps it back."""
    match fault:
        case "reset":
            await reset(scope, receive)
        case "silence":
            await stay_silent(scope, receive, silence_seconds)
        case "cut":
            await cut(scope, receive, send, answer)
        case _:
            await send_answer(send, answer)


def is_refused_agent(scope: Scope, starts: tuple[str, ...]) -> bool:
    """Whether the request's User-Agent begins with one of these."""
    refused = tuple(start.encode() for start in starts)
    return bool(refused) and any(
        name == b"user-agent" and value.startswith(refused) for name, value in scope["headers"]
    )


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(answer: Answer) -> Message:
    # RFC 9110, section 8.6: no length in a 204.
    length = [] if answer.status == 204 else [(b"content-length", b"%d" % len(answer.body))]
    return {"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, *length]}


def _transport(scope: Scope) -> asyncio.Transport:
    return cast("asyncio.Transport", scope["extensions"][CONNECTION]["transport"])
