"""How many webhooks a second `leadsync serve` takes on one core beside a running sync, how fast; whether all are kept.

    .venv/bin/python -m benchmarks.receiver [POSTS_A_SECOND [SECONDS]]

Posts go out on time, whether those before are answered or not, each on a connection of its own, and wait from when they
were due. Meanwhile `leadsync sync` buys e-mails at 40 calls a second, whose webhooks come to the same `serve`. At the
end every post that was answered 2xx must lie in the ledger, or in the inbox for the next run: exit code 1 where one
does not.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import sandbox
from benchmarks.measuring import Figure, end
from enrichment.capability import Capability

KEY = "a key of this benchmark alone"
SYNC_RATE = 40
BODY = {
    "trackingId": "65f1c0ffee65f1c0ffee0001", "status": "success", "personId": "3597524184265130552",
    "results": [
        {"provider": f"Provider {number}", "status": "not found", "email": None, "note": "x" * 100}
        for number in range(12)
    ],
}  # fmt: skip


def main(rate: int = 300, seconds: int = 20) -> None:
    """Run it once, and judge."""
    people = (seconds + 10) * SYNC_RATE
    with sandbox.running(people=people, seed=1, behaviour={"job_seconds": 1.0}) as server:
        folder, port = _project(server, people)
        serve = subprocess.Popen(
            [sys.executable, "-m", "pipelines", "serve", "--json"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_on_one_core,
        )  # fmt: skip
        assert serve.stderr is not None
        assert serve.stdout is not None
        assert any("Listening" in line for line in iter(serve.stderr.readline, ""))
        command = [sys.executable, "-m", "pipelines", "sync", "--json", "--enrich", "email"]
        sync = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        while not server.books(summary=True)["totals"]["jobs"]:
            time.sleep(0.1)
        posted = asyncio.run(_post(port, rate, seconds))
        beside = sync.poll() is None
        cpu = _cpu_seconds(serve.pid)
        result = json.loads(sync.communicate()[0])
        serve.send_signal(signal.SIGTERM)
        told = json.loads(serve.stdout.read())
        serve.wait()
    statuses, took = posted.statuses, posted.took
    good = [request_id for request_id, status in statuses.items() if 200 <= status < 300]
    waits, late = sorted(posted.waits), sorted(posted.late)
    lost, beside_it = len(set(good) - _kept(folder)), "beside a sync" if beside else "the sync had ended before"
    latency = f"p50 {_at(waits, 0.5):.1f}, p99 {_at(waits, 0.99):.1f}, most {waits[-1] * 1000:.1f} ms"
    end([
        Figure(f"{rate} webhooks a second for {took:.0f} s to one core", f"{len(statuses) / took:.1f}/s, {beside_it}"),
        Figure("answered 2xx", f"{len(good) / len(statuses):.2%} of {len(statuses):,}"),
        Figure("latency", latency),
        Figure("of it late to leave", f"p50 {_at(late, 0.5):.1f}, p99 {_at(late, 0.99):.1f} ms (the machine is busy)"),
        Figure("acknowledged and lost", f"{lost}", "0", held=lost == 0),
        Figure("processor of serve", f"{cpu / took:.0%} of a core; it kept {told['kept']:,}"),
        Figure("the sync beside it", f"{result['calls_settled']:,} calls settled, {result['exit_reason']}"),
    ])  # fmt: skip


def _project(server: sandbox.Server, people: int) -> tuple[Path, int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    folder = Path(tempfile.mkdtemp(prefix="leadsync-bench-"))
    (folder / ".dlt").mkdir()
    (folder / ".dlt" / "config.toml").write_text(
        f'[sources.clodura]\nbase_url = "{server.url}"\nrate_limits = ["{SYNC_RATE}/second"]\n'
        f"[sources.clodura.searches.all]\n[enrichment]\nmax_credits_per_run = {people * 6}\n"
        f"max_credits_per_day = {people * 6}\n[webhook]\nport = {port}\n",
        encoding="utf-8",
    )
    secrets = f'[sources.clodura]\napi_key = "{server.api_key}"\n[webhook]\nsigning_key = "{KEY}"\n'
    (folder / ".dlt" / "secrets.toml").write_text(secrets, encoding="utf-8")
    return folder, port


class _Post(asyncio.Protocol):
    """One post on a connection of its own: as little of a client as will do, for it shares the machine."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._said = b""
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send all of it."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """The answer, which ends the post."""
        self._said += data
        if b"\r\n" in self._said and not self.done.done():
            self.done.set_result(int(self._said.split(b" ", 2)[1]))
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """No answer, where there was none."""
        if not self.done.done():
            self.done.set_result(0)


@dataclass
class Posted:
    """Statuses by request; seconds from due to answered, and from due to sent; seconds in all."""

    statuses: dict[str, int] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    took: float = 0.0


async def _post(port: int, rate: int, seconds: int) -> Posted:
    capability, posted, loop = Capability(KEY), Posted(), asyncio.get_running_loop()
    rest = json.dumps(BODY)[1:]

    async def one(number: int, due: float) -> None:
        request_id = f"bench-{number}"
        body = f'{{"number": {number}, {rest}'
        path = capability.url("", "clodura", request_id)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        posted.late.append(time.monotonic() - due)
        try:
            _, post = await loop.create_connection(lambda: _Post((head + body).encode()), "127.0.0.1", port)
            posted.statuses[request_id] = await post.done
        except OSError:
            posted.statuses[request_id] = 0
        posted.waits.append(time.monotonic() - due)

    started = time.monotonic()
    tasks = []
    for number in range(rate * seconds):
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(one(number, due)))
    await asyncio.gather(*tasks)
    posted.took = time.monotonic() - started
    return posted


def _kept(folder: Path) -> set[str]:
    found: set[str] = set()
    for name, table in (("ledger.db", "inbox"), ("ledger.inbox.db", "documents")):
        with closing(sqlite3.connect(folder / ".leadsync" / name)) as database:
            found |= {request_id for (request_id,) in database.execute(f"SELECT request_id FROM {table}")}
    return found


def _on_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _cpu_seconds(pid: int) -> float:
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return float("nan")
    user, system = path.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
