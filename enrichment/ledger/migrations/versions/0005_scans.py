"""Scans of searches that outlive a run, people seen by them, former jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """See the module's description."""
    op.add_column("people", sa.Column("job", sa.Text(), nullable=True))
    op.add_column("people", sa.Column("job_since", sa.BigInteger(), nullable=True))
    op.create_table(
        "history",
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "valid_from"),
    )
    op.create_table(
        "scans",
        sa.Column("scan_id", _counting(), primary_key=True, autoincrement=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("coverage", sa.String(16), nullable=True),
        sa.Column("whole", sa.Integer(), nullable=False),
    )
    op.create_index("scans_of_search", "scans", ["search", "finished_at"])
    op.create_index("windows_by_name", "windows", ["search", "window", "finished_at"])
    op.create_table(
        "scan_windows",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("filters", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("coverage", sa.String(16), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scan_id", "number"),
    )
    op.create_table(
        "scan_pages",
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("walk", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("fill", sa.String(8), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("unreadable", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scan_id", "number", "walk", "page"),
    )
    op.create_table(
        "spool",
        sa.Column("spool_id", _counting(), primary_key=True, autoincrement=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "sightings",
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("scan_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("missing_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("search", "person_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "full_windows",
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("split", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint"),
    )


def _counting() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
