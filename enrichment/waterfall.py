"""The waterfall: which provider is asked next for a person's contact, by what those before it have said. Pure.

Providers are asked one after the other, in the configured order, each only when those before it have settled with less
than is wanted. One that cannot be asked now (out of credits, refused, failing) is passed over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sources.providers import CONTACTS, Channel, EmailStatus


class StopWhen(StrEnum):
    """What is enough of an e-mail address; of phones any number is."""

    ANY = "any"  # an address that nobody calls undeliverable
    RISKY = "risky"  # one that was verified, though it may be a catch-all
    DELIVERABLE = "deliverable"


_ENOUGH: Mapping[StopWhen, frozenset[EmailStatus]] = {
    StopWhen.ANY: frozenset(EmailStatus) - {EmailStatus.UNDELIVERABLE},
    StopWhen.RISKY: frozenset({EmailStatus.DELIVERABLE, EmailStatus.RISKY}),
    StopWhen.DELIVERABLE: frozenset({EmailStatus.DELIVERABLE}),
}


class Standing(StrEnum):
    """How the purchase of a contact stands at one provider."""

    UNASKED = "unasked"  # never asked, or to be asked anew: void, out of credits half-way, stale
    PLANNED = "planned"  # asked for by us, and not sent yet
    WAITING = "waiting"  # on the wire, accepted, or in doubt: an answer may come
    LESS = "less"  # has ended, with less than is wanted
    ENOUGH = "enough"


@dataclass(frozen=True)
class Waterfall:
    """Whom to ask, by channel, in this order. ``in_doubt_after``: seconds after which a call in doubt holds back the
    next provider no longer; None: until it is resolved."""

    order: Mapping[Channel, Sequence[str]] = field(default_factory=dict)
    stop_when: StopWhen = StopWhen.ANY
    in_doubt_after: float | None = None

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The contacts that are wanted."""
        return tuple(channel for channel in CONTACTS if self.order.get(channel))

    def goes_on(self, channel: Channel) -> bool:
        """Whether anybody may be asked after the first."""
        return len(self.order.get(channel, ())) > 1


def enough(channel: Channel, statuses: Collection[EmailStatus], stop_when: StopWhen) -> bool:
    """Whether what a provider has found is all that is wanted; ``statuses`` are of its addresses."""
    return channel is not Channel.EMAIL or any(status in _ENOUGH[stop_when] for status in statuses)


def candidates(
    order: Sequence[str], standings: Mapping[str, Standing], passed_over: Collection[str] = ()
) -> tuple[str, ...]:
    """The providers to ask next, best first: the first of them that can be asked at all is. Empty: nobody, for now.

    While anybody's answer may still come, nobody else is asked: it may be the one that is wanted, and both would be
    paid. A provider that has left the order counts all the same.
    """
    if any(standing in (Standing.ENOUGH, Standing.WAITING) for standing in standings.values()):
        return ()
    open_ = [name for name in order if standings.get(name, Standing.UNASKED) is not Standing.LESS]
    return tuple(name for name in open_ if name not in passed_over)
