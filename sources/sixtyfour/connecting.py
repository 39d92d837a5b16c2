"""Sixtyfour as `sources.registry` knows it: how it is connected to, what it sells, how its webhooks are signed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sources.backoff import Backoff
from sources.connecting import Checked, Given, Left, Signed, WebhookCheck
from sources.providers import Channel, Operation, Provider
from sources.sixtyfour import provider, signature
from sources.sixtyfour.balance import CENTS_A_CREDIT
from sources.sixtyfour.client import SixtyfourClient, make_transport
from sources.sixtyfour.settings import SixtyfourSettings
from sources.transport import Timeouts, Transport

_SIGNED = {
    signature.Verdict.GOOD: Signed.GOOD,
    signature.Verdict.MISSING: Signed.MISSING,
    signature.Verdict.STALE: Signed.STALE,
}
#: of a look at the balance: seconds to wait for the vendor, and for our own rate limits
LOOK_TIMEOUTS, LOOK_PATIENCE = Timeouts(connect=5.0, read=15.0), 5.0


@asynccontextmanager
async def connect(settings: SixtyfourSettings, given: Given) -> AsyncIterator[Provider]:
    """See `Connecting.connect`."""
    async with _transport(settings, given) as transport:
        yield provider.SixtyfourProvider(
            SixtyfourClient(transport),
            settings.mode,
            verify_emails=settings.verify_emails,
            providers=settings.providers,
            wait=given.single,
        )


async def balance(settings: SixtyfourSettings, given: Given) -> Left:
    """See `Balancing.balance`."""
    async with _transport(settings, given, timeouts=LOOK_TIMEOUTS, backoff=Backoff(budget=0.0)) as transport:
        found = await SixtyfourClient(transport).look(patience=LOOK_PATIENCE)
    if found is None or found.credits is None:
        return Left(None)
    rate = f"at {CENTS_A_CREDIT} cents a credit, a rate that no page states"
    return Left(found.cents, f"{found.credits / 100:,.10g} credits, {rate}")


def _transport(settings: SixtyfourSettings, given: Given, **options: Any) -> Transport:
    return make_transport(
        settings.base_url,
        given.api_key,
        rate_limits=tuple(settings.rate_limits),
        counters=given.counters,
        counter_name=given.account,
        collects=given.collects,
        paid_concurrency=given.paid_concurrency,
        user_agent=given.user_agent,
        clock=given.clock,
        **options,
    )


def operations(settings: SixtyfourSettings) -> Mapping[Channel, Operation]:
    """See `Connecting.operations`."""
    return provider.operations(settings.mode)


def webhook_check(settings: SixtyfourSettings) -> WebhookCheck | None:
    """See `Connecting.webhook_check`. Without a secret its webhooks are not signed, and the URL alone proves them."""
    secret = settings.webhook_secret
    event_id, signed_by = signature.EVENT_ID.lower(), signature.SIGNATURE.lower()

    def check(headers: Mapping[str, list[str]], body: bytes, now: float) -> Checked:
        event = next(iter(headers.get(event_id, [])), None)
        if not secret:
            return Checked(Signed.GOOD, event)
        # a header that comes in several lines is one with commas
        verdict = signature.verify([secret.strip()], ",".join(headers.get(signed_by, [])), body, now)
        return Checked(_SIGNED.get(verdict, Signed.WRONG), event)

    return check
