"""The one question to the vendor: what is left? It is free, asked once a host, of two hosts at most.

What the answer says of host, key, plan and time is judged in `answers`.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

import anyio

from sources.answers import vendor_words
from sources.backoff import Backoff
from sources.clock import SYSTEM_CLOCK, Clock
from sources.clodura.client import CloduraClient, make_transport, read_credits
from sources.clodura.credits import Balance, read_balance
from sources.errors import QuotaExhausted, Unavailable, VendorError
from sources.limits import Counters
from sources.transport import Answer, Timeouts

#: The vendor's documentation names the first, an older guide of its own the second. No key goes to any other host than
#: the one in the settings, or these two where it is one of them.
HOSTS = ("https://api.clodura.ai", "https://app.clodura.ai")
TIMEOUTS = Timeouts(connect=5.0, read=15.0)
#: seconds that our own rate limits are waited for
PATIENCE = 5.0


class Told(StrEnum):
    """What a host's answer is, as far as a doctor cares."""

    BALANCE = "balance"
    NOTHING_THERE = "nothing_there"  # 404, a redirect, or a page that is no balance: perhaps the wrong host
    FRONT_DOOR = "front_door"  # 403 without a word of the API: what stands before it refused us
    NOT_ENTITLED = "not_entitled"  # 403 with one
    KEY_REFUSED = "key_refused"
    REFUSED = "refused"  # another 4xx
    BUSY = "busy"  # 429, 5xx, an answer that broke off
    UNREACHABLE = "unreachable"
    OWN_LIMITS = "own_limits"


#: answers after which the other of the two hosts is tried
TRY_OTHER = frozenset({Told.NOTHING_THERE, Told.FRONT_DOOR, Told.UNREACHABLE})


@dataclass(frozen=True)
class Look:
    """What one host answered. ``ahead``: seconds our clock is ahead of its own, None where it told no time."""

    host: str
    told: Told
    words: str = ""
    balance: Balance = field(default_factory=Balance)
    ahead: float | None = None


@dataclass(frozen=True)
class Asker:
    """Who asks: the key, our rate limits and where they are counted (None: there is no ledger yet)."""

    api_key: str = field(repr=False)
    account: str
    user_agent: str
    rate_limits: tuple[str, ...]
    counters: Counters | None = None
    clock: Clock = SYSTEM_CLOCK
    timeouts: Timeouts = TIMEOUTS


async def ask(base_url: str, asker: Asker, hosts: Sequence[str] = HOSTS) -> list[Look]:
    """Ask the host of the settings; where it seems to be the wrong one of ``hosts``, the other one too."""
    looks = [await _look(base_url, asker)]
    if base_url in hosts and looks[0].told in TRY_OTHER:
        looks += [await _look(other, asker) for other in hosts if other != base_url]
    return looks


async def _look(base_url: str, asker: Asker) -> Look:
    clock = asker.clock
    transport = make_transport(
        base_url,
        asker.api_key,
        rate_limits=asker.rate_limits,
        counters=asker.counters,
        counter_name=asker.account,
        backoff=Backoff(budget=0.0),  # once
        timeouts=asker.timeouts,
        clock=clock,
        user_agent=asker.user_agent,
    )
    try:
        async with transport:
            answer = await CloduraClient(transport).ask_credits(patience=PATIENCE)
            received = clock.time()
    except QuotaExhausted as error:
        return Look(base_url, Told.OWN_LIMITS, str(error))
    except Unavailable as error:
        if error.status is not None:
            return Look(base_url, Told.BUSY, f"it answered {error.status}")
        return Look(base_url, Told.UNREACHABLE, await why_unreachable(base_url))
    # a date has whole seconds: on average half of one has passed
    ahead = None if answer.date is None else received - (answer.date + 0.5)
    told, words, balance = _read(answer)
    return Look(base_url, told, words, balance, ahead)


def _read(answer: Answer) -> tuple[Told, str, Balance]:
    try:
        return Told.BALANCE, "", read_balance(read_credits(answer))
    except VendorError as error:
        words = str(error)
    nothing = Balance()
    if answer.ok:
        return Told.NOTHING_THERE, "it answered with a page that is no balance", nothing
    if answer.status == 404 or 300 <= answer.status < 400:
        return Told.NOTHING_THERE, "it answered 404" if answer.status == 404 else words, nothing
    if answer.status == 401:
        return Told.KEY_REFUSED, words, nothing
    if answer.status == 403:
        if vendor_words(answer.body) is None:
            return (
                Told.FRONT_DOOR,
                "it answered 403 without a word of the API (a front door such as Cloudflare)",
                nothing,
            )
        return Told.NOT_ENTITLED, words, nothing
    return Told.REFUSED, words, nothing


async def why_unreachable(base_url: str) -> str:
    """Why a host gives no answer, as far as its name tells."""
    parts = urlsplit(base_url)
    host = str(parts.hostname)
    with anyio.move_on_after(5.0):
        try:
            await anyio.to_thread.run_sync(socket.getaddrinfo, host, parts.port, abandon_on_cancel=True)
        except OSError:
            return f"the name {host} does not resolve here"
        return f"no answer from {host}: no connection, no encryption both sides trust, or none in time"
    return f"the name {host} did not resolve in time"
