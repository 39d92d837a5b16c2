"""Clodura as a provider of e-mail addresses and phone numbers, for the engine that buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from sources.backoff import ONCE
from sources.clodura import payload, prices, verification
from sources.clodura.client import CloduraClient
from sources.clodura.identifiers import domain_mistake, profile_accepted
from sources.clodura.requests import RevealEmail, RevealPhone, VerifyEmail
from sources.errors import ConfigurationError
from sources.nearest import did_you_mean
from sources.providers import Ask, Channel, Charge, Operation, Outcome, Person, Reading, Via
from sources.transport import Answer, NeverSent, PaidOutcome, PaidSlot

NAME = "clodura"
REVEAL_EMAIL = RevealEmail.operation
REVEAL_PHONE = RevealPhone.operation
VERIFY_EMAIL = VerifyEmail.operation
_REQUESTS: Mapping[str, type[RevealEmail | RevealPhone | VerifyEmail]] = {
    request.operation: request for request in (RevealEmail, RevealPhone, VerifyEmail)
}
#: seconds a poll waits for our own rate limits; a quota used up leaves it for the next run
POLL_PATIENCE = 120.0


_REVEALS = {REVEAL_EMAIL: Channel.EMAIL, REVEAL_PHONE: Channel.PHONE}


def operations(plan: str) -> Mapping[Channel, Operation]:
    """What can be bought on a plan family, by channel, with the most it costs."""
    reveals = {channel: Operation(name, channel, prices.RESERVE[plan, channel]) for name, channel in _REVEALS.items()}
    # what was planned when it was deep is sent deep: so the dearer price is reserved in any case
    dearest = max(prices.VERIFICATION.values())
    verify = Operation(VERIFY_EMAIL, Channel.VERIFICATION, dearest, missing_is_answer=False)
    return {**reveals, Channel.VERIFICATION: verify}


class CloduraProvider:
    """Implements `sources.providers.Provider` over a `CloduraClient`.

    ``plan`` is the plan family, which decides prices and the form of answers. ``phone_via_partners`` asks partner
    providers for a number that the vendor's own database does not hold; None: on the multi-provider plans only.
    ``deep`` asks for deep verification of addresses (catch-all domains, servers that tell nothing).
    """

    name = NAME
    unit = prices.UNIT

    def __init__(
        self, client: CloduraClient, plan: str, phone_via_partners: bool | None = None, *, deep: bool = False
    ) -> None:
        if plan not in prices.PLANS:
            raise ConfigurationError(
                f"sources.clodura.plan: {plan!r} is not one of {', '.join(prices.PLANS)}."
                f"{did_you_mean(plan, prices.PLANS)}"
                f' Prospect and Prospect Pro are "standard"; Free Forever, Max and PAYG are "multi_provider".'
            )
        self.client = self._client = client
        self._plan = plan
        self._partners = _partners(plan, phone_via_partners)
        self._deep = deep
        self._channels = _REVEALS
        self.operations: Mapping[Channel, Operation] = operations(plan)

    @property
    def proven(self) -> bool:
        """See `Provider.proven`."""
        return self._client.proven

    async def prove(self) -> None:
        """See `Provider.prove`."""
        await self._client.prove()

    def ask(self, channel: Channel, person: Person) -> Ask | None:
        """By what is surest: personId, else the profile, else (for an e-mail) name and domain."""
        operation = self.operations.get(channel)
        if operation is None or operation.name not in self._channels:
            return None
        named = _named(channel, person)
        if named is None:
            return None
        parameters: dict[str, Any] = dict(named)
        if channel is Channel.PHONE:
            parameters["revealPhoneNumberViaPartners"] = self._partners
        return Ask(operation.name, person.person_id, parameters)

    def ask_verification(self, address: str) -> Ask | None:
        """See `Provider.ask_verification`. The address itself is the subject: whoever it belongs to."""
        return Ask(VERIFY_EMAIL, address, {"email": address, "deepVerification": self._deep})

    @staticmethod
    def callback_needed(channel: Channel, plan: str, phone_via_partners: bool | None = None) -> bool:
        """webhookUrl is required for e-mail on all plans, for phones only where partners are asked."""
        return channel is Channel.EMAIL or _partners(plan, phone_via_partners)

    def slot(self, *, patience: float | None) -> AbstractAsyncContextManager[PaidSlot]:
        """See `Provider.slot`."""
        return self._client.transport.paid_slot(patience=patience)

    async def submit(
        self, slot: PaidSlot, operation: str, asks: Sequence[Mapping[str, Any]], callback_url: str | None
    ) -> PaidOutcome:
        """See `Provider.submit`. A request is for one person or address, and checked before anything leaves."""
        (parameters,) = asks
        body = dict(parameters) | ({"webhookUrl": callback_url} if callback_url else {})
        try:
            request = _REQUESTS[operation](**body)
        except ConfigurationError as error:
            # raised, it would leave a call in doubt of which we know that no byte has left
            return NeverSent(" ".join(str(error).split()))
        if isinstance(request, VerifyEmail):
            return await self._client.verify_email(slot, request)
        if isinstance(request, RevealEmail):
            return await self._client.reveal_email(slot, request)
        return await self._client.reveal_phone(slot, request)

    def refused_asks(self, body: bytes, asks: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
        """See `Provider.refused_asks`. There is no other ask in the request."""
        return ()

    def tracking_id(self, body: bytes) -> str | None:
        """See `Provider.tracking_id`."""
        return payload.tracking_id(body)

    async def poll(self, operation: str, tracking_id: str) -> Answer:
        """See `Provider.poll`. Both reveals are tracked at one path.

        So may verifications be: their id is said to serve "to poll for results", at a path that no page names.
        """
        return await self._client.track(tracking_id, patience=POLL_PATIENCE, backoff=ONCE)

    def read(
        self, operation: str, body: bytes, asks: Sequence[Mapping[str, Any]], tracking_id: str | None, via: Via
    ) -> list[Reading]:
        """See `Provider.read`."""
        if operation == VERIFY_EMAIL:
            return [verification.read(body, parameters, tracking_id, via) for parameters in asks]
        channel = self._channels[operation]
        return [payload.read(body, channel, self._plan, parameters, tracking_id, via) for parameters in asks]

    def charges(self, operation: str, outcome: Outcome) -> tuple[Charge, ...]:
        """See `Provider.charges`."""
        if operation == VERIFY_EMAIL:
            return prices.verification_charges(True, outcome)
        return prices.charges(self._plan, self._channels[operation], outcome)


def _named(channel: Channel, person: Person) -> dict[str, str] | None:
    """The one way of naming somebody that is sent: several at once are refused."""
    own = person.vendor_id or (person.person_id if person.vendor_key else None)
    if own:
        return {"personId": own}
    if person.linkedin_url and profile_accepted(person.linkedin_url):
        return {"linkedinUrl": person.linkedin_url}
    first, last, domain = person.first_name, person.last_name, person.company_domain
    if channel is Channel.EMAIL and first and last and domain and domain_mistake(domain) is None:
        return {"firstName": first, "lastName": last, "companyDomain": domain}
    return None


def _partners(plan: str, phone_via_partners: bool | None) -> bool:
    return plan == "multi_provider" if phone_via_partners is None else phone_via_partners
