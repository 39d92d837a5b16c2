"""Which item of a bulk result answers which ask. Pure, and never by guess: an address must not reach another person.

Order, and what an item repeats of its lead, are documented nowhere. So what items repeat counts first; their position
counts only where there are as many as asks and nothing in any of them speaks against the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sources.sixtyfour.people import Agreement, Identity, agreement, is_somebody_else, repeats_all

#: what makes a match, the surest first
_BY_ECHO = (Agreement.ID, Agreement.PROFILE, Agreement.ADDRESS, Agreement.NAME_AND_EMPLOYER, Agreement.NAME)
_Table = Sequence[Sequence[Agreement]]


def match(leads: Sequence[Mapping[str, Any]], asked: Sequence[Identity], items: Sequence[Identity]) -> list[int | None]:
    """The item of each ask, by its position; None where none can be told with certainty.

    ``asked`` is whom the ``leads`` name. Asks for the very same person share their items in order.
    """
    if len(asked) == len(items) == 1:
        return [None if is_somebody_else(asked[0], items[0]) else 0]
    table = [[agreement(lead, item) for item in items] for lead in asked]
    found: dict[int, int] = {}
    for same, some in _repeated(table, asked, items).items():
        if len(some) <= len(same):
            found.update(zip(sorted(same), some, strict=False))
    spoilt: set[int] = set()  # more of them than asks that they can answer
    for level in _BY_ECHO:
        for same, some in _alike(table, level, leads, spoilt.union(found.values())).items():
            free = sorted(same - found.keys())
            if len(some) <= len(free):
                found.update(zip(free, some, strict=False))
            else:
                spoilt.update(some)
    if len(items) == len(asked):
        left = [ask for ask in range(len(asked)) if ask not in found]
        in_order = all(ask == item for ask, item in found.items())
        if in_order and not spoilt and all(table[ask][ask] is not Agreement.OTHER for ask in left):
            found.update((ask, ask) for ask in left)
    return [found.get(ask) for ask in range(len(asked))]


def _repeated(table: _Table, asked: Sequence[Identity], items: Sequence[Identity]) -> dict[frozenset[int], list[int]]:
    """The items that repeat all of a lead, by the asks with that lead.

    Only where all for whom such an item might be taken have one: else it may be that of a namesake of whom more was
    sent than is repeated.
    """
    whole = [{ask for ask, lead in enumerate(asked) if repeats_all(lead, item)} for item in items]
    answered = set().union(*whole)
    repeated: dict[frozenset[int], list[int]] = {}
    for item, same in enumerate(whole):
        near = {ask for ask, row in enumerate(table) if row[item] >= Agreement.NAME}
        if same and near <= answered:
            repeated.setdefault(frozenset(same), []).append(item)
    return repeated


def _alike(
    table: _Table, level: Agreement, leads: Sequence[Mapping[str, Any]], taken: set[int]
) -> dict[frozenset[int], list[int]]:
    """The items not ``taken`` that name somebody at this level, by the asks for that somebody."""
    alike: dict[frozenset[int], list[int]] = {}
    for item in range(len(table[0]) if table else 0):
        if item in taken:
            continue
        same = frozenset(ask for ask, row in enumerate(table) if row[item] >= level)
        # one profile or id is one person, whatever else the leads say; one name may be several
        if same and (level >= Agreement.ADDRESS or all(leads[ask] == leads[min(same)] for ask in same)):
            alike.setdefault(same, []).append(item)
    return alike
