"""What is known of one person's addresses, the best first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from enrichment.ledger.schema import calls, emails
from enrichment.ledger.verdicts import LATEST
from enrichment.settlement import STATUS_ORDER
from sources.providers import EmailStatus


def emails_of(connection: sa.Connection, person_id: str, providers: Sequence[str]) -> list[dict[str, Any]]:
    """One row an address: ``email``, ``status``, ``type``, ``provider``.

    By status (the last verdict outranks what was said when it was bought), then company before private, then recency,
    then the order of ``providers``: as the view `leads` chooses.
    """
    query = sa.select(
        emails.c.email,
        sa.func.coalesce(LATEST, emails.c.status).label("status"),
        emails.c.type,
        calls.c.provider,
        emails.c.revealed_at,
    ).join(calls, calls.c.call_id == emails.c.call_id)
    rows = [dict(row) for row in connection.execute(query.where(emails.c.person_id == person_id)).mappings()]

    def rank(row: dict[str, Any]) -> tuple[Any, ...]:
        place = providers.index(row["provider"]) if row["provider"] in providers else len(providers)
        day = row["revealed_at"] // 86_400_000_000
        return (STATUS_ORDER.index(EmailStatus(row["status"])), row["type"] != "company", -day, place, row["email"])

    best: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=rank):
        best.setdefault(row["email"], {name: row[name] for name in ("email", "status", "type", "provider")})
    return list(best.values())
