"""The ledger: every purchase from its intent to its end, in a database that outlives every crash.

`Ledger` opens it; the modules beside it hold the statements, one module a concern: `plans`, `claims`, `answers` (a
purchase up to its answer), `evidence`, `settle` (what came back), `polls` (what to ask for), `by_hand` (what an
operator says), `seen` (people and organizations), `owed`, `deliveries` (what a destination lacks and has), `books`
(sums), `listing` (calls as they are looked at), `ledger_time` (its time, which never goes back), `runs`, `counters`.
"""

from enrichment.ledger.database import Ledger, ledger_path, ledger_version

__all__ = ["Ledger", "ledger_path", "ledger_version"]
