"""`leadsync serve`: the webhook receiver by itself, for when no run is at work, and beside those that are.

What it keeps lies in the inbox until a run carries it over into the ledger. It opens the ledger only to learn the key
that signs webhook URLs, and holds a lock of its own by which `sync` knows that somebody listens.
"""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import anyio
import uvicorn

from enrichment.inbox import Inbox, documents, inbox_path
from enrichment.ledger import Ledger, ledger_path, runs
from pipelines import receiver, webhooks
from pipelines.locks import is_held, lock_of_ledger, lock_of_serve, only_one
from pipelines.receiver import PortTaken, Tally, listen
from pipelines.settings import Settings
from pipelines.signals import stopping_on_signals
from pipelines.telling import PLAIN_EVERY, Teller
from pipelines.vendor import webhook_checks
from sources.clock import SYSTEM_CLOCK

#: seconds between looks whether the port has become free
TAKE_OVER_EVERY = 0.1
#: seconds in which who only looks at the lock has let it go
LOCK_WITHIN = 1.0
#: connections that may be open at a time, where the system allows it
CONNECTIONS = 65_536

STOPPED_AT_ONCE = (
    "leadsync: stopped at once. Every webhook that was answered is kept; a vendor may post the others again."
)


def serve(folder: Path, settings: Settings, teller: Teller) -> dict[str, Any]:
    """Listen until SIGINT or SIGTERM; returns what `--json` prints. LeadsyncError where it cannot begin."""
    service = _Service(folder, settings, teller)
    with stopping_on_signals(service.stop, STOPPED_AT_ONCE):
        return service.run()


class _Service:
    def __init__(self, folder: Path, settings: Settings, teller: Teller) -> None:
        self._folder = folder
        self._settings = settings
        self._teller = teller
        self._ledger = ledger_path(settings.ledger.url, folder)
        self._stopping = threading.Event()
        self._server: uvicorn.Server | None = None
        self._tally = Tally()

    def stop(self) -> None:
        """End in good order. May be called from a signal handler."""
        self._stopping.set()
        if self._server is not None:
            self._server.should_exit = True

    def run(self) -> dict[str, Any]:
        started = time.monotonic()
        base, (host, port) = webhooks.plan_service(self._settings.webhook, self._settings.clodura.base_url)
        lock = lock_of_serve(self._ledger)
        with only_one([lock], within=LOCK_WITHIN, busy="leadsync serve runs already for this ledger"):
            capability = webhooks.capability_of(self._settings.webhook, self._key_of_ledger)
            with Inbox(inbox_path(self._ledger)) as inbox:
                keep = receiver.keeping(inbox, SYSTEM_CLOCK)
                app = receiver.make_app(
                    capability, keep, receiver.proving(inbox, SYSTEM_CLOCK), self._tally, webhook_checks(self._settings)
                )
                self._server = receiver.make_server(app, tally=self._tally)
                _allow_many_connections()
                listening = self._listen(host, port)
                if listening is not None:
                    with listening:
                        waiting = self._waiting(inbox)
                        self._teller.say(
                            f"Listening on {host}:{port} for what is posted to {base}; {waiting:,} documents wait for "
                            f"the next sync. Ctrl-C ends it."
                        )
                        anyio.run(self._serve, listening)
                waiting = self._waiting(inbox)
        self._teller.say(f"Stopped: {_said(self._tally)}; {waiting:,} wait for the next sync.")
        seconds = round(time.monotonic() - started, 1)
        return {**asdict(self._tally), "waiting": waiting, "seconds": seconds, "exit_code": 0}

    def _key_of_ledger(self) -> str:
        with Ledger(self._settings.ledger.url, self._folder) as ledger:
            return ledger.call(runs.signing_key)

    def _listen(self, host: str, port: int) -> Any:
        """The listening socket; waits for it while a sync has the port. None where we are stopped before that."""
        told = False
        while not self._stopping.is_set():
            try:
                return listen(host, port)
            except PortTaken:
                if not is_held(lock_of_ledger(self._ledger)):
                    return listen(host, port)  # that sync may have ended just now
            if not told:
                told = True
                self._teller.say(f"A sync listens on {host}:{port} while it runs; taking over when it has ended.")
            self._stopping.wait(TAKE_OVER_EVERY)
        return None

    async def _serve(self, listening: Any) -> None:
        assert self._server is not None
        self._server.should_exit = self._stopping.is_set()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._tell)
            await self._server.serve([listening])
            tasks.cancel_scope.cancel()

    async def _tell(self) -> None:
        told = replace(self._tally)
        while True:
            await anyio.sleep(PLAIN_EVERY)
            if self._tally != told:
                told = replace(self._tally)
                self._teller.say(f"So far: {_said(told)}.")

    def _waiting(self, inbox: Inbox) -> int:
        with inbox.read() as connection:
            return documents.count(connection)


def _said(tally: Tally) -> str:
    also = {
        "were there already": tally.known,
        "refused": tally.refused,
        "of these not signed": tally.unsigned,
        "cut off as too slow": tally.cut_off,
        "could not be kept": tally.not_kept,
    }
    return ", ".join([f"{tally.kept:,} kept", *(f"{count:,} {what}" for what, count in also.items() if count)])


def _allow_many_connections() -> None:
    """Slow senders hold connections until they are cut off: these must not be all that a process has by default."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = CONNECTIONS if hard == resource.RLIM_INFINITY else min(CONNECTIONS, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
