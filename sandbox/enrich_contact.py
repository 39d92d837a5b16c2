"""The enrichment of one contact (enrich contacts page): 2 credits for a person, 1 for the employer alone, else 0.

The page gives one price for all plans; the Prospect plans pay it with export credits here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sandbox.behaviour import Switchboard
from sandbox.bodies import Body, Refused, read_body
from sandbox.books import Books
from sandbox.calls import Prepared
from sandbox.company_facts import company_facts
from sandbox.credits import CREDIT, Account
from sandbox.directory import Directory
from sandbox.enriching import Repetitions, no_match
from sandbox.jobs import Fate
from sandbox.organizations import NO_EMPLOYER
from sandbox.payloads.contact import contact
from sandbox.payloads.usage import usage
from sandbox.wire import Reply, json_answer

OPERATION: Final = "enrich_contact"
PERSON_PRICE: Final = 2 * CREDIT
ORGANIZATION_PRICE: Final = CREDIT


@dataclass(frozen=True, slots=True)
class Match:
    """Who was found, by position, and which employer; None for what was not."""

    person: int | None
    employer: int | None

    @property
    def price(self) -> int:
        """What the answer costs, in hundredths of a credit."""
        if self.person is not None:
            return PERSON_PRICE
        return 0 if self.employer is None else ORGANIZATION_PRICE


class Contacts:
    """The endpoint over one population."""

    def __init__(
        self, directory: Directory, account: Account, books: Books, switchboard: Switchboard, repetitions: Repetitions
    ) -> None:
        self._directory = directory
        self._population = directory.population
        self._account = account
        self._books = books
        self._switchboard = switchboard
        self._repetitions = repetitions

    def prepare(self, raw: bytes) -> Prepared:
        """Read a request. Raises Refused."""
        match = self._match(read_body(raw))
        person_id = None if match.person is None else self._population.code.encode(match.person)
        subject = person_id
        if subject is None and match.employer is not None:
            subject = self._population.organizations[match.employer].organization_id

        async def run(_fate: Fate) -> Reply:
            return self._answer(match, person_id, subject)

        return Prepared(person_id, run, subject=subject)

    def _answer(self, match: Match, person_id: str | None, subject: str | None) -> Reply:
        behaviour = self._switchboard.behaviour
        free = subject is not None and behaviour.repeat_enrich_free and self._books.was_charged(OPERATION, subject)
        amount = 0 if free else match.price
        if self._account.exhausted(OPERATION, amount or 1):
            raise Refused(402, "Payment required: credits exhausted")
        if subject is not None:
            self._repetitions.check(OPERATION, subject)
        if amount:
            self._books.charge(self._account.kind, amount, OPERATION, person_id, subject=subject)
        used = usage(behaviour.credit_usage, amount, self._account.remaining(OPERATION))
        if subject is None:
            empty = {**contact(behaviour.contact_shape, None, None), **used}
            return Reply(no_match(behaviour.contact_no_match, empty, behaviour.error_body))
        person = None if match.person is None else self._population.person(match.person)
        employer = None
        if match.employer is not None:
            organization = self._population.organizations[match.employer]
            employer = organization, company_facts(self._population.seed, organization)
        body = {**contact(behaviour.contact_shape, person, employer), **used}
        return Reply(json_answer(body), acted=amount > 0)

    def _match(self, body: Body) -> Match:
        """Whom the request means, by the surest of its identifiers. Raises Refused."""
        slug, email = body.profile("linkedinUrl"), body.address("email")
        first, last = body.text("firstName"), body.text("lastName")
        company, company_slug = body.text("organisationName"), body.company("orgLinkedinUrl")
        named = first is not None and last is not None
        if slug is not None:
            return self._person(self._population.index_of_slug(slug))
        if email is not None:
            return self._by_email(email, first if named else None, last if named else None)
        if first is None or last is None or (company is None and company_slug is None):
            wanted = "linkedinUrl, email, or firstName and lastName with orgLinkedinUrl or organisationName"
            raise Refused(self._switchboard.behaviour.incomplete_status, f"{wanted} is required")
        if company_slug is not None:
            employer = self._directory.employer_with_slug(company_slug)
        else:
            employer = self._directory.employer_named(company or "")
        return self._named(first, last, employer)

    def _by_email(self, email: str, first: str | None, last: str | None) -> Match:
        """By the address; where names are given they must be its holder's, or somebody's at that domain."""
        holder = self._directory.holder(email)
        employer = self._directory.employer_of_domain(email.rpartition("@")[2])
        if first is None or last is None:
            return self._person(holder) if holder is not None else Match(None, employer)
        if holder is not None:
            person = self._population.person(holder)
            if (person.first_name.casefold(), person.last_name.casefold()) == (first.casefold(), last.casefold()):
                return self._person(holder)
        return self._named(first, last, employer)

    def _named(self, first: str, last: str, employer: int | None) -> Match:
        index = self._directory.person_named(first, last, employer)
        return Match(None, employer) if index is None else self._person(index)

    def _person(self, index: int | None) -> Match:
        if index is None:
            return Match(None, None)
        employer = self._population.employers[index]
        return Match(index, None if employer == NO_EMPLOYER else employer)
