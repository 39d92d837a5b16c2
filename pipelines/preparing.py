"""What is done before anything is spent, in the order that keeps money and data safe."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import destinations
from destinations import Destination, DestinationOptions
from enrichment.context import EngineSettings
from enrichment.ids import micros, new_id
from enrichment.inbox import Inbox, inbox_path
from enrichment.ledger import Ledger, ledger_path, runs, sums
from pipelines import sink, views, webhooks
from pipelines.environment import user_agent
from pipelines.leads.opening import opened_leads
from pipelines.loading import Loader
from pipelines.locks import GLANCE, is_held, lock_of_serve, make_private, only_one
from pipelines.options import (
    SyncOptions,
    chosen_caps,
    chosen_channels,
    chosen_choices,
    chosen_search_price,
    chosen_searches,
    chosen_verifying,
    well_formed,
)
from pipelines.session import SessionPlan, Vendor
from pipelines.settings import Settings
from pipelines.spending import spending_warnings
from pipelines.telling import Teller
from pipelines.vendor import (
    HOME,
    account_of,
    asked_of,
    keep_realm,
    locks_of,
    need_url,
    one_realm,
    usable_key,
    vendors_of,
    waterfall_of,
    webhook_checks,
)
from sources.clock import SYSTEM_CLOCK
from sources.clodura.settings import CloduraSettings


@dataclass(frozen=True)
class Prepared:
    """Everything checked and opened; nothing spent yet."""

    options: SyncOptions
    settings: Settings
    plan: SessionPlan
    ledger: Ledger
    inbox: Inbox
    loader: Loader
    destination: Destination
    dataset: str
    sink_id: str


_MENDED = (
    "{wrong} of the ledger's running sums were not what its calls add up to: something else than leadsync has changed "
    "it. They are right again; the caps count what the calls say. Nothing was bought meanwhile."
)


@contextmanager
def prepared(options: SyncOptions, settings: Settings, teller: Teller) -> Iterator[tuple[Prepared, Any]]:
    """Check names, settings and searches; then the locks, the ledger, the socket, the destination. In this order."""
    searches, warnings = chosen_searches(options, settings)
    verifying = chosen_verifying(options, settings)
    addresses = well_formed(options.verify.addresses) if options.verify is not None else None
    channels = chosen_channels(options, settings)
    caps = chosen_caps(options, settings)
    dataset = options.dataset or settings.pipelines.dataset
    destination = destinations.make(
        options.destination or settings.pipelines.destination,
        DestinationOptions(options.folder, dataset, settings.pipelines.duckdb_path),
    )
    waterfall = waterfall_of(settings, channels)
    vendors = {
        name: Vendor(of, key := usable_key(of, options.command), account_of(key, name))
        for name in dict.fromkeys([CloduraSettings.name, *vendors_of(waterfall)])
        for of in [settings.vendor(name)]
    }
    one_realm(settings, list(vendors))
    reception = webhooks.plan_reception(
        settings.webhook,
        settings.clodura.base_url,
        need_url(settings.clodura, asked_of(waterfall, CloduraSettings.name)),
    )
    warnings += spending_warnings(options, settings, waterfall)
    for text in [*warnings, *([reception.warning] if reception.warning else [])]:
        teller.warn(text)
    home = options.folder / HOME
    with ExitStack() as stack:
        stack.callback(os.umask, os.umask(0o077))  # DuckDB's file, and what dlt writes, are their owner's alone
        make_private(home)
        of_folder, of_ledger = locks_of(options.folder, ledger_path(settings.ledger.url, options.folder))
        stack.enter_context(only_one([of_folder], within=GLANCE))
        ledger = stack.enter_context(Ledger(settings.ledger.url, options.folder))
        stack.enter_context(only_one([of_ledger], within=GLANCE))
        keep_realm(ledger, settings)
        if wrong := ledger.call(sums.mend):
            teller.warn(_MENDED.format(wrong=wrong))
        destination.fits()
        if (cleared := destination.clear()) is not None:
            teller.warn(cleared)
        destination.check()
        inbox = stack.enter_context(Inbox(inbox_path(ledger.path)))
        opened = webhooks.open_reception(reception, partial(is_held, lock_of_serve(ledger.path)))
        if opened.listening is not None:
            stack.callback(opened.listening.close)
        loader = Loader(destination, dataset, home / "dlt")
        orders = (settings.enrichment.email_providers, settings.enrichment.phone_providers)
        made_views = views.statements(dataset, *orders)
        leads = stack.enter_context(opened_leads(options.leads, options.folder, destination, teller))
        sink_id = sink.prepare(loader, destination, dataset, ledger, micros(SYSTEM_CLOCK), teller.say, made_views)
        run_id = new_id()
        plan = SessionPlan(
            run_id=run_id,
            sink_id=sink_id,
            vendors=vendors,
            searches=searches,
            choices=chosen_choices({name: settings.searches.get(name, {}) for name in searches}),
            engine=EngineSettings(
                channels=channels,
                caps=caps,
                max_unanswered=settings.enrichment.max_unanswered,
                poll_interval=settings.enrichment.poll_interval,
                webhook_grace=settings.enrichment.webhook_grace,
                give_up_after=settings.enrichment.give_up_after,
                wait=options.wait,
                callback_base=opened.base,
                receiving=opened.receiving,
                verifying=verifying,
                gather=settings.enrichment.batch_wait,
            ),
            capability=webhooks.capability_of(settings.webhook, partial(ledger.call, runs.signing_key)),
            waterfall=waterfall,
            checks=webhook_checks(settings),
            limit=options.limit,
            refresh_after=settings.enrichment.refresh_after,
            search_price=chosen_search_price(options, settings),
            addresses=addresses,
            deep=_deep(options, settings),
            user_agent=user_agent(),
            leads=leads,
            single=options.leads is not None and options.leads.one is not None,
        )
        ready = Prepared(options, settings, plan, ledger, inbox, loader, destination, dataset, sink_id)
        yield ready, opened.listening


def _deep(options: SyncOptions, settings: Settings) -> bool:
    typed = options.verify.deep if options.verify is not None else None
    return settings.enrichment.deep if typed is None else typed
