"""A folder in which the tables are made already: a second less for tests of what comes after."""

from __future__ import annotations

from pathlib import Path

from tests.support.forked import Forked
from tests.support.project import finish

_MAKE_TABLES = """
from pathlib import Path
from pipelines.environment import quiet_dlt
quiet_dlt()
from destinations import DestinationOptions, make
from enrichment.ledger import Ledger
from pipelines import sink
from pipelines.loading import Loader
destination = make("duckdb", DestinationOptions(Path.cwd(), "crm", "leads.duckdb"))
with Ledger("sqlite:///.leadsync/ledger.db", Path.cwd()) as ledger:
    destination.check()
    loader = Loader(destination, "crm", Path.cwd() / ".leadsync" / "dlt")
    sink.prepare(loader, destination, "crm", ledger, 0, lambda text: None)
"""


def make_tables(folder: Path) -> Path:
    """Make them there, as a run makes them before anything else; copy the folder to begin from it."""
    done = finish(Forked(["--version"], folder, {}, prelude=_MAKE_TABLES))
    assert done.exit_code == 0, done.stderr
    return folder
