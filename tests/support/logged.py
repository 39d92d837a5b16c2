"""What `pipelines.logs` changes for a whole process, taken back at the end of a test."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from pipelines import logs
from sources.redaction import secrets


@contextmanager
def logging_restored() -> Iterator[None]:
    """Hooks, handlers, levels, known secrets and the umask as they were before."""
    root, dlt = logging.getLogger(), logging.getLogger("dlt")
    kept = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in (root, dlt)]
    levels = {name: logging.getLogger(name).level for name in (*logs._QUIET, "uvicorn.error", "uvicorn.asgi")}
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    factory, raising, forms = logging.getLogRecordFactory(), logging.raiseExceptions, secrets._forms
    mask = os.umask(0o022)
    os.umask(mask)
    try:
        yield
    finally:
        os.umask(mask)
        secrets._forms = forms
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        logging.setLogRecordFactory(factory)
        logging.raiseExceptions = raising
        logging.captureWarnings(False)
        for logger, handlers, level, propagate in kept:
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        structlog.reset_defaults()


@contextmanager
def logging_set_up(*, debug: bool = False) -> Iterator[None]:
    """The log as a command has it."""
    with logging_restored():
        logs.set_up(debug)
        yield
