"""The server: uvicorn with our bounds, without a log of its own and without a hand on the process's signals."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from enrichment.storage import BUSY
from pipelines.receiver.app import Tally
from pipelines.receiver.patience import HEAD_LIMIT, Patience, protocol_with


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the business of the command."""
        yield


def make_server(app: ASGIApp, patience: Patience | None = None, tally: Tally | None = None) -> uvicorn.Server:
    """A server for the application; it ends when its ``should_exit`` is set, and answers first what is under way."""
    counts = tally or Tally()

    def cut_off() -> None:
        counts.cut_off += 1

    return _Server(
        uvicorn.Config(
            app,
            http=protocol_with(patience or Patience(), cut_off),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",  # its tracebacks could quote what was posted
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=HEAD_LIMIT,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=round(BUSY) + 5,  # longer than any post can wait for the inbox
        )
    )
