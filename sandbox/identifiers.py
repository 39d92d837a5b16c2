"""Identifiers of persons and organizations: 19-digit decimal strings, computed both ways, so that no table is kept.

An ``IdentifierCode`` is a bijection between the numbers 0, 1, 2, ... and 62-bit numbers that look random. Number 0
always has the identifier printed in the vendor's example.
"""

from __future__ import annotations

import hashlib
from typing import Final

_BITS: Final = 62
_MASK: Final = (1 << _BITS) - 1
_FLOOR: Final = 10**18  # the least number of 19 digits; the greatest identifier, 10**18 + 2**62, has 19 digits too


class IdentifierCode:
    """A reproducible, reversible numbering. ``pinned`` is the identifier of number 0."""

    def __init__(self, seed: int, kind: str, pinned: str) -> None:
        digest = hashlib.blake2b(f"{seed}:{kind}".encode(), digest_size=24).digest()
        odd_one, odd_two, self._offset = (int.from_bytes(digest[i : i + 8], "big") & _MASK for i in (0, 8, 16))
        self._factors = (odd_one | 1, odd_two | 1)
        self._inverses = tuple(pow(factor, -1, 1 << _BITS) for factor in self._factors)
        self._pinned = pinned
        self._plain_zero = self._scramble(0)

    def encode(self, number: int) -> str:
        """The identifier of ``number``."""
        if number == 0:
            return self._pinned
        identifier = str(_FLOOR + self._scramble(number))
        # Whoever would bear the pinned identifier by chance bears the one that number 0 left free.
        return str(_FLOOR + self._plain_zero) if identifier == self._pinned else identifier

    def decode(self, identifier: str) -> int | None:
        """The number whose identifier this is, or None for what can be no identifier."""
        if identifier == self._pinned:
            return 0
        if len(identifier) != 19 or not (identifier.isascii() and identifier.isdigit()):
            return None
        value = int(identifier) - _FLOOR
        if not 0 <= value <= _MASK:
            return None
        number = self._unscramble(value)
        return number if number else self._unscramble(int(self._pinned) - _FLOOR)

    def _scramble(self, number: int) -> int:
        value = (number * self._factors[0] + self._offset) & _MASK
        value ^= value >> 31
        return (value * self._factors[1]) & _MASK

    def _unscramble(self, value: int) -> int:
        value = (value * self._inverses[1]) & _MASK
        value ^= value >> 31  # its own inverse: 31 is half of the 62 bits
        return ((value - self._offset) * self._inverses[0]) & _MASK
