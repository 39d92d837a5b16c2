"""What records say of an organization: filled up, stable whatever their order, changed only when none says so."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipelines.organizations import Organizations, Row


def _row(**values: Any) -> Row:
    return {"organization_id": "o", "name": None, "country": None, "domains": [], **values}


def _run(rows: list[Row], before: dict[str, Row]) -> tuple[list[Row], list[Row]]:
    organizations = Organizations()
    new: list[Row] = []
    for row in rows:
        asked = organizations.unknown([row])
        new += organizations.see([row], {key: before[key] for key in asked if key in before})
    return new, organizations.settle()


def test_a_new_one_is_handed_on_at_once_and_filled_up_later() -> None:
    new, settled = _run([_row(name="Acme"), _row(country="India"), _row(domains=["acme.io"])], {})
    assert [row["organization_id"] for row in new] == ["o"]
    assert settled == [_row(name="Acme", country="India", domains=["acme.io"])]


def test_a_known_one_is_no_news_and_forgets_nothing() -> None:
    before = {"o": _row(name="Acme", country="India")}
    new, settled = _run([_row(name="Acme")], before)
    assert new == []
    assert settled == [before["o"]]


def test_a_value_stands_as_long_as_any_record_says_so() -> None:
    before = {"o": _row(name="Acme", country="India")}
    assert _run([_row(country="Nepal"), _row(country="India")], before)[1] == [before["o"]]
    assert _run([_row(country="Nepal"), _row(country="Bhutan")], before)[1] == [_row(name="Acme", country="Bhutan")]


@given(
    st.lists(st.tuples(st.sampled_from([None, "A", "B"]), st.sampled_from([None, "X", "Y"])), min_size=1), st.randoms()
)
def test_the_order_of_records_does_not_matter_once_it_is_known(
    said: list[tuple[str | None, str | None]], dice: Any
) -> None:
    rows = [_row(name=name, country=country) for name, country in said]
    _, first = _run(rows, {})
    known = {row["organization_id"]: row for row in first}
    shuffled = list(rows)
    dice.shuffle(shuffled)
    assert _run(shuffled, known)[1] == first  # an unchanged search changes nothing
