"""The ledger's time: it never goes back. Not behind anything in the ledger, whatever the machine's clock says.

So a clock that was set back frees nothing: what was reserved today still counts today, the quota of a day is that of
the same day, the latest verdict is the latest. While the machine's clock is behind, ledger time goes on at its pace,
between runs too: how far it is behind is kept in the ledger, so that nothing waits for ever. Once it has caught up, the
two agree.
"""

from __future__ import annotations

import threading

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert

from enrichment.ids import micros
from enrichment.ledger.schema import inbox, meta, rate_grants, runs, transitions
from sources.clock import Clock

#: entries of the two tables that grow with each call, from the last one on: what lies before is older, but for what was
#: written while time was not kept so
_LAST = 1000
_BEHIND = "clock_behind"


def latest(connection: sa.Connection) -> int:
    """The latest time in the ledger (microseconds since the epoch); 0 where nothing has happened yet."""
    steps = sa.select(transitions.c.at).order_by(transitions.c.transition_id.desc()).limit(_LAST).subquery()
    mail = sa.select(inbox.c.received_at).order_by(inbox.c.inbox_id.desc()).limit(_LAST).subquery()
    columns = (steps.c.at, mail.c.received_at, rate_grants.c.at, runs.c.started_at, runs.c.finished_at)
    found = [connection.execute(sa.select(sa.func.max(column))).scalar() for column in columns]
    return max((int(time) for time in found if time is not None), default=0)


def ledger_time(connection: sa.Connection, now: int) -> int:
    """What time it is for this ledger, where the machine's clock shows ``now``."""
    last = latest(connection)
    if now >= last:
        return now
    behind = connection.execute(sa.select(meta.c.value).where(meta.c.key == _BEHIND)).scalar()
    return max(last, now + int(behind or 0))


def keep_time(connection: sa.Connection, now: int) -> int:
    """The same, and note how far the machine's clock is behind, for the runs that come after."""
    time = ledger_time(connection, now)
    if time > now:
        note = upsert(meta).values(key=_BEHIND, value=str(time - now))
        connection.execute(note.on_conflict_do_update(index_elements=["key"], set_={"value": note.excluded.value}))
    else:
        connection.execute(meta.delete().where(meta.c.key == _BEHIND))
    return time


class LedgerClock:
    """A `Clock` that shows ledger time; threads may share it."""

    def __init__(self, clock: Clock, began: int) -> None:
        """``clock``: the machine's; ``began``: ledger time as this begins (`ledger_time`)."""
        self._clock = clock
        self._shown = max(micros(clock), began)
        self._looked_at = clock.monotonic()
        self._lock = threading.Lock()

    def time(self) -> float:
        """Seconds since the epoch: as the machine's clock shows, unless that is behind what it has been already."""
        with self._lock:
            looked_at = self._clock.monotonic()
            passed = round((looked_at - self._looked_at) * 1_000_000)
            self._shown = max(micros(self._clock), self._shown + passed)
            self._looked_at = looked_at
            return self._shown / 1_000_000

    def monotonic(self) -> float:
        """See `Clock.monotonic`."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """See `Clock.sleep`."""
        await self._clock.sleep(seconds)
