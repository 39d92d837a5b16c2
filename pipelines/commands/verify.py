"""`leadsync verify`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import Budget, Sandbox, Wait
from pipelines.guard import AsJson, Debug, guarded


def command(
    addresses: Annotated[
        list[str] | None, typer.Argument(help="Addresses; by default those that were bought and the policy wants.")
    ] = None,
    policy: Annotated[
        str | None, typer.Option(help="Which of those that were bought: risky or all. Default: enrichment.verify.")
    ] = None,
    deep: Annotated[
        bool | None, typer.Option("--deep/--plain", help="Deep verification, dearer. Default: enrichment.deep.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also where a verdict is known and not stale.")] = False,
    budget: Budget = None,
    wait: Wait = "10m",
    sandbox: Sandbox = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Verify addresses: each once, until its verdict is stale. Costs 0.04 credit an address, 0.1 deep."""

    def work() -> int:
        from pipelines.commands.running import result_of
        from pipelines.options import SyncOptions, Verify, wait_seconds
        from pipelines.report import print_verdicts, warnings_of
        from pipelines.telling import Teller

        teller = Teller()
        options = SyncOptions(
            folder=Path.cwd(),
            budget=budget,
            wait=wait_seconds(wait),
            sandbox=sandbox,
            verify=Verify(addresses or (), policy, deep, again),
        )
        result = result_of(options, teller)
        if as_json:
            typer.echo(json.dumps(result))
        else:
            print_verdicts(result)
        for text in warnings_of(result):
            teller.warn(text)
        if result["message"]:
            teller.say(result["message"])
        return int(result["exit_code"])

    guarded(work, debug)
