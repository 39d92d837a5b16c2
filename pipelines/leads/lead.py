"""One row of a list -> a person whom a vendor can be asked for, or why it names none. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipelines.leads.domains import address_and_domain, company_domain
from pipelines.leads.names import split_name
from pipelines.leads.profiles import profile_of_key, profile_url
from pipelines.leads.values import Unusable, id_of, text_of
from sources.errors import ConfigurationError

#: what a row may say of a person, in the order in which it identifies one
FIELDS = (
    "person_id", "linkedin_url", "full_name", "first_name", "last_name", "company_domain", "company_name", "email",
    "title", "country",
)  # fmt: skip
#: keys of our own that stand in ``person_id`` of our tables where the vendor has given no id
_OWN_KEYS = ("record:", "name_domain:", "name_company:")
#: of these, those that are somebody's who can be asked for again: the ledger knows by what
_NAMED_KEYS = ("name_domain:", "name_company:")
#: fields without which a row may name its person all the same; of these only the form is wrong
_DISPENSABLE = ("company_domain",)


@dataclass(frozen=True, slots=True)
class Lead:
    """A person of a list. ``row`` counts from 1, the first below the heading; ``person_id`` is the search vendor's."""

    row: int
    person_id: str | None = field(default=None, repr=False)
    linkedin_url: str | None = field(default=None, repr=False)
    full_name: str | None = field(default=None, repr=False)
    first_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    company_domain: str | None = field(default=None, repr=False)
    company_name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    title: str | None = field(default=None, repr=False)
    country: str | None = field(default=None, repr=False)
    #: the key that we ourselves know the person by, where the list is made of our own tables
    key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that nobody can be asked for. ``reason`` is of our own words alone, so that rows can be counted by it.

    ``fields`` are those it is about; ``values`` is the row as it was.
    """

    row: int
    reason: str
    fields: tuple[str, ...] = field(default=(), repr=False)
    values: Mapping[str, object] = field(default_factory=dict, repr=False)


def read_row(row: int, values: Mapping[str, object], mapping: Mapping[str, str]) -> Lead | Reject:
    """The person of a row. ``values`` by column; ``mapping`` names the column of each field."""
    found: dict[str, str] = {}
    fatal: dict[str, str] = {}
    slight: dict[str, str] = {}
    for name, column in mapping.items():
        try:
            text = id_of(values.get(column)) if name == "person_id" else text_of(values.get(column))
        except Unusable as unusable:
            fatal[name] = unusable.reason
            continue
        if text is None:
            continue
        try:
            found[name] = _FORMS[name](text) if name in _FORMS else text
        except Unusable as unusable:
            (slight if name in _DISPENSABLE else fatal)[name] = unusable.reason
    if fatal:
        return _reject(row, values, fatal)
    _complete(found)
    lead = Lead(row, **found)
    if lacking := _lacking(lead):
        return _reject(row, values, slight | {"": lacking} if slight else {"": lacking})
    return lead


def one_lead(given: Mapping[str, str | None]) -> Lead:
    """The person that options of the command line name, by field; ConfigurationError where they name nobody."""
    read = read_row(1, given, {name: name for name in given})
    if isinstance(read, Reject):
        raise ConfigurationError(
            f"Nobody can be asked for: {read.reason}. {_mend(given, read)} Nothing was sent or bought."
        )
    return read


def _mend(given: Mapping[str, str | None], read: Reject) -> str:
    """What to give instead, in options of the command line."""
    if read.fields:
        return "Mend that, or leave it out and say who is meant by --name with --domain, or by --linkedin."
    name = given.get("full_name")
    placed = bool(given.get("company_domain") or given.get("company_name"))
    if name and not all(split_name(name)):
        where = "" if placed else ", and the employer by --domain"
        return f'Give first and last name, as in --name "Ada Lovelace"{where}; or --linkedin.'
    if name:
        return "Give --domain as well, or --linkedin."
    return f"Give {'--name as well' if placed else '--name with --domain'}, or --linkedin."


def _reject(row: int, values: Mapping[str, object], reasons: Mapping[str, str]) -> Reject:
    ordered = sorted(reasons, key=lambda name: FIELDS.index(name) if name in FIELDS else len(FIELDS))
    said = "; ".join(f"{name}: {reasons[name]}" if name else reasons[name] for name in ordered)
    return Reject(row, said, tuple(name for name in ordered if name), values)


def _complete(found: dict[str, str]) -> None:
    """What one field says of another. Nothing that was given is changed."""
    own = found.get("person_id", "")
    if own.startswith("linkedin:") or own.startswith(_OWN_KEYS):
        del found["person_id"]
        if own.startswith(_NAMED_KEYS):
            found["key"] = own
        try:
            url = profile_of_key(own)
        except Unusable:
            url = None
        if url is not None:
            found.setdefault("linkedin_url", url)
    if "email" in found:
        address, domain = address_and_domain(found.pop("email"))
        if address is not None:
            found["email"] = address
        if domain is not None:
            found.setdefault("company_domain", domain)
    first, last = found.get("first_name"), found.get("last_name")
    if "full_name" in found and not (first and last):
        halves = split_name(found["full_name"], first, last)
        found |= {name: half for name, half in zip(("first_name", "last_name"), halves, strict=True) if half}
    elif first and last:
        found.setdefault("full_name", f"{first} {last}")


def _lacking(lead: Lead) -> str | None:
    """What a row lacks to name its person; None where it names one."""
    if lead.person_id or lead.linkedin_url or lead.key:
        return None
    named = bool(lead.first_name and lead.last_name)
    placed = bool(lead.company_domain or lead.company_name)
    if named and placed:
        return None
    if named:
        return "a name alone names nobody: company_domain, company_name or linkedin_url is missing"
    half = bool(lead.first_name or lead.last_name or lead.full_name)
    missing = "first_name or last_name" if half else "the name"
    if placed:
        return f"a company alone names nobody: {missing} is missing, or linkedin_url"
    if half:
        return f"half a name names nobody: {missing} and company_domain are missing, or linkedin_url"
    return "nobody is named: linkedin_url, person_id, or name and company_domain are missing"


_FORMS: Mapping[str, Callable[[str], str]] = {"linkedin_url": profile_url, "company_domain": company_domain}
