"""Running sums of what counts against caps. `sums.mend` fills them, and makes the triggers that move them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """See the module's description."""
    op.create_table(
        "counted_by_run",
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "provider", "unit"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "counted_by_day",
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.String(64), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "provider", "unit"),
        sqlite_with_rowid=False,
    )
