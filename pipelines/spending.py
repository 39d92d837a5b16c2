"""What should be known of the bounds on spending before a run: what nothing bounds, and whom a ceiling leaves out."""

from __future__ import annotations

from collections.abc import Sequence

from enrichment.caps import Cap, Scope
from enrichment.waterfall import Waterfall
from pipelines.options import SyncOptions, chosen_caps
from pipelines.provider_caps import PATH
from pipelines.settings import Settings
from pipelines.vendor import preferred, vendors_of
from sources.clodura.settings import CloduraSettings
from sources.providers import Channel
from sources.registry import connecting

_WHAT = {Channel.EMAIL: "e-mail addresses", Channel.PHONE: "phone numbers"}


def spending_warnings(options: SyncOptions, settings: Settings, waterfall: Waterfall) -> list[str]:
    """What to warn of once, as a run starts. The sandbox's money is not real: there nothing needs a bound."""
    caps = chosen_caps(options, settings)
    open_ended = (
        [] if options.sandbox else [unbounded_words(settings, name) for name in unbounded(waterfall, settings, caps)]
    )
    return [*open_ended, *left_out(settings, waterfall)]


def unbounded(waterfall: Waterfall, settings: Settings, caps: Sequence[Cap]) -> list[str]:
    """Further vendors whose charges no cap counts at all. Where nothing bounds the first one, `doctor` says so."""
    return [
        name
        for name in vendors_of(waterfall)
        if name != CloduraSettings.name and not any(cap.concerns(name, settings.vendor(name).unit) for cap in caps)
    ]


def unbounded_words(settings: Settings, name: str) -> str:
    """The same in words."""
    unit = settings.vendor(name).unit
    setting = f"{'.'.join(PATH)}.{name}.{unit}_per_{Scope.RUN}"
    others = (
        ""
        if unit == CloduraSettings.unit
        else f" It charges {unit}, and --budget and max_credits_per_... count credits."
    )
    return f"Nothing bounds what {name} may cost; set {setting}.{others}"


def left_out(settings: Settings, waterfall: Waterfall) -> list[str]:
    """Who is named in the settings and not asked: an answer may cost more there than one may."""
    found = []
    for channel, order in waterfall.order.items():
        for name in dict.fromkeys(preferred(settings, channel)):
            operation = connecting(name).operations(settings.vendor(name)).get(channel)
            ceiling = settings.ceilings.get(name)
            if operation is None or ceiling is None or operation.reserve <= ceiling:
                continue
            unit = settings.vendor(name).unit
            nobody = "" if order else " Nobody is left to ask for them."
            found.append(
                f"{name} is not asked for {_WHAT[channel]}: one may cost {operation.reserve / 100:g} {unit}, and "
                f"{'.'.join(PATH)}.{name}.{unit}_per_{Scope.ANSWER} is {ceiling / 100:g}.{nobody}"
            )
    return found
