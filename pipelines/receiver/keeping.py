"""What the receiver does with a body: into the inbox, and only then is it done."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from enrichment.ids import micros
from enrichment.inbox import Document, Inbox, documents
from pipelines.receiver.app import Keep, Prove
from sources.clock import Clock
from sources.errors import LedgerError

#: characters of a content type that are kept
_CONTENT_TYPE_LIMIT = 200
#: characters of an event's id that tell it from others
_EVENT_ID_LIMIT = 200
#: seconds for which a look whether the inbox is still in its place holds
_PLACE_HOLDS = 0.2
#: seconds for which a look whether the inbox can be written holds: /health is open to everybody
_LOOK_HOLDS = 1.0
#: seconds that whoever asks is kept waiting for a lock
_PATIENCE = 3.0


def keeping(inbox: Inbox, clock: Clock, news: Callable[[], None] = lambda: None) -> Keep:
    """Keeps into ``inbox`` and calls ``news`` after what was new."""

    looked_at = float("-inf")

    async def keep(provider: str, request_id: str, body: bytes, content_type: str | None, event_id: str | None) -> bool:
        nonlocal looked_at
        if clock.monotonic() - looked_at >= _PLACE_HOLDS:
            inbox.check_place()
            looked_at = clock.monotonic()
        kept_as = content_type[:_CONTENT_TYPE_LIMIT] if content_type else None
        event = event_id[:_EVENT_ID_LIMIT] if event_id else None
        new = await inbox.run(documents.keep, Document(provider, request_id, micros(clock), body, kept_as, event))
        if new:
            news()
        return new

    return keep


def proving(inbox: Inbox, clock: Clock) -> Prove:
    """Makes sure that the inbox can be written, looking at most once a second however often it is asked."""
    lock = anyio.Lock()
    looked_at, trouble = float("-inf"), None

    async def look() -> LedgerError | None:
        try:
            inbox.check_place()
            with anyio.fail_after(_PATIENCE):
                await inbox.run(documents.prove, micros(clock))
        except TimeoutError:
            return LedgerError(
                f"The inbox {inbox.path} cannot be written: another process has held it for {_PATIENCE:g} s. What it "
                f"holds is kept."
            )
        except LedgerError as error:
            return error
        return None

    async def prove() -> None:
        nonlocal looked_at, trouble
        async with lock:
            if clock.monotonic() - looked_at >= _LOOK_HOLDS:
                trouble = await look()
                looked_at = clock.monotonic()
        if trouble is not None:
            raise trouble

    return prove
