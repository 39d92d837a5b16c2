"""The enrichment of one company (enrich company page): 1 credit, and 1 more for each of three blocks asked for.

The page gives one price for all plans; the Prospect plans pay it with export credits here.
"""

from __future__ import annotations

from typing import Final

from sandbox.behaviour import Switchboard
from sandbox.bodies import Refused, read_body
from sandbox.books import Books
from sandbox.calls import Prepared
from sandbox.company_facts import company_facts
from sandbox.credits import CREDIT, Account
from sandbox.directory import Directory
from sandbox.enriching import Repetitions, no_match
from sandbox.jobs import Fate
from sandbox.payloads.organization import Wanted, enriched, nothing
from sandbox.wire import Reply, json_answer

OPERATION: Final = "enrich_organization"


class Companies:
    """The endpoint over one population."""

    def __init__(
        self, directory: Directory, account: Account, books: Books, switchboard: Switchboard, repetitions: Repetitions
    ) -> None:
        self._directory = directory
        self._account = account
        self._books = books
        self._switchboard = switchboard
        self._repetitions = repetitions

    def prepare(self, raw: bytes) -> Prepared:
        """Read a request; of both identifiers the id counts. Raises Refused."""
        body = read_body(raw)
        identifier, slug = body.text("organisationId"), body.company("orgLinkedinUrl")
        wanted = Wanted(
            technographics=body.flag("includeTechnographics", False),
            acquisitions=body.flag("includeAcquisitions", False),
            funding=body.flag("includeFunding", False),
        )
        if identifier is not None:
            number = self._directory.employer_with_id(identifier)
        elif slug is not None:
            number = self._directory.employer_with_slug(slug)
        else:
            message = "organisationId or orgLinkedinUrl is required"
            raise Refused(self._switchboard.behaviour.incomplete_status, message)
        known = None if number is None else self._directory.population.organizations[number].organization_id
        subject = known or identifier or slug or ""

        async def run(_fate: Fate) -> Reply:
            return self._answer(number, subject, wanted)

        return Prepared(None, run, subject=subject)

    def _answer(self, number: int | None, subject: str, wanted: Wanted) -> Reply:
        behaviour = self._switchboard.behaviour
        amount = CREDIT * (1 + wanted.technographics + wanted.acquisitions + wanted.funding)
        if number is None and not behaviour.organization_no_match_charged:
            amount = 0
        if behaviour.repeat_enrich_free and self._books.was_charged(OPERATION, subject):
            amount = 0
        if self._account.exhausted(OPERATION, amount or 1):
            raise Refused(402, "Payment required: credits exhausted")
        self._repetitions.check(OPERATION, subject)
        if amount:
            self._books.charge(self._account.kind, amount, OPERATION, subject=subject)
        if number is None:
            empty = nothing(behaviour.organization_shape)
            answer = no_match(behaviour.organization_no_match, empty, behaviour.error_body)
            return Reply(answer, acted=amount > 0)
        population = self._directory.population
        organization = population.organizations[number]
        facts = company_facts(population.seed, organization)
        return Reply(json_answer(enriched(behaviour.organization_shape, organization, facts, wanted)), acted=amount > 0)
