"""What plan says of waterfalls, caps, requests and answers that are old: pure bounds from facts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from enrichment.caps import Cap, Scope
from enrichment.ledger.forecast import Experience, Foreseen
from enrichment.metering import SearchPrice
from pipelines.expectation import MOST_LOOKS, UNKNOWN, Expected
from pipelines.forecast import MOST_ADDRESSES, Facts, Step, Verification, forecast
from sources.clodura.paging import PAST_END
from sources.limits import Window
from sources.providers import Channel, Operation

EMAIL, PHONE = Operation("e", Channel.EMAIL, 600), Operation("p", Channel.PHONE, 2000)
FIND = Operation("f", Channel.EMAIL, 500, batch=100)
NOBODY = Foreseen()
CLODURA = Step("clodura", "credits", EMAIL, NOBODY, Experience())
SIXTYFOUR = Step("sixtyfour", "cents", FIND, NOBODY, Experience())
BOTH = frozenset({("email", "clodura"), ("email", "sixtyfour")})


def facts(*caps: tuple[Cap, int], phones_from: str = "clodura") -> Facts:
    """100 people never asked: e-mails for up to 600 credits, phones for up to 2,000."""
    phone = Step(phones_from, "credits", PHONE, NOBODY, Experience())
    return Facts(
        searches=[Expected("s", 100, 100, "probe")],
        waterfalls={Channel.EMAIL: [CLODURA], Channel.PHONE: [phone]},
        price=SearchPrice("clodura", "credits", "none"),
        caps=caps,
        windows={},
    )


def cap(name: str, amount: float, provider: str | None = None, unit: str = "credits") -> Cap:
    return Cap(name, Scope.MONTH, unit, round(amount * 100), provider)


@pytest.mark.parametrize(
    ("given", "most", "by"),
    [
        (facts(), 2600, None),
        (facts((cap("a", 3000), 0)), 2600, None),
        (facts((cap("a", 3000), 60_000)), 2400, "a"),
        (facts((cap("a", 1000), 100_001)), 0, "a"),
        (facts((cap("a", 1000), 0), (cap("b", 900, "clodura"), 0)), 900, "b"),
        (facts((cap("a", 1000), 0), (cap("b", 900, "clodura"), 0), phones_from="other"), 1000, "a"),
        (facts((cap("b", 500, "clodura"), 0), phones_from="other"), 2500, "b"),
        (facts((cap("b", 500, "clodura"), 0), (cap("c", 100, "other"), 0), phones_from="other"), 600, "c"),
        (facts((cap("a", 5, unit="cents"), 0)), 2600, None),
    ],
)
def test_caps_hold_what_they_concern_and_the_one_that_holds_is_named(given: Facts, most: float, by: str | None) -> None:
    said = forecast(given)
    assert (said["cost"]["credits"]["max"], said["capped_by"].get("credits")) == (most, by)
    assert list(said["cost"]) == ["credits"]


def waterfall(first: Foreseen, second: Foreseen, *searches: Expected, **more: Any) -> Facts:
    """E-mails of 100 people, from Clodura, then from Sixtyfour."""
    return replace(
        facts(),
        searches=searches or [Expected("s", 100, 100, "last run", 1, known=True, asked=BOTH)],
        waterfalls={Channel.EMAIL: [replace(CLODURA, people=first), replace(SIXTYFOUR, people=second)]},
        **more,
    )


def asks(given: Facts) -> list[tuple[int, int]]:
    return [(row["asks"]["min"], row["asks"]["max"]) for row in forecast(given)["channels"]]


NEW = Expected("s", 100, 100, "probe")
WITHOUT_SECOND = Expected("s", 100, 100, "last run", 1, known=True, asked=frozenset({("email", "clodura")}))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # nobody is known: the first is asked for all, the next for as many as it finds nothing for
        (waterfall(NOBODY, NOBODY, NEW), [(100, 100), (0, 100)]),
        # all have ended at the first: 60 found; of 40 the second was never asked
        (waterfall(Foreseen(closed=100), Foreseen(closed=60, open=40, next=40)), [(0, 0), (0, 40)]),
        # the same where the second was not there yet as the search was read: nobody else is to be asked
        (waterfall(Foreseen(closed=100), Foreseen(closed=60, open=40, next=40), WITHOUT_SECOND), [(0, 0), (0, 40)]),
        # of 10 more it knows too little to ask the first: the second may know enough
        (
            waterfall(
                Foreseen(closed=90, unasked=10), Foreseen(closed=60, open=30, next=30, unasked=10), WITHOUT_SECOND
            ),
            [(0, 0), (0, 40)],
        ),
        # 5 are under way at the first: they may come to the second, whoever shows them
        (waterfall(Foreseen(closed=100), Foreseen(closed=100, late=5)), [(0, 0), (0, 5)]),
        (waterfall(Foreseen(closed=100), Foreseen(closed=100, late=5), limit=3), [(0, 0), (0, 5)]),
        # 7 are planned at the second: they go out, unless only a part of the search is read
        (waterfall(Foreseen(closed=100), Foreseen(closed=93, open=7, next=7, left=7)), [(0, 0), (7, 7)]),
        (waterfall(Foreseen(closed=100), Foreseen(closed=93, open=7, next=7, left=7), limit=3), [(0, 0), (0, 3)]),
        # 30 old answers of the first, asked anew
        (waterfall(Foreseen(closed=70, open=30, next=30, left=30), Foreseen(open=30)), [(30, 30), (0, 30)]),
    ],
)
def test_each_is_asked_for_whom_those_before_it_leave(given: Facts, expected: list[tuple[int, int]]) -> None:
    assert asks(given) == expected


def test_a_first_provider_that_may_know_too_little_promises_nothing() -> None:
    given = replace(facts(), waterfalls={Channel.EMAIL: [SIXTYFOUR, CLODURA]})
    assert asks(given) == [(0, 100), (0, 100)]


def test_each_unit_is_reckoned_for_itself() -> None:
    given = waterfall(NOBODY, NOBODY, NEW, caps=[(cap("c", 120), 0), (cap("d", 50, "sixtyfour", "cents"), 1000)])
    said = forecast(given)
    assert {unit: cost["max"] for unit, cost in said["cost"].items()} == {"cents": 40, "credits": 120}
    assert said["capped_by"] == {"cents": "d", "credits": "c"}
    assert [(row["provider"], row["cost"]["max"], row["unit"]) for row in said["channels"]] == [
        ("clodura", 600, "credits"),
        ("sixtyfour", 500, "cents"),
    ]


def test_calls_are_requests_that_may_carry_many_and_go_by_each_vendors_own_limits() -> None:
    windows = {"clodura": [Window.parse("10/second")], "sixtyfour": [Window.parse("1/second")]}
    second = Foreseen(closed=100, open=250, next=250, left=250)
    searches = [Expected("s", 350, 350, "last run", 1, known=True, asked=BOTH)]
    said = forecast(waterfall(Foreseen(closed=350), second, *searches, windows=windows))
    row = said["channels"][1]
    assert (row["asks"], row["requests"]) == ({"min": 250, "max": 250}, {"min": 3, "max": 250})
    pages = said["pages"]
    assert said["calls"] == {"min": pages["min"] + 3, "max": pages["max"] + 250}
    assert said["seconds"] == {"min": 2, "max": 249}
    assert forecast(waterfall(Foreseen(closed=350), second, *searches, polling=True))["calls"]["max"] == 3 * (
        pages["max"] + 250
    )


PAST = Experience(settled=40, found=30, amount_min=4000, amount_max=12_000)


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ((PAST, Experience(40, 10, 20_000, 20_000)), {"credits": 200, "cents": 125}),  # 100 at 2, then 25 at 5
        ((PAST, Experience(3, 1, 1500, 1500)), {"credits": 200, "cents": None}),
        ((Experience(3, 1), Experience(40, 10, 20_000, 20_000)), {"credits": None, "cents": None}),
    ],
)
def test_past_results_say_what_to_expect(past: Sequence[Experience], expected: dict[str, float | None]) -> None:
    given = waterfall(NOBODY, NOBODY, NEW)
    steps = [replace(step, experience=known) for step, known in zip(given.waterfalls[Channel.EMAIL], past, strict=True)]
    said = forecast(replace(given, waterfalls={Channel.EMAIL: steps}))
    assert {unit: cost["expected"] for unit, cost in said["cost"].items()} == expected


def test_addresses_of_every_provider_may_be_verified() -> None:
    verify = Verification("clodura", "credits", Operation("v", Channel.VERIFICATION, 10), Experience(), waiting=3)
    row = forecast(waterfall(NOBODY, NOBODY, NEW, verification=verify))["channels"][-1]
    assert (row["channel"], row["asks"]) == ("verification", {"min": 0, "max": 3 + 200 * MOST_ADDRESSES})


def test_old_answers_are_asked_for_anew() -> None:
    read = [Expected("s", 100, 100, "last run", 1, known=True, asked=BOTH)]

    def given(people: Foreseen, **more: Any) -> Facts:
        return replace(facts(), searches=read, waterfalls={Channel.EMAIL: [replace(CLODURA, people=people)]}, **more)

    stale = Foreseen(closed=30, open=70, next=70)
    assert asks(given(stale)) == [(70, 70)]
    assert asks(given(Foreseen(closed=100))) == [(0, 0)]
    # of people known, 20 cannot be asked about: they may be among those shown
    assert asks(given(replace(stale, unasked=20))) == [(50, 70)]
    assert asks(given(stale, limit=10)) == [(0, 10)]


@pytest.mark.parametrize(
    ("limit", "pages"), [(None, (2, None)), (10, (1, 2 + 2 * PAST_END)), (101, (1, 4 + 2 * PAST_END))]
)
def test_a_limit_bounds_the_pages_too(limit: int | None, pages: tuple[int, int | None]) -> None:
    said = forecast(replace(facts(), searches=NEVER_READ, limit=limit))
    assert (said["pages"]["min"], said["pages"]["max"]) == pages


NEVER_READ = [Expected(name, 0, UNKNOWN, "never read") for name in ("a", "b")]
BY_TWO = {Channel.EMAIL: [CLODURA, replace(SIXTYFOUR, experience=PAST)]}


def test_what_nobody_knows_has_no_upper_bound_and_is_null() -> None:
    verify = Verification("clodura", "credits", Operation("v", Channel.VERIFICATION, 10), Experience())
    given = replace(facts(), searches=NEVER_READ, waterfalls=BY_TWO, verification=verify)
    windows = {"clodura": [Window.parse("1/second")]}
    said = forecast(replace(given, price=SearchPrice("clodura", "credits", "every"), windows=windows))
    for bounds in ("people", "pages", "search_cost", "calls", "seconds"):
        assert said[bounds]["max"] is None, bounds
    for row in said["channels"]:
        assert [row[bounds]["max"] for bounds in ("asks", "requests", "cost")] == [None, None, None]
        assert row["cost"]["expected"] is None
    assert said["cost"] == {unit: {"min": 0, "max": None, "expected": None} for unit in ("cents", "credits")}
    assert json.loads(json.dumps(said, allow_nan=False)) == said


def test_what_is_free_costs_nothing_however_many_there_are() -> None:
    free = replace(CLODURA, operation=Operation("e", Channel.EMAIL, 0))
    said = forecast(replace(facts(), searches=NEVER_READ, waterfalls={Channel.EMAIL: [free]}))
    assert (said["search_cost"]["max"], said["cost"]["credits"]["max"]) == (0, 0)


@pytest.mark.parametrize(
    ("caps", "most"),
    [
        ([(cap("a", 900), 0)], {"cents": None, "credits": 900}),
        ([(cap("a", 900), 40_000), (cap("b", 70, unit="cents"), 0)], {"cents": 70, "credits": 500}),
        ([(cap("a", 900), 0), (cap("c", 100, "clodura"), 0)], {"cents": None, "credits": 100}),
    ],
)
def test_a_cap_bounds_what_nothing_else_does(caps: list[tuple[Cap, int]], most: dict[str, float | None]) -> None:
    said = forecast(replace(facts(*caps), searches=NEVER_READ, waterfalls=BY_TWO))
    assert {unit: cost["max"] for unit, cost in said["cost"].items()} == most
    assert all(said["capped_by"][unit] for unit, amount in most.items() if amount is not None)


def test_two_endless_rows_share_what_a_cap_leaves() -> None:
    rows = {Channel.EMAIL: [CLODURA], Channel.PHONE: [replace(CLODURA, provider="other", operation=PHONE)]}
    said = forecast(replace(facts((cap("a", 900), 0)), searches=NEVER_READ, waterfalls=rows))
    assert said["cost"]["credits"]["max"] == 900


def test_a_search_of_which_a_part_is_read_leaves_nobody_to_be_asked_for_sure() -> None:
    """Whoever was viewed before is not shown again, so that what is old there is not asked for anew."""
    stale = Foreseen(closed=30, open=70, next=70, left=70)
    read = Expected("s", 100, 100, "last run", 1, known=True, asked=BOTH, calls=2, in_part=True)
    given = replace(facts(), searches=[read], waterfalls={Channel.EMAIL: [replace(CLODURA, people=stale)]})
    said = forecast(given)
    assert said["people"] == {"min": 0, "max": 100}
    assert said["searches"][0]["people"] == {"min": 100, "max": 100}
    assert asks(given) == [(0, 70)]
    assert (said["pages"]["min"], said["pages"]["expected"]) == (1, None)


def test_the_pages_of_the_last_reading_are_told() -> None:
    read = [Expected("s", 30_000, 30_000, "last run", 1, calls=330, windows=5), Expected("t", 9, 9, "probe", calls=1)]
    most = 330 + 5 * (PAST_END + MOST_LOOKS) + 1 + PAST_END
    assert forecast(replace(facts(), searches=read))["pages"] == {"min": 301, "max": most, "expected": 331}
    assert forecast(replace(facts(), searches=[*read, *NEVER_READ]))["pages"]["expected"] is None
