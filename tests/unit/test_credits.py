"""The balance, read from the credits page of either plan family."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.clodura.credits import Balance, Counter, read_balance

#: the credits page's own example
PROSPECT = {"contactsView": 142, "maxContacts": "1000", "directDials": 38, "maxDirectDials": 200}


@pytest.mark.parametrize(
    ("told", "pool"),
    [
        (357, 35_700),
        (356.96, 35_696),
        (0.29, 29),  # times 100 it is less than 29
        (0, 0),
        (-0.04, -4),
        ("357", 35_700),
        (" 356.9 ", 35_690),
        ("1,234.5", 123_450),
        (0.019, 1),  # what is less than 1/100 is not there to be spent
        (1e300, None),
        (float("inf"), None),
        (float("nan"), None),
        (10**15, None),
        (True, None),
        (None, None),
        ([357], None),
        ("plenty", None),
        ("1e999999999", None),
        ("1_000", None),
        ("1,00", None),
        ("", None),
    ],
)
def test_what_the_single_pool_plans_have_left(told: Any, pool: int | None) -> None:
    assert read_balance({"remainingCredits": told}) == Balance("multi_provider", pool=pool)


def test_the_counters_of_the_prospect_plans() -> None:
    found = read_balance(PROSPECT)
    assert found == Balance("standard", emails=Counter(14_200, 100_000), phones=Counter(3_800, 20_000))
    assert found.emails is not None
    assert found.phones is not None
    assert (found.emails.left, found.phones.left) == (85_800, 16_200)


def test_an_integer_too_long_to_be_written_is_no_number() -> None:
    assert read_balance({"remainingCredits": 10**5000}).pool is None


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"plan": "Max", "totalCredits": 500, "remainingCredits": 7}, Balance("multi_provider", pool=700)),
        ({"data": {"remainingCredits": 7}}, Balance("multi_provider", pool=700)),
        ({"success": True, "credits": PROSPECT}, read_balance(PROSPECT)),
        ({"maxContacts": 1000}, Balance("standard", emails=Counter(None, 100_000))),
        ({"directDials": "3", "maxDirectDials": None}, Balance("standard", phones=Counter(300, None))),
        ({"remainingCredits": 7, "contactsView": 1}, Balance(None, pool=700, emails=Counter(100, None))),
        ({"balance": 7}, Balance()),
        ({}, Balance()),
    ],
)
def test_the_fields_that_are_there_tell_the_plan(document: dict[str, Any], expected: Balance) -> None:
    assert read_balance(document) == expected


@pytest.mark.parametrize(
    ("used", "most", "left"), [(100, 300, 200), (300, 100, 0), (None, 100, None), (100, None, None)]
)
def test_a_counter_is_never_less_than_used_up(used: int | None, most: int | None, left: int | None) -> None:
    assert Counter(used, most).left == left


NAMES = st.sampled_from(["remainingCredits", *PROSPECT, "data", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=5))
def test_no_document_breaks_the_reading(document: dict[str, Any]) -> None:
    found = read_balance(document)
    assert found.plan in (None, "standard", "multi_provider")
    assert found.pool is None or isinstance(found.pool, int)
