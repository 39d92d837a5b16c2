"""SQLite files that outlive every crash, and writing to them in groups: what the ledger and the inbox stand on."""

from enrichment.storage import rescue
from enrichment.storage.private import open_to_others, private_folder
from enrichment.storage.sqlite import BUSY, connect, explain, file_of, identity, open_file
from enrichment.storage.statements import Prepared, Savepoint, Statement, listed
from enrichment.storage.writer import GroupWriter, Work

__all__ = [
    "BUSY",
    "GroupWriter",
    "Prepared",
    "Savepoint",
    "Statement",
    "Work",
    "connect",
    "explain",
    "file_of",
    "identity",
    "listed",
    "open_file",
    "open_to_others",
    "private_folder",
    "rescue",
]
