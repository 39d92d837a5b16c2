"""Five shapes of an enriched contact: a person with an employer, or the employer alone.

Visible in the docs are a person's identifier, names, LinkedIn address, job title and department, and in prose the
employer's industry, revenue and size; every name but those of the identifiers is invented or told at second hand.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sandbox.behaviour import ContactShape
from sandbox.company_facts import CompanyFacts
from sandbox.organizations import Organization
from sandbox.payloads.result import Payload
from sandbox.population import Person

Employer = tuple[Organization, CompanyFacts]


def contact(shape: ContactShape, person: Person | None, employer: Employer | None) -> Payload:
    """The members that hold the contact; with neither person nor employer, what says that nothing matched."""
    return _SHAPES[shape](person, employer)


def _person(person: Person | None) -> Payload:
    """The record of a search, one place a member."""
    if person is None:
        return {}
    return {
        "personId": person.person_id,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "linkedinUrl": person.linkedin_url or None,
        "personTitle": person.titles[0].text,
        "seniority": list(person.titles[0].seniorities),
        "functional": list(person.titles[0].functions),
        "personCity": person.place.city,
        "personState": person.place.state,
        "personCountry": person.place.country,
    }


def _organisation(employer: Employer | None) -> Payload:
    if employer is None:
        return {}
    organization, facts = employer
    return {
        "organisationId": organization.organization_id,
        "organisationName": organization.name,
        "domain": organization.domains[0] if organization.domains else None,
        "orgLinkedinUrl": organization.linkedin_url,
        "industry": organization.industry,
        "organisationEmployeeSize": organization.shown_size,
        "revenue": organization.revenue,
        "foundedYear": facts.founded,
        "boardlineNumbers": facts.boardline,
        "organisationCity": organization.headquarters.city,
        "organisationState": organization.headquarters.state,
        "organisationCountry": organization.headquarters.country,
    }


def _data(person: Person | None, employer: Employer | None) -> Payload:
    organisation = {"organisation": _organisation(employer)} if employer else {}
    return {"data": [{**_person(person), **organisation}] if person or employer else []}


def _bare(person: Person | None, employer: Employer | None) -> Payload:
    organisation = {"organisation": _organisation(employer)} if employer else {}
    return {**_person(person), **organisation}


def _contact(person: Person | None, employer: Employer | None) -> Payload:
    if person is None and employer is None:
        return {"contact": None}
    company: Payload | None = None
    if employer is not None:
        organization, facts = employer
        company = {
            "id": organization.organization_id,
            "name": organization.name,
            "website": organization.domains[0] if organization.domains else None,
            "industry": organization.industry,
            "revenue": organization.revenue,
            "employeeCount": organization.shown_size,
            "founded": facts.founded,
        }
    if person is None:
        return {"contact": {"company": company}}
    return {
        "contact": {
            "id": person.person_id,
            "name": {"first": person.first_name, "last": person.last_name},
            "linkedin": person.linkedin_url or None,
            "jobTitle": person.titles[0].text,
            "department": person.titles[0].functions[0] if person.titles[0].functions else None,
            "location": ", ".join(filter(None, person.place)),
            "company": company,
        }
    }


def _people(person: Person | None, employer: Employer | None) -> Payload:
    people = [{**_person(person), **_organisation(employer)}] if person or employer else []
    return {"pagination": {"total": len(people)}, "people": people}


def _flat(person: Person | None, employer: Employer | None) -> Payload:
    return {"status": "success" if person or employer else "not found", **_person(person), **_organisation(employer)}


_SHAPES: Final[dict[ContactShape, Callable[[Person | None, Employer | None], Payload]]] = {
    "data": _data,
    "bare": _bare,
    "contact": _contact,
    "people": _people,
    "flat": _flat,
}
