"""How telephone numbers of a country are built and written."""

from __future__ import annotations

from typing import Final, NamedTuple


class DialingPlan(NamedTuple):
    """``groups`` are the lengths in which the national number, trunk prefix left out, is written."""

    calling_code: str
    trunk: str
    prefixes: tuple[str, ...]
    groups: tuple[int, ...]


# 555 is the exchange that stands for nobody in North America.
_NORTH_AMERICA: Final = ("212555", "415555", "312555", "512555", "617555", "206555", "404555", "303555", "305555")

DIALING_PLANS: Final = {
    "United States": DialingPlan("1", "", _NORTH_AMERICA, (3, 3, 4)),
    "Canada": DialingPlan("1", "", ("416555", "604555", "514555"), (3, 3, 4)),
    "India": DialingPlan("91", "0", ("98", "99", "97", "90", "88", "81", "70"), (5, 5)),
    "United Kingdom": DialingPlan("44", "0", ("7400", "7520", "7810"), (4, 6)),
    "Germany": DialingPlan("49", "0", ("1511", "1520", "1573"), (4, 7)),
    "France": DialingPlan("33", "0", ("61", "66", "75"), (1, 2, 2, 2, 2)),
    "Brazil": DialingPlan("55", "0", ("1198", "2199", "4199"), (2, 5, 4)),
    "Spain": DialingPlan("34", "", ("600", "612", "655"), (3, 3, 3)),
    "Mexico": DialingPlan("52", "", ("5512", "8112"), (2, 4, 4)),
    "Netherlands": DialingPlan("31", "0", ("61", "62", "64"), (1, 8)),
    "Russia": DialingPlan("7", "8", ("903", "916", "926"), (3, 3, 2, 2)),
    "Japan": DialingPlan("81", "0", ("9012", "8034", "9078"), (2, 4, 4)),
    "China": DialingPlan("86", "", ("138", "150", "186"), (3, 4, 4)),
    "Poland": DialingPlan("48", "", ("501", "601", "512"), (3, 3, 3)),
    "Turkey": DialingPlan("90", "0", ("532", "542", "505"), (3, 3, 2, 2)),
    "United Arab Emirates": DialingPlan("971", "0", ("50", "55", "56"), (2, 3, 4)),
    "Egypt": DialingPlan("20", "0", ("100", "111", "122"), (3, 3, 4)),
    "Sweden": DialingPlan("46", "0", ("701", "731", "761"), (2, 3, 2, 2)),
    "South Korea": DialingPlan("82", "0", ("102", "103", "104"), (2, 4, 4)),
    "Ukraine": DialingPlan("380", "0", ("50", "67", "63"), (2, 3, 2, 2)),
    "Pakistan": DialingPlan("92", "0", ("300", "321", "333"), (3, 7)),
    "Vietnam": DialingPlan("84", "0", ("90", "91", "98"), (2, 3, 4)),
    "Côte d'Ivoire": DialingPlan("225", "", ("0707", "0505", "0101"), (2, 2, 2, 2, 2)),
}

ELSEWHERE: Final = DIALING_PLANS["United States"]

DIALLED_WITH_00: Final = frozenset(
    plan.calling_code for plan in DIALING_PLANS.values() if plan.calling_code not in {"1", "7", "55", "81", "82"}
)
"""Calling codes of countries where an international number is dialled with 00 in front."""
