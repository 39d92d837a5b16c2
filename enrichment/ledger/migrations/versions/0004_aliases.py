"""Who else somebody is known as; deliveries of one event."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """See the module's description."""
    op.create_table(
        "aliases",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "value"),
    )
    op.create_index("aliases_of_person", "aliases", ["person_id"])
    op.add_column("inbox", sa.Column("event_id", sa.Text(), nullable=True))
    op.create_index("an_event_counts_once", "inbox", ["request_id", "event_id"], unique=True)
