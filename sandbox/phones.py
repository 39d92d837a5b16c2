"""What there is to find out about a person's telephone numbers: a function of (seed, person) alone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from sandbox.population import Person
from sandbox.values.dialing import DIALING_PLANS, DIALLED_WITH_00, ELSEWHERE, DialingPlan
from sandbox.values.providers import PHONE_PRICES

_PROVIDERS: Final = tuple(PHONE_PRICES)
_SHARE_WITH_PHONE: Final = 0.4


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164, as the vendor writes it, and its kind."""

    e164: str
    shown: str
    kind: str


@dataclass(frozen=True, slots=True)
class PhoneTruth:
    """The numbers, and the place in the order of asking of the provider that has them; None where nobody has."""

    phones: tuple[Phone, ...]
    finder: int | None


def phone_truth(seed: int, person: Person) -> PhoneTruth:
    """The truth about that person's numbers."""
    rng = random.Random(f"{seed}:{person.person_id}:phone")
    if rng.random() >= _SHARE_WITH_PHONE:
        return PhoneTruth((), None)
    plan = DIALING_PLANS.get(person.place.country)
    kinds = ("mobile", "work", "home")[: rng.choice((1, 1, 1, 2, 2, 3))]
    phones = tuple(_phone(rng, plan, kind) for kind in kinds)
    return PhoneTruth(phones, 0 if rng.random() < 0.55 else rng.randrange(1, len(_PROVIDERS)))


def invented_phone(rng: random.Random, country: str, kind: str, style: str) -> Phone:
    """A number of that country, written in that style: spaced, hyphens, ..."""
    plan = DIALING_PLANS.get(country, ELSEWHERE)
    national = _national(rng, plan)
    return Phone(f"+{plan.calling_code}{national}", _write(rng, plan, national, style), kind)


def shown_as(phone: Phone, country: str, style: str) -> str:
    """The number of somebody of that country, written in another style."""
    plan = DIALING_PLANS.get(country, ELSEWHERE)
    national = phone.e164.removeprefix(f"+{plan.calling_code}")
    return _write(random.Random(national), plan, national, style)


_INTERNATIONAL: Final = ("spaced", "spaced", "plain", "hyphens")
_NATIONAL: Final = ("national", "national", "dotted", "extension")


def _styles(plan: DialingPlan | None) -> tuple[str, ...]:
    """How numbers are written there; without a country nobody could read a national form."""
    if plan is None:
        return _INTERNATIONAL
    dialled = ("dialled",) if plan.calling_code in DIALLED_WITH_00 else ()
    return (*_INTERNATIONAL, *_NATIONAL, *dialled)


def _phone(rng: random.Random, plan: DialingPlan | None, kind: str) -> Phone:
    known = plan or ELSEWHERE
    national = _national(rng, known)
    return Phone(f"+{known.calling_code}{national}", _write(rng, known, national, rng.choice(_styles(plan))), kind)


def _national(rng: random.Random, plan: DialingPlan) -> str:
    prefix = rng.choice(plan.prefixes)
    return prefix + "".join(rng.choice("0123456789") for _ in range(sum(plan.groups) - len(prefix)))


def _write(rng: random.Random, plan: DialingPlan, national: str, style: str) -> str:
    ends = list(accumulate(plan.groups))
    groups = [national[end - length : end] for end, length in zip(ends, plan.groups, strict=True)]
    match style:
        case "plain":
            return f"+{plan.calling_code}{national}"
        case "spaced":
            return f"+{plan.calling_code} {' '.join(groups)}"
        case "hyphens":
            return f"+{plan.calling_code}-{'-'.join(groups)}"
        case "dialled":
            return f"00{plan.calling_code} {' '.join(groups)}"
        case "dotted":
            return plan.trunk + ".".join(groups)
    american = plan.calling_code == "1"
    written = f"({groups[0]}) {groups[1]}-{groups[2]}" if american else plan.trunk + " ".join(groups)
    return f"{written} ext. {rng.randrange(10, 1000)}" if style == "extension" else written
