"""Starts the sandbox as a process of its own and talks to its control endpoints: for tests, benchmarks and demos."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

_PATIENCE: Final = 10.0
"""Seconds until a child that was told to end is killed."""


@dataclass(frozen=True, slots=True)
class Response:
    """What the vendor answered, whatever its status. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Present:
    """Identifiers of people, in the order of a search: there now, there since the start, come since, gone."""

    now: list[str]
    throughout: list[str]
    added: list[str]
    removed: list[str]


@dataclass(frozen=True, slots=True)
class Server:
    """A running sandbox. The methods block."""

    url: str
    api_key: str
    sixtyfour_api_key: str = ""

    @property
    def sixtyfour_url(self) -> str:
        """Where the second vendor is."""
        return f"{self.url}/sixtyfour"

    def sixtyfour(
        self, method: str, path: str, body: object = None, *, key: str | None = None, timeout: float = 10.0
    ) -> Response:
        """One call to the second vendor's API; ``path`` as in its documentation, such as "/find-email"."""
        own = self.sixtyfour_api_key or self.api_key
        return self.request(method, f"/sixtyfour{path}", body, key=own if key is None else key, timeout=timeout)

    def request(
        self, method: str, path: str, body: object = None, *, key: str | None = None, timeout: float = 10.0
    ) -> Response:
        """One call to the vendor's API on a connection of its own, with the right key unless another is given.

        ``body`` is sent as JSON; bytes as they are. Raises what http.client and the socket raise.
        """
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"X-API-KEY": self.api_key if key is None else key, "Content-Type": "application/json"}
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=timeout)
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def books(self, *, summary: bool = False, vendor: str = "clodura") -> dict[str, Any]:
        """A vendor's books: ``totals``, and unless ``summary`` the lists requests, jobs, charges, webhooks.

        ``vendor`` is "clodura" (amounts of 1/100 credit) or "sixtyfour" (1/100 cent).
        """
        return self._call("GET", f"books?summary={summary:d}&vendor={vendor}")

    def people(self, offset: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """Who there is, with the truth about them; everybody unless ``limit`` is given."""
        most = 1_000_000 if limit is None else limit
        people: list[dict[str, Any]] = self._call("GET", f"people?offset={offset}&limit={most}")["people"]
        return people

    def searches(self) -> dict[str, Any]:
        """How often was searched: ``calls`` in all, and ``windows``, a list with an entry for each set of filters.

        An entry has ``filters`` as documented, ``exclude_viewed``, and the numbers ``calls``, ``past_end`` (behind the
        last page), ``page_100`` (for that page), ``again`` (for a page asked for before), ``people`` (shown, each as
        often as shown).
        """
        return self._call("GET", "searches")

    def busiest(self, seconds: float, *, vendor: str = "clodura") -> int:
        """The most requests, of any operation, that arrived within any span shorter than ``seconds``."""
        calls: int = self._call("GET", f"busiest?seconds={seconds}&vendor={vendor}")["calls"]
        return calls

    def present(self, **filters: object) -> Present:
        """Who passes the filters of a search, under their documented names."""
        return Present(**self._call("POST", "present", filters))

    def reset(
        self,
        *,
        people: int | None = None,
        seed: int | None = None,
        plan: str | None = None,
        behaviour: Mapping[str, object] | None = None,
        credits: float | None = None,  # noqa: A002 - the vendor's word
        cents: float | None = None,
        kind: str | None = None,
        top_share: float | None = None,
        unknown_share: float | None = None,
    ) -> None:
        """Empty the books and start anew. What is left out is as it was when the process started.

        ``credits`` is Clodura's allowance, ``cents`` Sixtyfour's balance; ``kind`` and the shares as in shape.py.
        """
        values: dict[str, object] = {"people": people, "seed": seed, "plan": plan, "behaviour": behaviour}
        values |= {"credits": credits, "cents": cents}
        values |= {"kind": kind, "top_share": top_share, "unknown_share": unknown_share}
        self._call("POST", "reset", values)

    def set_behaviour(self, **switches: object) -> None:
        """Change some switches from now on."""
        self._call("POST", "behaviour", switches)

    def charge(self, kind: str, amount: int) -> None:
        """Book a charge from elsewhere, as if somebody else used the same key.

        In 1/100 credit at Clodura; with the kind "cents" in 1/100 cent at Sixtyfour.
        """
        self._call("POST", "charges", {"kind": kind, "amount": amount})

    def _call(self, method: str, action: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        response = self.request(method, f"/_sandbox/{action}", body, timeout=300)
        decoded: dict[str, Any] = response.json()
        if response.status != 200:
            raise ValueError(decoded["error"])
        return decoded


@contextmanager
def running(
    *,
    people: int = 1000,
    seed: int = 1,
    plan: str = "multi_provider",
    behaviour: Mapping[str, object] | None = None,
    credits: float | None = None,  # noqa: A002 - the vendor's word
    cents: float | None = None,
    sixtyfour_api_key: str | None = None,
    port: int = 0,
    kind: str = "usual",
    top_share: float | None = None,
    unknown_share: float | None = None,
) -> Iterator[Server]:
    """A sandbox as long as the block lasts. RuntimeError, with what the child wrote, if it does not start.

    ``kind`` says how people are spread over the values of filters: "usual", "skewed" (with the shares), "flat".
    """
    command = [sys.executable, "-m", "sandbox", "--exit-with-parent"]
    command += ["--people", str(people), "--seed", str(seed), "--plan", plan, "--port", str(port)]
    command += ["--behaviour", json.dumps(behaviour or {})]
    command += ["--kind", kind]
    command += [] if top_share is None else ["--top-share", str(top_share)]
    command += [] if unknown_share is None else ["--unknown-share", str(unknown_share)]
    command += [] if credits is None else ["--credits", str(credits)]
    command += [] if cents is None else ["--cents", str(cents)]
    command += [] if sixtyfour_api_key is None else ["--sixtyfour-api-key", sixtyfour_api_key]
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path}
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, env=environment) as child,
    ):
        try:
            yield _server(child, errors)
        finally:
            _end(child)


def _server(child: subprocess.Popen[bytes], errors: IO[bytes]) -> Server:
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        status = child.wait()
        errors.seek(0)
        written = errors.read().decode(errors="replace").strip()
        raise RuntimeError(f"the sandbox did not start (exit code {status}): {written}")
    started = json.loads(line)
    return Server(started["url"], started["api_key"], started["sixtyfour_api_key"])


def _end(child: subprocess.Popen[bytes]) -> None:
    assert child.stdin is not None
    child.stdin.close()
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
