"""One run at a time: locks that the system takes back when their process ends, however it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from enrichment.storage import private_folder
from sources.errors import AlreadyRunning, LeadsyncError

#: seconds for which a lock must be held by another process to count as held, where many look at it for a moment
GLANCE = 0.3


@contextmanager
def only_one(
    paths: Sequence[Path], *, within: float = 0.0, busy: str = "Another leadsync is at work here"
) -> Iterator[None]:
    """Hold these lock files; AlreadyRunning where another process holds one, LeadsyncError where none can be made.

    ``within``: seconds to wait for who only looks. ``busy``: what is so where one is held.
    """
    with ExitStack() as held:
        for path in dict.fromkeys(path.absolute() for path in paths):
            lock = FileLock(path, timeout=within, mode=0o600)
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                held.enter_context(lock)
            except Timeout:
                raise AlreadyRunning(
                    f"{busy} (it holds {path}). Nothing was done: two at a time would get in "
                    f"each other's way. Run again when it is through."
                ) from None
            except OSError as error:
                raise _unusable(path.parent, error) from None
        yield


def make_private(folder: Path) -> None:
    """Make leadsync's own folder, or close it to everybody else; LeadsyncError where there can be none."""
    try:
        private_folder(folder)
    except OSError as error:
        raise _unusable(folder, error) from None


def _unusable(folder: Path, error: OSError) -> LeadsyncError:
    return LeadsyncError(
        f"{folder} cannot be made or written ({error.strerror}), and leadsync keeps there what must not be lost. "
        f"Nothing was sent or bought. Make it a folder that you may write to, or run in another."
    )


@contextmanager
def nobody_else(paths: Iterable[Path], *, within: float = 0.0) -> Iterator[bool]:
    """Whether nobody else holds any of these lock files, and nobody will while the block lasts. Makes no file.

    A lock file that does not exist is held by nobody and is not made: who only looks leaves nothing behind.
    """
    with ExitStack() as held:
        free = True
        for path in dict.fromkeys(path.absolute() for path in paths):
            if path.exists():
                try:
                    held.enter_context(FileLock(path, timeout=within, mode=0o600))
                except Timeout:
                    free = False
        yield free


def lock_of_ledger(ledger: str | Path) -> Path:
    """The lock that a run holds on its ledger."""
    return Path(f"{ledger}.lock")


def lock_of_serve(ledger: str | Path) -> Path:
    """The lock that `serve` holds while it hears what belongs to a ledger, whatever way leads to the file."""
    return Path(f"{Path(ledger).resolve()}.serve.lock")


def is_held(path: Path) -> bool:
    """Whether another process holds this lock file, and not only for a look at it."""
    with nobody_else([path], within=GLANCE) as free:
        return not free
