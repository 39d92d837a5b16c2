"""Three shapes of an enriched company, each with the blocks that were asked for (enrich company page, Response).

The page tells in prose what is answered, and no name of a member.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.behaviour import OrganizationShape
from sandbox.company_facts import CompanyFacts
from sandbox.organizations import Organization
from sandbox.payloads.result import Payload


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which blocks a request asked for."""

    technographics: bool
    acquisitions: bool
    funding: bool


_Shape = Callable[[Organization, CompanyFacts, Wanted], Payload]

_EMPTY: Final[dict[OrganizationShape, Payload]] = {
    "organisation": {"organisation": None},
    "data": {"data": []},
    "bare": {},
}


def enriched(shape: OrganizationShape, organization: Organization, facts: CompanyFacts, wanted: Wanted) -> Payload:
    """The body for a company that is known."""
    return _SHAPES[shape](organization, facts, wanted)


def nothing(shape: OrganizationShape) -> Payload:
    """The body for one that is not, where that is a 200."""
    return _EMPTY[shape]


def _organisation(organization: Organization, facts: CompanyFacts, wanted: Wanted) -> Payload:
    body: Payload = {
        "organisationId": organization.organization_id,
        "organisationName": organization.name,
        "domain": organization.domains[0] if organization.domains else None,
        "orgLinkedinUrl": organization.linkedin_url,
        "description": facts.description,
        "foundedYear": facts.founded,
        "industry": organization.industry,
        "organisationEmployeeSize": organization.shown_size,
        "revenue": organization.revenue,
        "boardlineNumbers": facts.boardline,
        "organisationAddress": facts.street,
        "organisationCity": organization.headquarters.city,
        "organisationState": organization.headquarters.state,
        "organisationCountry": organization.headquarters.country,
    }
    if wanted.technographics:
        body["technographics"] = {
            "techStack": list(organization.technologies),
            "programmingLanguages": list(facts.languages),
            "operatingSystems": list(facts.systems),
            "products": list(facts.products),
        }
    if wanted.acquisitions:
        body["acquisitions"] = [{"organisationName": name, "acquiredYear": year} for name, year in facts.acquired]
    if wanted.funding:
        body["funding"] = [
            {"fundingType": one.kind, "date": one.date, "amount": one.amount, "investors": list(one.investors)}
            for one in facts.funding
        ]
    return {"organisation": body}


def _bare(organization: Organization, facts: CompanyFacts, wanted: Wanted) -> Payload:
    body: Payload = {
        "id": organization.organization_id,
        "name": organization.name,
        "domains": list(organization.domains),
        "linkedinUrl": organization.linkedin_url,
        "yearFounded": str(facts.founded),
        "industries": [organization.industry],
        "employees": {"range": organization.shown_size},
        "annualRevenue": organization.revenue,
        "phone": facts.boardline,
        "headquarters": {"street": facts.street, **organization.headquarters._asdict()},
    }
    if wanted.technographics:
        body["technologies"] = [{"name": name, "category": "product"} for name in organization.technologies]
    if wanted.acquisitions:
        body["subsidiaries"] = [name for name, _ in facts.acquired]
    if wanted.funding:
        rounds = [{"round": one.kind, "announcedOn": one.date, "amountUsd": one.amount} for one in facts.funding]
        body["fundingEvents"] = {"total": sum(one.amount for one in facts.funding), "rounds": rounds}
    return body


def _data(organization: Organization, facts: CompanyFacts, wanted: Wanted) -> Payload:
    return {"data": [_organisation(organization, facts, wanted)["organisation"]], "message": "success"}


_SHAPES: Final[dict[OrganizationShape, _Shape]] = {"organisation": _organisation, "data": _data, "bare": _bare}
