"""SIGINT and SIGTERM end a run in good order; the second one at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

STOPPED_AT_ONCE = (
    "leadsync: stopped at once. What was bought is in the ledger; calls that were on the wire are in doubt until their "
    "answers come. Run again to go on."
)
#: where no purchase can be on the wire: in commands that buy nothing, in others outside of `stopping_on_signals`
STOPPED = (
    "leadsync: stopped before it was through. No purchase was on the wire; what was bought before is in the ledger. "
    "Run again to go on."
)
_SHOW_CURSOR = b"\x1b[?25h"


@contextmanager
def stopping_on_signals(stop: Callable[[], None], at_once: str = STOPPED_AT_ONCE) -> Iterator[None]:
    """The first signal calls ``stop``. The second ends the process there and then, saying so, with exit code 3.

    It raises nothing: an exception in a finalizer or inside of a library may be swallowed, and then nothing would end.
    What counts is committed, as it must be for kill -9.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def first(number: int, _frame: object) -> None:
        for again in before:
            signal.signal(again, second)
        stop()

    def second(number: int, _frame: object) -> NoReturn:
        if sys.stderr.isatty():
            os.write(2, _SHOW_CURSOR)  # the live view may have hidden it
        os.write(2, f"{at_once}\n".encode())
        os._exit(3)

    for number in before:
        signal.signal(number, first)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
