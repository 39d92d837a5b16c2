"""How many people a window may hold whom none of its parts has shown. Pure; estimates, and said to be.

Nobody tells. But some people were seen before it was split, on the full window's own pages: what share of them shows
up again in the parts, so large a share of all. And where it was split twice, by filters that have nothing to do with
each other, whom only one of the two has shown tells how many neither has (as fish are counted: caught, marked, caught
again). Where parts are split again by filters that several turns have in common, neither tells enough: then it counts
how many lack a value of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from math import ceil, prod

#: people who are to be expected for each further call, so that looking for them is worth it
WORTH = 0.2
#: a share of people who lack what filters go by, above which it tells nothing of how many they are
MOST_LEFT = 0.5
#: people caught again, below which an estimate is none
TELLING = 5


def left_by_sample(missed: int, sampled: int, shown: int) -> int | None:
    """People in no part, by how many of a sample are in none, of so many ``shown`` in all, the sample included.

    None where the parts have shown next to nobody of it: that tells nothing.
    """
    if not missed:
        return 0
    if sampled - missed < TELLING:
        return None
    return max(missed, ceil(missed * (shown - missed) / (sampled - missed)))


def left_by_turns(only_first: int, only_second: int, shown: int) -> int | None:
    """People in neither of two turns of parts, by how many are in one of them alone, of so many in all.

    None where next to nobody is in both.
    """
    both = shown - only_first - only_second
    return None if both < TELLING else ceil(only_first * only_second / both)


Lacking = Iterable[Mapping[tuple[str, ...], float]]
Turns = Sequence[Mapping[str, float]]


def left_by_filters(shown: int, lacking: Lacking, turns: Turns) -> int | None:
    """People in no part of any turn, by what people lack that filters go by; None where that is most of them.

    Beside so many who were ``shown`` in all. See `share_left`.
    """
    missed = share_left(lacking, turns)
    return None if missed > MOST_LEFT else ceil(shown * missed / (1 - missed))


def share_left(lacking: Lacking, turns: Turns) -> float:
    """The share of all people who are in no part of any turn.

    ``lacking``: the share of people who lack a value of just these filters; one mapping for each family of filters,
    which are taken to have nothing to do with each other. ``turns``: by filter, for how many of the people a turn has
    split by it, somewhere on the way to their part (1: for all). Whoever lacks the value of one filter that all turns
    split by is in none of them, and so is who lacks several.
    """
    missed = 0.0
    families = [[((), max(0.0, 1 - sum(family.values()))), *family.items()] for family in lacking]
    for chosen in product(*families):
        lacked = [name for names, _ in chosen for name in names]
        missed += prod(share for _, share in chosen) * prod(
            1 - prod(1 - turn.get(name, 0.0) for name in lacked) for turn in turns
        )
    return min(missed, 1.0)


def worthwhile(left: float, calls: float) -> bool:
    """Whether it is worth so many calls to look for so many people."""
    return left >= max(1.0, WORTH * calls)
