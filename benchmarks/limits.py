"""How near a long search comes to its rate limits, whether it ever passes one, and what 429s do to it.

    .venv/bin/python -m benchmarks.limits

Pages of a search, ten under way at a time, against sandboxes in processes of their own. What counts is when a request
arrives there, by their books. Bars, each a ratio or a count:

* the time that the calls would take were the windows all that holds them back (and ten at a time), to the time they
  took: at least 0.95, for several limits and latencies, and where one call in fifty is answered by a 429;
* never more calls in any span of a window's length than the window allows, anywhere;
* where the vendor's own limit is half of ours: at least 0.85 of it made use of (0.75 where it says Retry-After, which
  holds everybody back for longer than need be), at most a fifth of the calls refused, and the whole rate back within a
  stated time once it is lifted (`sources.throttling.RECOVERY`, and a window).

Slow rates run side by side, fast ones one after the other: about three minutes in all, on a machine that does nothing
else. Exit code 1 where a bar is missed.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import anyio
import anyio.to_thread

import sandbox
from benchmarks.measuring import Figure, end
from sandbox.process import Server
from sources.clodura.client import CloduraClient, make_transport
from sources.clodura.filters import SearchFilters
from sources.limits import Window
from sources.throttling import RECOVERY

#: least share of the rate reached; of a vendor's lower limit, without and with Retry-After; most that such a one may
#: refuse of the calls
REACHED, LOWER, LOWER_TOLD, REFUSED = 0.95, 0.85, 0.75, 0.2
#: pages under way at a time, people on them, people there are
CONCURRENCY, PER_PAGE, PEOPLE = 10, 25, 1000
#: seconds for which the slow cases and the fast ones run; seconds until a vendor's lower limit is lifted
SLOW, FAST, LIFTED = 75.0, 15.0, 40.0
ONE_IN_FIFTY = ({"operation": "search", "fault": "429", "probability": 0.02},)


@dataclass(frozen=True)
class Case:
    """A search under limits; ``lower``: the vendor's own limit, in force until it is lifted."""

    limits: Sequence[str]
    latency: float = 0.0
    behaviour: Mapping[str, object] = field(default_factory=dict)
    lower: int | None = None
    words: str = ""

    def __str__(self) -> str:
        return f"{' + '.join(self.limits)}, answers take {self.latency * 1000:g} ms{self.words}"


@dataclass(frozen=True)
class Seen:
    """What arrived at the vendor and was refused there (epoch seconds), and when its own limit was lifted."""

    arrived: Sequence[float]
    refused: Sequence[float]
    lifted: float | None


def reached(case: Case, arrived: Sequence[float]) -> float:
    """The time that so many calls take at best, to the time they took: up to the first of the last burst."""
    windows = [Window.parse(text) for text in case.limits]
    arrived = arrived[: (len(arrived) - 1) // windows[0].limit * windows[0].limit + 1]
    best: list[float] = []
    for number in range(len(arrived)):
        at = best[number - CONCURRENCY] + case.latency if number >= CONCURRENCY else 0.0
        for window in windows:
            if number >= window.limit:
                at = max(at, best[number - window.limit] + window.seconds)
        best.append(at)
    return best[-1] / (arrived[-1] - arrived[0])


def fullest(arrived: Sequence[float], seconds: float) -> int:
    """The most calls in any span of so many seconds."""
    most = first = 0
    for number, at in enumerate(arrived):
        while at - arrived[first] >= seconds:
            first += 1
        most = max(most, number - first + 1)
    return most


def back_after(case: Case, seen: Seen) -> float:
    """Seconds from when the vendor's own limit was lifted to the end of the first window that was full again."""
    assert seen.lifted is not None
    window = Window.parse(case.limits[0])
    wanted = round(window.limit * REACHED)
    after = [at for at in seen.arrived if at >= seen.lifted]
    for first, last in zip(after, after[wanted - 1 :], strict=False):
        if last - first < window.seconds:
            return last - seen.lifted
    return float("inf")


async def search(server: Server, limits: Sequence[str], seconds: float) -> None:
    """Ask for pages for so long."""
    pages = itertools.cycle(range(1, PEOPLE // PER_PAGE + 1))
    async with make_transport(server.url, server.api_key, rate_limits=tuple(limits)) as transport:
        client = CloduraClient(transport)

        async def ask() -> None:
            for page in pages:
                await client.search(SearchFilters(), page, PER_PAGE)

        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as tasks:
                for _ in range(CONCURRENCY):
                    tasks.start_soon(ask)


async def run(case: Case, seconds: float) -> Seen:
    """One case, with a sandbox of its own."""
    behaviour = {"latency": case.latency, **case.behaviour}
    if case.lower is not None:
        behaviour["rate_limits"] = [f"{case.lower}/second"]
    running = sandbox.running(people=PEOPLE, seed=1, behaviour=behaviour)
    server = await anyio.to_thread.run_sync(running.__enter__)
    lifted: list[float] = []

    async def lift() -> None:
        await anyio.sleep(LIFTED)
        await anyio.to_thread.run_sync(partial(server.set_behaviour, rate_limits=[]))
        lifted.append(time.time())

    try:
        async with anyio.create_task_group() as tasks:
            if case.lower is not None:
                tasks.start_soon(lift)
            await search(server, case.limits, seconds)
        calls = (await anyio.to_thread.run_sync(server.books))["requests"]
    finally:
        await anyio.to_thread.run_sync(running.__exit__, None, None, None)
    refused = [call["time"] for call in calls if call["status"] == 429]
    return Seen(sorted(call["time"] for call in calls), refused, lifted[0] if lifted else None)


class Table:
    """What is told."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []

    def tell(self, what: str, value: str, bar: str, held: bool) -> None:
        """One line."""
        self.figures.append(Figure(what, value, bar, held=held))

    def judge(self, case: Case, seen: Seen) -> None:
        """The lines of one case."""
        if case.lower is None:
            share = reached(case, seen.arrived)
            self.tell(str(case), f"{share:.3f} of the rate", f">= {REACHED}", share >= REACHED)
        else:
            self._judge_lower(case, seen, case.lower)
        for window in map(Window.parse, case.limits):
            most = fullest(seen.arrived, window.seconds)
            what = f"{case}: most calls in any {window.seconds:g} s"
            self.tell(what, f"{most}", f"<= {window.limit}", most <= window.limit)

    def _judge_lower(self, case: Case, seen: Seen, lower: int) -> None:
        assert seen.lifted is not None
        refused = sum(at < seen.lifted for at in seen.refused)
        calls = sum(at < seen.lifted for at in seen.arrived)
        used = (calls - refused) / (lower * (seen.lifted - seen.arrived[0]))
        back, most = back_after(case, seen), RECOVERY + 2 * Window.parse(case.limits[0]).seconds
        least = LOWER_TOLD if "retry_after" in case.behaviour else LOWER
        self.tell(str(case), f"{used:.3f} of that", f">= {least}", used >= least)
        self.tell(
            f"{case}: refused", f"{refused / calls:.3f} of the calls", f"<= {REFUSED}", refused <= REFUSED * calls
        )
        self.tell(f"{case}: the whole rate is back", f"{back:.1f} s after", f"<= {most:g} s", back <= most)


def slow_cases() -> list[Case]:
    """Those that leave the machine idle."""
    told = {"retry_after": "seconds"}
    return [
        *(Case(["10/second"], latency) for latency in (0.0, 0.05, 0.3)),
        *(Case(["20/2 seconds"], latency) for latency in (0.05, 0.3)),
        Case(["10/second", "100/12 seconds"], 0.05),
        Case(["10/second", "100/minute"], 0.3),
        *(Case(["10/second"], latency, {"faults": ONE_IN_FIFTY}, words=", 429s") for latency in (0.05, 0.3)),
        *(Case(["10/second"], latency, {}, 5, ", vendor's 5/s") for latency in (0.0, 0.3)),
        Case(["10/second"], 0.05, told, 5, ", vendor's 5/s, told"),
    ]


def fast_cases() -> list[Case]:
    """Those that have the machine for themselves."""
    return [
        Case(["50/second"], 0.05),
        Case(["50/second"], 0.05, {"faults": ONE_IN_FIFTY}, words=", 429s"),
        Case(["200/second"]),
        Case(["200/second"], 0.0, {"faults": ONE_IN_FIFTY}, words=", 429s"),
    ]


async def main() -> list[Figure]:
    """Run them all."""
    table = Table()
    seen: dict[int, Seen] = {}
    slow = slow_cases()

    async def one(number: int) -> None:
        seen[number] = await run(slow[number], SLOW)

    async with anyio.create_task_group() as tasks:
        for number in range(len(slow)):
            tasks.start_soon(one, number)
    for number, case in enumerate(slow):
        table.judge(case, seen[number])
    for case in fast_cases():
        table.judge(case, await run(case, FAST))
    return table.figures


if __name__ == "__main__":
    end(anyio.run(main))
