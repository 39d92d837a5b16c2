"""The ledger: every purchase from its intent to its end, in a database that outlives every crash.

`Ledger` opens it; the modules beside it hold the statements, one module a concern: `calls` (plan, claim, send),
`evidence` (what came back), `poll` (what to ask for), `seen` (people and organizations), `deliveries` (what a
destination has), `books` (caps and sums), `runs` and `counters`; `ledger_time` (its time, which never goes back).
"""

from enrichment.ledger.database import Ledger, ledger_path, ledger_version

__all__ = ["Ledger", "ledger_path", "ledger_version"]
