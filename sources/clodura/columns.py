"""People of a search page read a field at a time, into columns, instead of a person at a time.

    page = parse_page(1, body)
    people = read_people(page.records)
    people.keys                       # ["3597524184265130552", ...], as `records.person_key` gives them
    people.hashes()                   # names the content of each row of `people`: 24 hex digits
    people.facts()                    # what the ledger keeps of each, JSON text
    people.employers()                # one for each way in which an employer is told; `organization` makes a row of it
    fresh = people.take([0, 2, 3])
    concat([fresh, others]).table()   # Arrow, of the schema `tables.PEOPLE`

Every value is the one that `tables.person_row` and `tables.organization_row` read; why it is done so is told in
docs/adr/0009-reading-pages-into-columns.md. Records are those of `records.parse_page`, which leaves no half of a
surrogate pair in a text: Arrow and hashes cannot hold one.

What takes time is a method and not kept: call it once, on those who need it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain, repeat
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from sources.clodura.cleaning import Texts, all_texts, first_texts, hold_nul, read_scalars, read_texts
from sources.clodura.content import content_hashes, facts_texts
from sources.clodura.records import FIELDS, Record, extra, person_key, scalar
from sources.providers import Person

if TYPE_CHECKING:
    import pyarrow as pa

Row = dict[str, Any]
#: what a record says of an employer: id, name, domains, employee size, country
Employer = tuple[str | None, str | None, Texts, str | None, str | None]

_SCALAR, _PLURAL = (read_scalars, scalar), (read_texts, all_texts)
#: how a whole field is read, and how a single value; page and perPage are nothing of a person's
_READ: Mapping[str, tuple[Callable[[Sequence[Any]], list[Any]], Callable[[object], Any]]] = {
    name: _PLURAL if name in ("personTitle", "seniority", "functional", "companyDomain") else _SCALAR
    for name in sorted(FIELDS - {"page", "perPage"})
}
#: one record's values; reading a record at once and then turning rows into columns is the fastest
_documented = itemgetter(*_READ, "page", "perPage")
_BLANK: dict[str, Any] = dict.fromkeys(FIELDS)


@dataclass(frozen=True, slots=True)
class People:
    """Columns of equal length. A text is clean and never empty; `Texts` are all that a field said."""

    keys: list[str] = field(repr=False)
    #: whether the key is the vendor's own id
    vendor_keys: list[bool] = field(repr=False)
    first_names: list[str | None] = field(repr=False)
    last_names: list[str | None] = field(repr=False)
    full_names: list[str | None] = field(repr=False)
    titles: list[Texts] = field(repr=False)
    seniorities: list[Texts] = field(repr=False)
    functions: list[Texts] = field(repr=False)
    cities: list[str | None] = field(repr=False)
    states: list[str | None] = field(repr=False)
    countries: list[str | None] = field(repr=False)
    linkedin_urls: list[str | None] = field(repr=False)
    contact_email_statuses: list[str | None] = field(repr=False)
    organization_ids: list[str | None] = field(repr=False)
    extras: list[str | None] = field(repr=False)
    # of the employer, as the person's record tells it
    organization_names: list[str | None] = field(repr=False)
    company_domains: list[Texts] = field(repr=False)
    employee_sizes: list[str | None] = field(repr=False)
    company_countries: list[str | None] = field(repr=False)

    def __len__(self) -> int:
        """How many people."""
        return len(self.keys)

    def take(self, indices: Sequence[int]) -> People:
        """The people at these places, in this order."""
        if len(indices) == len(self) and all(map(int.__eq__, indices, range(len(self)))):
            return self
        return People(*([column[index] for index in indices] for column in self._columns()))

    def latest(self) -> People:
        """Each key once, as the last of its records tells it."""
        return self.take(list({key: index for index, key in enumerate(self.keys)}.values()))

    def hashes(self) -> list[str]:
        """What names the content of each row of `people`: equal for equal rows, wherever they were found."""
        return content_hashes(
            self.keys, self.first_names, self.last_names, self.full_names, self.titles, self.seniorities,
            self.functions, self.cities, self.states, self.countries, self.linkedin_urls,
            self.contact_email_statuses, self.organization_ids, self.extras,
        )  # fmt: skip

    def facts(self) -> list[str]:
        """What the ledger keeps of each person: every field of `Person` that is known, but for the key; JSON."""
        return facts_texts(
            company_domain=first_texts(self.company_domains),
            country=self.countries,
            first_name=self.first_names,
            full_name=self.full_names,
            last_name=self.last_names,
            linkedin_url=self.linkedin_urls,
            organization_name=self.organization_names,
            title=first_texts(self.titles),
            vendor_key=self.vendor_keys,
        )

    def person(self, index: int) -> Person:
        """What a provider may be asked with."""
        return self.take([index]).persons()[0]

    def persons(self) -> list[Person]:
        """What a provider may be asked with, of each."""
        columns = (
            self.keys, self.vendor_keys, self.first_names, self.last_names, self.linkedin_urls,
            first_texts(self.company_domains), self.organization_names, self.countries, self.full_names,
            first_texts(self.titles),
        )  # fmt: skip
        return [Person(*known) for known in zip(*columns, strict=True)]  # in the order of its fields

    def jobs(self) -> list[tuple[str | None, str | None, str | None, str | None]]:
        """Each person's (title, seniority, organization_id, organization's name)."""
        titles, seniorities = first_texts(self.titles), first_texts(self.seniorities)
        return list(zip(titles, seniorities, self.organization_ids, self.organization_names, strict=True))

    def employers(self) -> list[Employer]:
        """What is said of employers that can be told apart, in the order of the people, the same words once."""
        columns = (
            self.organization_ids, self.organization_names, self.company_domains, self.employee_sizes,
            self.company_countries,
        )  # fmt: skip
        return [employer for employer in dict.fromkeys(zip(*columns, strict=True)) if employer[0] is not None]

    def table(self, keys: Sequence[str] | None = None) -> pa.Table:
        """Rows of `people` as Arrow; ``keys`` are put in the place of their own where given."""
        from sources.clodura.tables import columns_table

        return columns_table(self, self.keys if keys is None else keys)

    def _columns(self) -> list[list[Any]]:
        return [getattr(self, name) for name in _COLUMNS]


_COLUMNS = tuple(column.name for column in fields(People))
NOBODY = People(*([] for _ in _COLUMNS))


def organization(employer: Employer) -> Row:
    """A row of `organizations`."""
    from sources.clodura.tables import SOURCE

    key, name, domains, size, country = employer
    return {
        "organization_id": key,
        "name": name,
        "domain": domains if isinstance(domains, str) else domains[0] if domains else None,
        "domains": [domains] if isinstance(domains, str) else list(domains or ()),
        "employee_size": size,
        "country": country,
        "source": SOURCE,
    }


def concat(parts: Iterable[People]) -> People:
    """The people of several pages, in order."""
    listed = list(parts)
    if len(listed) == 1:
        return listed[0]
    return People(*(list(chain.from_iterable(map(attrgetter(name), listed))) for name in _COLUMNS))


def read_people(records: Sequence[Record]) -> People:
    """Read records, in order; whoever is in them twice is twice in the columns."""
    raw, undocumented = _fields(records)
    read = {name: _READ[name][0](values) for name, values in raw.items()}
    if hold_nul(list(read.values())):  # a NUL goes before the blanks around it
        read = {name: list(map(_READ[name][1], values)) for name, values in raw.items()}
    ids, first, last, names = read["personId"], read["firstName"], read["lastName"], read["organizationName"]
    domains = [texts.lower() if texts.__class__ is str else _lower(texts) for texts in read["companyDomain"]]
    full = [f"{a} {b}" if a and b else a or b for a, b in zip(first, last, strict=True)]
    extras: list[str | None] = [None] * len(records)
    for index in undocumented:
        extras[index] = extra(records[index])
        full[index] = full[index] or scalar(records[index].get("fullName"))
    employers = read["organizationId"]
    if None in employers:
        employers = list(map(_organization_key, employers, domains, names))
    return People(
        keys=list(map(_key, ids, records)) if None in ids else ids,
        vendor_keys=[key is not None for key in ids],
        first_names=first,
        last_names=last,
        full_names=full,
        titles=read["personTitle"],
        seniorities=read["seniority"],
        functions=read["functional"],
        cities=read["personCity"],
        states=read["personState"],
        countries=read["personCountry"],
        linkedin_urls=read["linkedinUrl"],
        contact_email_statuses=read["contactEmailStatus"],
        organization_ids=employers,
        extras=extras,
        organization_names=names,
        company_domains=domains,
        employee_sizes=read["companyEmployeeSize"],
        company_countries=read["companyCountry"],
    )


def _fields(records: Sequence[Record]) -> tuple[dict[str, Sequence[Any]], list[int]]:
    """The values of each field that is read, and which records hold fields that nobody documented."""
    known = len(_BLANK)
    whole = [record if len(record) == known else {**_BLANK, **record} for record in records]
    try:
        rows = list(map(_documented, whole))
    except KeyError:  # as many fields as are documented, but others
        whole = [{**_BLANK, **record} for record in records]
        rows = list(map(_documented, whole))
    others = [index for index, record in enumerate(whole) if len(record) != known]
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else repeat(())
    return dict(zip(_READ, columns, strict=False)), others


def _lower(texts: Texts) -> Texts:
    if texts is None:
        return None
    return texts.lower() if isinstance(texts, str) else tuple(map(str.lower, texts))


def _key(vendor: str | None, record: Record) -> str:
    return person_key(record)[0] if vendor is None else vendor


def _organization_key(vendor: str | None, domains: Texts, name: str | None) -> str | None:
    """As `records.organization_key` makes it."""
    if vendor is not None:
        return vendor
    if domains is not None:
        return f"domain:{domains if isinstance(domains, str) else domains[0]}"
    return f"name:{name.casefold()}" if name is not None else None
