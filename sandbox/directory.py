"""Finds persons and employers by what a caller may know of them: names, domains, addresses, LinkedIn addresses."""

from __future__ import annotations

from functools import cached_property

from sandbox.emails import EXAMPLE_MAIL_DOMAIN, Deliverability, email_truth
from sandbox.organizations import NO_EMPLOYER, Organization
from sandbox.population import Population

_EXAMPLE: int = 0
"""The number of the documented organization."""


class Directory:
    """Indexes over one population, each made when it is first asked for."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self._mailboxes: dict[int, dict[str, tuple[int | None, Deliverability]]] = {}

    def person_named(self, first: str, last: str, employer: int | None) -> int | None:
        """The first person of that name who works there."""
        if employer is None:
            return None
        name = first.casefold(), last.casefold()
        for index in self.population.staff(employer):
            person = self.population.person(index)
            if (person.first_name.casefold(), person.last_name.casefold()) == name:
                return index
        return None

    def holder(self, address: str) -> int | None:
        """Whose e-mail address this is: of several persons, the first."""
        return self._mailbox(address)[0]

    def deliverability(self, address: str) -> Deliverability | None:
        """What is true of an address that somebody has, or that a provider guesses for somebody; else None."""
        return self._mailbox(address)[1]

    def employer_of_domain(self, domain: str) -> int | None:
        """The number of the organization with that domain, or with addresses there."""
        lowered = domain.lower()
        return _EXAMPLE if lowered == EXAMPLE_MAIL_DOMAIN else self.population.employer_of_domain(lowered)

    def employer_with_id(self, organization_id: str) -> int | None:
        """The number of the organization with that identifier."""
        return self._by_id.get(organization_id)

    def employer_with_slug(self, slug: str) -> int | None:
        """The number of the organization whose LinkedIn address ends in ``/company/slug/``."""
        return self._by_slug.get(slug)

    def employer_named(self, name: str) -> int | None:
        """The number of the organization of exactly that name, in any case."""
        return self._by_name.get(name.casefold())

    def _mailbox(self, address: str) -> tuple[int | None, Deliverability | None]:
        lowered = address.lower()
        employer = self.employer_of_domain(lowered.rpartition("@")[2])
        if employer is None:
            return None, None
        if employer not in self._mailboxes:
            self._mailboxes[employer] = self._addresses(employer)
        return self._mailboxes[employer].get(lowered, (None, None))

    def _addresses(self, employer: int) -> dict[str, tuple[int | None, Deliverability]]:
        """Everybody's address there and whether mail reaches it; wrong guesses of providers do not reach anybody."""
        held: dict[str, tuple[int | None, Deliverability]] = {}
        guesses: set[str] = set()
        for index in self.population.staff(employer):
            truth = email_truth(self.population.seed, self.population.person(index))
            if truth.address is not None and truth.deliverability is not None:
                held.setdefault(truth.address, (index, truth.deliverability))
            guesses.update(finding.address for finding in truth.findings if finding.address)
        return dict.fromkeys(guesses, (None, "undeliverable")) | held

    @cached_property
    def _by_id(self) -> dict[str, int]:
        return {organization.organization_id: number for number, organization in self._employers}

    @cached_property
    def _by_slug(self) -> dict[str, int]:
        return {organization.linkedin_slug: number for number, organization in self._employers}

    @cached_property
    def _by_name(self) -> dict[str, int]:
        return {organization.name.casefold(): number for number, organization in self._employers}

    @property
    def _employers(self) -> list[tuple[int, Organization]]:
        numbered = enumerate(self.population.organizations)
        return [(number, organization) for number, organization in numbered if number != NO_EMPLOYER]
