"""How a list of text is written: its delimiter, and where its heading is. Pure.

Told by the first records alone: the delimiter with which most of them have the same number of cells. Not by DuckDB: its
guess takes a list with one row of too many cells for a list of one column, and the quotes of a list with one quote too
many for letters.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
#: records that are looked at
_LOOKED_AT = 100
#: records above the heading: LinkedIn's export of connections has some lines of notes there
_NOTES = 10


@dataclass(frozen=True)
class Dialect:
    """``skip``: records above the heading, blank lines not counted."""

    delimiter: str
    skip: int = 0


def dialect_of(lines: Sequence[str], *, tabs: bool = False) -> Dialect:
    """The dialect of a list that begins with these lines. ``tabs``: its name says that they delimit cells."""
    if lines and lines[0].strip().lower().startswith("sep=") and len(lines[0].strip()) <= 5:
        return Dialect(lines[0].strip("\r\n")[4:5] or "\t", 1)  # written by spreadsheets for each other
    best = (0.0, 0, 0, Dialect("\t" if tabs else ","))
    for order, delimiter in enumerate(("\t",) if tabs else DELIMITERS):
        widths = _widths(lines, delimiter)
        wide = [width for width in widths if width > 1]
        if not wide:
            continue
        usual, times = Counter(wide).most_common(1)[0]
        skip = next(number for number, width in enumerate(widths) if width > 1)
        if skip > _NOTES:
            continue
        rating = (times / len(widths), usual, -order, Dialect(delimiter, skip))
        best = max(best, rating, key=lambda one: one[:3])
    return best[3]


def _widths(lines: Sequence[str], delimiter: str) -> list[int]:
    widths: list[int] = []
    try:
        for record in csv.reader(lines, delimiter=delimiter):
            if record:
                widths.append(len(record))
            if len(widths) == _LOOKED_AT:
                break
    except csv.Error:
        pass  # told with its line when the list is read
    return widths


def headings(record: Sequence[str]) -> tuple[str, ...]:
    """Names of columns, each another: a repeated one is numbered, an empty one named by its place."""
    names: list[str] = []
    for place, cell in enumerate(record, 1):
        name = " ".join(cell.split()) or f"column {place}"
        repeated = 1
        while name in names:
            repeated += 1
            name = f"{' '.join(cell.split())} ({repeated})".strip()
        names.append(name)
    return tuple(names)
