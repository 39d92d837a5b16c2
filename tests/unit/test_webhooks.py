"""Where vendors are told to post, and whether we listen there: a table of settings."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.settings import WebhookSettings
from pipelines.webhooks import NOWHERE, Reception, open_reception, plan_reception
from sources.errors import ConfigurationError

REAL, LOCAL = "https://api.clodura.ai", "http://127.0.0.1:8900"


@pytest.mark.parametrize(
    ("settings", "base_url", "base", "address"),
    [
        ({"port": 8080, "public_url": "https://hooks.x.io/"}, REAL, "https://hooks.x.io", ("127.0.0.1", 8080)),
        ({"port": 8080, "public_url": "https://x.io", "host": "0.0.0.0"}, REAL, "https://x.io", ("0.0.0.0", 8080)),
        ({"port": 8080}, LOCAL, None, ("127.0.0.1", 8080)),
        ({}, LOCAL, None, ("127.0.0.1", 0)),
        ({"public_url": "http://localhost:9001"}, LOCAL, "http://localhost:9001", ("localhost", 9001)),
        ({"mode": "poll", "public_url": "https://x.io/any"}, REAL, "https://x.io/any", None),
        ({"mode": "poll", "public_url": "https://x.io", "port": 8080}, REAL, "https://x.io", None),
        ({"mode": "poll"}, LOCAL, NOWHERE, None),
    ],
)
def test_what_the_settings_come_to(
    settings: dict[str, Any], base_url: str, base: str | None, address: tuple[str, int] | None
) -> None:
    reception = plan_reception(WebhookSettings(**settings), base_url, ["email", "phone"])
    assert (reception.base, reception.address, reception.warning) == (base, address, None)


def test_a_public_url_nobody_listens_at_is_warned_of() -> None:
    reception = plan_reception(WebhookSettings(public_url="https://x.io"), REAL, ["email"])
    assert (reception.base, reception.address) == ("https://x.io", None)
    assert "webhook.port is not set" in str(reception.warning)


@pytest.mark.parametrize("settings", [{}, {"port": 8080}, {"mode": "poll"}])
def test_a_real_host_must_be_given_a_url_where_calls_need_one(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"webhook\.public_url: missing"):
        plan_reception(WebhookSettings(**settings), REAL, ["email"])


@pytest.mark.parametrize("settings", [{}, {"mode": "poll"}])
def test_where_no_call_needs_one_none_is_asked_for(settings: dict[str, Any]) -> None:
    assert plan_reception(WebhookSettings(**settings), REAL, []) == Reception(None)


def test_a_port_of_the_systems_choice_becomes_part_of_the_url() -> None:
    base, listening = open_reception(Reception(None, ("127.0.0.1", 0)))
    assert listening is not None
    assert base == f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.close()


def test_listening_everywhere_is_reached_on_loopback() -> None:
    base, listening = open_reception(Reception(None, ("0.0.0.0", 0)))
    assert listening is not None
    assert str(base).startswith("http://127.0.0.1:")
    listening.close()
