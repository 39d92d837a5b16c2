"""Secrets and personal data reach no log and no error text, whatever a vendor, a database or a bug does.

Canaries (`tests.support.canaries`) are in everything that comes in; the log is set up as with --debug. What is looked
at: stderr, exceptions with all that they came of, reprs of whatever is handed on.
"""

from __future__ import annotations

import logging
import random
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import anyio
import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa

from destinations.duckdb import DuckDB
from enrichment.capability import Capability
from enrichment.context import Context, EngineSettings
from enrichment.engine import Engine
from enrichment.ids import micros
from enrichment.ledger import Ledger, evidence
from enrichment.ledger.schema import calls, inbox, people, requests
from enrichment.storage import open_file
from pipelines import receiver
from pipelines.loading import Loader
from pipelines.receiver import listen
from pipelines.tables import PEOPLE
from sources.answers import refusal
from sources.backoff import Backoff
from sources.clock import SYSTEM_CLOCK
from sources.clodura.client import CloduraClient
from sources.clodura.filters import parse_filters
from sources.clodura.provider import CloduraProvider
from sources.errors import DestinationError, LedgerError, VendorError
from sources.providers import Channel, Person, Via
from sources.redaction import secrets
from sources.transport import Answered, PaidOutcome
from tests.integration.wire import (
    Act,
    Exchange,
    answer,
    cut,
    gibberish,
    half_a_status_line,
    hang_up,
    refusing,
    reset,
    serving,
)
from tests.support.canaries import (
    ADDRESS,
    BODIES,
    FIRST_NAME,
    KEY,
    LAST_NAME,
    NUMBER,
    PERSON,
    PERSON_ID,
    PROFILE,
    SENTENCE,
    SIGNING_KEY,
    assert_clean,
    leaks,
)
from tests.support.clodura import transport_to
from tests.support.fake_provider import ACCEPTED, FakeProvider
from tests.support.ledgers import new_ledger
from tests.support.logged import logging_set_up
from tests.support.purchases import RUN, plan, rows

CAPABILITY = Capability(SIGNING_KEY)
HOOK = CAPABILITY.url("http://127.0.0.1:9", "clodura", "019a1b2c-7d3e-7123-8123-1234567890ab")
STATUSES = (200, 201, 204, 301, 302, 400, 401, 402, 403, 404, 408, 409, 418, 422, 429, 451, 500, 502, 503)


@pytest.fixture(autouse=True)
def _clean_stderr(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """The log is set up as with --debug, and whatever a test makes of it holds no canary."""
    with logging_set_up(debug=True):
        secrets.add(KEY, "key")
        yield
        out, err = capfd.readouterr()
        assert_clean(out, err)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


# The wire.


def _operations(client: CloduraClient) -> dict[str, Callable[[], Any]]:
    provider = CloduraProvider(client, "multi_provider")
    filters = parse_filters("x", {"first_name": FIRST_NAME, "last_name": LAST_NAME, "linkedin_url": PROFILE})

    async def submit(asked: Any) -> PaidOutcome:
        async with provider.slot(patience=None) as slot:
            return await provider.submit(slot, asked.operation, [asked.parameters], HOOK)

    person = Person(PERSON_ID, True, FIRST_NAME, LAST_NAME, PROFILE)
    return {
        "the people search": lambda: client.search(filters, 1),
        "the credits look-up": client.credits,
        "reveal email": lambda: submit(provider.ask(Channel.EMAIL, person)),
        "reveal phone": lambda: submit(provider.ask(Channel.PHONE, person)),
        "verify email": lambda: submit(provider.ask_verification(ADDRESS)),
        "the tracking of a reveal": lambda: provider.poll("reveal_email", "job-1"),
    }


async def _look(what: str, operation: Callable[[], Any]) -> None:
    """One call, and everything that is made of its answer."""
    try:
        came = await operation()
    except VendorError as error:
        assert_clean(error)
        return
    assert_clean(came)
    told = came.answer if isinstance(came, Answered) else came
    body = getattr(told, "body", b"")
    assert KEY.encode() not in body  # it would be kept in the ledger
    if getattr(told, "ok", True) is False:
        assert_clean(refusal(told, what, "Clodura"))


async def _over_the_wire(act: Callable[[str], Act], names: list[str]) -> None:
    current: list[Act] = []

    def answering(exchange: Exchange) -> None:
        current[0](exchange)

    with serving(answering) as vendor:
        async with transport_to(vendor.url, KEY, backoff=Backoff(budget=0.0)) as transport:
            for name in names:
                current[:] = [act(name)]
                for what, operation in _operations(CloduraClient(transport)).items():
                    await _look(what, operation)


@pytest.mark.parametrize(
    "body", [pytest.param(name, marks=() if name in ("message", "html") else pytest.mark.thorough) for name in BODIES]
)
def test_no_answer_of_a_vendor_is_quoted_whatever_its_status(body: str) -> None:
    location = f"https://{FIRST_NAME}:{KEY}@elsewhere.example/{LAST_NAME}?email={ADDRESS}"

    def act(status: str) -> Act:
        return answer(int(status), BODIES[body], Location=location, **{"X-Echo": KEY})

    anyio.run(_over_the_wire, act, [str(status) for status in STATUSES])


@pytest.mark.parametrize("status", [200, 422, 500])
def test_no_request_is_quoted_that_a_vendor_sends_back(status: int) -> None:
    """Key, webhook URL and address are in what we send; a careless server returns all of it in its error."""

    def echo(exchange: Exchange) -> None:
        seen = exchange.request
        text = f"{seen.method} {seen.target} {seen.headers} {seen.body.decode()}".replace('"', "'").replace("\\", "")
        answer(status, f'{{"message": "{text}", "detail": 5}}'.encode())(exchange)

    anyio.run(_over_the_wire, lambda _: echo, [""])


BREAKS: dict[str, Act] = {
    "reset": reset,
    "hang_up": hang_up,
    "cut": cut(200, BODIES["message"]),
    "cut_error": cut(422, BODIES["message"], by_reset=True),
    "gibberish": gibberish,
    "half": half_a_status_line,
    "status_line": lambda exchange: exchange.write(f"HTTP/1.1 {SENTENCE}\r\n\r\n".encode()),
    "headers": lambda exchange: exchange.write(f"HTTP/1.1 200 OK\r\n{SENTENCE}\r\n\r\n".encode()),
}


def test_no_answer_is_quoted_that_breaks_off_or_is_no_http() -> None:
    def act(name: str) -> Act:
        def broken(exchange: Exchange) -> None:
            BREAKS[name](exchange)
            if not exchange.done:
                exchange.close()

        return broken

    anyio.run(_over_the_wire, act, list(BREAKS))


def test_a_vendor_that_cannot_be_reached_is_named_without_what_its_url_holds() -> None:
    async def story() -> None:
        with refusing() as url:
            async with transport_to(f"{url}/{KEY}", KEY, backoff=Backoff(budget=0.0)) as transport:
                assert_clean(transport)
                for what, operation in _operations(CloduraClient(transport)).items():
                    await _look(what, operation)

    anyio.run(story)


# The engine, whatever a document does to it.


class Careless(FakeProvider):
    """Quotes the document in each error."""

    def read(self, operation: str, body: bytes, asks: Any, tracking_id: str | None, via: Via) -> Any:
        if body.startswith(b"break"):
            raise KeyError(SENTENCE)
        return super().read(operation, body, asks, tracking_id, via)

    async def submit(self, slot: Any, operation: str, asks: Any, callback_url: str | None) -> PaidOutcome:
        if asks[0]["personId"].startswith("raise"):
            raise ValueError(f"{SENTENCE} {callback_url}")
        return await super().submit(slot, operation, asks, callback_url)


def _context(ledger: Ledger, provider: FakeProvider) -> Context:
    return Context(
        ledger=ledger,
        providers={provider.name: provider},
        settings=EngineSettings([Channel.EMAIL], receiving=True, callback_base="http://127.0.0.1:1", wait=20.0),
        clock=SYSTEM_CLOCK,
        dice=random.Random(1),
        run_id=RUN,
        owner="me",
        capability=CAPABILITY,
        started=SYSTEM_CLOCK.monotonic(),
    )


async def _drive(context: Context) -> None:
    engine = Engine(context)
    await engine.start(alone=True)
    engine.no_more_plans()
    with anyio.fail_after(20):
        await engine.run()


def test_a_reader_that_breaks_quotes_nothing_of_the_document(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    plan(ledger, "p1", "p2", "p3")
    provider = Careless()

    async def story() -> None:
        context = _context(ledger, provider)

        async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
            request_id = str(url).rsplit("/", 2)[1]
            body = b"break " + BODIES["message"]
            await ledger.run(evidence.receive, "vendor", request_id, Via.WEBHOOK, body, context.now())
            context.mail.set()
            return ACCEPTED

        provider.submit_with = submit
        await _drive(context)
        assert_clean(context)

    def broken(*_: Any, **__: Any) -> bool:
        raise LookupError(SENTENCE)

    anyio.run(story)
    monkeypatch.setattr("enrichment.collecting.settle_document", broken)
    ledger.call(evidence.receive, "vendor", rows(ledger, requests)[0]["request_id"], Via.WEBHOOK, b"found 1", 1)
    anyio.run(story)
    told = capfd.readouterr().err
    assert_clean(told)
    assert "reader_failed" in told
    assert "document_not_applied" in told
    notes = [row["note"] for table in (inbox, calls) for row in rows(ledger, table)]
    assert "the reader failed: KeyError" in notes
    assert_clean(*map(str, notes))


def test_an_exception_on_the_way_out_takes_nothing_of_the_request_along(ledger: Ledger) -> None:
    plan(ledger, "raise-1")

    async def story() -> None:
        await _drive(_context(ledger, Careless()))

    with pytest.raises(BaseExceptionGroup):
        anyio.run(story)
    (call,) = rows(ledger, calls)
    assert (call["state"], call["note"]) == ("in_doubt", "lost:ValueError")


# The receiver.


def test_nothing_is_told_of_what_is_posted_forged_genuine_or_odd(ledger: Ledger, capfd: Any) -> None:
    listening = listen("127.0.0.1", 0)

    async def keep(provider: str, request_id: str, body: bytes, content_type: str | None, event_id: str | None) -> bool:
        if request_id == "full":
            raise LedgerError("The ledger cannot be used: database or disk is full.")
        if request_id == "bug":
            raise KeyError(SENTENCE)
        await ledger.run(evidence.receive, provider, request_id, Via.WEBHOOK, body, micros(SYSTEM_CLOCK))
        return True

    server = receiver.make_server(receiver.make_app(CAPABILITY, keep))
    thread = threading.Thread(target=lambda: anyio.run(server.serve, [listening]))
    thread.start()

    def post(path: str, body: bytes, **headers: str) -> int:
        connection = HTTPConnection("127.0.0.1", listening.getsockname()[1], timeout=10)
        with closing(connection):
            connection.request("POST", path, body, headers)
            return connection.getresponse().status

    try:
        for number, body in enumerate(BODIES.values()):
            genuine = CAPABILITY.url("", "clodura", f"r-{number}")
            assert post(genuine, body, **{"X-Name": SENTENCE.replace("<", "")}) == 200
            assert post(f"{genuine}0?email={ADDRESS}", body) == 404
            assert post(f"/{ADDRESS}/{KEY}", body) == 404
        assert post(CAPABILITY.url("", "clodura", "full"), BODIES["message"]) == 503
        assert post(CAPABILITY.url("", "clodura", "bug"), BODIES["message"]) == 503
        with socket.create_connection(listening.getsockname()) as odd:
            odd.sendall(f"{SENTENCE}\r\n\r\n".encode())
            odd.recv(1000)
    finally:
        server.should_exit = True
        thread.join()
    told = capfd.readouterr().err
    assert_clean(told)
    assert "webhook_not_kept" in told
    assert "uvicorn" not in told  # it says nothing by itself
    kept = [row["body"] for row in rows(ledger, inbox)]
    assert len(kept) == len(BODIES)
    assert not any(KEY.encode() in body for body in kept)


# The ledger.


def _insert(connection: sa.Connection) -> None:
    row = {"person_id": ADDRESS, "first_seen_at": 1, "facts": SENTENCE}
    connection.execute(people.insert(), [row, row])


def test_no_error_of_the_ledger_shows_what_was_to_be_written(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="UNIQUE constraint failed") as caught:
        ledger.call(_insert)
    assert_clean(caught.value)
    with ledger.read() as connection, pytest.raises(sa.exc.SQLAlchemyError) as read:
        connection.execute(sa.text("SELECT nothing(:x)"), {"x": SENTENCE})
    assert_clean(read.value)


def test_no_statement_in_the_log_shows_what_it_carries(ledger: Ledger, capfd: Any) -> None:
    """Somebody who debugs SQLAlchemy sees statements, and no values."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.DEBUG)
    engine = open_file(Path(ledger.path), "ledger")
    try:
        with suppress(sa.exc.SQLAlchemyError), engine.begin() as connection:
            _insert(connection)
        with engine.connect() as connection:
            connection.execute(sa.select(people)).all()
    finally:
        logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
        engine.dispose()
    told = capfd.readouterr().err
    assert "parameters hidden" in told
    assert_clean(told)


def test_a_ledger_that_is_locked_damaged_or_full_is_told_without_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enrichment.storage.sqlite.BUSY", 0.1)
    path = tmp_path / "ledger.db"
    with new_ledger(tmp_path) as ledger:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(LedgerError, match="locked") as locked:
                ledger.call(_insert)
        with ledger._engine.connect() as connection:
            full = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
        sa.event.listen(ledger._engine, "begin", lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={full}"))
        big = [{"person_id": f"{n}", "first_seen_at": 1, "facts": SENTENCE * 1000} for n in range(20)]
        with pytest.raises(LedgerError, match="full") as filled:
            ledger.call(lambda connection: connection.execute(people.insert(), big))
    content = path.read_bytes()
    path.write_bytes(content[:4096] + SENTENCE.encode() * 100 + content[8192:])
    with pytest.raises((LedgerError, sa.exc.SQLAlchemyError)) as damaged:
        _read_all(tmp_path)
    assert_clean(locked.value, filled.value, damaged.value)


def _read_all(folder: Path) -> None:
    with new_ledger(folder) as ledger, ledger.read() as connection:
        for table in sa.inspect(connection).get_table_names():
            connection.exec_driver_sql(f"SELECT * FROM {table}").all()


# The destination.


def _loader(folder: Path) -> Loader:
    return Loader(DuckDB(folder / "leads.duckdb", "crm"), "crm", folder / ".leadsync" / "dlt")


def _rows(**columns: Any) -> list[dict[str, Any]]:
    return [{"person_id": PERSON_ID, "first_name": FIRST_NAME, "linkedin_url": PROFILE, "source": SENTENCE, **columns}]


def _load(loader: Loader, rows: Any) -> None:
    loader.load(loader.feed([(PEOPLE, rows)]))


def _feed_breaks(loader: Loader, folder: Path) -> None:
    def rows() -> Iterator[Any]:
        yield PEOPLE, PEOPLE.table(_rows())
        pa.Table.from_pylist([{"x": SENTENCE}], schema=pa.schema([("x", pa.int64())]))

    loader.load(loader.feed(rows()))


def _column_of_another_kind(loader: Loader, folder: Path) -> None:
    with duckdb.connect(str(folder / "leads.duckdb")) as connection:
        connection.execute("ALTER TABLE crm.people ALTER COLUMN source SET DATA TYPE INTEGER USING 1")
    _load(loader, PEOPLE.table(_rows()))


def _constraint(loader: Loader, folder: Path) -> None:
    with duckdb.connect(str(folder / "leads.duckdb")) as connection:
        connection.execute("CREATE UNIQUE INDEX one ON crm.people (first_name)")
        connection.execute(
            "INSERT INTO crm.people (person_id, first_name, source, first_seen_at, _dlt_load_id) "
            f"VALUES ('1', '{FIRST_NAME}', '', now(), '1')"
        )
    _load(loader, PEOPLE.table(_rows()))


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which all tables are made."""
    folder = tmp_path_factory.mktemp("tables")
    _loader(folder).make_tables()
    return folder


@pytest.mark.parametrize("broken", [_feed_breaks, _column_of_another_kind, _constraint])
def test_a_load_that_fails_is_told_without_the_rows(
    tmp_path: Path, tables: Path, broken: Callable[[Loader, Path], None], capfd: Any
) -> None:
    shutil.copytree(tables, tmp_path, dirs_exist_ok=True)
    loader = _loader(tmp_path)
    with pytest.raises(DestinationError) as caught:
        broken(loader, tmp_path)
    assert_clean(caught.value)
    assert "failed in dlt's step" in str(caught.value)
    with suppress(DestinationError):
        _loader(tmp_path).drain()
    assert_clean(capfd.readouterr().err)


def test_what_duckdb_says_is_told_without_what_it_quotes(tmp_path: Path) -> None:
    destination = DuckDB(tmp_path / "leads.duckdb", "crm")
    for sql in (f"SELECT '{SENTENCE}'::INTEGER", f'SELECT * FROM "{SENTENCE}"', f"{SENTENCE} is no SQL"):
        with pytest.raises(DestinationError) as caught:
            destination.query(sql)
        assert_clean(caught.value)
    (tmp_path / "leads.duckdb").write_bytes(SENTENCE.encode() * 1000)
    with pytest.raises(DestinationError) as damaged:
        destination.check()
    assert_clean(damaged.value)


def test_the_canaries_would_have_been_seen() -> None:
    """Each body quotes what is looked for: else this file shows nothing."""
    for name, body in BODIES.items():
        assert len(leaks(body.decode("utf-16" if name == "latin" else "utf-8"))) > 2, name
    assert leaks(HOOK)
    assert leaks(NUMBER.replace(" ", "-"))
    assert leaks(str(PERSON))
