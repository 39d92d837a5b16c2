"""What is known of a scan, a search read whole over as many runs as it takes: its windows, and who notes them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from sources.clodura.filters import SearchFilters
from sources.clodura.splitting import Part, Role, Split
from sources.clodura.windows import Coverage, KnownPage, PageRead

#: what is noted of a window beside its number, parent, role, filters, state and coverage
DETAILS = (
    "share", "expected", "turn", "split_by", "exact", "lacks", "tried", "before", "tally", "people", "left", "pages",
    "unreadable", "shifted", "started_at", "finished_at",
)  # fmt: skip


class State(StrEnum):
    """How far a window has been read."""

    OPEN = "open"
    SPLIT = "split"  # its parts are being read
    DONE = "done"


@dataclass
class ScanWindow:
    """A window of a scan. Number 0 is the search itself; the others are parts of their parent."""

    number: int
    parent: int | None
    role: Role
    filters: SearchFilters = field(repr=False)
    #: how much of its parent it is, and how many people it held when last read, where that is known
    share: float | None = None
    expected: int | None = None
    #: in which turn of its parent it is a part: the second looks for whom the first leaves out, by another filter
    turn: int = 1
    state: State = State.OPEN
    coverage: Coverage | None = None
    #: of a split one: by which filter, and whether its parts leave nobody out
    split_by: str | None = None
    exact: bool = True
    #: its parts are known to leave people out
    lacks: bool = False
    #: filters it was split by in its turns, how many people it had shown before the last of them, and its sample
    tried: tuple[str, ...] = ()
    before: int = 0
    tally: dict[str, Any] | None = field(default=None, repr=False)
    #: people on its own pages; of a split one, on those of its parts
    people: int = 0
    #: people it may hold beside those that were seen, about; None: nobody knows
    left: int | None = None
    pages: int = 0
    #: that this run has asked for, in its report
    calls: int = 0
    unreadable: int = 0
    #: the last walk through it in which pages were noticed to have shifted; 0: none
    shifted: int = 0
    #: microseconds since the epoch, by the clock of whoever notes it
    started_at: int | None = None
    finished_at: int | None = None

    @property
    def fingerprint(self) -> str:
        """Names it in every scan."""
        return self.filters.fingerprint()

    def details(self) -> dict[str, Any]:
        """See `DETAILS`."""
        return {name: getattr(self, name) for name in DETAILS}


class Notes(Protocol):
    """Where a scan notes how far it is. What is noted is durable when a call returns."""

    async def begin(self) -> Sequence[ScanWindow]:
        """The windows noted before, by number; none where the scan begins."""
        ...

    async def pages(self, number: int) -> Sequence[KnownPage]:
        """Pages of a window that were taken in, with their people noted."""
        ...

    async def keep(self, *windows: ScanWindow) -> None:
        """Note windows, new ones and changed ones, all at once."""
        ...

    async def only_shown_by(self, number: int) -> Sequence[str]:
        """People whom only this window's own pages have shown, and none of its parts."""
        ...

    async def shown(self, numbers: Sequence[int]) -> int:
        """How many people these windows were the last to show."""
        ...

    async def domains(self, numbers: Sequence[int]) -> Sequence[str]:
        """Domains of the employers of people whom these windows showed last."""
        ...

    async def expected(self, fingerprint: str) -> int | None:
        """How many people a window held when it was last read."""
        ...

    async def remembered(self, fingerprint: str) -> Remembered | None:
        """How a window was split the last time it held more than can be shown."""
        ...

    async def remember(self, fingerprint: str, remembered: Remembered | None) -> None:
        """Note that (None: that it does not hold so many any more)."""
        ...


@dataclass(frozen=True)
class Remembered:
    """How a full window was split, in one turn or more; about how many people were in no part all the same.

    ``lacks``: whether there were such people; with ``left`` None nobody knows how many.
    """

    turns: tuple[Split, ...]
    left: int | None
    lacks: bool

    def as_json(self) -> str:
        """To be written down."""
        turns = [
            [
                turn.field,
                turn.exact,
                [[part.filters.wire(), part.role, part.share, part.people] for part in turn.parts],
            ]
            for turn in self.turns
        ]
        return json.dumps([self.left, turns, self.lacks], ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Remembered:
        """What was written down."""
        left, turns, *noted = json.loads(text)
        return cls(
            tuple(
                Split(name, exact, tuple(Part(filters_of(wire), Role(role), *rest) for wire, role, *rest in parts))
                for name, exact, parts in turns
            ),
            left,
            bool(noted[0]) if noted else left is not None,  # notes of earlier versions do not say
        )


def filters_of(wire: Mapping[str, Any]) -> SearchFilters:
    """Filters as they were sent."""
    return SearchFilters.model_validate(wire)


class MemoryNotes:
    """Notes of a scan that ends with its process. `page` is to be called for each page."""

    def __init__(self) -> None:
        self._pages: dict[int, list[KnownPage]] = defaultdict(list)
        self._shown: dict[str, tuple[int, str | None]] = {}

    def page(self, number: int, read: PageRead, people: Mapping[str, str | None]) -> int:
        """Take in a page: its people and their employers' domains; returns how many this window had shown before."""
        held = len(read.page.records)
        self._pages[number].append(KnownPage(read.walk, read.page.number, read.fill, held, read.page.unreadable))
        again = sum(self._shown.get(person, (-1, None))[0] == number for person in people)
        self._shown |= {person: (number, domain) for person, domain in people.items()}
        return again

    async def begin(self) -> Sequence[ScanWindow]:
        """See `Notes.begin`."""
        return []

    async def pages(self, number: int) -> Sequence[KnownPage]:
        """See `Notes.pages`."""
        return self._pages.pop(number, [])

    async def keep(self, *windows: ScanWindow) -> None:
        """See `Notes.keep`: the scan has them itself."""

    async def only_shown_by(self, number: int) -> Sequence[str]:
        """See `Notes.only_shown_by`."""
        return [person for person, (shown, _) in self._shown.items() if shown == number]

    async def shown(self, numbers: Sequence[int]) -> int:
        """See `Notes.shown`."""
        wanted = set(numbers)
        return sum(number in wanted for number, _ in self._shown.values())

    async def domains(self, numbers: Sequence[int]) -> Sequence[str]:
        """See `Notes.domains`."""
        wanted = set(numbers)
        return sorted({domain for number, domain in self._shown.values() if domain and number in wanted})

    async def expected(self, fingerprint: str) -> int | None:
        """See `Notes.expected`."""
        return None

    async def remembered(self, fingerprint: str) -> Remembered | None:
        """See `Notes.remembered`."""
        return None

    async def remember(self, fingerprint: str, remembered: Remembered | None) -> None:
        """See `Notes.remember`."""
