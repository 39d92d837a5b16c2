"""Everybody the imitated database knows, in columns of small integers: reproducible from (seed, size).

A person is a position 0..size-1; the columns hold positions in ``Tables`` and in the lists of names. Person 0 is the
one of the search page's example response. Nothing here is ever changed, so that a population can be kept over a reset.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sandbox.identifiers import IdentifierCode
from sandbox.organizations import Organization
from sandbox.shape import USUAL, Shape
from sandbox.values.names import FIRST_NAMES, LAST_NAMES, Name
from sandbox.values.places import PLACES, Place
from sandbox.values.titles import TITLES, Title
from sandbox.values.vocabulary import EMAIL_STATUSES

NO_TITLE: Final = 0
"""In ``second_titles``: this person has only one."""

NULL, ABSENT, EMPTY = 0, 1, 2
"""How a record shows what is not known of a person: null, no such key, an empty string or array."""
FORM_BITS: Final = 3
NO_LINKEDIN: Final = 4
"""Bits of ``gaps``: the form, and whether the LinkedIn address is unknown."""


def _words(names: Sequence[Name]) -> list[str]:
    """What stands of each name in a profile address, with the hyphen behind it."""
    words = ("".join(c for c in name.ascii.lower() if c.isalnum()) for name in names)
    return [f"{word}-" if word else "" for word in words]


_FIRST_WORDS: Final = _words(FIRST_NAMES)
_LAST_WORDS: Final = _words(LAST_NAMES)


@dataclass(frozen=True, slots=True)
class Tables:
    """The titles, places and e-mail statuses that there are in a population.

    The first title and the first place are the documented person's and nobody else's.
    """

    titles: tuple[Title, ...] = TITLES
    places: tuple[Place, ...] = PLACES
    statuses: tuple[str, ...] = EMAIL_STATUSES


@dataclass(frozen=True, slots=True)
class Person:
    """One person, read out of the columns. Unknown values are empty."""

    index: int
    person_id: str
    first_name: str
    last_name: str
    ascii_name: tuple[str, str]
    linkedin_url: str
    titles: tuple[Title, ...]
    place: Place
    email_status: str
    organization: Organization


@dataclass(frozen=True)
class Population:
    """The columns, and the employers they point to."""

    seed: int
    size: int
    organizations: tuple[Organization, ...]
    first_names: array[int]
    last_names: array[int]
    places: array[int]
    titles: array[int]
    second_titles: array[int]
    employers: array[int]
    email_statuses: array[int]
    gaps: array[int]
    code: IdentifierCode
    slugs: IdentifierCode
    shape: Shape = USUAL
    tables: Tables = Tables()

    def prepare(self) -> None:
        """Make the indexes over employers, so that no caller waits for them."""
        self.staff(0)
        self.employer_of_domain("")

    def index_of(self, person_id: str) -> int | None:
        """The position of the person with that identifier."""
        index = self.code.decode(person_id)
        return index if index is not None and index < self.size else None

    def linkedin_url(self, index: int) -> str:
        """The profile address, or an empty string."""
        if index == 0:
            return "https://www.linkedin.com/in/kapilkhangaonkar/"
        if self.gaps[index] & NO_LINKEDIN:
            return ""
        first, last = _FIRST_WORDS[self.first_names[index]], _LAST_WORDS[self.last_names[index]]
        return f"https://www.linkedin.com/in/{first}{last}{int(self.slugs.encode(index)):x}/"

    def index_of_slug(self, slug: str) -> int | None:
        """The position of the person whose profile address ends in ``/in/slug/``."""
        if slug == "kapilkhangaonkar":
            return 0
        try:
            index = self.slugs.decode(str(int(slug.rpartition("-")[2], 16)))
        except ValueError:
            return None
        if index is None or not 0 < index < self.size:
            return None
        return index if self.linkedin_url(index).endswith(f"/in/{slug}/") else None

    def staff(self, organization: int) -> array[int]:
        """The positions of everybody who works there, ascending."""
        return self._staff[organization]

    def staff_of_domain(self, domain: str) -> array[int]:
        """The positions of everybody whose employer has that domain, in lower case."""
        number = self.employer_of_domain(domain)
        return array("I") if number is None else self.staff(number)

    def employer_of_domain(self, domain: str) -> int | None:
        """The number of the employer with that domain, in lower case."""
        return self._employer_of_domain.get(domain)

    def person(self, index: int) -> Person:
        """The person at that position."""
        first, last = FIRST_NAMES[self.first_names[index]], LAST_NAMES[self.last_names[index]]
        second = self.second_titles[index]
        known = self.tables.titles
        titles = (known[self.titles[index]], *((known[second],) if second != NO_TITLE else ()))
        return Person(
            index=index,
            person_id=self.code.encode(index),
            first_name=first.shown,
            last_name=last.shown,
            ascii_name=(first.ascii, last.ascii),
            linkedin_url=self.linkedin_url(index),
            titles=titles,
            place=self.tables.places[self.places[index]],
            email_status=self.tables.statuses[self.email_statuses[index]],
            organization=self.organizations[self.employers[index]],
        )

    @cached_property
    def _staff(self) -> list[array[int]]:
        staff = [array("I") for _ in self.organizations]
        for index, employer in enumerate(self.employers):
            staff[employer].append(index)
        return staff

    @cached_property
    def _employer_of_domain(self) -> dict[str, int]:
        return {
            domain: number for number, organization in enumerate(self.organizations) for domain in organization.domains
        }
