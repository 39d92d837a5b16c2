"""The receiver at work on an inbox, and posts to it: well-formed ones, and bytes as they are."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import anyio
import sqlalchemy as sa

from enrichment.capability import Capability
from enrichment.inbox import Document, Inbox, documents, schema
from pipelines import receiver
from pipelines.receiver import Patience, Tally
from sources.clock import SYSTEM_CLOCK

Address = tuple[str, int]

CAPABILITY = Capability("0123456789abcdef", ["the previous key"])


@dataclass(frozen=True)
class Receiving:
    """A receiver, where it listens and what it keeps into."""

    address: Address
    inbox: Inbox
    tally: Tally

    def kept(self) -> list[Document]:
        """What lies in the inbox, in order."""
        with self.inbox.read() as connection:
            return documents.waiting(connection, 10_000)

    def empty(self) -> None:
        """Forget all that came so far."""

        def work(connection: sa.Connection) -> None:
            connection.execute(schema.documents.delete())

        self.inbox.call(work)
        self.tally.kept = self.tally.known = self.tally.refused = self.tally.not_kept = self.tally.cut_off = 0


@contextmanager
def receiving(path: Path, capability: Capability = CAPABILITY, patience: Patience | None = None) -> Iterator[Receiving]:
    """A receiver on a free port, keeping into the inbox at ``path``, in a thread."""
    tally = Tally()
    with Inbox(path) as inbox, receiver.listen("127.0.0.1", 0) as listening:
        keep, prove = receiver.keeping(inbox, SYSTEM_CLOCK), receiver.proving(inbox, SYSTEM_CLOCK)
        server = receiver.make_server(receiver.make_app(capability, keep, prove, tally), patience, tally)
        thread = threading.Thread(target=lambda: anyio.run(server.serve, [listening]))
        address = listening.getsockname()
        thread.start()
        try:
            yield Receiving(address, inbox, tally)
        finally:
            server.should_exit = True
            thread.join()


def path_of(request_id: str = "r-1", provider: str = "clodura", capability: Capability = CAPABILITY) -> str:
    """The path that a vendor was given for a request."""
    return capability.url("", provider, request_id)


def post(address: Address, path: str, body: bytes = b"{}", method: str = "POST", **headers: str) -> int:
    """The status of a request on a connection of its own; ``content_type="..."`` is a header, as is any other."""
    connection = HTTPConnection(*address, timeout=10)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named)
        return connection.getresponse().status
    finally:
        connection.close()


def head(path: str, length: int, *lines: str, method: str = "POST") -> bytes:
    """The head of a request with a body of so many bytes."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", f"Content-Length: {length}", *lines, "", ""]).encode()


def exchange(address: Address, data: bytes, seconds: float = 10.0) -> bytes:
    """Send bytes as they are, and read until the other side closes, or what it says is whole; b"" for nothing."""
    said = b""
    with socket.create_connection(address, timeout=seconds) as connection:
        try:
            connection.sendall(data)
            while not said.partition(b"\r\n\r\n")[1]:
                part = connection.recv(65536)
                if not part:
                    break
                said += part
        except (ConnectionError, TimeoutError):
            pass  # it was closed on us; what was said before counts
    return said


def status_of(answer: bytes) -> int | None:
    """The status of a raw answer; None where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None
