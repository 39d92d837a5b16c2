"""The command line. stdout carries the result, stderr the progress and the log.

Exit codes: 0 done; 1 failed; 2 wrong usage or configuration; 3 stopped early (a cap, a quota, a deadline, a truncated
window, another run at work): go on later. What is heavy is imported only by the command that needs it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from pipelines import logs
from pipelines.commands import (
    calls,
    doctor,
    enrich,
    find_email,
    init,
    plan,
    resolve,
    sandbox,
    serve,
    status,
    sync,
    verify,
)
from pipelines.guard import Commands

app = typer.Typer(
    name="leadsync",
    cls=Commands,
    help="Keeps a table of sales leads current and enriched, and never pays twice for the same answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its frames take as long to import as all the rest
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"leadsync {version('leadsync')}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Keeps a table of sales leads current and enriched, and never pays twice for the same answer."""


def _first_paragraph(command: Callable[..., None]) -> str:
    """What a list of commands says of one: all of it, where typer would end it at the edge of the screen."""
    return " ".join((inspect.getdoc(command) or "").partition("\n\n")[0].split())


for name, command in (
    ("init", init.command),
    ("doctor", doctor.command),
    ("plan", plan.command),
    ("sync", sync.command),
    ("enrich", enrich.command),
    ("find-email", find_email.command),
    ("verify", verify.command),
    ("serve", serve.command),
    ("status", status.command),
    ("calls", calls.command),
    ("resolve", resolve.command),
    ("sandbox", sandbox.command),
):
    app.command(name, short_help=_first_paragraph(command))(command)


def main() -> None:
    """The console script."""
    logs.install()
    try:
        app()
    except Exception as error:  # noqa: BLE001 - Typer would print it as it is
        logs.tell("something broke that should not", error)
        sys.exit(1)
