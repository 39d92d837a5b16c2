"""`leadsync status`."""

from __future__ import annotations

import json

import typer

from pipelines.commands.shared import folder_in_use
from pipelines.guard import AsJson, Debug, guarded


def command(
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """What is pending, in doubt and spent, from the ledger. Sends nothing."""

    def work() -> int:
        from pipelines.configuration import load_settings

        folder = folder_in_use()
        settings, _ = load_settings()
        from enrichment.ids import micros
        from enrichment.ledger import Ledger
        from pipelines.locks import is_held, lock_of_ledger
        from pipelines.report import print_status
        from pipelines.status import status as look
        from pipelines.vendor import units_of
        from sources.clock import SYSTEM_CLOCK

        with Ledger(settings.ledger.url, folder) as ledger:
            result = look(
                ledger, micros(SYSTEM_CLOCK), units_of(settings), at_work=is_held(lock_of_ledger(ledger.path))
            )
        if as_json:
            typer.echo(json.dumps(result))
        else:
            print_status(result)
        return 0

    guarded(work, debug)
