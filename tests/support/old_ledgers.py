"""Ledgers as earlier versions left them: dumps of real ones (tests/data/ledgers), one a version.

    python -m tests.support.old_ledgers tests/data/ledgers/NEWEST.sql

makes one by the leadsync that is checked out: a sync of five people of the sandbox, some of whose calls are rejected or
in doubt; one of all eight that a cap stops while its jobs are under way; one that is killed with calls on the wire.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "data" / "ledgers"
VERSIONS: Sequence[str] = sorted(path.stem for path in FOLDER.glob("*.sql"))
PEOPLE, SEED = 8, 9
#: where the project lies whose ledger is dumped: its path is in there
HOME = Path("/tmp/leads")


def restore(version: str, path: Path) -> None:
    """Write the ledger of that version to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FOLDER / f"{version}.sql").read_text(encoding="utf-8"))


def dump(path: Path) -> list[str]:
    """All that is in a ledger, as SQL."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def make(to: Path) -> None:
    """Dump a ledger of today's version, with calls in every state."""
    import sandbox
    from tests.support.project import Project, finish, wait_until

    shutil.rmtree(HOME, ignore_errors=True)
    ledger = HOME / ".leadsync" / "ledger.db"
    faults = [
        {"operation": "reveal_email", "fault": "422", "nth": [2]},
        {"operation": "reveal_email", "fault": "500_after", "nth": [4]},
        {"operation": "reveal_phone", "fault": "500_before", "nth": [2]},
    ]
    with sandbox.running(people=PEOPLE, seed=SEED) as server:
        project = Project(HOME, server)
        project.configure(webhook={"mode": "poll"}, enrichment={"poll_interval": 0.2, "verify": "all"})
        server.set_behaviour(webhook=False, job_seconds=0.05, faults=faults)
        project.sync("--limit", "5")
        server.set_behaviour(webhook=False, job_seconds=600, faults=[])
        project.sync("--budget", "30", "--wait", "1s")
        server.set_behaviour(webhook=False, job_seconds=600, latency=3)
        process = project.start("sync")
        wait_until(lambda: _on_the_wire(ledger) > 0, "a call is on the wire")
        process.kill()
        finish(process)
    to.write_text("\n".join(dump(ledger)) + "\n", encoding="utf-8")
    shutil.rmtree(HOME)


def _on_the_wire(ledger: Path) -> int:
    with closing(sqlite3.connect(ledger)) as connection:
        return int(connection.execute("SELECT count(*) FROM calls WHERE state = 'sent'").fetchone()[0])


if __name__ == "__main__":
    make(Path(sys.argv[1]))
