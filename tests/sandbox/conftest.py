"""One sandbox process for all tests, with empty books and default switches for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox import Receiver, Server, running


@pytest.fixture(scope="session")
def process() -> Iterator[Server]:
    with running(people=1000, seed=1) as server:
        yield server


@pytest.fixture
def server(process: Server) -> Server:
    process.reset()
    return process


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening
