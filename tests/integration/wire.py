"""A raw HTTP/1.1 server on loopback that misbehaves on demand, and keeps count of what reached it.

Each request is answered by the next act of a script (the last act stands for all that follow). An act is a function
that gets the exchange and writes to its socket whatever it likes. Beside it a clock for those who are not to wait.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import anyio.lowlevel

#: seconds until a server thread that nobody releases gives up: a net under a broken test, not a wait
PATIENCE = 20.0
_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Seen:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    #: number of the connection it came on, from 1
    connection: int
    #: seconds since the answer before on the same connection; None for its first request
    idled: float | None


class Exchange:
    """One request and the socket to answer it on. ``done`` ends the connection."""

    def __init__(self, server: Wire, connection: socket.socket, request: Seen) -> None:
        self.server = server
        self.connection = connection
        self.request = request
        self.done = False

    def write(self, data: bytes) -> None:
        """Put bytes on the wire; the client may have gone."""
        with contextlib.suppress(OSError):
            self.connection.sendall(data)

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close()

    def close(self) -> None:
        """End the connection in good order."""
        self.done = True
        self.connection.close()
        self.server.closed.release()

    def garble(self) -> None:
        """Break an encrypted connection: bytes below the encryption that are none of it."""
        with socket.socket(fileno=os.dup(self.connection.fileno())) as below:
            below.sendall(b"\x17\x03\x03\x00\x20" + b"\xaa" * 32)


Act = Callable[[Exchange], None]


def message(status: int, body: bytes, headers: dict[str, str], *, length: int | None = None) -> bytes:
    """The bytes of an answer; ``length`` is what it claims to be long."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body) if length is None else length}", "", ""]
    return "\r\n".join(lines).encode() + body


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> Act:
    """A whole answer. ``retry_after="3"`` is the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def act(exchange: Exchange) -> None:
        exchange.write(message(status, body, named))

    return act


def answer_and_close(status: int = 200, body: bytes = b"{}") -> Act:
    """A whole answer that keeps the connection open by its headers, and closes it all the same."""

    def act(exchange: Exchange) -> None:
        exchange.write(message(status, body, {}))
        exchange.close()

    return act


def reset(exchange: Exchange) -> None:
    """A reset in place of an answer, after the whole request was read."""
    exchange.reset()


def hang_up(exchange: Exchange) -> None:
    """An end in good order in place of an answer."""
    exchange.close()


def cut(status: int = 200, sent: bytes = b'{"half": ', *, by_reset: bool = False) -> Act:
    """A status line, headers and part of the body; then the connection ends."""

    def act(exchange: Exchange) -> None:
        exchange.write(message(status, sent, {}, length=len(sent) + 100))
        if by_reset:
            exchange.reset()
        else:
            exchange.close()

    return act


def stall(status: int = 200, sent: bytes = b'{"half": ') -> Act:
    """A status line, headers and part of the body; then nothing until the client goes away."""

    def act(exchange: Exchange) -> None:
        exchange.write(message(status, sent, {}, length=len(sent) + 100))
        silence(exchange)

    return act


def garbled(sent: bytes = b"") -> Act:
    """On an encrypted connection: ``sent`` in good order, then bytes that break the encryption."""

    def act(exchange: Exchange) -> None:
        exchange.write(sent)
        exchange.garble()
        silence(exchange)

    return act


def silence(exchange: Exchange) -> None:
    """No answer until the client goes away (or the server ends)."""
    exchange.connection.settimeout(0.05)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not exchange.server.ended.is_set():
        try:
            if not exchange.connection.recv(1024):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    exchange.close()


def gibberish(exchange: Exchange) -> None:
    """Bytes that are no HTTP."""
    exchange.write(b"\x00\x01 this is no status line\r\n\r\n")
    exchange.close()


def half_a_status_line(exchange: Exchange) -> None:
    """An answer that breaks off before its status is told."""
    exchange.write(b"HTTP/1.1 2")
    exchange.close()


def held(act: Act) -> Act:
    """Do ``act`` once the test has set ``server.released``."""

    def wait(exchange: Exchange) -> None:
        exchange.server.waiting.release()
        exchange.server.released.wait(PATIENCE)
        act(exchange)

    return wait


@dataclass
class Wire:
    """A running server: what to do (``script``), and what came."""

    script: list[Act]
    #: done to each connection before a request is read: "reset" and "close" end it at once, "silence" leaves it alone,
    #: "reset_in_request" ends it when the first bytes have come
    greeting: str | None = None
    url: str = ""
    port: int = 0
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    #: connections that neither side has ended
    open: int = 0
    #: most requests under way at a time
    peak: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    #: one permit for each request that is held
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    #: one permit for each connection that the server ended
    closed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    ended: threading.Event = field(default_factory=threading.Event)
    _under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_act(self, request: Seen) -> Act:
        """Book a request and say how it is answered."""
        with self._lock:
            position = len(self.requests)
            self.requests.append(request)
            self._under_way += 1
            self.peak = max(self.peak, self._under_way)
        return self.script[min(position, len(self.script) - 1)]

    def answered(self) -> None:
        """Book the end of a request."""
        with self._lock:
            self._under_way -= 1

    def connected(self) -> int:
        """Book a connection; its number."""
        with self._lock:
            self.connections += 1
            self.open += 1
            return self.connections

    def disconnected(self) -> None:
        """Book the end of a connection."""
        with self._lock:
            self.open -= 1


@contextlib.contextmanager
def serving(*script: Act, greeting: str | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Wire]:
    """A server for as long as the block lasts. With ``tls`` its name is localhost."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    port = listening.getsockname()[1]
    server = Wire(list(script) or [answer()], greeting, port=port)
    server.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    opened: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            opened.append(connection)
            number = server.connected()
            thread = threading.Thread(target=_serve, args=(server, connection, number, tls), daemon=True)
            threads.append(thread)
            thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.released.set()
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for connection in opened:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        accepting.join(PATIENCE)
        for thread in threads:
            thread.join(PATIENCE)


def _serve(server: Wire, connection: socket.socket, number: int, tls: ssl.SSLContext | None) -> None:
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        stack.callback(server.disconnected)
        stack.enter_context(connection)
        if server.greeting == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return
        if server.greeting == "reset_in_request":
            connection.recv(1024)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return
        if server.greeting == "close":
            return
        if server.greeting == "silence":
            server.ended.wait(PATIENCE)
            return
        if tls is not None:
            connection = stack.enter_context(tls.wrap_socket(connection, server_side=True))
        answered_at: float | None = None
        while True:
            request = _read(connection, number, answered_at)
            if request is None:
                return
            exchange = Exchange(server, connection, request)
            act = server.next_act(request)
            try:
                act(exchange)
            finally:
                server.answered()
            if exchange.done:
                return
            answered_at = time.monotonic()


def _read(connection: socket.socket, number: int, answered_at: float | None) -> Seen | None:
    data = connection.recv(65536)
    if not data:
        return None
    idled = None if answered_at is None else time.monotonic() - answered_at
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += _more(connection)
    method, target, _ = first.split(" ")
    return Seen(method, target, headers, body, number, idled)


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the client went away in the middle of a request")
    return data


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """The URL of a port that refuses connections for as long as the block lasts."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextlib.contextmanager
def unreachable() -> Iterator[str]:
    """The URL of a port that answers no attempt to connect: its queue of connections is full."""
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):  # one fills a queue of length 0; the rest make sure
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


#: a certificate for localhost that nobody trusts unless told to, and its key: they guard nothing
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBkjCCATigAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIfcWH1YeBQIeYIO
gqKJWjXFQhBobWPi+rM0q+ECeTPCHkNbcwAQzLBcmsvlR0QKy7sQZLw4V2gsquwW
3WYwwsCjeTB3MB0GA1UdDgQWBBRnkXPha7RPDQAyYpCtC6vV8vnCxjAfBgNVHSME
GDAWgBRnkXPha7RPDQAyYpCtC6vV8vnCxjAPBgNVHRMBAf8EBTADAQH/MA4GA1Ud
DwEB/wQEAwIChDAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwIDSAAw
RQIgJbW8rNE7SyodFhPsyU2oOutS8pVAKSRPd7q0G+Ey2agCIQCqDEKGn2engdN8
STW0GfGXfbbGfezV0d7DeRpI0cPL6w==
-----END CERTIFICATE-----
"""
_KEY = """
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUJFlsfkTnk5fETV8
PlxtiTsd24GA5E0Wvlruuemxa/ihRANCAASH3Fh9WHgUCHmCDoKiiVo1xUIQaG1j
4vqzNKvhAnkzwh5DW3MAEMywXJrL5UdECsu7EGS8OFdoLKrsFt1mMMLA
"""


def server_tls(folder: Path) -> ssl.SSLContext:
    """What a server at https://localhost needs; a client trusts it with the file ``certificate.pem`` in ``folder``."""
    kind = "PRIVATE KEY"
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate.write_text(CERTIFICATE)
    key.write_text(f"-----BEGIN {kind}-----{_KEY}-----END {kind}-----\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class PassingClock:
    """Every wait is over at once, and noted."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def time(self) -> float:
        return 1_700_000_000.0 + self.now

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await anyio.lowlevel.checkpoint()
        self.slept.append(seconds)
        self.now += seconds + 1e-6
