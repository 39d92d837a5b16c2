"""The tables made once, as for the acceptance tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.tables_made import make_tables


@pytest.fixture(scope="session")
def tables_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the tables are made already, as a run makes them before anything else."""
    return make_tables(tmp_path_factory.mktemp("tables"))
