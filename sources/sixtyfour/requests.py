"""The paid requests of find-email and find-phone, checked before anything is sent.

Wire facts: FindEmailRequest, FindEmailBulkRequest, FindPhoneRequest and FindPhoneBulkRequest of the OpenAPI; at most
100 leads (find-email page, "Bulk processing"); "Lead data is required" (errors page). Whoever is asked for, and webhook
URLs, which are secrets, are shown by no error and no repr.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from sources.checking import one_of, wrong
from sources.paid_request import PaidRequest, check_webhook_url

MODES = ("PROFESSIONAL", "PERSONAL")
#: the most leads of one bulk request
MOST_LEADS = 100
_LONGEST_URL = 2083
#: which of the two a server reads is documented for neither endpoint, so both are sent
_LINKEDIN = ("linkedin_url", "linkedin")


def _lead(value: object) -> object:
    if not isinstance(value, dict):
        raise wrong('is not an object: write it like {"name": ..., "company": ...}')
    if not any(not _is_blank(item) for item in value.values()):
        raise wrong("is empty: give a name with a company, a domain or a LinkedIn URL")
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise wrong("holds something that JSON has no form for: give texts, numbers, lists and objects") from None
    if len({value[name] for name in _LINKEDIN if isinstance(value.get(name), str)}) > 1:
        raise wrong("linkedin and linkedin_url differ: which would count is documented nowhere. Give one of them")
    return value


def _leads(value: object) -> object:
    if not isinstance(value, list):
        return value
    if not 1 <= len(value) <= MOST_LEADS:
        raise wrong(f"there are {len(value)} leads: one request carries 1 to {MOST_LEADS}")
    return value


def _providers(value: object) -> object:
    if isinstance(value, list):
        if not value:
            raise wrong("is empty, which would leave nobody to ask: leave it out for the vendor's own order")
        if any(isinstance(item, str) and not item.strip() for item in value):
            raise wrong("a provider's name is blank: leave it out")
    return value


def _webhook_url(value: object) -> object:
    if isinstance(value, str) and len(value) > _LONGEST_URL:
        raise wrong(f"the value is longer than {_LONGEST_URL} characters, which the vendor refuses: shorten public_url")
    return check_webhook_url(value)


def _is_blank(value: object) -> bool:
    return value in (None, [], {}) or (isinstance(value, str) and not value.strip())


Lead = Annotated[dict[str, Any], BeforeValidator(_lead)]
Leads = Annotated[list[Lead], BeforeValidator(_leads)]
Mode = Annotated[str, one_of(MODES)]
Providers = Annotated[list[str], BeforeValidator(_providers)]
WebhookUrl = Annotated[str, BeforeValidator(_webhook_url)]


class FindRequest(PaidRequest):
    """What all four have in common. ``path`` is that of the synchronous form; the other one adds ``-async``."""

    path: ClassVar[str]
    secret = ("lead", "leads", "webhook_url")

    #: ids of the vendor's own sources, the first to ask first; which there are is documented nowhere
    providers: Providers | None = None
    webhook_url: WebhookUrl | None = Field(default=None, repr=False)

    def body(self) -> dict[str, Any]:
        """The JSON body; a LinkedIn URL is sent under both of its names."""
        body = super().body()
        if "lead" in body:
            body["lead"] = _with_linkedin(body["lead"])
        if "leads" in body:
            body["leads"] = list(map(_with_linkedin, body["leads"]))
        return body


class _Email(FindRequest):
    operation = "find_email"

    #: None: PROFESSIONAL
    mode: Mode | None = None
    #: None: true
    verify_emails: bool | None = None


class _Phone(FindRequest):
    operation = "find_phone"


class FindEmail(_Email):
    """Find one lead's address."""

    path = "/find-email"

    lead: Lead = Field(repr=False)


class FindEmailBulk(_Email):
    """Find the addresses of up to 100 leads."""

    path = "/find-email-bulk"

    leads: Leads = Field(repr=False)


class FindPhone(_Phone):
    """Find one lead's numbers."""

    path = "/find-phone"

    lead: Lead = Field(repr=False)


class FindPhoneBulk(_Phone):
    """Find the numbers of up to 100 leads."""

    path = "/find-phone-bulk"

    leads: Leads = Field(repr=False)


def _with_linkedin(lead: dict[str, Any]) -> dict[str, Any]:
    url = next((lead[name] for name in _LINKEDIN if not _is_blank(lead.get(name))), None)
    return {**lead, **dict.fromkeys(_LINKEDIN, url)} if url is not None else lead
