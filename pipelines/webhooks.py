"""Where vendors are told to post, and whether we listen there: decided before anything is spent."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from enrichment.capability import Capability
from pipelines.receiver import PortTaken, listen
from pipelines.settings import WebhookSettings
from sources.errors import ConfigurationError
from sources.redaction import secrets
from sources.transport import is_loopback

#: given to an imitation on loopback that wants some URL in poll mode; nobody listens there
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Reception:
    """``base`` is what webhook URLs start with (None: none are given out); we listen on ``address`` where it is set."""

    base: str | None
    address: tuple[str, int] | None = None
    warning: str | None = None


@dataclass(frozen=True)
class Opened:
    """``base`` is what webhook URLs start with. ``listening``: the socket where we listen by ourselves.

    ``receiving``: whether webhooks are heard at all, by us or by a `serve` beside us.
    """

    base: str | None
    listening: socket.socket | None = None
    receiving: bool = False


def plan_reception(settings: WebhookSettings, base_url: str, needed_for: Sequence[str]) -> Reception:
    """Decide by the settings; ConfigurationError where calls need a URL (``needed_for``) and there is none to give."""
    local = is_loopback(base_url)
    if settings.mode == "poll":
        if settings.public_url is None and needed_for and not local:
            raise ConfigurationError(
                f"webhook.public_url: missing. The vendor takes {_and(needed_for)} reveals only with a URL to post the "
                f'answer to, in webhook.mode = "poll" too, where it is never listened to. Set it to any https URL that '
                f"you own. Nothing was sent or bought."
            )
        return Reception(settings.public_url or (NOWHERE if local else None))
    if settings.port is not None:
        if settings.public_url is None and not local:
            raise ConfigurationError(
                "webhook.public_url: missing. webhook.port says where leadsync listens; the vendor must be told the "
                "https URL under which that is reached from outside. Nothing was sent or bought."
            )
        return Reception(settings.public_url, (settings.host, settings.port))
    if settings.public_url is not None:
        parts = urlsplit(settings.public_url)
        if is_loopback(settings.public_url) and parts.port:
            return Reception(settings.public_url, (str(parts.hostname), parts.port))
        return Reception(
            settings.public_url,
            warning="webhook.port is not set, so leadsync does not listen for webhooks and fetches answers by polling. "
            'Set it, or say webhook.mode = "poll".',
        )
    if local:
        return Reception(None, ("127.0.0.1", 0))
    if needed_for:
        raise ConfigurationError(
            f"webhook.public_url: missing. The vendor takes {_and(needed_for)} reveals only with a URL to post the "
            f"answer to. Set webhook.public_url and webhook.port where this machine can be reached from outside; else "
            f'set webhook.mode = "poll" and webhook.public_url to any https URL that you own. Nothing was sent.'
        )
    return Reception(None)


def plan_service(settings: WebhookSettings, base_url: str) -> tuple[str, tuple[str, int]]:
    """What webhook URLs start with and the address that `serve` listens on; ConfigurationError where it cannot.

    The address must be one that `sync` knows, too: it gives out the URLs.
    """
    if settings.mode == "poll":
        raise ConfigurationError(
            'webhook.mode: "poll" says that answers are fetched, and sync would not count on what serve hears. Set it '
            'to "webhook". Nothing was kept or sent.'
        )
    reception = plan_reception(settings, base_url, ())
    if reception.address is None or not reception.address[1]:
        found = "0 is any port that is free, which no vendor could know" if settings.port == 0 else "missing"
        raise ConfigurationError(
            f"webhook.port: {found}. Set it to the port that webhook.public_url leads to from outside. Nothing was "
            f"kept or sent."
        )
    host, port = reception.address
    return reception.base or url_of(host, port), (host, port)


def open_reception(reception: Reception, served: Callable[[], bool] = lambda: False) -> Opened:
    """Begin to listen, unless `serve` does: ``served`` tells whether one runs for this ledger.

    Where any free port will do, vendors on this machine post to us alone, and we always listen.
    """
    if reception.address is None:
        return Opened(reception.base)
    host, port = reception.address
    beside = Opened(reception.base or url_of(host, port), receiving=True)
    if port and served():
        return beside
    try:
        listening = listen(host, port)
    except PortTaken:
        if served():  # it was quicker
            return beside
        raise
    return Opened(reception.base or url_of(host, listening.getsockname()[1]), listening, receiving=True)


def capability_of(settings: WebhookSettings, made: Callable[[], str]) -> Capability:
    """Signs and checks webhook URLs by the keys of the settings, else by the one that ``made`` gives."""
    key = settings.signing_key or made()
    secrets.add(key)
    return Capability(key, [settings.signing_key_previous or ""])


def url_of(host: str, port: int) -> str:
    """Where a listener is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)
