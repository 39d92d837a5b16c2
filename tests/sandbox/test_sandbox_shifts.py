"""Searches that do not stand still: people who come and go between two pages, and other orders."""

from __future__ import annotations

import pytest

from sandbox import Server

SEARCH = "/api/v1/search/people"
PER_PAGE = 100


def page(server: Server, number: int, **filters: object) -> list[str]:
    """The identifiers on one page."""
    answer = server.request("POST", SEARCH, {**filters, "page": number, "perPage": PER_PAGE})
    return [record["personId"] for record in answer.json()] if answer.status == 200 else []


def read(server: Server, **filters: object) -> list[str]:
    """Every page, one after the other."""
    found: list[str] = []
    for number in range(1, 101):
        people = page(server, number, **filters)
        found += people
        if len(people) < PER_PAGE:
            break
    return found


@pytest.mark.parametrize("where", ["front", "middle", "anywhere"])
def test_people_who_come_push_others_to_the_next_page(server: Server, where: str) -> None:
    server.set_behaviour(search_shifts=[{"after": 3, "change": "add", "where": where, "count": 40}])
    before = server.present()
    assert len(before.now) == 960
    assert before.added == []
    found = read(server)
    after = server.present()
    assert len(after.added) == 40
    assert set(after.now) == set(before.now) | set(after.added)
    assert after.throughout == before.now
    assert set(after.throughout) <= set(found), "nobody who stays is missed when people are only added"
    spots = [after.now.index(person) for person in after.added]
    if where == "front":
        assert spots == list(range(40))
        assert len(found) - len(set(found)) == 40
        assert not set(after.added) & set(found)
    elif where == "middle":
        assert spots == list(range(480, 520))
        assert set(after.added) <= set(found)
    else:
        assert max(spots) - min(spots) > 500


@pytest.mark.parametrize("where", ["front", "middle", "anywhere"])
def test_people_who_go_are_on_no_later_page_and_make_a_reader_miss_others(server: Server, where: str) -> None:
    server.set_behaviour(search_shifts=[{"after": 6, "change": "remove", "where": where, "count": 40}])
    before = server.present().now
    found = read(server)
    after = server.present()
    assert len(after.removed) == len(set(after.removed)) == 40
    assert set(after.now) == set(after.throughout) == set(before) - set(after.removed)
    assert not set(after.removed) & set(found[6 * PER_PAGE :])
    missed = set(after.throughout) - set(found)
    gone_before = sum(before.index(person) < 6 * PER_PAGE for person in after.removed)
    assert len(missed) == gone_before > 0
    if where == "front":
        assert after.removed == before[:40]
    if where == "middle":
        assert after.removed == before[480:520]
    assert not set(after.removed) & set(read(server))


def test_shifts_happen_again_and_in_every_search_that_finds_the_people(server: Server) -> None:
    server.set_behaviour(
        search_shifts=[
            {"after": 2, "change": "add", "where": "front", "count": 30, "times": 2},
            {"after": 3, "change": "remove", "count": 10, "times": 3},
        ]
    )
    counts = [len(server.present().now)]
    for _ in range(12):
        page(server, 1, personCountry=["India"])
        counts.append(len(server.present().now))
    assert counts == [940, 940, 970, 960, 990, 990, 980, 980, 980, 970, 970, 970, 970]
    india = server.present(personCountry=["India"])
    assert set(read(server, personCountry=["India"])) == set(india.now)
    assert 0 < len(india.added) < 60


def test_another_order_shows_the_same_people(server: Server) -> None:
    server.set_behaviour(search_shifts=[{"after": 2, "change": "reorder"}])
    before = page(server, 1)
    assert page(server, 1) == before
    after = page(server, 1)
    assert after != before
    assert len(set(after) & set(before)) < 40
    assert page(server, 1) == after
    assert sorted(read(server)) == sorted(server.present().throughout)


def test_people_come_where_they_are_to_come_after_another_order_too(server: Server) -> None:
    server.set_behaviour(
        search_shifts=[
            {"after": 1, "change": "reorder"},
            {"after": 2, "change": "remove", "count": 5},
            {"after": 3, "change": "add", "where": "front", "count": 7},
        ]
    )
    for _ in range(3):
        page(server, 1)
    now = server.present()
    assert (len(now.added), len(now.removed), len(now.now)) == (7, 5, 995)
    assert set(now.now[:7]) == set(now.added)
    assert not set(now.removed) & set(now.now)


def test_an_order_can_be_shuffled_and_is_then_stable(server: Server) -> None:
    by_position = read(server)
    server.set_behaviour(search_order="shuffled")
    shuffled = read(server)
    assert shuffled != by_position
    assert sorted(shuffled) == sorted(by_position)
    assert read(server) == shuffled
    india = read(server, personCountry=["India"])
    assert india == [person for person in shuffled if person in set(india)]
    server.reset(behaviour={"search_order": "shuffled"})
    assert read(server) == shuffled
    assert server.present().now == shuffled


def test_the_same_calls_meet_the_same_people(server: Server) -> None:
    runs = []
    for _ in range(2):
        server.reset(behaviour={"search_shifts": [{"after": 3, "change": "remove", "count": 40}]})
        runs.append((read(server), server.present()))
    assert runs[0] == runs[1]


def test_setting_the_switch_starts_anew_and_other_switches_do_not(server: Server) -> None:
    shifts = [{"after": 1, "change": "remove", "count": 40}]
    server.set_behaviour(search_shifts=shifts)
    page(server, 1)
    server.set_behaviour(page_in_records=False, search_shifts=shifts)
    assert len(server.present().removed) == 40
    server.set_behaviour(search_shifts=[])
    assert server.present().removed == []
    assert len(server.present().now) == 1000


def test_viewed_people_are_left_out_in_every_order(server: Server) -> None:
    server.set_behaviour(search_order="shuffled", search_marks_viewed=True)
    first = page(server, 1)
    unviewed = read(server, excludeViewedPeople=True)
    assert not set(first) & set(unviewed)


@pytest.mark.parametrize(
    "shift",
    [
        {"after": 1},
        {"change": "add"},
        {"after": 0, "change": "add"},
        {"after": 1, "change": "swap"},
        {"after": 1, "change": "add", "where": "back"},
        {"after": 1, "change": "add", "count": "5"},
        {"after": 1, "change": "remove", "count": True},
        {"after": 1, "change": "remove", "whom": "x"},
        {"after": 1, "change": "add", "count": 1000},
        "reorder",
    ],
    ids=str,
)
def test_shifts_that_cannot_be_are_refused_and_change_nothing(server: Server, shift: object) -> None:
    server.set_behaviour(search_shifts=[{"after": 9, "change": "add", "count": 10}])
    with pytest.raises(ValueError, match="search_shifts"):
        server.set_behaviour(search_shifts=[shift])
    assert len(server.present().now) == 990


def _jobs(server: Server) -> dict[str, tuple[object, ...]]:
    answers = [server.request("POST", SEARCH, {"page": number, "perPage": PER_PAGE}).json() for number in range(1, 11)]
    return {r["personId"]: (r.get("personTitle"), r.get("organizationId")) for page in answers for r in page}


def test_people_who_change_places_are_shown_with_another_title_and_employer_until_the_switch_is_set_back(
    server: Server,
) -> None:
    before = _jobs(server)
    server.set_behaviour(new_jobs=50)
    after = _jobs(server)
    other = {person for person, job in before.items() if after[person] != job}
    assert 40 <= len(other) <= 50  # of two who change places some have had the same
    assert sorted(map(repr, before.values())) == sorted(map(repr, after.values()))
    server.set_behaviour(new_jobs=0)
    assert _jobs(server) == before
    for wrong in (1, -1, 1000):
        with pytest.raises(ValueError, match="new_jobs"):
            server.set_behaviour(new_jobs=wrong)
    assert _jobs(server) == before
