"""`leadsync sync`."""

from __future__ import annotations

import json
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
        from pipelines.configuration import load_settings
        from pipelines.options import SyncOptions, wait_seconds
        from pipelines.telling import Teller

        teller = Teller()
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
        settings, warnings = load_settings()
        for warning in warnings:
            teller.warn(warning)
        from pipelines.report import print_report, warnings_of
        from pipelines.sync import sync as run

        result = run(options, settings, teller)
        if as_json:
            typer.echo(json.dumps(result))
        else:
            print_report(result)
        for text in warnings_of(result):
            teller.warn(text)
        if result["message"]:
            teller.say(result["message"])
        return int(result["exit_code"])

    guarded(work, debug)
