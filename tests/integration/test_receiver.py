"""The webhook receiver over real sockets: kept before it is acknowledged, and only what we asked for."""

from __future__ import annotations

import gzip
import json
import os
import socket
import sqlite3
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest
import sqlalchemy as sa

from enrichment.capability import Capability
from enrichment.inbox import documents
from enrichment.storage import sqlite
from pipelines.receiver import BODY_LIMIT, ECHO, Patience, PortTaken, bodies, listen, openapi
from sources import crashpoints
from sources.errors import ConfigurationError
from tests.support.receiving import CAPABILITY, Receiving, exchange, head, path_of, post, receiving, status_of


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiving]:
    with receiving(tmp_path_factory.mktemp("inbox") / "ledger.inbox.db") as it:
        yield it


@pytest.fixture
def it(shared: Receiving) -> Receiving:
    """A receiver with an empty inbox; it takes a fifth of a second to end one, so many tests share it."""
    shared.empty()
    return shared


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiving]:
    patience = Patience(head=0.3, body=0.5, linger=0.2, ending=0.2)
    with receiving(tmp_path_factory.mktemp("slow") / "inbox.db", patience=patience) as it:
        yield it


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Receiving]:
    """One that may be broken."""
    with receiving(tmp_path / "ledger.inbox.db") as it:
        yield it


def test_a_body_is_on_disk_before_it_is_acknowledged(it: Receiving) -> None:
    moments: list[str] = []
    with crashpoints.armed(moments.append):
        assert post(it.address, path_of(), b'{"any": "thing"}', content_type="application/json") == 200
    (kept,) = it.kept()
    assert (kept.provider, kept.request_id, kept.body) == ("clodura", "r-1", b'{"any": "thing"}')
    assert kept.content_type == "application/json"
    assert abs(kept.received_at / 1e6 - time.time()) < 60
    assert moments == [
        "receiver.before", "inbox.before:documents.keep", "inbox.after:documents.keep", "receiver.after",
    ]  # fmt: skip


def test_the_same_body_twice_is_acknowledged_twice_and_kept_once(it: Receiving) -> None:
    assert [post(it.address, path_of(), body) for body in (b"1", b"1", b"2")] == [200] * 3
    assert [document.body for document in it.kept()] == [b"1", b"2"]
    assert (it.tally.kept, it.tally.known) == (2, 1)


def test_a_url_made_with_the_previous_key_still_holds(it: Receiving) -> None:
    assert post(it.address, path_of(capability=Capability("the previous key"))) == 200
    assert len(it.kept()) == 1


@pytest.mark.parametrize(
    "path",
    [
        path_of(capability=Capability("another key 12345")),
        path_of().replace("clodura", "sixtyfour"),
        path_of().replace("r-1", "r-2"),
        path_of()[:-1],
        path_of() + "0",
        path_of() + "/",
        path_of().replace("/hooks", "/hooks/."),
        "/hooks/clodura/r-1/",
        "/hooks/clodura/r-1/%00",
        "/hooks/clodura/r-1/%F0%9F",
        "/hooks/clodura",
        "/health/",
        "/",
    ],
)
def test_a_url_that_we_did_not_make_is_nowhere(it: Receiving, path: str) -> None:
    assert post(it.address, path) == 404
    assert it.kept() == []


def test_the_body_of_a_forged_post_is_not_even_read(it: Receiving) -> None:
    """Whoever asks whether to go on is told to keep it."""
    forged = path_of(capability=Capability("another key 12345"))
    asked = exchange(it.address, head(forged, 5, "Expect: 100-continue"))
    assert status_of(asked) == 404
    assert b"100 Continue" in exchange(it.address, head(path_of(), 5, "Expect: 100-continue"))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_only_posts_are_taken(it: Receiving, method: str) -> None:
    assert post(it.address, path_of(), method=method) == 405
    assert it.kept() == []


class TestBodies:
    @pytest.mark.parametrize(
        "content_type",
        [None, "application/json", "text/plain", "application/x-www-form-urlencoded", "text/html", "no type at all"],
    )
    def test_no_header_of_the_vendor_is_relied_upon(self, it: Receiving, content_type: str | None) -> None:
        named = {} if content_type is None else {"content_type": content_type}
        assert post(it.address, path_of(), b"\xff not even JSON", **named) == 200
        assert [document.content_type for document in it.kept()] == [content_type]

    @pytest.mark.parametrize("kind", ["multipart/form-data", "image/png", "Audio/x", "video/mp4", "font/woff"])
    def test_what_cannot_be_a_document_is_not_taken(self, it: Receiving, kind: str) -> None:
        assert post(it.address, path_of(), content_type=kind) == 415
        assert it.kept() == []

    def test_an_empty_one_is_none(self, it: Receiving) -> None:
        assert post(it.address, path_of(), b"") == 400
        assert it.kept() == []

    @pytest.mark.parametrize("announced", [True, False])
    def test_one_beyond_the_limit_is_refused(self, it: Receiving, announced: bool) -> None:
        def sent(size: int) -> bytes:
            body = b"x" * size
            chunk = f"{size:x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
            start = f"POST {path_of()} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            return exchange(it.address, head(path_of(), size) + body if announced else start + chunk)

        assert status_of(sent(BODY_LIMIT)) == 200
        assert status_of(sent(BODY_LIMIT + 1)) == 413
        assert [len(document.body) for document in it.kept()] == [BODY_LIMIT]

    def test_a_large_one_is_refused_before_it_is_sent(self, it: Receiving) -> None:
        assert status_of(exchange(it.address, head(path_of(), BODY_LIMIT + 1, "Expect: 100-continue"))) == 413

    def test_a_packed_one_is_unpacked(self, it: Receiving) -> None:
        text = b'{"emails": ["ann@x.io"]}'
        bare = zlib.compressobj(wbits=-15)
        packed = {
            "gzip": gzip.compress(text),
            "x-gzip": gzip.compress(text[:9]) + gzip.compress(text[9:]),
            "deflate": zlib.compress(text),
            "Deflate": bare.compress(text) + bare.flush(),
            "gzip, deflate": zlib.compress(gzip.compress(text)),
            "identity": text,
        }
        for number, (encoding, body) in enumerate(packed.items()):
            assert post(it.address, path_of(f"r-{number}"), body, content_encoding=encoding) == 200
        assert [document.body for document in it.kept()] == [text] * len(packed)

    def test_one_that_cannot_be_unpacked_is_kept_as_it_is(self, it: Receiving) -> None:
        text = b'{"emails": ["ann@x.io"]}'
        odd = {
            "gzip": text,
            "deflate": text,
            "x-gzip": gzip.compress(text)[:-9],  # cut off
            "br": b"\x0b\x0b\x80",
            "gzip, br": gzip.compress(text),
            "br, gzip": gzip.compress(b"\x0b\x0b\x80"),
        }
        for number, (encoding, body) in enumerate(odd.items()):
            assert post(it.address, path_of(f"r-{number}"), body, content_encoding=encoding) == 200
        assert [document.body for document in it.kept()] == [*odd.values()]

    def test_one_that_swells_beyond_the_limit_is_refused(self, it: Receiving) -> None:
        bomb = gzip.compress(b"0" * (BODY_LIMIT + 1))
        assert len(bomb) < 2000
        assert post(it.address, path_of(), bomb, content_encoding="gzip") == 413
        whole = gzip.compress(b"0" * BODY_LIMIT)
        assert post(it.address, path_of(), whole, content_encoding="gzip") == 200
        assert [len(document.body) for document in it.kept()] == [BODY_LIMIT]

    def test_one_packed_to_nothing_is_empty(self, it: Receiving) -> None:
        assert post(it.address, path_of(), gzip.compress(b""), content_encoding="gzip") == 400

    def test_one_whose_head_offers_another_protocol_is_taken(self, it: Receiving) -> None:
        """Java's client does so with each first request, and the offer may be declined."""
        offers = [
            ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQBAAAAAAIAAAAA"),
            ("Connection: Upgrade", "Upgrade: websocket"),
        ]
        for number, lines in enumerate(offers):
            assert status_of(exchange(it.address, head(path_of(f"r-{number}"), 2, *lines) + b"{}")) == 200
        assert [document.body for document in it.kept()] == [b"{}"] * 2


class TestTrouble:
    def test_an_inbox_that_somebody_else_holds_is_the_one_503(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sqlite, "BUSY", 0.2)
        with receiving(tmp_path / "inbox.db") as it:
            with closing(sqlite3.connect(it.inbox.path, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                assert post(it.address, path_of(), b"canary") == 503
                assert post(it.address, path_of(provider=ECHO)) == 503
                assert post(it.address, "/health", method="GET") == 503
            assert post(it.address, path_of(), b"canary") == 200
            assert (it.tally.not_kept, it.tally.kept) == (1, 1)
        logged = capsys.readouterr()
        assert "database is locked" in logged.out + logged.err
        assert "canary" not in logged.out + logged.err
        assert path_of().rpartition("/")[2] not in logged.out + logged.err

    def test_a_disk_that_is_full_is_503_until_there_is_room(self, own: Receiving) -> None:
        def pages(connection: sa.Connection, most: int) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")

        own.inbox.call(pages, 1)  # as many as there are
        assert post(own.address, path_of(), os.urandom(500_000)) == 503
        own.inbox.call(pages, 1_000_000)
        assert post(own.address, path_of(), b"{}") == 200
        assert [document.body for document in own.kept()] == [b"{}"]

    def test_an_inbox_that_was_moved_keeps_nothing_and_says_so(
        self, own: Receiving, capsys: pytest.CaptureFixture[str]
    ) -> None:
        own.inbox.path.rename(own.inbox.path.with_name("elsewhere.db"))
        assert post(own.address, path_of()) == 503
        assert "moved or replaced" in "".join(capsys.readouterr())

    def test_a_closed_inbox_acknowledges_nothing(self, own: Receiving) -> None:
        own.inbox.close()
        assert post(own.address, path_of()) == 503

    def test_a_mistake_of_ours_is_503_too_and_shows_nothing(
        self, own: Receiving, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def broken(*_: object) -> None:
            raise ZeroDivisionError("canary")

        with monkeypatch.context() as patched:
            patched.setattr(bodies, "may_hold_document", broken)
            assert post(own.address, path_of()) == 503
        with monkeypatch.context() as patched:
            patched.setattr(documents, "keep", broken)
            assert post(own.address, path_of()) == 503
        assert post(own.address, path_of()) == 200
        logged = "".join(capsys.readouterr())
        assert "ZeroDivisionError" in logged
        assert "canary" not in logged

    def test_a_sender_that_gives_up_half_way_leaves_nothing(self, it: Receiving) -> None:
        with socket.create_connection(it.address) as half:
            half.sendall(head(path_of(), 100) + b"{")
        assert post(it.address, path_of("r-2")) == 200  # it still works
        assert [document.request_id for document in it.kept()] == ["r-2"]

    def test_what_is_no_http_is_told_so(self, it: Receiving) -> None:
        for odd in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", head(path_of(), 5)[:-4] + b"\r\nNo colon\r\n\r\n"):
            assert status_of(exchange(it.address, odd)) == 400
        assert status_of(exchange(it.address, b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000)) == 400  # too much of a head
        chunks = f"POST {path_of()} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode()
        assert status_of(exchange(it.address, chunks)) == 400
        assert it.kept() == []


def test_several_posts_on_one_connection_are_answered_in_turn(it: Receiving) -> None:
    with socket.create_connection(it.address, timeout=10) as connection:
        requests = [head(path_of(f"r-{number}"), 100_000) + bytes([number]) * 100_000 for number in range(3)]
        connection.sendall(b"".join(requests))
        said = b""
        while said.count(b'{"received":true}') < 3:
            part = connection.recv(65536)
            assert part, said
            said += part
    assert [document.request_id for document in it.kept()] == ["r-0", "r-1", "r-2"]


class TestSlowSenders:
    @pytest.fixture
    def it(self, impatient: Receiving) -> Receiving:
        impatient.empty()
        return impatient

    def drip(self, it: Receiving, data: bytes) -> tuple[bytes, float]:
        """Send a byte every fiftieth of a second until it is cut off; what was said, and when."""
        started = time.monotonic()
        said = b""
        with socket.create_connection(it.address, timeout=0.02) as connection:
            for byte in data:
                try:
                    connection.sendall(bytes([byte]))
                    part = connection.recv(65536)
                except TimeoutError:
                    continue
                except ConnectionError:
                    break
                said += part
                if not part:
                    break
            else:
                raise AssertionError("it was never cut off")
        return said, time.monotonic() - started

    def press(self, connection: socket.socket, data: bytes, pause: float) -> None:
        """Send on and on, for a minute at most."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            connection.sendall(data)
            time.sleep(pause)

    def test_a_head_that_drips_is_cut_off(self, it: Receiving) -> None:
        said, took = self.drip(it, b"POST / HTTP/1.1\r\nX: " + b"x" * 500)
        assert (status_of(said), it.tally.cut_off) == (408, 1)
        assert 0.25 < took < 2

    def test_empty_lines_buy_no_time(self, it: Receiving) -> None:
        _, took = self.drip(it, b"\r\n" * 200)
        assert took < 2

    def test_a_body_that_drips_is_cut_off(self, it: Receiving) -> None:
        with socket.create_connection(it.address, timeout=10) as connection:
            connection.sendall(head(path_of(), 500))
            started = time.monotonic()
            said = b""
            while status_of(said) is None:
                connection.sendall(b"x")
                connection.settimeout(0.05)
                try:
                    said += connection.recv(65536)
                except TimeoutError:
                    continue
        assert status_of(said) == 408
        assert 0.4 < time.monotonic() - started < 3
        assert it.kept() == []
        assert it.tally.cut_off == 1

    def test_a_body_that_goes_on_after_its_answer_is_cut_off(self, it: Receiving) -> None:
        """It is read and dropped for a while, so that the sender may see the answer."""
        with socket.create_connection(it.address, timeout=10) as connection:
            connection.sendall(head("/nowhere", 10_000))
            assert status_of(connection.recv(1000)) == 404
            started = time.monotonic()
            with pytest.raises(ConnectionError):
                self.press(connection, b"x", 0.02)
        assert 0.15 < time.monotonic() - started < 4
        assert it.tally.cut_off == 0

    def test_who_never_says_anything_is_closed_without_a_word(self, it: Receiving) -> None:
        started = time.monotonic()
        assert exchange(it.address, b"") == b""
        assert 0.25 < time.monotonic() - started < 2

    def test_who_takes_none_of_its_answers_is_cut_off(self, it: Receiving) -> None:
        with socket.create_connection(it.address, timeout=60) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            with pytest.raises(ConnectionError):
                self.press(connection, b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 100, 0.0)
        assert post(it.address, "/health", method="GET") == 200

    def test_a_pause_between_two_posts_is_no_slowness(self, it: Receiving) -> None:
        connection = HTTPConnection(*it.address, timeout=10)
        with closing(connection):
            for number in range(2):
                connection.request("POST", path_of(f"r-{number}"), b"{}")
                response = connection.getresponse()
                assert (response.status, json.loads(response.read())) == (200, {"received": True})
                time.sleep(0.6)  # longer than any patience with a head or a body
        assert it.tally.cut_off == 0

    def test_five_hundred_that_drip_do_not_keep_genuine_posts_out(self, tmp_path: Path) -> None:
        with receiving(tmp_path / "many.db", patience=Patience(head=3.0, body=3.0)) as it:
            start = head(path_of("slow"), 1000)
            slow = [socket.create_connection(it.address) for _ in range(500)]
            for number, connection in enumerate(slow):
                connection.sendall(start + b"x" if number % 2 else start[:40])
            with ThreadPoolExecutor(8) as pool:
                statuses = list(pool.map(lambda number: post(it.address, path_of(f"r-{number}")), range(60)))
            assert statuses == [200] * 60
            assert len(it.kept()) == 60
            for connection in slow:
                connection.settimeout(10)
                assert status_of(connection.recv(1000)) == 408
                connection.close()
            assert it.tally.cut_off == 500


class TestEnding:
    def test_what_is_under_way_is_answered_and_what_drips_does_not_hold_it_up(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor() as pool:
            with receiving(tmp_path / "inbox.db", patience=Patience(ending=1.0)) as it:
                slow = socket.create_connection(it.address, timeout=10)
                slow.sendall(head(path_of("slow"), 100) + b"x")
                late = socket.create_connection(it.address, timeout=10)
                late.sendall(head(path_of("late"), 2) + b"{")
                idle = HTTPConnection(*it.address, timeout=10)
                idle.request("GET", "/health")
                assert idle.getresponse().read()

                def finish_late() -> bytes:
                    time.sleep(0.15)  # the server is ending by then
                    late.sendall(b"}")
                    return late.recv(1000)

                answered = pool.submit(finish_late)
                started = time.monotonic()
            assert time.monotonic() - started < 10  # it waits for thirty, and for tasks for twenty
            assert status_of(answered.result()) == 200
            assert status_of(slow.recv(1000)) == 408
        for connection in (slow, late, idle):
            connection.close()


class TestWhatItTells:
    def test_that_it_is_well(self, it: Receiving) -> None:
        connection = HTTPConnection(*it.address, timeout=10)
        with closing(connection):
            connection.request("GET", "/health")
            response = connection.getresponse()
            assert response.status == 200
            assert json.loads(response.read()) == {"ok": True, "inbox_writable": True}

    def test_that_it_is_asked_often_costs_no_commit_each(self, own: Receiving) -> None:
        moments: list[str] = []
        with crashpoints.armed(moments.append):
            assert {post(own.address, "/health", method="GET") for _ in range(20)} == {200}
        assert 1 <= moments.count("inbox.after:documents.prove") <= 3

    def test_what_it_takes(self, it: Receiving) -> None:
        connection = HTTPConnection(*it.address, timeout=10)
        with closing(connection):
            connection.request("GET", "/openapi.json")
            assert json.loads(connection.getresponse().read()) == openapi.DOCUMENT

    def test_a_look_of_the_doctor_is_answered_and_kept_nowhere(self, it: Receiving) -> None:
        assert post(it.address, path_of(provider=ECHO)) == 200
        assert post(it.address, path_of(provider=ECHO, capability=Capability("another key 12345"))) == 404
        assert it.kept() == []


def test_an_address_that_is_taken_is_a_wrong_setting(it: Receiving) -> None:
    with pytest.raises(PortTaken, match=r"webhook\.port"):
        listen(*it.address)
    with pytest.raises(ConfigurationError, match=r"webhook\.host"):
        listen("203.0.113.9", 0)


def test_macs_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each key's mac is compared whole, by the function that takes as long for any of the same length."""
    compared: list[tuple[bytes, bytes]] = []
    import hmac

    def compare(ours: bytes, given: bytes) -> bool:
        compared.append((ours, given))
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    assert not CAPABILITY.holds("clodura", "r-1", "f" * 40)
    assert [given for _, given in compared] == [b"f" * 40] * 2
