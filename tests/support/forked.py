"""`leadsync` in a process of its own, forked from one that has imported everything: a second less for each of the many
runs of the acceptance tests. tests/acceptance/test_readme.py starts it as a user does.

A test's process asks a server (this module, run as a script) over a socket; the server forks a supervisor, and that the
process itself, a child of its own which ends as any other.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from sources.garbage import THRESHOLDS

#: what a run imports, but for what stands on pyarrow and duckdb
HEAVY = """
    alembic.command alembic.context alembic.operations anyio._backends._asyncio anyio.from_thread certifi
    destinations.duckdb dlt._workspace._plugins dlt._workspace.cli._plugins dlt.destinations.insert_job_client
    dlt.extract dlt.pipeline dlt.sources.helpers.requests email_validator encodings.idna enrichment.engine
    enrichment.ledger.counters enrichment.ledger.deliveries enrichment.ledger.found enrichment.metering filelock
    httpcore httptools orjson pendulum.locales.en.locale phonenumbers phonenumbers.data.region_US pipelines.cli
    pipelines.commands.running pipelines.configuration pipelines.continuity pipelines.leads.askable
    pipelines.leads.people pipelines.leads.reading pipelines.leads.rejects pipelines.leftovers pipelines.options
    pipelines.organizations pipelines.playground pipelines.receiver pipelines.report pipelines.serving
    pipelines.spending pipelines.webhooks pydoc pytz.exceptions rich.live rich.table sources.clodura.connecting
    sources.sixtyfour.connecting sqlalchemy.dialects.sqlite.aiosqlite typer._adapters
    uvicorn.lifespan.off uvicorn.protocols.http.h11_impl uvicorn.protocols.http.httptools_impl
""".split()
#: what a run imports besides; no fork takes along the threads that they start where nothing keeps them from it
THREADED = """
    dlt.common.libs.pyarrow dlt.common.libs.sql_alchemy_compat dlt.destinations.impl.duckdb.duck duckdb
    encodings.utf_8_sig phonenumbers.data.region_CA phonenumbers.data.region_GB phonenumbers.data.region_IN
    phonenumbers.data.region_NL pipelines.commands.sync
    pipelines.planning pipelines.sync pyarrow pyarrow.compute pyarrow.parquet
""".split()

_lock = threading.Lock()


class Forked:
    """A process under way, as far as `subprocess.Popen` of texts is needed."""

    def __init__(self, arguments: Sequence[str], cwd: Path, env: Mapping[str, str], prelude: str = "") -> None:
        """``prelude`` is code that runs before the command, to force what no setting brings about."""
        asked = {"argv": ["leadsync", *arguments], "cwd": str(cwd), "env": dict(env), "prelude": prelude}
        message = json.dumps(asked) + "\n"
        pipes = [os.pipe() for _ in range(3)]
        with _lock:
            socket.send_fds(_server(), [message.encode()], [written for _, written in pipes])
            for _, written in pipes:
                os.close(written)
            self._status = os.fdopen(pipes[0][0])
            self.pid = int(self._status.readline())
        self.stdout = os.fdopen(pipes[1][0])
        self.stderr = os.fdopen(pipes[2][0])
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Send a signal to the process alone."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, negative for a signal."""
        if self.returncode is None:
            self.returncode = int(_within(self._status.readline, timeout, self.pid))
            self._status.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it writes until it ends."""
        told: dict[str, str] = {}
        reader = threading.Thread(target=lambda: told.update(err=self.stderr.read()), daemon=True)
        reader.start()
        out = _within(self.stdout.read, timeout, self.pid)
        reader.join(timeout)
        self.wait(timeout)
        self.stdout.close()
        self.stderr.close()
        return out, told["err"]


def _within(read, timeout: float | None, pid: int) -> str:  # type: ignore[no-untyped-def]
    told: list[str] = []
    reader = threading.Thread(target=lambda: told.append(read()), daemon=True)
    reader.start()
    reader.join(timeout)
    if not told:
        raise subprocess.TimeoutExpired(f"leadsync (process {pid})", timeout or 0.0)
    return told[0]


@cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(theirs.fileno())], pass_fds=[theirs.fileno()], start_new_session=True
    )
    theirs.close()
    atexit.register(process.wait)
    atexit.register(ours.close)
    return ours


def serve(control: socket.socket) -> None:
    """Fork what is asked for until the other side is gone; returns in each process that was forked, too."""
    while True:
        message, fds, _, _ = socket.recv_fds(control, 65536, 3)
        while message and not message.endswith(b"\n"):
            message += control.recv(65536)
        if not message:
            sys.exit(0)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.close()
            _supervise(json.loads(message), *fds)
            return
        for fd in fds:
            os.close(fd)


def _supervise(asked: dict[str, Any], status: int, out: int, err: int) -> None:
    """Fork the process and wait for it; in the process itself, prepare it and return."""
    pid = os.fork()
    if pid:
        os.close(out)
        os.close(err)
        _tell(status, pid)
        _, ended = os.waitpid(pid, 0)
        _tell(status, os.waitstatus_to_exitcode(ended))
        os._exit(0)
    os.setsid()
    os.close(status)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv[:] = asked["argv"]
    exec(asked["prelude"], {})


def _tell(status: int, number: int) -> None:
    try:
        os.write(status, f"{number}\n".encode())
    except BrokenPipeError:
        os._exit(0)  # nobody waits any more


def main() -> NoReturn:
    """Import what every command needs, then serve."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    from pipelines.environment import quiet_dlt

    quiet_dlt()
    for name in HEAVY:
        import_module(name)
    _import_without_threads()
    _make_a_ledger()
    import_module("sources.countries").region_of("India")  # the names of all countries: two hundredths of a second
    gc.collect()
    gc.freeze()  # nobody looks again at what all of them share: looking copies it
    gc.set_threshold(*THRESHOLDS)  # a run is short, and is looked at a tenth of its time otherwise
    until = time.monotonic() + 5
    while _threads() > 1 and time.monotonic() < until:
        time.sleep(0.01)  # one that has ended, and was joined, is listed for a moment
    assert _threads() == 1, f"{_threads()} threads: a fork would lose them"
    serve(socket.socket(fileno=int(sys.argv[1])))
    try:
        import_module("pipelines.cli").main()
    except SystemExit as ended:
        if not isinstance(ended.code, int | None):
            raise
        _end(ended.code or 0)
    _end(0)


def _import_without_threads() -> None:
    """jemalloc, of pyarrow, starts none where it is told so; those of duckdb end with its connection to nothing."""
    os.environ["JE_ARROW_MALLOC_CONF"] = "background_thread:false"
    for name in THREADED:
        import_module(name)
    import_module("duckdb").default_connection().close()


def _make_a_ledger() -> None:
    """In memory, for what Alembic and SQLAlchemy find out at the first time: a tenth of a second of each new folder."""
    import sqlalchemy as sa

    from enrichment.ledger import migrate

    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    migrate.to_newest(engine)
    engine.dispose()


def _threads() -> int:
    listed = Path("/proc/self/task")
    return len(os.listdir(listed)) if listed.is_dir() else threading.active_count()


def _end(code: int) -> NoReturn:
    """End as Python ends, but leave standing what was imported: taking it down copies the pages that it lies in."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
