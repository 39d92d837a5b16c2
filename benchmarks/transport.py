"""Which way to hold connections: requests a second and CPU a request of the candidates, in one run.

    .venv/bin/python -m benchmarks.transport

POSTs of a 58 kB answer, as a search page is, against a bare ASGI server in another process. docs/adr/0002-transport.md
tells what was chosen, and why the fastest was not.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import anyio
import httpx
import httpx_aiohttp

from sources.clock import SYSTEM_CLOCK
from sources.limits import RateLimiter
from sources.transport import Transport

RECORD = b'{"personId":"3597524184265130552","filler":"' + b"a" * 530 + b'"}'
BODY = b"[" + b",".join([RECORD] * 100) + b"]"

Post = Callable[[], Awaitable[int]]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The server: reads the request, answers a page."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


@contextmanager
def server() -> Iterator[str]:
    """The server in a process of its own, on any free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.transport:app", "--port", str(port), "--lifespan", "off"]
    child = subprocess.Popen([*command, "--no-access-log", "--log-level", "error"])
    try:
        for _ in range(200):
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait()


@asynccontextmanager
async def one_pool(url: str, under_way: int) -> AsyncIterator[Post]:
    """One httpx client that holds all connections."""
    async with _httpx(under_way) as client:
        yield lambda: _post(client, url)


@asynccontextmanager
async def pools_of_ten(url: str, under_way: int) -> AsyncIterator[Post]:
    """httpx clients of ten connections each."""
    async with _many(url, [_httpx(10) for _ in range(max(1, under_way // 10))]) as post:
        yield post


@asynccontextmanager
async def pools_of_one(url: str, under_way: int) -> AsyncIterator[Post]:
    """An httpx client for each connection."""
    async with _many(url, [_httpx(1) for _ in range(under_way)]) as post:
        yield post


@asynccontextmanager
async def over_aiohttp(url: str, under_way: int) -> AsyncIterator[Post]:
    """One httpx client over the aiohttp transport."""
    transport = httpx_aiohttp.AiohttpTransport(limits=httpx.Limits(max_connections=under_way))
    async with httpx.AsyncClient(transport=transport) as client:
        yield lambda: _post(client, url)


@asynccontextmanager
async def ours(url: str, under_way: int) -> AsyncIterator[Post]:
    """What leadsync uses, with limits, retries and all."""
    limiter = RateLimiter([], SYSTEM_CLOCK, share=0.0)
    async with Transport(url, {"X-API-KEY": "none"}, limiter, concurrency=under_way) as transport:

        async def post() -> int:
            return (await transport.fetch("POST", "/page", json={"page": 1})).status

        yield post


CANDIDATES = {
    "one httpx client": one_pool,
    "httpx clients of 10": pools_of_ten,
    "httpx clients of 1": pools_of_one,
    "httpx over aiohttp": over_aiohttp,
    "leadsync": ours,
}


def _httpx(most: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(limits=httpx.Limits(max_connections=most, max_keepalive_connections=most))


@asynccontextmanager
async def _many(url: str, clients: list[httpx.AsyncClient]) -> AsyncIterator[Post]:
    async with AsyncExitStack() as stack:
        for client in clients:
            await stack.enter_async_context(client)
        turns = iter(range(10**9))
        yield lambda: _post(clients[next(turns) % len(clients)], url)


async def _post(client: httpx.AsyncClient, url: str) -> int:
    return (await client.post(url + "/page", json={"page": 1})).status_code


async def measure(post: Post, requests: int, under_way: int) -> tuple[float, float]:
    """Requests a second, and CPU milliseconds of this process a request."""
    left = iter(range(requests))

    async def worker() -> None:
        for _ in left:
            assert await post() == 200

    await post()
    wall, cpu = time.perf_counter(), time.process_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(under_way):
            tasks.start_soon(worker)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return requests / wall, cpu / requests * 1000


def main() -> None:
    """Print the table."""
    print(f"{'under way':>9}  {'':22}{'requests/s':>10}  {'CPU ms':>7}  {'ratio':>6}")
    with server() as url:
        for under_way in (16, 100):
            baseline = 0.0
            for name, candidate in CANDIDATES.items():
                requests = 600 if candidate is one_pool else 3000

                async def run(candidate: Any = candidate, requests: int = requests, most: int = under_way) -> Any:
                    async with candidate(url, most) as post:
                        return await measure(post, requests, most)

                rate, cpu = anyio.run(run)
                baseline = baseline or rate
                print(f"{under_way:>9}  {name:<22}{rate:>10,.0f}  {cpu:>7.2f}  {rate / baseline:>6.1f}")


if __name__ == "__main__":
    main()
