"""Where vendors are told to post, and whether we listen there: a table of settings."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.receiver import listen
from pipelines.settings import WebhookSettings
from pipelines.webhooks import NOWHERE, Opened, Reception, capability_of, open_reception, plan_reception, plan_service
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
    opened = open_reception(Reception(None, ("127.0.0.1", 0)))
    assert opened.listening is not None
    assert opened.receiving
    assert opened.base == f"http://127.0.0.1:{opened.listening.getsockname()[1]}"
    opened.listening.close()


def test_listening_everywhere_is_reached_on_loopback() -> None:
    opened = open_reception(Reception(None, ("0.0.0.0", 0)))
    assert opened.listening is not None
    assert str(opened.base).startswith("http://127.0.0.1:")
    opened.listening.close()


def test_nobody_listens_where_no_address_is_known() -> None:
    assert open_reception(Reception("https://x.io")) == Opened("https://x.io")


class TestBesideServe:
    def test_serve_does_the_listening_and_webhooks_are_counted_on(self) -> None:
        """On the port of the settings, which is not even tried."""
        opened = open_reception(Reception("https://x.io", ("203.0.113.9", 8080)), lambda: True)
        assert opened == Opened("https://x.io", None, receiving=True)

    def test_the_url_is_made_of_the_port_where_none_is_given(self) -> None:
        assert open_reception(Reception(None, ("0.0.0.0", 8080)), lambda: True).base == "http://127.0.0.1:8080"

    def test_a_port_of_the_systems_choice_is_listened_to_all_the_same(self) -> None:
        opened = open_reception(Reception(None, ("127.0.0.1", 0)), lambda: True)
        assert opened.listening is not None
        opened.listening.close()

    def test_a_serve_that_took_the_port_just_now_is_no_error(self) -> None:
        with listen("127.0.0.1", 0) as taken:
            looks = iter([False, True])
            opened = open_reception(Reception(None, taken.getsockname()), lambda: next(looks))
        assert (opened.listening, opened.receiving) == (None, True)

    def test_a_port_that_somebody_else_has_is_a_wrong_setting(self) -> None:
        with listen("127.0.0.1", 0) as taken, pytest.raises(ConfigurationError, match="cannot listen"):
            open_reception(Reception(None, taken.getsockname()), lambda: False)


class TestServe:
    @pytest.mark.parametrize(
        ("settings", "base_url", "base", "address"),
        [
            ({"port": 8080, "public_url": "https://x.io"}, REAL, "https://x.io", ("127.0.0.1", 8080)),
            ({"port": 8080, "host": "::"}, LOCAL, "http://[::1]:8080", ("::", 8080)),
            ({"public_url": "http://localhost:9001"}, LOCAL, "http://localhost:9001", ("localhost", 9001)),
        ],
    )
    def test_it_listens_where_sync_would(
        self, settings: dict[str, Any], base_url: str, base: str, address: tuple[str, int]
    ) -> None:
        assert plan_service(WebhookSettings(**settings), base_url) == (base, address)

    @pytest.mark.parametrize(
        ("settings", "base_url", "told"),
        [
            ({}, REAL, r"webhook\.port: missing"),
            ({}, LOCAL, r"webhook\.port: missing"),
            ({"public_url": "https://x.io"}, REAL, r"webhook\.port: missing"),
            ({"public_url": "https://x.io", "port": 0}, REAL, r"webhook\.port: 0 is any port"),
            ({"port": 8080}, REAL, r"webhook\.public_url: missing"),
            ({"port": 8080, "mode": "poll"}, LOCAL, r"webhook\.mode"),
        ],
    )
    def test_what_it_cannot_listen_by_is_a_wrong_setting(
        self, settings: dict[str, Any], base_url: str, told: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=told):
            plan_service(WebhookSettings(**settings), base_url)


def test_the_key_of_the_settings_goes_before_the_one_that_was_made() -> None:
    path = capability_of(WebhookSettings(signing_key="k" * 16), lambda: "made").url("", "p", "r")
    mac = path.rpartition("/")[2]
    assert capability_of(WebhookSettings(), lambda: "k" * 16).holds("p", "r", mac)
    changed = WebhookSettings(signing_key="new key, long enough", signing_key_previous="k" * 16)
    assert capability_of(changed, lambda: "made").holds("p", "r", mac)
    assert not capability_of(WebhookSettings(signing_key="new key, long enough"), lambda: "made").holds("p", "r", mac)
