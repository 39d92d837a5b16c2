"""The engine buys from Sixtyfour over a real ledger and real sockets: one request for many, each call settled apart."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from enrichment.capability import Capability
from enrichment.context import Context, EngineSettings
from enrichment.engine import Ending, Engine
from enrichment.ledger import Ledger, plans
from enrichment.ledger.plans import Wanted
from enrichment.ledger.schema import calls, emails, requests
from sources.clock import SYSTEM_CLOCK
from sources.providers import Channel, Person
from sources.sixtyfour.client import SixtyfourClient, make_transport
from sources.sixtyfour.provider import SixtyfourProvider
from tests.integration.wire import Act, Exchange, answer, serving
from tests.support.ledgers import new_ledger
from tests.support.purchases import NOW, RUN, rows

pytestmark = pytest.mark.anyio
PEOPLE = [Person(f"p{n}", True, "Ann", f"Lee{n}", organization_name="Acme") for n in range(5)]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


class Vendor:
    """Finds every other lead, and tells so at the second poll, in another order than they were asked in."""

    def __init__(self, cents: float) -> None:
        self.cents = cents
        self.leads: list[Any] = []
        self.polls = 0

    def __call__(self, exchange: Exchange) -> None:
        self._act(exchange.request.method, exchange.request.target, exchange.request.body)(exchange)

    def _act(self, method: str, target: str, body: bytes) -> Act:
        if target == "/check-balance":
            return answer(200, b'{"credits": 100}')
        if method == "POST":
            self.leads = json.loads(body)["leads"]
            return answer(200, b'{"task_id": "job_1", "status": "RUNNING"}')
        self.polls += 1
        if self.polls == 1:
            return answer(200, b'{"status": "running", "id": "job_1"}')
        items = [
            {**lead, "email": [[f"n{n}@acme.com", "OK", "COMPANY"]] if n % 2 == 0 else [["", "NOT_FOUND", "COMPANY"]]}
            for n, lead in enumerate(self.leads)
        ]
        done = {"status": "completed", "id": "job_1", "result": items[::-1], "charge_amount": self.cents}
        return answer(200, json.dumps(done).encode())


async def buy(ledger: Ledger, url: str) -> Ending:
    async with make_transport(url, "a-key-of-ours", rate_limits=()) as transport:
        provider = SixtyfourProvider(SixtyfourClient(transport))
        await provider.prove()
        asks = [(person, provider.ask(Channel.EMAIL, person)) for person in PEOPLE]
        wanted = [Wanted("sixtyfour", Channel.EMAIL, "cents", person.person_id, ask) for person, ask in asks if ask]
        await ledger.run(plans.plan, wanted, RUN, NOW)
        settings = EngineSettings(
            channels=[Channel.EMAIL], receiving=False, callback_base=None, wait=20.0, poll_interval=0.05
        )
        context = Context(
            ledger=ledger,
            providers={provider.name: provider},
            settings=settings,
            clock=SYSTEM_CLOCK,
            dice=random.Random(1),
            run_id=RUN,
            owner="me",
            capability=Capability("k" * 16),
            started=SYSTEM_CLOCK.monotonic(),
        )
        engine = Engine(context)
        await engine.start(alone=True)
        engine.no_more_plans()
        with anyio.fail_after(20):
            return (await engine.run()).ending


@pytest.mark.parametrize(("cents", "each"), [(15, [500, 0, 500, 0, 500]), (25, [500] * 5), (7, [140] * 5)])
async def test_five_people_are_bought_by_one_request(ledger: Ledger, cents: float, each: list[int]) -> None:
    vendor = Vendor(cents)
    with serving(vendor) as host:
        assert await buy(ledger, host.url) is Ending.DONE
    assert [seen.target for seen in host.requests if seen.method == "POST"] == ["/find-email-bulk-async"]
    assert len(rows(ledger, requests)) == 1
    bought = sorted(rows(ledger, calls), key=lambda row: str(row["subject"]))
    outcomes = ["found" if n % 2 == 0 else "not_found" for n in range(5)]
    place = {lead["name"]: n for n, lead in enumerate(vendor.leads)}
    mine = [place[f"Ann Lee{n}"] for n in range(5)]
    assert [row["outcome"] for row in bought] == [outcomes[n] for n in mine]
    assert [(row["amount_min"], row["amount_max"]) for row in bought] == [(each[n], each[n]) for n in mine]
    owners = {row["email"]: row["person_id"] for row in rows(ledger, emails)}
    assert owners == {f"n{place[f'Ann Lee{n}']}@acme.com": f"p{n}" for n in range(5) if outcomes[mine[n]] == "found"}


async def test_a_vendor_that_breaks_leaves_all_five_in_doubt_and_is_not_asked_again(ledger: Ledger) -> None:
    def act(exchange: Exchange) -> None:
        said = answer(200, b'{"credits": 1}') if exchange.request.method == "GET" else answer(500)
        said(exchange)

    with serving(act) as host:
        await buy(ledger, host.url)
    assert len([seen for seen in host.requests if seen.method == "POST"]) == 1
    assert {(row["state"], row["reserved"]) for row in rows(ledger, calls)} == {("in_doubt", 500)}
