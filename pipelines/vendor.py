"""What `sync` and `doctor` must see alike of the vendor's settings: a usable key, the account, the ledger's realm."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from enrichment.ledger import Ledger, runs
from enrichment.waterfall import StopWhen, Waterfall
from pipelines.locks import lock_of_ledger
from pipelines.settings import Settings
from sources.clodura.provider import CloduraProvider
from sources.clodura.settings import CloduraSettings
from sources.connecting import WebhookCheck
from sources.errors import ConfigurationError
from sources.providers import CONTACTS, Channel
from sources.redaction import shown
from sources.registry import VENDORS, connecting
from sources.settings import VendorSettings
from sources.transport import check_header_value, is_loopback

#: where leadsync keeps its own things, in the folder it runs in
HOME = ".leadsync"
#: what stands in examples where a key belongs
_EXAMPLE = re.compile(r"\.+|x+|<.*>|your[-_ ]?(api[-_ ]?)?key", re.IGNORECASE)


def usable_key(settings: VendorSettings, command: str = "sync") -> str:
    """The key, stripped. ConfigurationError (that does not show it) where it is none; ``command`` could do without."""
    name = f"sources.{settings.name}.api_key"
    key = (settings.api_key or "").strip()
    if not key or _EXAMPLE.fullmatch(key):
        raise ConfigurationError(
            f"{name}: {'missing' if not key else 'still what stands in an example'}. Put it into "
            f".dlt/secrets.toml under [sources.{settings.name}], or into the environment as "
            f"SOURCES__{settings.name.upper()}__API_KEY. Without a key: leadsync {command} --sandbox."
        )
    if any(mark in key for mark in "\"'`"):
        raise ConfigurationError(f"{name}: has quotes in it, which no key has. Paste it again, in one pair of them.")
    return check_header_value(key, name)


def account_of(api_key: str, vendor: str = "clodura") -> str:
    """Names the vendor account for rate counters, without telling the key."""
    return f"{vendor}:" + sha256(api_key.encode()).hexdigest()[:12]


def waterfall_of(settings: Settings, channels: Sequence[Channel]) -> Waterfall:
    """Whom to ask for these channels, in which order; who is dearer than an answer may be, is not."""
    order = {
        channel: tuple(
            name for name in dict.fromkeys(preferred(settings, channel)) if _affordable(settings, name, channel)
        )
        for channel in CONTACTS
        if channel in channels
    }
    return Waterfall(order, StopWhen(settings.enrichment.stop_when), settings.enrichment.in_doubt_after)


def preferred(settings: Settings, channel: Channel) -> list[str]:
    """Whom the user wants asked for a contact, in this order."""
    enrichment = settings.enrichment
    return enrichment.email_providers if channel is Channel.EMAIL else enrichment.phone_providers


def _affordable(settings: Settings, name: str, channel: Channel) -> bool:
    operation = connecting(name).operations(settings.vendor(name)).get(channel)
    ceiling = settings.ceilings.get(name)
    return operation is not None and (ceiling is None or operation.reserve <= ceiling)


def vendors_of(waterfall: Waterfall) -> list[str]:
    """Everybody who may be asked for a contact."""
    return list(dict.fromkeys(name for names in waterfall.order.values() for name in names))


def asked_of(waterfall: Waterfall, vendor: str) -> list[Channel]:
    """What a vendor may be asked for."""
    return [channel for channel, names in waterfall.order.items() if vendor in names]


def units_of(settings: Settings) -> list[str]:
    """The units of everybody whom a run may pay: the search vendor's first."""
    enrichment = settings.enrichment
    names = [settings.clodura.name, *enrichment.email_providers, *enrichment.phone_providers]
    return list(dict.fromkeys(settings.vendor(name).unit for name in names))


def need_url(settings: CloduraSettings, channels: Sequence[Channel]) -> list[Channel]:
    """Those channels whose purchases the vendor takes only with a URL to post the answer to."""
    partners = settings.phone_via_partners
    return [channel for channel in channels if CloduraProvider.callback_needed(channel, settings.plan, partners)]


def webhook_checks(settings: Settings) -> dict[str, WebhookCheck]:
    """How webhooks prove where they come from, beside their URL; vendors whose prove nothing are left out."""
    checks = {name: connecting(name).webhook_check(settings.vendor(name)) for name in VENDORS}
    return {name: check for name, check in checks.items() if check is not None}


def locks_of(folder: Path, ledger_path: str | Path) -> list[Path]:
    """The locks that a run in ``folder`` holds: one for the folder, one for its ledger."""
    return [folder / HOME / "sync.lock", lock_of_ledger(ledger_path)]


def realm_of(settings: Settings) -> str:
    """Whether purchases are imitated or real. One ledger is for one of them."""
    return _realm(settings.clodura)


def _realm(vendor: VendorSettings) -> str:
    return "sandbox" if is_loopback(vendor.base_url) else "live"


def one_realm(settings: Settings, vendors: Sequence[str]) -> None:
    """ConfigurationError where some of these vendors are imitated and others real: one ledger cannot be for both."""
    for name in vendors:
        other = settings.vendor(name)
        if _realm(other) != realm_of(settings):
            raise ConfigurationError(
                f"sources.{name}.base_url: {shown(other.base_url)} is {_KIND[_realm(other)]}, and "
                f"sources.clodura.base_url is {_KIND[realm_of(settings)]}. One ledger is for one of the two: set both "
                f"alike. Nothing was sent or bought."
            )


_KIND = {"sandbox": "on this machine, an imitation", "live": "the vendor's own"}


def kind_of(realm: str | None) -> str:
    """What a ledger of that realm holds, in words; None: it is for neither yet."""
    return {"sandbox": "imitated purchases (sandbox)", "live": "real purchases"}.get(str(realm), "no purchases yet")


def same_realm(known: str, settings: Settings, ledger_path: str) -> None:
    """ConfigurationError where a ledger of the ``known`` realm is not for these settings.

    Who was bought in one realm is not bought in the other.
    """
    if known != realm_of(settings):
        raise ConfigurationError(
            f"The ledger {ledger_path} holds {kind_of(known)}, and this run would be for the other kind: people would "
            f"seem bought that are not. Nothing was done. Run in another folder, or set ledger.url and "
            f"pipelines.duckdb_path to other files."
        )


def keep_realm(ledger: Ledger, settings: Settings) -> None:
    """Note what kind of purchases this ledger holds from now on; ConfigurationError where it holds the other."""
    wanted = realm_of(settings)

    def work(connection: sa.Connection) -> str:
        return runs.keep_fact(connection, "realm", wanted)

    same_realm(ledger.call(work), settings, ledger.path)
