"""Death without a process: a worker's ledger that dies at a named moment, and does nothing for it ever after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import sqlalchemy as sa

from enrichment.ledger import Ledger
from sources import crashpoints
from sources.crashpoints import name_of


class Died(BaseException):
    """The worker is no more. No `except Exception` catches it, and what runs on the way out can write nothing."""


class Fate:
    """Whether a worker lives, and the moment at which it is to die (None: at none)."""

    def __init__(self) -> None:
        self.dead = False
        self.doom: str | None = None

    def reach(self, moment: str) -> None:
        """A moment has come; raises `Died` where it is the last one."""
        if self.dead or moment == self.doom:
            self.dead = True
            raise Died(moment)


#: the fate of whoever runs at the moment
RUNNING: ContextVar[Fate | None] = ContextVar("RUNNING", default=None)


def watch(moment: str) -> None:
    """Tells the worker that runs of its moments. Those of the ledger are told by `MortalLedger`."""
    fate = RUNNING.get()
    if fate is not None and not moment.startswith("ledger."):
        fate.reach(moment)


@contextmanager
def watched() -> Iterator[None]:
    """Moments are watched for the length of a block."""
    with crashpoints.armed(watch):
        yield


class MortalLedger:
    """A real ledger as one worker sees it: `Ledger`'s own methods, each with the moments before and after its commit.

    Work is done there and then: the event loop takes no turn between a call and its return.
    """

    def __init__(self, ledger: Ledger, fate: Fate) -> None:
        self._ledger = ledger
        self._fate = fate
        self.path = ledger.path

    def as_ledger(self) -> Ledger:
        """Itself, for whoever wants a `Ledger`."""
        return cast(Ledger, self)

    def call(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """See `Ledger.call`."""
        self._fate.reach(f"ledger.before:{name_of(work)}")
        result = self._ledger.call(work, *args, **kwargs)
        self._fate.reach(f"ledger.after:{name_of(work)}")
        return result

    async def run(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """See `Ledger.run`."""
        return self.call(work, *args, **kwargs)

    def look(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """See `Ledger.look`."""
        return self._ledger.look(work, *args, **kwargs)

    @property
    def gone(self) -> None:
        """See `Ledger.gone`."""
        return None

    def submit(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
        """See `Ledger.submit`."""
        done: Future[Any] = Future()
        done.set_result(self.call(work, *args, **kwargs))
        return done

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """See `Ledger.read`."""
        with self._ledger.read() as connection:
            yield connection
