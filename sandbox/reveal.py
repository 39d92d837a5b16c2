"""The two reveals: reads a submit (reveal pages, section Body Parameters), answers it, starts its job.

Malformed values are refused with 400, incomplete requests with 422 (or the status the switches name): the error tables
list both without telling them apart.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sandbox.behaviour import Behaviour, Switchboard
from sandbox.bodies import BAD_REQUEST, Body, Refused, check_domain, read_body
from sandbox.credits import Account
from sandbox.jobs import Fate, Jobs, RevealRequest
from sandbox.payloads.result import Subject
from sandbox.population import Person, Population
from sandbox.wire import Reply, json_answer

_QUEUED: Final = "Callback will be triggered once processing is complete."
"""The sample text of the reveal e-mail page, section Immediate API Response."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that is ready to be carried out. ``person_id`` names whom it is about, where that is known."""

    person_id: str | None
    run: Callable[[Fate], Awaitable[Reply]]


class Reveals:
    """Both reveal endpoints over one population."""

    def __init__(self, population: Population, account: Account, jobs: Jobs, switchboard: Switchboard) -> None:
        self._population = population
        self._account = account
        self._jobs = jobs
        self._switchboard = switchboard

    def prepare(self, operation: str, raw: bytes) -> Prepared:
        """Read a submit. Raises Refused."""
        request = self._read(operation, read_body(raw))

        async def run(fate: Fate) -> Reply:
            return await self._submit(request, fate)

        return Prepared(request.subject.person_id or None, run)

    async def _submit(self, request: RevealRequest, fate: Fate) -> Reply:
        behaviour = self._switchboard.behaviour
        if self._account.exhausted(request.operation):
            raise Refused(402, "Payment required: credits exhausted")
        if self._jobs.too_soon(request):
            raise Refused(409, "This contact was enriched within the last few minutes")
        if behaviour.not_found == "404" and self._jobs.find(request).word == "not_found":
            raise Refused(404, "No Results found, may be you can tweak the filters.")
        tracking_id = self._jobs.accept(request, fate)
        await self._jobs.announce(tracking_id, request)
        confirmation: dict[str, object] = {"trackingId": tracking_id, behaviour.message_key: _QUEUED}
        if behaviour.submit_form == "no_id":
            del confirmation["trackingId"]
        if behaviour.submit_form == "result":
            confirmation |= self._jobs.payload(tracking_id) or {}
        return Reply(json_answer(confirmation), acted=True)

    def _read(self, operation: str, body: Body) -> RevealRequest:
        behaviour = self._switchboard.behaviour
        webhook_url, partners = body.text("webhookUrl"), False
        if operation == "reveal_phone":
            partners = body.flag("revealPhoneNumberViaPartners", False)
        if webhook_url is None and (operation == "reveal_email" or partners):
            raise Refused(behaviour.incomplete_status, "webhookUrl is required")
        if webhook_url is not None:
            address = urlsplit(webhook_url)
            if address.scheme not in {"http", "https"} or not address.hostname:
                raise Refused(BAD_REQUEST, "webhookUrl must be an http or https URL")
        index, subject = self._identify(operation, body, behaviour)
        return RevealRequest(operation, index, subject, webhook_url, partners)

    def _identify(self, operation: str, body: Body, behaviour: Behaviour) -> tuple[int | None, Subject]:
        """Whom the request is about. Of several identifiers the first of the page's list counts; it does not say."""
        person_id, slug = body.text("personId"), body.profile("linkedinUrl")
        first, last, domain = (body.text(name) or "" for name in ("firstName", "lastName", "companyDomain"))
        if domain:
            check_domain("companyDomain", domain)
            if "/" in domain:
                raise Refused(BAD_REQUEST, f"companyDomain: no path in {domain!r}")
        if person_id is not None:
            index = self._population.index_of(person_id)
        elif slug is not None:
            index = self._population.index_of_slug(slug)
        elif operation == "reveal_email" and first and last and domain:
            index = self._by_name(first, last, domain)
        else:
            wanted = "personId or linkedinUrl" + (
                ", or firstName, lastName and companyDomain" if operation == "reveal_email" else ""
            )
            raise Refused(behaviour.incomplete_status, f"{wanted} is required")
        if index is None:
            return None, Subject(person_id or "", first, last, domain, body.text("linkedinUrl") or "")
        return index, _subject(self._population.person(index))

    def _by_name(self, first: str, last: str, domain: str) -> int | None:
        """The first person of that name with an employer of that domain."""
        name = first.casefold(), last.casefold()
        for index in self._population.staff_of_domain(domain.lower()):
            person = self._population.person(index)
            if (person.first_name.casefold(), person.last_name.casefold()) == name:
                return index
        return None


def _subject(person: Person) -> Subject:
    domains = person.organization.domains
    return Subject(
        person.person_id, person.first_name, person.last_name, domains[0] if domains else "", person.linkedin_url
    )
