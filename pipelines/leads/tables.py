"""What every kind of list comes to: columns, and rows in batches, read once and as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

#: rows of a batch
BATCH = 1000

Rows = Sequence[Sequence[object]]


@dataclass(frozen=True)
class Table:
    """A list that is open. ``name`` may be shown; ``count`` is how many rows there are, where that is known at once.

    A row may have more or fewer cells than there are columns. ``batches`` raises `SourceError`.
    """

    name: str = field(repr=False)
    columns: tuple[str, ...] = field(repr=False)
    batches: Iterator[Rows] = field(repr=False)
    count: int | None = None
