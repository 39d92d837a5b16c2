"""What dlt leaves in its folder of rows that are loaded, or that no run will ever load: removed.

Rows that wait to be loaded lie in packages there until they are. Of what was loaded dlt keeps each package for ever,
its rows too unless told otherwise; of a run that was killed, files under names that nobody looks for again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from dlt.common.storages import LoadStorage, NormalizeStorage
from dlt.pipeline.trace import TRACE_FILE_NAME


def tidy(working_dir: Path, *, pending: bool) -> None:
    """Remove it, from the working folder of a pipeline that does nothing at the moment.

    ``pending``: packages wait to be loaded, and what belongs to them stays.
    """
    (working_dir / TRACE_FILE_NAME).unlink(missing_ok=True)  # of a version that kept one
    for path in _left(working_dir, pending):
        shutil.rmtree(path, ignore_errors=True)


def _left(working_dir: Path, pending: bool) -> Iterator[Path]:
    yield from _folders(working_dir / "load" / LoadStorage.LOADED_FOLDER)
    for path in _folders(working_dir / "normalize"):
        if path.name != NormalizeStorage.EXTRACTED_FOLDER:  # what an extract that was cut short had written
            yield path
    if not pending:
        yield from _folders(working_dir / "load" / LoadStorage.NEW_PACKAGES_FOLDER)


def _folders(path: Path) -> list[Path]:
    return [inner for inner in path.iterdir() if inner.is_dir()] if path.is_dir() else []
