"""Runs the application on uvicorn: one loopback socket, one line on stdout when it accepts, a quick end.

The protocol subclass hands each request's transport to the application, which ASGI does not provide and a connection
reset needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from ipaddress import ip_address

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.app import Sandbox
from sandbox.sixtyfour.app import PREFIX
from sandbox.wire import CONNECTION
from sandbox.world import Vendor


class _Protocol(HttpToolsProtocol):
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CONNECTION: {"transport": self.transport}}


class _Server(uvicorn.Server):
    """Prints ``line`` once it accepts connections; a first SIGTERM or SIGINT ends it with exit code 0."""

    def __init__(self, config: uvicorn.Config, line: str) -> None:
        super().__init__(config)
        self._line = line

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"{self._line}\n")
        sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The base class raises the signal once more at the end, so that the process would seem to be killed.
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Calls that are left without an answer on purpose must not keep the process alive.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)

    def stop(self) -> None:
        """End soon. May be called from any thread."""
        self.should_exit = True


def open_socket(host: str, port: int) -> socket.socket:
    """A bound socket on a loopback address; ValueError for any other: there is no key worth the name in front of it."""
    address = ip_address("127.0.0.1" if host == "localhost" else host)
    if not address.is_loopback:
        raise ValueError(f"the sandbox listens on loopback addresses only, such as 127.0.0.1, not on {host}")
    bound = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((str(address), port))
    return bound


def serve(
    vendor: Vendor,
    bound: socket.socket,
    api_key: str,
    *,
    sixtyfour_api_key: str | None = None,
    exit_with_parent: bool = False,
) -> None:
    """Serve until a signal, or, with ``exit_with_parent``, until stdin ends.

    The second vendor takes the same key unless it has one of its own.
    """
    host, port = bound.getsockname()[:2]
    url = f"http://[{host}]:{port}" if bound.family == socket.AF_INET6 else f"http://{host}:{port}"
    started = {
        "url": url,
        "api_key": api_key,
        "sixtyfour_url": f"{url}{PREFIX}",
        "sixtyfour_api_key": sixtyfour_api_key or api_key,
        "people": vendor.start.people,
    }
    line = json.dumps(started)
    config = uvicorn.Config(
        Sandbox(vendor, api_key, sixtyfour_api_key),
        http=_Protocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, line)
    if exit_with_parent:
        threading.Thread(target=_stop_at_end_of_stdin, args=(server,), daemon=True).start()
    server.run(sockets=[bound])


def _stop_at_end_of_stdin(server: _Server) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 65_536):
            pass
    server.stop()
