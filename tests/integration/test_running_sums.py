"""Running sums of what counts against caps are what the calls add up to, whoever changes them and by whatever way."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from enrichment.caps import DAY, Cap, Scope
from enrichment.ledger import Ledger, claims, sums
from enrichment.ledger.schema import calls, counted_by_day, counted_by_run
from enrichment.states import COMMITTED, State
from tests.support.purchases import EMAIL_LANE, NOW, claim, found, plan, rows, send, tell

URL = "sqlite:///ledger.db"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(URL, tmp_path) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    folder = tmp_path_factory.mktemp("ledger")
    with Ledger(URL, folder) as ledger:
        yield ledger._engine


def added_up(ledger: Ledger) -> tuple[Counter[Any], Counter[Any]]:
    """By run and by day, as the rules say it: in Python, call by call."""
    by_run: Counter[Any] = Counter()
    by_day: Counter[Any] = Counter()
    for row in rows(ledger, calls):
        amount = row["amount_max"] or 0 if row["state"] == State.SETTLED else 0
        amount += row["reserved"] if row["state"] in COMMITTED else 0
        if row["run_id"] is not None:
            by_run[row["run_id"], row["provider"], row["unit"]] += amount
        if row["reserved_at"] is not None:
            by_day[row["reserved_at"] // DAY, row["provider"], row["unit"]] += amount
    return +by_run, +by_day


def kept(ledger: Ledger) -> tuple[Counter[Any], Counter[Any]]:
    by_run = Counter({(r["run_id"], r["provider"], r["unit"]): r["amount"] for r in rows(ledger, counted_by_run)})
    by_day = Counter({(r["day"], r["provider"], r["unit"]): r["amount"] for r in rows(ledger, counted_by_day)})
    assert min([0, *by_run.values(), *by_day.values()]) == 0
    return +by_run, +by_day


VALUES = st.fixed_dictionaries(
    {
        "state": st.sampled_from([str(state) for state in State]),
        "reserved": st.sampled_from([0, 600, 2000]),
        "amount_max": st.none() | st.sampled_from([0, 100, 600]),
        "run_id": st.none() | st.sampled_from(["r1", "r2"]),
        "provider": st.sampled_from(["a", "b"]),
        "unit": st.sampled_from(["credits", "cents"]),
        "reserved_at": st.none() | st.sampled_from([NOW, NOW + DAY, NOW + 40 * DAY]),
    }
)
STEPS = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 3), VALUES),
    st.tuples(st.just("change"), st.integers(0, 3), st.tuples(st.sampled_from(sorted(["state", "run_id"])), VALUES)),
    st.tuples(st.just("remove"), st.integers(0, 3), st.none()),
)


def row_of(number: int, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "call_id": str(number), "operation": "find", "channel": "email", "subject": str(number), "epoch": 1,
        "parameters": "{}", "attempts": 0, "not_before": 0, "planned_at": NOW, "updated_at": NOW, "version": 1,
        **values,
    }  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_after_any_changes_they_are_what_the_calls_add_up_to(ledger: Ledger, steps: list[Any]) -> None:
    ledger.call(lambda connection: connection.execute(calls.delete()) and None)
    for step, number, given_values in steps:

        def work(connection: sa.Connection, step: str = step, number: int = number, values: Any = given_values) -> None:
            mine = calls.c.call_id == str(number)
            known = connection.execute(sa.select(calls.c.call_id).where(mine)).first() is not None
            if step == "remove":
                connection.execute(calls.delete().where(mine))
            elif step == "change":
                connection.execute(calls.update().where(mine).values({values[0]: values[1][values[0]]}))
            elif known:
                connection.execute(calls.update().where(mine).values(values))
            else:
                connection.execute(calls.insert(), [row_of(number, values)])

        ledger.call(work)
        assert kept(ledger) == added_up(ledger)
    assert ledger.call(sums.drift) == 0


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        (State.RESERVED, {"state": State.PLANNED}),
        (State.PLANNED, {"state": State.RESERVED}),
        (State.RESERVED, {"state": State.SENT}),
        (State.SENT, {"state": State.SETTLED}),
        (State.SENT, {"reserved": 2000}),
        (State.SETTLED, {"amount_max": 300}),
        (State.SETTLED, {"run_id": "r2"}),
        (State.SETTLED, {"run_id": None}),
        (State.SETTLED, {"provider": "b"}),
        (State.SETTLED, {"unit": "cents"}),
        (State.SETTLED, {"reserved_at": NOW + DAY}),
        (State.SETTLED, {"reserved_at": None}),
    ],
    ids=str,
)
def test_one_value_that_changes_moves_them(engine: sa.Engine, state: State, changes: dict[str, Any]) -> None:
    values = {
        "state": state, "reserved": 600, "amount_max": 100, "run_id": "r1", "provider": "a", "unit": "credits",
        "reserved_at": NOW,
    }  # fmt: skip
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(calls.insert(), [row_of(1, values)])
        connection.execute(calls.update().values(changes))
        assert sums.drift(connection) == 0
        transaction.rollback()


def test_what_a_claim_counts_is_what_the_calls_add_up_to_in_run_day_and_month(ledger: Ledger) -> None:
    plan(ledger, "ann", "bob", "cid", "dan")
    first, _ = claim(ledger)
    send(ledger, first[0])
    tell(ledger, first[0].request_id, found("ann@x.io", amount=150))
    ledger.call(claims.release, first[1], "worker-1", NOW)
    plan(ledger, "eve", run="run-2")
    claim(ledger, run="run-2", now=NOW + DAY)
    caps = {scope: Cap(scope, scope, "credits", 10**6) for scope in (Scope.RUN, Scope.DAY, Scope.MONTH)}
    used = ledger.call(claims.used_of, list(caps.values()), "run-1", NOW + DAY)
    assert {scope: used[cap] for scope, cap in caps.items()} == {
        Scope.RUN: 150 + 600 + 600, Scope.DAY: 600, Scope.MONTH: 150 + 600 + 600 + 600,
    }  # fmt: skip
    earlier = ledger.call(claims.used_of, list(caps.values()), "run-1", NOW)  # a clock set back frees nothing
    assert earlier[caps[Scope.DAY]] == 600


def test_a_ledger_that_lost_its_triggers_counts_anew_when_it_is_opened(tmp_path: Path) -> None:
    with Ledger(URL, tmp_path) as ledger:
        plan(ledger, "ann", "bob")
        claim(ledger)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as other:  # as a tool does that writes the table anew
        other.execute("DROP TRIGGER count_changed")
        other.execute("CREATE TRIGGER count_strange AFTER UPDATE ON calls BEGIN SELECT 1; END")
        other.execute("UPDATE calls SET reserved = 700")
        other.commit()
    with Ledger(URL, tmp_path) as ledger:
        assert kept(ledger) == added_up(ledger)
        assert ledger.call(claims.used, Cap("cap", Scope.RUN, "credits", 1), "run-1", NOW) == 1400
        assert ledger.call(sums.moving)


def test_sums_that_are_wrong_are_told_and_set_right(ledger: Ledger) -> None:
    plan(ledger, "ann")
    claim(ledger)
    ledger.call(lambda c: c.exec_driver_sql("UPDATE counted_by_day SET amount = 0") and None)
    ledger.call(lambda c: c.exec_driver_sql("INSERT INTO counted_by_run VALUES ('r', 'p', 'credits', 5)") and None)
    assert ledger.call(sums.drift) == 2
    assert ledger.call(sums.mend) == 2
    assert kept(ledger) == added_up(ledger)
    assert ledger.call(sums.mend) == 0


def test_a_piece_of_work_that_is_undone_counts_nothing(ledger: Ledger) -> None:
    plan(ledger, "ann")

    def fail(connection: sa.Connection) -> None:
        claims.claim(connection, claims.Worker("run-1", "w", NOW), [EMAIL_LANE], [], NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ledger.call(fail)
    assert kept(ledger) == added_up(ledger) == (Counter(), Counter())
