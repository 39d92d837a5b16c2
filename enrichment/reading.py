"""Reading a vendor's document without ever losing it: a reader that breaks leaves the answer unreadable, not unread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from sources.providers import NO_NEWS, Outcome, Provider, Reading, Via

log = structlog.get_logger("leadsync.enrichment")


def read_safely(
    provider: Provider,
    operation: str,
    body: bytes,
    asks: Sequence[Mapping[str, Any]],
    tracking_id: str | None,
    via: Via,
) -> Sequence[Reading]:
    """`Provider.read`, whatever the document does to it.

    The document itself stays in the inbox. A webhook that breaks the reader is an end that we cannot read; an answer to
    a submit or a poll that does is no news, for a better one may follow.
    """
    try:
        return provider.read(operation, body, asks, tracking_id, via)
    except Exception as error:  # noqa: BLE001 - whatever a document does to the reader, the document is kept
        log.error("reader_failed", provider=provider.name, operation=operation, via=via, error=type(error).__name__)
        if via is not Via.WEBHOOK:
            return [NO_NEWS for _ in asks]
        charges = provider.charges(operation, Outcome.UNREADABLE)
        note = f"the reader failed: {type(error).__name__}"
        return [Reading(Outcome.UNREADABLE, charges=charges, note=note) for _ in asks]
