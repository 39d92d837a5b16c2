"""Sixtyfour as a provider of e-mail addresses and phone numbers, for the engine that buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from sources.backoff import ONCE
from sources.errors import ConfigurationError
from sources.providers import Ask, Channel, Charge, Operation, Outcome, Person, Reading, Via
from sources.sixtyfour import payload, prices
from sources.sixtyfour.client import SixtyfourClient
from sources.sixtyfour.refusals import refused_leads
from sources.sixtyfour.requests import (
    MODES,
    MOST_LEADS,
    FindEmail,
    FindEmailBulk,
    FindPhone,
    FindPhoneBulk,
    FindRequest,
)
from sources.transport import Answer, NeverSent, PaidOutcome, PaidSlot

NAME = "sixtyfour"
#: the operation of each mode: they find other things, at other prices
_OF_MODE = {"PROFESSIONAL": prices.FIND_EMAIL, "PERSONAL": prices.FIND_PERSONAL_EMAIL}
_MODES = {operation: mode for mode, operation in _OF_MODE.items()}
_EMAIL_OPTIONS, _PHONE_OPTIONS = ("mode", "verify_emails", "providers"), ("providers",)
#: seconds a poll waits for our own rate limits; a quota used up leaves it for the next run
POLL_PATIENCE = 120.0


def operations(mode: str) -> Mapping[Channel, Operation]:
    """What can be bought in a mode, by channel, with what it costs."""
    wanted = {_OF_MODE[mode]: _EMAIL_OPTIONS, prices.FIND_PHONE: _PHONE_OPTIONS}
    return {
        (channel := prices.CHANNELS[name]): Operation(
            name, channel, prices.PRICES[name], batch=MOST_LEADS, missing_is_answer=False, together=options
        )
        for name, options in wanted.items()
    }


class SixtyfourProvider:
    """Implements `sources.providers.Provider` over a `SixtyfourClient`.

    ``mode`` decides which addresses are looked for, PROFESSIONAL or PERSONAL ones. ``verify_emails`` and ``providers``
    go into each request as they are; None leaves them out. ``wait``: a single
    lead is looked up while we wait (`/find-email`), which takes from seconds to a minute, instead of starting a job.
    """

    name = NAME
    unit = prices.UNIT

    def __init__(
        self,
        client: SixtyfourClient,
        mode: str = "PROFESSIONAL",
        *,
        verify_emails: bool | None = None,
        providers: Sequence[str] | None = None,
        wait: bool = False,
    ) -> None:
        self._client = client
        self._wait = wait
        self._sources = list(providers) if providers is not None else None
        self._email_options = _set(mode=mode, verify_emails=verify_emails, providers=self._sources)
        _check(self._email_options)
        self.operations: Mapping[Channel, Operation] = operations(mode)

    @property
    def proven(self) -> bool:
        """See `Provider.proven`."""
        return self._client.proven

    async def prove(self) -> None:
        """See `Provider.prove`."""
        await self._client.prove()

    def ask(self, channel: Channel, person: Person) -> Ask | None:
        """A name, and what tells this person from others of that name: employer or profile. Else None."""
        operation = self.operations.get(channel)
        lead = lead_of(person)
        if operation is None or lead is None:
            return None
        if channel is Channel.EMAIL:  # an address sent along would only come back
            return Ask(operation.name, person.person_id, {"lead": lead, **self._email_options})
        lead |= _set(email=_text(person.email))
        return Ask(operation.name, person.person_id, {"lead": lead, **_set(providers=self._sources)})

    def ask_verification(self, address: str) -> Ask | None:
        """See `Provider.ask_verification`. Sixtyfour verifies what it finds, and nothing else."""
        return None

    @staticmethod
    def callback_needed(channel: Channel) -> bool:
        """Polling suffices for everything."""
        return False

    def slot(self, *, patience: float | None) -> AbstractAsyncContextManager[PaidSlot]:
        """See `Provider.slot`."""
        return self._client.transport.paid_slot(patience=patience)

    async def submit(
        self, slot: PaidSlot, operation: str, asks: Sequence[Mapping[str, Any]], callback_url: str | None
    ) -> PaidOutcome:
        """See `Provider.submit`. A job is started: for one lead, or for all of them together.

        An answer that is waited for and lost leaves a call in doubt that has no job to ask about: only single look-ups
        are made so.
        """
        try:
            request = request_for(operation, asks, callback_url)
        except ConfigurationError as error:
            # raised, it would leave calls in doubt of which we know that no byte has left
            return NeverSent(" ".join(str(error).split()))
        if self._wait and len(asks) == 1:
            return await self._client.find(slot, request)
        return await self._client.start(slot, request)

    def refused_asks(self, body: bytes, asks: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
        """See `Provider.refused_asks`."""
        return refused_leads(body, len(asks))

    def tracking_id(self, body: bytes) -> str | None:
        """See `Provider.tracking_id`."""
        return payload.tracking_id(body)

    async def poll(self, operation: str, tracking_id: str) -> Answer:
        """See `Provider.poll`."""
        return await self._client.job_status(tracking_id, patience=POLL_PATIENCE, backoff=ONCE)

    def read(
        self, operation: str, body: bytes, asks: Sequence[Mapping[str, Any]], tracking_id: str | None, via: Via
    ) -> list[Reading]:
        """See `Provider.read`."""
        return payload.read(body, operation, asks, tracking_id, via)

    def charges(self, operation: str, outcome: Outcome) -> tuple[Charge, ...]:
        """See `Provider.charges`."""
        return (prices.charge(operation, outcome),)


def _check(options: Mapping[str, Any]) -> None:
    """Refuse settings with which every request would be refused."""
    try:
        FindEmail(lead={"name": "anybody"}, **options)
    except ConfigurationError as error:
        raise ConfigurationError(str(error).replace("find_email.", "sources.sixtyfour.")) from None


def request_for(operation: str, asks: Sequence[Mapping[str, Any]], callback_url: str | None) -> FindRequest:
    """The one request for these calls. ConfigurationError where it would be refused, or dearer than was reserved."""
    if operation not in prices.CHANNELS or not asks:
        raise ConfigurationError(f"{operation}: no request can be made of it. Nothing was sent.")
    options = [{name: value for name, value in ask.items() if name != "lead"} for ask in asks]
    if any(other != options[0] for other in options):
        raise ConfigurationError(f"{operation}: the calls of one request must have the same options. Nothing was sent.")
    phone = operation == prices.FIND_PHONE
    if not phone and options[0].get("mode", MODES[0]) != _MODES[operation]:
        raise ConfigurationError(f"{operation}.mode: it is that of another operation. Nothing was sent.")
    leads: list[Any] = [ask.get("lead") for ask in asks]
    common = options[0] | _set(webhook_url=callback_url)
    if len(leads) == 1:
        return FindPhone(lead=leads[0], **common) if phone else FindEmail(lead=leads[0], **common)
    return FindPhoneBulk(leads=leads, **common) if phone else FindEmailBulk(leads=leads, **common)


def lead_of(person: Person) -> dict[str, Any] | None:
    """What Sixtyfour is told of a person; None where that could be many. Half a name needs a profile beside it."""
    first, last, profile = _text(person.first_name), _text(person.last_name), _text(person.linkedin_url)
    name = _text(person.full_name) or " ".join(filter(None, (first, last)))
    company, domain = _text(person.organization_name), _text(person.company_domain)
    if not name or not (company or domain or profile) or not (profile or " " in name):
        return None
    title = _text(person.title)
    return _set(name=name, company=company, domain=domain, linkedin_url=profile, title=title)


def _text(value: str | None) -> str | None:
    """A text without blanks around it and without what is no character, or None."""
    return (value or "").encode("utf-8", "ignore").decode().replace("\0", "").strip() or None


def _set(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
