"""The ledger: every purchase from its intent to its end, in a database that outlives every crash.

`Ledger` opens it; the modules beside it hold the statements, one module a concern: `calls` (plan, claim, send),
`evidence` (what came back), `poll` (what to ask for), `by_hand` (what an operator says), `seen` (people and
organizations), `deliveries` (what a destination has), `books` (sums), `listing` (calls as they are looked at), `runs`
and `counters`.
"""

from enrichment.ledger.database import Ledger, ledger_path, ledger_version

__all__ = ["Ledger", "ledger_path", "ledger_version"]
