"""How many people a search shows, without reading them all: its last page, found by halving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sources.clodura.client import CloduraClient
from sources.clodura.filters import LARGEST_PAGE, LAST_PAGE, SearchFilters
from sources.clodura.paging import Fill
from sources.clodura.windows import fill
from sources.metering import Meter

#: calls that a probe sends at the most: the first page, then halving the other 99
MOST_CALLS = 8


@dataclass(frozen=True)
class Probed:
    """``people`` a search shows; ``truncated``: page 100 is full, there may be more. ``calls`` were sent."""

    people: int
    truncated: bool
    calls: int


async def probe(
    client: CloduraClient,
    filters: SearchFilters,
    *,
    meter: Meter | None = None,
    patience: Callable[[], float | None] = lambda: None,
) -> Probed:
    """Count the people of a search by at most `MOST_CALLS` calls. Raises what the client raises."""
    calls, full, empty, before_empty = 0, 0, LAST_PAGE + 1, 0
    while empty - full > 1:
        number = (full + empty) // 2 if full else 1
        page = await client.search(filters, number, patience=patience(), meter=meter)
        calls += 1
        held = len(page.records) + page.unreadable
        capacity = min(page.per_page or LARGEST_PAGE, LARGEST_PAGE)
        filled = fill(page, LARGEST_PAGE, full_seen=True)
        if filled is Fill.SHORT:
            return Probed((number - 1) * capacity + held, truncated=False, calls=calls)
        if filled is Fill.FULL:
            full, before_empty = number, number * capacity
        else:
            empty = number
    return Probed(before_empty, truncated=full == LAST_PAGE, calls=calls)
