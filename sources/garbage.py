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
def seldom_collected(*, freezing: bool = True) -> Iterator[None]:
    """Look at objects less often, and not at all at those that are there now, for as long as a block lasts.

    Then all is as before. A process that has frozen objects of its own, or has no collector, is left as it is.
    ``freezing=False``: nothing is left out, as is needed in a generator: frozen, one that is dropped half-way could not
    be found to be garbage, and would never put back what was.
    """
    if not gc.isenabled() or (freezing and gc.get_freeze_count()):
        yield
        return
    before = gc.get_threshold()
    if freezing:
        gc.collect()
        gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if freezing:
            gc.unfreeze()
