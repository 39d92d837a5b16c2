"""Leads as the rest of the house knows people: what providers are asked with, and a row of `people`. Pure."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

from enrichment.ledger.aliases import Identifier, Named
from pipelines.leads.identity import identifiers, own_key
from pipelines.leads.lead import Lead
from pipelines.leads.profiles import profile_key, profile_url
from pipelines.leads.values import Unusable
from sources.providers import Person

#: what stands in `people.source` of those whom a list has named
SOURCE = "list"
#: the kind of identifier that the search vendor's own id is
VENDOR = "clodura"


def named(lead: Lead) -> Named:
    """By what a lead is recognized."""
    return Named(own_key(lead), identifiers(lead))


def implied(key: str) -> Identifier | None:
    """The identifier that a key is: the vendor's own id, where it has no kind before it."""
    return None if ":" in key else (VENDOR, key)


def shown_as(person: Person) -> Named:
    """By what somebody is recognized whom a search shows: names prove nothing there."""
    found: list[Identifier] = []
    if person.vendor_key:
        found.append((VENDOR, person.person_id))
    if person.linkedin_url:
        with suppress(Unusable):  # not a profile's URL by its form
            found.append(("linkedin", profile_key(profile_url(person.linkedin_url))))
    return Named(person.person_id, tuple(found))


def recognized(person: Person, key: str) -> Person:
    """Somebody whom a search shows under the vendor's id, under the key that we know them by."""
    if key == person.person_id:
        return person
    own = person.person_id if person.vendor_key else None
    return replace(person, person_id=key, vendor_key=False, vendor_id=own)


def person_of(lead: Lead, key: str) -> Person:
    """What providers may be asked with."""
    return Person(
        person_id=key,
        vendor_key=lead.person_id == key,
        vendor_id=lead.person_id if lead.person_id != key else None,
        first_name=lead.first_name,
        last_name=lead.last_name,
        full_name=lead.full_name,
        linkedin_url=lead.linkedin_url,
        company_domain=lead.company_domain,
        organization_name=lead.company_name,
        title=lead.title,
        email=lead.email,
        country=lead.country,
    )


def merged(known: Person | None, new: Person) -> Person:
    """What is known already stands; what it lacks the new one may say."""
    if known is None:
        return new
    lacking = {
        one.name: getattr(new, one.name)
        for one in fields(Person)
        if one.name not in ("person_id", "vendor_key") and getattr(known, one.name) is None
    }
    if known.vendor_key:
        lacking["vendor_id"] = None
    return replace(known, **lacking)


def row_of(lead: Lead, key: str) -> dict[str, Any]:
    """The row of `people` for somebody whom no search has shown."""
    return {
        "person_id": key,
        "first_name": lead.first_name,
        "last_name": lead.last_name,
        "full_name": lead.full_name or " ".join(filter(None, (lead.first_name, lead.last_name))) or None,
        "title": lead.title,
        "titles": [lead.title] if lead.title else [],
        "seniority": None,
        "seniorities": [],
        "function": None,
        "functions": [],
        "city": None,
        "state": None,
        "country": lead.country,
        "linkedin_url": lead.linkedin_url,
        "contact_email_status": None,
        "organization_id": _organization(lead),
        "source": SOURCE,
        "extra": None,
    }


def organization_of(lead: Lead) -> dict[str, Any] | None:
    """The row of `organizations`, under the key that a search gives an employer without an id."""
    key = _organization(lead)
    if key is None:
        return None
    return {
        "organization_id": key,
        "name": lead.company_name,
        "domain": lead.company_domain,
        "domains": [lead.company_domain] if lead.company_domain else [],
        "employee_size": None,
        "country": None,
        "source": SOURCE,
    }


def _organization(lead: Lead) -> str | None:
    if lead.company_domain:
        return f"domain:{lead.company_domain}"
    return f"name:{lead.company_name.casefold()}" if lead.company_name else None
