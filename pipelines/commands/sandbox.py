"""`leadsync sandbox`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

PLANS = ("multi_provider", "standard")


def command(
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any that is free.")] = 8900,
    people: Annotated[int, typer.Option(help="How many people it knows, up to a million.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    plan: Annotated[str, typer.Option(help="multi_provider or standard.")] = "multi_provider",
    api_key: Annotated[str, typer.Option(help="The key they take.")] = "sandbox-key",
) -> None:
    """Serve the imitation vendors, for trying everything without a key. Ends with Ctrl-C."""
    from sandbox.__main__ import main as serve

    if plan not in PLANS:
        raise typer.BadParameter(f"{plan!r} is not one of {', '.join(PLANS)}.", param_hint="--plan")
    sys.exit(
        serve(
            [
                f"--host={host}",
                f"--port={port}",
                f"--people={people}",
                f"--seed={seed}",
                f"--plan={plan}",
                f"--api-key={api_key}",
            ]
        )
    )
