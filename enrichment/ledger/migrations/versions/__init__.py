"""One file a version of the ledger, oldest first."""
