"""Lists of people from real files, a real SQLite through SQLAlchemy, and a real DuckDB."""

from __future__ import annotations

import gzip
import sqlite3
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from destinations.duckdb import DuckDB
from pipelines.leads.databases import only_reads
from pipelines.leads.lead import Lead, Reject
from pipelines.leads.reading import LeadSource, open_leads
from sources.errors import ConfigurationError, LeadsyncError, SourceError
from sources.redaction import secrets
from tests.support.canaries import ADDRESS, FIRST_NAME, LAST_NAME, PASSWORD, PROFILE, SENTENCE, assert_clean

ID = 3597524184265130552
HEAD = "First Name,Last Name,Company Domain,Notes\n"


@pytest.fixture(autouse=True)
def no_secret_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that these tests make known are forgotten, so that no later test is clean for that."""
    monkeypatch.setattr(secrets, "_forms", [])


def no_destination(_: str) -> AbstractContextManager[tuple[Sequence[str], Iterator[Any]]]:
    raise AssertionError


def opened(folder: Path, source: str | None = "list.csv", **more: Any) -> AbstractContextManager[LeadSource]:
    return open_leads(source, folder=folder, **{"read_destination": no_destination, **more})


def read(folder: Path, source: str | None = "list.csv", **more: Any) -> list[Lead | Reject]:
    with opened(folder, source, **more) as leads:
        return [row for batch in leads.batches for row in batch]


def leads_of(folder: Path, source: str | None = "list.csv", **more: Any) -> list[Lead]:
    rows = read(folder, source, **more)
    assert all(isinstance(row, Lead) for row in rows), rows
    return [row for row in rows if isinstance(row, Lead)]


def refused(folder: Path, source: str | None = "list.csv", **more: Any) -> LeadsyncError:
    with pytest.raises(LeadsyncError) as caught:
        read(folder, source, **more)
    assert_clean(caught.value)
    return caught.value


# Files of text.


@pytest.mark.parametrize(
    ("name", "content", "encoding"),
    [
        ("list.csv", HEAD.encode() + "Zoë,Ång,example.com,\n".encode(), None),
        ("list.csv", b"\xef\xbb\xbf" + HEAD.encode() + "Zoë,Ång,example.com,\n".encode(), None),
        ("list.csv", b"\xef\xbb\xbf" + HEAD.encode() + "Zoë,Ång,example.com,\n".encode(), "utf8"),
        ("list.csv", (HEAD + "Zoë,Ång,example.com,\n").encode("utf-16"), None),
        ("list.csv", (HEAD + "Zoë,Ång,example.com,\n").encode("utf-16-le"), None),
        ("list.csv", (HEAD + "Zoë,Ång,example.com,\n").encode("utf-16-be"), None),
        ("list.csv", (HEAD + "Zoë,Ång,example.com,\n").encode("cp1252"), "windows-1252"),
        ("list.csv", (HEAD + "Zoë,Ång,example.com,\n").replace(",", ";").replace("\n", "\r\n").encode(), None),
        ("list.csv", (HEAD + "Zoë,Ång,example.com,\n").replace("\n", "\r").encode(), None),
        ("LIST.TSV", (HEAD + "Zoë,Ång,example.com,\n").replace(",", "\t").encode(), None),
        ("list.csv.gz", gzip.compress((HEAD + "Zoë,Ång,example.com,\n").encode()), None),
        ("list.csv", (HEAD + 'Zoë,Ång,example.com,"two\nlines, and a ""quote"""').encode(), None),
        ("l [1]*.csv", (HEAD + "\n\nZoë,Ång,example.com,\n,,,\n \n").encode(), None),
        ("list.csv", ("sep=,\n" + HEAD + "Zoë,Ång,example.com,\n").encode(), None),
    ],
    ids=range(14),
)
def test_a_list_is_read_however_it_is_written(tmp_path: Path, name: str, content: bytes, encoding: str | None) -> None:
    (tmp_path / name).write_bytes(content)
    (zoe,) = leads_of(tmp_path, name, encoding=encoding)
    assert (zoe.row, zoe.first_name, zoe.last_name, zoe.company_domain) == (1, "Zoë", "Ång", "example.com")


def test_linkedins_own_export_is_read_with_its_notes_above_the_heading(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(
        'Notes:\n"When exporting your connection data, you may notice that some of it is missing."\n\n'
        "First Name,Last Name,URL,Email Address,Company,Position,Connected On\n"
        "Ada,Lovelace,https://www.linkedin.com/in/ada-1,,Example,Countess,01 Jan 2020\n"
    )
    (ada,) = leads_of(tmp_path)
    assert (ada.linkedin_url, ada.company_name) == ("https://www.linkedin.com/in/ada-1", "Example")


def test_ids_in_a_file_of_text_keep_their_digits(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(f"id\n{ID}\n007\n3.59752E+18\n")
    rows = read(tmp_path, mapping_flags=["person_id=id"])
    assert [getattr(row, "person_id", None) for row in rows] == [str(ID), "007", None]
    assert isinstance(rows[2], Reject)


def test_ids_that_went_through_a_spreadsheet_stop_all_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("id\n" + "".join(f"{ID // 10**4 + n}0000\n" for n in range(5)))
    error = refused(tmp_path, mapping_flags=["person_id=id"])
    assert isinstance(error, SourceError)
    assert "digits were lost" in str(error)
    assert "Nothing was sent or bought" in str(error)


def test_rows_are_counted_before_and_numbered_as_they_come(tmp_path: Path) -> None:
    many = 2500
    (tmp_path / "list.csv").write_text(HEAD + "".join(f"Ada{n},L,example.com,\n" for n in range(many)))
    with opened(tmp_path) as leads:
        assert leads.count == many
        assert leads.columns == ("First Name", "Last Name", "Company Domain", "Notes")
        assert leads.mapping["company_domain"] == "Company Domain"
        batches = list(leads.batches)
    assert [len(batch) for batch in batches] == [1000, 1000, 500]
    assert [row.row for batch in batches for row in batch] == list(range(1, many + 1))


@pytest.mark.parametrize(("line", "kind"), [("Ada,L,example.com,x,y,z", "more"), ("Ada,L", "fewer")])
def test_a_row_of_another_length_is_rejected_and_no_cell_of_it_lost(tmp_path: Path, line: str, kind: str) -> None:
    (tmp_path / "list.csv").write_text(f"{HEAD}{line}\nBob,L,example.com,\n")
    first, second = read(tmp_path)
    assert isinstance(first, Reject)
    assert first.reason == f"it has {kind} cells than there are headings"
    assert list(first.values.values()) == line.split(",")
    assert isinstance(second, Lead)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"{HEAD}Ada,L,e.com,\n{LAST_NAME},\xe9,e.com,\n".encode("latin-1"), "'list.csv', line 3, is not UTF-8."),
        (
            f'{HEAD}Ada,L,e.com,\n\n{LAST_NAME},"L,e.com,\nB,L,e.com,\n'.encode(),
            "'list.csv', line 4: a quote is opened",
        ),
        (f'{HEAD}"{LAST_NAME}" L,L,e.com,\n'.encode(), "'list.csv', line 2: a quote stands in the middle"),
        (f'{HEAD}Ada,L,e.com,"{LAST_NAME * 20000}"\n'.encode(), "'list.csv', line 2: a quote is opened"),
        (b"", "'list.csv' is empty"),
        (b"\n\n", "'list.csv' is empty"),
        (b"\xff\xfea\x00\x00\xd8", "'list.csv' is not the UTF-16 that it was taken for"),
    ],
    ids=range(7),
)
def test_a_broken_list_is_told_by_its_line_before_a_row_is_handed_on(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(SourceError) as caught, opened(tmp_path):
        raise AssertionError
    assert_clean(caught.value)
    assert str(caught.value).startswith(said)
    assert "Nothing was sent or bought" in str(caught.value)


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(HEAD.encode() * 9)[:-12], b""], ids=range(3))
def test_a_damaged_packed_list_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "list.csv.gz").write_bytes(content)
    assert isinstance(refused(tmp_path, "list.csv.gz"), SourceError)


def test_a_list_that_breaks_off_while_it_is_read_does_not_say_that_nothing_was_bought(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(HEAD + "Ada,L,example.com,\n" * 9000)
    with opened(tmp_path) as leads:
        next(leads.batches)
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(size // 2)
            file.write(b'"\xff')
        with pytest.raises(SourceError) as caught:
            list(leads.batches)
    assert "Nothing was sent or bought" not in str(caught.value)
    assert "what was bought is in the ledger" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "more", "said"),
    [
        ("lst.csv", {}, "There is no file 'lst.csv'. Did you mean 'list.csv'?"),
        ("list.xlsx", {}, "'list.xlsx' is none of .csv, .tsv, .csv.gz, .tsv.gz, .parquet: save it as \"CSV UTF-8\""),
        ("folder.csv", {}, "'folder.csv' is a folder"),
        ("list.csv", {"query": "SELECT 1"}, "--query and --table: a file has neither"),
        ("list.csv", {"query": "SELECT 1", "table": "x"}, "--query and --table: give one of them"),
        ("list.csv", {"encoding": "klingon"}, "--encoding: 'klingon' is no encoding"),
        ("list.csv", {"encoding": "base64"}, "--encoding: 'base64' is no encoding"),
        ("list.parquet", {"encoding": "utf-8"}, "--encoding: only files of text have one"),
        (None, {}, "Name a list"),
        ("sqlite:///people.db", {}, "A database holds many tables"),
        ("sqlite:///nowhere.db", {"table": "x"}, "sqlite:///nowhere.db: there is no such file"),
        ("sqlite://", {"table": "x"}, "sqlite:///: there is no such file"),
        ("sqlite:///people.db", {"query": "DELETE FROM people"}, "--query: it is not one SELECT"),
        ("oracle9://h/d", {"table": "x"}, "oracle9://h/d: the driver for it is not installed"),
        ("snowflake://h/d", {"table": "x"}, "pip install 'snowflake-sqlalchemy'"),
        ("mysql+pymysql://h/d", {"table": "x"}, "pip install 'PyMySQL'"),
        (
            "1://",
            {"table": "x"},
            "1://: it names no kind of database: write it like postgresql+psycopg://host/database",
        ),
        (f"postgresql://me:{PASSWORD}@h:port/d", {"table": "x"}, "is no URL of a database"),
        (f"mysql+pymysql://{ADDRESS}:{PASSWORD}@h/d", {"table": "x"}, "the driver for it is not installed"),
    ],
)
def test_what_cannot_be_meant_so_is_told(tmp_path: Path, source: str, more: dict[str, Any], said: str) -> None:
    for name in ("list.csv", "list.xlsx", "people.db", "list.parquet"):
        (tmp_path / name).touch()
    (tmp_path / "folder.csv").mkdir()
    before = sorted(tmp_path.iterdir())
    error = refused(tmp_path, source, **more)
    assert isinstance(error, ConfigurationError)
    assert said in str(error)
    assert sorted(tmp_path.iterdir()) == before


def test_memory_does_not_grow_with_the_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.leads.texts.BATCH", 50)

    def peak(rows: int) -> int:
        (tmp_path / "list.csv").write_text(HEAD + "Ada,Lovelace,example.com,x\n" * rows)
        tracemalloc.start()
        try:
            with opened(tmp_path) as leads:
                for _ in leads.batches:
                    pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1)
    assert peak(4_000) < 1.3 * peak(500)


# Parquet.


def test_parquet_keeps_whole_numbers_and_tells_those_that_lost_digits(tmp_path: Path) -> None:
    duckdb.sql(f"""
        COPY (SELECT {ID}::BIGINT AS id, 'Ada' AS first_name UNION ALL SELECT 7, NULL)
        TO '{tmp_path}/ints.parquet'; COPY (SELECT {ID}::DOUBLE AS id) TO '{tmp_path}/l [1].parquet'
    """)
    assert [one.person_id for one in leads_of(tmp_path, "ints.parquet", mapping_flags=["person_id=id"])] == [
        str(ID),
        "7",
    ]
    with opened(tmp_path, "ints.parquet", mapping_flags=["person_id=id"]) as leads:
        assert leads.count == 2
    duckdb.sql(f"COPY (SELECT 'decoy' AS id) TO '{tmp_path}/l 1.parquet'")
    (lost,) = read(tmp_path, "l [1].parquet", mapping_flags=["person_id=id"])
    assert isinstance(lost, Reject)
    assert "digits were lost" in lost.reason


def test_a_file_that_is_no_parquet_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.parquet").write_text(SENTENCE)
    error = refused(tmp_path, "list.parquet")
    assert str(error).startswith("'list.parquet' cannot be read as parquet: ")


# Databases.


@pytest.fixture
def people(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "people.db")) as connection:
        connection.execute('CREATE TABLE "my people" (id INTEGER, name TEXT, company_domain TEXT)')
        rows = [(ID + n, "Ada Lovelace", "example.com") for n in range(2500)]
        connection.executemany('INSERT INTO "my people" VALUES (?, ?, ?)', rows)
        connection.commit()
    return tmp_path


@pytest.mark.parametrize(
    "more", [{"table": "my people"}, {"table": "main.my people"}, {"query": 'SELECT * FROM "my people";'}]
)
def test_a_table_or_a_query_of_a_database_is_read(people: Path, more: dict[str, str]) -> None:
    with opened(people, "sqlite:///people.db", mapping_flags=["person_id=id"], **more) as leads:
        assert leads.count is None
        batches = list(leads.batches)
    assert [len(batch) for batch in batches] == [1000, 1000, 500]
    assert batches[2][-1] == Lead(2500, str(ID + 2499), None, "Ada Lovelace", "Ada", "Lovelace", "example.com")


def test_a_database_file_is_opened_so_that_it_cannot_be_written(people: Path) -> None:
    with (
        pytest.raises(SourceError) as caught,
        opened(people, "sqlite:///people.db", query="SELECT load_extension('x')"),
    ):
        pass
    assert_clean(caught.value)
    engine = sa.create_engine
    made: list[Any] = []

    def note(*given: Any, **named: Any) -> Any:
        made.append(engine(*given, **named))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.leads.databases.sa.create_engine", note)
        read(people, "sqlite:///people.db", table="my people", mapping_flags=["full_name=name"])
    with pytest.raises(sa.exc.OperationalError, match="readonly"), made[0].connect() as connection:
        connection.execute(sa.text('DELETE FROM "my people"'))


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("SELECT 1", True),
        (" select * from x ; \n", True),
        ("-- all\nWITH a AS (SELECT 1) SELECT * FROM a", True),
        ("SELECT ';' , 'DELETE' AS \"update\" /* ; */ FROM x", True),
        ("SELECT replace(a, 'b', 'c') FROM x", True),
        ("SELECT 1; SELECT 2", False),
        ("SELECT 1; DROP TABLE x", False),
        ("WITH gone AS (DELETE FROM x RETURNING *) SELECT * FROM gone", False),
        ("SELECT * INTO y FROM x", False),
        ("INSERT INTO x SELECT 1", False),
        ("selection", False),
        ("PRAGMA user_version = 1", False),
        ("", False),
        ("-- SELECT 1", False),
    ],
)
def test_only_one_select_is_sent(sql: str, reads: bool) -> None:
    assert only_reads(sql) is reads


@pytest.mark.parametrize("more", [{"table": LAST_NAME}, {"query": f"SELECT '{ADDRESS}' AS x FROM {LAST_NAME}"}])
def test_what_a_database_says_is_told_without_what_it_quotes(people: Path, more: dict[str, str]) -> None:
    error = refused(people, "sqlite:///people.db", **more)
    assert isinstance(error, SourceError)
    assert "no such table" in str(error)


def test_a_database_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    def connect() -> Any:
        raise sqlite3.OperationalError(f"no connection for {PASSWORD} {SENTENCE}")

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.leads.databases.sa.create_engine", lambda *_: engine)
        error = refused(tmp_path, f"postgresql://me:{PASSWORD}@h/d", table="x")
    assert isinstance(error, SourceError)
    assert "postgresql://<credentials>@h/d" in str(error)


def test_sqlalchemy_is_not_loaded_for_a_file(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "list.csv").write_text("linkedin_url\nlinkedin.com/in/ada\n")
    code = (
        "import sys; from pathlib import Path; from pipelines.leads.reading import open_leads\n"
        "with open_leads('list.csv', folder=Path('.'), read_destination=None) as leads: list(leads.batches)\n"
        "print([name for name in ('sqlalchemy', 'duckdb', 'dlt') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# The destination.


@pytest.fixture
def destination(tmp_path: Path) -> DuckDB:
    with duckdb.connect(str(tmp_path / "leads.duckdb")) as connection:
        connection.execute("CREATE SCHEMA crm; CREATE TABLE crm.people (person_id TEXT, linkedin_url TEXT, born INT)")
        connection.execute(f"INSERT INTO crm.people SELECT '{ID}', NULL, range FROM range(2500)")
        connection.execute("INSERT INTO crm.people VALUES ('linkedin:ada-1', NULL, 1), ('record:0f', NULL, 2)")
    return DuckDB(tmp_path / "leads.duckdb", "crm")


@pytest.mark.parametrize("more", [{"query": "FROM crm.people"}, {"table": "crm.people"}])
def test_rows_of_the_destination_are_read_with_the_vendors_ids(destination: DuckDB, more: dict[str, str]) -> None:
    rows = read(destination.path.parent, None, read_destination=destination.read, **more)
    assert len(rows) == 2502
    assert rows[0] == Lead(1, str(ID))
    assert rows[2500] == Lead(2501, None, "https://www.linkedin.com/in/ada-1")
    assert isinstance(rows[2501], Reject)


def test_the_destination_may_be_written_while_it_is_read(destination: DuckDB) -> None:
    with opened(destination.path.parent, None, query="FROM crm.people", read_destination=destination.read) as leads:
        next(leads.batches)
        destination.execute(["DELETE FROM crm.people"])
        assert sum(len(batch) for batch in leads.batches) == 1502
    assert destination.query("SELECT count(*) FROM crm.people") == [(0,)]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM crm.people", "not one SELECT"),
        ("SELECT 1; SELECT 2", "not one SELECT"),
        ("", "not one SELECT"),
        ("COPY crm.people TO 'x.csv'", "not one SELECT"),
        ("WITH a AS (SELECT 1) INSERT INTO crm.people SELECT 'x', 'y', 1", "not one SELECT"),
        ("SELEKT 1", "--query: DuckDB cannot run it: Parser Error: syntax error at or near"),
        (f"SELECT nme FROM crm.people WHERE person_id = '{FIRST_NAME}'", 'column "nme" not found'),
        ("SELECT * FROM crm.peple", "Table with name peple does not exist"),
        (f"SELECT * FROM crm.people WHERE '{FIRST_NAME}' '{FIRST_NAME}'", "syntax error at or near"),
        (f"SELECT CAST('{FIRST_NAME}' AS INT) AS born", "Conversion Error"),
    ],
)
def test_only_one_select_that_can_be_run_is_read_from_the_destination(destination: DuckDB, sql: str, said: str) -> None:
    error = refused(destination.path.parent, None, query=sql, read_destination=destination.read)
    assert isinstance(error, ConfigurationError)
    assert said.lower() in str(error).lower()
    assert destination.query("SELECT count(*) FROM crm.people") == [(2502,)]


def test_a_select_that_would_write_changes_nothing(destination: DuckDB) -> None:
    destination.execute(["CREATE SEQUENCE crm.s"])
    refused(
        destination.path.parent, None, query="SELECT nextval('crm.s') AS person_id", read_destination=destination.read
    )
    assert destination.query("SELECT last_value FROM duckdb_sequences()") == [(None,)]


def test_a_value_that_cannot_be_read_ends_the_list_where_it_stands(destination: DuckDB) -> None:
    one = f"CASE range WHEN 59999 THEN '{FIRST_NAME}' ELSE '1' END"
    destination.execute([f"INSERT INTO crm.people SELECT {one}, NULL, 3 FROM range(60000)"])
    sql = "SELECT person_id, CAST(person_id AS BIGINT) AS n FROM crm.people WHERE born = 3"
    with opened(destination.path.parent, None, query=sql, read_destination=destination.read) as leads:
        next(leads.batches)
        with pytest.raises(SourceError, match="what was bought is in the ledger") as caught:
            list(leads.batches)
    assert_clean(caught.value)
    assert "Nothing was" not in str(caught.value)


@pytest.mark.parametrize(
    "error", [sa.exc.OperationalError("x", {}, Exception()), duckdb.IOException("x"), OSError("x"), UnicodeError("x")]
)
@pytest.mark.parametrize("kind", ["text", "parquet", "database", "destination"])
def test_what_fails_where_a_list_is_used_is_not_taken_for_the_lists(
    destination: DuckDB, people: Path, kind: str, error: Exception
) -> None:
    (people / "list.csv").write_text("linkedin_url\n")
    duckdb.sql(f"COPY (SELECT '1' AS linkedin_url) TO '{people}/list.parquet'")
    sources: dict[str, dict[str, Any]] = {
        "text": {"source": "list.csv"},
        "parquet": {"source": "list.parquet"},
        "database": {"source": "sqlite:///people.db", "table": "my people"},
        "destination": {"source": None, "table": "crm.people", "read_destination": destination.read},
    }
    with pytest.raises(type(error)) as caught, opened(people, **sources[kind]):
        raise error
    assert caught.value is error


def test_a_database_that_goes_away_midway_does_not_say_that_nothing_was_bought(people: Path) -> None:
    def gone(*_: object) -> None:
        raise sa.exc.OperationalError(f"SELECT {SENTENCE}", {"x": ADDRESS}, sqlite3.OperationalError(SENTENCE))

    with opened(people, "sqlite:///people.db", table="my people") as leads:
        next(leads.batches)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sa.CursorResult, "fetchmany", gone)
            with pytest.raises(SourceError, match="what was bought is in the ledger") as caught:
                list(leads.batches)
    assert_clean(caught.value)
    assert "Nothing was" not in str(caught.value)


def test_a_destination_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    nowhere = DuckDB(tmp_path / "leads.duckdb", "crm")
    assert "There is no DuckDB file" in str(refused(tmp_path, None, query="SELECT 1", read_destination=nowhere.read))
    assert list(tmp_path.iterdir()) == []


def test_the_profile_canary_is_a_profile(tmp_path: Path) -> None:
    """Else the cases above would show nothing."""
    (tmp_path / "list.csv").write_text(f"LinkedIn\n{PROFILE}\n")
    assert leads_of(tmp_path)[0].linkedin_url == PROFILE.rstrip("/")
