"""Everything of the second vendor that a reset starts anew, put together."""

from __future__ import annotations

import random
import secrets
import uuid
from collections.abc import Callable

from sandbox.behaviour import Switchboard
from sandbox.directory import Directory
from sandbox.jobs import Surroundings
from sandbox.sixtyfour.books import Books
from sandbox.sixtyfour.callbacks import Callbacks, habits
from sandbox.sixtyfour.jobs import Identifiers, Jobs
from sandbox.sixtyfour.limits import RateGate
from sandbox.sixtyfour.searching import Search
from sandbox.sixtyfour.signing import SigningSecrets
from sandbox.webhooks import Courier


def _uuid() -> str:
    return str(uuid.uuid4())


class Sixtyfour:
    """One imitated vendor, from a reset to the next. ``cents`` is its balance at the start."""

    def __init__(
        self,
        directory: Directory,
        cents: float,
        switchboard: Switchboard,
        surroundings: Surroundings,
        new_uuid: Callable[[], str] = _uuid,
    ) -> None:
        population, now = directory.population, surroundings.now
        self.directory = directory
        self.switchboard = switchboard
        self.books = Books(cents, now)
        self.gate = RateGate(now)
        self.secrets = SigningSecrets(now, lambda: secrets.token_hex(32))
        self.search = Search(directory, self.books, switchboard)
        self.luck = random.Random(f"{population.seed}:sixtyfour")
        self._courier = Courier(switchboard, self.books, f"{population.seed}:sixtyfour", habits)
        callbacks = Callbacks(self._courier, self.secrets, switchboard, now, new_uuid)
        made = Identifiers(new_uuid)
        self.jobs = Jobs(population, self.search, self.books, callbacks, switchboard, surroundings, made)

    async def close(self) -> None:
        """Stop jobs and webhooks."""
        self.jobs.close()
        await self._courier.close()
