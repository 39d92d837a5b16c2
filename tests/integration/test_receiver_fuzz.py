"""Whatever is thrown at the receiver: never a 5xx, never a genuine delivery lost, nothing shown, well afterwards.

Once by its own OpenAPI document (schemathesis), which must be true; once in bytes, through sockets of our own.
"""

from __future__ import annotations

import logging
import re
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from enrichment.capability import Capability
from pipelines.receiver import Patience, openapi
from tests.support.receiving import Receiving, head, path_of, post, receiving

#: how many examples, in the usual suite and thoroughly
SOME_CASES = [10, pytest.param(1000, marks=pytest.mark.thorough)]
SOME_BYTES = [50, pytest.param(5000, marks=pytest.mark.thorough)]
GENUINE, FORGED = path_of("fuzzed"), path_of("fuzzed", capability=Capability("another key 12345"))
MAC = GENUINE.rpartition("/")[2]
_RESET = struct.pack("ii", 1, 0)
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
_numbers = count()


@pytest.fixture(scope="module")
def it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiving]:
    with receiving(tmp_path_factory.mktemp("fuzz") / "inbox.db", patience=Patience(head=2, body=2, linger=1)) as it:
        yield it


@pytest.fixture(autouse=True)
def silence(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Neither the server nor the loop that it runs on has anything to say."""
    with caplog.at_level(logging.WARNING):
        yield
    assert [record.getMessage() for record in caplog.records if record.name not in ("schemathesis", "urllib3")] == []


def bounded(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("examples", SOME_CASES)
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_it_does_what_its_document_says(it: Receiving, mode: GenerationMode, examples: int) -> None:
    """On URLs that nobody was given, and on one that somebody was; by all checks that schemathesis has."""
    document = schemathesis.openapi.from_dict(openapi.DOCUMENT)
    base = "http://{}:{}".format(*it.address)
    seen: set[tuple[str, bool, int]] = set()
    for path in document:
        for method in document[path]:
            if method not in ("get", "post"):
                continue

            @bounded(examples if method == "post" else 3)
            @given(case=document[path][method].as_strategy(generation_mode=mode))
            def look(case: Any) -> None:
                for genuine in (False, True):
                    if genuine and case.path_parameters:
                        case.path_parameters = {"provider": "clodura", "request_id": "fuzzed", "mac": MAC}
                    response = case.call(base_url=base)
                    seen.add((case.method, genuine, response.status_code))
                    case.validate_response(response)

            if mode is GenerationMode.POSITIVE or method == "post":
                look()
    assert {("POST", False, 404), ("POST", True, 200)} <= seen
    assert ("GET", False, 200) in seen or mode is GenerationMode.NEGATIVE


@dataclass(frozen=True)
class Throw:
    """Bytes, in the pieces in which they are sent, and how the sender leaves."""

    pieces: list[bytes]
    leaving: str


METHODS = b"GET POST PUT HEAD OPTIONS CONNECT TRACE PRI *".split()
TARGETS = [GENUINE.encode(), FORGED.encode(), b"/health", b"/hooks/", b"/.." * 200, b"%2f%2e", b"http://x/health", b"*"]
VERSIONS = b"HTTP/1.1 HTTP/1.0 HTTP/2.0 HTTP/0.9".split()
ODDS = [b"\r\n", b" \n ", b"\r", b"\0", b":", b";", b",", b"\xff", b"%", b"%00", b" ", b""]
HEADERS = """Host: x|Host:|Content-Length: 5|Content-Length: 6|Content-Length: -5|Content-Length: 99999999999999999999
Content-Length: 5, 5|Transfer-Encoding: chunked|Transfer-Encoding: gzip, chunked|Transfer-Encoding: identity
Content-Encoding: gzip|Content-Encoding: deflate, deflate, gzip|Content-Type: multipart/x|Content-Type: \xff
Expect: 100-continue|Expect: everything|Connection: close|Connection: upgrade|Upgrade: websocket|Upgrade: h2c
Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|X-Forwarded-For: \x00| folded|"""
CHUNKED = [b"5\r\nhello\r\n0\r\n\r\n", b"5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n", b"f" * 20 + b"\r\n", b"-1\r\n"]


def mostly(usual: bytes, unusual: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.one_of(st.just(usual), st.just(usual), unusual)


long = st.sampled_from(["X: ", ""]).map(lambda start: start.encode() + b"y" * 70_000)
words = st.sampled_from([*METHODS, *TARGETS, *VERSIONS, *ODDS])
headers = st.one_of(st.sampled_from(HEADERS.replace("\n", "|").encode("latin-1").split(b"|")), long)
bodies = st.one_of(st.binary(max_size=40), st.sampled_from([*CHUNKED, b"hello", b"\x1f\x8b\x08\0"]), long)
requests = st.builds(
    lambda line, first, then, body: b"\r\n".join([b" ".join(line), *first, *then, b"", body]),
    st.tuples(
        mostly(b"POST", words), mostly(TARGETS[0], st.one_of(st.just(TARGETS[1]), words)), mostly(b"HTTP/1.1", words)
    ),
    st.tuples(mostly(b"Host: x", headers), mostly(b"Content-Length: 5", headers)),
    st.lists(headers, max_size=3),
    mostly(b"hello", bodies),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Requests, one after another, with bytes changed, left out and put in."""
    data = b"".join(draw(st.lists(requests, min_size=1, max_size=3)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.one_of(st.binary(max_size=4), words)) + data[at + draw(st.integers(0, 6)) :]
    return data


@st.composite
def throws(draw: st.DrawFn) -> Throw:
    data = draw(st.one_of(st.binary(max_size=300), damaged(), requests))
    cuts = sorted({min(cut, len(data)) for cut in draw(st.lists(st.integers(0, 400), max_size=3))})
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return Throw([piece for piece in pieces if piece], draw(st.sampled_from(["reads", "reads", "resets", "closes"])))


def whole(path: str) -> bytes:
    """A request that is in order."""
    return head(path, 5) + b"hello"


def thrown(address: tuple[str, int], throw: Throw) -> list[int]:
    """The statuses of whatever was answered."""
    said = b""
    with socket.create_connection(address, timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in throw.pieces:
                connection.sendall(piece)
                time.sleep(0.001)
            if throw.leaving == "reads":
                connection.shutdown(socket.SHUT_WR)
                while part := connection.recv(65536):
                    said += part
            elif throw.leaving == "resets":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        except OSError:
            pass  # it was cut off on us
    return [int(status) for status in _STATUS.findall(said)]


@pytest.mark.parametrize("examples", SOME_BYTES)
def test_no_bytes_break_it_or_cost_a_genuine_delivery(it: Receiving, tmp_path: Path, examples: int) -> None:
    statuses: set[int] = set()
    genuine: list[str] = []
    it.empty()
    with ThreadPoolExecutor(1) as pool:

        @bounded(examples)
        @example(several=[Throw([whole(GENUINE)], "reads"), Throw([whole(FORGED)], "reads"), Throw([b"??"], "reads")])
        @given(several=st.lists(throws(), min_size=1, max_size=3))
        def attack(several: list[Throw]) -> None:
            request_id = f"genuine-{next(_numbers)}"
            delivered = pool.submit(post, it.address, path_of(request_id), request_id.encode())
            for throw in several:
                statuses.update(thrown(it.address, throw))
            assert delivered.result() == 200
            genuine.append(request_id)
            assert max(statuses, default=0) < 500

        attack()
    kept = {document.request_id: document.body for document in it.kept()}
    assert {request_id: kept.get(request_id) for request_id in genuine} == {name: name.encode() for name in genuine}
    assert set(kept) <= {*genuine, "fuzzed"}  # nothing else was ever taken
    assert {200, 400, 404} <= statuses  # what is in order is answered in between, and what is not is told so
    assert post(it.address, "/health", method="GET") == 200
    assert it.tally.not_kept == 0
