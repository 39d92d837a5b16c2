"""The log, on stderr, and everything else that Python writes there by itself: redacted, whoever writes it.

A line is `key=value` on a terminal, one JSON object elsewhere. Three ways lead here:

* structlog loggers, which are our own: every value of an event goes through `redact`.
* `logging`, which is mostly what libraries use (dlt, SQLAlchemy, alembic, uvicorn, asyncio, httpx), and Python's
  warnings: each record is made of `plain_words` as it is created, before any handler sees it, ours or theirs.
* exceptions that nobody catches, in any thread, finalizer or event loop: told as `sources.tracebacks` tells them.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from sources.redaction import plain_words, redact
from sources.tracebacks import trace

#: loggers of our own begin so; their words are our own
OURS = "leadsync"
#: their lower levels show URLs and headers
_QUIET = ("httpx", "httpcore", "uvicorn", "sqlalchemy", "alembic")
#: name of the attribute of a record that holds its traceback
_TRACE = "leadsync_trace"

_make_record = logging.getLogRecordFactory()


def install() -> None:
    """Let nothing reach stderr unredacted from now on. May be called again; touches no logger's level."""
    logging.raiseExceptions = False  # other handlers would show a line they cannot format with its arguments
    logging.setLogRecordFactory(_record)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def set_up(debug: bool) -> None:
    """`install`, and the lines: from WARNING on, with ``debug`` from INFO on."""
    import structlog

    install()
    level = logging.INFO if debug else logging.WARNING
    root, dlt = logging.getLogger(), logging.getLogger("dlt")
    for logger in (root, dlt):  # dlt would hang a handler of its own on its logger, and uses one that is there
        logger.handlers = [handler for handler in logger.handlers if not isinstance(handler, _Lines)]
    lines = _Lines()
    root.addHandler(lines)
    dlt.addHandler(lines)
    dlt.propagate = False
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.add_logger_name,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _traced,
            _redacted,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


class _Lines(logging.StreamHandler[Any]):
    """Writes to whatever stderr is at the moment, in one form that nobody else sets."""

    def __init__(self) -> None:
        import structlog

        super().__init__(sys.stderr)
        self._tty = structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "logger", "event"])
        self._other = structlog.processors.JSONRenderer(ensure_ascii=False)
        self.formatter = structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                _with_trace,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, self._render],
        )

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802 - dlt sets its own
        """Keep ours."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class shows the message
        """Say that there is a line less, and nothing of it."""
        with suppress(OSError, ValueError):
            self.stream.write("leadsync: a line of the log could not be written\n")

    def _render(self, logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
        if not self.stream.isatty():
            return str(self._other(logger, name, event))
        lines = event.pop("trace", None)
        return self._tty(logger, name, event) + (f"\n{lines}" if lines else "")


def _record(*arguments: Any, **named: Any) -> logging.LogRecord:
    """A log record that quotes nobody, in place of the one that was to be."""
    record = _make_record(*arguments, **named)
    name: str | None = record.name
    ours = name is not None and (name == OURS or name.startswith(f"{OURS}."))
    if name is None or (ours and isinstance(record.msg, Mapping)):  # a copy, an event of structlog: seen to already
        return record
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - a message that does not fit its arguments
        text = record.msg if isinstance(record.msg, str) else "…"
    record.msg, record.args = redact(text) if ours else plain_words(text), None
    if record.exc_info and record.exc_info[1] is not None:
        setattr(record, _TRACE, trace(record.exc_info[1]))
    record.exc_info = record.exc_text = record.stack_info = None
    return record


def _with_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    lines = getattr(event.get("_record"), _TRACE, None)
    return {**event, "trace": lines} if lines else event


def _traced(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """``exc_info`` of an event of structlog as a traceback that may be shown."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    return {**event, "trace": trace(error)} if error is not None else event


def _redacted(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value if name in ("timestamp", "trace") else _safe(value) for name, value in event.items()}


def _safe(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {_text(name): _safe(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe(inner) for inner in value]
    return _text(value)


def _text(value: object) -> str:
    try:
        return redact(str(value))
    except Exception:  # noqa: BLE001 - whatever its author made of it
        return "…"


def tell(what: str, error: BaseException) -> None:
    """Log what nobody caught; Ctrl-C is told by whoever ends the run."""
    if isinstance(error, KeyboardInterrupt):
        return
    if any(isinstance(handler, _Lines) for handler in logging.getLogger().handlers):
        logger = logging.getLogger(f"{OURS}.crash")
        logger.critical(what, exc_info=(type(error), error, error.__traceback__))
    else:
        sys.stderr.write(f"leadsync: {what}\n{trace(error)}")


def _uncaught(kind: type[BaseException], error: BaseException, trail: TracebackType | None) -> None:
    tell("something broke that should not", error)


def _uncaught_in_thread(given: threading.ExceptHookArgs) -> None:
    if given.exc_value is not None and not issubclass(given.exc_type, SystemExit):
        tell("a thread ended that should not", given.exc_value)


def _unraisable(given: Any) -> None:
    if given.exc_value is not None:
        tell("something broke while it was cleaned up", given.exc_value)
