"""Clodura as `sources.registry` knows it: how it is connected to, and what it sells. It signs no webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sources.clodura import provider
from sources.clodura.client import CloduraClient, make_transport
from sources.clodura.settings import CloduraSettings
from sources.connecting import Given, WebhookCheck
from sources.providers import Channel, Operation


@asynccontextmanager
async def connect(settings: CloduraSettings, given: Given) -> AsyncIterator[provider.CloduraProvider]:
    """See `Connecting.connect`. The provider's ``client`` is what searches go through, too."""
    transport = make_transport(
        settings.base_url,
        given.api_key,
        rate_limits=tuple(settings.rate_limits),
        counters=given.counters,
        counter_name=given.account,
        collects=given.collects,
        paid_concurrency=given.paid_concurrency,
        user_agent=given.user_agent,
        clock=given.clock,
    )
    async with transport:
        client = CloduraClient(transport)
        yield provider.CloduraProvider(client, settings.plan, settings.phone_via_partners, deep=given.deep)


def operations(settings: CloduraSettings) -> Mapping[Channel, Operation]:
    """See `Connecting.operations`."""
    return provider.operations(settings.plan)


def webhook_check(settings: CloduraSettings) -> WebhookCheck | None:
    """See `Connecting.webhook_check`."""
    return None
