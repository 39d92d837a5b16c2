"""Numbered migrations of the ledger (Alembic)."""
