"""What is known of addresses from their verification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from enrichment.ledger.schema import calls, emails, verifications

_CHUNK = 500
#: the last verdict on an address of a query over `emails`; NULL where there is none
LATEST = (
    sa.select(verifications.c.status)
    .where(verifications.c.email == emails.c.email)
    .order_by(verifications.c.verified_at.desc(), verifications.c.call_id.desc())
    .limit(1)
    .scalar_subquery()
)
_COLUMNS = (
    verifications.c.email,
    verifications.c.status,
    verifications.c.status_raw,
    verifications.c.deep,
    verifications.c.call_id,
)


def of_addresses(connection: sa.Connection, addresses: Sequence[str]) -> list[dict[str, Any]]:
    """The latest verdict on each address, in this order; its status is None where there is none yet."""
    latest: dict[str, dict[str, Any]] = {}
    for start in range(0, len(addresses), _CHUNK):
        query = sa.select(*_COLUMNS).where(verifications.c.email.in_(addresses[start : start + _CHUNK]))
        for row in connection.execute(query.order_by(verifications.c.verified_at, verifications.c.call_id)):
            latest[row.email] = _row(row)
    return [latest.get(address, _nothing(address)) for address in addresses]


def of_run(connection: sa.Connection, run_id: str) -> list[dict[str, Any]]:
    """The verdicts of one run, by address."""
    query = (
        sa.select(*_COLUMNS)
        .join(calls, calls.c.call_id == verifications.c.call_id)
        .where(calls.c.run_id == run_id)
        .order_by(verifications.c.email)
    )
    return [_row(row) for row in connection.execute(query)]


def _row(row: Any) -> dict[str, Any]:
    return {**row._mapping, "deep": bool(row.deep)}


def _nothing(address: str) -> dict[str, Any]:
    return {"email": address, "status": None, "status_raw": None, "deep": None, "call_id": None}
