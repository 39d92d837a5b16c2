"""The inbox as a file: whose it is, what version it has, what lies in it, and how others notice."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from enrichment.inbox import Document, Inbox, Watch, documents, inbox_path, schema, waiting_in
from enrichment.storage import sqlite
from sources.errors import LedgerError

NOW = 1_790_000_000_000_000


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    with Inbox(tmp_path / "home" / "ledger.inbox.db") as inbox:
        yield inbox


def document(request_id: str = "r-1", body: bytes = b"{}", content_type: str | None = None) -> Document:
    return Document("clodura", request_id, NOW, body, content_type)


def kept(inbox: Inbox, most: int = 100) -> list[Document]:
    with inbox.read() as connection:
        return documents.waiting(connection, most)


class TestFile:
    @pytest.mark.parametrize(
        ("ledger", "inbox"),
        [("ledger.db", "ledger.inbox.db"), ("a.b.sqlite", "a.b.inbox.sqlite"), ("ledger", "ledger.inbox")],
    )
    def test_it_lies_beside_the_ledger(self, tmp_path: Path, ledger: str, inbox: str) -> None:
        assert inbox_path(tmp_path / ledger) == tmp_path / inbox

    def test_every_way_to_a_ledger_leads_to_one_inbox(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "ledger.db").touch()
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "link.db").symlink_to(tmp_path / "ledger.db")
        monkeypatch.chdir(tmp_path)
        ways = ["ledger.db", "elsewhere/../ledger.db", "elsewhere/link.db", str(tmp_path / "ledger.db")]
        assert {inbox_path(way) for way in ways} == {tmp_path / "ledger.inbox.db"}

    def test_only_its_owner_may_read_it_and_what_stands_beside_it(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.inbox.db"
        path.touch(mode=0o666)
        with Inbox(path) as inbox:
            inbox.call(documents.keep, document())
            assert {it.name: oct(it.stat().st_mode & 0o777) for it in tmp_path.iterdir()} == {
                f"ledger.inbox.db{end}": "0o600" for end in ("", "-wal", "-shm")
            }

    def test_one_of_a_newer_leadsync_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.inbox.db"
        Inbox(path).close()
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA user_version = 99")
        before = path.read_bytes()
        with pytest.raises(LedgerError, match=r"newer leadsync \(version 99"):
            Inbox(path)
        assert path.read_bytes() == before

    def test_a_database_of_something_else_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.inbox.db"
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE notes (text TEXT)")
        with pytest.raises(LedgerError, match="database of something else"):
            Inbox(path)

    def test_what_is_no_database_is_told_and_what_that_loses(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.inbox.db"
        path.write_bytes(b"this is no database" * 1000)
        for look in (Inbox, waiting_in):
            with pytest.raises(LedgerError, match=r"not a database.*answers that it alone held are asked for again"):
                look(path)

    def test_a_later_version_takes_its_own_steps_and_keeps_what_lies_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "ledger.inbox.db"
        with Inbox(path) as inbox:
            inbox.call(documents.keep, document())
        monkeypatch.setattr(schema, "STEPS", (*schema.STEPS, ("ALTER TABLE documents ADD COLUMN more TEXT",)))
        for _ in range(2):  # the second time there is nothing to do
            with Inbox(path) as inbox, inbox.read() as connection:
                assert schema.version(connection) == len(schema.STEPS)
                assert connection.execute(sa.text("SELECT request_id, more FROM documents")).all() == [("r-1", None)]

    def test_a_step_that_fails_changes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "ledger.inbox.db"
        Inbox(path).close()
        broken = ("ALTER TABLE documents ADD COLUMN more TEXT", "no SQL")
        with monkeypatch.context() as patched:
            patched.setattr(schema, "STEPS", (*schema.STEPS, broken))
            with pytest.raises(LedgerError):
                Inbox(path)
        with Inbox(path) as inbox, inbox.read() as connection:
            assert schema.version(connection) == len(schema.STEPS)
            assert "more" not in {column["name"] for column in sa.inspect(connection).get_columns("documents")}

    def test_the_steps_make_the_tables_that_the_code_speaks_of(self, inbox: Inbox) -> None:
        def shape(connection: sa.Connection) -> dict[str, object]:
            seen = sa.inspect(connection)
            return {
                name: (
                    {
                        column["name"]: (str(column["type"]), column["nullable"])
                        for column in seen.get_columns(name)
                        if column["name"] not in seen.get_pk_constraint(name)["constrained_columns"]
                    },
                    [constraint["column_names"] for constraint in seen.get_unique_constraints(name)],
                    seen.get_pk_constraint(name)["constrained_columns"],
                )
                for name in seen.get_table_names()
            }

        other = sa.create_engine("sqlite://")
        schema.metadata.create_all(other)
        with inbox.read() as ours, other.connect() as written:
            assert shape(ours) == shape(written)
        other.dispose()


class TestDocuments:
    def test_they_are_kept_whole_and_read_in_order(self, inbox: Inbox) -> None:
        for number in range(5):
            assert inbox.call(documents.keep, document(f"r-{number}", bytes([number]), "text/plain"))
        assert [(it.request_id, it.body, it.content_type, it.received_at) for it in kept(inbox)] == [
            (f"r-{number}", bytes([number]), "text/plain", NOW) for number in range(5)
        ]
        assert [it.request_id for it in kept(inbox, most=2)] == ["r-0", "r-1"]

    def test_the_same_for_the_same_request_is_kept_once(self, inbox: Inbox) -> None:
        news = [
            inbox.call(documents.keep, document(*it)) for it in (("a", b"1"), ("a", b"1"), ("a", b"2"), ("b", b"1"))
        ]
        assert news == [True, False, True, True]

    def test_no_more_are_read_at_a_time_than_memory_should_hold(
        self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(documents, "READ_AT_ONCE", 250)
        for number in range(5):
            inbox.call(documents.keep, document(f"r-{number}", os.urandom(100)))
        assert len(kept(inbox)) == 3

    def test_a_number_never_comes_again(self, inbox: Inbox) -> None:
        """Whoever read a document removes that one, and none that came later."""
        inbox.call(documents.keep, document("a"))
        (first,) = kept(inbox)
        inbox.call(documents.remove, [first.document_id])
        inbox.call(documents.keep, document("b"))
        inbox.call(documents.remove, [first.document_id])
        assert [it.request_id for it in kept(inbox)] == ["b"]

    def test_a_body_is_in_no_representation(self) -> None:
        assert "canary" not in repr(document(body=b"canary"))


class TestOthers:
    def test_how_many_wait_is_told_without_making_anything(self, tmp_path: Path) -> None:
        path = tmp_path / "ledger.inbox.db"
        assert waiting_in(path) == 0
        assert list(tmp_path.iterdir()) == []
        path.touch()
        assert waiting_in(path) == 0
        with Inbox(path) as inbox:
            inbox.call(documents.keep, document())
            assert waiting_in(path) == 1
        assert waiting_in(path) == 1

    def test_what_another_process_keeps_is_noticed_and_silence_is_none(self, inbox: Inbox) -> None:
        with closing(Watch(inbox.path)) as watch:
            assert watch.news()  # nobody knows what was there before
            assert [watch.news() for _ in range(3)] == [False] * 3
            code = (
                "import sys; from pathlib import Path; from enrichment.inbox import *;"
                "from enrichment.inbox import documents;"
                "inbox = Inbox(Path(sys.argv[1]));"
                "inbox.call(documents.keep, Document('clodura', 'r-9', 1, b'{}')); inbox.close()"
            )
            subprocess.run([sys.executable, "-c", code, str(inbox.path)], check=True)
            assert watch.news()
            assert not watch.news()
        assert [it.request_id for it in kept(inbox)] == ["r-9"]

    def test_a_file_that_is_no_longer_there_is_told(self, inbox: Inbox) -> None:
        inbox.check_place()
        copy = inbox.path.read_bytes()
        inbox.path.unlink()
        inbox.path.write_bytes(copy)  # a backup was put in its place
        with pytest.raises(LedgerError, match="moved or replaced"):
            inbox.check_place()

    def test_it_can_be_opened_and_read_while_another_process_writes(
        self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "BUSY", 0.1)
        inbox.call(documents.keep, document())
        with closing(sqlite3.connect(inbox.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with Inbox(inbox.path) as second:
                assert len(kept(second)) == 1
            assert waiting_in(inbox.path) == 1
