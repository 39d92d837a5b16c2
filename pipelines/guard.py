"""What every command shares: errors as paragraphs and exit codes, --json and --debug. Nothing in them is a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pipelines import logs
from pipelines.signals import STOPPED
from sources.errors import ConfigurationError, LeadsyncError
from sources.redaction import redact, redact_typed
from sources.tracebacks import trace

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Debug = Annotated[bool, typer.Option("--debug", help="Log more, and show tracebacks.")]


def guarded(work: Callable[[], int], debug: bool) -> None:
    """Run a command: errors of ours become a paragraph and an exit code, a traceback only with --debug.

    A traceback shows the lines an error came by, and nothing that it may quote.
    """
    from pipelines.environment import quiet_dlt

    quiet_dlt()
    logs.set_up(debug)
    try:
        code = work()
    except LeadsyncError as error:
        _traceback(error, debug)
        typer.echo(f"leadsync: {redact(_whole(error))}", err=True)
        code = error.exit_code
    except KeyboardInterrupt:
        typer.echo(STOPPED, err=True)
        code = 3
    except Exception as error:  # noqa: BLE001 - told, with what to do about it
        _traceback(error, debug)
        typer.echo(
            f"leadsync: something broke that should not: {type(error).__name__}. What was bought is in the ledger, and "
            f"the next run goes on from there. Run with --debug for the traceback, and please report it.",
            err=True,
        )
        code = 1
    raise typer.Exit(code)


def _traceback(error: BaseException, debug: bool) -> None:
    if debug:
        typer.echo(trace(error), err=True)


class Commands(TyperGroup):
    """The commands: what the parser says of what was typed is shown without addresses, keys and the like."""

    def get_help_option(self, ctx: Any) -> Any:
        """See `click.Command.get_help_option`. Typer would import pydantic to find that nothing is no flag."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option

    def make_context(self, *arguments: Any, **named: Any) -> Any:
        """See `click.Command.make_context`."""
        with _cautious():
            return super().make_context(*arguments, **named)

    def invoke(self, ctx: Any) -> Any:
        """See `click.Command.invoke`."""
        with _cautious():
            return super().invoke(ctx)


@contextmanager
def _cautious() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        said = getattr(error, "message", None)  # of what click raises, whichever click it is
        if isinstance(said, str):
            error.message = redact_typed(said)  # type: ignore[attr-defined]
        raise


def _whole(error: LeadsyncError) -> str:
    """Its words; a wrong setting is found before anything is sent, and says so."""
    text = str(error)
    if isinstance(error, ConfigurationError) and "Nothing was" not in text:
        text += ("\n" if "\n" in text else "" if text.endswith((".", "?")) else ".") + " Nothing was sent or bought."
    return text.replace("\n ", "\n")
