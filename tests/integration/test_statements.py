"""Statements compiled once, and savepoints: the same as SQLAlchemy's own, but for their speed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from enrichment.storage import Prepared, Savepoint, open_file

metadata = sa.MetaData()
things = sa.Table(
    "things",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("note", sa.Text),
)
ADD = Prepared(things.insert(), keys=("name", "size"))
ALL = Prepared(sa.select(things.c.name, things.c.size).order_by(things.c.name))
GROW = Prepared(
    things.update()
    .where(things.c.name == sa.bindparam("who"))
    .values(size=things.c.size + sa.bindparam("by"), note=None)
    .returning(things.c.size)
)
KEEP = Prepared(upsert(things).on_conflict_do_nothing().returning(things.c.name), keys=("name", "size"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = open_file(tmp_path / "things.db", "things")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_rows_have_the_columns_names_and_counts_are_right(connection: sa.Connection) -> None:
    with connection.begin():
        assert ADD.run(connection, {"name": "a", "size": 1}) == 1
        ADD.run_for_each(connection, [{"name": "b", "size": 2}, {"name": "c", "size": 3}])
        assert [(row.name, row.size) for row in ALL.rows(connection, {})] == [("a", 1), ("b", 2), ("c", 3)]
        assert GROW.value(connection, {"who": "a", "by": 4}) == 5
        assert GROW.value(connection, {"who": "nobody", "by": 4}) is None
        assert KEEP.value(connection, {"name": "a", "size": 9}) is None
        assert KEEP.value(connection, {"name": "d", "size": 9}) == "d"


def test_errors_are_sqlalchemys_and_show_no_values(connection: sa.Connection) -> None:
    with connection.begin():
        ADD.run(connection, {"name": "secret", "size": 1})
        with pytest.raises(IntegrityError, match="UNIQUE") as caught:
            ADD.run(connection, {"name": "secret", "size": 1})
        assert "secret" not in str(caught.value)
        with pytest.raises(IntegrityError, match="NOT NULL"):
            ADD.run(connection, {"name": "b", "size": None})
    with connection.begin(), pytest.raises(SQLAlchemyError):
        ADD.run(connection, {"name": "no size"})
    connection.exec_driver_sql("DROP TABLE things")
    with pytest.raises(OperationalError, match="no such table"):
        ALL.rows(connection, {})


@pytest.mark.parametrize(
    "statement",
    [
        things.insert(),
        sa.select(things).where(things.c.name.in_(["a", "b"])),
        sa.select(things).where(things.c.name.in_(sa.bindparam("names", expanding=True))),
    ],
    ids=["an insert without columns", "a list", "a list to come"],
)
def test_what_cannot_be_compiled_once_is_refused(statement: sa.Executable) -> None:
    with pytest.raises(TypeError):
        Prepared(statement)


def test_a_savepoint_undoes_what_is_asked_or_fails_and_nothing_else(connection: sa.Connection) -> None:
    def fail() -> None:
        with Savepoint(connection):
            ADD.run(connection, {"name": "failed", "size": 1})
            raise ZeroDivisionError

    with connection.begin():
        ADD.run(connection, {"name": "kept", "size": 1})
        with Savepoint(connection):
            ADD.run(connection, {"name": "kept too", "size": 1})
            with Savepoint(connection) as inner:
                ADD.run(connection, {"name": "undone", "size": 1})
                inner.undo()
        with pytest.raises(ZeroDivisionError):
            fail()
        with Savepoint(connection) as emptied:
            emptied.undo()
            ADD.run(connection, {"name": "after all", "size": 1})
    assert [row.name for row in ALL.rows(connection, {})] == ["after all", "kept", "kept too"]
