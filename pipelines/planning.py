"""`leadsync plan`: gathers what a forecast is made from. Sends nothing, but for the searches of a probe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import sqlalchemy as sa

from enrichment.ids import micros, new_id
from enrichment.ledger import Ledger, forecast, ledger_path, runs, scans
from enrichment.ledger.claims import used_of
from enrichment.ledger.counters import LedgerCounters
from enrichment.ledger.forecast import Foreseen
from enrichment.ledger.ledger_time import ledger_time
from enrichment.ledger.schema import scans as scan_table
from enrichment.ledger.searches import SearchBudget
from enrichment.ledger.standings import Asking
from enrichment.metering import NONE, LedgerMeter
from enrichment.verification import Verifying
from pipelines.environment import user_agent
from pipelines.expectation import NextReading, expectation, note
from pipelines.forecast import Facts, Step, Verification
from pipelines.forecast import forecast as reckon
from pipelines.options import (
    SyncOptions,
    checked,
    chosen_caps,
    chosen_channels,
    chosen_choices,
    chosen_search_price,
    chosen_searches,
    chosen_verifying,
)
from pipelines.playground import playground
from pipelines.settings import Settings
from pipelines.spending import spending_warnings
from pipelines.telling import Teller
from pipelines.vendor import account_of, keep_realm, same_realm, usable_key, vendors_of, waterfall_of
from sources.clock import SYSTEM_CLOCK
from sources.clodura.choices import Choices
from sources.clodura.client import CloduraClient, make_transport
from sources.clodura.filters import SearchFilters
from sources.clodura.prices import UNIT
from sources.clodura.probe import Probed, probe
from sources.clodura.provider import NAME
from sources.clodura.windows import Coverage
from sources.limits import Window
from sources.providers import Channel
from sources.registry import connecting

#: seconds that a probe waits for our own rate limits
PATIENCE = 120.0


def plan(options: SyncOptions, settings: Settings, teller: Teller, *, probing: bool) -> dict[str, Any]:
    """What a sync with these options would ask and cost; see `pipelines.forecast.forecast` for the object."""
    options = checked(options)
    searches, warnings = chosen_searches(options, settings)
    waterfall = waterfall_of(settings, chosen_channels(options, settings))
    for text in [*warnings, *spending_warnings(options, settings, waterfall)]:
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
            now = ledger_time(connection, micros(SYSTEM_CLOCK))
            readings = _next_readings(connection, options, settings, searches, now)
            facts = _facts(connection, options, settings, searches, probed, readings, now)
            under_way, in_doubt = forecast.outstanding(connection)
        result = reckon(facts)
    new_only = [name for name, reading in readings.items() if reading is NextReading.NEW]
    return {
        **result,
        "calls_under_way": under_way,
        "calls_in_doubt": in_doubt,
        "probe_calls": sum(found.calls for found in probed.values()),
        "note": note(facts.searches, new_only),
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
    readings: Mapping[str, NextReading],
    now: int,
) -> Facts:
    run_id = new_id()
    channels = chosen_channels(options, settings)
    waterfall = waterfall_of(settings, channels)
    verifying = chosen_verifying(options, settings)
    age = settings.enrichment.refresh_after
    asking = Asking(
        waterfall,
        providers={},
        run_id=run_id,
        stale_before=None if age is None else now - round(age * 1_000_000),
        verifying=Channel.VERIFICATION in channels,
    )
    waterfalls = {}
    for channel in waterfall.channels:
        counted = forecast.foreseen(connection, asking, channel, [*searches], now, verifying)
        waterfalls[channel] = [_step(connection, settings, name, channel, people) for name, people in counted.items()]
    caps = chosen_caps(options, settings)
    expected = []
    for name, filters in searches.items():
        last = forecast.last_reading(connection, name, f"{name}/{filters.fingerprint()}")
        expected.append(expectation(name, last, probed.get(name), options.limit, readings[name]))
    return Facts(
        searches=expected,
        waterfalls=waterfalls,
        price=chosen_search_price(options, settings),
        caps=[*used_of(connection, caps, run_id, now).items()],
        windows={name: _windows(settings, name) for name in dict.fromkeys([NAME, *vendors_of(waterfall)])},
        limit=options.limit,
        verification=_verification(connection, settings, verifying, now) if asking.verifying else None,
        polling=settings.webhook.mode == "poll",
    )


def _step(connection: sa.Connection, settings: Settings, name: str, channel: Channel, people: Foreseen) -> Step:
    vendor = settings.vendor(name)
    operation = connecting(name).operations(vendor)[channel]
    return Step(name, vendor.unit, operation, people, forecast.experience(connection, name, operation.name))


def _verification(connection: sa.Connection, settings: Settings, verifying: Verifying, now: int) -> Verification:
    operation = connecting(NAME).operations(settings.clodura)[Channel.VERIFICATION]
    return Verification(
        NAME,
        UNIT,
        operation,
        forecast.experience(connection, NAME, operation.name),
        waiting=max(forecast.unverified(connection, verifying, now), forecast.planned_verifications(connection, NAME)),
        each=forecast.most_addresses(connection),
    )


def _windows(settings: Settings, name: str) -> list[Window]:
    return [Window.parse(text) for text in settings.vendor(name).rate_limits]


def _next_readings(
    connection: sa.Connection,
    options: SyncOptions,
    settings: Settings,
    searches: Mapping[str, SearchFilters],
    now: int,
) -> dict[str, NextReading]:
    """What the next run reads of each search; as `pipelines.searching` decides it."""
    choices = chosen_choices({name: settings.searches.get(name, {}) for name in searches})
    whole = options.limit is not None
    return {
        name: NextReading.ALL if whole else _next_reading(connection, name, filters, choices[name], now)
        for name, filters in searches.items()
    }


def _next_reading(
    connection: sa.Connection, name: str, filters: SearchFilters, choices: Choices, now: int
) -> NextReading:
    fingerprint = filters.fingerprint()
    if choices.new_only and not filters.exclude_viewed_people:
        full = scans.last_whole(connection, name, fingerprint)
        if full is not None and now < full + choices.full_scan_every * 1_000_000:
            return NextReading.NEW
    since = now - choices.resume_within * 1_000_000
    # of one whose run was killed the scan alone tells: nobody was left to write down what it saw
    is_open = (scan_table.c.finished_at.is_(None), scan_table.c.started_at >= since)
    of_it = (scan_table.c.search == name, scan_table.c.fingerprint == fingerprint)
    if connection.execute(sa.select(scan_table.c.scan_id).where(*of_it, *is_open)).first() is not None:
        return NextReading.REST
    last = forecast.last_reading(connection, name, f"{name}/{fingerprint}")
    if last is None or last.coverage != Coverage.INTERRUPTED:
        return NextReading.ALL
    return NextReading.REST if last.started_at >= since else NextReading.ALL


async def _probe(
    options: SyncOptions, settings: Settings, searches: Mapping[str, SearchFilters], ledger: Ledger
) -> dict[str, Probed]:
    key = usable_key(settings.clodura, "plan --probe")
    price = chosen_search_price(options, settings)
    run_id = new_id()

    def now() -> int:
        with ledger.read() as connection:
            return ledger_time(connection, micros(SYSTEM_CLOCK))

    found: dict[str, Probed] = {}
    budget = SearchBudget(run_id, price.cap)
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
            meter = None if price.charge == NONE else LedgerMeter(ledger, price, budget, name, now)
            found[name] = await probe(client, filters, meter=meter, patience=lambda: PATIENCE)
    return found
