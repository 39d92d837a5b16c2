"""`leadsync serve`."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from pipelines.guard import AsJson, Debug, guarded


def command(
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Listen for webhooks until Ctrl-C, also while no sync runs, and keep what comes for the next one.

    A sync that runs beside it leaves the listening to it and hears of what
    comes at once. Takes webhook.host, webhook.port, webhook.public_url and
    the signing keys from the settings; needs no API key and sends nothing.
    """

    def work() -> int:
        from pipelines.configuration import load_settings
        from pipelines.serving import serve
        from pipelines.telling import Teller

        teller = Teller()
        settings, warnings = load_settings()
        for warning in warnings:
            teller.warn(warning)
        result = serve(Path.cwd(), settings, teller)
        if as_json:
            typer.echo(json.dumps(result))
        return int(result["exit_code"])

    guarded(work, debug)
