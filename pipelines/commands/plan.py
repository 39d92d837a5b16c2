"""`leadsync plan`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.guard import AsJson, Debug, guarded


def command(
    searches: Annotated[list[str] | None, typer.Argument(help="Names of searches; all by default.")] = None,
    enrich: Annotated[
        str | None, typer.Option(help="What to buy: email, phone, email,phone or none. Default: enrichment.channels.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many people.")] = None,
    budget: Annotated[float | None, typer.Option(help="At most so many credits in the run.")] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Count each search by at most 8 searches, which may be charged.")
    ] = False,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="As for sync --sandbox.")] = False,
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
