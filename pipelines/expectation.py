"""What a search is expected to show the next time it is read, and in how many pages. Pure.

How many people a search holds that was not read whole nobody knows: it has no upper bound (`UNKNOWN`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from enrichment.ledger.forecast import LastReading
from sources.clodura.filters import LARGEST_PAGE
from sources.clodura.paging import CHECKED, PAST_END
from sources.clodura.probe import Probed
from sources.clodura.provider import NAME
from sources.clodura.splitting import MOST_SHOWN
from sources.clodura.windows import Coverage

#: an upper bound that nobody knows
UNKNOWN = math.inf
#: pages of a window that may be asked for a second time, to see whether any have shifted: of so many, and at the most
LOOKED_AGAIN, MOST_LOOKS = 3, 14
#: coverages of a search that has seen everybody, and of one that has looked at all that it can see
WHOLE = (Coverage.COMPLETE, Coverage.SPLIT)
READ_OUT = (*WHOLE, Coverage.UNPROVEN, Coverage.TRUNCATED)


class NextReading(StrEnum):
    """What of a search the next run reads."""

    ALL = "all"
    REST = "rest"  # it goes on where an earlier run was interrupted
    NEW = "new"  # whoever was not viewed before


@dataclass(frozen=True)
class Expected:
    """How many people a search will show. ``source`` says how that is known.

    ``known``: all of them are in the ledger. ``asked``: (channel, provider) that were to be asked for all of them then.
    ``calls``: pages that were asked for when it was last read, in so many ``windows``. ``in_part``: the run may show
    only some of them: it goes on with a reading, or leaves out whom it has viewed.
    """

    search: str
    least: int
    most: float
    source: str
    as_of: int | None = None
    known: bool = False
    asked: frozenset[tuple[str, str]] = frozenset()
    calls: int | None = None
    windows: int = 1
    in_part: bool = False

    @property
    def shown(self) -> int:
        """The least that a run shows of them."""
        return 0 if self.in_part else self.least


def expectation(
    name: str,
    last: LastReading | None,
    probed: Probed | None,
    limit: int | None,
    reading: NextReading = NextReading.ALL,
) -> Expected:
    """What a search will show. A probe knows best, as far as it sees; then a search that was read whole; one that was
    not, shows at least what was seen of it.
    """
    whole = last is not None and last.coverage in WHOLE
    asked = asked_then(json.loads(last.run_summary or "{}")) if last is not None and whole else frozenset()
    in_part = reading is not NextReading.ALL
    if probed is not None and not (probed.truncated and whole and last is not None and last.people >= probed.people):
        same = whole and last is not None and last.people == probed.people
        least = probed.people if limit is None else min(limit, probed.people)
        if probed.truncated:
            return Expected(name, least, UNKNOWN, "probe", in_part=in_part)
        return Expected(
            name, least, probed.people, "probe", known=same, asked=asked if same else frozenset(),
            calls=max(1, math.ceil(probed.people / LARGEST_PAGE)), in_part=in_part,
        )  # fmt: skip
    if last is None:
        return Expected(name, 0, UNKNOWN, "never read to its end" if in_part else "never read", in_part=in_part)
    read = Expected(
        name, last.people, UNKNOWN, f"last run, {last.coverage}", last.finished_at, windows=last.windows,
        in_part=in_part,
    )  # fmt: skip
    if last.coverage in READ_OUT and not in_part:  # of a part nobody knows by what it would be split
        read = replace(read, calls=last.calls)
    return replace(read, most=last.people, source="last run", known=True, asked=asked) if whole else read


def asked_then(summary: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Whom a run was to ask for what, by its summary; before there were several providers it named the channels."""
    order = summary.get("waterfall", {str(channel): [NAME] for channel in summary.get("channels", ())})
    return frozenset((channel, name) for channel, names in order.items() for name in names)


def second_looks(pages: int) -> int:
    """How many pages of a window of so many may be asked for a second time."""
    return min(MOST_LOOKS, math.ceil(pages / LOOKED_AGAIN) + 1) if pages >= CHECKED else 0


def most_pages(search: Expected, limit: int | None) -> float:
    """How many pages are asked for at the most. A search of several windows asks for no more than when it was last
    read: it is known how to split it; but the end of each window may be found in another way.
    """
    if limit is not None and limit <= MOST_SHOWN:  # not split, and not looked at a second time
        return math.ceil(min(search.most, limit) / LARGEST_PAGE) + PAST_END
    if search.most == UNKNOWN:
        return UNKNOWN
    if search.windows > 1:
        return UNKNOWN if search.calls is None else search.calls + search.windows * (PAST_END + MOST_LOOKS)
    pages = math.ceil(search.most / LARGEST_PAGE)
    return pages + PAST_END + second_looks(pages)


def most_records(search: Expected, limit: int | None) -> float:
    """Somebody may be in several parts of a search, or on a page that is looked at twice; as many people as are wanted
    may be there in the middle of a page.
    """
    if limit is not None and limit <= MOST_SHOWN:
        return min(search.most, limit) + LARGEST_PAGE
    if search.windows > 1 or search.most == UNKNOWN:
        return most_pages(search, limit) * LARGEST_PAGE
    return search.most + second_looks(math.ceil(search.most / LARGEST_PAGE)) * LARGEST_PAGE


def note(searches: Sequence[Expected], new_only: Sequence[str]) -> str:
    """What whoever reads a plan must know of how it was made."""
    notes = []
    if new_only:
        notes.append(
            f"Of {', '.join(new_only)} only people are asked for who were not viewed before (new_only): fewer than it "
            f"holds, by as many as the vendor counts as viewed."
        )
    unknown = [search.search for search in searches if search.source.startswith("never read")]
    partly = [search.search for search in searches if search.as_of is not None and search.least < search.most]
    more = [search.search for search in searches if search.source == "probe" and search.most == UNKNOWN]
    if unknown:
        notes.append(
            f"Nobody has read {', '.join(unknown)} to the end yet, so nothing says how many people there are. --probe "
            f"counts up to {MOST_SHOWN:,} of them by a few searches, which may be charged."
        )
    if partly:
        notes.append(
            f"Not known to be whole when it was last read: {', '.join(partly)}. There may be more people than were "
            f"seen, and --limit takes those that are shown first."
        )
    if more:
        notes.append(
            f"A probe sees no further than {MOST_SHOWN:,} people, and {', '.join(more)} holds as many or more: a run "
            f"splits it, to read all of them."
        )
    return " ".join(notes) or "As long as the searches show the people they showed when they were last read."
