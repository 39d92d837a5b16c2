"""What a running search does not stand still for: people who come, go, or are shown in another order.

A ``Shift`` is one rule of the switch ``search_shifts``.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal, get_args

from sandbox.population import Population

Change = Literal["add", "remove", "reorder"]
Where = Literal["front", "middle", "anywhere"]
CHANGES: Final[tuple[Change, ...]] = get_args(Change)
WHERES: Final[tuple[Where, ...]] = get_args(Where)


@dataclass(frozen=True, slots=True)
class Shift:
    """CHANGE (add, remove, reorder) happens when ``after`` search calls were answered, and after as many again, until
    it happened ``times`` times.

    ``count`` people come or go at once, where ``where`` says: at the front, in the middle, or anywhere among those who
    are there, and so in every search that finds them. Who comes is held back from the start, so that the population is
    whole at the end; who is gone comes no more. "reorder" puts everybody in another order. Who it is, is drawn from
    the seed. Setting the switch starts anew: nobody is gone, and calls are counted from zero.
    """

    after: int
    change: Change
    where: Where = "anywhere"
    count: int = 1
    times: int = 1

    def __post_init__(self) -> None:
        for name, value, words in (("change", self.change, CHANGES), ("where", self.where, WHERES)):
            if value not in words:
                raise ValueError(f"{name} must be one of {', '.join(words)}, not {value!r}")
        for name in ("after", "count", "times"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} must be 1 or more, not {value!r}")

    def due(self, calls: int) -> bool:
        """Whether it happens once so many search calls were answered."""
        return calls % self.after == 0 and 0 < calls // self.after <= self.times

    def as_json(self) -> dict[str, object]:
        """The rule as it is written."""
        return asdict(self)


def moved(population: Population, count: int) -> Population:
    """The same people, of whom ``count`` have the titles and the employer of another of them.

    Everybody's place is taken, so that filters find as many as before. ValueError where there are too few people.
    """
    if not count:
        return population
    others = range(1, population.size)
    if not 2 <= count <= len(others):
        raise ValueError(f"new_jobs must be 2 to {len(others):,} of {population.size:,} people, not {count:,}")
    chosen = random.Random(f"{population.seed}:jobs").sample(others, count)
    changed: dict[str, Any] = {}
    for name in ("titles", "second_titles", "employers"):
        before = getattr(population, name)
        after = before[:]
        for person, other in zip(chosen, chosen[1:] + chosen[:1], strict=True):
            after[person] = before[other]
        changed[name] = after
    return replace(population, **changed)
