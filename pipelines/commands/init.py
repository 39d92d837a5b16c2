"""`leadsync init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.guard import Debug, guarded


def command(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if need be.")] = Path(),
    debug: Debug = False,
) -> None:
    """Write .dlt/config.toml with an example search, and .dlt/secrets.toml for the key."""

    def work() -> int:
        from pipelines.init import init as write

        written = write(folder)
        for path in written:
            typer.echo(f"wrote {path}")
        if not written:
            typer.echo("nothing to write: everything is there already")
        typer.echo("Next: leadsync sync --sandbox (no key needed), or put your key into .dlt/secrets.toml.", err=True)
        return 0

    guarded(work, debug)
