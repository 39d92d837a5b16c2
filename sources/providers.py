"""What a paid provider is to the rest of the house: a Protocol and the values that pass through it.

A vendor's folder implements `Provider`; the engine drives any number of them and knows none by name. Amounts are
integers of 1/100 of the provider's unit (credits, cents) and never added up across units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from sources.transport import Answer, PaidOutcome, PaidSlot


class Channel(StrEnum):
    """What kind of thing an operation finds out."""

    EMAIL = "email"
    PHONE = "phone"
    VERIFICATION = "verification"  # whether an address takes mail


#: the channels that find contacts of people
CONTACTS = (Channel.EMAIL, Channel.PHONE)


class Outcome(StrEnum):
    """How a paid call ended."""

    FOUND = "found"  # a contact, or the verdict on an address
    NOT_FOUND = "not_found"
    INCOMPLETE = "incomplete"  # out of credits half-way
    FAILED = "failed"  # the vendor says that its job failed
    UNREADABLE = "unreadable"  # an end, but one that we cannot read: kept whole


#: the ends of a call that answer what was asked
ANSWERS = (Outcome.FOUND, Outcome.NOT_FOUND)


class Via(StrEnum):
    """How a piece of evidence reached us."""

    SUBMIT = "submit"
    WEBHOOK = "webhook"
    POLL = "poll"


class Basis(StrEnum):
    """How an amount is known."""

    REPORTED = "reported"  # the vendor's answer says it
    DOCUMENTED = "documented"  # the price list leaves one amount
    BOUNDED = "bounded"  # the price list leaves a range


class EmailStatus(StrEnum):
    """What is known of an address, in one vocabulary for all vendors."""

    DELIVERABLE = "deliverable"
    RISKY = "risky"
    UNDELIVERABLE = "undeliverable"
    GUESSED = "guessed"
    UNVERIFIED = "unverified"


@dataclass(frozen=True)
class Person:
    """What is known of a person that a provider may be asked with."""

    person_id: str = field(repr=False)  # may be made of a profile's URL
    #: whether ``person_id`` is the search vendor's own id
    vendor_key: bool = True
    first_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    linkedin_url: str | None = field(default=None, repr=False)
    company_domain: str | None = field(default=None, repr=False)
    organization_name: str | None = field(default=None, repr=False)
    country: str | None = None
    #: where it is known as a whole only
    full_name: str | None = field(default=None, repr=False)
    title: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    #: that id, where ``person_id`` is a key of our own: somebody whom a list named before a search showed them
    vendor_id: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Operation:
    """A kind of purchase. ``reserve`` is the most one call can cost, in 1/100 unit."""

    name: str
    channel: Channel
    reserve: int
    #: how many calls one request may carry
    batch: int = 1
    #: whether a 404 means that there is nothing to be found; else it is a refusal
    missing_is_answer: bool = True
    #: parameters that must be equal (or absent) in all calls of one request: the vendor takes one value for all
    together: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ask:
    """One thing to buy: ``subject`` names it for good, ``parameters`` is what the vendor is sent for it."""

    operation: str
    subject: str = field(repr=False)  # may be an address
    parameters: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Charge:
    """What a call cost, of one kind, in 1/100 unit."""

    kind: str
    amount_min: int
    amount_max: int
    basis: Basis


@dataclass(frozen=True)
class FoundEmail:
    """An address as the vendor wrote it. ``found_by`` is the provider inside the vendor's answer."""

    address: str = field(repr=False)
    status: EmailStatus = EmailStatus.UNVERIFIED
    status_raw: str | None = field(default=None, repr=False)
    type_raw: str | None = field(default=None, repr=False)
    found_by: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class FoundPhone:
    """A number as the vendor wrote it; ``country`` is a name, code or calling code found beside it."""

    number: str = field(repr=False)
    status_raw: str | None = field(default=None, repr=False)
    type_raw: str | None = field(default=None, repr=False)
    country: str | None = field(default=None, repr=False)
    found_by: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Verification:
    """The verdict on an address. ``created_at`` is the vendor's own time of it, as written."""

    address: str = field(repr=False)
    status: EmailStatus
    status_raw: str | None = field(default=None, repr=False)
    deep: bool = False
    created_at: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ProviderResult:
    """What one provider inside a multi-provider answer said; ``value`` is None for a miss."""

    provider: str = field(repr=False)
    status_raw: str | None = field(default=None, repr=False)
    value: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Reading:
    """What a document says about one call.

    ``outcome`` None: no news (still under way, or nothing that proves an end). ``foreign``: the document names another
    person or job, so it is none of this call's evidence.
    """

    outcome: Outcome | None
    emails: tuple[FoundEmail, ...] = ()
    phones: tuple[FoundPhone, ...] = ()
    results: tuple[ProviderResult, ...] = ()
    charges: tuple[Charge, ...] = ()
    foreign: bool = False
    note: str | None = None
    verification: Verification | None = None


NO_NEWS = Reading(outcome=None)


class Provider(Protocol):
    """A vendor from whom contacts are bought."""

    @property
    def name(self) -> str:
        """The vendor, as tables and settings call it."""
        ...

    @property
    def unit(self) -> str:
        """What amounts are counted in: "credits", "cents"."""
        ...

    @property
    def operations(self) -> Mapping[Channel, Operation]:
        """What can be bought here, by channel."""
        ...

    @property
    def proven(self) -> bool:
        """Host and key are known to be good, so that a 404 means "nothing found"."""
        ...

    async def prove(self) -> None:
        """Make sure of that, by a free call; raises a `VendorError`."""
        ...

    def ask(self, channel: Channel, person: Person) -> Ask | None:
        """How to ask for a person's contact, or None where too little is known to ask here."""
        ...

    def ask_verification(self, address: str) -> Ask | None:
        """How to ask whether an address takes mail, or None where that cannot be asked here."""
        ...

    def slot(self, *, patience: float | None) -> AbstractAsyncContextManager[PaidSlot]:
        """A rate token and a free connection for one paid request."""
        ...

    async def submit(
        self, slot: PaidSlot, operation: str, asks: Sequence[Mapping[str, Any]], callback_url: str | None
    ) -> PaidOutcome:
        """Send one paid request for the parameters of 1 to `Operation.batch` calls."""
        ...

    def refused_asks(self, body: bytes, asks: Sequence[Mapping[str, Any]]) -> tuple[int, ...]:
        """Which calls of a request an answer of 400 or 422 complains of: their positions, in order.

        Empty: all of them, or it cannot be told. The others may be sent again without these: nothing was bought.
        """
        ...

    def tracking_id(self, body: bytes) -> str | None:
        """The job's id in the answer to a submit."""
        ...

    async def poll(self, operation: str, tracking_id: str) -> Answer:
        """Ask for a job's result: one request, whatever comes of it. Free.

        Raises `Unavailable` (408, 429, 5xx, no answer at all) and `QuotaExhausted`.
        """
        ...

    def read(
        self, operation: str, body: bytes, asks: Sequence[Mapping[str, Any]], tracking_id: str | None, via: Via
    ) -> list[Reading]:
        """What a document says, one reading for each call of the request, in order."""
        ...

    def charges(self, operation: str, outcome: Outcome) -> tuple[Charge, ...]:
        """What a call that ended so can have cost where no document tells: by the price list alone."""
        ...
