"""Caps: what each concerns, when days and months begin, what is left; and how settings say them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from enrichment.caps import Cap, Headroom, Scope, start_of
from pipelines.provider_caps import UNITS, hundredths, parse_caps
from sources.clodura.prices import UNIT
from sources.clodura.provider import NAME
from sources.errors import ConfigurationError

ALL = Cap("all", Scope.DAY, "credits", 1000)
ONE = Cap("one", Scope.DAY, "credits", 700, "clodura")


def micros(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("scope", "now", "start"),
    [
        (Scope.DAY, "2026-03-01T00:00:00", "2026-03-01T00:00:00"),
        (Scope.DAY, "2026-02-28T23:59:59", "2026-02-28T00:00:00"),
        (Scope.MONTH, "2026-03-01T00:00:00", "2026-03-01T00:00:00"),
        (Scope.MONTH, "2026-02-28T23:59:59", "2026-02-01T00:00:00"),
        (Scope.MONTH, "2028-02-29T12:00:00", "2028-02-01T00:00:00"),
        (Scope.MONTH, "2026-12-31T23:59:59", "2026-12-01T00:00:00"),
    ],
)
def test_days_and_months_begin_at_midnight_utc(scope: Scope, now: str, start: str) -> None:
    assert start_of(scope, micros(now)) == micros(start)
    assert start_of(scope, micros(now) + 999_999) == micros(start)


def test_a_purchase_is_held_by_every_cap_that_concerns_it_and_by_no_other() -> None:
    room = Headroom([ALL, ONE], {ALL: 0, ONE: 0})
    assert room.take("clodura", "credits", 600)
    assert not room.take("clodura", "credits", 200)
    assert room.refused_by == ONE
    assert room.take("clodura", "cents", 99_999)  # units never add up
    assert room.take("another", "credits", 400)
    assert not room.take("another", "credits", 1)
    assert room.refused_by == ALL


def test_what_is_refused_takes_nothing() -> None:
    room = Headroom([ALL, ONE], {ALL: 0, ONE: 600})
    assert not room.take("clodura", "credits", 200)
    assert room.take("another", "credits", 1000)


def test_of_several_that_refuse_the_tightest_is_named() -> None:
    room = Headroom([ALL, ONE], {ALL: 950, ONE: 690})
    assert not room.take("clodura", "credits", 100)
    assert room.refused_by == ONE


def test_past_a_cap_nothing_more_is_bought_not_even_what_may_cost_nothing() -> None:
    room = Headroom([ALL], {ALL: 1001})
    assert not room.take("clodura", "credits", 1)
    assert not room.take("clodura", "credits", 0)


def test_the_units_are_those_of_the_providers() -> None:
    assert UNITS == {NAME: UNIT, "sixtyfour": "cents"}


def test_caps_of_a_provider_are_read_with_the_name_of_their_setting() -> None:
    found = parse_caps({"clodura": {"credits_per_run": 5, "credits_per_day": 1.25, "credits_per_month": "300"}})
    assert found == [
        Cap("enrichment.caps.clodura.credits_per_run", Scope.RUN, "credits", 500, "clodura"),
        Cap("enrichment.caps.clodura.credits_per_day", Scope.DAY, "credits", 125, "clodura"),
        Cap("enrichment.caps.clodura.credits_per_month", Scope.MONTH, "credits", 30_000, "clodura"),
    ]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            {"clodra": {"credits_per_day": 1}},
            "enrichment.caps.clodra: no such provider; there is clodura, sixtyfour. Did you",
        ),
        ({"clodura": {"credit_per_day": 1}}, "Did you mean 'credits_per_day'?"),
        ({"clodura": {"cents_per_day": 1}}, "enrichment.caps.clodura.cents_per_day: no such cap; clodura has credits"),
        ({"clodura": {"credits_per_week": 1}}, "credits_per_week: no such cap"),
        ({"clodura": {"credits_per_day": -1}}, "enrichment.caps.clodura.credits_per_day: -1 is not accepted"),
        ({"clodura": {"credits_per_day": True}}, "True is not accepted"),
        ({"clodura": {"credits_per_day": "lots"}}, "'lots' is not accepted"),
        ({"clodura": {"credits_per_day": "inf"}}, "'inf' is not accepted"),
        ({"clodura": {"credits_per_day": [1]}}, "[1] is not accepted"),
    ],
)
def test_a_cap_that_would_bound_nothing_is_an_error(table: dict[str, dict[str, object]], told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_caps(table)
    assert told in str(error.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_caps({"clodra": {}, "clodura": {"credits_per_day": -1, "credits_per_week": 2}})
    assert len(str(error.value).splitlines()) == 3


@pytest.mark.parametrize(
    "variable",
    ["ENRICHMENT__CAPS", "ENRICHMENT__CAPS__CLODURA", "ENRICHMENT__CAPS__CLODURA__CREDITS__PER_DAY"],
)
def test_a_variable_that_only_looks_like_a_cap_is_an_error(variable: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{variable}: names no cap. Write it like ENRICHMENT__CAPS__CLOD"):
        parse_caps({}, [variable, "HOME"])
    assert parse_caps({}, ["ENRICHMENT__CAPS__CLODURA__CREDITS_PER_DAY", "ENRICHMENT__CAPSIZE"]) == []


def test_amounts_are_never_rounded_up() -> None:
    assert [hundredths(amount) for amount in (0.29, 0.999, 57.3, 0)] == [29, 99, 5730, 0]
