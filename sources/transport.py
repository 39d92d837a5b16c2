"""The one module that speaks HTTP to a vendor (the one that imports httpx).

Two kinds of send, and they share nothing but the wire:

* `Transport.fetch`: repeatable requests (search, track, credits). Retried with jittered back-off on connection
  errors, 429 and 5xx, inside a budget of time.
* `Transport.paid_slot` then `PaidSlot.send`: ONE request on the wire, no retry, no redirect, no connection that idled
  over 2 s. What happened comes back as a value (`PaidOutcome`); whether to try again is the ledger's decision.

Each connection has an httpx client of its own. One httpx client with 100 connections did 118 requests/s on 2 cores,
a hundred clients of one 2,400 (docs/adr/0002-transport.md). The aiohttp transport is faster still, but it reports a
connection that was reset AFTER the request had left as `ConnectTimeout`: on the paid path that is "was never sent",
and would be bought again.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import urlsplit

import anyio
import httpx

from sources.backoff import RETRYABLE, Backoff, parse_http_date, parse_retry_after
from sources.clock import SYSTEM_CLOCK, SYSTEM_DICE, Clock, Dice
from sources.concurrency import AdaptiveConcurrency
from sources.crashpoints import reach
from sources.errors import ConfigurationError, Unavailable
from sources.limits import Grant, RateLimiter
from sources.redaction import SHORTEST, Secrets, redact_url, shown
from sources.throttling import Refusal

#: Seconds after which an idle connection is not used again: the far end may be closing it as we write, and then
#: nobody can say whether the request was acted on.
IDLE_LIMIT = 2.0
#: What httpcore says to a request's trace as its first byte is about to be written (its documentation: Extensions).
LEAVING = "http11.send_request_headers.started"
#: The largest answer read, in bytes. A page of 100 people is about 60 kB.
BODY_LIMIT = 64 * 1024 * 1024


@dataclass(frozen=True)
class Timeouts:
    """Seconds allowed to connect, and for each silence while reading or writing."""

    connect: float = 10.0
    read: float = 60.0


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer. ``retry_after`` is in seconds, ``date`` the far end's clock in epoch seconds."""

    status: int
    body: bytes = field(repr=False)
    retry_after: float | None = None
    location: str | None = field(default=None, repr=False)
    date: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


@dataclass(frozen=True)
class NeverConnected:
    """No byte of the request left: certainly nothing was bought."""

    reason: str


@dataclass(frozen=True)
class Answered:
    """A status line came back. ``complete`` is False where the body broke off: the status still counts."""

    answer: Answer
    complete: bool = True


@dataclass(frozen=True)
class Lost:
    """The request left, in part or whole, and no status came back: nobody here can say what was bought."""

    reason: str


@dataclass(frozen=True)
class NeverSent:
    """The request itself is wrong, and was not even tried: nothing was bought, and trying again changes nothing."""

    reason: str


PaidOutcome = NeverConnected | Answered | Lost | NeverSent


class Attempts(Protocol):
    """Whoever wants to know of each attempt at a repeatable request."""

    async def sending(self) -> None:
        """One is about to be sent. What this raises is raised instead of sending."""
        ...

    async def ended(self, outcome: PaidOutcome) -> None:
        """It ended so."""
        ...


class Transport:
    """HTTP to one vendor host under one key. An async context manager; belongs to the event loop it was opened in.

    ``headers`` carries the key: it is shown by no repr and named in no error. ``concurrency`` bounds repeatable
    requests under way, ``paid_concurrency`` paid ones; together they are the most connections there can be.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        limiter: RateLimiter,
        *,
        concurrency: int = 16,
        paid_concurrency: int = 16,
        backoff: Backoff | None = None,
        timeouts: Timeouts | None = None,
        clock: Clock = SYSTEM_CLOCK,
        dice: Dice = SYSTEM_DICE,
        user_agent: str = "leadsync",
    ) -> None:
        self.base_url = check_base_url(base_url)
        #: the same for errors
        self.shown_url = redact_url(self.base_url)
        self._headers = {**headers, "User-Agent": user_agent, "Accept": "application/json"}
        keys = [key for value in headers.values() for key in (value, value.rpartition(" ")[2])]  # "Bearer KEY"
        self._short = [key.encode() for key in keys if 0 < len(key) < SHORTEST]
        self._secrets = Secrets()
        for key in keys:
            self._secrets.add(key, "key")
        self.limiter = limiter
        self._backoff = backoff or Backoff()
        self._timeouts = timeouts or Timeouts()
        self._clock = clock
        self._dice = dice
        self._under_way = AdaptiveConcurrency(concurrency, clock)
        self._repeatable = _Clients(concurrency, self._make_client)
        self._paid = _Clients(paid_concurrency, self._make_client)
        self._paid_under_way = AdaptiveConcurrency(paid_concurrency, clock)
        self._stack = AsyncExitStack()
        #: requests put on the wire, retries included
        self.requests_sent = 0

    def __repr__(self) -> str:
        return f"Transport({self.shown_url!r})"

    async def __aenter__(self) -> Transport:
        self._ssl = _tls_context(self.base_url)  # once: each would cost 20 ms
        await self._stack.enter_async_context(self.limiter)
        self._stack.push_async_callback(self._repeatable.close)
        self._stack.push_async_callback(self._paid.close)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def fetch(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        collecting: bool = False,
        patience: float | None = None,
        attempts: Attempts | None = None,
        backoff: Backoff | None = None,
    ) -> Answer:
        """Send a repeatable request until it is answered by anything but 408, 429 or 5xx.

        ``collecting`` may use the part of the daily quota kept for it; ``patience`` bounds the wait for our own rate
        limits (seconds); ``attempts`` is told of each one; ``backoff`` replaces the transport's own. Raises
        `Unavailable` when the budget of time is used up, `QuotaExhausted` by the limiter.
        """
        backoff = backoff or self._backoff
        elapsed = 0.0  # without the waits for our own limits: a day's quota used up is no trouble of the vendor's
        attempt = 0
        while True:
            attempt += 1
            async with self._under_way, self.limiter.hold(collecting=collecting, patience=patience) as grant:
                async with self._repeatable.one() as client:
                    if attempts is not None:
                        await attempts.sending()
                    self.requests_sent += 1
                    started = self._clock.monotonic()
                    reach(f"fetch.before:{method}")
                    outcome = await self._exchange(client, grant, method, path, json)
                    reach(f"fetch.after:{method}")
                    elapsed += self._clock.monotonic() - started
                    if attempts is not None:
                        await attempts.ended(outcome)
                status = outcome.answer.status if isinstance(outcome, Answered) else None
                refusal = self._tell_limits(grant, outcome)
                if refusal is None:
                    self._under_way.answered()
                elif refusal is not Refusal.SINGLE:
                    self._under_way.throttled()
            retry_after: float | None = None
            if isinstance(outcome, Answered):
                if outcome.complete and status not in RETRYABLE:
                    return outcome.answer
                retry_after = outcome.answer.retry_after
                trouble = f"HTTP {status}" if outcome.complete else f"HTTP {status} with a body that broke off"
            else:
                trouble = outcome.reason
            wait = backoff.delay(attempt, elapsed, retry_after, self._dice)
            if refusal is Refusal.CLOSED or (refusal is not None and retry_after is not None):
                self.limiter.pause(wait if wait is not None else retry_after or 0.0)
            if wait is None:
                raise Unavailable(
                    f"{method} {path} at {self.shown_url} was not answered within {backoff.budget:g} s "
                    f"({attempt} attempts, the last: {trouble}). It was no purchase; what was bought is in the ledger. "
                    f"Run again later; if nothing ever answers, check base_url and the network.",
                    status=status,
                )
            await self._clock.sleep(wait)
            elapsed += wait

    @asynccontextmanager
    async def paid_slot(self, *, patience: float | None = None) -> AsyncIterator[PaidSlot]:
        """A rate token and a free connection, held for one paid request. What leaves the block unsent is not sent."""
        async with (
            self._paid_under_way,
            self._paid.one() as client,
            self.limiter.hold(patience=patience) as grant,
        ):
            yield PaidSlot(self, client, grant)

    async def send_paid(
        self, client: httpx.AsyncClient, grant: Grant, method: str, path: str, json: object
    ) -> PaidOutcome:
        """Put one paid request on the wire, once. Only `PaidSlot` calls this."""
        self.requests_sent += 1
        outcome = await self._exchange(client, grant, method, path, json)
        self._tell_limits(grant, outcome)
        if isinstance(outcome, Answered) and outcome.answer.status == 429:
            self._paid_under_way.throttled()
        else:
            self._paid_under_way.answered()
        return outcome

    def _tell_limits(self, grant: Grant, outcome: PaidOutcome) -> Refusal | None:
        """Tell the limits what their rate led to; what a 429 says of it, None where there was none."""
        if not isinstance(outcome, Answered):
            return None
        if outcome.answer.status == 429:
            return self.limiter.refused(grant)
        self.limiter.answered()
        return None

    async def _exchange(
        self, client: httpx.AsyncClient, grant: Grant, method: str, path: str, json: object
    ) -> PaidOutcome:
        """One request on the wire. Its grant counts from when the request itself leaves, connection and TLS being up:
        that may take longer than the limits allow for.
        """
        outcome = await self._send(client, grant, method, path, json)
        if not isinstance(outcome, NeverConnected):
            grant.use()
        grant.answered()
        return outcome

    async def _send(self, client: httpx.AsyncClient, grant: Grant, method: str, path: str, json: object) -> PaidOutcome:
        async def watch(event: str, info: Mapping[str, Any]) -> None:
            if event == LEAVING and info["request"].method != b"CONNECT":  # which is the way through a proxy
                grant.use()

        request = client.build_request(method, self.base_url + path, json=json, extensions={"trace": watch})
        try:
            response = await client.send(request, stream=True)
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.PoolTimeout,
            httpx.ProxyError,
            httpx.UnsupportedProtocol,
        ) as error:
            return NeverConnected(type(error).__name__)
        except (httpx.HTTPError, OSError) as error:  # OSError: TLS that breaks once it is up comes as it is
            return Lost(type(error).__name__)
        try:
            body, complete = await _read(response), True
        except (httpx.HTTPError, OSError, _TooLarge):
            body, complete = b"", False
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()
        location = response.headers.get("location")
        date = parse_http_date(response.headers.get("date"))
        now = date if date is not None else self._clock.time()  # a clock that is wrong must not make a wait long
        answer = Answer(
            status=response.status_code,
            body=self._without_secrets(body, error=not response.is_success),
            retry_after=parse_retry_after(response.headers.get("retry-after"), now),
            location=location and self._without_secrets(location.encode(), error=True).decode(),
            date=date,
        )
        return Answered(answer, complete=complete)

    def _without_secrets(self, text: bytes, *, error: bool) -> bytes:
        """A vendor's words as they may be shown and kept: one that repeats the key does not make us repeat it.

        What is too short for a key is masked in errors only: in a result it may be anything.
        """
        for secret in self._short if error else ():
            text = text.replace(secret, b"<key>")
        return self._secrets.mask_bytes(text)

    def _make_client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            headers=self._headers,
            verify=self._ssl,
            follow_redirects=False,
            trust_env=not is_loopback(self.base_url),
            timeout=httpx.Timeout(self._timeouts.read, connect=self._timeouts.connect),
            limits=httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_LIMIT),
        )


class PaidSlot:
    """The right to put exactly one paid request on the wire."""

    def __init__(self, transport: Transport, client: httpx.AsyncClient, grant: Grant) -> None:
        self._transport = transport
        self._grant = grant
        self._client: httpx.AsyncClient | None = client

    async def send(self, method: str, path: str, *, json: object) -> PaidOutcome:
        """Send, and say what happened. A second call is a bug in the caller and raises before anything is sent."""
        if self._client is None:
            raise RuntimeError("a paid slot sends one request only")
        client, self._client = self._client, None
        return await self._transport.send_paid(client, self._grant, method, path, json)


class _Clients:
    """A stack of one-connection clients: the one used last is handed out first, so few connections stay warm."""

    def __init__(self, most: int, make: Callable[[], httpx.AsyncClient]) -> None:
        self._make = make
        self._idle: list[httpx.AsyncClient] = []
        self._all: list[httpx.AsyncClient] = []
        self._free = anyio.Semaphore(most)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[httpx.AsyncClient]:
        async with self._free:
            client = self._idle.pop() if self._idle else self._new()
            try:
                yield client
            finally:
                self._idle.append(client)

    def _new(self) -> httpx.AsyncClient:
        client = self._make()
        self._all.append(client)
        return client

    async def close(self) -> None:
        for client in self._all:
            with anyio.CancelScope(shield=True):
                await client.aclose()
        self._all.clear()
        self._idle.clear()


class _TooLarge(Exception):
    pass


async def _read(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > BODY_LIMIT:
            raise _TooLarge
        parts.append(part)
    return b"".join(parts)


def is_loopback(url: str) -> bool:
    """Whether a URL names this very machine; plain HTTP is allowed there and nowhere else."""
    host = ""
    try:
        host = urlsplit(url).hostname or ""
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _tls_context(base_url: str) -> ssl.SSLContext:
    """Whom to trust; nobody, which takes no time, where nothing is encrypted."""
    if urlsplit(base_url).scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context(trust_env=True)


def check_base_url(url: str) -> str:
    """The URL without a trailing slash; ConfigurationError where it is no https (or loopback http) URL."""
    text = url.strip().rstrip("/")
    if any(mark in text for mark in "@?#"):  # not shown: this is where secrets are
        raise ConfigurationError("base_url: leave out user, password, query and fragment.")
    host = _host(text)
    if host is None:
        raise ConfigurationError(f"base_url: {shown(url)} is not a URL. Write it like https://api.clodura.ai")
    if urlsplit(text).scheme == "http" and not is_loopback(text):
        raise ConfigurationError(
            f"base_url: {shown(url)} would send the key unencrypted. Use https://{host} "
            f"(plain http is accepted for loopback only)."
        )
    return text


def _host(url: str) -> str | None:
    """The host of an http or https URL that can be called, else None."""
    if not url.isprintable() or any(character.isspace() for character in url):
        return None
    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.port == 0:
            return None
        httpx.URL(url).raw_host.decode("ascii").encode("idna")
    except (ValueError, httpx.InvalidURL):
        return None
    return parts.hostname


def check_header_value(value: str, name: str) -> str:
    """A key fit to be a header value, stripped; ConfigurationError (that does not show it) otherwise."""
    text = value.strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigurationError(
            f"{name}: empty, or holds characters that no key has (blanks, line breaks, accents). Paste it again."
        )
    return text
