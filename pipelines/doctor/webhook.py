"""The webhook: the receiver that `sync` starts, started here, and a post to it through its own public URL.

The URL posted to is signed with a key made for this look alone: should the post reach a receiver that is not ours (a
sync at work elsewhere), it is answered 404 there and nothing is kept.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
from starlette.types import ASGIApp, Receive, Scope, Send

from enrichment.capability import PREFIX, Capability
from enrichment.ids import new_id
from pipelines import receiver, webhooks
from pipelines.doctor.checks import Check, by_error, failed, ok, skipped, warning
from pipelines.settings import Settings
from sources.backoff import Backoff
from sources.clock import SYSTEM_CLOCK
from sources.errors import ConfigurationError, Unavailable
from sources.limits import RateLimiter
from sources.providers import Channel
from sources.transport import Timeouts, Transport, is_loopback

TIMEOUTS = Timeouts(connect=5.0, read=10.0)
_PROVIDER = "doctor"
_BODY = {"leadsync": "doctor"}


@dataclass
class Echo:
    """What came of a post to our own URL. ``status`` None: no answer. ``paths``: what reached the receiver at all."""

    url: str = field(repr=False)
    status: int | None = None
    kept: bool = False
    paths: list[str] = field(default_factory=list, repr=False)


def check_webhook(settings: Settings, user_agent: str, needed_for: Sequence[Channel], alone: bool) -> Check:
    """``needed_for``: what is bought only with a URL to post the answer to. ``alone``: no sync is at work here."""
    webhook = settings.webhook
    try:
        reception = webhooks.plan_reception(webhook, settings.clodura.base_url, needed_for)
        if reception.warning:
            return warning("webhook", reception.warning, "Set webhook.port, or answers take more of the day's calls.")
        if reception.address is None:
            return skipped("webhook", _no_reception(settings))
        if not alone and reception.address[1]:
            return skipped(
                "webhook", "left to the sync that is at work here, which listens itself", "Look when it is through."
            )
        base, listening = webhooks.open_reception(reception)
    except ConfigurationError as error:
        return by_error("webhook", error)
    assert base is not None
    assert listening is not None
    host, port = listening.getsockname()[:2]
    with listening:
        echo = anyio.run(post_to_oneself, base, listening, user_agent)
    return judge_echo(echo, base, f"{host}:{port}")


def _no_reception(settings: Settings) -> str:
    if settings.webhook.mode == "poll":
        given = settings.webhook.public_url or "no URL"
        return f'webhook.mode = "poll": answers are fetched, nobody listens; vendors are given {given}'
    return "nothing that is bought needs one, and none is set"


async def post_to_oneself(base: str, listening: socket.socket, user_agent: str, timeouts: Timeouts = TIMEOUTS) -> Echo:
    """Start the receiver, post to it through ``base``, end it. Nothing is written down anywhere."""
    request_id = new_id()
    capability = Capability(secrets.token_hex(32))
    echo = Echo(capability.url(base, _PROVIDER, request_id))

    async def keep(provider: str, kept_id: str, body: bytes) -> None:
        echo.kept |= (provider, kept_id) == (_PROVIDER, request_id)

    server = receiver.make_server(_watched(receiver.make_app(capability, keep), echo))
    limiter = RateLimiter([], SYSTEM_CLOCK, share=0.0)
    once = Backoff(budget=0.0)
    transport = Transport(base, {}, limiter, backoff=once, timeouts=timeouts, user_agent=user_agent)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listening])
        try:
            async with transport:
                answer = await transport.fetch("POST", echo.url.removeprefix(transport.base_url), json=_BODY)
                echo.status = answer.status
        except Unavailable as error:
            echo.status = error.status
        finally:
            server.should_exit = True
    return echo


def _watched(app: ASGIApp, echo: Echo) -> ASGIApp:
    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            echo.paths.append(scope["path"])
        await app(scope, receive, send)

    return watched


def judge_echo(echo: Echo, base: str, address: str) -> Check:
    """What the echo says of the way from the public URL to the receiver. Pure."""
    way = f"{base} -> {address}"
    if echo.kept and echo.status is not None and 200 <= echo.status < 300:
        return ok("webhook", f"a post to {base} arrived at the receiver on {address}")
    if echo.kept:
        return warning(
            "webhook",
            f"a post to {base} arrived at the receiver on {address}, but the answer on the way back was "
            f"{echo.status or 'lost'}",
            "Look at the proxy in front: a vendor that gets no 200 may post again, or give up. Answers are polled too.",
        )
    if echo.paths:
        return warning(
            "webhook",
            f"{way}: the post arrived, but at another path than it was sent to: its answer would be turned away",
            f"Let the proxy in front hand on the path as it is: it must begin with {PREFIX}/ here.",
        )
    local = is_loopback(base)
    verdict = failed if local else warning
    if echo.status is None:
        return verdict(
            "webhook",
            f"{way}: no answer to a post from this machine",
            "webhook.public_url must lead to webhook.port."
            if local
            else "Behind NAT a machine often cannot reach itself though the world can: open "
            f"{base}/health from elsewhere while a sync runs; it says ok. Else check the name, the certificate, the "
            f"forwarding to {address} and the firewall. Until then answers are fetched by polling.",
        )
    return verdict(
        "webhook",
        f"{way}: {base} answered {echo.status}, and nothing arrived here: somebody else answers there",
        f"Let that server or tunnel hand on {PREFIX}/ to {address}. Until then answers are fetched by polling.",
    )
