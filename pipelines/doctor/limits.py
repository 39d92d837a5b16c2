"""Rate limits: how fast a sync may go, and what is left of the day."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipelines.doctor.checks import Check, ok, warning
from pipelines.forecast import seconds_for
from sources.clodura.client import COLLECTING_SHARE
from sources.clodura.filters import LARGEST_PAGE
from sources.limits import QUOTA_FROM, Window

#: people of the sync that is reckoned through
PEOPLE = 1000

Notes = Sequence[tuple[float, int]]


def judge_limits(windows: Sequence[Window], notes: Notes | None, now: float, channels: int, polling: bool) -> Check:
    """``notes``: (epoch seconds, requests) as counters hold them, negative = given back; None: there is no ledger."""
    if not windows:
        return warning(
            "limits",
            "none are set: requests go out as fast as they can",
            'Set sources.clodura.rate_limits; two public clients agree on ["10/second", "100/minute", "2000/day"].',
        )
    said = [shown_windows(windows)]
    spent = []
    for window in windows:
        if window.seconds >= QUOTA_FROM and notes is not None:
            left = max(0, window.limit - used(notes, window, now))
            kept = window.kept(COLLECTING_SHARE)
            said.append(f"{left:,} of {window.limit:,} left for now, {kept:,} of them kept for collecting")
            spent += [window] if left <= kept else []
    least, most = calls_of(PEOPLE, channels, polling)
    calls = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    said.append(f"{PEOPLE:,} new people are some {calls} calls, about {_span(seconds_for(most, windows))}")
    found = "; ".join(said)
    if spent:
        return warning(
            "limits",
            found,
            f"Wait: the limit over {_span(spent[0].seconds)} leaves no call to buy with. A sync goes on when it does, "
            f"or raise sources.clodura.rate_limits where your plan allows more.",
        )
    return ok("limits", found)


def shown_windows(windows: Sequence[Window]) -> str:
    """Rate limits in words."""
    return ", ".join(f"{window.limit:,} in {_span(window.seconds)}" for window in windows)


def used(notes: Notes, window: Window, now: float) -> int:
    """Requests that count against a window."""
    return max(0, sum(requests for at, requests in notes if at > now - window.seconds))


def calls_of(people: int, channels: int, polling: bool) -> tuple[int, int]:
    """At the least and at the most the calls of a sync that finds so many new people.

    A page holds a hundred. A webhook saves the poll; without one each answer takes one poll or two.
    """
    pages = math.ceil(people / LARGEST_PAGE) + 1
    bought = people * channels
    return pages + bought * (2 if polling else 1), pages + bought * (3 if polling else 2)


def _span(seconds: float) -> str:
    for unit, scale in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= scale:
            count = seconds / scale
            return f"{count:,.0f} {unit}{'' if round(count) == 1 else 's'}"
    return f"{seconds:,.0f} s"
