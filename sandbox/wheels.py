"""Weighted choice from a few random bits: a wheel holds each position as often as its weight says."""

from __future__ import annotations

from array import array
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate


def wheel(weights: Sequence[float], spokes: int) -> array[int]:
    """``spokes`` positions of ``weights``, ascending, each as often as its weight says, to the nearest spoke."""
    sums = list(accumulate(weights))
    return array("H", (bisect(sums, sums[-1] * (spoke + 0.5) / spokes) for spoke in range(spokes)))


def zipf(count: int, exponent: float = 0.9, shift: float = 2.0) -> list[float]:
    """``count`` weights that fall off as in most lists ordered by frequency."""
    return [1 / (rank + shift) ** exponent for rank in range(count)]
