"""What a sync would ask and cost, at the least and at the most. Pure: facts in, bounds out.

The bounds hold as long as a search shows the people it showed when it was last read (or probed) and the vendors answer
each request at the first attempt. Whatever is found costs at most its price; at the least nothing is found, and that
costs nothing. No cap is ever passed. Units never add up. How many people a search holds that was not read whole, nobody
knows: what follows from it has no upper bound (`UNKNOWN`; null in JSON) but that of a cap or a limit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enrichment.caps import Cap
from enrichment.ledger.forecast import Experience, Foreseen
from enrichment.metering import SearchPrice
from pipelines.expectation import UNKNOWN, Expected, most_pages, most_records
from sources.clodura.filters import LARGEST_PAGE
from sources.clodura.prices import UNIT
from sources.clodura.provider import NAME
from sources.limits import Window
from sources.providers import Channel, Operation

#: addresses that an answer of several providers may hold; more where the ledger has seen more
MOST_ADDRESSES = 12
#: settled calls from which on past results say what to expect
ENOUGH = 20


@dataclass(frozen=True)
class Step:
    """One provider of a waterfall: what the ledger knows of one kind of purchase there."""

    provider: str
    unit: str
    operation: Operation
    people: Foreseen
    experience: Experience


@dataclass(frozen=True)
class Facts:
    """All that a forecast is made from.

    ``waterfalls``: by contact, who is asked for it, in this order. ``windows``: the rate limits, by provider.
    """

    searches: Sequence[Expected]
    waterfalls: Mapping[Channel, Sequence[Step]]
    price: SearchPrice
    caps: Sequence[tuple[Cap, int]]  # with what counts against each already
    windows: Mapping[str, Sequence[Window]]
    limit: int | None = None
    verification: Verification | None = None
    polling: bool = False


@dataclass(frozen=True)
class Verification:
    """Who verifies addresses. ``waiting``: known addresses to be verified; ``each``: the most that an answer held."""

    provider: str
    unit: str
    operation: Operation
    experience: Experience
    waiting: int = 0
    each: int = 0


@dataclass(frozen=True)
class _Row:
    """What a provider may be asked of one kind, in numbers of things; ``expected``: None where nothing tells."""

    channel: Channel
    provider: str
    unit: str
    operation: Operation
    experience: Experience
    least: int
    most: float
    expected: float | None

    @property
    def worst(self) -> float:
        """The most that it may cost without any cap, in whole units."""
        return self.most * self.operation.reserve / 100 if self.operation.reserve else 0.0

    @property
    def requests(self) -> tuple[int, float]:
        """In how many requests: at the least all are full, at the most nobody shares one."""
        return math.ceil(self.least / self.operation.batch), self.most

    @property
    def likely(self) -> float | None:
        """What it is expected to cost, going by past results."""
        if self.most == 0:
            return 0.0
        past = self.experience
        if self.expected is None or past.settled < ENOUGH:
            return None
        return self.expected * (past.amount_min + past.amount_max) / 2 / past.settled / 100


def forecast(facts: Facts) -> dict[str, Any]:
    """The bounds, as `plan --json` prints them; amounts in whole units, each unit for itself. A bound that nobody
    knows is None.
    """
    people = _people(facts)
    rows = [row for channel, steps in facts.waterfalls.items() for row in _waterfall(facts, channel, steps, people)]
    if facts.verification is not None:
        rows.append(_verifying(facts.verification, rows))
    left, holds = _capped(facts, rows)
    pages = _pages(facts)
    calls = _requests(facts, rows, pages)
    seconds = [
        [seconds_for(count[end], facts.windows.get(name, ())) for name, count in calls.items()] for end in (0, 1)
    ]
    most = sum(count[1] for count in calls.values())
    return {
        "people": {"min": people[0], "max": _known(people[1])},
        "searches": [
            {
                "search": s.search,
                "people": {"min": s.least, "max": _known(s.most)},
                "source": s.source,
                "as_of": s.as_of,
            }
            for s in facts.searches
        ],
        "channels": [_as_object(row) for row in rows],
        "pages": {"min": pages[0], "max": _known(pages[1]), "expected": _expected_pages(facts)},
        "search_cost": _search_cost(facts, people),
        "cost": {unit: _cost([row for row in rows if row.unit == unit], most) for unit, most in left.items()},
        "capped_by": holds,
        "calls": {
            "min": sum(count[0] for count in calls.values()),
            "max": _known(most * (3 if facts.polling else 1)),
        },
        "seconds": {"min": max(seconds[0], default=0.0), "max": _known(sum(seconds[1]))},
    }


def _known(bound: float) -> float | None:
    """A bound as JSON has it."""
    return None if bound == UNKNOWN else bound


def seconds_for(calls: float, windows: Sequence[Window]) -> float:
    """How long so many calls take at these limits at the least: each full window is waited for once."""
    if calls == UNKNOWN:
        return UNKNOWN
    return max((math.floor(max(0, calls - 1) / w.limit) * w.seconds for w in windows), default=0.0)


def _people(facts: Facts) -> tuple[int, float]:
    """Searches may overlap wholly, or not at all."""
    least = max((search.shown for search in facts.searches), default=0)
    most = sum(search.most for search in facts.searches)
    return (least, most) if facts.limit is None else (min(least, facts.limit), min(most, facts.limit))


def _waterfall(facts: Facts, channel: Channel, steps: Sequence[Step], people: tuple[int, float]) -> list[_Row]:
    """The first is asked for everybody who has no call there yet, or one that is to be made anew; each further one
    for at most all of whom those before it have not answered with enough, in this run or an earlier one.
    """
    rows: list[_Row] = []
    for step in steps:
        least, most = _asks(facts, channel, step, people, first=not rows)
        expected = None if most == UNKNOWN else (least + most) / 2
        if rows:
            before = rows[-1].experience
            passed_on = None
            if rows[-1].expected is not None and before.settled >= ENOUGH:
                passed_on = rows[-1].expected * (1 - before.found / before.settled)
            expected = None if passed_on is None else min(most, max(least, step.people.next + passed_on))
        rows.append(_Row(channel, step.provider, step.unit, step.operation, step.experience, least, most, expected))
    return rows


def _asks(facts: Facts, channel: Channel, step: Step, people: tuple[int, float], *, first: bool) -> tuple[int, float]:
    """For how many people a provider is asked.

    Whom a search showed that was read with this provider in its waterfall, is known, and has a call by now unless too
    little is known to ask: of those only the open ones are asked. The others it shows may all be.
    """
    known = step.people
    fresh = [s for s in facts.searches if (channel, step.provider) not in s.asked]
    most: float = min(people[1], sum(s.most for s in fresh) + known.open)
    if all(s.known for s in facts.searches):
        most = min(most, known.open + known.unasked)
    least = 0
    if first and step.provider == NAME:  # others may know too little to ask
        least = max(0, people[0] - known.closed - (known.unasked if len(fresh) < len(facts.searches) else 0))
    if facts.limit is None and not any(s.in_part for s in facts.searches):
        least = max(least, known.left)
    return int(min(least, most)), most + known.late


def _verifying(known: Verification, rows: Sequence[_Row]) -> _Row:
    found = sum(row.most for row in rows if row.channel is Channel.EMAIL)
    most = known.waiting + found * max(MOST_ADDRESSES, known.each)
    expected = None if most == UNKNOWN else most / 2
    return _Row(Channel.VERIFICATION, known.provider, known.unit, known.operation, known.experience, 0, most, expected)


def _as_object(row: _Row) -> dict[str, Any]:
    past, likely = row.experience, row.likely
    return {
        "channel": str(row.channel),
        "provider": row.provider,
        "operation": row.operation.name,
        "asks": {"min": row.least, "max": _known(row.most)},
        "requests": {"min": row.requests[0], "max": _known(row.requests[1])},
        "cost": {
            "min": 0.0,
            "max": _known(round(row.worst, 2)),
            "expected": None if likely is None else round(likely, 2),
        },
        "unit": row.unit,
        "hit_rate": round(past.found / past.settled, 3) if past.settled else None,
    }


def _cost(rows: Sequence[_Row], most: float) -> dict[str, float | None]:
    likely = [row.likely for row in rows]
    known = [amount for amount in likely if amount is not None]
    expected = round(min(most, sum(known)), 2) if len(known) == len(likely) else None
    return {"min": 0.0, "max": _known(round(most, 2)), "expected": expected}


def _requests(facts: Facts, rows: Sequence[_Row], pages: tuple[int, float]) -> dict[str, tuple[int, float]]:
    """By provider, at the least and at the most, without polls."""
    counts: dict[str, tuple[int, float]] = {NAME: pages}
    for row in rows:
        least, most = counts.get(row.provider, (0, 0))
        counts[row.provider] = least + row.requests[0], most + row.requests[1]
    return counts


def _pages(facts: Facts) -> tuple[int, float]:
    least = sum(max(1, math.ceil(s.shown / LARGEST_PAGE)) for s in facts.searches) if facts.limit is None else 1
    most = sum(most_pages(search, facts.limit) for search in facts.searches)
    return int(min(least, most)), most


def _expected_pages(facts: Facts) -> int | None:
    """About how many pages are asked for, going by the last reading."""
    known = [None if search.in_part else search.calls for search in facts.searches]
    told = [calls for calls in known if calls is not None]
    return sum(told) if facts.limit is None and len(told) == len(known) else None


def _search_cost(facts: Facts, people: tuple[int, float]) -> dict[str, float | None]:
    """Records are charged, an empty page has none."""
    least, _ = facts.price.bounds(sum(s.shown for s in facts.searches) if facts.limit is None else people[0])
    each = facts.price.bounds(1)[1]
    worst = each * sum(most_records(search, facts.limit) for search in facts.searches) if each else 0
    if facts.price.cap is not None:
        worst = min(worst, facts.price.cap)
    return {"min": min(least, worst) / 100, "max": _known(worst / 100)}


def _capped(facts: Facts, rows: Sequence[_Row]) -> tuple[dict[str, float], dict[str, str]]:
    """By unit: the most that may be spent under the caps (whole units), and which of them holds it there.

    First what each provider's own caps leave of its rows, then those over all that charge in a unit.
    """
    wanted: dict[tuple[str, str], float] = {}
    for row in rows:
        key = row.provider, row.unit
        wanted[key] = wanted.get(key, 0.0) + row.worst
    holds: dict[str, list[tuple[float, str]]] = {}
    left = dict(wanted)
    for of_one in (True, False):
        for cap, used in facts.caps:
            if (cap.provider is not None) is not of_one:
                continue
            room = max(0.0, (cap.amount - used) / 100)
            concerned = [key for key in wanted if cap.concerns(*key)]
            most = sum(left[key] for key in concerned)
            if room < sum(wanted[key] for key in concerned):
                holds.setdefault(cap.unit, []).append((room, cap.setting))
            if room < most:
                endless = [key for key in concerned if left[key] == UNKNOWN]
                shares = dict.fromkeys(concerned, 0.0) | dict.fromkeys(endless, 1 / max(1, len(endless)))
                left |= {key: room * (shares[key] if endless else left[key] / most) for key in concerned}
    by_unit = dict.fromkeys(sorted({UNIT, *(unit for _, unit in wanted)}), 0.0)
    for (_, unit), amount in left.items():
        by_unit[unit] += amount
    return by_unit, {unit: min(found)[1] for unit, found in sorted(holds.items())}
