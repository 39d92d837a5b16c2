"""Named moments of a run at which a test may let the process die. Nothing but a test ever arms them.

Every commit and every send has a moment before and one after it, so that what a crash leaves behind can be looked at
for each of them, not only for those that somebody thought of. Unarmed, `reach` costs one comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any

#: what is told the name of each moment as it comes; None: nobody
_watcher: Callable[[str], None] | None = None


def reach(name: str) -> None:
    """The moment ``name`` has come. May not return, where a test says so."""
    if _watcher is not None:
        _watcher(name)


def arm(watcher: Callable[[str], None] | None) -> None:
    """Let ``watcher`` be told of every moment from now on, in whatever thread it comes; None: nobody."""
    global _watcher
    _watcher = watcher


@contextmanager
def armed(watcher: Callable[[str], None]) -> Iterator[None]:
    """Arm for the length of a block."""
    arm(watcher)
    try:
        yield
    finally:
        arm(None)


def name_of(work: Callable[..., Any]) -> str:
    """A name for a piece of work: its module and where it is defined, ``claims.mark_sent``, ``engine.Engine.start``."""
    inner = getattr(work, "__func__", work)
    if not isinstance(inner, FunctionType) or not isinstance(inner.__code__, CodeType):
        return type(work).__name__
    return f"{inner.__module__.rpartition('.')[2]}.{inner.__qualname__.partition('.<locals>')[0]}"
