"""`leadsync doctor`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.guard import AsJson, Debug, guarded


def command(
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Look at what a sync --sandbox would meet: no key is needed.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Say what works, what does not and what to do: before the first sync, and when one fails.

    Looks at settings, searches, ledger, spending, key, host, credits (a
    free call to the vendor), each further vendor that a sync would ask (by
    one more), clock, rate limits, destination, webhook (by a post to its own
    public URL), disk and versions. Buys nothing, and makes nothing that is
    not there yet.

    Exit codes: 0 nothing stands in the way of a sync, though there may be
    warnings; 1 something does; 2 a setting is wrong.
    """

    def work() -> int:
        from pipelines.doctor.checks import Check, as_object, exit_code
        from pipelines.doctor.examination import examine
        from pipelines.doctor.report import Reporter
        from pipelines.telling import Teller

        reporter = None if as_json else Reporter()
        checks: list[Check] = []
        for check in examine(Path.cwd(), debug=debug, sandbox=Teller() if sandbox else None):
            checks.append(check)
            if reporter:
                reporter.show(check)
        if reporter:
            reporter.sum_up(checks)
        else:
            typer.echo(json.dumps(as_object(checks)))
        return exit_code(checks)

    guarded(work, debug)
