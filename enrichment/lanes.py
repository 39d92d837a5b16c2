"""What may be claimed now: which operations are open, paused, or still gather calls to share a request with."""

from __future__ import annotations

from dataclasses import replace

from enrichment.context import Context
from enrichment.ledger.claims import Lane
from sources.errors import QuotaExhausted
from sources.providers import Operation

#: (provider, operation)
Key = tuple[str, str]


class Lanes:
    """Knows of each operation what its last answers mean for the next claims."""

    def __init__(self, context: Context) -> None:
        self._context = context
        #: operations that have been answered without a refusal: until then one request at a time
        self._opened: set[Key] = set()
        self._in_flight: dict[Key, int] = {}
        self._paused_until: dict[str, float] = {}
        #: since when calls wait for others to share their request with (monotonic), by operation
        self._gathering: dict[Key, float] = {}
        #: nothing more will come that could share a request: send what there is
        self.hurry = False
        #: providers whose rate limits allow no more in this run
        self.quotas: dict[str, QuotaExhausted] = {}

    @property
    def in_flight(self) -> int:
        """Requests claimed and not yet answered."""
        return sum(self._in_flight.values())

    def busy_with(self, provider: str, operation: str) -> bool:
        """Whether requests of an operation are claimed and not yet answered."""
        return self._in_flight.get((provider, operation), 0) > 0

    def operation(self, provider: str, name: str) -> Operation:
        """An operation by its name."""
        return next(o for o in self._context.providers[provider].operations.values() if o.name == name)

    def open_operations(self) -> list[Key]:
        """Operations that may still be sent in this run."""
        context = self._context
        if context.run_error or context.stopping:
            return []
        return [
            (name, operation.name)
            for name, provider in context.providers.items()
            for channel, operation in provider.operations.items()
            if name not in self.quotas
            and channel in context.settings.channels
            and (name, operation.name) not in context.halted
        ]

    def free(self) -> list[Lane]:
        """What may be claimed of each operation, sharing the free places."""
        free = self._context.settings.max_unanswered - self.in_flight
        now = self._context.clock.monotonic()
        lanes = []
        for provider, name in self.open_operations():
            if not self._context.providers[provider].proven:
                continue
            most = free
            if (provider, name) not in self._opened:
                most = min(free, 1 - self._in_flight.get((provider, name), 0))
            if most > 0 and self._paused_until.get(provider, 0.0) <= now:
                operation = self.operation(provider, name)
                unit = self._context.providers[provider].unit
                lane = Lane(provider, name, unit, operation.reserve, most, operation.batch, operation.together)
                lanes.append(replace(lane, whole=operation.batch > 1 and self._gathers((provider, name))))
        return shared(lanes, free)

    def claimed(self, lanes: list[Lane], keys: list[Key]) -> None:
        """Requests were claimed, one for each of ``keys``. Of lanes not to be whole all that was due has gone."""
        for key in keys:
            self._in_flight[key] = self._in_flight.get(key, 0) + 1
        done = {*keys, *((lane.provider, lane.operation) for lane in lanes if not lane.whole)}
        for key in done:
            self._gathering.pop(key, None)

    def answered(self, key: Key) -> None:
        """A request has come to its end."""
        self._in_flight[key] -= 1

    def opens(self, key: Key) -> None:
        """An operation was answered without a refusal."""
        self._opened.add(key)

    def closes(self, provider: str) -> None:
        """From now on a provider is asked by one request at a time, until it answers again."""
        operations = self._context.providers[provider].operations.values()
        self._opened -= {(provider, operation.name) for operation in operations}

    def pause(self, provider: str, seconds: float) -> None:
        """Send nothing there for so long."""
        self._paused_until[provider] = self._context.clock.monotonic() + seconds

    def paused_for(self) -> float:
        """Seconds until the first paused provider may be used again; 0 where none is paused."""
        now = self._context.clock.monotonic()
        waits = [until - now for until in self._paused_until.values() if until > now]
        return min(waits, default=0.0)

    def gathering(self) -> bool:
        """Whether calls that are due may be held back until more can share their request."""
        batched = [key for key in self.open_operations() if self.operation(*key).batch > 1]
        return any(self._gathers(key) for key in batched)

    def _gathers(self, key: Key) -> bool:
        """Whether calls of an operation still wait for others."""
        now = self._context.clock.monotonic()
        since = self._gathering.setdefault(key, now)
        return not self.hurry and now - since < self._context.settings.gather


def shared(lanes: list[Lane], free: int) -> list[Lane]:
    """The lanes share the free places; a lane that may use fewer leaves more to the others. Pure."""
    found: list[Lane] = []
    left = sorted(lanes, key=lambda lane: lane.most)
    while left:
        lane = left.pop(0)
        most = min(lane.most, max(1, free // (len(left) + 1)))
        if free <= 0:
            break
        free -= most
        found.append(replace(lane, most=most))
    return found
