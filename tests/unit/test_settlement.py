"""What several documents say of one call's cost does not depend on which of them came first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from enrichment.settlement import merged_charges, merged_outcome
from sources.providers import Basis, Charge, Outcome

Told = tuple[Outcome, Sequence[Charge]]


def charged(least: int, most: int, basis: Basis) -> Sequence[Charge]:
    return (Charge("pool", least, most, basis),)


FOUND = (Outcome.FOUND, charged(100, 600, Basis.BOUNDED))
FOUND_FOR_300 = (Outcome.FOUND, charged(300, 300, Basis.REPORTED))
MISSED = (Outcome.NOT_FOUND, charged(0, 0, Basis.DOCUMENTED))
MISSED_FOR_NOTHING = (Outcome.NOT_FOUND, charged(0, 0, Basis.REPORTED))
MISSED_FOR_200 = (Outcome.NOT_FOUND, charged(200, 200, Basis.REPORTED))
MISSED_FOR_900 = (Outcome.NOT_FOUND, charged(900, 900, Basis.REPORTED))


def merged(first: Told, second: Told) -> Told:
    """As the ledger does it."""
    outcome = merged_outcome(first[0], second[0])
    upgraded, outdone = outcome is not first[0], outcome is not second[0]
    return outcome, merged_charges(first[1], second[1], upgraded=upgraded, outdone=outdone)


@pytest.mark.parametrize(
    ("one", "other", "end"),
    [
        (FOUND, FOUND, FOUND),
        (FOUND, FOUND_FOR_300, FOUND_FOR_300),
        (FOUND, MISSED, FOUND),  # "not found costs nothing" is no news of what was found
        (FOUND, MISSED_FOR_NOTHING, FOUND),
        (FOUND, MISSED_FOR_200, (Outcome.FOUND, MISSED_FOR_200[1])),  # what was reported, within what a find costs
        (FOUND, MISSED_FOR_900, FOUND),
        (FOUND_FOR_300, MISSED, FOUND_FOR_300),
        (FOUND_FOR_300, MISSED_FOR_NOTHING, FOUND_FOR_300),
        (MISSED, MISSED_FOR_200, MISSED_FOR_200),
        (FOUND, (Outcome.UNREADABLE, charged(0, 600, Basis.BOUNDED)), FOUND),
        (MISSED, (Outcome.UNREADABLE, charged(0, 600, Basis.BOUNDED)), MISSED),
    ],
)
def test_the_end_is_the_same_in_either_order(one: Told, other: Told, end: Told) -> None:
    assert merged(one, other) == end
    assert merged(other, one) == end
