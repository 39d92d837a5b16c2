"""A project and a sandbox for each test; the sandbox's process is shared by all of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import sandbox
from sandbox import Server
from tests.support.project import Project
from tests.support.tables_made import make_tables


@pytest.fixture(scope="session")
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
def project(made: Project) -> Project:
    """A folder in which the tables are made already; tests of a first run choose `bare` instead."""
    return made


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the tables are made already, as a run makes them before anything else."""
    return make_tables(tmp_path_factory.mktemp("tables"))


@pytest.fixture
def made(bare: Project, tables: Path) -> Project:
    """A folder in which the tables are made already: a second less for tests of what comes after."""
    shutil.copytree(tables, bare.folder, dirs_exist_ok=True)
    return bare
