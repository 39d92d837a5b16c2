"""The paid requests apart from the search, as the vendor documents them, checked before anything is sent.

Fields are the vendor's in snake_case, or shorter; `PaidRequest.body` gives the JSON in the vendor's spelling. Whoever
is asked for, and webhook URLs, which are secrets, are shown by no error and no repr.

Sources: the vendor's pages reveal-email, reveal-phone, verify-email, enrich-contacts and enrich-company, each under
"Body Parameters".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from sources import paid_request
from sources.checking import wrong
from sources.clodura import prices
from sources.clodura.identifiers import CompanyUrl, Domain, ProfileUrl, Text, text
from sources.paid_request import check_webhook_url


class Confidence(StrEnum):
    """How surely identifiers name a contact (enrich-contacts page, table of combinations)."""

    HIGHEST = "highest"
    MEDIUM = "medium"
    LOW = "low"


def _required(value: object) -> object:
    if value is None:
        raise wrong("is missing: Clodura posts what it finds to it, on all plans. Name any https URL that you own")
    return value


def _address(value: object) -> object:
    """No more than the form: which addresses there are is what the vendor is asked."""
    if isinstance(value, str) and not re.fullmatch(r"[^\s@]+@[^\s@]+", value):
        raise wrong("the value is not one e-mail address, such as name@example.com")
    return value


WebhookUrl = Annotated[str, BeforeValidator(check_webhook_url), BeforeValidator(text)]
Address = Annotated[str, BeforeValidator(_address), BeforeValidator(text)]


class PaidRequest(paid_request.PaidRequest):
    """One paid request to Clodura."""

    model_config = ConfigDict(alias_generator=to_camel)
    secret = ("webhook_url", "email", "linkedin_url", "first_name", "last_name")

    def _given(self, *names: str) -> list[str]:
        return [name for name in names if getattr(self, name) is not None]


_NAME = ("first_name", "last_name", "company_domain")


class RevealEmail(PaidRequest):
    """Find a person's address. Exactly one of ``person_id``, ``linkedin_url``, or both names with ``company_domain``.

    ``webhook_url`` is required on all plans. Which of several identifiers would count is documented nowhere.
    """

    operation = "reveal_email"

    person_id: Text | None = None
    linkedin_url: ProfileUrl | None = Field(default=None, repr=False)
    first_name: Text | None = Field(default=None, repr=False)
    last_name: Text | None = Field(default=None, repr=False)
    company_domain: Domain | None = None
    webhook_url: Annotated[WebhookUrl, BeforeValidator(_required)] = Field(
        default=None, validate_default=True, repr=False
    )

    @model_validator(mode="after")
    def _names_one_person(self) -> Self:
        named = self._given(*_NAME)
        ways = [*self._given("person_id", "linkedin_url"), *([_and(named)] if named else [])]
        _exactly_one(ways, "person_id, linkedin_url, or first_name, last_name and company_domain together")
        _whole(named, _NAME)
        return self


class RevealPhone(PaidRequest):
    """Find a person's numbers. Exactly one of ``person_id`` and ``linkedin_url``.

    ``via_partners`` asks partner providers where the vendor's own database has nothing; it needs a ``webhook_url``.
    """

    operation = "reveal_phone"

    person_id: Text | None = None
    linkedin_url: ProfileUrl | None = Field(default=None, repr=False)
    via_partners: bool = Field(default=False, alias="revealPhoneNumberViaPartners")
    webhook_url: WebhookUrl | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _names_one_person(self) -> Self:
        _exactly_one(self._given("person_id", "linkedin_url"), "person_id or linkedin_url")
        if self.via_partners and self.webhook_url is None:
            raise wrong("via_partners is true and webhook_url is missing: add one, or ask without partners")
        return self


class VerifyEmail(PaidRequest):
    """Ask whether an address takes mail. ``deep`` is for catch-all domains and servers that tell little."""

    operation = "verify_email"

    email: Address = Field(repr=False)
    deep: bool = Field(default=False, alias="deepVerification")
    webhook_url: WebhookUrl | None = Field(default=None, repr=False)


class EnrichContact(PaidRequest):
    """Find out more about one contact. At least one of the five combinations that `confidence` ranks.

    Whatever else is known may be given beside it. The answer comes at once.
    """

    operation = "enrich_contact"

    linkedin_url: ProfileUrl | None = Field(default=None, repr=False)
    email: Address | None = Field(default=None, repr=False)
    first_name: Text | None = Field(default=None, repr=False)
    last_name: Text | None = Field(default=None, repr=False)
    organisation_name: Text | None = None
    org_linkedin_url: CompanyUrl | None = None

    @model_validator(mode="after")
    def _names_a_contact(self) -> Self:
        if self.confidence is None:
            given = self._given(*type(self).model_fields)
            said = f"{_and(given)} alone name nobody" if given else "nobody is named"
            raise wrong(
                f"{said}: give linkedin_url, or email, or first_name and last_name with org_linkedin_url or "
                f"organisation_name"
            )
        return self

    @property
    def confidence(self) -> Confidence | None:
        """How surely the best of the combinations given names the contact. None in no request that was made."""
        if self.linkedin_url is not None:
            return Confidence.HIGHEST
        if self.email is not None:
            return Confidence.MEDIUM
        if self.first_name is None or self.last_name is None:
            return None
        if self.org_linkedin_url is not None:
            return Confidence.MEDIUM
        return Confidence.LOW if self.organisation_name is not None else None

    @property
    def price(self) -> tuple[int, int]:
        """The least and the most it costs, in 1/100 credit: nothing where nobody matches."""
        return prices.ENRICH_CONTACT


class EnrichOrganization(PaidRequest):
    """Find out more about one company. ``organisation_id`` or ``org_linkedin_url``; of both, the id counts.

    Each flag adds a part to the answer and a credit to its price. The answer comes at once.
    """

    operation = "enrich_organization"

    organisation_id: Text | None = None
    org_linkedin_url: CompanyUrl | None = None
    include_technographics: bool = False
    include_acquisitions: bool = False
    include_funding: bool = False

    @model_validator(mode="after")
    def _names_a_company(self) -> Self:
        if not self._given("organisation_id", "org_linkedin_url"):
            raise wrong("no company is named: give organisation_id or org_linkedin_url")
        return self

    @property
    def price(self) -> tuple[int, int]:
        """The least and the most it costs, in 1/100 credit, where the company is known.

        Whether an unknown one, or a part that nothing is known of, is charged is documented nowhere.
        """
        parts = self.include_technographics + self.include_acquisitions + self.include_funding
        return prices.ENRICH_ORGANIZATION, prices.ENRICH_ORGANIZATION + parts * prices.ENRICH_PART


def _exactly_one(given: Sequence[str], ways: str) -> None:
    if not given:
        raise wrong(f"nobody is named: give {ways}")
    if len(given) > 1:
        raise wrong(f"{_and(given)} are given: which would count is documented nowhere. Give only one of {ways}")


def _whole(given: Sequence[str], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in given]
    if given and missing:
        raise wrong(f"{_and(given)} alone name nobody: add {_and(missing)}")


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
