"""Scans and pages of the spool belong to a sink; a scan knows its filters but for viewed people, a page its scan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """See the module's description. What is there already knows none of it."""
    op.add_column("scans", sa.Column("sink_id", sa.String(36), nullable=True))
    op.add_column("scans", sa.Column("everybody", sa.String(64), nullable=True))
    op.add_column("spool", sa.Column("sink_id", sa.String(36), nullable=True))
    op.add_column("spool", sa.Column("scan_id", sa.BigInteger(), nullable=True))
    op.add_column("spool", sa.Column("number", sa.Integer(), nullable=True))
    op.add_column("spool", sa.Column("walk", sa.Integer(), nullable=True))
