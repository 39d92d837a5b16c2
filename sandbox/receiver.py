"""Receives webhooks on this machine and keeps them: something to point the sandbox at, in tests and demos."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Posted:
    """A webhook as it arrived. Names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """A context manager: listens on a free loopback port as long as its block lasts.

    ``answers`` are the statuses given to the first webhooks; all further ones get 200. A redirect leads back here.
    """

    def __init__(self, answers: Iterable[int] = ()) -> None:
        self._answers = list(answers)
        self._posts: list[Posted] = []
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                self.send_response(receiver._keep(Posted(self.path, headers, body)))
                self.send_header("location", "/redirected")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def url(self, path: str = "/hook") -> str:
        """The address to give as webhookUrl."""
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    @property
    def posts(self) -> list[Posted]:
        """What has arrived so far, in order."""
        with self._arrived:
            return list(self._posts)

    def wait(self, count: int = 1, seconds: float = 5.0) -> list[Posted]:
        """What has arrived once there are ``count``; TimeoutError after ``seconds``."""
        end = time.monotonic() + seconds
        with self._arrived:
            while len(self._posts) < count:
                if not self._arrived.wait(end - time.monotonic()):
                    raise TimeoutError(f"{len(self._posts)} of {count} webhooks arrived within {seconds} s")
            return list(self._posts)

    def _keep(self, post: Posted) -> int:
        with self._arrived:
            self._posts.append(post)
            self._arrived.notify_all()
            return self._answers.pop(0) if self._answers else 200

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
