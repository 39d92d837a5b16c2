"""What a window's people have in common: by which filters they can be told apart, as far as pages have shown. Pure.

A facet is a filter whose values the records of a search show, or the vendor's page lists: people with one of its values
can be asked for by themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sources.clodura import values
from sources.clodura.filters import SearchFilters
from sources.clodura.records import Record, texts

#: values of a facet that are kept
MOST_VALUES = 1000


@dataclass(frozen=True)
class Facet:
    """A filter to split by. ``key``: the field of a record that shows its values (None: none does).

    ``listed``: the values the vendor's page lists. ``many``: whether the filter takes a list. ``closed``: whether the
    vendor refuses any other value.
    """

    field: str
    key: str | None
    listed: tuple[str, ...] = ()
    many: bool = True
    closed: bool = False

    @property
    def location(self) -> bool:
        """One of the three filters that `person_location_exclude` turns round."""
        return self.field in LOCATION

    @property
    def family(self) -> str:
        """Of what it tells: whoever has no value of one of a family is likely to have none of another."""
        return "location" if self.location else "company" if self.field in COMPANY else self.field

    def lacked_by(self, record: Record) -> bool:
        """Whether no value of it brings this person out: the record shows none, or one that the vendor would refuse."""
        shown = [*texts(record.get(self.key))] if self.key else []
        return not shown or (self.closed and self._listed.isdisjoint(shown))

    @cached_property
    def _listed(self) -> frozenset[str]:
        return frozenset(self.listed)


LOCATION = ("person_country", "person_state", "person_city")
#: what only those have who have an employer that is known
COMPANY = ("company_employee_size", "company_country", "revenue", "industry", "business_model", "company_domain")
#: those whose values records show
SHOWN = (
    Facet("person_country", "personCountry"),
    Facet("person_state", "personState"),
    Facet("person_city", "personCity"),
    Facet("seniority", "seniority", values.SENIORITIES, closed=True),
    Facet("functional", "functional", values.FUNCTIONS),
    Facet("contact_email_status", "contactEmailStatus", values.EMAIL_STATUSES, many=False, closed=True),
    Facet("company_employee_size", "companyEmployeeSize", values.EMPLOYEE_SIZES, closed=True),
    Facet("company_country", "companyCountry"),
)
#: those whose values only the vendor's page tells
LISTED = (
    Facet("revenue", None, values.REVENUES, closed=True),
    Facet("industry", None, values.INDUSTRIES),
    Facet("business_model", None, values.BUSINESS_MODELS, closed=True),
)
FACETS = {facet.field: facet for facet in (*SHOWN, *LISTED)}
#: the employer itself: a way to people, ten domains at a time
DOMAIN = Facet("company_domain", "companyDomain")


@dataclass
class Tally:
    """How often the records of a window showed which value of which facet."""

    people: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    #: people who showed no value of a facet
    without: Counter[str] = field(default_factory=Counter)
    #: people who showed more than one
    several: Counter[str] = field(default_factory=Counter)
    #: people whom no value of these facets brings out (they lack them), by facets of one family together
    lacking: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def add(self, records: Iterable[Record]) -> None:
        """Take in records."""
        records = list(records)
        self.add_lacking(records)
        for record in records:
            for facet in SHOWN:
                shown = set(texts(record.get(facet.key))) if facet.key else set()
                self.counts.setdefault(facet.field, Counter()).update(shown)
                self.without[facet.field] += not shown
                self.several[facet.field] += len(shown) > 1

    def add_lacking(self, records: Collection[Record]) -> None:
        """Take in records, but only of what they lack."""
        self.people += len(records)
        for record in records:
            lacked = [facet for facet in (*SHOWN, DOMAIN) if facet.lacked_by(record)]
            for family in dict.fromkeys(facet.family for facet in lacked):
                self.lacking[tuple(facet.field for facet in lacked if facet.family == family)] += 1

    def share_lacking(self, field: str) -> float:
        """The share of people whom no value of a facet brings out."""
        lacking = sum(count for fields, count in self.lacking.items() if field in fields)
        return lacking / self.people if self.people else 0.0

    def as_json(self) -> dict[str, Any]:
        """To be written down; only the most frequent values."""
        return {
            "people": self.people,
            "counts": {name: dict(counter.most_common(MOST_VALUES)) for name, counter in self.counts.items()},
            "without": dict(self.without),
            "lacking": [[count, *fields] for fields, count in self.lacking.items()],
            "several": dict(self.several),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Tally:
        """What was written down."""
        return cls(
            people=document["people"],
            counts={name: Counter(counts) for name, counts in document["counts"].items()},
            without=Counter(document["without"]),
            lacking=Counter(
                {tuple(fields): count for count, *fields in document["lacking"]}
                if "lacking" in document
                else {(name,): count for name, count in document["without"].items()}  # noted by an earlier version
            ),
            several=Counter(document["several"]),
        )


def shares_lacking(samples: Iterable[tuple[SearchFilters, Tally]]) -> list[dict[tuple[str, ...], float]]:
    """The share of people who lack just these facets, for each family of facets, in samples of windows so filtered.

    Whoever a window shows that filters by a facet lacks none of it: of that facet such a window tells nothing. Whose
    employer's country is unknown lacks the facets of employers that no record shows, too.
    """
    unshown = tuple(facet.field for facet in LISTED)
    lack: Counter[tuple[str, ...]] = Counter()
    asked: Counter[tuple[str, ...]] = Counter()
    samples = [(filters, tally) for filters, tally in samples if tally.people]
    for fields in {fields: None for _, tally in samples for fields in tally.lacking}:
        lacked = (*fields, *unshown) if "company_country" in fields else fields
        for filters, tally in samples:
            if all(getattr(filters, name) is None for name in lacked):
                lack[lacked] += tally.lacking[fields]
                asked[lacked] += tally.people
    families: dict[str, dict[tuple[str, ...], float]] = {}
    for lacked, people in asked.items():
        families.setdefault(_family(lacked[0]), {})[lacked] = lack[lacked] / people
    return [*families.values()]


def _family(name: str) -> str:
    return FACETS.get(name, DOMAIN).family
