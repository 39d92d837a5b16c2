"""Country names in many languages, and the regions they stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.countries import _ALIASES, english_name, english_names, region_of


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("India", "IN"),
        ("india", "IN"),
        ("  INDIA ", "IN"),
        ("IN", "IN"),
        ("in", "IN"),
        ("United States", "US"),
        ("USA", "US"),
        ("usa", "US"),
        ("U.S.", "US"),
        ("UK", "GB"),
        ("England", "GB"),
        ("Deutschland", "DE"),
        ("Österreich", "AT"),
        ("österreich", "AT"),
        ("España", "ES"),
        ("भारत", "IN"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("Côte d'Ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("Czechia", "CZ"),
        ("Hong Kong", "HK"),
        ("Georgia", "GE"),
        ("Jersey", "JE"),
        ("Niger", "NE"),
        ("Oman", "OM"),
        ("Mali", "ML"),
        ("Guinea", "GN"),
        ("Ireland", "IE"),
        ("Wakanda", None),
        ("XX", None),
        ("ZZ", None),
        ("", None),
        ("   ", None),
        (None, None),
        ("*en", None),
    ],
)
def test_a_country_is_known_by_any_name_alias_or_code(name: str | None, region: str | None) -> None:
    assert region_of(name) == region


@pytest.mark.parametrize("alias", sorted(_ALIASES))
def test_every_alias_leads_to_a_full_english_name(alias: str) -> None:
    assert english_name(alias) in english_names()
    assert english_name(alias.upper()) == english_name(alias)


@pytest.mark.parametrize("name", english_names())
def test_every_english_name_is_the_name_of_its_own_region(name: str) -> None:
    assert english_name(name) == name
    assert english_name(name.upper()) == name
    assert english_name(region_of(name) or "") == name


def test_english_names_are_full_names_in_order_and_not_repeated() -> None:
    names = english_names()
    assert len(set(names)) == len(names) > 200
    assert list(names) == sorted(names)
    assert not any(name.startswith("*") or len(name) < 3 for name in names)


def test_what_is_no_country_has_no_name() -> None:
    assert english_name("Wakanda") is None
    assert english_name("") is None


@given(st.text(max_size=12))
def test_no_text_breaks_the_look_up(text: str) -> None:
    region = region_of(text)
    assert region is None or len(region) == 2
