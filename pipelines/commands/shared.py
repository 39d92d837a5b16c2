"""What several commands have: arguments, options, and the folder they look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sources.errors import ConfigurationError

Searches = Annotated[list[str] | None, typer.Argument(help="Names of searches; all by default.")]
Enrich = Annotated[
    str | None, typer.Option(help="What to buy: email, phone, email,phone or none. Default: enrichment.channels.")
]
Limit = Annotated[int | None, typer.Option(help="At most so many people.")]
Budget = Annotated[
    float | None,
    typer.Option(
        help="At most so many credits in this run. Credits alone: what a vendor charges in cents is bounded by "
        "enrichment.caps, not by this."
    ),
]
Wait = Annotated[str, typer.Option(help="How long after its start the run waits for answers still under way.")]
Sandbox = Annotated[
    bool,
    typer.Option(
        "--sandbox",
        help="Use the imitation vendors: no key, no money. The caps and rate limits of the settings do not count "
        "there; --budget does.",
    ),
]


def folder_in_use() -> Path:
    """The current folder, where leadsync has settings or a ledger. ConfigurationError elsewhere: none is made."""
    folder = Path.cwd()
    if not (folder / ".dlt").is_dir() and not (folder / ".leadsync").is_dir():
        raise ConfigurationError(
            f"There is nothing of leadsync in {folder}: neither .dlt nor .leadsync. Go to the folder where sync "
            f"ran. Nothing was made or sent."
        )
    return folder
