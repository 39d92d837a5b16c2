"""Reading and applying a document: its calls settle, and what it found is planned to be verified, all in one."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from enrichment.context import Context
from enrichment.ledger import settle
from enrichment.ledger.evidence import Evidence
from enrichment.ledger.verifying import plan_for_people
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
    verifier = context.verifier
    if changed and verifier is not None:
        people = [call.person_id for call, reading in zip(document.calls, readings, strict=False) if reading.emails]
        found = [person_id for person_id in people if person_id is not None]
        plan_for_people(connection, verifier, context.settings.verifying, found, context.run_id, now)
    return changed
