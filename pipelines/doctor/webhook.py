"""The webhook: the receiver that `sync` starts, started here, and a post to it through its own public URL.

The URL posted to is signed with a key made for this look alone: should the post reach a receiver that is not ours (a
sync at work elsewhere), it is answered 404 there and nothing is kept. Where `serve` listens, the post goes to it
instead, signed with its own key, in the name that every receiver answers and keeps nothing of.
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


def check_webhook(
    settings: Settings,
    user_agent: str,
    needed_for: Sequence[Channel],
    alone: bool,
    service: Capability | None = None,
) -> Check:
    """``needed_for``: what is bought only with a URL to post the answer to. ``alone``: no sync is at work here.

    ``service``: what a `serve` that runs for this ledger checks webhook URLs by.
    """
    webhook = settings.webhook
    try:
        reception = webhooks.plan_reception(webhook, settings.clodura.base_url, needed_for)
        if reception.warning:
            return warning("webhook", reception.warning, "Set webhook.port, or answers take more of the day's calls.")
        if reception.address is None:
            return skipped("webhook", _no_reception(settings))
        if service is not None and reception.address[1]:
            base, address = webhooks.plan_service(webhook, settings.clodura.base_url)
            return _check_service(base, address, service, user_agent)
        if not alone and reception.address[1]:
            return skipped(
                "webhook", "left to the sync that is at work here, which listens itself", "Look when it is through."
            )
        opened = webhooks.open_reception(reception)
    except ConfigurationError as error:
        return by_error("webhook", error)
    assert opened.base is not None
    assert opened.listening is not None
    host, port = opened.listening.getsockname()[:2]
    with opened.listening:
        echo = anyio.run(post_to_oneself, opened.base, opened.listening, user_agent)
    return judge_echo(echo, opened.base, f"{host}:{port}")


def _check_service(base: str, address: tuple[str, int], service: Capability, user_agent: str) -> Check:
    echo = anyio.run(post_to_service, base, service, user_agent)
    nearby = webhooks.url_of(*address)
    direct = None
    if echo.status != 200 and is_loopback(nearby):
        direct = echo if nearby == base else anyio.run(post_to_service, nearby, service, user_agent)
    return judge_service(echo, direct, base, f"{address[0]}:{address[1]}")


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

    async def keep(provider: str, kept_id: str, body: bytes, content_type: str | None, event_id: str | None) -> bool:
        echo.kept |= (provider, kept_id) == (_PROVIDER, request_id)
        return True

    server = receiver.make_server(_watched(receiver.make_app(capability, keep), echo))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve, [listening])
        try:
            await _post(echo, base, user_agent, timeouts)
        finally:
            server.should_exit = True
    return echo


async def post_to_service(base: str, service: Capability, user_agent: str, timeouts: Timeouts = TIMEOUTS) -> Echo:
    """Post to a `serve` through ``base``. It makes sure that it could keep what came, and keeps nothing."""
    echo = Echo(service.url(base, receiver.ECHO, new_id()))
    await _post(echo, base, user_agent, timeouts)
    return echo


async def _post(echo: Echo, base: str, user_agent: str, timeouts: Timeouts) -> None:
    limiter = RateLimiter([], SYSTEM_CLOCK, share=0.0)
    once = Backoff(budget=0.0)
    transport = Transport(base, {}, limiter, backoff=once, timeouts=timeouts, user_agent=user_agent)
    try:
        async with transport:
            answer = await transport.fetch("POST", echo.url.removeprefix(transport.base_url), json=_BODY)
            echo.status = answer.status
    except Unavailable as error:
        echo.status = error.status


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


def judge_service(echo: Echo, direct: Echo | None, base: str, address: str) -> Check:
    """What a post through the public URL says of a `serve`, and one to its own address where that was made. Pure."""
    if echo.status == 200:
        return ok("webhook", f"a post to {base} arrived at the leadsync serve that listens on {address}")
    nearest = echo if direct is None else direct
    if nearest.status == 503:
        return failed(
            "webhook",
            f"the leadsync serve on {address} answered 503: it cannot keep what comes",
            "Its log says why: the inbox beside the ledger is locked, or its disk is full.",
        )
    if direct is not None and direct.status == 404:
        return failed(
            "webhook",
            f"the leadsync serve on {address} does not know the URLs that a sync would give to vendors",
            "It was started with other signing keys than the settings have now: end it and start it again.",
        )
    if direct is not None and direct.status is None:
        return failed(
            "webhook",
            f"a leadsync serve runs for this ledger, but nobody answers on {address}",
            "It was started with other settings of webhook.host and webhook.port, or cannot get the port: look at its "
            "log, end it and start it again.",
        )
    return judge_echo(echo, base, address)
