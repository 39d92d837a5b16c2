"""The inbox: what webhooks brought, raw, in a database of its own, until a run carries it over into the ledger.

It lies beside the ledger, so that a receiver can keep what comes while no run is at work, or while one is, without
either waiting for the other. Only a run with the ledger's lock takes anything out of it.
"""

from enrichment.inbox.database import Inbox, Watch, inbox_path, waiting_in
from enrichment.inbox.documents import Document

__all__ = ["Document", "Inbox", "Watch", "inbox_path", "waiting_in"]
