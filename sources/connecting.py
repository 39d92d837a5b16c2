"""What a run gives a vendor to connect with, and what it gets of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from sources.clock import Clock
from sources.limits import Counters
from sources.providers import Channel, Operation, Provider


@dataclass(frozen=True)
class Given:
    """What a connection is made with, beside the vendor's own settings. ``account`` names the rate counters."""

    api_key: str = field(repr=False)
    account: str
    counters: Counters | None  # None: nothing is kept beyond this connection
    clock: Clock
    #: paid requests on the wire at a time
    paid_concurrency: int
    user_agent: str
    #: ask for the deeper of two verifications, where there are two
    deep: bool = False
    #: one person is asked for, and somebody waits: where the vendor can, let the answer come with the request
    single: bool = False
    #: whether answers may have to be collected here: only while that is so, a part of the day's calls is kept for them
    collects: Callable[[], bool] = lambda: True


class Signed(StrEnum):
    """Whether a webhook bears the signature that it should."""

    GOOD = "good"
    MISSING = "missing"
    WRONG = "wrong"  # by another key, of another body, or no signature at all by its form
    STALE = "stale"  # too old, or from a clock that is ahead


@dataclass(frozen=True)
class Checked:
    """What the headers of a webhook say. ``event_id``: the same for every delivery of one event; None: not told."""

    signed: Signed
    event_id: str | None = field(default=None, repr=False)  # whatever a header holds


#: (headers by lower-case name, with all their values in order; raw body; epoch seconds)
WebhookCheck = Callable[[Mapping[str, list[str]], bytes, float], Checked]


@dataclass(frozen=True)
class Left:
    """What is left on an account, in 1/100 of the vendor's unit; None: not told. ``words``: the same as it was told."""

    amount: int | None
    words: str = ""


class Connecting(Protocol):
    """The module ``sources/<vendor>/connecting.py``. One that can look up what is left is a `Balancing`, too."""

    def connect(self, settings: Any, given: Given) -> AbstractAsyncContextManager[Provider]:
        """A provider, for as long as the context lasts."""
        ...

    def operations(self, settings: Any) -> Mapping[Channel, Operation]:
        """What can be bought there with these settings, by channel, without connecting."""
        ...

    def webhook_check(self, settings: Any) -> WebhookCheck | None:
        """How its webhooks prove where they come from, beside the URL they are posted to; None: not at all."""
        ...


@runtime_checkable
class Balancing(Protocol):
    """A vendor that tells what is left, by a free call."""

    async def balance(self, settings: Any, given: Given) -> Left:
        """Look it up: one attempt, with little patience. It proves host and key, too.

        Raises a `VendorError`; `NotProven` where the host does not seem to be the vendor's.
        """
        ...
