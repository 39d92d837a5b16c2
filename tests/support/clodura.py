"""Clodura's endpoints as the product calls them: a client for one question, and paid calls with what came of them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import anyio

from enrichment.decisions import Decision, decide
from enrichment.settlement import Settlement, settlement
from sandbox import Server
from sources.clock import SYSTEM_DICE
from sources.clodura.client import CloduraClient, make_transport
from sources.clodura.provider import CloduraProvider
from sources.providers import Ask, Channel, Person, Reading, Via
from sources.transport import Answer, Answered, PaidOutcome, Transport
from tests.integration.wire import PassingClock

Result = TypeVar("Result")

#: a URL for answers that nobody listens at
NOWHERE = "http://127.0.0.1:9/"


def transport_to(
    url: str, key: str = "sandbox-key", rate_limits: tuple[str, ...] = (), **options: Any
) -> AbstractAsyncContextManager[Transport]:
    return make_transport(url, key, rate_limits=rate_limits, **{"clock": PassingClock(), **options})


def ask(url: str, question: Callable[[CloduraClient], Awaitable[Result]], **options: Any) -> Result:
    """One question to a client of its own. Its waits are over at once."""

    async def story() -> Result:
        async with transport_to(url, **options) as transport:
            return await question(CloduraClient(transport))

    return anyio.run(story)


@dataclass(frozen=True)
class Sent:
    """One paid call that went out, and what the wire said."""

    server: Server
    plan: str
    ask: Ask
    outcome: PaidOutcome
    tracking_id: str | None = None

    @property
    def answer(self) -> Answer:
        """The answer to the submit."""
        assert isinstance(self.outcome, Answered), self.outcome
        return self.outcome.answer

    def read(self, body: bytes, via: Via = Via.WEBHOOK) -> Reading:
        """What a document says about this call."""
        [reading] = reader(self.plan).read(self.ask.operation, body, [self.ask.parameters], self.tracking_id, via)
        return reading

    def settled(self, body: bytes, via: Via = Via.WEBHOOK, country: str | None = None) -> Settlement:
        """The same in the house's own terms; ``country`` is where the person lives."""
        return settlement(self.read(body, via), country)

    def decision(self, *, earlier_unresolved: bool = False) -> Decision:
        """What the ledger writes of the submit, by a host that is proven."""
        ok = isinstance(self.outcome, Answered) and self.outcome.answer.ok
        readings = [self.read(self.answer.body, Via.SUBMIT)] if ok else []
        return decide(
            self.outcome,
            readings,
            proven=True,
            attempts=1,
            earlier_unresolved=earlier_unresolved,
            dice=SYSTEM_DICE,
            missing_is_answer=self.ask.operation != "verify_email",
        )

    def poll(self) -> Answer:
        """The answer to a poll for the result."""
        tracking_id = self.tracking_id
        assert tracking_id is not None
        return ask(
            self.server.url, lambda client: CloduraProvider(client, self.plan).poll(self.ask.operation, tracking_id)
        )

    def polled(self, seconds: float = 5.0) -> Reading:
        """What polling tells once the vendor's books say that the job has ended."""
        end = time.monotonic() + seconds
        while next(j for j in self.server.books()["jobs"] if j["tracking_id"] == self.tracking_id)["finished"] is None:
            assert time.monotonic() < end, "the job does not end"
            time.sleep(0.01)
        return self.read(self.poll().body, Via.POLL)

    @property
    def charged(self) -> int:
        """What the vendor charged for everything about this call's subject, in 1/100 credit."""
        charges = self.server.books()["charges"]
        return sum(c["amount"] for c in charges if c["operation"] == self.ask.operation)


def submit(
    server: Server, asked: Ask, callback_url: str | None = NOWHERE, plan: str = "multi_provider", **options: Any
) -> Sent:
    """Send one paid call to a sandbox of that plan family, through provider, client, transport."""

    async def send(client: CloduraClient) -> PaidOutcome:
        provider = CloduraProvider(client, plan)
        async with provider.slot(patience=None) as slot:
            return await provider.submit(slot, asked.operation, [asked.parameters], callback_url)

    outcome = ask(server.url, send, **options)
    sent = Sent(server, plan, asked, outcome)
    if isinstance(outcome, Answered) and outcome.answer.ok:
        return replace(sent, tracking_id=reader(plan).tracking_id(outcome.answer.body))
    return sent


def reveal(
    server: Server,
    channel: Channel,
    person: Mapping[str, Any],
    callback_url: str | None = NOWHERE,
    plan: str = "multi_provider",
    partners: bool | None = None,
    **options: Any,
) -> Sent:
    """Submit a reveal as the engine does, by the vendor's id of a person."""
    asked = reader(plan, partners).ask(channel, Person(person["person_id"]))
    assert asked is not None
    return submit(server, asked, callback_url, plan, **options)


def verify(
    server: Server, address: str, callback_url: str | None = NOWHERE, *, deep: bool = False, **options: Any
) -> Sent:
    """Submit a verification as the engine does."""
    asked = reader("multi_provider", deep=deep).ask_verification(address)
    assert asked is not None
    return submit(server, asked, callback_url, **options)


def reader(plan: str, partners: bool | None = None, *, deep: bool = False) -> CloduraProvider:
    """A provider that is asked for nothing but its own words: no transport is opened."""
    transport = make_transport("http://127.0.0.1:9", "sandbox-key", rate_limits=())
    return CloduraProvider(CloduraClient(transport), plan, partners, deep=deep)
