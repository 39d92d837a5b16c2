"""Every documented filter of the people search, checked before anything is sent.

Names are the vendor's in snake_case (``person_country`` for ``personCountry``); the wire form is made by
`SearchRequest.body`. Rules and value lists: the vendor's search page, sections "Body Parameters". An error names the
field, the value and the nearest right one; values outside the lists the vendor calls open are only warned of.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic.alias_generators import to_camel

from sources.checking import complaints, one_of, wrong
from sources.clodura import values
from sources.clodura.choices import FIELDS
from sources.clodura.identifiers import ProfileUrl, Text, domain_mistake, text
from sources.countries import english_name, english_names
from sources.errors import ConfigurationError
from sources.nearest import did_you_mean, nearest
from sources.redaction import shown

#: the vendor serves pages 1 to 100 of at most 100 people: a search shows no more than 10,000
LAST_PAGE = 100
LARGEST_PAGE = 100
MOST_DOMAINS = 10


def _list(value: object) -> object:
    """One value may stand for a list of one; a list must hold something, or the filter would filter nothing."""
    items = [value] if isinstance(value, str | int) and not isinstance(value, bool) else value
    if isinstance(items, list | tuple):
        if not items:
            raise wrong("is an empty list, which would filter nothing: leave the filter out instead")
        return [text(item) for item in items]
    return items


def _domains(value: object) -> object:
    if not isinstance(value, list):
        return value
    if len(value) > MOST_DOMAINS:
        raise wrong(f"has {len(value)} domains, {MOST_DOMAINS} are allowed: make a search for each {MOST_DOMAINS}")
    mistakes = [mistake for item in value if (mistake := domain_mistake(item))]
    if mistakes:
        raise wrong(". ".join(mistakes))
    return value


def _date(value: object) -> object:
    """Pydantic would take a number, in quotes or not, for seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d", value.strip())):
        raise wrong(f"{shown(value)} is not a date: write dates as YYYY-MM-DD")
    return value.strip() if isinstance(value, str) else value


Texts = Annotated[list[Text], BeforeValidator(_list)]
Day = Annotated[date, BeforeValidator(_date)]


class SearchFilters(BaseModel):
    """The filters of one search. OR inside a list, AND between filters (not documented, but usual)."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )
    #: fields that name a person: no error and no repr shows their values
    secret: ClassVar[tuple[str, ...]] = ("person_id", "first_name", "last_name", "linkedin_url")

    person_id: Text | None = Field(default=None, repr=False)
    """One known person."""
    first_name: Text | None = Field(default=None, repr=False)
    """Usually together with `last_name`."""
    last_name: Text | None = Field(default=None, repr=False)
    """Usually together with `first_name`."""
    linkedin_url: ProfileUrl | None = Field(default=None, repr=False)
    """A profile URL, `https://www.linkedin.com/in/...`; Sales Navigator URLs are refused."""
    seniority: Annotated[Texts | None, one_of(values.SENIORITIES), BeforeValidator(_list)] = None
    """Levels."""
    person_title: Texts | None = None
    """Job titles; similar ones too unless `include_similar_titles` is false."""
    include_similar_titles: bool | None = None
    """The vendor's default is true."""
    functional: Texts | None = None
    """Departments, such as `Sales` or `Engineering`. An open list: others are sent, with a warning."""
    person_city: Texts | None = None
    """Where the person is, by full names."""
    person_state: Texts | None = None
    """The same, states: `Virginia`, not `VA`."""
    person_country: Texts | None = None
    """The same, countries: `United States`, not `US`. An open list."""
    person_location_exclude: bool | None = None
    """The three filters above exclude instead."""
    contact_email_status: Annotated[Text | None, one_of(values.EMAIL_STATUSES), BeforeValidator(text)] = None
    """What the vendor says of the address it would sell."""
    organization_id: Text | None = None
    """One known employer."""
    organization_name: Text | None = None
    """An employer by name; `organization_id` is surer."""
    company_domain: Annotated[Texts | None, BeforeValidator(_domains), BeforeValidator(_list)] = None
    """Employers by bare domains (no `www.`, no `@`), ten at most."""
    company_employee_size: Annotated[Texts | None, one_of(values.EMPLOYEE_SIZES), BeforeValidator(_list)] = None
    """Headcounts; the blanks are part of the value."""
    company_country: Texts | None = None
    """Where the employer has its headquarters, by full names. An open list."""
    company_state: Texts | None = None
    """The same, states."""
    company_city: Texts | None = None
    """The same, cities."""
    include_all_office: bool | None = None
    """Any office counts, not only the headquarters."""
    exclude_viewed_people: bool | None = None
    """Leave out people viewed or unlocked before: saves their export credits, but they are then no longer kept up to
    date.
    """
    industry: Texts | None = None
    """Industries, by LinkedIn's names. An open list."""
    industry_keywords: Texts | None = None
    """Words in the industry."""
    revenue: Annotated[Texts | None, one_of(values.REVENUES), BeforeValidator(_list)] = None
    """The employer's revenue, in the vendor's brackets."""
    funding_type: Texts | None = None
    """Rounds, such as `Series A`. An open list."""
    funding_from_date: Day | None = None
    """Funded on this day or later."""
    funding_to_date: Day | None = None
    """Funded on this day or before."""
    business_model: Annotated[Texts | None, one_of(values.BUSINESS_MODELS), BeforeValidator(_list)] = None
    """What the employer sells."""
    technology_parameters: Texts | None = None
    """Technologies in use. An open list."""
    web_keywords: Texts | None = None
    """Words on the employer's website."""

    @field_validator("funding_to_date")
    @classmethod
    def _dates_in_order(cls, value: date | None, info: ValidationInfo) -> date | None:
        start = info.data.get("funding_from_date")
        if start and value and start > value:
            raise wrong(f"{value} is before funding_from_date {start}: exchange them")
        return value

    def wire(self) -> dict[str, Any]:
        """The filters as the vendor spells them, unset ones left out, in a stable order."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, include=set(SearchFilters.model_fields))

    def fingerprint(self) -> str:
        """Names this search window, whatever it is called in the settings."""
        return hashlib.sha256(json.dumps(self.wire(), sort_keys=True).encode()).hexdigest()[:16]

    def warnings(self) -> list[str]:
        """What may well be a mistake, but is the vendor's to judge."""
        found = []
        for field, known in (
            ("functional", values.FUNCTIONS),
            ("funding_type", values.FUNDING_TYPES),
            ("industry", values.INDUSTRIES),
            ("person_country", english_names()),
            ("company_country", english_names()),
        ):
            for value in getattr(self, field) or ():
                if value not in known:
                    meant = english_name(value) if field.endswith("_country") else None
                    found.append(
                        f"{field}: {shown(value)} is not among the values known to leadsync; it is sent as it is."
                        f"{did_you_mean(meant or value, known)}"
                    )
        for field in ("person_city", "person_state", "company_city", "company_state"):
            for value in getattr(self, field) or ():
                if re.fullmatch(r"[A-Z]{2,3}", value) or "," in value:
                    found.append(f"{field}: {shown(value)} looks like a code or a list; full names are wanted.")
        for value in self.technology_parameters or ():
            if "," in value or "/" in value:
                found.append(
                    f"technology_parameters: {shown(value)} looks like several values in one; it is sent as it is."
                )
        places = (self.person_city, self.person_state, self.person_country)
        if self.person_location_exclude and not any(places):
            found.append("person_location_exclude: excludes nothing without a person_city, _state or _country.")
        if not self.wire():
            found.append("no filter at all: whether the vendor answers such a search is not documented.")
        return found


class SearchRequest(SearchFilters):
    """One page of a search: ``page`` 1-100, ``per_page`` 1-100."""

    page: Annotated[int, Field(ge=1, le=LAST_PAGE)]
    per_page: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE

    def body(self) -> dict[str, Any]:
        """The JSON body as the vendor documents it."""
        return {**self.wire(), "page": self.page, "perPage": self.per_page}


def parse_filters(name: str, settings: Mapping[str, Any]) -> SearchFilters:
    """A search as written in the settings; ConfigurationError names every wrong field, its value and the mend."""
    if not isinstance(settings, Mapping):
        raise ConfigurationError(
            f"sources.clodura.searches.{name}: {shown(settings)} is not a search. Write its filters as a table, for "
            f'example [sources.clodura.searches.{name}] with person_country = ["India"] below it.'
        )
    mistakes = [_unknown(name, field) for field in settings if field not in (*SearchFilters.model_fields, *FIELDS)]
    known = {field: value for field, value in settings.items() if field in SearchFilters.model_fields}
    try:
        filters = SearchFilters.model_validate(known)
    except ValidationError as error:
        known_fields = list(SearchFilters.model_fields)
        mistakes += complaints(error, f"sources.clodura.searches.{name}", known_fields, SearchFilters.secret)
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    return filters


def _unknown(name: str, field: str) -> str:
    if field in ("page", "per_page", "perPage"):
        return f"sources.clodura.searches.{name}.{field}: leadsync turns the pages itself; remove it."
    known = [*SearchFilters.model_fields, *FIELDS]
    if not re.fullmatch(r"[\w -]+", field):
        return f"sources.clodura.searches.{name}: no such filter as {shown(field)}. There are: {', '.join(known)}."
    near = nearest(field, known)
    return f"sources.clodura.searches.{name}.{field}: no such filter." + (
        f" Did you mean {near!r}?" if near else f" There are: {', '.join(known)}."
    )
