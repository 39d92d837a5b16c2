"""Python's garbage collector, set for a run: pages of people are a million small objects that need none of it.

What is imported by then lives as long as the process, and was looked through at every full collection, most of the
time that reading a page took (docs/adr/0011 tells the figures). Cycles are still found, only later. For a process of
our own alone: whoever uses the sources as a library has a collector of their own.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: allocations between looks at the youngest, and how many of those between looks at the older ones
THRESHOLDS = (50_000, 10, 5)


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Leave out what there is now, and look at the rest less often, for as long as a block lasts."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
