"""SQLite files that outlive every crash, and writing to them in groups: what the ledger and the inbox stand on."""

from enrichment.storage.sqlite import BUSY, explain, file_of, open_file
from enrichment.storage.statements import Prepared, Savepoint
from enrichment.storage.writer import GroupWriter, Work

__all__ = ["BUSY", "GroupWriter", "Prepared", "Savepoint", "Work", "explain", "file_of", "open_file"]
