"""Who is there for a search, and in which order: everybody by position, unless the switches say otherwise.

Everything is drawn from the seed, so that the same calls meet the same people.
"""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence
from itertools import islice
from typing import Literal

from sandbox.bits import Numbers, all_below
from sandbox.columns import Columns
from sandbox.population import Population
from sandbox.shifts import Shift, Where

Order = Literal["position", "shuffled"]


class Roster:
    """The people of one population. ``columns`` and ``present``, a set of ranks, are those in force."""

    def __init__(self, population: Population, order: Order, shifts: Sequence[Shift]) -> None:
        self.calls = 0
        self._population = population
        self._shifts = shifts
        self._rng = random.Random(f"{population.seed}:roster")
        self._gone: set[int] = set()
        self._came: set[int] = set()
        self._held = self._hold_back()
        everybody = range(population.size)
        self._arrange(everybody if order == "position" else self._shuffled(everybody))
        self.columns.prepare()

    def answered(self) -> bool:
        """Count a search call, and let happen what is due after it: whether anything did."""
        self.calls += 1
        due = [(number, shift) for number, shift in enumerate(self._shifts) if shift.due(self.calls)]
        for number, shift in due:
            match shift.change:
                case "add":
                    group = self._held[number, self.calls // shift.after]
                    self._came.update(group)
                    self.present |= self.columns.ranks_of(group)
                case "remove":
                    self._remove(shift)
                case _:
                    self._arrange(self._shuffled(self.columns.order))
        return bool(due)

    @property
    def added(self) -> frozenset[int]:
        """The positions of those who came since the start, whether they have gone again or not."""
        return frozenset(self._came)

    @property
    def removed(self) -> frozenset[int]:
        """The positions of those who are gone."""
        return frozenset(self._gone)

    @property
    def throughout(self) -> int:
        """The ranks of those who have been there from the start and still are."""
        return self.present & ~self.columns.ranks_of(self._came)

    def _hold_back(self) -> dict[tuple[int, int], list[int]]:
        """Those who are to come, by number of the shift and by which of its times."""
        times = [
            (number, time)
            for number, shift in enumerate(self._shifts)
            if shift.change == "add"
            for time in range(1, shift.times + 1)
        ]
        wanted = sum(self._shifts[number].count for number, _ in times)
        others = range(1, self._population.size)
        if wanted > len(others):
            raise ValueError(f"search_shifts: {wanted:,} people cannot be added where there are {len(others) + 1:,}")
        drawn = iter(self._rng.sample(others, wanted))
        return {(number, time): list(islice(drawn, self._shifts[number].count)) for number, time in times}

    def _arrange(self, order: Sequence[int]) -> None:
        """Put everybody in an order, those who are to come where they are to come."""
        waiting: dict[Where, list[int]] = {"front": [], "middle": [], "anywhere": []}
        for (number, _), group in self._held.items():
            waiting[self._shifts[number].where] += [position for position in group if position not in self._came]
        if waiting["front"] or waiting["middle"]:
            placed = set(waiting["front"] + waiting["middle"])
            others = [position for position in order if position not in placed]
            middle = len(others) // 2
            order = array("I", [*waiting["front"], *others[:middle], *waiting["middle"], *others[middle:]])
        self.columns = Columns(self._population, order)
        absent = self._gone.union(*self._held.values()) - (self._came - self._gone)
        self.present = all_below(self._population.size) & ~self.columns.ranks_of(absent)

    def _shuffled(self, order: Sequence[int]) -> Sequence[int]:
        return array("I", self._rng.sample(order, len(order)))

    def _remove(self, shift: Shift) -> None:
        there = Numbers(self.present, self._population.size)
        count = min(shift.count, len(there))
        if shift.where == "anywhere":
            ranks = [there.slice(turn, turn + 1)[0] for turn in self._rng.sample(range(len(there)), count)]
        else:
            start = 0 if shift.where == "front" else (len(there) - count) // 2
            ranks = there.slice(start, start + count)
        gone = [self.columns.order[rank] for rank in ranks]
        self._gone.update(gone)
        self.present &= ~self.columns.ranks_of(gone)
