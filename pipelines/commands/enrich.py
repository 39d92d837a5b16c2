"""`leadsync enrich`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import Budget, Enrich, Limit, Sandbox, Wait
from pipelines.guard import AsJson, Debug, guarded


def command(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE-OR-URL]",
            help="A file (.csv, .tsv, also .gz, .parquet) or the URL of a database. Without it --query or --table read "
            "the destination.",
            show_default=False,
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Which column holds a field; FIELD= leaves it out.",
            show_default=False,
        ),
    ] = None,
    query: Annotated[str | None, typer.Option(help="A SELECT, on the database or the destination.")] = None,
    table: Annotated[str | None, typer.Option(help="A table of the database or the destination.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a file of text that is not UTF-8 or UTF-16.")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Where rows go that name nobody. Default: FILE.rejects.csv beside the file.")
    ] = None,
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
    """Buy contacts for people you already have: a list, a table, a query. Nobody is bought twice."""

    def work() -> int:
        from pipelines.commands.running import run
        from pipelines.options import Leads, SyncOptions, wait_seconds

        options = SyncOptions(
            folder=Path.cwd(),
            enrich=enrich,
            limit=limit,
            budget=budget,
            destination=destination,
            dataset=dataset,
            wait=wait_seconds(wait),
            sandbox=sandbox,
            leads=Leads(source, query, table, encoding, tuple(mapping or ()), rejects),
        )
        return run(options, as_json=as_json)

    guarded(work, debug)
