"""`leadsync` many times over, quickly: one process imports everything, and forks for each run.

A run is the real command line in a real folder; only the second that the imports take is saved. ``prelude`` is code
that runs before it, to force what no setting brings about (a shorter patience, a failing disk).
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.support.project import Finished

#: what a run would import on its way; none of it starts a thread, which would not outlive the fork
IMPORTED = (
    *("pipelines.cli", "pipelines.configuration", "pipelines.report", "pipelines.sync", "destinations.duckdb"),
    *("alembic.command", "alembic.config", "alembic.context", "duckdb", "dlt._workspace", "sandbox.__main__"),
    *("anyio._backends._asyncio", "httpcore", "httptools", "h11", "uvicorn.protocols.http.httptools_impl"),
    *("requests", "encodings.idna", "sqlalchemy.ext.declarative", "tomllib", "typer.main"),
)
#: seconds after which a run is killed
PATIENCE = 60


class Forker:
    """Runs commands; a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=Path(__file__).resolve().parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Forker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, folder: Path, *arguments: str, env: Mapping[str, str] | None = None, prelude: str = "") -> Finished:
        """`leadsync ARGUMENTS` in a folder, to its end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {"folder": str(folder), "arguments": arguments, "env": dict(env or {}), "prelude": prelude}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return Finished(**json.loads(self._process.stdout.readline()))


def _serve() -> None:
    from pipelines.environment import quiet_dlt

    quiet_dlt()
    for name in IMPORTED:
        importlib.import_module(name)
    for line in sys.stdin:
        job = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                _run(job, out.fileno(), err.fileno())
            _, status = os.waitpid(child, 0)
            out.seek(0)
            err.seek(0)
            code = os.waitstatus_to_exitcode(status)
            done = {"exit_code": code, "stdout": out.read().decode(), "stderr": err.read().decode()}
        sys.stdout.write(json.dumps(done) + "\n")
        sys.stdout.flush()


def _run(job: dict[str, Any], out: int, err: int) -> None:
    code = 70
    try:
        signal.alarm(PATIENCE)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.chdir(job["folder"])
        os.environ.update(job["env"])
        exec(job["prelude"], {})
        from pipelines.cli import app

        try:
            app(job["arguments"], prog_name="leadsync")
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    _serve()
