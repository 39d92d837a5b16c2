"""Skewed and flat populations: the shares of values, the missing and unlisted ones, and how filters meet them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from sandbox import Server, running
from sandbox.generation import build_population
from sandbox.population import Person, Population
from sandbox.shape import Shape
from sandbox.values.vocabulary import EMAIL_STATUSES, EMPLOYEE_SIZES, FUNCTIONS, SENIORITIES

SEARCH = "/api/v1/search/people"
SIZE = 20_000


def first_seniority(person: Person) -> str:
    return "".join(person.titles[0].seniorities)


def first_function(person: Person) -> str:
    return "".join(person.titles[0].functions)


FIELDS: dict[str, tuple[Callable[[Person], str], tuple[str, ...]]] = {
    "seniority": (first_seniority, SENIORITIES),
    "function": (first_function, FUNCTIONS),
    "email status": (lambda person: person.email_status, EMAIL_STATUSES),
    "employee size": (lambda person: person.organization.employee_size, EMPLOYEE_SIZES),
}


def everybody(population: Population) -> list[Person]:
    """All but the documented person."""
    return [population.person(index) for index in range(1, population.size)]


@cache
def many(shape: Shape) -> list[Person]:
    """Of a shape, made once for all who look at them."""
    return everybody(build_population(1, SIZE, shape))


@pytest.mark.parametrize(("top", "unknown"), [(0.6, 0.05), (0.3, 0.2), (0.9, 0.1)])
def test_one_value_of_each_field_holds_its_share_and_some_have_no_listed_one(top: float, unknown: float) -> None:
    people = many(Shape("skewed", top, unknown))
    for name, (value, listed) in FIELDS.items():
        shares = {value: count / SIZE for value, count in Counter(map(value, people)).most_common()}
        assert next(iter(shares.values())) == pytest.approx(top, abs=0.015), name
        assert next(iter(shares)) in listed, name
        assert shares[""] == pytest.approx(unknown / 2, abs=0.01), name
        unlisted = sum(share for value, share in shares.items() if value and value not in listed)
        assert unlisted == pytest.approx(unknown / 2, abs=0.01), name
        if top + unknown < 1:
            assert set(listed) <= set(shares), name


def test_a_country_a_state_and_a_city_hold_the_share_each_within_the_one_before() -> None:
    people = many(Shape("skewed", 0.6, 0.05))
    [(country, there), *_] = Counter(person.place.country for person in people).most_common()
    assert there / SIZE == pytest.approx(0.6, abs=0.015)
    for part in ("state", "city"):
        inside = Counter(getattr(person.place, part) for person in people if person.place.country == country)
        assert inside.most_common(1)[0][1] / there == pytest.approx(0.6, abs=0.04), part
        assert 0 < inside[""] / there < 0.05, part
    places = [person.place for person in people]
    assert any(place.city and not place.country for place in places)
    assert any(place.city and not place.state for place in places)
    assert any(place.country == "Atlantis" for place in places)


def test_values_of_different_fields_do_not_depend_on_one_another() -> None:
    people = many(Shape("skewed", 0.6, 0.05))
    tops = [
        (value, Counter(map(value, people)).most_common(1)[0][0])
        for value, _ in (*FIELDS.values(), (lambda person: person.place.country, ()))
    ]
    all_of_them = sum(all(value(person) == top for value, top in tops) for person in people) / SIZE
    assert all_of_them == pytest.approx(0.6**5, abs=0.01)


def test_some_have_two_titles_and_none_a_second_one_of_the_most_numerous_values() -> None:
    people = many(Shape("skewed"))
    second = [person.titles[1] for person in people if len(person.titles) == 2]
    assert 0.03 < len(second) / SIZE < 0.07
    assert all(title.seniorities[0] != "Senior" and title.functions[0] != "Engineering" for title in second)


def test_the_same_seed_gives_the_same_skewed_people_and_another_seed_others() -> None:
    one, same, other = (everybody(build_population(seed, 500, Shape("skewed"))) for seed in (3, 3, 4))
    assert one == same != other


@pytest.mark.parametrize("size", [1, 2, 30])
@pytest.mark.parametrize("kind", ["skewed", "flat"])
def test_small_populations_of_every_kind_are_whole(size: int, kind: str) -> None:
    population = build_population(1, size, Shape(kind))  # type: ignore[arg-type]  # as read from JSON
    assert population.person(0).first_name == "Kapil"
    assert len({population.person(index).person_id for index in range(size)}) == size


def test_a_flat_population_has_as_many_people_of_each_seniority_and_one_seniority_each() -> None:
    population = build_population(1, 30_000, Shape("flat"))
    held = [
        [name for title in population.person(index).titles for name in title.seniorities] for index in range(30_000)
    ]
    assert {len(names) for names in held} == {1}
    counts = Counter(names[0] for names in held)
    assert set(counts) == set(SENIORITIES)
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize(
    ("shape", "word"), [(("tall",), "kind"), (("skewed", 0.9, 0.2), "together"), (("skewed", -0.1), "0 or")]
)
def test_shapes_that_cannot_be_are_refused(shape: tuple[str, float, float], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Shape(*shape)  # type: ignore[arg-type]  # as read from JSON


@pytest.fixture(scope="module")
def skewed() -> Iterator[Server]:
    with running(people=3000, seed=2, kind="skewed", top_share=0.5, unknown_share=0.2) as server:
        yield server


def test_who_has_no_value_passes_no_filter_and_passes_an_exclusion(skewed: Server) -> None:
    people = {person.person_id: person for person in everybody(build_population(2, 3000, Shape("skewed", 0.5, 0.2)))}
    countries = sorted({person.place.country for person in people.values()} - {""})
    without = {person_id for person_id, person in people.items() if not person.place.country}
    assert len(without) > 100
    inside = set(skewed.present(personCountry=countries).now)
    assert not inside & without
    assert set(skewed.present(personCountry=countries, personLocationExclude=True).now) == without
    of_all_seniorities = set(skewed.present(seniority=list(SENIORITIES)).now)
    unlisted = {p for p, person in people.items() if first_seniority(person) not in SENIORITIES}
    assert set(people) - of_all_seniorities == unlisted


def test_a_record_without_a_value_shows_it_as_null_absent_or_empty(skewed: Server) -> None:
    records = [
        record
        for page in range(1, 31)
        for record in skewed.request("POST", SEARCH, {"page": page, "perPage": 100}).json()
    ]
    assert len(records) == 3000
    forms: tuple[tuple[str, object], ...] = (
        ("contactEmailStatus", ""),
        ("seniority", []),
        ("functional", []),
        ("personCountry", []),
        ("companyEmployeeSize", []),
    )
    for name, empty in forms:
        shown = [record.get(name, "absent") for record in records]
        assert all(shown.count(form) > 10 for form in (None, "absent", empty)), name
    assert any(record.get("contactEmailStatus") == "accept_all" for record in records)
    assert any(record.get("seniority") == ["Fellow"] for record in records)


def test_the_kind_can_be_chosen_at_a_reset_and_is_as_at_the_start_after_the_next(server: Server) -> None:
    usual = len(server.present(seniority=["Chairman"]).now)
    server.reset(people=1300, kind="flat")
    assert [len(server.present(seniority=[name]).now) for name in SENIORITIES] == [100] * 13
    server.reset()
    assert len(server.present(seniority=["Chairman"]).now) == usual
