"""How a window that holds more than can be shown is split into parts that can. Pure.

In order of what they promise:

* a filter that is a list already: its values are divided, and nobody is left out;
* a location, where the search filters by none: values seen, in parts, and one part for everybody else
  (``person_location_exclude``), which takes in those without a location, too; nobody is left out;
* any other filter: the values the vendor lists and those seen so far. Who has none of them is in no part.

Among these the one is taken whose largest single value is smallest, as far as a sample of the window tells; to leave
people out, or to show many people twice, counts against it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Any

from sources.clodura.facets import DOMAIN, FACETS, LISTED, LOCATION, SHOWN, Tally
from sources.clodura.filters import LARGEST_PAGE, LAST_PAGE, MOST_DOMAINS, SearchFilters
from sources.clodura.identifiers import domain_mistake
from sources.countries import english_names

#: people that a window shows at the most
MOST_SHOWN = LAST_PAGE * LARGEST_PAGE
#: people that a part is to hold, about: samples are small
AIM = 6500
#: parts at a time where nobody knows how many people there are
FEW = 3
#: what is split by where employers are asked for
COMPANIES = DOMAIN.field
_EMPLOYER = (COMPANIES, "organization_id", "organization_name")
#: values in one list of a request at the most
MOST_IN_LIST = 250

#: what counts against a way to split, in shares of the window: that somebody may be left out, and that some are
_MAY_LACK, _LACKS = 1.0, 1.3
#: that no record shows whom it would leave out
_UNTOLD = 0.5
#: that a filter of the same family has left people out: it is likely to leave out the same ones
_SAME = 1.0
#: people shown twice, people with a location that the sample does not hold
_TWICE, _UNSEEN = 0.5, 0.3
#: one value with so much of the window is no way to split it
_HOPELESS = 0.97
#: what is taken for the largest value of a filter that no record shows
_UNKNOWN = 0.5


class Role(StrEnum):
    """What a window is within its search."""

    SEARCH = "search"
    PART = "part"
    COMPLEMENT = "complement"  # everybody with another location, or none
    COMPANIES = "companies"  # people of some employers: a way to those whom all other parts leave out


@dataclass(frozen=True)
class Part:
    """A part of a window. ``share``: how much of it, as far as is known; ``people`` it held when it was last read."""

    filters: SearchFilters = field(repr=False)
    role: Role
    share: float | None = None
    people: int | None = None


@dataclass(frozen=True)
class Split:
    """Parts of a window. ``exact``: nobody is left out."""

    field: str
    exact: bool
    parts: tuple[Part, ...]


def split(
    filters: SearchFilters,
    tally: Tally,
    people: int | None,
    seen: Mapping[str, set[str]],
    tried: Collection[str] = (),
) -> Split | None:
    """Split a window; None where there is no way left.

    ``tally`` is of a sample of its people, ``people`` how many there are, about; ``seen``: values of each facet that
    the search has shown so far. ``tried``: facets that have left people out, and are no way to them.
    """
    exact = _own_lists(filters, tally)
    if not any(name in LOCATION for name in tried):
        exact += _locations(filters, tally)
    families = {FACETS[name].family for name in tried if name in FACETS}
    ways = [way for way in (*exact, *_others(filters, tally, seen, families)) if way.field not in tried]
    best = min(ways, key=lambda way: way.cost, default=None)
    return None if best is None else best.split(filters, max(2, ceil(people / AIM)) if people else FEW)


def companies(filters: SearchFilters, domains: Sequence[str]) -> Split | None:
    """The window's people at these employers, ten of them a part; None where it filters by employers itself."""
    usable = [domain for domain in domains if domain_mistake(domain) is None]
    if not usable or any(getattr(filters, name) for name in (*_EMPLOYER, "person_id")):
        return None
    groups = [usable[start : start + MOST_DOMAINS] for start in range(0, len(usable), MOST_DOMAINS)]
    parts = [Part(changed(filters, company_domain=group), Role.COMPANIES) for group in groups]
    return Split(COMPANIES, exact=False, parts=tuple(parts))


def changed(filters: SearchFilters, **changes: Any) -> SearchFilters:
    """The same filters but for these."""
    return SearchFilters.model_validate({**filters.model_dump(exclude_none=True), **changes})


@dataclass(frozen=True, repr=False)
class _Way:
    """A way to split: by which filter, into which values, each with its share of the window."""

    field: str
    shares: Mapping[str, float]
    cost: float
    exact: bool
    many: bool = True
    #: location values that are left out already, where everybody else is a part, too
    excluded: Sequence[str] | None = None
    rest: float = 0.0

    def split(self, filters: SearchFilters, count: int) -> Split:
        groups = _groups(self.shares, count) if self.many else [[value] for value in self.shares]
        base: dict[str, Any] = {} if self.excluded is None else {"person_location_exclude": None}
        parts = [
            Part(
                changed(filters, **base, **{self.field: group if self.many else group[0]}),
                Role.PART,
                min(1.0, sum(self.shares[value] for value in group)),
            )
            for group in groups
        ]
        if self.excluded is not None:
            everybody_else = {self.field: sorted({*self.excluded, *self.shares}), "person_location_exclude": True}
            parts.append(Part(changed(filters, **everybody_else), Role.COMPLEMENT, self.rest))
        return Split(self.field, self.exact, tuple(parts))


def _groups(shares: Mapping[str, float], count: int) -> list[list[str]]:
    """Values in about so many groups of about the same share, none longer than a list may be."""
    count = min(max(count, ceil(len(shares) / MOST_IN_LIST)), len(shares))
    groups: list[list[str]] = [[] for _ in range(count)]
    weights = [0.0] * count
    for value in sorted(shares, key=lambda value: (-shares[value], value)):
        open_ones = [place for place in range(count) if len(groups[place]) < MOST_IN_LIST]
        lightest = min(open_ones, key=lambda place: (weights[place], place))
        groups[lightest].append(value)
        weights[lightest] += shares[value]
    return [group for group in groups if group]


def _own_lists(filters: SearchFilters, tally: Tally) -> list[_Way]:
    ways = []
    for name in type(filters).model_fields:
        own = getattr(filters, name)
        if not isinstance(own, list) or len(own) < 2 or (filters.person_location_exclude and name in LOCATION):
            continue
        counts: Mapping[str, int] = tally.counts.get(name, {})
        known = any(counts.get(value) for value in own)
        shares = {value: _share(counts.get(value, 0), tally.people) if known else 1 / len(own) for value in own}
        overlap = max(0.0, sum(shares.values()) - 1)
        ways.append(_Way(name, shares, min(1.0, max(shares.values())) + _TWICE * overlap, exact=True))
    return ways


def _locations(filters: SearchFilters, tally: Tally) -> list[_Way]:
    own = [name for name in LOCATION if getattr(filters, name)]
    if own and not (filters.person_location_exclude and len(own) == 1):
        return []
    ways = []
    for name in own or LOCATION:
        excluded = getattr(filters, name) or []
        counts: Mapping[str, int] = tally.counts.get(name, {})
        shares = {value: _share(count, tally.people) for value, count in counts.items() if value not in excluded}
        if not shares:
            continue
        unseen = _share(sum(1 for count in counts.values() if count == 1), tally.people)
        without = _share(tally.without[name], tally.people)
        twice = _share(tally.several[name], tally.people)
        cost = max(*shares.values(), without) + _TWICE * twice + _UNSEEN * unseen
        if max(*shares.values(), without) < _HOPELESS or len(shares) > 1:
            ways.append(_Way(name, shares, cost, exact=True, excluded=excluded, rest=min(1.0, without + unseen)))
    return ways


def _others(
    filters: SearchFilters, tally: Tally, seen: Mapping[str, set[str]], families: Collection[str]
) -> list[_Way]:
    ways = []
    for facet in (*SHOWN, *LISTED):
        if getattr(filters, facet.field) is not None or (facet.location and not _combinable(filters)):
            continue
        counts: Mapping[str, int] = tally.counts.get(facet.field, {})
        counts = {v: c for v, c in counts.items() if not facet.closed or v in facet.listed}
        listed = facet.listed or (english_names() if facet.field.endswith("_country") else ())
        wanted = {*counts, *listed, *(seen.get(facet.field, set()) if not facet.closed else ())}
        if len(wanted) < 2:
            continue
        shares = {value: _share(counts.get(value, 0), tally.people) for value in sorted(wanted)}
        largest = max(shares.values()) if facet.key else _UNKNOWN
        if largest >= _HOPELESS:
            continue
        lacking = tally.share_lacking(facet.field)
        unlisted = 0.0 if listed else _share(sum(1 for count in counts.values() if count == 1), tally.people)
        cost = largest + _TWICE * _share(tally.several[facet.field], tally.people)
        cost += _SAME if facet.family in families else 0.0
        cost += _LACKS * (1 + lacking) if lacking or not facet.key else _MAY_LACK + unlisted
        ways.append(_Way(facet.field, shares, cost + (0 if facet.key else _UNTOLD), exact=False, many=facet.many))
    return ways


def _combinable(filters: SearchFilters) -> bool:
    """Whether a location can be asked for beside what the filters say of locations: it is not turned round."""
    return not filters.person_location_exclude and any(getattr(filters, name) for name in LOCATION)


def _share(count: int, people: int) -> float:
    """A share of the sample; a little where it holds none: a value may be there all the same."""
    return count / people if count and people else 0.1 / max(people, 1)
