"""Where vendors are told to post, and whether we listen there: decided before anything is spent."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipelines.receiver import listen
from pipelines.settings import WebhookSettings
from sources.errors import ConfigurationError
from sources.transport import is_loopback

#: given to an imitation on loopback that wants some URL in poll mode; nobody listens there
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Reception:
    """``base`` is what webhook URLs start with (None: none are given out); we listen on ``address`` where it is set."""

    base: str | None
    address: tuple[str, int] | None = None
    warning: str | None = None


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


def open_reception(reception: Reception) -> tuple[str | None, socket.socket | None]:
    """The base for webhook URLs, and the listening socket where we listen."""
    if reception.address is None:
        return reception.base, None
    listening = listen(*reception.address)
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    return reception.base or f"http://{shown}:{port}", listening


def _and(names: Sequence[str]) -> str:
    return " and ".join(names)
