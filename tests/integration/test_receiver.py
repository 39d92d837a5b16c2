"""The webhook receiver over real sockets: kept before it is acknowledged, and only what we asked for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import anyio
import pytest

from enrichment.capability import Capability
from enrichment.ids import micros
from enrichment.ledger import Ledger, evidence
from enrichment.ledger.schema import inbox
from pipelines import receiver
from pipelines.receiver import BODY_LIMIT, listen
from sources.clock import SYSTEM_CLOCK
from sources.errors import ConfigurationError
from sources.providers import Via
from tests.support.purchases import rows

CAPABILITY = Capability("0123456789abcdef", ["the previous key"])


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger("sqlite:///ledger.db", tmp_path) as ledger:
        yield ledger


@pytest.fixture
def address(ledger: Ledger) -> Iterator[tuple[str, int]]:
    listening = listen("127.0.0.1", 0)

    async def keep(provider: str, request_id: str, body: bytes) -> None:
        await ledger.run(evidence.receive, provider, request_id, Via.WEBHOOK, body, micros(SYSTEM_CLOCK))

    server = receiver.make_server(receiver.make_app(CAPABILITY, keep))
    thread = threading.Thread(target=lambda: anyio.run(server.serve, [listening]))
    thread.start()
    yield listening.getsockname()
    server.should_exit = True
    thread.join()


def _path(capability: Capability = CAPABILITY, provider: str = "clodura", request_id: str = "r-1") -> str:
    return capability.url("", provider, request_id)


def _post(address: tuple[str, int], path: str, body: bytes = b"{}", method: str = "POST", **headers: str) -> int:
    connection = HTTPConnection(*address, timeout=10)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_body_is_in_the_ledger_before_it_is_acknowledged(ledger: Ledger, address: tuple[str, int]) -> None:
    assert _post(address, _path(), b'{"any": "thing"}') == 200
    (kept,) = rows(ledger, inbox)
    assert (kept["provider"], kept["request_id"], kept["via"]) == ("clodura", "r-1", "webhook")
    assert kept["body"] == b'{"any": "thing"}'


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
def test_no_header_of_the_vendor_is_relied_upon(ledger: Ledger, address: tuple[str, int], content_type: str) -> None:
    assert _post(address, _path(), b"\xff not even JSON", **{"Content-Type": content_type}) == 200
    assert len(rows(ledger, inbox)) == 1


def test_the_same_body_twice_is_acknowledged_twice_and_kept_once(ledger: Ledger, address: tuple[str, int]) -> None:
    assert [_post(address, _path(), b"1"), _post(address, _path(), b"1"), _post(address, _path(), b"2")] == [200] * 3
    assert [row["body"] for row in rows(ledger, inbox)] == [b"1", b"2"]


def test_a_url_made_with_the_previous_key_still_holds(ledger: Ledger, address: tuple[str, int]) -> None:
    assert _post(address, _path(Capability("the previous key"))) == 200
    assert len(rows(ledger, inbox)) == 1


@pytest.mark.parametrize(
    "path",
    [
        _path(Capability("another key 12345")),
        _path().replace("clodura", "sixtyfour"),
        _path().replace("r-1", "r-2"),
        _path()[:-1],
        _path() + "0",
        "/hooks/clodura/r-1/",
        "/hooks/clodura/r-1/%00",
        "/hooks/clodura",
        "/",
    ],
)
def test_a_url_that_we_did_not_make_is_nowhere(ledger: Ledger, address: tuple[str, int], path: str) -> None:
    assert _post(address, path) == 404
    assert rows(ledger, inbox) == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_posts_are_taken(ledger: Ledger, address: tuple[str, int], method: str) -> None:
    assert _post(address, _path(), method=method) == 405
    assert rows(ledger, inbox) == []


def test_a_body_beyond_the_limit_is_refused(ledger: Ledger, address: tuple[str, int]) -> None:
    assert _post(address, _path(), b"x" * BODY_LIMIT) == 200
    assert _post(address, _path(request_id="r-2"), b"x" * (BODY_LIMIT + 1)) == 413
    assert len(rows(ledger, inbox)) == 1


def test_what_cannot_be_kept_is_not_acknowledged(ledger: Ledger, address: tuple[str, int]) -> None:
    ledger.close()
    assert _post(address, _path()) == 503


def test_a_sender_that_gives_up_half_way_leaves_nothing(ledger: Ledger, address: tuple[str, int]) -> None:
    with socket.create_connection(address) as half:
        half.sendall(f"POST {_path()} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode())
    assert _post(address, _path(request_id="r-2")) == 200  # it still works
    assert [row["request_id"] for row in rows(ledger, inbox)] == ["r-2"]


def test_it_tells_that_it_is_well(address: tuple[str, int]) -> None:
    assert _post(address, "/health", method="GET") == 200


def test_an_address_that_is_taken_is_a_wrong_setting(address: tuple[str, int]) -> None:
    with pytest.raises(ConfigurationError, match=r"webhook\.port"):
        listen(*address)
