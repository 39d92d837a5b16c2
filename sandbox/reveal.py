"""The two reveals: reads a submit (reveal pages, section Body Parameters), answers it, starts its job.

Malformed values are refused with 400, incomplete requests with 422 (or the status the switches name): the error tables
list both without telling them apart.
"""

from __future__ import annotations

from typing import Final

from sandbox.behaviour import Behaviour, Switchboard
from sandbox.bodies import BAD_REQUEST, Body, Refused, check_domain, read_body
from sandbox.calls import Prepared
from sandbox.credits import Account
from sandbox.directory import Directory
from sandbox.jobs import Fate, Jobs, RevealRequest
from sandbox.payloads.result import Subject
from sandbox.population import Person
from sandbox.wire import Reply, json_answer

_QUEUED: Final = "Callback will be triggered once processing is complete."
"""The sample text of the reveal e-mail page, section Immediate API Response."""


class Reveals:
    """Both reveal endpoints over one population."""

    def __init__(self, directory: Directory, account: Account, jobs: Jobs, switchboard: Switchboard) -> None:
        self._directory = directory
        self._population = directory.population
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
        webhook_url, partners = body.webhook(), False
        if operation == "reveal_phone":
            partners = body.flag("revealPhoneNumberViaPartners", False)
        if webhook_url is None and (operation == "reveal_email" or partners):
            raise Refused(behaviour.incomplete_status, "webhookUrl is required")
        index, subject = self._identify(operation, body, behaviour)
        return RevealRequest(operation, index, subject, webhook_url, partners)

    def _identify(self, operation: str, body: Body, behaviour: Behaviour) -> tuple[int | None, Subject]:
        """Whom the request is about. The page lists the ways of naming somebody and does not say which one wins."""
        person_id, slug = body.text("personId"), body.profile("linkedinUrl")
        first, last, domain = (body.text(name) or "" for name in ("firstName", "lastName", "companyDomain"))
        if domain:
            check_domain("companyDomain", domain)
            if "/" in domain:
                raise Refused(BAD_REQUEST, f"companyDomain: no path in {domain!r}")
        by_name = operation == "reveal_email" and bool(first and last and domain)
        ways = (person_id is not None) + (slug is not None) + by_name
        if ways > 1 and behaviour.several_identifiers == "refused":
            raise Refused(422, "personId, linkedinUrl or names: only one may be given")
        if person_id is not None:
            index = self._population.index_of(person_id)
        elif slug is not None:
            index = self._population.index_of_slug(slug)
        elif by_name:
            index = self._directory.person_named(first, last, self._directory.employer_of_domain(domain))
        else:
            wanted = "personId or linkedinUrl" + (
                ", or firstName, lastName and companyDomain" if operation == "reveal_email" else ""
            )
            raise Refused(behaviour.incomplete_status, f"{wanted} is required")
        if index is None:
            return None, Subject(person_id or "", first, last, domain, body.text("linkedinUrl") or "")
        return index, _subject(self._population.person(index))


def _subject(person: Person) -> Subject:
    domains = person.organization.domains
    return Subject(
        person.person_id, person.first_name, person.last_name, domains[0] if domains else "", person.linkedin_url
    )
