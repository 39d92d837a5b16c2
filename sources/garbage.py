"""Python's garbage collector, while pages are read: they are a million small objects that need none of it.

What is imported by then lives as long as the process, and was looked through at every full collection: a fifth to a
half of the time that a page took (docs/adr/0011 tells the figures). Cycles are still found, only later.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: allocations between looks at the youngest, and how many of those between looks at the older ones
THRESHOLDS = (50_000, 10, 5)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Leave out what there is now, and look at the rest less often, for as long as a block lasts.

    Then all is as before. A process that has frozen objects of its own, or has no collector, is left as it is.
    """
    if (
        gc.get_freeze_count() or not gc.isenabled()
    ):  # the host has views of its own, or this is inside another such block
        yield
        return
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
