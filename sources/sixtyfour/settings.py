"""The settings of Sixtyfour."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sources.checking import one_of
from sources.settings import BaseUrl, Listed, RateLimits, VendorSettings

MODES = ("PROFESSIONAL", "PERSONAL")


class SixtyfourSettings(VendorSettings):
    """[sources.sixtyfour]"""

    path = ("sources", "sixtyfour")
    name, label, unit = "sixtyfour", "Sixtyfour", "cents"
    secret = ("api_key", "webhook_secret")

    base_url: BaseUrl = "https://api.sixtyfour.ai"
    """The API's own address. Plain http is accepted for loopback only."""
    api_key: str | None = Field(default=None, repr=False)
    """The key, from Sixtyfour's dashboard. Needed where `enrichment.email_providers` or `phone_providers` name it."""
    rate_limits: RateLimits = ["500/minute"]
    """Requests that may go out, polls included: COUNT/UNIT with second, minute, hour or day, all at once. The vendor
    documents 500 a minute, and elsewhere 1,000.
    """
    mode: Annotated[str, one_of(MODES)] = "PROFESSIONAL"
    """Which addresses are looked for: those of the company (`PROFESSIONAL`, 5 cents), or private ones (`PERSONAL`, 20
    cents). Who was asked for in one mode is not asked for again in the other.
    """
    verify_emails: bool = True
    """Have each address verified before it is told."""
    providers: Listed | None = None
    """The vendor's own sources of addresses, in place of its default order. Which there are is documented nowhere."""
    webhook_secret: str | None = Field(default=None, repr=False, min_length=16)
    """The signing secret of its webhooks (`sk_whsec_...`). Where it is set, only signed ones are taken."""
