"""What a scan decides by: how many people are left, which windows have come to an end, how often to read all."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.clodura.choices import DAY, Choices, parse_choices, without_effect
from sources.clodura.estimates import TELLING, left_by_filters, left_by_sample, left_by_turns, share_left, worthwhile
from sources.clodura.facets import Tally, shares_lacking
from sources.clodura.filters import SearchFilters, parse_filters
from sources.clodura.scans import ScanWindow, State
from sources.clodura.splitting import Part, Role, Split
from sources.clodura.tree import WindowTree
from sources.clodura.windows import Coverage
from sources.errors import ConfigurationError

# Estimates.


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("people", "lacking"), [(20_000, 0.05), (20_000, 0.3), (200_000, 0.02)])
def test_estimates_come_within_a_factor_of_three_of_the_truth(people: int, lacking: float, seed: int) -> None:
    rng = random.Random(seed)
    first, second = ({n for n in range(people) if rng.random() > lacking} for _ in range(2))
    sample = set(rng.sample(range(people), 1200))
    truth = people - len(first | sample)
    told = left_by_sample(len(sample - first), 1200, len(first | sample))
    assert told is not None
    assert truth / 2 <= told <= truth * 2
    shown = first | second
    told = left_by_turns(len(first - second), len(second - first), len(shown))
    assert told is not None
    truth = people - len(shown)
    assert truth / 3 <= told <= truth * 3


#: employers are unknown as a whole
WITHOUT_EMPLOYER = ("company_country", "revenue")
NESTED: list[dict[str, float]] = [
    {"company_country": 1.0, "functional": 0.6},
    {"seniority": 1.0, "revenue": 0.5},
    {"functional": 1.0, "seniority": 0.6, "revenue": 0.3},
]


@pytest.mark.parametrize("seed", range(3))
def test_what_people_lack_tells_how_many_are_in_no_part_of_turns_that_share_their_filters(seed: int) -> None:
    rng, people = random.Random(seed), 100_000
    families: list[dict[tuple[str, ...], float]] = [
        {WITHOUT_EMPLOYER: 0.03},
        {("functional",): 0.05},
        {("seniority",): 0.06},
    ]
    in_first, in_second, left = 0, 0, 0
    for _ in range(people):
        lacked = {
            name for family in families for names, share in family.items() if rng.random() < share for name in names
        }
        found = [not any(name in lacked and rng.random() < share for name, share in turn.items()) for turn in NESTED]
        in_first += found[0] or found[1]
        in_second += found[2] and not (found[0] or found[1])
        left += not any(found)
    shown = people - left
    assert left / 1.2 <= (left_by_filters(shown, families, NESTED) or 0) <= left * 1.2
    told = left_by_turns(0, in_second, shown) or 0
    assert told < left / 3  # what turns have in common hides from them


@pytest.mark.parametrize(
    ("lacking", "turns", "left"),
    [
        ([], [{"functional": 1.0}], 0),
        ([{("functional",): 0.1}], [], None),  # no turn yet: it tells nothing
        ([{("functional",): 0.6}], [{"functional": 1.0}], None),  # most of them: of how many?
        ([{("functional",): 0.1}], [{"seniority": 1.0}], 0),
        ([{("functional",): 0.1}], [{"functional": 1.0}], 100),
        ([{("functional",): 0.1}], [{"functional": 1.0}, {"functional": 0.5}], 48),
    ],
)
def test_who_lacks_what_all_turns_split_by_is_left(
    lacking: list[dict[tuple[str, ...], float]], turns: list[dict[str, float]], left: int | None
) -> None:
    told = left_by_filters(900, lacking, turns)
    assert told is None if left is None else told == pytest.approx(left, abs=1)


def test_what_a_turn_may_show_is_told_by_shares_and_not_by_people_rounded_up() -> None:
    lacking: list[dict[tuple[str, ...], float]] = [{("functional",): 0.0001}, {("seniority",): 0.05}]
    before, after = (
        share_left(lacking, turns) for turns in ([{"functional": 1.0}], [{"functional": 1.0}, {"seniority": 1.0}])
    )
    assert 1 - after / before == pytest.approx(0.95)


EMPLOYER = "company_country company_domain revenue industry business_model"


@pytest.mark.parametrize(
    ("samples", "shares"),
    [
        ([({}, 10, {"functional": 4}), ({}, 30, {"functional": 2})], {"functional": 0.15}),
        # whoever a window filters by a facet for lacks none of it: neither he nor what he lacks counts
        ([({}, 10, {"functional": 1}), ({"functional": ["Sales"]}, 90, {"functional": 9})], {"functional": 0.1}),
        ([({}, 10, {"seniority": 1}), ({"functional": ["Sales"]}, 10, {"seniority": 3})], {"seniority": 0.2}),
        ([({"functional": ["Sales"]}, 10, {"functional": 1})], {}),
        ([({}, 0, {}), ({"functional": ["Sales"]}, 10, {"functional": 1})], {}),
        # nobody without an employer is in a window by revenue, which no record shows
        (
            [({}, 10, {"company_country company_domain": 2}), ({"revenue": ["1M-10M"]}, 90, {})],
            {EMPLOYER: 0.2},
        ),
    ],
)
def test_windows_tell_nothing_of_who_lacks_what_they_filter_by(
    samples: list[tuple[dict[str, Any], int, dict[str, int]]], shares: dict[str, float]
) -> None:
    tallies = [
        (
            SearchFilters(**filters),
            Tally(people, lacking=Counter({tuple(names.split()): many for names, many in lacking.items()})),
        )
        for filters, people, lacking in samples
    ]
    told = {" ".join(names): share for family in shares_lacking(tallies) for names, share in family.items()}
    assert told == pytest.approx(shares)


def test_of_each_person_it_is_tallied_what_no_value_would_bring_out() -> None:
    tally = Tally()
    employed = {"seniority": ["of no list"], "companyCountry": "India", "companyDomain": "a.io"}
    tally.add([{"seniority": ["CEO"]}] * 6 + [employed] * 4)
    assert tally.people == 10
    assert tally.lacking["seniority",] == 4  # a value that cannot be asked for is as good as none
    assert tally.lacking["company_employee_size", "company_country", "company_domain"] == 6
    assert tally.lacking["company_employee_size",] == 4
    assert tally.share_lacking("company_employee_size") == 1.0
    assert Tally.from_json(json.loads(json.dumps(tally.as_json()))) == tally
    older = {name: value for name, value in tally.as_json().items() if name != "lacking"}
    assert Tally.from_json(older).share_lacking("company_country") == 0.6


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 10**6))
def test_a_sample_tells_no_fewer_than_it_misses_and_nothing_where_the_parts_show_none_of_it(
    missed: int, found: int, others: int
) -> None:
    told = left_by_sample(missed, missed + found, missed + found + others)
    if not missed:
        assert told == 0
    elif found < TELLING:
        assert told is None
    else:
        assert told is not None
        assert told >= missed


@pytest.mark.parametrize(
    ("only_first", "only_second", "shown", "left"),
    [(100, 50, 1_000, 6), (0, 50, 1_000, 0), (1_000, 0, 1_000, None), (600, 400, 1_000, None), (10, 10, 120, 1)],
)
def test_two_turns_tell_who_is_in_neither(only_first: int, only_second: int, shown: int, left: int | None) -> None:
    assert left_by_turns(only_first, only_second, shown) == left


@pytest.mark.parametrize(("left", "calls", "worth"), [(1, 1, True), (1, 6, False), (20, 100, True), (19, 100, False)])
def test_looking_for_few_people_is_not_worth_many_calls(left: int, calls: float, worth: bool) -> None:
    assert worthwhile(left, calls) is worth


# The tree.


def parts(*seniorities: str, name: str = "seniority", exact: bool = True) -> Split:
    made = [Part(SearchFilters(seniority=[value]), Role.PART, 0.5, None) for value in seniorities]
    return Split(name, exact, tuple(made))


def made() -> tuple[WindowTree, list[ScanWindow]]:
    tree = WindowTree()
    tree.add(ScanWindow(0, None, Role.SEARCH, SearchFilters()))
    return tree, tree.split(tree.root, parts("CEO", "Head"))


def end(window: ScanWindow, coverage: Coverage = Coverage.COMPLETE, people: int = 10) -> None:
    window.state, window.coverage, window.people = State.DONE, coverage, people


def test_a_split_window_ends_once_with_its_last_part_and_again_after_another_turn() -> None:
    tree, (one, two) = made()
    end(one)
    assert not tree.ends(tree.root)
    end(two)
    assert [tree.ends(tree.root), tree.ends(tree.root)] == [True, False]
    (three,) = tree.split(tree.root, parts("Senior", name="functional"))
    assert (three.number, three.turn, tree.root.split_by, tree.root.tried) == (
        3,
        2,
        "seniority",
        ("seniority", "functional"),
    )
    assert not tree.ends(tree.root)
    end(three)
    assert tree.ends(tree.root)


def test_a_tree_knows_what_is_in_a_window_and_around_it() -> None:
    tree, (one, two) = made()
    (three,) = tree.split(two, parts("Senior", name="person_city", exact=False))
    (four,) = tree.split(tree.root, parts("Junior", name="functional"))
    assert sorted(tree.below(tree.root)) == [0, 1, 2, 3, 4]
    assert sorted(tree.below(tree.root, but_turn=2)) == [0, 1, 2, 3]
    assert [*tree.ancestors(three)] == [two, tree.root]
    assert (tree.inside_inexact(three), tree.inside_inexact(one)) == (True, False)
    assert tree.avoided(three) == (set(), set())
    assert tree.avoided(four) == ({"seniority"}, {"seniority", "person_city"})


def test_a_tree_knows_for_how_many_a_turn_was_split_by_what() -> None:
    tree, (one, two) = made()
    end(one, people=300)
    end(two, people=100)
    tree.split(one, parts("Senior", name="person_city", exact=False))
    tree.split(two, parts("Senior", name="person_state", exact=True))
    tree.split(tree.root, parts("Junior", name="functional"))
    assert tree.split_by(tree.root, 1) == {"seniority": 1.0, "person_city": 0.75, "person_state": 0.25}
    assert tree.split_by(tree.root, 2) == {"functional": 1.0}


def test_a_turn_that_leaves_nobody_out_hides_nobody() -> None:
    tree = WindowTree()
    tree.add(ScanWindow(0, None, Role.SEARCH, SearchFilters(seniority=["CEO", "Head"])))
    tree.split(tree.root, parts("CEO", "Head", exact=False))  # a list of its own, whatever it was taken for since
    assert tree.split_by(tree.root, 1) == {}
    cities = [Part(SearchFilters(person_city=["Pune"]), role) for role in (Role.PART, Role.COMPLEMENT)]
    _, rest = tree.split(tree.root, Split("person_city", True, tuple(cities)))
    assert tree.split_by(tree.root, 2) == {"person_city": 1.0}  # the part for everybody else was refused
    rest.pages = 1
    assert tree.split_by(tree.root, 2) == {}


def test_a_part_holds_about_what_its_siblings_say() -> None:
    tree, (one, two) = made()
    assert tree.estimate(two) is None
    end(one, people=4_000)
    assert tree.estimate(two) == 4_000
    assert tree.estimate(tree.root) is None


def test_the_innermost_windows_that_hide_people_are_told_or_the_one_that_knows_how_many() -> None:
    tree, (one, two) = made()
    end(one, Coverage.TRUNCATED)
    end(two)
    end(tree.root, Coverage.TRUNCATED)
    assert tree.truncated() == [one]
    tree.root.left = 7
    assert tree.truncated() == [tree.root]
    one.left = 7
    assert tree.truncated() == [one]


# Choices.


def test_choices_are_told_from_filters() -> None:
    settings = {"seniority": ["CEO"], "new_only": True, "full_scan_every": "12h", "resume_within": 60}
    assert parse_choices("a", settings) == Choices(new_only=True, full_scan_every=43_200, resume_within=60)
    assert parse_filters("a", settings) == SearchFilters(seniority=["CEO"])
    assert parse_choices("a", {}) == Choices(new_only=False, full_scan_every=30 * DAY, resume_within=7 * DAY)


@pytest.mark.parametrize(
    "wrong", [{"new_only": "perhaps"}, {"full_scan_every": -1}, {"full_scan_every": "soon"}, {"resume_within": []}]
)
def test_a_choice_that_is_none_is_refused_by_name(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=rf"sources\.clodura\.searches\.a\.{next(iter(wrong))}"):
        parse_choices("a", wrong)


@pytest.mark.parametrize(
    ("settings", "exclude_viewed", "named"),
    [
        ({}, False, []),
        ({}, True, []),
        ({"new_only": True, "full_scan_every": "10d", "resume_within": "1d"}, False, []),
        ({"new_only": True}, True, ["new_only"]),
        ({"new_only": False, "full_scan_every": "10d"}, False, ["full_scan_every"]),
        ({"full_scan_every": "10d"}, True, ["full_scan_every"]),
    ],
)
def test_a_choice_that_changes_nothing_is_told(
    settings: dict[str, object], exclude_viewed: bool, named: list[str]
) -> None:
    assert [text.split(":")[0] for text in without_effect(settings, exclude_viewed)] == named
