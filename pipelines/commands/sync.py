"""`leadsync sync`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import Budget, Enrich, Limit, Sandbox, Searches, Wait
from pipelines.guard import AsJson, Debug, guarded


def command(
    searches: Searches = None,
    enrich: Enrich = None,
    limit: Limit = None,
    budget: Budget = None,
    destination: Annotated[str | None, typer.Option(help="Where rows go. Default: pipelines.destination.")] = None,
    dataset: Annotated[str | None, typer.Option(help="The schema they go to. Default: pipelines.dataset.")] = None,
    wait: Wait = "10m",
    sandbox: Sandbox = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Search, buy what is not bought yet, load. Running it again buys nothing twice."""

    def work() -> int:
        from pipelines.commands.running import run
        from pipelines.options import SyncOptions, wait_seconds

        options = SyncOptions(
            folder=Path.cwd(),
            searches=searches or (),
            enrich=enrich,
            limit=limit,
            budget=budget,
            destination=destination,
            dataset=dataset,
            wait=wait_seconds(wait),
            sandbox=sandbox,
        )
        return run(options, as_json=as_json)

    guarded(work, debug)
