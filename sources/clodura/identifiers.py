"""What names a person or a company to Clodura, checked as its pages demand before anything is sent.

Rules: the vendor's pages on people search, reveals and enrichment ("Body Parameters"): bare domains, standard LinkedIn
URLs, never those of Sales Navigator. Each check raises `sources.checking.wrong`, which names the mend, and the value
unless it is a profile's or an address: those are somebody.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator

from sources.checking import wrong
from sources.redaction import shown


def text(value: object) -> object:
    """A text without blanks around it, that holds something; an id may be written without quotes."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        if not value.strip():
            raise wrong("is empty: leave it out instead")
        return value.strip()
    return value


def domain_mistake(value: object) -> str | None:
    """What is wrong with a domain, and the nearest right one; None where nothing is, or where it is no text."""
    if not isinstance(value, str):
        return None
    bare = re.sub(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^@/]*@)?(?:www\.)?|[/?#:].*$|\.$", "", value.lower())
    is_domain = re.fullmatch(r"[\w-]+(?:\.[\w-]+)+", bare) is not None
    if value.lower() == bare and is_domain:
        return None
    nearest = f"; the nearest right one is {bare!r}" if is_domain else ""
    return f"{shown(value)} is not a bare domain (no www., @, scheme or path){nearest}"


def profile_accepted(url: str) -> bool:
    """Whether a LinkedIn URL is one of a person's profile, as the vendor takes it."""
    return _PROFILE.match(url) is not None


_PROFILE = re.compile(r"^(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/in/[^/\s]+/?$", re.IGNORECASE)


def _domain(value: object) -> object:
    if mistake := domain_mistake(value):
        raise wrong(mistake)
    return value


def _profile_url(value: object) -> object:
    return _linkedin(value, "in", "use the person's linkedin.com/in/... URL", "a profile URL")


def _company_url(value: object) -> object:
    return _linkedin(value, "company", "use the company's linkedin.com/company/... URL", "a company's URL")


def _linkedin(value: object, kind: str, mend: str, wanted: str) -> object:
    if isinstance(value, str):
        if re.search(r"linkedin\.com/sales(?:/|$)", value, re.IGNORECASE):
            raise wrong(f"the value is a Sales Navigator URL: {mend}")
        if not re.match(rf"^(?:https?://)?(?:[a-z]{{2,3}}\.)?linkedin\.com/{kind}/[^/\s]+/?$", value, re.IGNORECASE):
            raise wrong(f"the value is not {wanted} such as https://www.linkedin.com/{kind}/name/")
    return value


# the last validator runs first
Text = Annotated[str, BeforeValidator(text)]
Domain = Annotated[str, BeforeValidator(_domain), BeforeValidator(text)]
ProfileUrl = Annotated[str, BeforeValidator(_profile_url), BeforeValidator(text)]
CompanyUrl = Annotated[str, BeforeValidator(_company_url), BeforeValidator(text)]
