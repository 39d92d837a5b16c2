"""`--sandbox`: the imitation vendor in a process of its own for as long as a run lasts, and settings to match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pipelines.settings import EnrichmentSettings, Settings, WebhookSettings
from pipelines.telling import Teller
from sources.settings import VendorSettings
from sources.transport import is_loopback

#: people in the sandbox of a run
PEOPLE = 1000
SEED = 1
#: limits far above what a run reaches: a demo waits for nobody
RATE_LIMITS = ["5000/second"]
#: seconds an imitated reveal takes
JOB_SECONDS = 0.5


@contextmanager
def playground(settings: Settings, teller: Teller) -> Iterator[Settings]:
    """Start the sandbox; the settings that use it, with webhooks on loopback unless the mode is "poll"."""
    import sandbox

    behaviour = {"job_seconds": JOB_SECONDS, "sixtyfour_job_seconds": JOB_SECONDS, "sixtyfour_rate_limit": 0}
    with sandbox.running(people=PEOPLE, seed=SEED, plan=settings.clodura.plan, behaviour=behaviour) as server:
        teller.say(f"The sandbox imitates the vendors at {server.url}: {PEOPLE} people, no real key, no real money.")
        clodura = settings.clodura.model_copy(
            update={"base_url": server.url, "api_key": server.api_key, "rate_limits": RATE_LIMITS}
        )
        there = {"base_url": server.sixtyfour_url, "api_key": server.sixtyfour_api_key, "rate_limits": RATE_LIMITS}
        sixtyfour = settings.vendor("sixtyfour").model_copy(update={**there, "webhook_secret": None})
        vendors = {**settings.vendors, "sixtyfour": sixtyfour}
        mode = settings.webhook.mode
        webhook = WebhookSettings(
            mode=mode,
            host="127.0.0.1",
            port=0 if mode == "webhook" else None,
            signing_key=settings.webhook.signing_key,
        )
        enrichment = _imitated_only(settings.enrichment, vendors, teller)
        if mode == "poll":
            enrichment = enrichment.model_copy(update={"poll_interval": min(1.0, enrichment.poll_interval)})
        yield settings.model_copy(
            update={"clodura": clodura, "webhook": webhook, "enrichment": enrichment, "vendors": vendors}
        )


def _imitated_only(
    enrichment: EnrichmentSettings, vendors: Mapping[str, VendorSettings], teller: Teller
) -> EnrichmentSettings:
    """The orders without those whom nobody imitates: no real money is spent beside imitated purchases."""
    real = {name for name, vendor in vendors.items() if not is_loopback(vendor.base_url)}
    asked = {"email_providers": enrichment.email_providers, "phone_providers": enrichment.phone_providers}
    left_out = sorted({name for names in asked.values() for name in names} & real)
    if left_out:
        teller.say(f"The sandbox does not imitate {', '.join(left_out)}: not asked in this run.")
    return enrichment.model_copy(
        update={field: [name for name in names if name not in real] for field, names in asked.items()}
    )
