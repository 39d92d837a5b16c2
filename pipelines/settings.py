"""Every setting of leadsync, as models: names, defaults, checks. Where values come from is `pipelines.configuration`.

Numbers of time are seconds, texts are durations ("10m"); credits may be fractional.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sources.checking import one_of, parse_duration, wrong
from sources.errors import ConfigurationError
from sources.limits import Window
from sources.transport import check_base_url, is_loopback

CHANNELS = ("email", "phone")
PLANS = ("multi_provider", "standard")
SEARCH_CHARGES = ("viewed", "every", "none")
MODES = ("webhook", "poll")
POLICIES = ("none", "risky", "all")


def _listed(value: object) -> object:
    """A list; from the environment also JSON, or texts with commas between."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if text.startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            raise wrong(f'{value!r} is not a list: write it like ["a", "b"]') from None
    return [part.strip() for part in text.split(",") if part.strip()]


def _rates(value: object) -> object:
    for text in value if isinstance(value, list) else []:
        if isinstance(text, str):
            try:
                Window.parse(text)
            except ConfigurationError as error:
                raise wrong(str(error).removeprefix("rate_limits: ")) from None
    return value


def _base_url(value: object) -> object:
    if isinstance(value, str):
        try:
            return check_base_url(value)
        except ConfigurationError as error:
            raise wrong(str(error).removeprefix("base_url: ")) from None
    return value


def _public_url(value: object) -> object:
    if isinstance(value, str):
        parts = urlsplit(value.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise wrong(f"{value!r} is not a URL: write it like https://hooks.example.com")
        if parts.scheme == "http" and not is_loopback(value):
            raise wrong(f"{value!r} is not encrypted: answers hold personal data, use https (loopback may be http)")
        return value.strip().rstrip("/")
    return value


Duration = Annotated[float, BeforeValidator(parse_duration)]
Listed = Annotated[list[str], BeforeValidator(_listed)]
Credits = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """One table of the settings. ``secret`` fields are never shown."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    path: ClassVar[tuple[str, ...]]
    secret: ClassVar[tuple[str, ...]] = ()


class CloduraSettings(Section):
    """[sources.clodura]"""

    path = ("sources", "clodura")
    secret = ("api_key",)

    base_url: Annotated[str, BeforeValidator(_base_url)] = "https://api.clodura.ai"
    api_key: str | None = Field(default=None, repr=False)
    plan: Annotated[str, one_of(PLANS)] = "multi_provider"
    rate_limits: Annotated[Listed, BeforeValidator(_rates), BeforeValidator(_listed)] = [
        "10/second",
        "100/minute",
        "2000/day",
    ]
    #: what a search bills: export credits for people viewed before, for every person, or nothing
    search_charge: Annotated[str, one_of(SEARCH_CHARGES)] = "viewed"
    #: ask partner providers for numbers; by default on the multi-provider plans only
    phone_via_partners: bool | None = None


class EnrichmentSettings(Section):
    """[enrichment]"""

    path = ("enrichment",)

    #: which of the addresses bought are verified by themselves: "none", "risky" (those nobody calls good or bad), "all"
    verify: Annotated[str, one_of(POLICIES)] = "none"
    #: whether verification is deep: dearer, and better at domains that take mail for any address
    deep: bool = False
    #: after how long a verdict is stale, so that its address may be verified again
    reverify_after: Duration = 90 * 86_400.0
    channels: Annotated[Listed, one_of(CHANNELS), BeforeValidator(_listed)] = ["email", "phone"]
    max_credits_per_run: Credits | None = None
    max_credits_per_day: Credits | None = None
    #: what searching itself may cost in a run, in export credits; the other caps bound what is bought
    max_search_credits_per_run: Credits | None = None
    poll_interval: Annotated[Duration, Field(ge=0.05)] = 5.0
    webhook_grace: Duration = 5.0
    give_up_after: Duration = 86_400.0
    max_unanswered: Annotated[int, Field(ge=1, le=1000)] = 16
    flush_every: Annotated[Duration, Field(ge=0.1)] = 30.0


class LedgerSettings(Section):
    """[ledger]"""

    path = ("ledger",)

    url: str = "sqlite:///.leadsync/ledger.db"


class WebhookSettings(Section):
    """[webhook]"""

    path = ("webhook",)
    secret = ("signing_key", "signing_key_previous")

    mode: Annotated[str, one_of(MODES)] = "webhook"
    public_url: Annotated[str | None, BeforeValidator(_public_url)] = None
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    signing_key: str | None = Field(default=None, repr=False, min_length=16)
    signing_key_previous: str | None = Field(default=None, repr=False)


class PipelineSettings(Section):
    """[pipelines]"""

    path = ("pipelines",)

    destination: str = "duckdb"
    dataset: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "crm"
    duckdb_path: str = "leads.duckdb"


class Settings(BaseModel):
    """All of them, and the searches as they were written (checked by their vendor's folder)."""

    model_config = ConfigDict(frozen=True)

    clodura: CloduraSettings
    enrichment: EnrichmentSettings
    ledger: LedgerSettings
    webhook: WebhookSettings
    pipelines: PipelineSettings
    searches: dict[str, dict[str, Any]] = {}


SECTIONS: dict[str, type[Section]] = {
    "clodura": CloduraSettings,
    "enrichment": EnrichmentSettings,
    "ledger": LedgerSettings,
    "webhook": WebhookSettings,
    "pipelines": PipelineSettings,
}
