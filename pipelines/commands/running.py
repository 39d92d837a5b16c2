"""What `sync`, `enrich` and `find-email` have in common: settings, the run, and how it is told."""

from __future__ import annotations

import json
from typing import Any

import typer

from pipelines.configuration import load_settings
from pipelines.options import SyncOptions
from pipelines.telling import Teller


def result_of(options: SyncOptions, teller: Teller) -> dict[str, Any]:
    """Read the settings and run."""
    settings, warnings = load_settings()
    for warning in warnings:
        teller.warn(warning)
    from pipelines.sync import sync

    return sync(options, settings, teller)


def run(options: SyncOptions, *, as_json: bool) -> int:
    """Run and print what came of it; returns the exit code."""
    teller = Teller()
    result = result_of(options, teller)
    from pipelines.report import print_report, warnings_of

    if as_json:
        typer.echo(json.dumps(result))
    else:
        print_report(result)
    for text in warnings_of(result):
        teller.warn(text)
    if result.get("rejected"):
        teller.warn(f"{result['rejected']:,} of {result['rows']:,} rows name nobody: see {result['rejects']}")
    if result["message"]:
        teller.say(result["message"])
    return int(result["exit_code"])
