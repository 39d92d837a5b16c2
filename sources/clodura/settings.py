"""The settings of Clodura."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sources.checking import one_of
from sources.settings import BaseUrl, RateLimits, VendorSettings

PLANS = ("multi_provider", "standard")
SEARCH_CHARGES = ("viewed", "every", "none")


class CloduraSettings(VendorSettings):
    """[sources.clodura]"""

    path = ("sources", "clodura")
    name, label, unit = "clodura", "Clodura", "credits"
    below = ("searches",)

    base_url: BaseUrl = "https://api.clodura.ai"
    """The API's own address; `https://app.clodura.ai` where the account lives there. Plain http is accepted for
    loopback only.
    """
    api_key: str | None = Field(default=None, repr=False)
    """The key, from Clodura: Settings > Developer/API. `--sandbox` needs none."""
    plan: Annotated[str, one_of(PLANS)] = "multi_provider"
    """`multi_provider` (Free Forever, Max, PAYG) or `standard` (Prospect, Prospect Pro). Decides what a call may
    cost at most: 6 credits for an e-mail and 20 for a phone, or 2 and 2.
    """
    rate_limits: RateLimits = [
        "10/second",
        "100/minute",
        "2000/day",
    ]
    """Requests that may go out, in sliding windows that all hold at once: COUNT/UNIT with second, minute, hour or
    day. Windows of a minute and longer hold over restarts too.
    """
    search_charge: Annotated[str, one_of(SEARCH_CHARGES)] = "viewed"
    """What a search is taken to bill: an export credit for each person viewed before (`viewed`), for each person
    (`every`), or nothing (`none`). The vendor says both of the first two.
    """
    phone_via_partners: bool | None = None
    """Ask partner providers for phone numbers; where it is not set, on the plan `multi_provider` only."""
