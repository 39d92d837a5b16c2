"""Reading and applying a document: its calls settle, and what it found is planned to be verified, all in one."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from enrichment.context import Context
from enrichment.ledger import settle
from enrichment.ledger.evidence import Evidence, EvidenceCall
from enrichment.ledger.verifying import plan_for_people
from enrichment.ledger.waterfalls import follows, plan_next
from enrichment.reading import read_safely
from enrichment.settlement import settlement
from sources.providers import Reading


def read_document(context: Context, document: Evidence) -> Sequence[Reading]:
    """What a document says, one reading for each call it may speak of."""
    provider = context.providers.get(document.provider)
    if provider is None or not document.calls:
        return ()
    asks = [call.parameters for call in document.calls]
    return read_safely(provider, document.operation, document.body, asks, document.tracking_id, document.via)


def settle_document(
    context: Context, connection: sa.Connection, document: Evidence, readings: Sequence[Reading], now: int
) -> bool:
    """Apply what was read of a document, one reading a call; True where any call was settled or added to."""
    settlements = [settlement(reading, call.country) for call, reading in zip(document.calls, readings, strict=False)]
    foreign = any(reading.foreign for reading in readings)
    changed = settle.apply(connection, document, settlements, now, foreign=foreign)
    if changed:
        pairs = zip(document.calls, readings, strict=False)
        _plan_after(context, connection, document, [(call, reading) for call, reading in pairs if call.person_id], now)
    return changed


def _plan_after(
    context: Context,
    connection: sa.Connection,
    document: Evidence,
    said: Sequence[tuple[EvidenceCall, Reading]],
    now: int,
) -> None:
    """What follows from an answer: its addresses are verified, and who was not found is asked for elsewhere."""
    verifier = context.verifier
    if verifier is not None:
        found = [call.person_id for call, reading in said if call.person_id and reading.emails]
        plan_for_people(connection, verifier, context.settings.verifying, found, context.run_id, now)
    channels = follows(context.providers[document.provider], document.operation)
    if any(context.waterfall.goes_on(channel) for channel in channels):
        ended = [call.person_id for call, reading in said if call.person_id and reading.outcome is not None]
        plan_next(connection, context.asking, ended, channels, now)
