"""How many requests may go out in a span of time: several rate windows at once.

Windows slide: a request may go when, for every window, the request ``limit`` places back is older than the window.
Windows of a minute and longer must outlive the process (a daily quota does not start anew because cron started us
again), so their grants are noted through `Counters`, which the ledger implements. They are noted in small blocks
BEFORE they are used: a crash forgets requests that were never sent, never requests that were.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

import anyio

from sources.clock import Clock
from sources.errors import ConfigurationError, QuotaExhausted
from sources.redaction import shown
from sources.throttling import Refusal, Throttle

_WORDS = {"sec": 1, "second": 1, "min": 60, "minute": 60, "hour": 3600, "day": 86400}
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400} | _WORDS | {f"{word}s": seconds for word, seconds in _WORDS.items()}
_PATTERN = re.compile(r"^\s*(\d{1,9})\s*(?:/|\s+per\s+)\s*(\d{0,9})\s*([a-z]+)\s*$", re.IGNORECASE)

#: Windows at least this long (seconds) are counted across restarts.
DURABLE_FROM = 60.0
#: Seconds after which the rest of a noted block is given back and a new one noted; what an earlier run noted counts as
#: used so much later, so that its windows are respected whenever in that time the requests went out.
BLOCK_LIFE = 10.0
#: Seconds by which one request may be longer under way than another before the vendor counts it, unless its answer
#: comes sooner: each window is longer by so much. It costs 3.4 % of a rate by the second, 0.06 % of one by the minute.
TRANSIT = 0.035
#: The same, at the most, for one whose answer took longer than nine in ten do: it may have been late on its way there.
LATEST = 1.0
#: By what part of itself the time that nine in ten answers take is moved by one that took longer, or nine that did not.
LEARNED = 0.005
#: Windows at least this long are quotas: they keep a part back for collecting what is already paid for, and a 429
#: makes them no smaller.
QUOTA_FROM = 3600.0
#: Seconds between looks at how much of the rate has come back after 429s.
LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Window:
    """At most ``limit`` requests in any ``seconds``."""

    limit: int
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Window:
        """``"10/second"``, ``"100/minute"``, ``"2000/day"``, ``"50/10 seconds"``; ConfigurationError otherwise."""
        match = _PATTERN.match(text)
        if match is None or match[3].lower() not in _UNITS or int(match[1]) < 1 or int(match[2] or 1) < 1:
            raise ConfigurationError(
                f"rate_limits: {shown(text)} is not a rate. Write it as COUNT/UNIT with second, minute, hour or day, "
                f'for example "10/second".'
            )
        return cls(limit=int(match[1]), seconds=float(int(match[2] or 1) * _UNITS[match[3].lower()]))

    def kept(self, share: float) -> int:
        """Requests of this window that only collecting may use; none in short windows, never all of it."""
        if self.seconds < QUOTA_FROM:
            return 0
        return min(self.limit - 1, math.ceil(self.limit * share))

    def slowed(self, share: float) -> int:
        """Requests of this window while only a share of the rate is made use of; at least one, all of a quota."""
        if self.seconds >= QUOTA_FROM:
            return self.limit
        return max(1, math.floor(self.limit * share + 1e-9))


class Counters(Protocol):
    """Where grants of long windows are noted, by a key that names vendor and account (never the key itself)."""

    async def load(self, name: str, since: float) -> list[tuple[float, int]]:
        """Noted (epoch seconds, requests) at or after ``since``, oldest first; negative = given back."""
        ...

    async def add(self, name: str, at: float, requests: int) -> None:
        """Note ``requests`` grants at ``at``; durable when it returns."""
        ...


class Grant:
    """The right to send one request now or later."""

    def __init__(self, now: Callable[[], float], sent: Callable[[Grant], None], late: Callable[[float], float]) -> None:
        #: when it went out, and the latest time at which the vendor may have counted it
        self.sent = self.counted = math.inf
        self._now = now
        self._on_sent = sent
        self._late = late
        self._answered = False

    @classmethod
    def of_earlier_run(cls, at: float) -> Grant:
        """A grant that another run has used, at ``at`` (epoch seconds) at the latest."""
        grant = cls(lambda: at, lambda _: None, late=lambda _: 0.0)
        grant.use()
        return grant

    @property
    def used(self) -> bool:
        """Whether its request has gone out."""
        return self.sent < math.inf

    def use(self) -> None:
        """The request goes out now. Once is enough: more changes nothing."""
        if self.used:
            return
        self.sent = self._now()
        self.counted = self.sent + self._late(0.0)
        self._on_sent(self)

    def answered(self) -> None:
        """The request has arrived: its answer is here. Of one that never went out this says nothing."""
        if not self.used or self._answered:
            return
        self._answered = True
        now = self._now()
        self.counted = min(self.sent + self._late(now - self.sent), now)


class RateLimiter:
    """Grants requests one by one so that no window is ever exceeded, counted when they are sent.

    ``share`` of each window of an hour or longer is kept for collecting (polls): answers that are already paid for
    must not be stranded by the purchase of more. It is kept while ``collects`` says that there may be such answers: it
    is asked only when nothing but that part is left.
    """

    def __init__(
        self,
        windows: Sequence[Window],
        clock: Clock,
        *,
        counters: Counters | None = None,
        name: str = "",
        share: float,
        transit: float = TRANSIT,
        collects: Callable[[], bool] = lambda: True,
    ) -> None:
        self.windows = tuple(windows)
        self._clock = clock
        self._counters = counters
        self._name = name
        self._share = share
        self._transit = transit
        self._collects = collects
        self._throttle = Throttle()
        self._grants: deque[Grant] = deque(maxlen=max((w.limit for w in self.windows), default=1))
        durable = [w for w in self.windows if w.seconds >= DURABLE_FROM] if counters else []
        self._block = max(1, min([10, *(w.limit // 10 for w in durable)])) if durable else 0
        self._noted = 0  # granted ahead in the counters, not yet used
        self._noted_at = -math.inf
        self._held = 0  # granted, not yet sent
        self._freed = anyio.Event()
        self._noting = anyio.Lock()
        self._paused_until = -math.inf
        self._usual: float | None = None  # seconds in which nine in ten answers come
        self._origin = (clock.time(), clock.monotonic())

    def now(self) -> float:
        """Epoch seconds that never go back, not behind anything noted earlier: a clock set back frees nothing."""
        wall, steady = self._origin
        return wall + (self._clock.monotonic() - steady)

    async def __aenter__(self) -> RateLimiter:
        if self._block and self._counters:
            longest = max(w.seconds for w in self.windows) + BLOCK_LIFE
            noted: list[float] = []
            now = self._clock.time()
            for at, requests in await self._counters.load(self._name, now - longest):
                now = max(now, at)
                if requests > 0:
                    noted += [at] * requests
                else:
                    del noted[max(0, len(noted) + requests) :]
            for at in noted:
                self._grants.append(Grant.of_earlier_run(min(at + BLOCK_LIFE, now)))
            self._origin = (now, self._clock.monotonic())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._noted and self._counters:
            with anyio.CancelScope(shield=True):
                unused, self._noted = self._noted, 0
                await self._counters.add(self._name, self.now(), -unused)

    async def acquire(self, *, collecting: bool = False, patience: float | None = None) -> None:
        """Wait for a grant and use it now: for a request that is sent right away.

        Raises `QuotaExhausted` instead of waiting more than ``patience`` seconds in all.
        """
        async with self.hold(collecting=collecting, patience=patience) as grant:
            grant.use()

    @asynccontextmanager
    async def hold(self, *, collecting: bool = False, patience: float | None = None) -> AsyncIterator[Grant]:
        """Wait for a grant and hold it, for a request that is sent later: `Grant.use` at that very moment.

        Until then it has a place in every window. What leaves the block unused is given back. Raises as `acquire`.
        """
        await self._take(collecting, patience)
        grant = Grant(self.now, self._sent, self._late)
        try:
            yield grant
        finally:
            if not grant.used:
                self._held -= 1
                self._noted += 1 if self._block else 0
                self._freed.set()

    def _late(self, took: float) -> float:
        """Seconds that a request may have been on its way, if its answer ``took`` so long; 0: there is none yet."""
        if took <= 0:
            return self._transit
        usual = took if self._usual is None else self._usual
        self._usual = usual * (1 + (LEARNED if took > usual else -LEARNED / 9))
        return max(self._transit, min(took - usual, LATEST))

    def _sent(self, grant: Grant) -> None:
        self._held -= 1
        self._grants.append(grant)
        self._freed.set()

    async def _take(self, collecting: bool, patience: float | None) -> None:
        latest = math.inf if patience is None else self.now() + patience
        while True:
            wait = self._wait(collecting)
            look_in, most = self._slowed(collecting, wait)
            if look_in > 0:
                if math.isfinite(most) and self.now() + most > latest:
                    raise QuotaExhausted(
                        f"The rate limits ({self}) leave no call for another {most:.0f} s. Nothing was sent.",
                        until=self.now() + most,
                    )
                if math.isfinite(look_in):
                    await self._clock.sleep(look_in)
                else:  # others hold every place: each is soon used or given back
                    if self._freed.is_set():
                        self._freed = anyio.Event()
                    await self._freed.wait()
            elif self._block and not self._ahead():
                await self._note()
            else:
                self._noted -= 1 if self._block else 0
                self._held += 1
                return

    def _slowed(self, collecting: bool, wait: float) -> tuple[float, float]:
        """Seconds until it is worth another look, and the most that the wait can be, given the ``wait`` at full rate.

        After 429s the windows are smaller for a time, so the wait by their present size may well be too long.
        """
        now = self.now()
        share = self._throttle.share(now)
        if share >= 1.0:
            return wait, wait
        slowed = self._wait(collecting, share)
        look_in = min(slowed, max(wait, LOOK_EVERY)) if math.isfinite(slowed) else slowed
        return look_in, max(wait, min(slowed, self._throttle.whole_in(now)))

    def pause(self, seconds: float) -> None:
        """Grant nothing for ``seconds``: the vendor wants to be left alone for so long."""
        self._paused_until = max(self._paused_until, self.now() + seconds)

    def answered(self) -> None:
        """A request was answered by anything but 429."""
        self._throttle.answered()

    def refused(self, grant: Grant) -> Refusal:
        """A 429 came to the request of ``grant``: from now on less is granted, unless it was a single one."""
        return self._throttle.refused(grant.sent, self.now())

    def __str__(self) -> str:
        return ", ".join(f"{w.limit} in {w.seconds:g} s" for w in self.windows) or "none"

    def _ahead(self) -> bool:
        """Whether a grant is noted that may be used now."""
        return self._noted > 0 and self.now() - self._noted_at <= BLOCK_LIFE

    async def _note(self) -> None:
        assert self._counters is not None
        async with self._noting:
            if self._ahead():
                return
            unused, self._noted = self._noted, 0
            if unused:
                await self._counters.add(self._name, self.now(), -unused)
            at = self.now()
            await self._counters.add(self._name, at, self._block)
            self._noted, self._noted_at = self._block, at

    def _latest(self, index: int) -> float:
        """When the vendor may have counted the last of the grants up to ``index``: of two, the first may be slower."""
        latest = self._grants[index].counted
        while -index < len(self._grants) and self._grants[index].sent + LATEST > latest:
            index -= 1
            latest = max(latest, self._grants[index].counted)
        return latest

    def _wait(self, collecting: bool, share: float = 1.0) -> float:
        """Seconds until the windows, each cut to ``share``, have room; infinite where others hold every place."""
        now = self.now()
        wait = self._paused_until - now
        for window in self.windows:
            limit = window.slowed(share)
            kept = 0 if collecting else window.kept(self._share)
            until = self._full_until(window, limit - kept)
            if kept and until > now and not self._collects():
                until = self._full_until(window, limit)
            wait = max(wait, until - now)
        return wait

    def _full_until(self, window: Window, limit: int) -> float:
        """When there is room for one more among ``limit`` requests in a window; infinite where all places are held."""
        free = limit - self._held
        if free <= 0:
            return math.inf
        return self._latest(-free) + window.seconds if len(self._grants) >= free else -math.inf
