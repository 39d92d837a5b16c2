"""Everything that a reset starts anew: a population, its books, jobs and switches; and the second vendor's."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.behaviour import Behaviour, Switchboard
from sandbox.books import Books
from sandbox.credits import DEFAULT_ALLOWANCE, Account, Plan
from sandbox.directory import Directory
from sandbox.enrich_contact import Contacts
from sandbox.enrich_organization import Companies
from sandbox.enriching import Repetitions
from sandbox.faults import FaultDecider
from sandbox.generation import build_population
from sandbox.jobs import Jobs, Surroundings, Timer
from sandbox.limits import RateLimiter
from sandbox.population import Population
from sandbox.reveal import Reveals
from sandbox.search import Search
from sandbox.shape import USUAL, Shape
from sandbox.sixtyfour.service import Sixtyfour
from sandbox.tracking import Tracking
from sandbox.verify import Verifications
from sandbox.webhooks import Courier

DEFAULT_CENTS = 1_000_000.0
"""The second vendor's balance at the start."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a world is made from. ``credits`` is the first vendor's allowance, ``cents`` the second's balance."""

    people: int = 1000
    seed: int = 1
    plan: Plan = "multi_provider"
    credits: float = DEFAULT_ALLOWANCE
    behaviour: Behaviour = field(default_factory=Behaviour)
    cents: float = DEFAULT_CENTS
    shape: Shape = USUAL


def _later(seconds: float, call: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, call)


REAL_SURROUNDINGS = Surroundings(now=time.time, later=_later, new_id=lambda: secrets.token_hex(12))
"""Tracking ids are 24 hexadecimal digits, never the same in two runs. Their real form is not documented."""


class World:
    """The imitated vendors, from a reset to the next. ``population`` may be handed on from the world before."""

    def __init__(
        self, start: Start, population: Population | None = None, surroundings: Surroundings = REAL_SURROUNDINGS
    ) -> None:
        wanted = start.seed, start.people, start.shape
        if population is None or (population.seed, population.size, population.shape) != wanted:
            population = build_population(*wanted)
        self.start = start
        self.now = surroundings.now
        self.population = population
        self.switchboard = Switchboard(start.behaviour)
        self.books = Books(surroundings.now)
        self.account = Account(start.plan, start.credits, self.books)
        viewed: set[int] = set()
        self.directory = Directory(population)
        board = self.switchboard
        self._courier = Courier(board, self.books, start.seed)
        self.jobs = Jobs(population, self.account, self.books, self._courier, viewed, board, surroundings)
        self.search = Search(population, self.account, self.books, viewed, board)
        self.reveals = Reveals(self.directory, self.account, self.jobs, board)
        self.verifications = Verifications(self.directory, self.account, self.books, self._courier, board, surroundings)
        self.tracking = Tracking(self.jobs, self.verifications, self.books, board, surroundings.now)
        repetitions = Repetitions(board, surroundings.now)
        self.contacts = Contacts(self.directory, self.account, self.books, board, repetitions)
        self.companies = Companies(self.directory, self.account, self.books, board, repetitions)
        self.sixtyfour = Sixtyfour(self.directory, start.cents, board, surroundings)
        self._arm(start.behaviour)

    @property
    def behaviour(self) -> Behaviour:
        """The switches in force."""
        return self.switchboard.behaviour

    def change(self, behaviour: Behaviour) -> None:
        """Put other switches in force; faults, limits and shifts count from zero where theirs are others."""
        before, self.switchboard.behaviour = self.behaviour, behaviour
        if _standing(before) != _standing(behaviour):
            try:
                self.search.start_anew()
            except ValueError:
                self.switchboard.behaviour = before
                raise
        if (before.faults, before.rate_limits) != (behaviour.faults, behaviour.rate_limits):
            self._arm(behaviour)

    def _arm(self, behaviour: Behaviour) -> None:
        self.faults = FaultDecider(behaviour.faults, self.start.seed)
        self.limiter = RateLimiter(behaviour.rate_limits, self.now)

    async def close(self) -> None:
        """Stop jobs and webhooks."""
        self.jobs.close()
        self.verifications.close()
        await self.sixtyfour.close()
        await self._courier.close()


def _standing(behaviour: Behaviour) -> tuple[object, ...]:
    """The switches that a search starts anew for."""
    return behaviour.search_order, behaviour.search_shifts, behaviour.new_jobs


class Vendor:
    """The world in force, and the ``start`` that a reset without arguments goes back to."""

    def __init__(self, start: Start) -> None:
        self.start = start
        self.world = World(start)

    async def restart(self, start: Start) -> None:
        """Put a new world in place of the old one; the same population is not built again."""
        before, self.world = self.world, World(start, self.world.population)
        await before.close()
