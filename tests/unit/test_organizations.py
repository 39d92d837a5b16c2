"""What records say of an organization: filled up, stable whatever their order, changed only when none says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipelines.organizations import Organizations
from sources.clodura.cleaning import Texts
from sources.clodura.columns import Employer, Row, organization


def _said(name: str | None = None, country: str | None = None, domains: Texts = None, key: str = "o") -> Employer:
    return (key, name, domains, None, country)


def _row(name: str | None = None, country: str | None = None, domains: Texts = None) -> Row:
    return organization(_said(name, country, domains))


class Ledger:
    """What the ledger has, and takes in."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self.rows = dict(rows)

    def look_up(self, ids: Sequence[str]) -> dict[str, Row]:
        return {key: dict(self.rows[key]) for key in ids if key in self.rows}

    def see(self, organizations: Organizations, page: list[Employer]) -> list[Row]:
        new = organizations.see(page, self.look_up)
        self.rows |= {row["organization_id"]: dict(row) for row in new}
        return new

    def settle(self, organizations: Organizations) -> list[Row]:
        return [row for part in organizations.settled(1) for row in part(self.look_up)]


def _run(said: list[Employer], before: dict[str, Row]) -> tuple[list[Row], list[Row]]:
    organizations, ledger = Organizations(), Ledger(before)
    new = [one for employer in said for one in ledger.see(organizations, [employer])]
    return new, ledger.settle(organizations)


def test_a_new_one_is_handed_on_at_once_and_filled_up_later() -> None:
    new, settled = _run([_said("Acme"), _said(country="India"), _said(domains="acme.io")], {})
    assert [row["organization_id"] for row in new] == ["o"]
    assert settled == [_row("Acme", "India", "acme.io") | {"domain": "acme.io"}]


def test_a_known_one_is_no_news_and_forgets_nothing() -> None:
    before = {"o": _row("Acme", "India")}
    new, settled = _run([_said("Acme")], before)
    assert new == []
    assert settled == [before["o"]]


def test_a_value_stands_as_long_as_any_record_says_so() -> None:
    before = {"o": _row("Acme", "India")}
    assert _run([_said(country="Nepal"), _said(country="India")], before)[1] == [before["o"]]
    assert _run([_said(country="Nepal"), _said(country="Bhutan")], before)[1] == [_row("Acme", "Bhutan")]


@given(
    st.lists(st.tuples(st.sampled_from([None, "A", "B"]), st.sampled_from([None, "X", "Y"])), min_size=1), st.randoms()
)
def test_the_order_of_records_does_not_matter_once_it_is_known(
    said: list[tuple[str | None, str | None]], dice: Any
) -> None:
    rows = [_said(name, country) for name, country in said]
    _, first = _run(rows, {})
    known = {row["organization_id"]: row for row in first}
    shuffled = list(rows)
    dice.shuffle(shuffled)
    assert _run(shuffled, known)[1] == first  # an unchanged search changes nothing


class Remembering:
    """The same rules, by keeping all that was ever said."""

    def __init__(self) -> None:
        self._known: dict[str, Row] = {}
        self._said: dict[str, dict[str, list[Any]]] = {}

    def unknown(self, rows: Iterable[Row]) -> list[str]:
        return list({row["organization_id"] for row in rows} - self._known.keys())

    def see(self, rows: Iterable[Row], before: Mapping[str, Row]) -> list[Row]:
        new: dict[str, Row] = {}
        for row in rows:
            key = row["organization_id"]
            known = self._known.get(key)
            if known is None:
                known = self._known[key] = dict(before.get(key) or row)
                if key not in before:
                    new[key] = known
            said = self._said.setdefault(key, {})
            for name, value in row.items():
                if value and value not in said.setdefault(name, []):
                    said[name].append(value)
                    if key in new and not known[name]:
                        known[name] = value
        return list(new.values())

    def settle(self) -> list[Row]:
        settled = []
        for key, known in self._known.items():
            said = self._said[key]
            row = {
                name: value if not said.get(name) or value in said[name] else min(said[name], key=str)
                for name, value in known.items()
            }
            settled.append(row)
        return settled


EMPLOYERS = st.builds(
    _said,
    st.sampled_from([None, "A", "B", "C"]),
    st.sampled_from([None, "X", "Y"]),
    st.sampled_from([None, "x", ("x", "y")]),
    st.sampled_from("op"),
)


@given(pages=st.lists(st.lists(EMPLOYERS, max_size=4), max_size=4), before=st.lists(EMPLOYERS, max_size=2))
def test_what_is_kept_suffices_for_the_same_as_keeping_all_that_was_said(
    pages: list[list[Employer]], before: list[Employer]
) -> None:
    known = {str(employer[0]): organization(employer) for employer in before}
    organizations, remembering, ledger = Organizations(), Remembering(), Ledger(known)
    for page in pages:
        rows = list(map(organization, page))
        given_before = {key: known[key] for key in remembering.unknown(rows) if key in known}
        assert ledger.see(organizations, page) == remembering.see(rows, given_before)

    def by_id(rows: list[Row]) -> list[Row]:
        return sorted(rows, key=lambda row: row["organization_id"])

    assert by_id(ledger.settle(organizations)) == by_id(remembering.settle())
