"""A user's folder, the imitation vendor as a server of its own, and `leadsync` run there as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from sandbox import Server
from tests.support.forked import Forked

#: seconds after which a command that should have ended long ago is killed
PATIENCE = 90.0
#: settings of [enrichment] by which Clodura is asked first, and Sixtyfour for what it has not
BOTH = {"email_providers": ["clodura", "sixtyfour"], "phone_providers": ["clodura", "sixtyfour"], "batch_wait": 0.3}
#: a prelude for what does not care whether rows are loaded: dlt takes most of the time of a run
WITHOUT_LOADING = """
import pipelines.preparing
class Loader:
    def __init__(self, *arguments): pass
    def feed(self, parts): return [parts]
    def load(self, resources): list(resources[0])
pipelines.preparing.Loader = Loader
pipelines.preparing.sink.prepare = lambda *arguments: "sink"
before = pipelines.preparing.sink.still_there
pipelines.preparing.sink.still_there = lambda *arguments: None
"""


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        found: dict[str, Any] = json.loads(self.stdout)
        return found


@dataclass
class Project:
    """A folder with settings that point to a sandbox."""

    folder: Path
    server: Server
    env: dict[str, str] = field(default_factory=dict)

    def configure(
        self,
        *,
        searches: Mapping[str, Mapping[str, Any]] | None = None,
        clodura: Mapping[str, Any] | None = None,
        sixtyfour: Mapping[str, Any] | None = None,
        secrets: str | None = None,
        **sections: Mapping[str, Any],
    ) -> None:
        """Write .dlt/config.toml and .dlt/secrets.toml; limits are generous unless given.

        ``sixtyfour``: settings of the second vendor, which is not configured without; `BOTH` has it asked.
        """
        lines = ["[sources.clodura]"]
        vendor = {"base_url": self.server.url, "rate_limits": ["5000/second"], **(clodura or {})}
        lines += [f"{name} = {_toml(value)}" for name, value in vendor.items()]
        for name, filters in ({"everyone": {}} if searches is None else searches).items():
            lines.append(f"[sources.clodura.searches.{name}]")
            lines += [f"{key} = {_toml(value)}" for key, value in filters.items()]
        if sixtyfour is not None:
            second = {"base_url": self.server.sixtyfour_url, "rate_limits": ["5000/second"], **sixtyfour}
            public = {name: value for name, value in second.items() if name != "webhook_secret"}
            lines += ["[sources.sixtyfour]", *(f"{name} = {_toml(value)}" for name, value in public.items())]
        for section, values in sections.items():
            lines.append(f"[{section}]")
            lines += [f"{key} = {_toml(value)}" for key, value in values.items()]
        dlt = self.folder / ".dlt"
        dlt.mkdir(parents=True, exist_ok=True)
        (dlt / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        text = self._secrets(sixtyfour) if secrets is None else secrets
        kept = dlt / "secrets.toml"
        kept.write_text(text, encoding="utf-8")
        kept.chmod(0o600)  # as `init` makes it

    def _secrets(self, sixtyfour: Mapping[str, Any] | None) -> str:
        text = f'[sources.clodura]\napi_key = "{self.server.api_key}"\n'
        if sixtyfour is not None:
            text += f'[sources.sixtyfour]\napi_key = "{self.server.sixtyfour_api_key}"\n'
            if (secret := sixtyfour.get("webhook_secret")) is not None:
                text += f"webhook_secret = {_toml(secret)}\n"
        return text

    def start(self, *arguments: str, prelude: str = "") -> Forked:
        """`leadsync ARGUMENTS`, running, in a process group of its own; ``prelude`` is code that runs before it."""
        return Forked(arguments, self.folder, {**os.environ, **self.env}, prelude)

    def run(self, *arguments: str, prelude: str = "") -> Finished:
        """`leadsync ARGUMENTS` to its end."""
        return finish(self.start(*arguments, prelude=prelude))

    def sync(self, *arguments: str, load: bool = True) -> Finished:
        """`leadsync sync --json ARGUMENTS`; without ``load`` nothing is loaded: what it bought is in `ledger` only."""
        return self.run("sync", "--json", *arguments, prelude="" if load else WITHOUT_LOADING)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the database that `sync` has filled."""
        with duckdb.connect(str(self.folder / "leads.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def ledger(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the ledger."""
        with closing(sqlite3.connect(self.folder / ".leadsync" / "ledger.db")) as connection:
            return connection.execute(query).fetchall()

    def one(self, query: str) -> Any:
        """The only value of a query."""
        ((value,),) = self.sql(query)
        return value

    def charges(self, operation: str = "reveal") -> list[dict[str, Any]]:
        """What the vendor charged for operations whose name starts so; amounts in 1/100 credit."""
        return [charge for charge in self.server.books()["charges"] if charge["operation"].startswith(operation)]


def finish(process: Forked) -> Finished:
    """Wait for a command; one that hangs is killed and fails the test."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(f"did not end within {PATIENCE:g} s; stderr was:\n{err}") from None
    return Finished(process.wait(), out, err)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Look until something is so; fail where it never is."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"never happened: {what}"
        time.sleep(0.02)


def _toml(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
