"""The ASGI application: a body is committed to the inbox, then answered with 200; nothing else is ever kept.

A path that was not made by us is answered 404 and its body is neither read nor logged. A vendor that got 200 may forget
what it posted, and so nothing is lost if we die right after. Where it cannot be kept the answer is 503, and there is no
other 5xx: a vendor that tries again may find us better.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from enrichment.capability import PREFIX, Capability
from pipelines.receiver import bodies, openapi
from sources.connecting import Checked, Signed, WebhookCheck
from sources.crashpoints import reach
from sources.errors import LedgerError
from sources.redaction import secrets

log = structlog.get_logger("leadsync.receiver")

#: ``keep(provider, request_id, body, content_type, event_id)`` returns once the body is durable: whether it was new
Keep = Callable[[str, str, bytes, str | None, str | None], Awaitable[bool]]
#: makes sure that something could be kept now; LedgerError where not
Prove = Callable[[], Awaitable[None]]

#: a post in the name of this provider is answered as any other and kept nowhere: `doctor` looks at the way with it
ECHO = "leadsync"
#: seconds between lines in the log about what cannot be kept
SAY_EVERY = 1.0


@dataclass
class Tally:
    """What came. ``known``: lay in the inbox already; ``refused``: not ours, or no document; ``cut_off``: too slow."""

    kept: int = 0
    known: int = 0
    refused: int = 0
    not_kept: int = 0
    cut_off: int = 0
    #: on a good URL, but not signed as the vendor signs
    unsigned: int = 0


async def _nothing_to_prove() -> None:
    return


def make_app(
    capability: Capability,
    keep: Keep,
    prove: Prove = _nothing_to_prove,
    tally: Tally | None = None,
    checks: Mapping[str, WebhookCheck] | None = None,
) -> Starlette:
    """The application. LedgerError of ``keep`` and ``prove`` becomes 503.

    ``checks``: how webhooks of a vendor prove where they come from, beside the URL.
    """
    return _Hooks(capability, keep, prove, tally or Tally(), checks or {}).app()


class _Hooks:
    def __init__(
        self, capability: Capability, keep: Keep, prove: Prove, tally: Tally, checks: Mapping[str, WebhookCheck]
    ) -> None:
        self._capability = capability
        self._keep = keep
        self._prove = prove
        self._tally = tally
        self._checks = checks
        self._said_at = float("-inf")

    def app(self) -> Starlette:
        app = Starlette(
            routes=[
                Route(PREFIX + "/{provider}/{request_id}/{mac}", self.hook, methods=["POST"]),
                Route("/health", self.health, methods=["GET"]),
                Route("/openapi.json", self.openapi, methods=["GET"]),
            ],
            exception_handlers={HTTPException: self.refuse, Exception: self.broken},
        )
        app.router.redirect_slashes = False
        return app

    async def hook(self, request: Request) -> Response:
        provider, request_id, mac = (request.path_params[name] for name in ("provider", "request_id", "mac"))
        if not self._capability.holds(provider, request_id, mac):
            return self._refused(404)
        content_type = request.headers.get("content-type")
        if not bodies.may_hold_document(content_type):
            return self._refused(415)
        try:
            raw = await bodies.read(request)
            checked = self._check(provider, request, raw)
            if checked.signed is not Signed.GOOD:
                return self._unsigned(provider, checked)
            body = bodies.unpacked(raw, request.headers.get("content-encoding"))
        except bodies.TooLarge:
            return self._refused(413)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        if not body:
            return self._refused(400)
        if provider == ECHO:
            return await self._proven({"received": True})
        # one that repeats our key does not put it into the ledger
        return await self._kept(provider, request_id, secrets.mask_bytes(body), content_type, checked.event_id)

    def _check(self, provider: str, request: Request, raw: bytes) -> Checked:
        check = self._checks.get(provider)
        if check is None:
            return Checked(Signed.GOOD)
        headers: dict[str, list[str]] = {}
        for name, value in request.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        return check(headers, raw, time.time())

    def _unsigned(self, provider: str, checked: Checked) -> Response:
        """The URL is ours, the sender proves nothing: told, for a wrong secret of ours would refuse all answers."""
        self._tally.unsigned += 1
        if time.monotonic() - self._said_at >= SAY_EVERY:
            self._said_at = time.monotonic()
            log.warning("webhook_not_signed", provider=provider, signature=checked.signed, so_far=self._tally.unsigned)
        return self._refused(401)

    async def _kept(
        self, provider: str, request_id: str, body: bytes, content_type: str | None, event_id: str | None
    ) -> Response:
        reach("receiver.before")
        try:
            new = await self._keep(provider, request_id, body, content_type, event_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the vendor must not take it for kept
            self._tally.not_kept += 1
            self._say_not_kept(error)
            return JSONResponse({"received": False}, 503)
        reach("receiver.after")
        self._tally.kept += new
        self._tally.known += not new
        return JSONResponse({"received": True})

    async def _proven(self, answer: dict[str, bool]) -> Response:
        try:
            await self._prove()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing is well
            self._say_not_kept(error)
            return JSONResponse(dict.fromkeys(answer, False), 503)
        return JSONResponse(answer)

    async def health(self, request: Request) -> Response:
        return await self._proven({"ok": True, "inbox_writable": True})

    async def openapi(self, request: Request) -> Response:
        return JSONResponse(openapi.DOCUMENT)

    async def refuse(self, request: Request, error: Exception) -> Response:
        """A path or a method that there is not."""
        assert isinstance(error, HTTPException)
        return self._refused(error.status_code, dict(error.headers or {}))

    async def broken(self, request: Request, error: Exception) -> Response:
        """A mistake of ours: the vendor may find it mended later."""
        self._tally.not_kept += 1
        self._say_not_kept(error)
        return Response(status_code=503)

    def _refused(self, status: int, headers: dict[str, str] | None = None) -> Response:
        self._tally.refused += 1
        return Response(status_code=status, headers=headers)

    def _say_not_kept(self, error: Exception) -> None:
        """At a bounded rate, and not what was posted: an error that is not ours may quote it."""
        if time.monotonic() - self._said_at >= SAY_EVERY:
            self._said_at = time.monotonic()
            reason = str(error) if isinstance(error, LedgerError) else type(error).__name__
            log.error("webhook_not_kept", error=reason, so_far=self._tally.not_kept)
