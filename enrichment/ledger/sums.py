"""Running sums of what counts against caps: by run, and by UTC day, of each provider and unit.

Every claim needs them, and to add up all calls of a month takes longer the more there are. Triggers of the database
move the sums with each change of a call, in the same statement, whoever makes it and by whatever way. Calls are the
truth: `mend` adds them up at the start of every run, after a migration, and where a ledger is opened that lacks the
triggers.
"""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa

from enrichment.caps import DAY
from enrichment.states import COMMITTED, State
from enrichment.storage import Statement

#: run or day, provider, unit
Key = tuple[str | int, str, str]

_COUNTS = (
    f"CASE WHEN {{of}}state = '{State.SETTLED}' THEN coalesce({{of}}amount_max, 0) "
    f"WHEN {{of}}state IN ({', '.join(repr(str(state)) for state in COMMITTED)}) THEN {{of}}reserved ELSE 0 END"
)
_MOVED = ("run_id", "provider", "unit", "reserved_at")


def _counts(of: str) -> str:
    return _COUNTS.format(of=f"{of}.")


def _add(of: str, sign: str) -> str:
    """Add what a call counts, or take it away."""
    return "".join(
        f"INSERT INTO {table} ({name}, provider, unit, amount) SELECT {value}, {of}.provider, {of}.unit, "
        f"{sign}({_counts(of)}) WHERE {value} IS NOT NULL AND ({_counts(of)}) <> 0 "
        f"ON CONFLICT ({name}, provider, unit) DO UPDATE SET amount = {table}.amount + excluded.amount; "
        for table, name, value in (
            ("counted_by_run", "run_id", f"{of}.run_id"),
            ("counted_by_day", "day", f"{of}.reserved_at / {DAY}"),
        )
    )


_CHANGED = " OR ".join(
    [f"OLD.{name} IS NOT NEW.{name}" for name in _MOVED] + [f"({_counts('OLD')}) <> ({_counts('NEW')})"]
)
#: name -> what makes it
TRIGGERS = {
    "count_new": f"CREATE TRIGGER count_new AFTER INSERT ON calls BEGIN {_add('NEW', '')}END",
    "count_gone": f"CREATE TRIGGER count_gone AFTER DELETE ON calls BEGIN {_add('OLD', '-')}END",
    "count_changed": (
        f"CREATE TRIGGER count_changed AFTER UPDATE ON calls WHEN {_CHANGED} "
        f"BEGIN {_add('OLD', '-')}{_add('NEW', '')}END"
    ),
}

_MADE = Statement("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'calls'")
_SUMS = Statement(
    f"""
    SELECT run_id, reserved_at / {DAY}, provider, unit, sum({_COUNTS.format(of="")}) FROM calls
    GROUP BY run_id, reserved_at / {DAY}, provider, unit
    """
)
_BY_RUN = Statement("SELECT run_id, provider, unit, amount FROM counted_by_run")
_BY_DAY = Statement("SELECT day, provider, unit, amount FROM counted_by_day")
_OF_RUN = Statement("SELECT provider, unit, amount FROM counted_by_run WHERE run_id = ?")
_SINCE = Statement("SELECT provider, unit, sum(amount) FROM counted_by_day WHERE day >= ? GROUP BY provider, unit")
_FORGET = (Statement("DELETE FROM counted_by_run"), Statement("DELETE FROM counted_by_day"))
_KEEP = (
    Statement("INSERT INTO counted_by_run (run_id, provider, unit, amount) VALUES (?, ?, ?, ?)"),
    Statement("INSERT INTO counted_by_day (day, provider, unit, amount) VALUES (?, ?, ?, ?)"),
)


def of_run(connection: sa.Connection, run_id: str) -> list[tuple[str, str, int]]:
    """What counts of a run: provider, unit, 1/100 unit."""
    return _OF_RUN.rows(connection, run_id)


def since(connection: sa.Connection, start: int) -> list[tuple[str, str, int]]:
    """What counts from the UTC day on that begins at ``start`` (microseconds), without an end."""
    return _SINCE.rows(connection, start // DAY)


def drift(connection: sa.Connection) -> int:
    """How many sums are other than what the calls say."""
    return sum(len(_differing(kept, true)) for kept, true in zip(_kept(connection), _true(connection), strict=True))


def mend(connection: sa.Connection) -> int:
    """Make triggers that are missing or others, and sums that are wrong; returns how many of these there were."""
    for name, made in _triggers(connection).items():
        if made != TRIGGERS.get(name):
            connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    for name in TRIGGERS.keys() - _triggers(connection).keys():
        connection.exec_driver_sql(TRIGGERS[name])
    wrong = drift(connection)
    if wrong:
        for forget, keep, true in zip(_FORGET, _KEEP, _true(connection), strict=True):
            forget.run(connection)
            keep.run_for_each(connection, [(*key, amount) for key, amount in true.items()])
    return wrong


def moving(connection: sa.Connection) -> bool:
    """Whether all triggers are there, as they should be, and no others on the calls."""
    return _triggers(connection) == TRIGGERS


def _triggers(connection: sa.Connection) -> dict[str, str]:
    return dict(_MADE.rows(connection))


def _kept(connection: sa.Connection) -> tuple[dict[Key, int], dict[Key, int]]:
    by_run, by_day = ({tuple(row[:3]): row[3] for row in sums.rows(connection)} for sums in (_BY_RUN, _BY_DAY))
    return by_run, by_day


def _true(connection: sa.Connection) -> tuple[Counter[Key], Counter[Key]]:
    by_run: Counter[Key] = Counter()
    by_day: Counter[Key] = Counter()
    for run_id, day, provider, unit, amount in _SUMS.rows(connection):
        if run_id is not None:
            by_run[run_id, provider, unit] += amount
        if day is not None:
            by_day[day, provider, unit] += amount
    return by_run, by_day


def _differing(kept: dict[Key, int], true: dict[Key, int]) -> list[Key]:
    return [key for key in kept.keys() | true.keys() if kept.get(key, 0) != true.get(key, 0)]
