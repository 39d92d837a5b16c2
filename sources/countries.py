"""Country names and ISO regions, from the names that come with `phonenumbers` (CLDR's, in many languages).

Used to warn of a country filter that no vendor will know, and to read national phone numbers.
"""

from __future__ import annotations

from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import phonenumbers

#: other names in common use; the vendors' own lists are not published
_ALIASES = {
    "usa": "US", "u.s.": "US", "u.s.a.": "US", "united states of america": "US", "america": "US", "uk": "GB",
    "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "uae": "AE", "czechia": "CZ",
    "north macedonia": "MK", "türkiye": "TR", "turkiye": "TR", "ivory coast": "CI", "korea": "KR",
    "republic of korea": "KR", "russian federation": "RU", "viet nam": "VN", "holland": "NL", "the netherlands": "NL",
    "burma": "MM", "eswatini": "SZ", "cape verde": "CV", "hong kong": "HK", "macau": "MO", "bolivia": "BO",
    "venezuela": "VE", "iran": "IR", "syria": "SY", "tanzania": "TZ", "laos": "LA", "moldova": "MD", "brunei": "BN",
    "palestine": "PS", "republic of ireland": "IE",
}  # fmt: skip


@cache
def english_names() -> tuple[str, ...]:
    """Full English country names, sorted: "India", "United States", ..."""
    return tuple(sorted(_names("en").values()))


@cache
def _in_all_languages() -> dict[str, dict[str, str]]:
    """Region to language to name. The package around that module is 100 MB of geocoding, which is left out."""
    package = Path(phonenumbers.__file__).parent
    spec = spec_from_file_location("phonenumbers.geodata.locale", package / "geodata" / "locale.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    names: dict[str, dict[str, str]] = module.LOCALE_DATA
    return names


@cache
def _names(language: str) -> dict[str, str]:
    found = {}
    for region, names in _in_all_languages().items():
        name = names.get(language, "")
        if name.startswith("*"):  # a reference to another language that has the same name
            name = names.get(name[1:], "")
        if name and not name.startswith("*"):
            found[region] = name
    return found


@cache
def _regions() -> dict[str, str]:
    found: dict[str, str] = {}
    for region, names in _in_all_languages().items():
        for name in names.values():
            if name and not name.startswith("*"):
                found.setdefault(name.casefold(), region)
    for region, name in _names("en").items():  # English wins where two languages use one word for two countries
        found[name.casefold()] = region
    return found | _ALIASES


def region_of(country: str | None) -> str | None:
    """The ISO 3166 alpha-2 region of a country's name, alias or code, or None where it is not known."""
    if not country:
        return None
    text = country.strip()
    if len(text) == 2 and text.isascii() and text.upper() in _names("en"):
        return text.upper()
    return _regions().get(text.casefold())


def english_name(country: str) -> str | None:
    """The full English name of a country given by any name, alias or code."""
    region = region_of(country)
    return _names("en").get(region) if region else None
