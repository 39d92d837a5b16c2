"""What benchmarks measure against: the imitation vendor shows everybody once, and says what it cannot tell."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.__main__ import page
from benchmarks.measuring import Figure, as_markdown, spread
from benchmarks.people import windows_of
from benchmarks.vendor import SEARCH, SENIORITIES, App


def _asked(app: App, number: int, size: int = 100, **filters: Any) -> tuple[int, Any]:
    status, body = app._answer(SEARCH, json.dumps({**filters, "page": number, "perPage": size}).encode())
    return status, json.loads(body)


def _all(app: App, size: int = 100, **filters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in range(1, 101):
        status, records = _asked(app, number, size, **filters)
        assert status == 200
        if not records:
            break
        assert all(record["page"] == number and record["perPage"] == size for record in records)
        found += records
    return found


@pytest.mark.parametrize("size", [100, 25])
def test_windows_show_everybody_once_and_nobody_twice(size: int) -> None:
    app = App({"a": 250, "b": 200}, 0.0, by_seniority=False)
    ids, profiles = [], []
    for name, people in (("a", 250), ("b", 200)):
        records = _all(app, size, webKeywords=[name])
        assert len(records) == people
        ids += [record["personId"] for record in records]
        profiles += [record["linkedinUrl"] for record in records]
    assert len(set(ids)) == len(set(profiles)) == 450
    assert {len(person_id) for person_id in ids} == {19}


def test_a_population_falls_apart_by_seniority_and_by_nothing_else() -> None:
    app = App({"all": 3000}, 0.0, by_seniority=True)
    everybody = {record["personId"] for record in _all(app, webKeywords=["all"])}
    parts = {name: _all(app, webKeywords=["all"], seniority=[name]) for name in SENIORITIES}
    assert all(record["seniority"] == [name] for name, part in parts.items() for record in part)
    ids = [record["personId"] for part in parts.values() for record in part]
    assert len(ids) == len(everybody) == 3000
    assert set(ids) == everybody
    assert len(_all(app, webKeywords=["all"], personCountry=["India"])) == 3000
    assert _all(app, webKeywords=["all"], personCountry=["France"]) == []
    assert len(_all(app, webKeywords=["all"], personCountry=["France"], personLocationExclude=True)) == 3000


def test_what_the_imitation_cannot_tell_it_refuses() -> None:
    app = App({"a": 250}, 0.0, by_seniority=False)
    assert _asked(app, 1, webKeywords=["b"])[0] == 422
    assert _asked(app, 1, webKeywords=["a"], seniority=["CEO"])[0] == 422
    assert _asked(app, 101, webKeywords=["a"])[0] == 400


def test_every_call_is_counted_with_what_it_showed() -> None:
    app = App({"a": 150}, 0.0, by_seniority=False)
    for number in (1, 2, 3):
        _asked(app, number, webKeywords=["a"])
    calls = json.loads(app._answer("/calls", b"")[1])
    assert [call[2:] for call in calls] == [[1, 100], [2, 50], [3, 0]]
    assert json.loads(app._answer("/calls", b"")[1]) == []


def test_no_window_of_the_benchmark_is_cut_off() -> None:
    windows = windows_of(1000)
    assert sum(windows.values()) == 100_000
    assert max(windows.values()) < 10_000


def test_the_page_says_which_bars_are_missed() -> None:
    figures = [Figure("one", "3 times", ">= 2", "1.50", held=True), Figure("two", "1 time", ">= 2", "0.50", held=False)]
    assert as_markdown(figures).splitlines()[2:] == [
        "| one | 3 times | >= 2 | 1.50 |  | pass |",
        "| two | 1 time | >= 2 | 0.50 |  | MISS |",
    ]
    made = page({"cores": "2"}, {"startup": {"day": "2026-01-01", "figures": [{"what": "a", "value": "b"}]}})
    assert "| 2 |" in made
    assert "python -m benchmarks.startup" in made
    assert "| a | b |  |  |  |  |" in made


def test_the_spread_is_half_of_the_range() -> None:
    assert spread([90.0, 100.0, 110.0]) == pytest.approx(0.1)
    assert spread([0.0]) == 0.0
