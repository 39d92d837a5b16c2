"""What a search asks for, read from its body (search page, section Body Parameters).

Values inside an array are alternatives, different fields must all hold, unknown keys are ignored. The page says none
of the three; they are what is usual.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, fields
from typing import Final

from sandbox.bodies import BAD_REQUEST, Body, Refused, check_domain, read_body
from sandbox.values.vocabulary import BUSINESS_MODELS, EMAIL_STATUSES, EMPLOYEE_SIZES, REVENUES, SENIORITIES

MOST_PAGES: Final = 100
MOST_PER_PAGE: Final = 100
_MOST_DOMAINS: Final = 10


@dataclass(frozen=True, slots=True)
class Filters:
    """Every documented filter under its documented name in snake_case; None or () where not given."""

    person_id: str | None
    first_name: str | None
    last_name: str | None
    linkedin_slug: str | None
    seniority: tuple[str, ...]
    person_title: tuple[str, ...]
    include_similar_titles: bool
    functional: tuple[str, ...]
    person_city: tuple[str, ...]
    person_state: tuple[str, ...]
    person_country: tuple[str, ...]
    person_location_exclude: bool
    contact_email_status: str | None
    organization_id: str | None
    organization_name: str | None
    company_domain: tuple[str, ...]
    company_employee_size: tuple[str, ...]
    company_country: tuple[str, ...]
    company_state: tuple[str, ...]
    company_city: tuple[str, ...]
    include_all_office: bool
    industry: tuple[str, ...]
    industry_keywords: tuple[str, ...]
    revenue: tuple[str, ...]
    funding_type: tuple[str, ...]
    funding_from_date: str | None
    funding_to_date: str | None
    business_model: tuple[str, ...]
    technology_parameters: tuple[str, ...]
    web_keywords: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """What was given, under the documented names; a LinkedIn address as its last part."""
        given: dict[str, object] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value not in (None, (), field.name == "include_similar_titles"):
                first, *others = field.name.replace("linkedin_slug", "linkedin_url").split("_")
                given[first + "".join(map(str.capitalize, others))] = value
        return given


@dataclass(frozen=True, slots=True)
class Query:
    """A search call: filters, whether viewed people are left out, and which page is wanted."""

    filters: Filters
    exclude_viewed: bool
    page: int
    per_page: int


def read_query(raw: bytes, most_values: int = 0) -> Query:
    """The search call in a request body; ``most_values`` in an array, 0 for any number. Raises Refused."""
    body = read_body(raw)
    for name, values in body.members.items():
        if most_values and isinstance(values, list) and len(values) > most_values:
            raise Refused(BAD_REQUEST, f"{name} takes at most {most_values} values")
    return Query(
        page=body.number("page", 1, MOST_PAGES),
        per_page=body.number("perPage", 1, MOST_PER_PAGE),
        exclude_viewed=body.flag("excludeViewedPeople", False),
        filters=_filters(body),
    )


def read_filters(members: dict[str, object]) -> Filters:
    """The filters alone. Raises Refused."""
    return _filters(Body(members))


def _filters(body: Body) -> Filters:
    status = body.text("contactEmailStatus")
    if status is not None and status not in EMAIL_STATUSES:
        raise Refused(BAD_REQUEST, f"contactEmailStatus: unknown value {status!r}")
    domains = body.texts("companyDomain", most=_MOST_DOMAINS)
    for domain in domains:
        check_domain("companyDomain", domain)
    since, until = _date(body, "fundingFromDate"), _date(body, "fundingToDate")
    if since and until and since > until:
        raise Refused(422, "fundingFromDate is later than fundingToDate")
    return Filters(
        person_id=body.text("personId"),
        first_name=body.text("firstName"),
        last_name=body.text("lastName"),
        linkedin_slug=body.profile("linkedinUrl"),
        seniority=body.texts("seniority", SENIORITIES),
        person_title=body.texts("personTitle"),
        include_similar_titles=body.flag("includeSimilarTitles", True),
        functional=body.texts("functional"),
        person_city=body.texts("personCity"),
        person_state=body.texts("personState"),
        person_country=body.texts("personCountry"),
        person_location_exclude=body.flag("personLocationExclude", False),
        contact_email_status=status,
        organization_id=body.text("organizationId"),
        organization_name=body.text("organizationName"),
        company_domain=domains,
        company_employee_size=body.texts("companyEmployeeSize", EMPLOYEE_SIZES),
        company_country=body.texts("companyCountry"),
        company_state=body.texts("companyState"),
        company_city=body.texts("companyCity"),
        include_all_office=body.flag("includeAllOffice", False),
        industry=body.texts("industry"),
        industry_keywords=body.texts("industryKeywords"),
        revenue=body.texts("revenue", REVENUES),
        funding_type=body.texts("fundingType"),
        funding_from_date=since,
        funding_to_date=until,
        business_model=body.texts("businessModel", BUSINESS_MODELS),
        technology_parameters=body.texts("technologyParameters"),
        web_keywords=body.texts("webKeywords"),
    )


def _date(body: Body, name: str) -> str | None:
    value = body.text(name)
    if value is None:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            raise ValueError(value)
        datetime.date.fromisoformat(value)
    except ValueError as error:
        raise Refused(BAD_REQUEST, f"{name} must be a date, YYYY-MM-DD") from error
    return value
