"""One worker of the real engine, driven step by step instead of by its own loops: claims, sends, polls, applies."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, cast

import anyio
import anyio.abc
import sqlalchemy as sa

from enrichment.capability import Capability
from enrichment.caps import Cap
from enrichment.context import LEASE, Context, EngineSettings
from enrichment.engine import Engine
from enrichment.inbox import Inbox
from enrichment.ledger import Ledger, claims, plans, polls, seen, waterfalls
from enrichment.ledger.plans import Wanted
from enrichment.waterfall import Waterfall
from sources.providers import Channel, Person, Provider
from tests.chaos.fate import RUNNING, Died, Fate, MortalLedger
from tests.chaos.imitation import Imitation, StandingClock, WiredProvider, WiredSixtyfour

CHANNELS = (Channel.EMAIL, Channel.PHONE)
BASE = "http://127.0.0.1:9"
KEY = "k" * 16
#: turns of the loop after which everything that can go on has come to the wire, or to its end
TURNS = 30


class _Tasks:
    """The one thing that `Sender.claim` needs of a task group."""

    def __init__(self, start: Callable[[Coroutine[Any, Any, Any]], None]) -> None:
        self._start = start

    def start_soon(self, work: Callable[..., Coroutine[Any, Any, Any]], *args: Any) -> None:
        self._start(work(*args))


class Worker:
    """A run in a process of its own, as far as the ledger can tell."""

    def __init__(
        self,
        name: str,
        run_id: str,
        ledger: Ledger,
        inbox: Inbox,
        imitation: Imitation,
        clock: StandingClock,
        caps: Sequence[Cap],
        waterfall: Waterfall | None = None,
    ) -> None:
        """``waterfall``: two vendors are asked, in its order; else the first one for everything."""
        self.name = name
        self.run_id = run_id
        self.fate = Fate()
        self.ledger = MortalLedger(ledger, self.fate)
        self.provider = WiredProvider(imitation)
        providers: list[Provider] = [self.provider]
        if waterfall is not None:
            providers.append(WiredSixtyfour(imitation))
        self.context = Context(
            ledger=self.ledger.as_ledger(),
            providers={provider.name: provider for provider in providers},
            settings=EngineSettings(
                channels=CHANNELS,
                caps=caps,
                max_unanswered=4,
                poll_interval=1.0,
                callback_base=BASE,
                receiving=True,
                gather=0.0,
            ),
            clock=clock,
            dice=random.Random(1),
            run_id=run_id,
            owner=name,
            capability=Capability(KEY),
            started=clock.monotonic(),
            inbox=inbox,
            waterfall=waterfall or Waterfall(),
        )
        self.engine = Engine(self.context)
        self._sender = self.engine._sender
        self._collector = self.engine._collector
        self._poller = self.engine._poller
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def over(self) -> bool:
        """Whether it sends nothing any more."""
        return self.fate.dead or self.context.run_error is not None or bool(self.context.halted)

    async def step(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Do something as this worker; it may die of it."""
        RUNNING.set(self.fate)
        try:
            await work()
        except BaseException as error:
            if not _is_death(error):
                raise
        finally:
            RUNNING.set(None)
        await self.turn()

    async def turn(self) -> None:
        """Let everything that can go on go on."""
        for _ in range(TURNS):
            await asyncio.sleep(0)
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            error = task.exception()
            if error is not None and not _is_death(error):
                raise error
        if self.fate.dead:
            await self.die()

    async def die(self) -> None:
        """The process is gone; what it had on the wire is nobody's."""
        self.fate.dead = True
        tasks, self._tasks = self._tasks, set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def start(self, *, alone: bool) -> None:
        """A run begins: takes over from those that are gone, reads the inbox."""
        await self.step(lambda: self.engine.start(alone=alone))

    async def want_again(self) -> None:
        """Take on what earlier runs planned."""
        asking, now = self.context.asking, self.context.now()
        await self.step(lambda: self.ledger.run(waterfalls.want_again, asking, ["everyone"], list(CHANNELS), now))

    async def plan(self, person_id: str, channel: Channel, settled_before: int | None = None) -> None:
        """A search has shown a person."""
        ask = self.provider.ask(channel, Person(person_id))
        assert ask is not None
        wanted = Wanted(self.provider.name, channel, self.provider.unit, person_id, ask, "everyone")
        await self.step(
            lambda: self.ledger.run(
                plans.plan, [wanted], self.run_id, self.context.now(), settled_before=settled_before
            )
        )

    async def search(self, persons: Sequence[Person]) -> None:
        """A search has shown these people: whoever the waterfall names next is asked for them."""

        def work(connection: sa.Connection) -> None:
            seen.remember_people(connection, persons, self.context.now())
            waterfalls.plan_contacts(connection, self.context.asking, persons, self.context.now(), search="everyone")

        await self.step(lambda: self.ledger.run(work))

    async def pass_over(self) -> None:
        """Whoever waits for a provider that was refused is asked for elsewhere."""
        await self.step(self.engine._pass_over)

    async def claim(self) -> None:
        """Claim what may go out, and send it up to the wire."""
        tasks = cast(anyio.abc.TaskGroup, _Tasks(self._begin))
        await self.step(lambda: self._sender.claim(tasks))

    def _begin(self, work: Coroutine[Any, Any, Any]) -> None:
        self._tasks.add(asyncio.get_running_loop().create_task(work))

    async def apply(self) -> None:
        """Read the inbox."""
        await self.step(self._collector.apply_inbox)

    async def poll(self) -> None:
        """Ask about every job that is due."""

        async def work() -> None:
            async with anyio.create_task_group() as tasks:
                self._poller._ask_due(tasks)

        await self.step(work)

    async def poll_everything(self) -> None:
        """What a run does last."""
        await self.step(self._poller.last_questions)

    async def poll_earlier(self) -> None:
        """What a run does first."""
        await self.step(self._poller._ask_earlier)

    async def give_up(self, after: float) -> None:
        """Jobs older than that (seconds) are in doubt."""
        now = self.context.now()
        await self.step(lambda: self.ledger.run(polls.give_up, now - round(after * 1_000_000), now))

    async def renew(self) -> None:
        """Keep what is its own."""
        until = self.context.now() + round(LEASE * 1_000_000)
        await self.step(lambda: self.ledger.run(claims.renew, self.name, until))


def _is_death(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_death, error.exceptions))
    return isinstance(error, Died)
