"""Documents in the inbox: kept as they came, read in that order, removed once the ledger has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.inbox.schema import checks, documents

#: bytes of documents read at a time: after the one that passes it nothing more
READ_AT_ONCE = 8 * 1024 * 1024


@dataclass(frozen=True)
class Document:
    """What was posted to the webhook URL of a request. ``received_at``: microseconds since the epoch."""

    provider: str
    request_id: str
    received_at: int
    body: bytes = field(repr=False)
    content_type: str | None = field(default=None, repr=False)
    #: the vendor's name for what it tells, the same in every delivery of it
    event_id: str | None = field(default=None, repr=False)
    #: its number in the inbox; 0 before it is kept
    document_id: int = 0


def keep(connection: sa.Connection, document: Document) -> bool:
    """Keep a document; False where the very same lies here for this request, or another delivery of the same event."""
    values = {
        "provider": document.provider,
        "request_id": document.request_id,
        "received_at": document.received_at,
        "content_type": document.content_type,
        "body_hash": sha256(document.body).hexdigest(),
        "body": document.body,
        "event_id": document.event_id,
    }
    return connection.execute(_KEEP, values).scalar() is not None


def waiting(connection: sa.Connection, most: int) -> list[Document]:
    """The oldest documents, ``most`` at most, and no more than can be held at a time."""
    found: list[Document] = []
    size = 0
    for row in connection.execute(_WAITING, {"most": most}):
        kept_as = (row.content_type, row.event_id, row.document_id)
        found.append(Document(row.provider, row.request_id, row.received_at, row.body, *kept_as))
        size += len(row.body)
        if size > READ_AT_ONCE:
            break
    return found


def count(connection: sa.Connection) -> int:
    """How many documents wait."""
    return int(connection.execute(_COUNT).scalar_one())


def remove(connection: sa.Connection, document_ids: Sequence[int]) -> None:
    """Remove documents that the ledger has; in one statement, for meanwhile no receiver can keep anything."""
    connection.execute(_REMOVE, {"ids": document_ids})


def prove(connection: sa.Connection, now: int) -> None:
    """Write something, to see that this can be written."""
    connection.execute(_PROVE, {"one": 1, "checked_at": now})


_KEEP = upsert(documents).on_conflict_do_nothing().returning(documents.c.document_id)
_WAITING = sa.select(documents).order_by(documents.c.document_id).limit(sa.bindparam("most"))
_COUNT = sa.select(sa.func.count()).select_from(documents)
_REMOVE = documents.delete().where(documents.c.document_id.in_(sa.bindparam("ids", expanding=True)))
_CHECK = upsert(checks)
_PROVE = _CHECK.on_conflict_do_update(index_elements=["one"], set_={"checked_at": _CHECK.excluded.checked_at})
