"""A disk of a few megabytes that really fills up (ENOSPC), mounted at one folder for those processes that enter it.

It lives in a mount namespace of its own, which on most machines a process without rights may make, too. Where none may
be made, `available` says so, and tests must bring about another fault.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_ENTER = """
import ctypes, os
_here = os.getcwd()
for _kind in ("user", "mnt"):
    _fd = os.open("/proc/{pid}/ns/" + _kind, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(_fd, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.close(_fd)
os.chdir(_here)
"""


class SmallDisk:
    """The disk at ``folder``. ``prelude`` lets a forked run see it; ``inside`` is the folder as the test sees it."""

    def __init__(self, folder: Path, pid: int) -> None:
        self.folder = folder
        self._pid = pid
        self.prelude = _ENTER.format(pid=pid)
        self.inside = Path(f"/proc/{pid}/root{folder}")

    @property
    def free(self) -> int:
        """Bytes free."""
        return shutil.disk_usage(self.inside).free

    def fill(self, leave: int) -> None:
        """Something of others takes all but so many bytes."""
        with (self.inside / "others").open("ab", buffering=0) as file:
            file.write(b"\0" * max(0, self.free - leave))
            while leave == 0:  # somebody may have given back some meanwhile
                try:
                    file.write(b"\0" * 4096)
                except OSError:
                    return

    def make_room(self) -> None:
        """Somebody cleans up."""
        (self.inside / "others").unlink()

    def set_writable(self, writable: bool) -> None:
        """Mount it anew, for reading only or for writing, too."""
        how = f"remount,bind,{'rw' if writable else 'ro'}"
        enter = ["nsenter", "-t", str(self._pid), "-U", "-m", "--preserve-credentials"]
        subprocess.run([*enter, "mount", "-o", how, str(self.folder)], check=True)


@cache
def available() -> bool:
    """Whether this machine lets us make one."""
    if shutil.which("unshare") is None:
        return False
    done = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    return done.returncode == 0


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount one at a folder, made if need be, until the block ends. What lies on it is gone then."""
    folder.mkdir(parents=True, exist_ok=True)
    script = f'mount -t tmpfs -o size={megabytes}m tmpfs "$1" && echo mounted && exec cat'
    holder = subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "mounted\n"
        yield SmallDisk(folder, holder.pid)
    finally:
        holder.communicate()  # its input ends, and so does it
