"""One sandbox process for all tests, with empty books and default switches for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import Server, running


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Server]:
    with running(people=1000, seed=1) as server:
        yield server


@pytest.fixture
def sandbox_server(sandbox_process: Server) -> Server:
    sandbox_process.reset()
    return sandbox_process
