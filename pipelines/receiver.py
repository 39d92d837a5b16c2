"""The webhook receiver: takes what vendors post to capability URLs, keeps it durably, then answers 200.

A path that was not made by us is answered 404 and its body is neither read nor logged. The answer is sent only after
the body is committed to the inbox: a vendor that got 200 may forget it, and so nothing is lost if we die right after.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Awaitable, Callable

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from enrichment.capability import PREFIX, Capability
from sources.errors import ConfigurationError, LedgerError
from sources.redaction import secrets

log = structlog.get_logger("leadsync.receiver")

#: the largest webhook body kept, in bytes
BODY_LIMIT = 1024 * 1024

Keep = Callable[[str, str, bytes], Awaitable[None]]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything is spent; ConfigurationError where that fails."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(1024)
        listening.setblocking(False)
    except OSError as error:
        mend = {
            errno.EADDRINUSE: "Choose another port, or end the program that has it.",
            errno.EACCES: "Choose a port from 1024 on: those below need more rights.",
        }.get(error.errno or 0, "Set webhook.host to an address of this machine: 127.0.0.1, or 0.0.0.0 for all it has.")
        raise ConfigurationError(
            f"webhook.host and webhook.port: cannot listen on {host}:{port} ({error.strerror}). Nothing was sent or "
            f"bought. {mend}"
        ) from None
    return listening


def make_app(capability: Capability, keep: Keep) -> Starlette:
    """The ASGI application. ``keep(provider, request_id, body)`` returns once the body is durable."""

    async def hook(request: Request) -> Response:
        provider, request_id, mac = (request.path_params[name] for name in ("provider", "request_id", "mac"))
        if not capability.holds(provider, request_id, mac):
            return Response(status_code=404)
        try:
            body = await _read(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return Response(status_code=413)
        body = secrets.mask_bytes(body)  # one that repeats our key does not put it into the ledger
        try:
            await keep(provider, request_id, body)
        except LedgerError as error:
            log.error("webhook_not_kept", request_id=request_id, error=str(error))
            return Response(status_code=503)  # a vendor that tries again may find us better
        return JSONResponse({"received": True})

    async def health(request: Request) -> Response:
        return JSONResponse({"ok": True})

    return Starlette(
        routes=[
            Route(PREFIX + "/{provider}/{request_id}/{mac}", hook, methods=["POST"]),
            Route("/health", health, methods=["GET"]),
        ]
    )


def make_server(app: ASGIApp) -> uvicorn.Server:
    """A server for the application; it ends when its ``should_exit`` is set."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="error",
            log_config=None,  # its lines go where all others do: see `pipelines.logs`
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
            timeout_keep_alive=5,
        )
    )


async def _read(request: Request) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > BODY_LIMIT:
            return None
        parts.append(part)
    return b"".join(parts)
