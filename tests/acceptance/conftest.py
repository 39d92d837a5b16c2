"""A project and a sandbox for each test; the sandbox's process is shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import sandbox
from sandbox import Server
from tests.support.project import Project


@pytest.fixture(scope="module")
def vendor() -> Iterator[Server]:
    with sandbox.running(people=40, seed=3) as server:
        yield server


@pytest.fixture
def project(vendor: Server, tmp_path: Path) -> Project:
    """Forty people; jobs take a twentieth of a second."""
    vendor.reset(people=40, seed=3, behaviour={"job_seconds": 0.05})
    project = Project(tmp_path, vendor)
    project.configure()
    return project
