"""A set of numbers as the bits of one integer, so that sets of a million are joined and cut in microseconds.

``Numbers`` reads such a set in ascending order a slice at a time: it counts bits by blocks, and looks only into the
blocks that a slice needs.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, compress
from typing import Final

_BLOCK: Final = 512
"""Bytes of a block."""
_SPARSE: Final = 64
_EXPANDED: Final = tuple(bytes(byte >> bit & 1 for bit in range(8)) for byte in range(256))


def all_below(size: int) -> int:
    """The set of 0..size-1."""
    return (1 << size) - 1


def bits_of(numbers: Iterable[int], size: int) -> int:
    """The set of those numbers, each below ``size``."""
    marks = bytearray(size // 8 + 1)
    for number in numbers:
        marks[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(marks, "little")


class Numbers:
    """The members of a set, of numbers below ``size``, in ascending order."""

    def __init__(self, bits: int, size: int) -> None:
        self._raw = bits.to_bytes(-(-size // (8 * _BLOCK)) * _BLOCK, "little")
        counts = (self._block(start).bit_count() for start in range(0, len(self._raw), _BLOCK))
        self._ends = list(accumulate(counts))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @property
    def weight(self) -> int:
        """About how many bytes it takes."""
        return len(self._raw) + 40 * len(self._ends)

    def slice(self, start: int, stop: int) -> list[int]:
        """Members ``start`` to ``stop`` - 1, as far as there are so many."""
        found: list[int] = []
        stop = min(stop, len(self))
        if start >= stop:
            return found
        block = bisect_right(self._ends, start)
        skipped = before = self._ends[block - 1] if block else 0
        while before < stop:
            if self._ends[block] > before:
                found += self._members(block)
            before = self._ends[block]
            block += 1
        return found[start - skipped : stop - skipped]

    def _block(self, start: int) -> int:
        return int.from_bytes(self._raw[start : start + _BLOCK], "little")

    def _members(self, block: int) -> list[int]:
        start = block * _BLOCK
        count = self._ends[block] - (self._ends[block - 1] if block else 0)
        if count > _SPARSE:
            marks = b"".join(map(_EXPANDED.__getitem__, self._raw[start : start + _BLOCK]))
            return list(compress(range(8 * start, 8 * (start + _BLOCK)), marks))
        bits, members = self._block(start), []
        while bits:
            lowest = bits & -bits
            members.append(8 * start + lowest.bit_length() - 1)
            bits ^= lowest
        return members
