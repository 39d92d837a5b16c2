"""Sixtyfour's REST API. Knows paths, bodies and statuses; knows nothing of ledgers or tables.

Wire facts: the vendor's OpenAPI and its pages find-email, errors and get-api-key.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal
from urllib.parse import quote

from sources.answers import refusal
from sources.backoff import Backoff
from sources.errors import NotProven, RequestRefused
from sources.limits import Counters, RateLimiter, Window
from sources.sixtyfour.balance import Balance, read_balance
from sources.sixtyfour.requests import FindRequest
from sources.transport import Answer, PaidOutcome, PaidSlot, Transport, check_header_value

VENDOR = "Sixtyfour"
DEFAULT_BASE_URL = "https://api.sixtyfour.ai"
#: a key (errors page, an older version); another old page says 1000, the newest says nothing that we could read
DEFAULT_RATE_LIMITS = ("500/minute",)
#: share of long windows kept for collecting answers that are already paid for
COLLECTING_SHARE = 0.05

JOB_STATUS = "/job-status/"
CHECK_BALANCE = "/check-balance"
#: no job has this id
NO_JOB = "00000000-0000-0000-0000-000000000000"

CostUnits = Literal["cents", "credits"]


class SixtyfourClient:
    """Calls to Sixtyfour through one transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        #: host and key have answered something that only the right ones answer
        self.proven = False

    async def find(self, slot: PaidSlot, request: FindRequest) -> PaidOutcome:
        """Find addresses or numbers and wait for them: they are in the answer. PAID: one request, no retry."""
        return await slot.send("POST", request.path, json=request.body())

    async def start(self, slot: PaidSlot, request: FindRequest) -> PaidOutcome:
        """Start a job that finds them: its ``task_id`` is in the answer. PAID: one request, no retry."""
        return await slot.send("POST", f"{request.path}-async", json=request.body())

    async def job_status(
        self,
        task_id: str,
        *,
        cost_units: CostUnits | None = None,
        patience: float | None = None,
        backoff: Backoff | None = None,
    ) -> Answer:
        """The answer to a poll of a job, whatever its status. Free.

        ``cost_units`` names the unit that costs are told in; None: the vendor's own choice, cents.
        """
        query = f"?cost_units={cost_units}" if cost_units else ""
        path = f"{JOB_STATUS}{quote(task_id, safe='')}{query}"
        return await self.transport.fetch("GET", path, collecting=True, patience=patience, backoff=backoff)

    async def ask_balance(self, *, patience: float | None = None) -> Answer:
        """The answer to the balance look-up, whatever its status. Free."""
        return await self.transport.fetch("GET", CHECK_BALANCE, collecting=True, patience=patience)

    async def check_balance(self) -> Balance:
        """What is left. Free.

        Raises `KeyRefused`, `OutOfCredits`, `NotEntitled`, `RequestRefused` (404 too: an older API has no such page),
        `Unavailable`, `QuotaExhausted`.
        """
        answer = await self.ask_balance()
        if not answer.ok:
            raise refusal(answer, "the balance look-up", VENDOR)
        balance = read_balance(answer.body)
        if balance is None:
            raise RequestRefused(
                f"{VENDOR} answered the balance look-up with something that is no balance. Check that base_url is the "
                f"API's own address.",
                status=answer.status,
            )
        self.proven = True
        return balance

    async def prove(self, *, patience: float | None = None) -> None:
        """Make sure that host and key are good. Sends one free call, two to an older API, none once they are proven.

        Raises `NotProven` and what `check_balance` does.
        """
        if not self.proven:
            await self.look(patience=patience)

    async def look(self, *, patience: float | None = None) -> Balance | None:
        """What is left; None from an older API, which does not tell. Host and key are proven then.

        Sends one free call, two to an older API. Raises `NotProven` and what `check_balance` does.
        """
        answer = await self.ask_balance(patience=patience)
        balance = read_balance(answer.body) if answer.ok else None
        if answer.status in (404, 405):
            answer = await self.job_status(NO_JOB, patience=patience)
            self.proven = answer.status == 404 and _knows_no_such_job(answer.body)
            what = "/job-status of no job"
        else:
            self.proven = balance is not None
            what = "/check-balance"
        if self.proven:
            return balance
        if answer.ok or answer.status in (404, 405):
            said = "something that is none of its answers" if answer.ok else str(answer.status)
            raise NotProven(
                f"{VENDOR} at {self.transport.shown_url} answered {what} with {said}: this looks like a wrong host. "
                f"Nothing was bought. Check base_url (api.sixtyfour.ai).",
                status=answer.status,
            )
        raise refusal(answer, "the balance look-up", VENDOR)


def _knows_no_such_job(body: bytes) -> bool:
    """Whether a 404 speaks of the job (``{"detail": "Job not found"}``), not of the path (``"Not Found"``)."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    texts = [document.get(name) for name in ("detail", "message", "error")] if isinstance(document, dict) else []
    return any(isinstance(text, str) and "not found" in text.lower() and "job" in text.lower() for text in texts)


def make_transport(
    base_url: str,
    api_key: str,
    *,
    rate_limits: tuple[str, ...] = DEFAULT_RATE_LIMITS,
    counters: Counters | None = None,
    counter_name: str = "sixtyfour",
    collects: Callable[[], bool] = lambda: True,
    **options: Any,
) -> Transport:
    """A transport with Sixtyfour's authentication header and limits. ConfigurationError where a setting is wrong."""
    from sources.clock import SYSTEM_CLOCK

    limiter = RateLimiter(
        [Window.parse(text) for text in rate_limits],
        options.get("clock", SYSTEM_CLOCK),
        counters=counters,
        name=counter_name,
        share=COLLECTING_SHARE,
        collects=collects,
    )
    headers = {"x-api-key": check_header_value(api_key, "sources.sixtyfour.api_key")}
    return Transport(base_url, headers, limiter, **options)
