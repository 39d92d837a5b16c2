"""Identifiers that sort by the time they were made (UUIDv7), and the ledger's unit of time."""

from __future__ import annotations

import uuid_utils

from sources.clock import Clock


def new_id() -> str:
    """A new UUIDv7."""
    return str(uuid_utils.uuid7())


def micros(clock: Clock) -> int:
    """Microseconds since the epoch, as the ledger keeps time."""
    return round(clock.time() * 1_000_000)
