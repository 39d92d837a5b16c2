"""What a run is asked to do, from settings and command line: checked as a whole before anything is opened or sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from enrichment.caps import Cap, Scope
from enrichment.contacts import normalized_address
from enrichment.metering import SearchPrice
from enrichment.verification import Policy, Verifying
from pipelines.leads.lead import Lead
from pipelines.provider_caps import hundredths
from pipelines.settings import CHANNELS, POLICIES, Settings, check_dataset
from sources.checking import parse_duration
from sources.clodura.choices import Choices, parse_choices, without_effect
from sources.clodura.filters import SearchFilters, parse_filters
from sources.clodura.prices import UNIT
from sources.clodura.provider import NAME
from sources.errors import ConfigurationError
from sources.nearest import did_you_mean
from sources.providers import Channel
from sources.redaction import shown


@dataclass(frozen=True)
class Verify:
    """`leadsync verify` as typed: these addresses, or all known ones that the policy wants."""

    addresses: Sequence[str] = field(default=(), repr=False)
    policy: str | None = None
    deep: bool | None = None
    again: bool = False


@dataclass(frozen=True)
class Leads:
    """The list of `leadsync enrich` as typed, or the one person of `find-email`. See `pipelines.leads.reading`."""

    source: str | None = field(default=None, repr=False)
    query: str | None = field(default=None, repr=False)
    table: str | None = None
    encoding: str | None = None
    mapping: Sequence[str] = field(default=(), repr=False)
    rejects: Path | None = field(default=None, repr=False)
    one: Lead | None = None


@dataclass(frozen=True)
class SyncOptions:
    """`leadsync sync` as typed. None: as the settings say. With ``verify`` no search runs: addresses are verified.

    With ``leads`` none runs either: people of a list are enriched.
    """

    folder: Path
    searches: Sequence[str] = ()
    enrich: str | None = None
    limit: int | None = None
    budget: float | None = None
    destination: str | None = None
    dataset: str | None = None
    wait: float = 600.0
    sandbox: bool = False
    verify: Verify | None = None
    leads: Leads | None = None

    @property
    def command(self) -> str:
        """The command that was typed, of those that buy."""
        if self.verify is not None:
            return "verify"
        if self.leads is None:
            return "sync"
        return "enrich" if self.leads.one is None else "find-email"


def chosen_searches(options: SyncOptions, settings: Settings) -> tuple[dict[str, SearchFilters], list[str]]:
    """The searches to run, checked, with warnings. ConfigurationError names everything that is wrong."""
    if options.verify is not None or options.leads is not None:
        return {}, []
    written = settings.searches
    if not written and options.sandbox:
        written = {"everyone": {}}
    if not written and not (options.folder / ".dlt").is_dir():
        raise ConfigurationError(
            f"There is no .dlt folder in {options.folder}, so there are no settings and no search. Go to the folder "
            f"that has one, or let `leadsync init` make one here."
        )
    if not written:
        raise ConfigurationError(
            "sources.clodura.searches: there is no search. Write one into .dlt/config.toml, for example\n"
            '[sources.clodura.searches.founders]\nseniority = ["Founder"]\nperson_country = ["India"]\n'
            "or let `leadsync init` write one."
        )
    unknown = [name for name in options.searches if name not in written]
    if unknown:
        name = unknown[0]
        raise ConfigurationError(
            f"There is no search {shown(name)} in the settings; there are {', '.join(written)}."
            f"{did_you_mean(name, written)}"
        )
    names = list(dict.fromkeys(options.searches)) or list(written)
    checked: dict[str, SearchFilters] = {}
    mistakes: list[str] = []
    for name in names:
        try:
            checked[name] = parse_filters(name, written[name])
            chosen_choices({name: written[name]})
        except ConfigurationError as error:
            mistakes.append(str(error))
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    warnings = [
        f"search {name}: {text}"
        for name, filters in checked.items()
        for text in [*filters.warnings(), *without_effect(written[name], bool(filters.exclude_viewed_people))]
    ]
    return checked, [] if options.sandbox else warnings


def chosen_choices(searches: Mapping[str, Mapping[str, Any]]) -> dict[str, Choices]:
    """How each search wants to be read; ConfigurationError where that makes no sense."""
    return {name: parse_choices(name, settings) for name, settings in searches.items()}


def chosen_channels(options: SyncOptions, settings: Settings) -> list[Channel]:
    """What is bought for each person, in this order."""
    if options.verify is not None:
        return [Channel.VERIFICATION]
    names = settings.enrichment.channels
    if options.enrich is not None:
        names = [name.strip() for name in options.enrich.split(",") if name.strip()]
        if names == ["none"]:
            names = []
        elif not names:
            raise ConfigurationError(
                f"--enrich: names nothing. Write {', '.join(CHANNELS)}, both with a comma, or none."
            )
    for name in names:
        if name not in CHANNELS:
            known = (*CHANNELS, "none")
            raise ConfigurationError(
                f"--enrich: {shown(name)} is not one of {', '.join(known)}.{did_you_mean(name, known)}"
            )
    channels = [Channel(name) for name in dict.fromkeys(names)]
    verifies = Channel.EMAIL in channels and settings.enrichment.verify != Policy.NONE
    return [*channels, Channel.VERIFICATION] if verifies else channels


def chosen_verifying(options: SyncOptions, settings: Settings) -> Verifying:
    """What is verified, and when again."""
    enrichment = settings.enrichment
    policy, again_after = enrichment.verify, enrichment.reverify_after
    if options.verify is not None:
        policy = options.verify.policy or policy
        if policy not in POLICIES:
            raise ConfigurationError(
                f"--policy: {shown(policy)} is not one of {', '.join(POLICIES)}.{did_you_mean(policy, POLICIES)}"
            )
        if not options.verify.addresses and policy == Policy.NONE:
            raise ConfigurationError(
                "Nothing to verify: enrichment.verify is none. Name addresses, or say --policy risky or --policy all "
                "for those that were bought. Nothing was sent."
            )
        again_after = 0.0 if options.verify.again else again_after
    return Verifying(Policy(policy), again_after)


def well_formed(addresses: Sequence[str]) -> list[str]:
    """Addresses in the form the ledger knows them by, each once; ConfigurationError tells which are none.

    It tells their places and repeats none of them: a mistyped address is somebody's, too.
    """
    mistakes = [place for place, text in enumerate(addresses, 1) if normalized_address(text) is None]
    if mistakes:
        which = f"Address {mistakes[0]}" if len(mistakes) == 1 else f"Addresses {', '.join(map(str, mistakes))}"
        raise ConfigurationError(
            f"{which} of {len(addresses)}: no e-mail address by its syntax. Nothing was sent or bought."
        )
    return list(dict.fromkeys(filter(None, map(normalized_address, addresses))))


def wait_seconds(text: str) -> float:
    """`--wait`, in seconds."""
    return seconds_of("--wait", text)


def seconds_of(option: str, text: str) -> float:
    """An option that is a length of time, in seconds."""
    try:
        return float(str(parse_duration(text)))
    except PydanticCustomError as error:
        raise ConfigurationError(f"{option}: {error.message()}") from None


def chosen_caps(options: SyncOptions, settings: Settings) -> list[Cap]:
    """What bounds the purchases of this run. The sandbox's money is not real: there only --budget counts."""
    enrichment = settings.enrichment
    wanted: dict[str, tuple[Scope, float | None]] = {"--budget": (Scope.RUN, options.budget)}
    if not options.sandbox:
        wanted |= {
            "enrichment.max_credits_per_run": (Scope.RUN, enrichment.max_credits_per_run),
            "enrichment.max_credits_per_day": (Scope.DAY, enrichment.max_credits_per_day),
            "enrichment.max_credits_per_month": (Scope.MONTH, enrichment.max_credits_per_month),
        }
    over_all = [
        Cap(setting, scope, UNIT, hundredths(amount))
        for setting, (scope, amount) in wanted.items()
        if amount is not None
    ]
    return over_all if options.sandbox else [*over_all, *settings.caps]


def chosen_search_price(options: SyncOptions, settings: Settings) -> SearchPrice:
    """What searching may cost, and the cap on it."""
    cap = None if options.sandbox else settings.enrichment.max_search_credits_per_run
    return SearchPrice(NAME, UNIT, settings.clodura.search_charge, None if cap is None else hundredths(cap))


def checked(options: SyncOptions) -> SyncOptions:
    """The options, if their numbers make sense."""
    if options.limit is not None and options.limit < 1:
        raise ConfigurationError(f"--limit: {options.limit} people are none. Write 1 or more.")
    if options.budget is not None and not 0 <= options.budget < float("inf"):
        raise ConfigurationError(f"--budget: {options.budget} is no amount of credits. Write 0 or more.")
    if options.dataset is not None:
        check_dataset(options.dataset, "--dataset")
    return options
