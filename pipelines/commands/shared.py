"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

Searches = Annotated[list[str] | None, typer.Argument(help="Names of searches; all by default.")]
Enrich = Annotated[
    str | None, typer.Option(help="What to buy: email, phone, email,phone or none. Default: enrichment.channels.")
]
Limit = Annotated[int | None, typer.Option(help="At most so many people.")]
Budget = Annotated[float | None, typer.Option(help="At most so many credits in this run.")]
Wait = Annotated[str, typer.Option(help="How long after its start the run waits for answers still under way.")]
Sandbox = Annotated[bool, typer.Option("--sandbox", help="Use the imitation vendor: no key, no money.")]
