"""What a sync would ask and cost, at the least and at the most. Pure: facts in, bounds out.

The bounds hold as long as a search shows the people it showed when it was last read (or probed) and the vendor answers
each search at the first attempt. Whatever is found costs at most its price; at the least nothing is found, and that
costs nothing. No cap is ever passed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from enrichment.caps import Cap
from enrichment.ledger.forecast import Experience
from enrichment.metering import SearchPrice
from sources.clodura.filters import LARGEST_PAGE, LAST_PAGE
from sources.clodura.paging import PAST_END
from sources.clodura.prices import UNIT
from sources.clodura.provider import NAME
from sources.limits import Window
from sources.providers import Channel, Operation

#: people that one search shows at the most
MOST_PEOPLE = LARGEST_PAGE * LAST_PAGE
#: addresses that an answer of several providers may hold; more where the ledger has seen more
MOST_ADDRESSES = 12
#: settled calls from which on past results say what to expect
ENOUGH = 20


@dataclass(frozen=True)
class Expected:
    """How many people a search will show. ``source`` says how that is known; ``asked``: channels planned back then."""

    search: str
    least: int
    most: int
    source: str
    as_of: int | None = None
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ChannelFacts:
    """What the ledger knows of one kind of purchase."""

    operation: Operation
    #: people who will not be asked for again
    answered: int
    #: calls left by earlier runs of these searches
    planned: int
    experience: Experience
    #: people whose answer is old enough to be asked for anew
    stale: int = 0
    #: people known here for whom this was never asked
    unasked: int = 0
    provider: str = NAME
    unit: str = UNIT


@dataclass(frozen=True)
class Facts:
    """All that a forecast is made from."""

    searches: Sequence[Expected]
    channels: Mapping[Channel, ChannelFacts]
    price: SearchPrice
    caps: Sequence[tuple[Cap, int]]  # with what counts against each already
    windows: Sequence[Window]
    limit: int | None = None
    unverified: int = 0
    most_addresses: int = 0
    polling: bool = False


def forecast(facts: Facts) -> dict[str, Any]:
    """The bounds, as `plan --json` prints them; amounts in whole credits."""
    people = _people(facts)
    rows = [_channel(facts, channel, people) for channel in facts.channels if channel is not Channel.VERIFICATION]
    if Channel.VERIFICATION in facts.channels:
        rows.append(_verification(facts, rows))
    most, capped_by = _capped(facts, {row["channel"]: row["cost"]["max"] for row in rows})
    expected = [row["cost"]["expected"] for row in rows]
    known = None if None in expected else min(most, sum(expected))
    pages = _pages(facts)
    calls = (pages[0] + sum(row["asks"]["min"] for row in rows), pages[1] + sum(row["asks"]["max"] for row in rows))
    return {
        "people": {"min": people[0], "max": people[1]},
        "searches": [
            {"search": s.search, "people": {"min": s.least, "max": s.most}, "source": s.source, "as_of": s.as_of}
            for s in facts.searches
        ],
        "channels": rows,
        "pages": {"min": pages[0], "max": pages[1]},
        "search_cost": _search_cost(facts, people, pages),
        "cost": {"min": 0.0, "max": round(most, 2), "expected": None if known is None else round(known, 2)},
        "capped_by": capped_by,
        "calls": {"min": calls[0], "max": calls[1] * (3 if facts.polling else 1)},
        "seconds": {"min": seconds_for(calls[0], facts.windows), "max": seconds_for(calls[1], facts.windows)},
    }


def seconds_for(calls: int, windows: Sequence[Window]) -> float:
    """How long so many calls take at these limits at the least: each full window is waited for once."""
    return max((math.floor(max(0, calls - 1) / w.limit) * w.seconds for w in windows), default=0.0)


def _people(facts: Facts) -> tuple[int, int]:
    """Searches may overlap wholly, or not at all."""
    least = max((search.least for search in facts.searches), default=0)
    most = sum(search.most for search in facts.searches)
    return (least, most) if facts.limit is None else (min(least, facts.limit), min(most, facts.limit))


def _channel(facts: Facts, channel: Channel, people: tuple[int, int]) -> dict[str, Any]:
    """Who was read with this channel on has a call already: what is left of those is planned. Others may lack one.

    Of those who have one, all are asked anew but those whose answer is fresh enough.
    """
    known = facts.channels[channel]
    fresh = [s for s in facts.searches if channel not in s.asked]
    least = max(0, people[0] - known.answered) if len(fresh) == len(facts.searches) else 0
    most = min(people[1], sum(s.most for s in fresh) + known.planned + known.stale)
    if known.stale:
        least = max(least, people[0] - known.answered - known.unasked)
    if facts.limit is None:
        least = max(least, min(known.planned, most))
    return _row(channel, known, least, most)


def _verification(facts: Facts, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    found = sum(row["asks"]["max"] for row in rows if row["channel"] == Channel.EMAIL)
    known = facts.channels[Channel.VERIFICATION]
    waiting = max(facts.unverified, known.planned)
    return _row(Channel.VERIFICATION, known, 0, waiting + found * max(MOST_ADDRESSES, facts.most_addresses))


def _row(channel: Channel, known: ChannelFacts, least: int, most: int) -> dict[str, Any]:
    past = known.experience
    expected = None
    if past.settled >= ENOUGH:
        each = (past.amount_min + past.amount_max) / 2 / past.settled
        expected = round((least + most) / 2 * each / 100, 2)
    elif most == 0:
        expected = 0.0
    return {
        "channel": str(channel),
        "operation": known.operation.name,
        "asks": {"min": least, "max": most},
        "cost": {"min": 0.0, "max": round(most * known.operation.reserve / 100, 2), "expected": expected},
        "hit_rate": round(past.found / past.settled, 3) if past.settled else None,
    }


def _pages(facts: Facts) -> tuple[int, int]:
    least = sum(max(1, math.ceil(s.least / LARGEST_PAGE)) for s in facts.searches) if facts.limit is None else 1
    most = sum(min(LAST_PAGE, math.ceil(s.most / LARGEST_PAGE)) + PAST_END for s in facts.searches)
    return min(least, most), most


def _search_cost(facts: Facts, people: tuple[int, int], pages: tuple[int, int]) -> dict[str, float]:
    """Records are charged, an empty page has none; the people wanted may end in the middle of a page."""
    most = people[1] if facts.limit is None else min(people[1] + LARGEST_PAGE, pages[1] * LARGEST_PAGE)
    records = sum(s.least for s in facts.searches) if facts.limit is None else people[0]
    least, _ = facts.price.bounds(records)
    worst = facts.price.bounds(most)[1]
    if facts.price.cap is not None:
        worst = min(worst, facts.price.cap)
    return {"min": min(least, worst) / 100, "max": worst / 100}


def _capped(facts: Facts, costs: Mapping[str, float]) -> tuple[float, str | None]:
    """The most that may be spent under the caps (whole units), and which of them holds it there.

    ``costs`` is the most by channel without any. First what each provider's own caps leave of it, then those over all.
    """
    wanted: dict[tuple[str, str], float] = {}
    for channel, known in facts.channels.items():
        key = known.provider, known.unit
        wanted[key] = wanted.get(key, 0.0) + costs[channel]
    holds: list[tuple[float, str]] = []
    left = dict(wanted)
    for of_one in (True, False):
        for cap, used in facts.caps:
            if (cap.provider is not None) is not of_one:
                continue
            room = max(0.0, (cap.amount - used) / 100)
            concerned = [key for key in wanted if cap.concerns(*key)]
            most = sum(left[key] for key in concerned)
            if room < sum(wanted[key] for key in concerned):
                holds.append((room, cap.setting))
            if room < most:
                left |= {key: left[key] * room / most for key in concerned}
    return sum(left.values()), min(holds)[1] if holds else None
