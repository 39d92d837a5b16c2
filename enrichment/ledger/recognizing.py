"""Who a page of people is: `aliases.identify` for columns, at once where there is nothing to weigh.

As a rule nobody contradicts anybody: each is new, or known by the vendor's own id that they are shown with. Such people
get their own key, whatever the others are, and one statement looks whether that is so. The rest go the general way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from enrichment.ledger.aliases import PROFILE, SAME, Identifier, Named, identify, same_as
from enrichment.storage import Statement, listed

_OTHERS = Statement(  # whose own key, or vendor's own id, leads to another key
    "SELECT value, person_id FROM aliases WHERE kind IN (?, ?) AND value IN (SELECT value FROM json_each(?))"
)
_OF_PROFILES = Statement(
    "SELECT value, person_id FROM aliases WHERE kind = ? AND value IN (SELECT value FROM json_each(?))"
)
_NOTE = Statement("INSERT INTO aliases (kind, value, person_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")


def recognize(
    connection: sa.Connection,
    kind: str,
    keys: Sequence[str],
    own: Sequence[bool],
    profiles: Sequence[str | None],
    implied: Callable[[str], Identifier | None] = lambda key: None,
) -> list[str]:
    """The key of each, in order, as `identify` gives it and with the same new identifiers noted.

    Each is shown under a key of ``keys``, which is the vendor's own id where ``own`` (an identifier of that ``kind``),
    and beside a profile where ``profiles`` has one (`aliases.PROFILE`).
    """
    others: dict[str, set[str]] = {}
    for value, key in _OTHERS.rows(connection, kind, SAME, listed(keys)):
        others.setdefault(value, set()).add(key)
    shown = [profile for profile in profiles if profile is not None]
    of_profile = dict(_OF_PROFILES.rows(connection, PROFILE, listed(shown)))
    odd = {
        place
        for place, (key, vendors, profile) in enumerate(zip(keys, own, profiles, strict=True))
        if key in others
        or (profile is not None and of_profile.get(profile, key) != key)
        or (implied(key) == (kind, key)) is not vendors
    }
    odd |= _twice(profiles)
    if odd:
        odd |= _entangled(connection, odd, keys, profiles, others, of_profile)
    usual = enumerate(zip(keys, profiles, strict=True))
    new = [
        (PROFILE, profile, key)
        for place, (key, profile) in usual
        if profile is not None and profile not in of_profile and place not in odd
    ]
    _NOTE.run_for_each(connection, new)
    recognized = list(keys)
    if odd:
        places = sorted(odd)
        people = [_named(kind, keys[place], own[place], profiles[place]) for place in places]
        for place, key in zip(places, identify(connection, people, implied), strict=True):
            recognized[place] = key
    return recognized


def _named(kind: str, key: str, vendors: bool, profile: str | None) -> Named:
    found: list[Identifier] = [(kind, key)] if vendors else []
    return Named(key, (*found, (PROFILE, profile)) if profile is not None else tuple(found))


def _twice(values: Sequence[str | None]) -> set[int]:
    """Places of values that are there more than once."""
    if len(set(values)) == len(values):
        return set()
    counts = Counter(values)
    return {place for place, value in enumerate(values) if value is not None and counts[value] > 1}


def _entangled(
    connection: sa.Connection,
    odd: set[int],
    keys: Sequence[str],
    profiles: Sequence[str | None],
    others: dict[str, set[str]],
    of_profile: dict[str, str],
) -> set[int]:
    """People under whose keys those ``odd`` ones may turn out to be known: what is noted of either concerns both."""
    touched = {keys[place] for place in odd}
    for place in odd:
        touched |= others.get(keys[place], set())
        profile = profiles[place]
        if profile is not None and profile in of_profile:
            touched.add(of_profile[profile])
    touched |= set(same_as(connection, list(touched)).values())
    return {place for place, key in enumerate(keys) if key in touched}
