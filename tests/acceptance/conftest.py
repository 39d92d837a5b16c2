"""A project and a sandbox for each test; the sandbox's process is shared by the tests of a module."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import sandbox
from sandbox import Server
from tests.support.forked import Forked
from tests.support.project import Project, finish

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


@pytest.fixture(scope="module")
def vendor() -> Iterator[Server]:
    with sandbox.running(people=40, seed=3) as server:
        yield server


@pytest.fixture
def bare(vendor: Server, tmp_path: Path) -> Project:
    """Forty people; jobs take a twentieth of a second."""
    vendor.reset(people=40, seed=3, behaviour={"job_seconds": 0.05})
    project = Project(tmp_path, vendor)
    project.configure()
    return project


@pytest.fixture
def project(bare: Project) -> Project:
    """A folder in which nothing has run yet; test modules may choose `made` instead."""
    return bare


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the tables are made already, as a run makes them before anything else."""
    folder = tmp_path_factory.mktemp("tables")
    done = finish(Forked(["--version"], folder, {}, prelude=_MAKE_TABLES))
    assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture
def made(bare: Project, tables: Path) -> Project:
    """A folder in which the tables are made already: a second less for tests of what comes after."""
    shutil.copytree(tables, bare.folder, dirs_exist_ok=True)
    return bare
