"""The windows of a scan as a tree: which are parts of which, which have come to an end. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sources.clodura.scans import ScanWindow, State
from sources.clodura.splitting import Role, Split
from sources.clodura.windows import Coverage


class WindowTree:
    """All windows of a scan, by number."""

    def __init__(self) -> None:
        self._windows: dict[int, ScanWindow] = {}
        self._parts: dict[int, list[ScanWindow]] = defaultdict(list)
        #: split windows that have come to an end, with how many parts they had then
        self._ended: dict[int, int] = {}

    @property
    def empty(self) -> bool:
        """Whether there is not even the search: its scan has failed before it began."""
        return not self._windows

    @property
    def root(self) -> ScanWindow:
        """The search itself."""
        return self._windows[0]

    def __getitem__(self, number: int) -> ScanWindow:
        return self._windows[number]

    def add(self, window: ScanWindow) -> None:
        """Take in a window."""
        self._windows[window.number] = window
        if window.parent is not None:
            self._parts[window.parent].append(window)

    def split(self, window: ScanWindow, parts: Split) -> list[ScanWindow]:
        """Make the parts of a window's next turn."""
        if not window.tried:
            window.split_by, window.exact = parts.field, parts.exact
        window.state, window.tried = State.SPLIT, (*window.tried, parts.field)
        new = []
        for part in parts.parts:
            number, turn = len(self._windows), len(window.tried)
            new.append(ScanWindow(number, window.number, part.role, part.filters, part.share, part.people, turn))
            self.add(new[-1])
        return new

    def parts(self, window: ScanWindow) -> list[ScanWindow]:
        """The parts of a window, of all its turns."""
        return self._parts[window.number]

    def parent(self, window: ScanWindow) -> ScanWindow | None:
        """What it is a part of."""
        return None if window.parent is None else self._windows[window.parent]

    def below(self, window: ScanWindow, *, but_turn: int | None = None) -> Iterable[int]:
        """The numbers of a window and of all there is in it, but for its parts of one turn."""
        yield window.number
        for part in self.parts(window):
            if part.turn != but_turn:
                yield from self.below(part)

    def split_by(self, window: ScanWindow, turn: int) -> dict[str, float]:
        """For how many of a window's people a turn has split by filters that may leave people out (1: for all)."""
        shares: dict[str, float] = defaultdict(float)
        parts = [part for part in self.parts(window) if part.turn == turn]
        if self._leaves_out(window, turn):
            shares[window.tried[turn - 1]] = 1.0
        people = sum(part.people for part in parts)
        below = [self[number] for part in parts for number in self.below(part)]
        for inner in below:
            if inner.tried and self._leaves_out(inner, len(inner.tried)) and people:
                name = inner.tried[-1]
                shares[name] = min(1.0, shares[name] + inner.people / people)
        return dict(shares)

    def _leaves_out(self, window: ScanWindow, turn: int) -> bool:
        """Whether the parts of a turn leave out who has no value of its filter: no list of the search's own, and no
        part for everybody else that was read."""
        name = window.tried[turn - 1]
        rest = [part for part in self.parts(window) if part.turn == turn and part.role is Role.COMPLEMENT]
        return getattr(window.filters, name) is None and not any(part.pages or part.split_by for part in rest)

    def ends(self, window: ScanWindow) -> bool:
        """Whether a split window has come to the end of its parts; true for the first one to ask."""
        parts = self.parts(window)
        if window.state is not State.SPLIT or any(part.state is not State.DONE for part in parts):
            return False
        if len(parts) == self._ended.get(window.number):
            return False
        self._ended[window.number] = len(parts)
        return True

    def inside_inexact(self, window: ScanWindow) -> bool:
        """Whether it is in a window that looks by itself for whom its parts leave out."""
        while (parent := self.parent(window)) is not None:
            if not parent.exact:
                return True
            window = parent
        return False

    def avoided(self, window: ScanWindow) -> tuple[set[str], set[str]]:
        """Filters by which a window had better not be split: it is to show whom earlier turns have left out.

        Those that windows around it were split by in earlier turns; and these with those of all parts of those turns.
        """
        around: set[str] = set()
        inside: set[str] = set()
        while (parent := self.parent(window)) is not None:
            around.update(parent.tried[: window.turn - 1])
            for part in self.parts(parent):
                if part.turn < window.turn:
                    inside.update(*(self._windows[number].tried for number in self.below(part)))
            window = parent
        return around, around | inside

    def ancestors(self, window: ScanWindow) -> Iterable[ScanWindow]:
        """What it is a part of, and so on up to the search."""
        while (parent := self.parent(window)) is not None:
            yield parent
            window = parent

    def truncated(self) -> list[ScanWindow]:
        """Windows with people that cannot be seen, the innermost ones."""
        found = [w for w in self._windows.values() if w.state is State.DONE and w.coverage is Coverage.TRUNCATED]
        counted = {window.number for window in found if window.left is not None}
        found = [window for window in found if window.number in counted or window.parent not in counted]
        parents = {window.parent for window in found}
        return [window for window in found if window.number not in parents]

    def estimate(self, window: ScanWindow) -> int | None:
        """How many people a part holds, about: by its share, and by what its siblings turned out to hold."""
        parent = self.parent(window)
        if parent is None or not window.share:
            return None
        read = [w for w in self.parts(parent) if w.share and w.state is State.DONE and w.role is Role.PART]
        if not read:
            return None
        return round(window.share * sum(w.people for w in read) / sum(w.share or 0 for w in read))
