"""docs/errors.md: every error in its table is provoked on the real command line, and says what the table says."""

from __future__ import annotations

import re
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from enrichment.inbox import inbox_path
from enrichment.ledger import Ledger
from enrichment.ledger.schema import calls
from enrichment.states import State
from sandbox import Server
from tests.support.project import WITHOUT_LOADING, Finished, Project
from tests.support.purchases import answer, claim, plan, rows, send
from tests.support.second_vendor import with_sixtyfour

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    says: str
    effect: str
    exit_code: int

    def said_in(self, text: str) -> bool:
        """Whether a text holds it; … stands for anything."""
        parts = [re.escape(part.strip()) for part in self.says.split("…")]
        return re.search(r"\s*.*?\s*".join(parts), " ".join(text.split())) is not None


def _rows() -> dict[str, Row]:
    found = {}
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
        if line.startswith("| `"):
            assert len(cells) == 5, line
            says = cells[0].strip("`")
            assert says not in found, says
            found[says] = Row(says, cells[2], int(cells[4]))
    return found


ROWS = _rows()
#: what it says -> what brings it about
CASES: dict[str, Callable[[Case], Finished]] = {}


@dataclass
class Case:
    """A project to break, and the commands to see it by."""

    project: Project
    vendor: Server
    held: list[Any] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.project.folder

    def run(self, *arguments: str, prelude: str = "") -> Finished:
        return self.project.run(*arguments, prelude=prelude)

    def sync(self, *arguments: str, prelude: str = "", load: bool = False, **settings: Any) -> Finished:
        if settings:
            self.project.configure(**settings)
        return self.run("sync", *arguments, prelude=("" if load else WITHOUT_LOADING) + prelude)

    def serve(self, **settings: Any) -> Finished:
        self.project.configure(**settings)
        return self.run("serve")

    def config(self, text: str) -> None:
        """Put a text before the settings that are there."""
        path = self.folder / ".dlt" / "config.toml"
        path.write_text(text + path.read_text(encoding="utf-8"), encoding="utf-8")

    def ledger(self, content: bytes | None = None) -> Path:
        path = self.folder / ".leadsync" / "ledger.db"
        path.parent.mkdir(exist_ok=True)
        if content is not None:
            path.write_bytes(content)
        return path

    def calls(self, *people: str) -> list[str]:
        """Calls in doubt, in the ledger; their ids."""
        with Ledger("sqlite:///ledger.db", self.ledger().parent) as ledger:
            plan(ledger, *people)
            for item in claim(ledger)[0]:
                send(ledger, item)
                answer(ledger, item, State.IN_DOUBT)
            return [row["call_id"] for row in rows(ledger, calls)]

    def fault(self, operation: str, fault: str, **more: Any) -> None:
        self.vendor.set_behaviour(faults=[{"operation": operation, "fault": fault, "first": 1000}], **more)


def case(says: str) -> Callable[[Callable[[Case], Finished]], None]:
    def note(provoke: Callable[[Case], Finished]) -> None:
        assert says not in CASES, says
        CASES[says] = provoke

    return note


def _settings(says: str, *arguments: str, **settings: Any) -> None:
    case(says)(lambda it: it.sync(*arguments, **settings))


ELSEWHERE = {"base_url": "https://api.clodura.ai"}
_settings("enrichment.max_unanswered: … is not accepted: write a whole number", enrichment={"max_unanswered": "many"})
_settings("enrichment.give_up_after: … is not a duration: …", enrichment={"give_up_after": "soon"})
_settings("sources.clodura.plan: … is not one of multi_provider, standard.", clodura={"plan": "prospect"})
_settings("sources.clodura.rate_limits: … is not a rate.", clodura={"rate_limits": ["ten"]})
_settings("sources.clodura.base_url: … would send the key unencrypted.", clodura={"base_url": "http://api.clodura.ai"})
_settings("sources.clodura.api_key: missing.", secrets="")
_settings(
    "sources.clodura.api_key: empty, or holds characters that no key has",
    secrets='[sources.clodura]\napi_key = "canary x"\n',
)
_settings("sources.clodura.searches: there is no search.", searches={})
_settings("sources.clodura.searches.everyone.senority: no such filter.", searches={"everyone": {"senority": ["CEO"]}})
_settings("There is no search … in the settings; there are …", "evryone")
_settings("webhook.public_url: missing.", clodura=ELSEWHERE)
_settings("webhook.public_url: … is not a URL: …", webhook={"public_url": "https://hooks.example.com:99999"})
_settings("webhook.public_url: … is not encrypted: …", webhook={"public_url": "http://hooks.example.com"})
_settings("webhook.host and webhook.port: cannot listen on …", webhook={"host": "203.0.113.9", "port": 0})
_settings("ledger.url: … is not a SQLite file, …", ledger={"url": "postgresql://me:canary@host/db"})
_settings("pipelines.destination: … is not one of duckdb.", pipelines={"destination": "duckbd"})
_settings("pipelines.dataset: … is no name for a dataset: …", pipelines={"dataset": "No Good"})
_settings("pipelines.dataset: … is a word of DuckDB's own.", pipelines={"dataset": "select"})
_settings(
    "pipelines.duckdb_path and pipelines.dataset: the file … and the dataset … have the same name, …",
    pipelines={"dataset": "leads"},
)
_settings("pipelines.duckdb_path: the folder … does not exist.", pipelines={"duckdb_path": "no/where/leads.duckdb"})
_settings("--limit: 0 people are none.", "--limit", "0")
_settings("No such option: …", "--nonsense")
_settings("The ledger … cannot be made or written: …", ledger={"url": "sqlite:////proc/nowhere/ledger.db"})


_settings("enrichment.refresh_after: … is less than a day: …", enrichment={"refresh_after": 180})
_settings("enrichment.caps.…: no such provider; there is …", **{"enrichment.caps.clodra": {"credits_per_day": 5}})
_settings(
    "enrichment.caps.clodura.…: no such cap; clodura has …", **{"enrichment.caps.clodura": {"credits_per_week": 5}}
)
_settings(
    "enrichment.caps.clodura.…: … is not accepted: write a number, 0 or more",
    **{"enrichment.caps.clodura": {"credits_per_day": -5}},
)


@case("ENRICHMENT__CAPS__…: names no cap.")
def _(it: Case) -> Finished:
    it.project.env["ENRICHMENT__CAPS__CLODURA"] = "5"
    return it.sync()


def _second(says: str, **settings: Any) -> None:
    def provoke(it: Case) -> Finished:
        with_sixtyfour(it.project, **settings)
        return it.sync("--enrich", "email")

    case(says)(provoke)


_second(
    "sources.sixtyfour.base_url: … is …, and sources.clodura.base_url is …",
    sixtyfour={"base_url": "https://api.sixtyfour.ai"},
)
_second("sources.sixtyfour.api_key: missing.", key="")
_second("Sixtyfour refused the key (401) for …", key="canary")
_second("Nothing bounds what … may cost; set …")
_second(
    "… is not asked for …: one may cost …, and enrichment.caps.… is …",
    caps={"cents_per_answer": 4},
)


@case("Sixtyfour has no credits left for … (402).")
def _(it: Case) -> Finished:
    it.vendor.reset(people=40, seed=3, cents=0, behaviour={"job_seconds": 0.05})
    with_sixtyfour(it.project, caps={"cents_per_run": 500})
    return it.sync("--enrich", "email")


@case("… For … people another provider was asked in its place.")
def _(it: Case) -> Finished:
    """The first of them is away, once it has proven good."""
    with_sixtyfour(it.project)
    return it.sync(
        "--limit", "3", "--enrich", "email",
        prelude="import enrichment.sending as s, sources.clodura.client as c\n"
        "from sources.transport import NeverConnected\n"
        "async def away(self, slot, body):\n    return NeverConnected('ConnectError')\n"
        "c.CloduraClient.reveal_email = away\ns.UNREACHABLE_AFTER = 0.1\n",
    )  # fmt: skip


def _resolve(says: str, *arguments: str) -> None:
    def provoke(it: Case) -> Finished:
        it.calls("ann", "bob")
        return it.run("resolve", *arguments)

    case(says)(provoke)


_resolve("Say one of --settled AMOUNT (the vendor charged so much) and --void (nothing was bought).", "0199")
_resolve("Name the calls to resolve, or say --all-older-than 7d: …", "--void")
_resolve("--settled: … is no amount: …", "0199", "--settled", "1.005")


@case("--settled: these calls are charged in … and …, and one amount cannot be both.")
def _(it: Case) -> Finished:
    it.calls("ann", "bob")
    with closing(sqlite3.connect(it.ledger())) as ledger:
        ledger.execute("UPDATE calls SET unit = 'cents', provider = 'sixtyfour' WHERE person_id = 'ann'")
        ledger.commit()
    return it.run("resolve", "--all-older-than", "1s", "--settled", "5")


_resolve("… names no call of this ledger: …", "ffffffff", "--void")


@case("… names several calls: …")
def _(it: Case) -> Finished:
    ann, _ = it.calls("ann", "bob")
    return it.run("resolve", ann[:4], "--void")


@case("… is not in doubt: it is …")
def _(it: Case) -> Finished:
    ann, _ = it.calls("ann", "bob")
    assert it.run("resolve", ann, "--void").exit_code == 0
    return it.run("resolve", ann, "--settled", "5")


@case("… credits is more than the … that the price list allows for it.")
def _(it: Case) -> Finished:
    ann, _ = it.calls("ann", "bob")
    return it.run("resolve", ann, "--settled", "7")


@case("Somebody else was faster: … of … calls were in doubt no more, …")
def _(it: Case) -> Finished:
    ann, bob = it.calls("ann", "bob")
    return it.run(
        "resolve", ann, bob, "--void",
        prelude="import pipelines.resolving as r\n"
        "def twice(connection, call_ids, *rest, once=r.resolve):\n"
        "    once(connection, call_ids[:1], *rest)\n"
        "    return once(connection, call_ids, *rest)\n"
        "twice.__module__ = r.__name__\n"
        "r.resolve = twice\n",
    )  # fmt: skip


@case("There is no ledger in … yet, and so no call to resolve.")
def _(it: Case) -> Finished:
    return it.run("resolve", "0199", "--void")


@case("--state: … is not one of planned, …")
def _(it: Case) -> Finished:
    return it.run("calls", "--state", "in-doubt")


@case("There is no .dlt folder in …")
def _(it: Case) -> Finished:
    shutil.rmtree(it.folder / ".dlt")
    return it.sync()


@case("There is nothing of leadsync in …")
def _(it: Case) -> Finished:
    shutil.rmtree(it.folder / ".dlt")
    done = it.run("status")
    assert list(it.folder.iterdir()) == []
    return done


@case("The settings cannot be read: .dlt/config.toml is no good TOML (…")
def _(it: Case) -> Finished:
    it.config("[enrichment\n")
    return it.sync()


@case("enrichment: … has a single value in the place of a table.")
def _(it: Case) -> Finished:
    it.config("enrichment = 5\n")
    return it.sync()


@case("The ledger … holds imitated purchases (sandbox), and this run would be for the other kind: …")
def _(it: Case) -> Finished:
    assert it.sync("--enrich", "none").exit_code == 0
    return it.sync(clodura=ELSEWHERE, webhook={"mode": "poll", "public_url": "https://example.com"})


@case("… cannot be written (…). Nothing that was there was changed.")
def _(it: Case) -> Finished:
    (it.folder / "file").touch()
    return it.run("init", "file")


@case("sandbox: cannot listen on …")
def _(it: Case) -> Finished:
    taken = socket.create_server(("127.0.0.1", 0))
    it.held.append(taken)
    return it.run("sandbox", "--port", str(taken.getsockname()[1]))


@case("Another leadsync is at work here (it holds …")
def _(it: Case) -> Finished:
    it.ledger()
    with FileLock(it.folder / ".leadsync" / "sync.lock"):
        return it.sync()


@case("leadsync serve runs already for this ledger (it holds …")
def _(it: Case) -> Finished:
    with FileLock(f"{it.ledger()}.serve.lock"):
        return it.serve(webhook={"port": 9})


@case("… cannot be made or written (…), and leadsync keeps there what must not be lost.")
def _(it: Case) -> Finished:
    (it.folder / ".leadsync").touch()
    return it.sync()


@case("The ledger … cannot be used: database is locked.")
def _(it: Case) -> Finished:
    with closing(sqlite3.connect(it.ledger(), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        return it.sync(prelude="from enrichment.storage import sqlite\nsqlite.BUSY = 0.2")


@case("The ledger … cannot be used: attempt to write a readonly database.")
def _(it: Case) -> Finished:
    return it.sync(
        prelude="from enrichment.storage import sqlite\n"
        "def query_only(connection, record, before=sqlite._set_up):\n"
        "    before(connection, record)\n"
        "    connection.execute('PRAGMA query_only = ON')\n"
        "sqlite._set_up = query_only\n"
    )


@case("The ledger … cannot be used: file is not a database.")
def _(it: Case) -> Finished:
    it.ledger(b"this is no database" * 1000)
    return it.sync()


@case("The ledger … cannot be used: database disk image is malformed.")
def _(it: Case) -> Finished:
    assert it.sync("--enrich", "none").exit_code == 0
    with closing(sqlite3.connect(it.ledger())) as other:
        ((page,),) = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'calls'")
    with it.ledger().open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    return it.sync()


@case("The ledger … cannot be used: database or disk is full.")
def _(it: Case) -> Finished:
    return it.sync(
        prelude="from enrichment.storage import sqlite\n"
        "def full(connection, record, before=sqlite._set_up):\n"
        "    before(connection, record)\n"
        "    connection.execute('PRAGMA max_page_count = 2')\n"
        "sqlite._set_up = full\n"
    )


@case("… calls were on the wire, and the ledger could not take their answers: …")
def _(it: Case) -> Finished:
    done = it.sync(
        "--enrich",
        "email",
        prelude="import enrichment.sending as s\n"
        "s.AGAIN = ()\n"
        "def full(connection, *given, **more):\n"
        "    pages = connection.exec_driver_sql('PRAGMA page_count').scalar()\n"
        "    connection.exec_driver_sql(f'PRAGMA max_page_count = {pages}')\n"
        "    connection.exec_driver_sql(\"INSERT INTO meta VALUES ('x', zeroblob(1000000))\")\n"
        "s.answers.answered = full\n",
    )
    assert len(it.vendor.books()["jobs"]) == 1
    return done


@case("The ledger … was deleted or replaced while it was in use.")
def _(it: Case) -> Finished:
    return it.sync(
        prelude="import os, pipelines.sync as s\n"
        "def flush(self, *given, before=s._Run._flush):\n"
        "    os.unlink('.leadsync/ledger.db')\n"
        "    return before(self, *given)\n"
        "s._Run._flush = flush\n"
    )


@case("The ledger … is older than the dataset … in …")
def _(it: Case) -> Finished:
    with duckdb.connect(str(it.folder / "leads.duckdb")) as connection:
        connection.execute(
            "CREATE SCHEMA crm; CREATE TABLE crm.calls (call_id TEXT, version BIGINT, updated_at INTEGER)"
        )
        connection.execute("INSERT INTO crm.calls VALUES ('a', 1, 1)")
    return it.sync(load=True, prelude="import pipelines.sink as s\ns._lacking = lambda *arguments: []\n")


@case("The file … is a database of something else: …")
def _(it: Case) -> Finished:
    with closing(sqlite3.connect(it.ledger())) as other:
        other.execute("CREATE TABLE calls (number TEXT)")
    return it.sync()


@case("The ledger … was written by a newer leadsync (version …")
def _(it: Case) -> Finished:
    with closing(sqlite3.connect(it.ledger(), isolation_level=None)) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("INSERT INTO alembic_version VALUES ('9999')")
    return it.sync()


@case("The inbox … cannot be used: …")
def _(it: Case) -> Finished:
    inbox_path(it.ledger()).write_bytes(b"this is no database" * 1000)
    return it.sync()


@case("The inbox … was written by a newer leadsync (version …")
def _(it: Case) -> Finished:
    with closing(sqlite3.connect(inbox_path(it.ledger()))) as other:
        other.execute("PRAGMA user_version = 99")
    return it.sync()


@case("The file … is a database of something else, and the inbox belongs there.")
def _(it: Case) -> Finished:
    with closing(sqlite3.connect(inbox_path(it.ledger()))) as other:
        other.execute("CREATE TABLE notes (text TEXT)")
    return it.serve(webhook={"port": 9})


@case("webhook.port: missing.")
def _(it: Case) -> Finished:
    return it.serve()


@case("webhook.port: 0 is any port that is free, …")
def _(it: Case) -> Finished:
    return it.serve(webhook={"port": 0})


@case('webhook.mode: "poll" says that answers are fetched, …')
def _(it: Case) -> Finished:
    return it.serve(webhook={"port": 9, "mode": "poll"})


@case("The DuckDB file … is open in another program (…")
def _(it: Case) -> Finished:
    with duckdb.connect(str(it.folder / "leads.duckdb")):
        return it.sync()


@case("The file … is not a DuckDB database that can be read (…")
def _(it: Case) -> Finished:
    (it.folder / "leads.duckdb").write_bytes(b"this is no database" * 1000)
    return it.sync()


@case("The DuckDB file … was written by a version of DuckDB that this one cannot read (…")
def _(it: Case) -> Finished:
    return it.sync(prelude=_OPENING.format("Trying to read a database file with version number 99, but we can only"))


@case("The DuckDB file … cannot grow: …")
def _(it: Case) -> Finished:
    return it.sync(prelude=_OPENING.format('Could not write file "leads.duckdb": No space left on device'))


#: both are brought about for real in test_broken_ground.py and test_broken_destination.py
_OPENING = (
    "import duckdb\ndef connect(*given, **named):\n    raise duckdb.IOException({!r})\nduckdb.connect = connect\n"
)


@case("The column … of … in … has the type …, where leadsync writes …")
def _(it: Case) -> Finished:
    with duckdb.connect(str(it.folder / "leads.duckdb")) as connection:
        connection.execute("CREATE SCHEMA crm; CREATE TABLE crm.people (person_id INTEGER)")
    return it.sync(load=True)


@case("The dataset … in … was deleted or replaced while the run went on.")
def _(it: Case) -> Finished:
    return it.sync(
        prelude="import pipelines.sink as s\n"
        "def gone(destination, dataset, sink_id, before=before):\n"
        "    destination.path.unlink(missing_ok=True)\n"
        "    before(destination, dataset, sink_id)\n"
        "s.still_there = gone\n",
    )


@case("dlt's working folder … cannot be used: …")
def _(it: Case) -> Finished:
    (it.folder / ".leadsync").mkdir()
    (it.folder / ".leadsync" / "dlt").touch()
    return it.sync(load=True)


@case("The DuckDB file … was never finished (a full disk?) and cannot be opened: …")
def _(it: Case) -> Finished:
    (it.folder / "leads.duckdb").touch()
    return it.sync("--enrich", "none")


@case("The DuckDB file … cannot be used: …")
def _(it: Case) -> Finished:
    with duckdb.connect(str(it.folder / "leads.duckdb")) as connection:
        connection.execute("CREATE SCHEMA crm; CREATE TABLE crm.leads (x INTEGER)")
    return it.sync(load=True)


@case("Loading into … failed in dlt's step …")
def _(it: Case) -> Finished:
    with duckdb.connect(str(it.folder / "leads.duckdb")) as connection:
        connection.execute("CREATE SCHEMA crm_staging; CREATE VIEW crm_staging.people AS SELECT 1 AS x")
    return it.sync(load=True)


@case("Clodura refused the key (401) for …")
def _(it: Case) -> Finished:
    return it.sync(secrets='[sources.clodura]\napi_key = "canary"\n')


@case("Clodura has no credits left for … (402).")
def _(it: Case) -> Finished:
    it.fault("reveal_email", "402")
    return it.sync("--limit", "3", "--enrich", "email")


@case("Clodura ran out of credits half-way through …")
def _(it: Case) -> Finished:
    it.vendor.reset(people=40, seed=3, credits=5, behaviour={"job_seconds": 0.05})
    return it.sync("--limit", "2", "--enrich", "phone")


@case("Clodura does not allow … (403).")
def _(it: Case) -> Finished:
    it.fault("any", "403", error_body="html")
    return it.sync()


@case("Search … : Clodura refused the people search (422).")
def _(it: Case) -> Finished:
    it.fault("search", "422")
    return it.sync()


@case("Clodura redirects the people search (301) to …")
def _(it: Case) -> Finished:
    it.fault("search", "301")
    return it.sync()


@case("Clodura answered the people search with a page that cannot be read (…")
def _(it: Case) -> Finished:
    it.fault("search", "garbled_before")
    return it.sync()


@case("Clodura at … answered /credits with 404: this looks like a wrong host, …")
def _(it: Case) -> Finished:
    return it.sync(clodura={"base_url": it.vendor.url + "/nowhere"})


IMPATIENT = (
    "import functools, sources.transport as t\nt.Backoff = functools.partial(t.Backoff, budget=0.2, first=0.05)\n"
)


@case("POST /api/v1/search/people at … was not answered within … s (… attempts, the last: …")
def _(it: Case) -> Finished:
    for status in ("503", "429"):
        it.fault("search", status)
        done = it.sync(prelude=IMPATIENT)
        assert done.exit_code == 1
        assert f"the last: HTTP {status})" in done.stderr
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return it.sync(prelude=IMPATIENT, clodura={"base_url": f"http://127.0.0.1:{port}"})


NO_GRACE = "import enrichment.engine\nenrichment.engine.IN_DOUBT_GRACE = 0.1\n"


@case("clodura could not be reached for … s (…")
def _(it: Case) -> Finished:
    return it.sync(
        "--enrich",
        "email",
        prelude="import enrichment.sending as s, sources.clodura.client as c\n"
        "from sources.transport import NeverConnected\n"
        "async def away(self, slot, body):\n    return NeverConnected('ConnectError')\n"
        "c.CloduraClient.reveal_email = away\ns.UNREACHABLE_AFTER = 0.1\n",
    )


@case("clodura failed … times in a row, and whether it charged for those calls is unknown: …")
def _(it: Case) -> Finished:
    it.fault("reveal_email", "500_after", webhook=False)
    return it.sync(
        "--enrich",
        "email",
        prelude="import enrichment.sending as s\ns.DOUBTFUL_SLOW = s.DOUBTFUL_HALT = 3\n" + NO_GRACE,
    )


@case("… is reached: … calls are left for later.")
def _(it: Case) -> Finished:
    return it.sync("--budget", "0")


@case("…: no e-mail address by its syntax.")
def _(it: Case) -> Finished:
    return it.run("verify", "nobody")


@case("Nothing to verify: enrichment.verify is none.")
def _(it: Case) -> Finished:
    return it.run("verify")


@case("enrichment.max_search_credits_per_run is reached: …")
def _(it: Case) -> Finished:
    return it.sync("--enrich", "none", enrichment={"max_search_credits_per_run": 0})


@case("Clodura does not allow verify email (403).")
def _(it: Case) -> Finished:
    it.vendor.set_behaviour(not_entitled=["verify_email"])
    return it.sync("--limit", "3", enrichment={"verify": "all", "channels": ["email"]})


@case("The rate limits (…) leave no call for another … s.")
def _(it: Case) -> Finished:
    assert it.sync("--enrich", "none", clodura={"rate_limits": ["2/day"]}).exit_code in (0, 3)
    return it.sync()


@case("The time to wait (--wait) is over: …")
def _(it: Case) -> Finished:
    it.vendor.set_behaviour(job_seconds=60)
    return it.sync("--limit", "1", "--wait", "0.3s")


@case("Stopped as asked.")
def _(it: Case) -> Finished:
    return it.sync(
        "--limit",
        "1",
        prelude="import os, signal, pipelines.sync as s\n"
        "def flush(self, *given, before=s._Run._flush):\n"
        "    if not self._interrupted:\n        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return before(self, *given)\n"
        "s._Run._flush = flush\n",
    )


@case("stopped before it was through.")
def _(it: Case) -> Finished:
    return it.sync(
        prelude="import os, signal, pipelines.preparing as p\ndef stop(*_):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\np.keep_realm = stop\n",
    )


@case("stopped at once.")
def _(it: Case) -> Finished:
    return it.sync(
        prelude="import os, signal, pipelines.sync as s\ndef stop(*_):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n    os.kill(os.getpid(), signal.SIGINT)\ns._Run._flush = stop\n",
    )


@case("Not everybody can be seen. Search …: … people are on no page… narrow the search in the settings …")
def _(it: Case) -> Finished:
    return it.sync("--enrich", "none", prelude=_COVERED.format(kind="truncated"))


@case("Not read to the end: …")
def _(it: Case) -> Finished:
    return it.sync("--enrich", "none", prelude=_COVERED.format(kind="incomplete"))


#: searches that cannot be seen whole are read in test_search_guide.py; here only what is said of them
_COVERED = (
    "import pipelines.searching as s\n"
    "async def run(self, searches, before=s.Searches.run):\n"
    "    await before(self, searches)\n    self._context.tally.{kind}.append('everyone')\n"
    "s.Searches.run = run\n"
)


@case("Whether everybody was seen is not proven for …: …")
def _(it: Case) -> Finished:
    return it.sync("--enrich", "none", prelude=_COVERED.format(kind="unproven"))


@case("…: leadsync has no such setting, it is ignored.")
def _(it: Case) -> Finished:
    return it.sync("--enrich", "none", enrichment={"flush_evry": 5})


@case("…: leadsync has no such setting, it looks like a cap, and would bound nothing.")
def _(it: Case) -> Finished:
    return it.sync("--enrich", "none", enrichment={"max_credit_per_run": 5})


@case("… can be read by other users of this machine, and it is where keys are.")
def _(it: Case) -> Finished:
    (it.folder / ".dlt" / "secrets.toml").chmod(0o644)
    return it.sync("--enrich", "none")


@case("leadsync has no section [enrichmnet], it is ignored.")
def _(it: Case) -> Finished:
    return it.sync("--enrich", "none", enrichmnet={"flush_every": 5})


@case("flush_every stands outside of every section and is ignored.")
def _(it: Case) -> Finished:
    it.config("flush_every = 5\n")
    return it.sync("--enrich", "none")


@case("max_credits_per_run stands outside of every section and is ignored.")
def _(it: Case) -> Finished:
    it.config("max_credits_per_run = 5\n")
    return it.sync("--enrich", "none")


@case("… is not among the values known to leadsync; it is sent as it is.")
def _(it: Case) -> Finished:
    return it.sync("--enrich", "none", searches={"everyone": {"person_country": ["Inda"]}})


@case("… calls are in doubt: whether they were charged is unknown.")
def _(it: Case) -> Finished:
    it.vendor.set_behaviour(webhook=False, faults=[{"operation": "reveal_email", "fault": "500_after", "nth": [1]}])
    done = it.sync("--limit", "1", "--enrich", "email", prelude=NO_GRACE)
    assert it.vendor.books()["totals"]["jobs"]
    return done


@case("… calls were rejected by the vendor as wrong; nothing was charged.")
def _(it: Case) -> Finished:
    it.fault("reveal_email", "422")
    return it.sync("--limit", "2", "--enrich", "email")


@case("… answers could not be read; they are kept whole in the ledger.")
def _(it: Case) -> Finished:
    return it.sync(
        "--limit",
        "1",
        "--enrich",
        "email",
        prelude="import sources.clodura.payload as p\n"
        "from sources.providers import Outcome\n"
        "def read(*arguments, before=p.read):\n"
        "    import dataclasses\n"
        "    return dataclasses.replace(before(*arguments), outcome=Outcome.UNREADABLE, contacts=())\n"
        "p.read = read\n",
    )


@case("something broke that should not: …")
def _(it: Case) -> Finished:
    return it.sync(
        prelude="import pipelines.sync as s\ndef broken(*_):\n    raise ZeroDivisionError\ns.sync = broken\n"
    )


def _listed(says: str, content: str | bytes, *arguments: str, name: str = "list.csv") -> None:
    def provoke(it: Case) -> Finished:
        path = it.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return it.run("enrich", name, *arguments, prelude=WITHOUT_LOADING)

    case(says)(provoke)


def _enriched(says: str, *arguments: str) -> None:
    case(says)(lambda it: it.run("enrich", *arguments, prelude=WITHOUT_LOADING))


GOOD = "Name,Website\nKapil Khangaonkar,clodura.ai\n"
_listed("The columns name nobody: needed are …", "colour,size\nred,5\n")
_listed("The first line of the list looks like a person, not like headings.", "Ada Lovelace,ada@example.com\n")
_listed("--map: … is not of the form field=column, …", GOOD, "--map", "title")
_listed("--map: … is no field; there are …", GOOD, "--map", "titel=Name")
_listed("--map: … is given twice.", GOOD, "--map", "title=Name", "--map", "title=Website")
_listed("--map: … is named for two fields.", GOOD, "--map", "title=Name", "--map", "country=Name")
_listed("--map: there is no column …", GOOD, "--map", "title=Titel")
_enriched("There is no file …", "nowhere.csv")
_enriched("… is a folder. Name a file in it", ".dlt")
_listed("… is none of .csv, .tsv, …", GOOD, name="list.xlsx")
_listed("--rejects: … is the list itself.", GOOD, "--rejects", "list.csv")
_listed("--encoding: … is no encoding, …", GOOD, "--encoding", "windoze")
_listed("--encoding: only files of text have one", b"PAR1", "--encoding", "utf-8", name="list.parquet")
_enriched("--query and --table: give one of them", "--query", "SELECT 1", "--table", "people")
_listed("--query and --table: a file has neither.", GOOD, "--table", "people")
_enriched("A database holds many tables: say which, …", "sqlite:///crm.db")
_enriched("Name a list: …")
_enriched("--query: it is not one SELECT.", "sqlite:///crm.db", "--query", "DELETE FROM people")
_enriched("…: there is no such file", "sqlite:///crm.db", "--table", "people")
_enriched("…: the driver for it is not installed.", "oracle+cx_oracle://db.example.com/x", "--table", "people")
_enriched("… is no URL of a database: …", "postgresql://db.example.com:port/x", "--table", "people")
_listed("… is empty: there is no heading in it.", "")
_listed("…, line …, is not UTF-8.", b"Name,Website\nJos\xe9 Silva,example.com\n")
_listed("…, line …: a quote is opened there that nothing closes.", 'Name,Website\n"Ada Lovelace,example.com\n')
_listed("…, line …: a quote stands in the middle of a quoted cell.", 'Name,Website\n"Ada "L" Lovelace",example.com\n')
_listed("… is damaged, or was not packed by gzip.", b"\x1f\x8b\x08 nothing", name="list.csv.gz")
_listed("… cannot be read as parquet: …", b"no parquet at all", name="list.parquet")
_listed(
    "…: of the ids in … digits were lost, …",
    "Clodura ID\n" + "".join(f"{n}000000000000000\n" for n in (3597, 3598, 3599, 3600)),
)
_listed("The rejected rows cannot be written to …", GOOD, "--rejects", "nowhere/rejects.csv")


def _database(it: Case) -> None:
    with closing(sqlite3.connect(it.folder / "crm.db")) as connection:
        connection.execute("CREATE TABLE contacts (name TEXT, website TEXT)")


@case("The table cannot be read from …")
def _(it: Case) -> Finished:
    _database(it)
    return it.run("enrich", "sqlite:///crm.db", "--table", "people", prelude=WITHOUT_LOADING)


@case("The query cannot be read from …")
def _(it: Case) -> Finished:
    _database(it)
    return it.run("enrich", "sqlite:///crm.db", "--query", "SELECT * FROM people", prelude=WITHOUT_LOADING)


@case("--query: DuckDB cannot run it: …")
def _(it: Case) -> Finished:
    duckdb.connect(str(it.folder / "leads.duckdb")).close()
    return it.run("enrich", "--query", "SELECT * FROM crm.nobody", prelude=WITHOUT_LOADING)


@case("Nobody can be asked for: …")
def _(it: Case) -> Finished:
    return it.run("find-email", "--name", "Ada Lovelace")


def test_every_row_is_provoked_and_nothing_else() -> None:
    assert set(CASES) == set(ROWS)


@pytest.mark.parametrize("says", ROWS)
def test_it_says_what_the_table_says(bare: Project, vendor: Server, says: str) -> None:
    row = ROWS[says]
    vendor.reset(people=12, seed=3, behaviour={"job_seconds": 0.05})
    done = CASES[says](Case(bare, vendor))
    assert row.said_in(done.stderr), done.stderr
    assert done.exit_code == row.exit_code, done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr + done.stdout
    if row.effect.startswith("Nothing was"):
        assert vendor.books()["charges"] == []
    if row.exit_code == 2:
        assert done.stdout == ""
