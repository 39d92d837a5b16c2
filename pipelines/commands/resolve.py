"""`leadsync resolve`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from pipelines.commands.shared import folder_in_use
from pipelines.guard import AsJson, Debug, guarded


def command(
    calls: Annotated[
        list[str] | None, typer.Argument(help="Calls in doubt: their call_id, or enough of its start or end.")
    ] = None,
    settled: Annotated[
        str | None,
        typer.Option(
            metavar="AMOUNT", help="The vendor charged so much for each of them, in its own unit: credits, cents."
        ),
    ] = None,
    void: Annotated[
        bool, typer.Option("--void", help="Nothing was bought: the next run that wants them buys them.")
    ] = False,
    all_older_than: Annotated[
        str | None, typer.Option(metavar="TIME", help="All calls in doubt that were sent longer ago, such as 7d.")
    ] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Settle calls in doubt by hand, once you know from the vendor what became of them. An answer that still comes
    counts all the same. Sends nothing; works while a sync runs.
    """

    def work() -> int:
        from pipelines.configuration import load_settings

        folder = folder_in_use()
        settings, _ = load_settings()
        from enrichment.ids import micros
        from pipelines.options import seconds_of
        from pipelines.report import print_resolved
        from pipelines.resolving import ResolveOptions, resolving
        from pipelines.telling import Teller
        from sources.clock import SYSTEM_CLOCK

        teller = Teller()
        older_than = None if all_older_than is None else seconds_of("--all-older-than", all_older_than)
        options = ResolveOptions(folder, calls or (), settled, void, older_than)
        result = resolving(options, settings, lambda: micros(SYSTEM_CLOCK), teller.warn)
        if as_json:
            typer.echo(json.dumps(result))
        else:
            print_resolved(result)
        if result["message"]:
            teller.say(result["message"])
        return int(result["exit_code"])

    guarded(work, debug)
