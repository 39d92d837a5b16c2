"""Carrying: documents go from the inbox, where a receiver keeps them, into the ledger, where they settle calls.

A document is removed from the inbox only once the ledger has committed it. Whoever dies between the two leaves it in
both, and it is carried again: the ledger keeps the same body for the same request once, so that changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

import anyio
import anyio.to_thread
import sqlalchemy as sa

from enrichment.context import Signal
from enrichment.inbox import Document, Inbox, Watch, documents
from enrichment.ledger import Ledger, evidence
from sources.clock import Clock
from sources.providers import Via

#: documents carried in one transaction
AT_ONCE = 200
#: seconds between looks whether another process has put something into the inbox
LOOK_EVERY = 0.2


async def carry(inbox: Inbox | None, ledger: Ledger) -> int:
    """Carry everything that waits; returns how many documents. Only for who holds the ledger's lock."""
    carried = 0
    while inbox is not None:
        found = await anyio.to_thread.run_sync(_waiting, inbox)
        if not found:
            break
        await ledger.run(take_in, found)
        await inbox.run(documents.remove, [document.document_id for document in found])
        carried += len(found)
    return carried


def take_in(connection: sa.Connection, found: Sequence[Document]) -> None:
    """Keep documents in the ledger; those that it has already change nothing."""
    for it in found:
        evidence.receive(connection, it.provider, it.request_id, Via.WEBHOOK, it.body, it.received_at, it.event_id)


async def watch(inbox: Inbox | None, mail: Signal, clock: Clock) -> None:
    """Say so whenever somebody has put something into the inbox, in this process or another; until cancelled."""
    if inbox is None:
        return
    with closing(Watch(inbox.path)) as looks:
        while True:
            if await anyio.to_thread.run_sync(looks.news):
                mail.set()
            await clock.sleep(LOOK_EVERY)


def _waiting(inbox: Inbox) -> list[Document]:
    with inbox.read() as connection:
        return documents.waiting(connection, AT_ONCE)
