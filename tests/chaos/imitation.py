"""The sandbox of both vendors without sockets: its application is called directly, its clock stands until it is moved,
and each request of the engine waits on the wire until somebody decides what becomes of it and of its answer.
"""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, cast

import orjson

from sandbox.app import Sandbox
from sandbox.behaviour import Behaviour
from sandbox.jobs import Surroundings, Timer
from sandbox.sixtyfour.app import PREFIX
from sandbox.world import Start, Vendor, World
from sources.clodura.client import TRACK, CloduraClient, make_transport
from sources.clodura.provider import CloduraProvider
from sources.sixtyfour import client as sixtyfour
from sources.sixtyfour.client import SixtyfourClient
from sources.sixtyfour.provider import SixtyfourProvider
from sources.transport import Answer, PaidOutcome, PaidSlot

KEY = "sandbox-key"
START = 1_790_000_000.0


class StandingClock:
    """Implements `sources.clock.Clock`. ``wall`` may be set back; nothing moves by itself."""

    def __init__(self) -> None:
        self.wall = START
        self.now = 0.0

    def time(self) -> float:
        return self.wall + self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing that is driven here waits for time")


@dataclass
class Exchange:
    """One paid request on the wire. ``reply`` is what the vendor answered once it has acted."""

    path: str
    body: dict[str, Any]
    outcome: asyncio.Future[PaidOutcome] = field(repr=False)
    reply: Answer | None = None
    #: the vendor will never act on it
    gone: bool = False

    @property
    def request_id(self) -> str:
        """Which request of the ledger it is: its webhook URL says so."""
        return str(self.body.get("webhookUrl") or self.body.get("webhook_url")).split("/")[-2]

    @property
    def many(self) -> int:
        """How many people it asks for."""
        return len(self.body.get("leads", [None]))

    @property
    def open(self) -> bool:
        """Whether somebody still waits for its answer."""
        return not self.outcome.done()


class _Uncancelled:
    def cancel(self) -> None:
        raise AssertionError("nobody resets this vendor")


class Imitation:
    """The vendor, and the wire to it."""

    def __init__(self, people: int, seed: int, clock: StandingClock, behaviour: Behaviour) -> None:
        self._clock = clock
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        ids = count(1)
        surroundings = Surroundings(now=lambda: clock.now, later=self._later, new_id=lambda: f"{next(ids):024x}")
        start = Start(people=people, seed=seed, behaviour=behaviour)
        vendor = Vendor(start)
        self.world = vendor.world = World(start, vendor.world.population, surroundings)
        self._app = Sandbox(vendor, KEY)
        self.exchanges: list[Exchange] = []
        #: what becomes of the second vendor's answers to polls on their way
        self.on_the_way: Callable[[bytes], bytes] = bytes

    def _later(self, seconds: float, call: Callable[[], None]) -> Timer:
        heapq.heappush(self._timers, (self._clock.now + seconds, next(self._order), call))
        return _Uncancelled()

    def work(self) -> None:
        """End the jobs whose time has come."""
        while self._timers and self._timers[0][0] <= self._clock.now:
            heapq.heappop(self._timers)[2]()

    def finish_all(self) -> None:
        """End every job that runs."""
        while self._timers:
            heapq.heappop(self._timers)[2]()

    async def request(self, method: str, path: str, body: bytes = b"") -> Answer:
        """A request to the vendor's application, answered."""
        scope = {
            "type": "http", "method": method, "path": path, "extensions": {}, "query_string": b"",
            "headers": [(b"x-api-key", KEY.encode()), (b"content-type", b"application/json")],
        }  # fmt: skip
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await self._app(scope, receive, send)
        return Answer(said[0]["status"], b"".join(part.get("body", b"") for part in said[1:]))

    async def act(self, exchange: Exchange) -> None:
        """Let the vendor act on a request that has arrived; its answer is held back."""
        assert exchange.reply is None
        assert not exchange.gone
        exchange.reply = await self.request("POST", exchange.path, json.dumps(exchange.body).encode())

    def posts(self) -> dict[str, tuple[str, bytes]]:
        """What the vendor would post: URL and body by the tracking id of each job that has ended."""
        found = {}
        for tracking_id, job in self.world.books.jobs.items():
            payload = self.world.jobs.payload(tracking_id)
            if payload is not None and job.webhook_url is not None:
                found[tracking_id] = (job.webhook_url, orjson.dumps(payload))
        second = self.world.sixtyfour
        for task_id, entry in second.books.jobs.items():
            if entry.finished is not None and entry.webhook_url is not None:
                message = second.jobs._message(second.jobs._jobs[task_id])
                if message is not None:
                    found[task_id] = (entry.webhook_url, orjson.dumps(message))
        return found


class _WireSlot:
    """What a provider's `submit` sends through; ``prefix`` stands before its paths."""

    def __init__(self, imitation: Imitation, prefix: str = "") -> None:
        self._imitation = imitation
        self._prefix = prefix

    async def send(self, method: str, path: str, *, json: Any) -> PaidOutcome:
        exchange = Exchange(self._prefix + path, json, asyncio.get_running_loop().create_future())
        self._imitation.exchanges.append(exchange)
        return await exchange.outcome


class WiredProvider(CloduraProvider):
    """The real provider, with the imitation at the other end of its wire."""

    def __init__(self, imitation: Imitation) -> None:
        transport = make_transport("http://127.0.0.1:9", KEY, rate_limits=())
        super().__init__(CloduraClient(transport), "multi_provider")
        self._imitation = imitation
        self._client.proven = True

    def slot(self, *, patience: float | None) -> AbstractAsyncContextManager[PaidSlot]:
        return _slot(_WireSlot(self._imitation))

    async def poll(self, operation: str, tracking_id: str) -> Answer:
        return await self._imitation.request("GET", TRACK + tracking_id)


class WiredSixtyfour(SixtyfourProvider):
    """The real provider of the second vendor, wired in the same way."""

    def __init__(self, imitation: Imitation) -> None:
        super().__init__(SixtyfourClient(sixtyfour.make_transport("http://127.0.0.1:9", KEY, rate_limits=())))
        self._imitation = imitation
        self._client.proven = True

    def slot(self, *, patience: float | None) -> AbstractAsyncContextManager[PaidSlot]:
        return _slot(_WireSlot(self._imitation, PREFIX))

    async def poll(self, operation: str, tracking_id: str) -> Answer:
        said = await self._imitation.request("GET", PREFIX + sixtyfour.JOB_STATUS + tracking_id)
        return replace(said, body=self._imitation.on_the_way(said.body))


@asynccontextmanager
async def _slot(wire: _WireSlot) -> AsyncIterator[PaidSlot]:
    yield cast(PaidSlot, wire)
