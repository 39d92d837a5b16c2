"""Carries a purchase out: looks every lead up, books what came of it, charges; until then its cost is reserved."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from sandbox.behaviour import Switchboard
from sandbox.directory import Directory
from sandbox.sixtyfour.books import Books
from sandbox.sixtyfour.errors import Refusal
from sandbox.sixtyfour.findings import Finding, find
from sandbox.sixtyfour.leads import Lead
from sandbox.sixtyfour.truths import NOTHING, Knowledge, Worth, knowledge
from sandbox.sixtyfour.values import price
from sandbox.sixtyfour.wanted import Purchase, Wanted, most
from sandbox.verdicts import Verdict, verdict

_WORTH: Final[dict[Verdict, Worth]] = {
    "Deliverable": "ok",
    "Risky (Catch-all)": "catch_all",
    "Undeliverable": "invalid",
}


class Search:
    """Looks leads up in one population."""

    def __init__(self, directory: Directory, books: Books, switchboard: Switchboard) -> None:
        self._directory = directory
        self._seed = directory.population.seed
        self._books = books
        self._switchboard = switchboard
        self._reserved: dict[str, int] = {}

    def reserve(self, task_id: str, purchase: Purchase) -> None:
        """Keep back what the purchase may cost. Raises Refusal with 402 where less than that is left."""
        if purchase.most > self._books.balance - sum(self._reserved.values()):
            raise Refusal(402)
        self._reserved[task_id] = purchase.most

    def carry_out(self, task_id: str, purchase: Purchase) -> tuple[Finding, ...]:
        """Look for everything, book and charge it. A finding for each lead, in their order."""
        self._reserved.pop(task_id, None)
        erring = self._erring(purchase)
        findings = [
            self._find(purchase.wanted, lead, position in erring) for position, lead in enumerate(purchase.leads)
        ]
        self._books.found(task_id, [(finding.outcome, finding.amount) for finding in findings])
        return tuple(findings)

    def give_up(self, task_id: str, purchase: Purchase, outcome: str, *, charged: bool) -> None:
        """Book the leads of a purchase that came to nothing."""
        self._reserved.pop(task_id, None)
        wanted = purchase.wanted
        amounts = [most(wanted.operation, wanted.mode, lead) if charged else 0 for lead in purchase.leads]
        self._books.found(task_id, [(outcome, amount) for amount in amounts])

    def known(self, person: int | None) -> Knowledge:
        """What there is to find about a person, by position."""
        if person is None:
            return NOTHING
        return knowledge(self._seed, self._directory.population.person(person), self._switchboard.behaviour)

    def _find(self, wanted: Wanted, lead: Lead, errs: bool) -> Finding:
        switches = self._switchboard.behaviour
        if errs:
            amount = price(wanted.operation, wanted.mode) if switches.sixtyfour_failed_charged else 0
            return Finding(lead, wanted.operation, "error", amount)
        useless = bool(wanted.providers) and switches.sixtyfour_unknown_providers == "not_found"
        known = NOTHING if useless else self.known(lead.person)
        paid = self._books.was_charged(wanted.operation, wanted.mode, lead.subject)
        return find(wanted, lead, known, switches, self._worth, switches.sixtyfour_repeat_free and paid)

    def _worth(self, address: str) -> Worth:
        return _WORTH[verdict(self._seed, address, self._directory.deliverability(address))]

    def _erring(self, purchase: Purchase) -> Sequence[int]:
        """The positions of the leads for which an error is told."""
        count = self._switchboard.behaviour.sixtyfour_bulk_errors if purchase.wanted.bulk else 0
        positions = range(len(purchase.leads))
        return drawn(purchase.leads, "errors").sample(positions, min(count, len(positions)))


def drawn(leads: Sequence[Lead], what: str) -> random.Random:
    """Luck that is the same for the same leads."""
    return random.Random(":".join((what, *(lead.subject for lead in leads))))
