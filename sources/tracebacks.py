"""Exceptions that nobody foresaw, told without what they may quote: `KeyError: 'Ann'` is somebody's name.

An error of ours is worded with care, and its words are shown. Of any other the type and the lines it came by are shown,
and of its words only those that are words of errors (`sources.redaction.plain_words`).
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from sources.errors import LeadsyncError
from sources.redaction import plain_words, redact


def said(error: BaseException) -> str:
    """The words of an exception as they may be shown; "" where it has none."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - whatever its author made of it
        return "…"
    return redact(text) if isinstance(error, LeadsyncError) else plain_words(text)


def trace(error: BaseException) -> str:
    """What Python would print, with `said` in place of each exception's own words."""
    return "".join(_lines(error, set()))


def disarm(error: BaseException) -> None:
    """Reduce an exception, and those it came of, to what may be shown, for whoever else may print or keep them.

    Types and tracebacks stay. Errors of ours are left alone, and those of the operating system: they name files.
    """
    for one in _family(error, set()):
        if not isinstance(one, LeadsyncError | OSError | SystemExit):
            one.args = (said(one),) if one.args else ()
            one.__dict__.pop("__notes__", None)


def _family(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    yield from _family(error.__cause__, seen)
    yield from _family(error.__context__, seen)
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield from _family(inner, seen)


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen:
        yield from _lines(before, seen)
        yield "\nand then:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    words = said(error)
    yield f"{type(error).__qualname__}{': ' if words else ''}{words}\n"
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if id(inner) not in seen:
            yield "\none of several:\n\n"
            yield from _lines(inner, seen)
