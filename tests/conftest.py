"""What holds for every test: dlt is quiet, and no proxy stands before loopback."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest

from pipelines.environment import quiet_dlt
from sources.garbage import THRESHOLDS

quiet_dlt()
os.environ["NO_PROXY"] = "127.0.0.1,localhost"


def pytest_collection_finish() -> None:
    """Leave thousands of tests, and all they import, out of what the garbage collector looks through from now on."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)


@pytest.fixture
def usual_collector() -> Iterator[None]:
    """Python's collector as it is in a process of somebody else's."""
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
