"""The settings, the searches and the form of the key: what is wrong before anybody is asked."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from enrichment.storage import open_to_others
from pipelines.configuration import SEARCHES, Reading
from pipelines.doctor.checks import Check, by_error, failed, ok, skipped, warning
from pipelines.options import SyncOptions, chosen_searches
from pipelines.settings import Settings
from pipelines.vendor import usable_key
from sources.errors import ConfigurationError

FILES = (".dlt/config.toml", ".dlt/secrets.toml")

API_KEY = "sources.clodura.api_key"


def check_settings(reading: Reading, folder: Path) -> Check:
    """Whether every setting can be read and is known."""
    if reading.mistakes:
        return by_error("settings", ConfigurationError("\n".join(reading.mistakes)))
    if reading.warnings:
        return warning("settings", "\n".join(reading.warnings), "Correct the names in .dlt/config.toml.")
    there = [name for name in FILES if (folder / name).is_file()]
    if not there and not reading.settings.searches:
        return warning(
            "settings",
            f"there are none in {folder}: neither {' nor '.join(FILES)}",
            "Go to the folder that has them, or let `leadsync init` write them.",
        )
    return ok("settings", f"read from {' and '.join(there) or 'the environment'}")


def check_searches(settings: Settings, wrong: frozenset[str], options: SyncOptions) -> Check:
    """Whether there is a search, and whether its filters are the vendor's."""
    if ".".join(SEARCHES) in wrong:
        return needs("searches", [".".join(SEARCHES)])
    try:
        searches, warnings = chosen_searches(options, settings)
    except ConfigurationError as error:
        return by_error("searches", error)
    names = f"{len(searches)}: {', '.join(searches)}"
    if warnings:
        return warning("searches", "\n".join([names, *warnings]), "Look whether these values are what you mean.")
    return ok("searches", names)


def check_key_form(settings: Settings, wrong: frozenset[str], folder: Path) -> Check:
    """Whether there is a key that may be one; it is never shown. What the vendor says of it comes later."""
    if API_KEY in wrong:
        return needs("key", [API_KEY])
    try:
        usable_key(settings.clodura)
    except ConfigurationError as error:
        return by_error(
            "key", error, "Make a key in Clodura: Settings > Developer/API. `leadsync init` writes the file."
        )
    secrets = folder / ".dlt" / "secrets.toml"
    if open_to_others(secrets):
        return warning(
            "key",
            f"looks like one; {secrets} can be read by other users of this machine",
            f"chmod 600 {shlex.quote(str(secrets))}",
        )
    return ok("key", "looks like one")


def needs(name: str, settings: Sequence[str]) -> Check:
    """A check that cannot be made because settings it goes by are wrong."""
    return skipped(name, f"not looked at: {' and '.join(settings)} must be right first", "See settings, above.")


def needed(name: str, wrong: frozenset[str], *settings: str) -> Check | None:
    """`needs` those of these settings that are wrong; None where none is. ``webhook.*`` stands for all of a table."""
    found = sorted(
        key for key in wrong if any(key == one or (one[-1] == "*" and key.startswith(one[:-1])) for one in settings)
    )
    return needs(name, found) if found else None


def unreadable(error: ConfigurationError) -> Check:
    """No setting can be read at all."""
    return by_error("settings", error)


def broken(name: str, error: Exception) -> Check:
    """A check that broke: a bug of ours, and no reason to keep the others from the user."""
    return failed(
        name,
        f"the check itself broke, which it should not: {type(error).__name__}. Nothing was sent or bought by it",
        "Run with --debug for the traceback, and please report it.",
    )
