"""`leadsync plan`: gathers what a forecast is made from. Sends nothing, but for the searches of a probe."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import sqlalchemy as sa

from enrichment.ids import micros, new_id
from enrichment.ledger import Ledger, forecast, ledger_path, runs
from enrichment.ledger.claims import used_of
from enrichment.ledger.counters import LedgerCounters
from enrichment.ledger.forecast import LastReading
from enrichment.ledger.ledger_time import ledger_time
from enrichment.metering import NONE, LedgerMeter
from pipelines.environment import user_agent
from pipelines.forecast import MOST_PEOPLE, ChannelFacts, Expected, Facts
from pipelines.forecast import forecast as reckon
from pipelines.options import (
    SyncOptions,
    checked,
    chosen_caps,
    chosen_channels,
    chosen_search_price,
    chosen_searches,
    chosen_verifying,
)
from pipelines.playground import playground
from pipelines.settings import Settings
from pipelines.telling import Teller
from pipelines.vendor import account_of, keep_realm, same_realm, usable_key
from sources.clock import SYSTEM_CLOCK
from sources.clodura.client import CloduraClient, make_transport
from sources.clodura.filters import SearchFilters
from sources.clodura.probe import Probed, probe
from sources.clodura.provider import operations
from sources.clodura.windows import Coverage
from sources.limits import Window
from sources.providers import Channel

#: seconds that a probe waits for our own rate limits
PATIENCE = 120.0


def plan(options: SyncOptions, settings: Settings, teller: Teller, *, probing: bool) -> dict[str, Any]:
    """What a sync with these options would ask and cost; see `pipelines.forecast.forecast` for the object."""
    options = checked(options)
    searches, warnings = chosen_searches(options, settings)
    for text in warnings:
        teller.warn(text)
    with ExitStack() as stack:
        if options.sandbox and probing:
            settings = stack.enter_context(playground(settings, teller))
        ledger = stack.enter_context(_ledger(options, settings, probing))
        known = ledger.call(runs.fact, "realm")
        if probing:  # its searches are booked
            keep_realm(ledger, settings)
        elif known is not None and not options.sandbox:
            same_realm(known, settings, ledger.path)
        probed: Mapping[str, Probed] = {}
        if probing:
            probed = anyio.run(partial(_probe, options, settings, searches, ledger))
        with ledger.read() as connection:
            facts = _facts(connection, options, settings, searches, probed)
            under_way, in_doubt = forecast.outstanding(connection)
        result = reckon(facts)
    return {
        **result,
        "calls_under_way": under_way,
        "calls_in_doubt": in_doubt,
        "probe_calls": sum(found.calls for found in probed.values()),
        "note": _note(facts),
    }


@contextmanager
def _ledger(options: SyncOptions, settings: Settings, probing: bool) -> Iterator[Ledger]:
    """The ledger; where there is none yet and nothing is to be booked, an empty one that leaves nothing behind."""
    with ExitStack() as stack:
        if probing or ledger_path(settings.ledger.url, options.folder).exists():
            yield stack.enter_context(Ledger(settings.ledger.url, options.folder))
        else:
            nowhere = Path(stack.enter_context(TemporaryDirectory(prefix="leadsync-plan-")))
            yield stack.enter_context(Ledger("sqlite:///ledger.db", nowhere))


def _facts(
    connection: sa.Connection,
    options: SyncOptions,
    settings: Settings,
    searches: Mapping[str, SearchFilters],
    probed: Mapping[str, Probed],
) -> Facts:
    now = ledger_time(connection, micros(SYSTEM_CLOCK))
    run_id = new_id()
    kinds = operations(settings.clodura.plan)
    age = settings.enrichment.refresh_after
    stale_before = None if age is None else now - round(age * 1_000_000)
    channels = {}
    for channel in chosen_channels(options, settings):
        name = kinds[channel].name
        channels[channel] = ChannelFacts(
            kinds[channel],
            answered=forecast.answered(connection, name, stale_before),
            planned=forecast.planned(connection, name, None if channel is Channel.VERIFICATION else [*searches]),
            experience=forecast.experience(connection, name),
            stale=forecast.stale(connection, name, stale_before),
            unasked=forecast.unasked(connection, name),
        )
    caps = chosen_caps(options, settings)
    expected = []
    for name, filters in searches.items():
        last = forecast.last_reading(connection, name, f"{name}/{filters.fingerprint()}")
        expected.append(_expected(name, last, probed.get(name), options.limit))
    return Facts(
        searches=expected,
        channels=channels,
        price=chosen_search_price(options, settings),
        caps=[*used_of(connection, caps, run_id, now).items()],
        windows=[Window.parse(text) for text in settings.clodura.rate_limits],
        limit=options.limit,
        unverified=forecast.unverified(connection, chosen_verifying(options, settings), now),
        most_addresses=forecast.most_addresses(connection),
        polling=settings.webhook.mode == "poll",
    )


def _expected(name: str, last: LastReading | None, probed: Probed | None, limit: int | None) -> Expected:
    """A probe knows best; then a search that was read whole; one that was not, shows at least what was seen of it."""
    whole = last is not None and last.coverage == Coverage.COMPLETE
    asked = frozenset(json.loads(last.run_summary or "{}").get("channels", ())) if last is not None and whole else None
    if probed is not None:
        same = whole and last is not None and last.people == probed.people
        least = probed.people if limit is None else min(limit, probed.people)
        return Expected(name, least, probed.people, "probe", None, (asked or frozenset()) if same else frozenset())
    if last is None:
        return Expected(name, 0, MOST_PEOPLE, "never read")
    if whole:
        return Expected(name, last.people, last.people, "last run", last.finished_at, asked or frozenset())
    return Expected(name, last.people, MOST_PEOPLE, f"last run, {last.coverage}", last.finished_at)


async def _probe(
    options: SyncOptions, settings: Settings, searches: Mapping[str, SearchFilters], ledger: Ledger
) -> dict[str, Probed]:
    key = usable_key(settings.clodura)
    price = chosen_search_price(options, settings)
    run_id = new_id()

    def now() -> int:
        with ledger.read() as connection:
            return ledger_time(connection, micros(SYSTEM_CLOCK))

    found: dict[str, Probed] = {}
    transport = make_transport(
        settings.clodura.base_url,
        key,
        rate_limits=tuple(settings.clodura.rate_limits),
        counters=LedgerCounters(ledger),
        counter_name=account_of(key),
        user_agent=user_agent(),
    )
    async with transport:
        client = CloduraClient(transport)
        for name, filters in searches.items():
            meter = None if price.charge == NONE else LedgerMeter(ledger, price, run_id, name, now)
            found[name] = await probe(client, filters, meter=meter, patience=lambda: PATIENCE)
    return found


def _note(facts: Facts) -> str:
    unknown = [search.search for search in facts.searches if search.source == "never read"]
    if unknown:
        return (
            f"Nobody has read {', '.join(unknown)} yet: a search shows up to {MOST_PEOPLE:,} people. --probe counts "
            f"them by a few searches, which may be charged."
        )
    return "As long as the searches show the people they showed when they were last read."
