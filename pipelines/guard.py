"""What every command shares: errors as paragraphs and exit codes, the log on stderr, --json and --debug."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from pipelines.signals import STOPPED_AT_ONCE
from sources.errors import ConfigurationError, LeadsyncError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Debug = Annotated[bool, typer.Option("--debug", help="Log more, and show tracebacks.")]


def guarded(work: Callable[[], int], debug: bool) -> None:
    """Run a command: errors of ours become a paragraph and an exit code, a traceback only with --debug."""
    from pipelines.environment import quiet_dlt

    quiet_dlt()
    _set_up_logging(debug)
    if not debug:
        sys.unraisablehook = lambda ignored: None  # a finalizer that a full disk made fail; its file is told of already
    try:
        code = work()
    except LeadsyncError as error:
        if debug:
            raise
        typer.echo(f"leadsync: {_whole(error)}", err=True)
        code = error.exit_code
    except KeyboardInterrupt:
        typer.echo(STOPPED_AT_ONCE, err=True)
        code = 3
    except Exception as error:
        if debug:
            raise
        typer.echo(
            f"leadsync: something broke that should not: {type(error).__name__}. What was bought is in the ledger, and "
            f"the next run goes on from there. Run with --debug for the traceback, and please report it.",
            err=True,
        )
        code = 1
    raise typer.Exit(code)


def _whole(error: LeadsyncError) -> str:
    """Its words; a wrong setting is found before anything is sent, and says so."""
    text = str(error)
    if isinstance(error, ConfigurationError) and "Nothing was" not in text:
        text += ("\n" if "\n" in text else "" if text.endswith((".", "?")) else ".") + " Nothing was sent or bought."
    return text.replace("\n ", "\n")


def _set_up_logging(debug: bool) -> None:
    import structlog

    level = logging.INFO if debug else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="%(levelname)s %(name)s: %(message)s")
    for name in ("httpx", "httpcore", "uvicorn"):  # their lower levels show URLs and headers
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
