"""What Sixtyfour knows of a person: a function of (seed, person, shares) alone, drawn apart from the first vendor's.

Mostly the address or number that is right, sometimes another one. A greater share knows all that a smaller one knows.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

from sandbox.emails import work_address
from sandbox.phones import Phone, invented_phone, phone_truth, shown_as
from sandbox.population import Person
from sandbox.sixtyfour.switches import SixtyfourSwitches
from sandbox.sixtyfour.values import INVENTED_MAIL_DOMAINS, REGIONS

Worth = Literal["ok", "catch_all", "risky", "invalid"]
"""What a test of the mailbox says."""

_RIGHT_ADDRESS: Final = 0.85
_SECOND_ADDRESS: Final = 0.1
_RIGHT_NUMBER: Final = 0.7
_SECOND_NUMBER: Final = 0.3
_DOUBTS: Final[tuple[Worth, ...]] = ("catch_all", "catch_all", "risky", "invalid")


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """An address that is known, and what it is worth."""

    address: str
    worth: Worth


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """A telephone number as it is shown, its E.164 form, and the region it belongs to (ISO 3166, two letters)."""

    shown: str
    e164: str
    region: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that there is to find about one person, best first."""

    company: tuple[KnownAddress, ...]
    personal: tuple[KnownAddress, ...]
    numbers: tuple[KnownNumber, ...]


NOTHING: Final = Knowledge((), (), ())


def knowledge(seed: int, person: Person, shares: SixtyfourSwitches) -> Knowledge:
    """What is known of that person."""
    return Knowledge(
        _company(seed, person, shares.sixtyfour_email_share),
        _personal(seed, person, shares.sixtyfour_personal_share),
        _numbers(seed, person, shares.sixtyfour_phone_share),
    )


def _company(seed: int, person: Person, share: float) -> tuple[KnownAddress, ...]:
    rng, right = _draws(seed, person, "email"), work_address(seed, person)
    if rng.random() >= share or right is None:
        return ()
    # Nobody has this one: no pattern of addresses begins so.
    other = f"mail.{right}"
    if rng.random() >= _RIGHT_ADDRESS:
        return (KnownAddress(other, "ok" if rng.random() < 0.25 else rng.choice(_DOUBTS)),)
    best = KnownAddress(right, "ok" if rng.random() < 0.8 else rng.choice(_DOUBTS))
    return (best, KnownAddress(other, rng.choice(_DOUBTS))) if rng.random() < _SECOND_ADDRESS else (best,)


def _personal(seed: int, person: Person, share: float) -> tuple[KnownAddress, ...]:
    rng = _draws(seed, person, "personal")
    if rng.random() >= share:
        return ()
    local = ".".join("".join(c for c in name.lower() if c.isalnum()) for name in person.ascii_name if name)
    address = f"{local}{rng.randrange(100, 10_000)}@{rng.choice(INVENTED_MAIL_DOMAINS)}"
    return (KnownAddress(address, "ok" if rng.random() < 0.6 else "catch_all"),)


def _numbers(seed: int, person: Person, share: float) -> tuple[KnownNumber, ...]:
    rng, country = _draws(seed, person, "phone"), person.place.country
    if rng.random() >= share:
        return ()
    right, style = phone_truth(seed, person).phones, rng.choice(("hyphens", "spaced"))
    count = 2 if rng.random() < _SECOND_NUMBER else 1
    phones = list(right[:count]) if rng.random() < _RIGHT_NUMBER else []
    while len(phones) < count:
        phones.append(invented_phone(rng, country, "mobile", style))
    return tuple(_number(phone, country, style) for phone in phones)


def _number(phone: Phone, country: str, style: str) -> KnownNumber:
    return KnownNumber(shown_as(phone, country, style), phone.e164, REGIONS.get(country, "US"))


def _draws(seed: int, person: Person, what: str) -> random.Random:
    return random.Random(f"{seed}:sixtyfour:{person.person_id}:{what}")
