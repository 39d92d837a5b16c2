"""Bringing a ledger of any older version to the newest, by the numbered migrations beside this module (Alembic)."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from enrichment.ledger import sums
from sources.crashpoints import reach
from sources.errors import LedgerError

#: the newest migration in `migrations/versions`
NEWEST = "0007"


def version(connection: sa.Connection) -> str | None:
    """The version of an open ledger; None for an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def to_newest(engine: sa.Engine) -> None:
    """Migrate, if need be, in one transaction. LedgerError where a newer leadsync has been here."""
    with engine.begin() as connection:
        found = version(connection)
        if found == NEWEST:
            if not sums.moving(connection):  # by whatever tool that wrote the file anew, or took them away
                sums.mend(connection)
            return
        if found is not None and found > NEWEST:
            raise LedgerError(
                f"The ledger {engine.url.database} was written by a newer leadsync (version {found}, this one knows "
                f"{NEWEST}). Nothing was changed or bought. Use that leadsync again."
            )
        if found is None and sa.inspect(connection).get_table_names():
            raise LedgerError(
                f"The file {engine.url.database} is a database of something else: it holds tables and no ledger. "
                f"Nothing was changed or bought. Set ledger.url to a file of its own."
            )
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        sums.mend(connection)
        reach("ledger.before:migrate.to_newest")
    reach("ledger.after:migrate.to_newest")
