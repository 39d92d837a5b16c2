"""What `sync` and `doctor` must see alike of the vendor's settings: a usable key, the account, the ledger's realm."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from enrichment.ledger import Ledger, runs
from pipelines.locks import lock_of_ledger
from pipelines.settings import CloduraSettings, Settings
from sources.clodura.provider import CloduraProvider
from sources.errors import ConfigurationError
from sources.providers import Channel
from sources.transport import check_header_value, is_loopback

#: where leadsync keeps its own things, in the folder it runs in
HOME = ".leadsync"
API_KEY = "sources.clodura.api_key"
#: what stands in examples where a key belongs
_EXAMPLE = re.compile(r"\.+|x+|<.*>|your[-_ ]?(api[-_ ]?)?key", re.IGNORECASE)


def usable_key(settings: CloduraSettings) -> str:
    """The key, stripped. ConfigurationError (that does not show it) where it is none."""
    key = (settings.api_key or "").strip()
    if not key or _EXAMPLE.fullmatch(key):
        raise ConfigurationError(
            f"{API_KEY}: {'missing' if not key else 'still what stands in an example'}. Put it into "
            f".dlt/secrets.toml under [sources.clodura], or into the environment as SOURCES__CLODURA__API_KEY. Without "
            f"a key: leadsync sync --sandbox."
        )
    if any(mark in key for mark in "\"'`"):
        raise ConfigurationError(f"{API_KEY}: has quotes in it, which no key has. Paste it again, in one pair of them.")
    return check_header_value(key, API_KEY)


def account_of(api_key: str) -> str:
    """Names the vendor account for rate counters, without telling the key."""
    return "clodura:" + sha256(api_key.encode()).hexdigest()[:12]


def need_url(settings: CloduraSettings, channels: Sequence[Channel]) -> list[Channel]:
    """Those channels whose purchases the vendor takes only with a URL to post the answer to."""
    partners = settings.phone_via_partners
    return [channel for channel in channels if CloduraProvider.callback_needed(channel, settings.plan, partners)]


def locks_of(folder: Path, ledger_path: str | Path) -> list[Path]:
    """The locks that a run in ``folder`` holds: one for the folder, one for its ledger."""
    return [folder / HOME / "sync.lock", lock_of_ledger(ledger_path)]


def realm_of(settings: Settings) -> str:
    """Whether purchases are imitated or real. One ledger is for one of them."""
    return "sandbox" if is_loopback(settings.clodura.base_url) else "live"


def same_realm(known: str, settings: Settings, ledger_path: str) -> None:
    """ConfigurationError where a ledger of the ``known`` realm is not for these settings.

    Who was bought in one realm is not bought in the other.
    """
    if known != realm_of(settings):
        what = "imitated purchases (sandbox)" if known == "sandbox" else "real purchases"
        raise ConfigurationError(
            f"The ledger {ledger_path} holds {what}, and this run would be for the other kind: people would seem "
            f"bought that are not. Nothing was done. Run in another folder, or set ledger.url and "
            f"pipelines.duckdb_path to other files."
        )


def keep_realm(ledger: Ledger, settings: Settings) -> None:
    """Note what kind of purchases this ledger holds from now on; ConfigurationError where it holds the other."""
    wanted = realm_of(settings)

    def work(connection: sa.Connection) -> str:
        return runs.keep_fact(connection, "realm", wanted)

    same_realm(ledger.call(work), settings, ledger.path)
