"""Files and folders that their owner alone may read, whatever the umask, and whatever rights they had before."""

from __future__ import annotations

from pathlib import Path

#: the rights of everybody else
OTHERS = 0o077


def open_to_others(path: Path) -> bool:
    """Whether anybody but the owner may read, write or list what is there. False where nothing is."""
    try:
        return bool(path.stat().st_mode & OTHERS)
    except OSError:
        return False


def private_folder(path: Path) -> None:
    """Make a folder, or take away what others may do in it. OSError where it cannot be made.

    One that belongs to somebody else keeps its rights: the files in it have their own.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if open_to_others(path):
        try:
            path.chmod(0o700)
        except PermissionError:
            return


def private_file(path: Path) -> None:
    """Make an empty file where there is none, and take away what others may do with it. OSError where that fails."""
    path.touch(mode=0o600)
    if open_to_others(path):
        path.chmod(0o600)
