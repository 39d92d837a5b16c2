"""`leadsync plan`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import Budget, Enrich, Limit, Sandbox, Searches
from pipelines.guard import AsJson, Debug, guarded


def command(
    searches: Searches = None,
    enrich: Enrich = None,
    limit: Limit = None,
    budget: Budget = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Count each search by at most 8 searches, which may be charged.")
    ] = False,
    sandbox: Sandbox = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """What a sync would ask and cost, at the least and at the most. Buys nothing; sends nothing without --probe."""

    def work() -> int:
        from pipelines.configuration import load_settings
        from pipelines.options import SyncOptions
        from pipelines.planning import plan
        from pipelines.report import print_plan
        from pipelines.telling import Teller

        teller = Teller()
        options = SyncOptions(
            folder=Path.cwd(), searches=searches or (), enrich=enrich, limit=limit, budget=budget, sandbox=sandbox
        )
        settings, warnings = load_settings()
        for warning in warnings:
            teller.warn(warning)
        result = plan(options, settings, teller, probing=probe)
        if as_json:
            typer.echo(json.dumps(result))
        else:
            print_plan(result)
        return 0

    guarded(work, debug)
