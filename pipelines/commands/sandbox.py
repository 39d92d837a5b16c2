"""`leadsync sandbox`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

PLANS = ("multi_provider", "standard")
KINDS = ("usual", "skewed", "flat")


def command(
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0: any that is free.")] = 8900,
    people: Annotated[int, typer.Option(help="How many people it knows, up to a million.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    kind: Annotated[
        str, typer.Option(help="How they are spread over the values of filters: usual, skewed or flat.")
    ] = "usual",
    plan: Annotated[str, typer.Option(help="multi_provider or standard.")] = "multi_provider",
    api_key: Annotated[str, typer.Option(help="The key they take.")] = "sandbox-key",
) -> None:
    """Serve the imitation vendors, for trying everything without a key. Ends with Ctrl-C.

    A folder uses them with sources.clodura.base_url = "http://127.0.0.1:8900" in .dlt/config.toml and api_key =
    "sandbox-key" in .dlt/secrets.toml: that folder's caps and rate limits count then, as they do not with sync
    --sandbox. More: python -m sandbox --help.
    """
    from sandbox.__main__ import main as serve

    for option, value, known in (("--plan", plan, PLANS), ("--kind", kind, KINDS)):
        if value not in known:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(known)}.", param_hint=option)
    sys.exit(
        serve(
            [
                f"--host={host}",
                f"--port={port}",
                f"--people={people}",
                f"--seed={seed}",
                f"--kind={kind}",
                f"--plan={plan}",
                f"--api-key={api_key}",
            ]
        )
    )
