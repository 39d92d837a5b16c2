"""`leadsync calls`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipelines.commands.shared import folder_in_use
from pipelines.guard import AsJson, Debug, guarded


def command(
    state: Annotated[
        list[str] | None, typer.Option(help="Only calls in this state, such as in_doubt; may be given several times.")
    ] = None,
    person: Annotated[str | None, typer.Option(help="Only calls for this person_id.")] = None,
    search: Annotated[str | None, typer.Option(help="Only calls that this search asked for first.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many; those that changed last come first.")] = 50,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """The ledger's calls: what each has cost or may still cost, and what would resolve it. Only reads."""

    def work() -> int:
        from pipelines.configuration import load_settings

        folder = folder_in_use()
        settings, _ = load_settings()
        from enrichment.ids import micros
        from pipelines.calls import CallsOptions, calls
        from pipelines.report import print_calls
        from sources.clock import SYSTEM_CLOCK

        result = calls(CallsOptions(folder, state or (), person, search, limit), settings, micros(SYSTEM_CLOCK))
        if as_json:
            typer.echo(json.dumps(result))
        else:
            print_calls(result)
        return 0

    guarded(work, debug)
