"""Small tables: prices, domains of personal mail, regions of telephone numbers."""

from __future__ import annotations

from typing import Final, Literal

Operation = Literal["find_email", "find_phone"]
Mode = Literal["PROFESSIONAL", "PERSONAL"]

CENT: Final = 100
"""Amounts are hundredths of a cent."""
CREDIT: Final = 10 * CENT

_EMAIL_PRICES: Final[dict[Mode, int]] = {"PROFESSIONAL": 5 * CENT, "PERSONAL": 20 * CENT}
_PHONE_PRICE: Final = 30 * CENT


def price(operation: Operation, mode: Mode) -> int:
    """What one lead costs, in hundredths of a cent."""
    return _PHONE_PRICE if operation == "find_phone" else _EMAIL_PRICES[mode]


INVENTED_MAIL_DOMAINS: Final = ("gmail.example", "yahoo.example", "outlook.example")
"""Where invented persons have their private addresses: at the real ones they might reach somebody."""

_PERSONAL_DOMAINS: Final = frozenset(
    (
        *INVENTED_MAIL_DOMAINS,
        *"gmail.com googlemail.com yahoo.com outlook.com hotmail.com live.com icloud.com aol.com gmx.net".split(),
        *"gmx.de proton.me protonmail.com mail.ru yandex.ru qq.com 163.com".split(),
    )
)


def is_personal(address: str) -> bool:
    """Whether the address is at a provider of private mail."""
    return address.rpartition("@")[2].lower() in _PERSONAL_DOMAINS


REGIONS: Final = {
    "United States": "US",
    "Canada": "CA",
    "India": "IN",
    "United Kingdom": "GB",
    "Germany": "DE",
    "France": "FR",
    "Brazil": "BR",
    "Spain": "ES",
    "Mexico": "MX",
    "Netherlands": "NL",
    "Russia": "RU",
    "Japan": "JP",
    "China": "CN",
    "Poland": "PL",
    "Turkey": "TR",
    "United Arab Emirates": "AE",
    "Egypt": "EG",
    "Sweden": "SE",
    "South Korea": "KR",
    "Ukraine": "UA",
    "Pakistan": "PK",
    "Vietnam": "VN",
    "Côte d'Ivoire": "CI",
}
"""By the countries of ``DIALING_PLANS``; numbers of people elsewhere are American."""
