"""The columns of a population in the order in which a search shows people: who passes a test, as a set of ranks.

A rank is a place in that order. A test is put to each entry of the small table that a column points to; a million
people are then sifted by one translation in C. What was asked before is kept.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Final

from sandbox.bits import bits_of
from sandbox.organizations import Organization
from sandbox.population import NO_TITLE, Population
from sandbox.values.names import FIRST_NAMES, LAST_NAMES
from sandbox.values.places import Place
from sandbox.values.titles import UNKNOWN, Title

_YES, _NO = b"1", b"0"
_MOST_KEPT: Final = 32_000_000
"""Bytes of answers kept in all."""

_ASKED_OFTEN: Final = (
    *Title._fields,
    *Place._fields,
    "email_status",
    "employee_size",
    "industry",
    "headquarters",
)

Test = Callable[[Any], bool]


class _Column:
    """What everybody has of one thing. ``values``: the table; ``numbers``: positions in it, the last rank first."""

    def __init__(self, values: Sequence[Hashable], numbers: Sequence[int]) -> None:
        distinct = {value: number for number, value in enumerate(dict.fromkeys(values))}
        renumbered = [distinct[value] for value in values]
        self._values = list(distinct)
        codes = map(renumbered.__getitem__, numbers)
        self._codes = bytes(codes) if len(distinct) <= 256 else array("I", codes)

    def ranks(self, test: Test) -> int:
        table = b"".join(_YES if test(value) else _NO for value in self._values)
        if isinstance(self._codes, bytes):
            return int(self._codes.translate(table.ljust(256, _NO)), 2)
        return int(bytes(map(table.__getitem__, self._codes)), 2)


class Columns:
    """The columns of one population in one order: ``order`` holds the position of the person of each rank."""

    def __init__(self, population: Population, order: Sequence[int]) -> None:
        self.population = population
        self.order = order
        self._in_order = isinstance(order, range)
        self._ranks: array[int] | None = None
        self._columns: dict[str, tuple[_Column, ...]] = {}
        self._kept: OrderedDict[Hashable, int] = OrderedDict()

    def prepare(self) -> None:
        """Make what most searches ask for, so that no caller waits for it."""
        self.population.prepare()
        for name in _ASKED_OFTEN:
            self._named(name)

    def rank(self, position: int) -> int:
        """The rank of the person at that position of the population."""
        if self._in_order:
            return position
        if self._ranks is None:
            self._ranks = array("I", bytes(4 * len(self.order)))
            for rank, person in enumerate(self.order):
                self._ranks[person] = rank
        return self._ranks[position]

    def ranks_of(self, positions: Iterable[int]) -> int:
        """Those people, as a set of ranks."""
        return bits_of(map(self.rank, positions), len(self.order))

    def passing(self, name: str, test: Test, key: Hashable) -> int:
        """The ranks of those of whose ``name`` the test holds; ``key`` tells one test of a column from another.

        Names are those of columns ("first_name", "last_name", "email_status"), of fields of titles and of places, and
        of single-valued fields of organizations. Of two titles, one that passes is enough.
        """
        kept = self._kept.get((name, key))
        if kept is None:
            kept = 0
            for column in self._named(name):
                kept |= column.ranks(test)
            self._kept[name, key] = kept
            while len(self._kept) * len(self.order) > 8 * _MOST_KEPT and len(self._kept) > 1:
                self._kept.popitem(last=False)
        self._kept.move_to_end((name, key))
        return kept

    def working_at(self, employers: bytes) -> int:
        """The ranks of those whose employer's number has a yes, b"1", in ``employers``; the others are b"0"."""
        return int(bytes(map(employers.__getitem__, self._numbers(self.population.employers))), 2)

    def _named(self, name: str) -> tuple[_Column, ...]:
        if name not in self._columns:
            self._columns[name] = tuple(self._made(name))
        return self._columns[name]

    def _made(self, name: str) -> Iterable[_Column]:
        people = self.population
        if name in Title._fields:
            titles = [getattr(title, name) for title in people.tables.titles]
            yield _Column(titles, self._numbers(people.titles))
            titles[NO_TITLE] = getattr(UNKNOWN, name)
            yield _Column(titles, self._numbers(people.second_titles))
        elif name in Place._fields:
            yield _Column([getattr(place, name) for place in people.tables.places], self._numbers(people.places))
        elif name == "email_status":
            yield _Column(people.tables.statuses, self._numbers(people.email_statuses))
        elif name == "first_name":
            yield _Column([entry.shown for entry in FIRST_NAMES], self._numbers(people.first_names))
        elif name == "last_name":
            yield _Column([entry.shown for entry in LAST_NAMES], self._numbers(people.last_names))
        else:
            field: Callable[[Organization], Hashable] = lambda organization: getattr(organization, name)  # noqa: E731
            yield _Column(list(map(field, people.organizations)), self._numbers(people.employers))

    def _numbers(self, column: array[int]) -> array[int]:
        """The column, the last rank first: the first digit of a written number is its greatest bit."""
        if self._in_order:
            return column[::-1]
        return array(column.typecode, map(column.__getitem__, reversed(self.order)))
