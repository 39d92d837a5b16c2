"""Ledgers of tests: a new one is a copy of one that was made before, for it is the migrations that take the time."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from enrichment.ledger import Ledger


def new_ledger(folder: Path, name: str = "ledger.db") -> Ledger:
    """An empty ledger in a folder; ``name`` may have folders before it, which are made. One that is there is opened."""
    path = folder / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(_made())
        path.chmod(0o600)
    return Ledger(f"sqlite:///{name}", folder)


@cache
def _made() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Ledger("sqlite:///ledger.db", Path(folder)).close()
        return (Path(folder) / "ledger.db").read_bytes()
