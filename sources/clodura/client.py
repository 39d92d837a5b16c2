"""Clodura's REST API, one method an endpoint. Knows paths, bodies and statuses; knows nothing of ledgers or tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import orjson

from sources.answers import refusal
from sources.backoff import Backoff
from sources.clodura.credits import Balance, read_balance
from sources.clodura.filters import LARGEST_PAGE, SearchFilters, SearchRequest
from sources.clodura.records import Page, UnreadablePage, parse_page
from sources.clodura.requests import EnrichContact, EnrichOrganization, RevealEmail, RevealPhone, VerifyEmail
from sources.errors import NotProven, RequestRefused, VendorError
from sources.limits import Counters, RateLimiter, Window
from sources.metering import Meter, MeteredPage
from sources.transport import Answer, PaidOutcome, PaidSlot, Transport, check_header_value

VENDOR = "Clodura"
DEFAULT_BASE_URL = "https://api.clodura.ai"
#: not documented by the vendor; two public clients agree on exactly these
DEFAULT_RATE_LIMITS = ("10/second", "100/minute", "2000/day")
#: share of long windows kept for collecting answers that are already paid for
COLLECTING_SHARE = 0.05

SEARCH = "/api/v1/search/people"
REVEAL_EMAIL = "/api/v1/search/people/email/match"
REVEAL_PHONE = "/api/v1/search/people/phone/match"
TRACK = "/api/v1/search/people/track/"
VERIFY_EMAIL = "/api/v1/verify/email"
ENRICH_CONTACT = "/api/v1/cleanup/enrich"
ENRICH_ORGANIZATION = "/api/v1/organisation/enrich"
CREDITS = "/api/v1/credits"


class CloduraClient:
    """Calls to Clodura through one transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        #: host and key have answered something only the right ones answer: from then on 404 means "nothing found"
        self.proven = False

    async def search(
        self,
        filters: SearchFilters,
        page: int,
        per_page: int = LARGEST_PAGE,
        *,
        patience: float | None = None,
        meter: Meter | None = None,
    ) -> Page:
        """One page of people. An empty page is an empty page, whether the vendor says so by 404 or by ``[]``.

        Raises `KeyRefused`, `OutOfCredits`, `NotEntitled`, `RequestRefused`, `NotProven`, `Unavailable`,
        `QuotaExhausted`.
        """
        body = SearchRequest(**filters.model_dump(), page=page, per_page=per_page).body()
        metered = MeteredPage(meter, page, per_page) if meter is not None else None
        answer = await self.transport.fetch("POST", SEARCH, json=body, patience=patience, attempts=metered)
        if answer.status == 404:
            await self.prove(patience=patience)
            return Page(number=page, records=[])
        if not answer.ok:
            raise refusal(answer, "the people search", VENDOR)
        try:
            found = parse_page(page, answer.body)
        except UnreadablePage as error:
            if metered is not None:
                metered.unreadable()
            raise VendorError(
                f"{VENDOR} answered the people search with a page that cannot be read ({error}). Nothing was bought. "
                f"Check that base_url is the API's own address.",
                status=answer.status,
            ) from None
        if metered is not None:
            await metered.returned(len(found.records) + found.unreadable)
        self.proven |= bool(found.records)
        return found

    async def prove(self, *, patience: float | None = None) -> None:
        """Make sure that host and key are good. Sends one free call, and none once they are proven.

        A 404 of a search means "no results", of a wrong host or an unknown route it looks just the same.
        """
        if self.proven:
            return
        answer = await self.ask_credits(patience=patience)
        if _balance(answer) is not None:
            self.proven = True
            return
        if answer.ok or answer.status == 404:
            said = "a page that is no balance" if answer.ok else "404"
            raise NotProven(
                f"{VENDOR} at {self.transport.shown_url} answered /credits with {said}: this looks like a wrong host, "
                f"whose 404 to a search does not mean that nobody was found. Nothing was bought. Check base_url "
                f"(api.clodura.ai or app.clodura.ai).",
                status=answer.status,
            )
        raise refusal(answer, "the credits look-up", VENDOR)

    async def credits(self) -> Balance:
        """What is left, on either plan family. Free.

        Raises `KeyRefused`, `NotEntitled`, `RequestRefused` (404 too: some plans seem to have no such page),
        `Unavailable`, `QuotaExhausted`.
        """
        document = read_credits(await self.ask_credits())
        self.proven = True
        return read_balance(document)

    async def ask_credits(self, *, patience: float | None = None) -> Answer:
        """The answer to the credits look-up, whatever its status: for `read_credits`. Free."""
        return await self.transport.fetch("GET", CREDITS, collecting=True, patience=patience)

    async def track(self, tracking_id: str, *, patience: float | None = None, backoff: Backoff | None = None) -> Answer:
        """The answer to a poll of a reveal job, whatever its status. Free (no price is listed anywhere)."""
        path = TRACK + quote(tracking_id, safe="")
        return await self.transport.fetch("GET", path, collecting=True, patience=patience, backoff=backoff)

    async def reveal_email(self, slot: PaidSlot, request: RevealEmail) -> PaidOutcome:
        """Submit one e-mail reveal. PAID: one request on the wire, no retry."""
        return await slot.send("POST", REVEAL_EMAIL, json=request.body())

    async def reveal_phone(self, slot: PaidSlot, request: RevealPhone) -> PaidOutcome:
        """Submit one phone reveal. PAID: one request on the wire, no retry."""
        return await slot.send("POST", REVEAL_PHONE, json=request.body())

    async def verify_email(self, slot: PaidSlot, request: VerifyEmail) -> PaidOutcome:
        """Submit one verification. PAID: one request on the wire, no retry."""
        return await slot.send("POST", VERIFY_EMAIL, json=request.body())

    async def enrich_contact(self, slot: PaidSlot, request: EnrichContact) -> PaidOutcome:
        """Enrich one contact; `enriched.read_contact` reads the answer. PAID: one request on the wire, no retry."""
        return await slot.send("POST", ENRICH_CONTACT, json=request.body())

    async def enrich_organization(self, slot: PaidSlot, request: EnrichOrganization) -> PaidOutcome:
        """Enrich one company; `enriched.read_organization` reads the answer. PAID: one request, no retry."""
        return await slot.send("POST", ENRICH_ORGANIZATION, json=request.body())


def read_credits(answer: Answer) -> dict[str, Any]:
    """The document of a credits answer; the error that stands for any other answer is raised."""
    if not answer.ok:
        raise refusal(answer, "the credits look-up", VENDOR)
    document = _balance(answer)
    if document is None:
        raise RequestRefused(
            f"{VENDOR} answered the credits look-up with something that is no JSON object.", status=answer.status
        )
    return document


def _balance(answer: Answer) -> dict[str, Any] | None:
    """The JSON object of a credits answer, or None for anything else, such as the start page of a web application."""
    try:
        document = orjson.loads(answer.body) if answer.ok else None
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def make_transport(
    base_url: str,
    api_key: str,
    *,
    rate_limits: tuple[str, ...] = DEFAULT_RATE_LIMITS,
    counters: Counters | None = None,
    counter_name: str = "clodura",
    collects: Callable[[], bool] = lambda: True,
    **options: Any,
) -> Transport:
    """A transport with Clodura's authentication header and limits. ConfigurationError where a setting is wrong."""
    from sources.clock import SYSTEM_CLOCK

    limiter = RateLimiter(
        [Window.parse(text) for text in rate_limits],
        options.get("clock", SYSTEM_CLOCK),
        counters=counters,
        name=counter_name,
        share=COLLECTING_SHARE,
        collects=collects,
    )
    headers = {"X-API-KEY": check_header_value(api_key, "sources.clodura.api_key")}
    return Transport(base_url, headers, limiter, **options)
