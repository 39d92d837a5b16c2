"""Collecting: documents that came are read, and settle the calls they speak of. Polling is in `enrichment.polling`."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
import structlog

from enrichment.carrying import carry
from enrichment.context import Context
from enrichment.ledger import evidence
from enrichment.ledger.evidence import Evidence, Verdict
from enrichment.polling import Poller
from enrichment.settling import read_document, settle_document
from enrichment.storage import Savepoint
from sources.providers import Outcome, Reading, Via

log = structlog.get_logger("leadsync.enrichment")

#: documents of the inbox applied in one transaction
AT_ONCE = 50


class Collector:
    """Applies the inbox."""

    def __init__(self, context: Context, poller: Poller) -> None:
        self._context = context
        self._poller = poller

    async def apply_inbox(self) -> int:
        """Apply every document that waits; returns how many."""
        await carry(self._context.inbox, self._context.ledger)
        applied = 0
        while done := await self._context.ledger.run(self._apply_some, self._context.now()):
            for document, changed, readings in done:
                self._applied(document, changed, readings)
            applied += len(done)
        return applied

    async def read_mail(self) -> None:
        """Apply documents as they come; runs until cancelled."""
        while True:
            await self.apply_inbox()
            await self._context.mail.wait(5.0)

    def _apply_some(self, connection: sa.Connection, now: int) -> list[tuple[Evidence, bool, Sequence[Reading]]]:
        """Apply some of the inbox in one transaction; a document that breaks us is set aside, not the others."""
        done: list[tuple[Evidence, bool, Sequence[Reading]]] = []
        for document in evidence.pending(connection, AT_ONCE, self._context.providers):
            readings = read_document(self._context, document)
            try:
                with Savepoint(connection):
                    changed = settle_document(self._context, connection, document, readings, now)
            except (ValueError, TypeError, AssertionError, LookupError) as error:
                log.error("document_not_applied", request_id=document.request_id, error=type(error).__name__)
                evidence.judged(connection, document.inbox_id, Verdict.BROKEN, type(error).__name__, now)
                changed = False
            done.append((document, changed, readings))
        return done

    def _applied(self, document: Evidence, changed: bool, readings: Sequence[Reading]) -> None:
        if document.via is Via.WEBHOOK:
            self._context.tally.webhooks += 1
            ended = bool(readings) and all(reading.outcome is not None for reading in readings)
            self._poller.posted(document.provider, document.operation, document.request_id, ended=ended)
        if changed:
            self._context.settled(document.provider)
            self._context.learn(document.provider, document.operation, document.run_id, readings)
        if any(reading.outcome is Outcome.UNREADABLE for reading in readings):
            log.warning("answer_unreadable", provider=document.provider, request_id=document.request_id)
