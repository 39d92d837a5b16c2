"""The end of a split window: have its parts shown all of it? If not, who is left, and is there a way to them?"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING

from sources.clodura.estimates import left_by_filters, left_by_sample, left_by_turns, share_left, worthwhile
from sources.clodura.facets import Tally, shares_lacking
from sources.clodura.filters import LARGEST_PAGE, LAST_PAGE
from sources.clodura.scans import Remembered, ScanWindow
from sources.clodura.splitting import COMPANIES, MOST_SHOWN, Part, Split, changed, companies, split
from sources.clodura.windows import Coverage
from sources.errors import RequestRefused

if TYPE_CHECKING:
    from sources.clodura.scan import Scan
    from sources.clodura.tree import WindowTree

#: with fewer people than this a window that was split is tried whole again
FITS = 9_000
#: of the people whom only the full window has shown, so many are asked for, before it is split once more for them
FEW_LEFT = 5
#: what matters most of several parts, the gravest first
_GRAVEST = (Coverage.TRUNCATED, Coverage.GAPS, Coverage.UNPROVEN)


async def conclude(scan: Scan, window: ScanWindow) -> None:
    """All parts of a window are read: was that all of it?"""
    parts = scan.tree.parts(window)
    found = {part.coverage for part in parts}
    coverage = next((grave for grave in _GRAVEST if grave in found), None)
    if window.split_by == COMPANIES:  # no filter could split it: who is at other employers is not to be seen
        coverage = Coverage.TRUNCATED
    else:
        window.lacks |= any(part.lacks for part in parts)
        left_out = await _left_out(scan, window)
        if left_out is None:
            return  # the next run concludes it
        if window.exact and (not left_out or coverage is Coverage.TRUNCATED):
            window.left = sum(part.left or 0 for part in parts) or None
            coverage = coverage or Coverage.SPLIT
        else:
            window.exact = False
            window.lacks |= left_out > 0 or window.left is not None
            if scan.tree.inside_inexact(window):
                coverage = coverage or Coverage.UNPROVEN
            elif window.lacks:
                if await _look_further(scan, window, left_out):
                    return
                await _read_on(scan, window)
                coverage = Coverage.TRUNCATED
            else:
                coverage = coverage or Coverage.UNPROVEN
    several = len(window.tried) > 1 or window.split_by == COMPANIES
    below = [*scan.tree.below(window)]
    window.people = await scan.notes.shown(below) if several else sum(part.people for part in parts)
    await _remember(scan, window)
    await scan.done(window, coverage)


async def _left_out(scan: Scan, window: ScanWindow) -> int | None:
    """How many of those whom the full window itself has shown are in none of its parts; None where no call may go out.

    They may have left the search meanwhile: a few of them are asked for by their ids, and stand for all. A vendor
    that takes no ids beside these filters leaves it open: then all of them count.
    """
    only = sorted(await scan.notes.only_shown_by(window.number))
    own = [person for person in only if ":" not in person]
    if not own or window.filters.person_id:
        return len(only)
    if scan.stopped():
        return None
    asked = own[:: ceil(len(own) / FEW_LEFT)]
    try:
        there = [(await scan.ask(window, changed(window.filters, person_id=person))).records for person in asked]
    except RequestRefused:
        return len(only)
    return ceil(len(only) * sum(map(bool, there)) / len(asked))


async def _look_further(scan: Scan, window: ScanWindow, left_out: int) -> bool:
    """Split a window whose parts leave people out once more, by another filter, where that is worth it."""
    turn = len(window.tried)
    shown = await scan.notes.shown([*scan.tree.below(window)])
    lacking = _Lacking(scan.tree, window, shown)
    guesses = []
    if window.people:  # as its own pages held
        guesses.append(left_by_sample(left_out, window.people, shown))
    if turn > 1:
        only_earlier = await scan.notes.shown([*scan.tree.below(window, but_turn=turn)])
        guesses.append(left_by_turns(only_earlier, shown - window.before, shown))
    told = [guess for guess in guesses if guess is not None]
    by_filters = lacking.left()
    if told or by_filters:
        window.left = max(1, ceil(sum(told) / len(told)) if told else 0, by_filters or 0)
    elif guesses:
        window.left = None
    most = window.left if window.left is not None else MOST_SHOWN if guesses else 1
    if turn > 1:  # each turn shows fewer new people than the last one
        most = min(most, shown - window.before)
    known = await scan.notes.remembered(window.fingerprint)
    if known is not None and turn < len(known.turns):
        further: Split | None = known.turns[turn]
    else:
        further = await _other_way(scan, window, shown, lambda field: most * lacking.found_by(field))
    if further is None:
        return False
    window.before = shown
    await scan.open(window, further)
    return True


class _Lacking:
    """What the people of a window lack, as far as its pages and those of its parts tell, and whom that hides."""

    def __init__(self, tree: WindowTree, window: ScanWindow, shown: int) -> None:
        samples = [tree[number] for number in tree.below(window)]
        self._shares = shares_lacking((inner.filters, Tally.from_json(inner.tally)) for inner in samples if inner.tally)
        self._turns = [tree.split_by(window, turn) for turn in range(1, len(window.tried) + 1)]
        self._shown = shown

    def left(self) -> int | None:
        """How many people all turns have left out; None where nothing tells."""
        return left_by_filters(self._shown, self._shares, self._turns)

    def found_by(self, field: str) -> float:
        """Which share of them a turn by one more filter shows at the most: 1 where nothing tells."""
        left = share_left(self._shares, self._turns)
        return 1 - share_left(self._shares, [*self._turns, {field: 1.0}]) / left if left else 1.0


async def _other_way(scan: Scan, window: ScanWindow, shown: int, found_by: Callable[[str], float]) -> Split | None:
    """By a filter it was not split by yet, or by the employers of those it shows: the cheaper one that is worth it."""
    ways = []
    if window.tally is not None:
        tally = Tally.from_json(window.tally)
        ways.append(split(window.filters, tally, shown, scan.seen, tried=window.tried))
    if COMPANIES not in window.tried:
        ways.append(companies(window.filters, await scan.notes.domains([*scan.tree.below(window)])))
    costs = [(shown / LARGEST_PAGE + len(way.parts), way) for way in ways if way is not None]
    worth = [(calls, way) for calls, way in costs if worthwhile(found_by(way.field), calls)]
    return min(worth, key=lambda known: known[0], default=(0.0, None))[1]


async def _read_on(scan: Scan, window: ScanWindow) -> None:
    """No way is left to those whom all parts leave out: the window itself shows some of them."""
    if not window.pages or scan.stopped():
        return
    shown = await scan.notes.shown([*scan.tree.below(window)])
    left = window.left if window.left is not None else MOST_SHOWN
    expected = left * min(1.0, MOST_SHOWN / (shown + left))
    if worthwhile(round(expected), LAST_PAGE - window.pages):
        await scan.walk(window, splitting=False)
        more = await scan.notes.shown([*scan.tree.below(window)]) - shown
        window.left = None if window.left is None else max(1, window.left - more)


async def _remember(scan: Scan, window: ScanWindow) -> None:
    parts = scan.tree.parts(window)
    if sum(part.people for part in parts if part.turn == 1) < FITS:
        await scan.notes.remember(window.fingerprint, None)
        return
    turns = []
    for turn, name in enumerate(window.tried, 1):
        kept = [Part(p.filters, p.role, p.share, p.people) for p in parts if p.turn == turn]
        turns.append(Split(name, window.exact and turn == 1, tuple(kept)))
    lacks = window.lacks and not window.exact  # what parts of an exact split lack is theirs to tell
    left = window.left if lacks else None
    await scan.notes.remember(window.fingerprint, Remembered(tuple(turns), left, lacks))
