"""Reads a lead and finds whom it means: by LinkedIn address, by e-mail address, by name with domain or company.

The schema takes any keys; those read here occur in the vendor's examples or in public clients.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

import orjson

from sandbox.directory import Directory
from sandbox.population import Person


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead of a request.

    ``person`` and ``person_id`` tell who is meant, None for somebody nobody knows. ``subject`` stands for the lead in
    the books: the person's identifier, else what the lead says. ``address`` is the e-mail address it came with.
    """

    fields: Mapping[str, object] = field(hash=False)
    person: int | None
    person_id: str | None
    subject: str
    address: str | None


def read_lead(fields: Mapping[str, object], directory: Directory) -> Lead:
    """The lead of these fields."""
    texts = {key: value.strip() for key, value in fields.items() if isinstance(value, str) and value.strip()}
    address = texts.get("email")
    if address is not None and "@" not in address:
        address = None
    index = _resolve(texts, address, directory)
    person_id = None if index is None else directory.population.code.encode(index)
    return Lead(fields, index, person_id, person_id or _described(texts, fields), address)


def _resolve(texts: Mapping[str, str], address: str | None, directory: Directory) -> int | None:
    """The first of its ways of naming somebody that leads to anybody."""
    for key in ("linkedin", "linkedin_url"):
        index = directory.population.index_of_slug(_slug(texts.get(key, "")))
        if index is not None:
            return index
    if address is not None:
        holder = directory.holder(address)
        if holder is not None:
            return holder
    name = texts.get("name") or f"{texts.get('first_name', '')} {texts.get('last_name', '')}"
    for employer in (_by_domain(texts.get("domain"), directory), _by_company(texts.get("company"), directory)):
        index = None if employer is None else _named(name, employer, directory)
        if index is not None:
            return index
    return None


def _slug(url: str) -> str:
    """What follows ``/in/``, in lower case; empty for any other text."""
    found = re.search(r"(?:^|\.|/)linkedin\.com/in/([^/?#]+)", url, re.IGNORECASE)
    return unquote(found[1]).lower() if found else ""


def _by_domain(domain: str | None, directory: Directory) -> int | None:
    if domain is None:
        return None
    host = re.sub(r"^(?:https?://)?(?:www\.)?", "", domain.lower()).partition("/")[0]
    return directory.employer_of_domain(host)


def _by_company(company: str | None, directory: Directory) -> int | None:
    """By its name; clients put domains there, too."""
    if company is None:
        return None
    number = directory.employer_named(company)
    return _by_domain(company, directory) if number is None else number


def _named(name: str, employer: int, directory: Directory) -> int | None:
    wanted = _words(name)
    if not wanted:
        return None
    for index in directory.population.staff(employer):
        if wanted in _names(directory.population.person(index)):
            return index
    return None


def _names(person: Person) -> tuple[list[str], list[str]]:
    return _words(f"{person.first_name} {person.last_name}"), _words(" ".join(person.ascii_name))


def _words(name: str) -> list[str]:
    return name.casefold().split()


def _described(texts: Mapping[str, str], fields: Mapping[str, object]) -> str:
    """The lead in one line, the same for the same lead."""
    told = [texts[key].casefold() for key in ("email", "linkedin_url", "linkedin", "name") if key in texts][:1]
    told += [texts[key].casefold() for key in ("first_name", "last_name", "domain", "company") if key in texts]
    return " | ".join(told) or orjson.dumps(dict(fields), option=orjson.OPT_SORT_KEYS).decode()
