"""A database whose file was deleted or replaced while it is open: its connections still hold all of it, so that it can
be written down again before they close.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

#: what SQLite keeps beside a database; those of a deleted one would spoil the one that comes into its place
BESIDE = ("-wal", "-shm")


def rescue(engine: sa.Engine, path: Path, what: str) -> str:
    """Write the database to its old place, or beside another file that lies there; says in words what was done."""
    copy = _free(path.with_name(path.name + ".rescued"))
    try:
        copy.touch(mode=0o600)
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("VACUUM INTO ?", (str(copy),))
        finally:
            connection.close()
        _sync(copy)
        engine.dispose()
        if path.exists():
            return (
                f"All that was in it, the last answers too, is in {copy}: put that in its place, unless the one that "
                f"lies there now knows as much. What neither knows would be bought again."
            )
        for beside in BESIDE:
            Path(f"{path}{beside}").unlink(missing_ok=True)
        os.rename(copy, path)
        _sync(path.parent)
    except (OSError, SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        with suppress(OSError):
            copy.unlink(missing_ok=True)
        return (
            f"It could not be written again ({' '.join(str(error).split())}). Restore the newest backup: what only the "
            f"lost {what} knew would be bought again."
        )
    return f"All that was in it, the last answers too, was written to {path} again. Run again to go on."


def _free(path: Path) -> Path:
    number = 1
    found = path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
