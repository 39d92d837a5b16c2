"""Every setting of leadsync, as models: names, defaults, checks. Where values come from is `pipelines.configuration`.

Numbers of time are seconds, texts are durations ("10m"); credits may be fractional.
"""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from enrichment.caps import Cap
from enrichment.waterfall import StopWhen
from sources.checking import one_of, parse_duration, wrong
from sources.clodura.settings import CloduraSettings
from sources.errors import ConfigurationError
from sources.redaction import shown
from sources.registry import VENDORS, settings_of
from sources.settings import Credits, Duration, Listed, Section, VendorSettings, listed
from sources.transport import is_loopback

CHANNELS = ("email", "phone")
MODES = ("webhook", "poll")
POLICIES = ("none", "risky", "all")
STOPS = tuple(StopWhen)
DAY = 86_400.0


def _public_url(value: object) -> object:
    if isinstance(value, str):
        if any(mark in value for mark in "@?#"):  # not shown: this is where secrets are
            raise wrong("leave out user, password, query and fragment")
        if not _is_url(value.strip()):
            raise wrong(f"{shown(value)} is not a URL: write it like https://hooks.example.com")
        if value.strip().startswith("http:") and not is_loopback(value.strip()):
            raise wrong(
                f"{shown(value)} is not encrypted: answers hold personal data, use https (loopback may be http)"
            )
        return value.strip().rstrip("/")
    return value


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and " " not in text
    except ValueError:  # a port out of range, half an address
        return False


def _long(value: object) -> object:
    """An age at which things are bought anew: 180 without a unit would be three minutes, and cost everything anew."""
    seconds = parse_duration(value)
    if isinstance(seconds, float) and seconds < DAY:
        raise wrong(f'{value!r} is less than a day: everything would be bought anew each time. Write it like "180d"')
    return value


def _dataset(value: object) -> object:
    if isinstance(value, str):
        return check_dataset(value, "")
    return value


def check_dataset(name: str, setting: str) -> str:
    """The name of a dataset, if it is one that needs no quotes; a complaint under ``setting`` where that is given."""
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
        return name
    said = f"{shown(name)} is no name for a dataset: write small letters, digits and _, not a digit first, 63 at most"
    raise ConfigurationError(f"{setting}: {said}.") if setting else wrong(said)


class EnrichmentSettings(Section):
    """[enrichment]"""

    path = ("enrichment",)
    below = ("caps",)
    bounds = (
        "max_credits_per_run", "max_credits_per_day", "max_credits_per_month", "max_search_credits_per_run", "caps",
    )  # fmt: skip

    channels: Annotated[Listed, one_of(CHANNELS), BeforeValidator(listed)] = ["email", "phone"]
    """What is bought for each person found; `[]` for nothing."""
    email_providers: Annotated[Listed, one_of(VENDORS), BeforeValidator(listed)] = ["clodura"]
    """Who is asked for e-mail addresses, in this order: the next one only where those before it have answered with less
    than `stop_when` wants. Among equal addresses the order decides which is the lead's, too.
    """
    phone_providers: Annotated[Listed, one_of(VENDORS), BeforeValidator(listed)] = ["clodura"]
    """Who is asked for phone numbers, in this order: the next one only where those before it have found none."""
    stop_when: Annotated[str, one_of(STOPS)] = "any"
    """What is enough of an address: any that nobody calls undeliverable (`any`), one that is verified, be it a
    catch-all (`risky`), or a `deliverable` one. Where addresses are verified by themselves, their verdict counts.
    """
    in_doubt_after: Duration | None = None
    """A call in doubt holds the next provider back for that long; where it is not set, until it is resolved."""
    batch_wait: Annotated[Duration, Field(ge=0)] = 10.0
    """How long calls wait for others to share a request with, at vendors that take several people in one request. Not
    longer than there is anything under way that could bring more.
    """
    verify: Annotated[str, one_of(POLICIES)] = "none"
    """Which of the addresses bought are verified by themselves: none, those nobody calls good or bad (`risky`), all."""
    deep: bool = False
    """Deep verification: 0.1 credit an address instead of 0.04; better where a domain takes mail for any address."""
    reverify_after: Duration = 90 * 86_400.0
    """How long a verdict holds: after that its address may be verified again."""
    max_credits_per_run: Credits | None = None
    """The most one run buys for, counted at what each call may cost at most. Never passed."""
    max_credits_per_day: Credits | None = None
    """The most all runs of a UTC day buy for, counted the same way. Never passed."""
    max_credits_per_month: Credits | None = None
    """The most all runs of a UTC month buy for, counted the same way. Never passed."""
    max_search_credits_per_run: Credits | None = None
    """The most one run's searches may cost, in export credits; the other caps bound what is bought. Never passed."""
    refresh_after: Annotated[Duration, BeforeValidator(_long)] | None = None
    """Buy contacts anew, found or not, once their answer is older than that and a search shows the person again: a
    day or more. Costs as much as the first time. Where it is not set, what was answered once is never bought again.
    """
    poll_interval: Annotated[Duration, Field(ge=0.05)] = 5.0
    """Where no webhook is waited for: the age at which a job is first polled for while nobody knows how long jobs take.
    As soon as one has ended, that decides: a job is polled for when nearly all have ended, then further and further
    apart. What was learned is kept for the next run.
    """
    webhook_grace: Duration = 5.0
    """How long a webhook is waited for before its job is polled for, beyond the longest that webhooks are known to
    take; while nobody knows that, one job is polled for after this time. Webhooks count as absent after three results
    that had to be fetched, and four times as long.
    """
    give_up_after: Duration = 86_400.0
    """A job that has no result by then counts as in doubt; an answer that still comes settles it."""
    max_unanswered: Annotated[int, Field(ge=1, le=1000)] = 16
    """Paid requests on the wire at a time: as many as a crash may leave in doubt."""
    flush_every: Annotated[Duration, Field(ge=0.1)] = 30.0
    """How often rows are loaded while a run goes on; sooner where 120,000 have come."""


class LedgerSettings(Section):
    """[ledger]"""

    path = ("ledger",)

    url: str = Field(default="sqlite:///.leadsync/ledger.db", repr=False)
    """The SQLite file that knows what was bought, relative to the folder leadsync runs in. Back it up: without it
    everything would be bought again. Webhooks wait in a second one beside it (`ledger.inbox.db`).
    """


class WebhookSettings(Section):
    """[webhook]"""

    path = ("webhook",)
    secret = ("signing_key", "signing_key_previous")

    mode: Annotated[str, one_of(MODES)] = "webhook"
    """How answers come: posted by the vendor while somebody listens (`webhook`), or fetched (`poll`)."""
    public_url: Annotated[str | None, BeforeValidator(_public_url)] = None
    """The https URL under which `port` is reached from outside. In `poll` mode any https URL that you own: the
    vendor takes e-mail reveals only with one.
    """
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    """The address that `serve` listens on, or `sync` while it runs."""
    port: Annotated[int, Field(ge=0, le=65_535)] | None = None
    """The port that `serve` listens on, or `sync` while it runs; where it is not set, answers are fetched. 0: any that
    is free, for a vendor on this machine.
    """
    signing_key: str | None = Field(default=None, repr=False, min_length=16)
    """Signs webhook URLs, at least 16 characters; made and kept in the ledger where it is not set."""
    signing_key_previous: str | None = Field(default=None, repr=False)
    """The key before, while webhook URLs signed with it may still be posted to."""


class PipelineSettings(Section):
    """[pipelines]"""

    path = ("pipelines",)

    destination: str = "duckdb"
    """Where rows go."""
    dataset: Annotated[str, BeforeValidator(_dataset)] = "crm"
    """The schema they go to. Must not be named like the DuckDB file."""
    duckdb_path: Annotated[str, Field(min_length=1)] = "leads.duckdb"
    """The DuckDB file, relative to the folder leadsync runs in."""


class Settings(BaseModel):
    """All of them, the searches as they were written (checked by their vendor's folder), and caps by provider.

    ``vendors``: the other vendors' sections, by name. ``ceilings``: the most an answer may cost at worst, by provider,
    in 1/100 of its unit.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    clodura: CloduraSettings
    enrichment: EnrichmentSettings
    ledger: LedgerSettings
    webhook: WebhookSettings
    pipelines: PipelineSettings
    searches: dict[str, dict[str, Any]] = Field(default={}, repr=False)
    caps: tuple[Cap, ...] = ()
    ceilings: dict[str, int] = {}
    vendors: dict[str, VendorSettings] = {}

    def vendor(self, name: str) -> VendorSettings:
        """The section of a vendor."""
        return self.clodura if name == CloduraSettings.name else self.vendors[name]


SECTIONS: dict[str, type[Section]] = {
    **{vendor: settings_of(vendor) for vendor in VENDORS},
    "enrichment": EnrichmentSettings,
    "ledger": LedgerSettings,
    "webhook": WebhookSettings,
    "pipelines": PipelineSettings,
}
