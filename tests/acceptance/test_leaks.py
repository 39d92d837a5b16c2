"""Secrets and personal data reach no log and no error text: the command line over every error it can meet.

The vendor (`tests.support.loud`) repeats key, request and person in all it refuses; settings hold secrets where they do
not belong; bugs quote what they were given. All runs are with --debug, which shows tracebacks.
"""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import pytest

from enrichment.storage import GroupWriter
from sandbox import Server
from sources.backoff import Backoff
from tests.integration.wire import answer, hang_up, held, reset
from tests.support.canaries import (
    ADDRESS,
    BODIES,
    FIRST_NAME,
    KEY,
    LAST_NAME,
    NUMBER,
    PASSWORD,
    PROFILE,
    SENTENCE,
    SIGNING_KEY,
    assert_clean,
    leaks,
)
from tests.support.inside import leadsync
from tests.support.ledgers import new_ledger
from tests.support.loud import RESULT, Loud, loud, shout
from tests.support.project import Finished, Project, finish

CONFIG = """\
[sources.clodura]
base_url = "{url}"
rate_limits = ["5000/second"]
[sources.clodura.searches.one]
first_name = "Kanaria"
last_name = "Vogelsang"
linkedin_url = "https://www.linkedin.com/in/kanaria-vogelsang-42/"
[enrichment]
poll_interval = 0.05
webhook_grace = 0.05
[webhook]
mode = "{mode}"
"""
SECRETS = f'[sources.clodura]\napi_key = "{KEY}"\n[webhook]\nsigning_key = "{SIGNING_KEY}"\n'


class NoLoader:
    """Takes rows and loads them nowhere: dlt takes a second a run."""

    def __init__(self, *_: Any) -> None:
        pass

    def feed(self, parts: Any) -> list[Any]:
        return [parts]

    def load(self, resources: Any) -> None:
        list(resources[0])


@dataclass
class Case:
    """A folder, the loud vendor, and `leadsync` in it; whatever a run writes is looked through."""

    folder: Path
    vendor: Loud
    capture: pytest.CaptureFixture[str]

    def configure(self, text: str | None = None, secrets: str = SECRETS, *, mode: str = "poll") -> None:
        """Write the settings; whatever they say, nobody but the loud vendor is asked."""
        dlt = self.folder / ".dlt"
        dlt.mkdir(exist_ok=True)
        config = CONFIG.format(url=self.vendor.url, mode=mode)
        if text is not None:
            here = f'[sources.clodura]\nbase_url = "{self.vendor.url}"\n'
            own = text.startswith("[sources.clodura]\n")
            config = text if "base_url" in text else here + (text.partition("\n")[2] if own else text)
        (dlt / "config.toml").write_text(config, encoding="utf-8")
        (dlt / "secrets.toml").write_text(secrets, encoding="utf-8")
        (dlt / "secrets.toml").chmod(0o600)

    def run(self, *arguments: str, **env: str) -> Finished:
        done = leadsync(self.capture, self.folder, *arguments, "--debug", env=env)
        assert_clean(done.stderr, done.stdout)
        self.assert_no_key_is_kept()
        return done

    def assert_no_key_is_kept(self) -> None:
        """The key is in secrets.toml alone, whatever the vendor returned: not in the ledger, not with dlt."""
        home = self.folder / ".leadsync"
        for path in (*home.rglob("*"), self.folder / "leads.duckdb") if home.is_dir() else ():
            assert not (path.is_file() and KEY.encode() in path.read_bytes()), path


@pytest.fixture(scope="module")
def vendor() -> Iterator[Loud]:
    with loud() as running:
        yield running


@pytest.fixture
def it(tmp_path: Path, vendor: Loud, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Case:
    vendor.acts.clear()
    vendor.posts.clear()
    monkeypatch.setattr("pipelines.preparing.Loader", NoLoader)
    monkeypatch.setattr("pipelines.preparing.sink.prepare", lambda *_: "sink")
    monkeypatch.setattr("pipelines.preparing.sink.still_there", lambda *_: None)
    monkeypatch.setattr("enrichment.engine.IN_DOUBT_GRACE", 0.05)
    monkeypatch.setattr("sources.transport.Backoff", lambda: Backoff(budget=0.0))
    new_ledger(tmp_path, ".leadsync/ledger.db").close()
    case = Case(tmp_path, vendor, capfd)
    case.configure()
    return case


def test_a_run_that_goes_well_says_nothing_of_whom_it_found(it: Case) -> None:
    done = it.run("sync", "--json")
    assert done.exit_code == 0, done.stderr
    assert done.json["emails_found"] == done.json["phones_found"] == 1


_MORE = ("402", "403", "404", "500", "hang_up")
REFUSALS = {
    "search": ("401", "402", "403", "404", "422", "301", "500", "garbled", "reset"),
    "email": ("401", "402", "403", "404", "409", "422", "302", "500", "garbled", "reset"),
    "phone": ("422",),
    "track": ("401", "404", "500", "garbled", "reset"),
    "credits": ("401", "404", "garbled"),
}


#: those that take each way of the code once
SHORT = {
    "search": ("401", "422", "301", "garbled"),
    "email": ("402", "422", "500", "garbled"),
    "track": ("401",),
    "credits": ("garbled",),
}


@pytest.mark.parametrize(
    ("operation", "how"),
    [
        pytest.param(name, how, marks=() if how in SHORT.get(name, ()) else pytest.mark.thorough)
        for name, ways in REFUSALS.items()
        for how in ways
    ],
)
def test_no_refusal_of_the_vendor_is_quoted(it: Case, operation: str, how: str) -> None:
    acts = {"garbled": answer(200, BODIES["html"]), "reset": reset}
    it.vendor.acts[operation] = acts.get(how) or shout(int(how))
    if operation == "credits":
        it.vendor.acts["search"] = shout(404)
    done = it.run("sync", "--json", "--wait", "0.3s")
    assert done.exit_code in (0, 1, 3), done.stderr
    assert done.json["run_id"]


@pytest.mark.parametrize(
    "how",
    ["401", "422", "garbled", *(pytest.param(how, marks=pytest.mark.thorough) for how in _MORE)],
)
def test_no_refusal_of_a_verification_is_quoted(it: Case, how: str) -> None:
    acts = {"garbled": answer(200, BODIES["message"]), "hang_up": hang_up}
    it.vendor.acts["verify"] = acts.get(how) or shout(int(how))
    done = leadsync(it.capture, it.folder, "verify", ADDRESS, "--json", "--debug", "--wait", "0.3s")
    result = done.json
    assert [row["email"] for row in result.pop("verifications")] == [ADDRESS]  # what was asked for: no log, no error
    assert_clean(done.stderr, json.dumps(result))
    it.assert_no_key_is_kept()


def test_what_a_refusal_said_is_kept_without_the_key(it: Case) -> None:
    it.vendor.acts["email"] = shout(422)
    assert it.run("sync", "--enrich", "email").exit_code == 0
    with closing(sqlite3.connect(it.folder / ".leadsync" / "ledger.db")) as ledger:
        ((body,),) = ledger.execute("SELECT body FROM requests").fetchall()
    assert b"Key <key> may not see" in body


def test_webhooks_that_cannot_be_read_or_applied_are_not_quoted(it: Case) -> None:
    it.configure(mode="webhook")
    it.vendor.posts += [*BODIES.values(), json.dumps({**RESULT, "trackingId": f"another of {ADDRESS}"}).encode()]
    done = it.run("sync", "--json")
    assert done.exit_code == 0, done.stderr
    assert "answer_unreadable" in done.stderr


@pytest.mark.parametrize("command", [("doctor",), ("doctor", "--json"), ("plan",), ("plan", "--probe"), ("status",)])
@pytest.mark.parametrize("how", ["403", pytest.param("200", marks=pytest.mark.thorough)])
def test_the_other_commands_say_no_more(it: Case, command: tuple[str, ...], how: str) -> None:
    for operation in ("search", "credits"):
        it.vendor.acts[operation] = shout(int(how))
    it.run("sync", "--json")
    it.run(*command)


@pytest.mark.parametrize("command", ["sync", "plan"])
def test_a_key_that_others_may_read_is_warned_of(it: Case, command: str) -> None:
    assert "chmod" not in it.run(command).stderr
    secrets = it.folder / ".dlt" / "secrets.toml"
    secrets.chmod(0o644)
    done = it.run(command)
    assert done.exit_code == 0
    assert "warning: .dlt/secrets.toml can be read by other users of this machine" in done.stderr
    assert "chmod 600 .dlt/secrets.toml" in done.stderr


# Bugs.


def _bug(*_: Any, **__: Any) -> NoReturn:
    raise KeyError(SENTENCE)


@pytest.mark.parametrize(
    "where",
    [
        "pipelines.sync._Run.run",
        "pipelines.preparing.keep_realm",
        "pipelines.configuration.read_settings",
        "pipelines.session.Searches.run",
        "sources.clodura.connecting.make_transport",
        "enrichment.engine.Engine.run",
        "enrichment.sending.decide",
        "sources.clodura.client.parse_page",
        "pipelines.commands.sync.guarded",
    ],
)
def test_a_bug_in_any_thread_is_told_by_its_type_and_the_lines_it_came_by(
    it: Case, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, _bug)
    done = it.run("sync", "--json")
    assert done.exit_code == 1
    assert "something broke that should not" in done.stderr
    assert "in _bug" in done.stderr.replace("\\n", "\n")
    assert "KeyError" in done.stderr
    assert done.stdout == ""


def test_a_bug_is_told_by_its_type_alone_without_debug(it: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enrichment.engine.Engine.run", _bug)
    done = leadsync(it.capture, it.folder, "sync")
    assert done.stderr == (
        "leadsync: something broke that should not: KeyError. What was bought is in the ledger, and the next run goes "
        "on from there. Run with --debug for the traceback, and please report it.\n"
    )


def test_a_bug_in_the_thread_that_writes_the_ledger(it: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    written = [0]

    def bug(self: Any, moment: str, done: Any) -> None:
        written[0] += 1
        if written[0] == 20:
            raise KeyError(SENTENCE)

    monkeypatch.setattr(GroupWriter, "_reach", bug)
    done = it.run("sync", "--json")
    assert done.exit_code == 1
    assert "KeyError" in done.stderr


# Settings and arguments.

WRONG: list[tuple[str, str]] = [
    (f'[sources.clodura]\nplan = "{KEY}"', SECRETS),
    (f'[sources.clodura]\nrate_limits = ["{KEY}"]', SECRETS),
    (f'[sources.clodura]\nbase_url = "{KEY}"', SECRETS),
    (f'[sources.clodura]\nbase_url = "http://{KEY}.example"', SECRETS),
    (f'[sources.clodura]\nbase_url = "https://me:{PASSWORD}@api.clodura.ai"', SECRETS),
    (f'[sources.clodura]\nbase_url = "https://api.clodura.ai?key={KEY}"', SECRETS),
    (f'[sources.clodura]\nbase_url = "http://127.0.0.1:9/{KEY}"\n[sources.clodura.searches.one]', ""),
    (f'[sources.clodura]\napi_key = "{KEY}"\napikey = "{KEY}"', ""),
    (f'[sources.clodura]\nsearches = "{KEY}"', ""),
    (f'[sources.clodura.searches]\none = "{KEY}"', ""),
    (f'[sources.clodura.searches.one]\nlinkedin_url = "{PROFILE}details/"\nfirst_name = ["{FIRST_NAME}"]', SECRETS),
    (f'[sources.clodura.searches.one]\nlinkedin_url = "https://www.linkedin.com/sales/lead/{LAST_NAME}"', SECRETS),
    (f'[sources.clodura.searches.one]\ncompany_domain = ["{LAST_NAME}@acme.example"]', SECRETS),
    (f'[sources.clodura.searches.one]\n"{ADDRESS}" = "{NUMBER}"\nseniority = ["{NUMBER}"]', SECRETS),
    (f'[sources.clodura.searches.one]\nperson_country = ["{PASSWORD}", "{ADDRESS}"]', SECRETS),
    (f'[sources.clodura.searches.one]\nperson_city = ["{PASSWORD},{PASSWORD}"]', SECRETS),
    (f'api_key = "{KEY}"\n[sources]\napi_key = "{KEY}"\n[source.clodura]\nbase_url = "{KEY}"', ""),
    (f'[enrichment]\nchannels = ["{KEY}"]\nverify = "{KEY}"\nmax_credits_per_run = "{KEY}"', SECRETS),
    (f'[enrichment]\npoll_interval = "{KEY}"\nmax_unanswered = "{PASSWORD}"\ndeep = "{KEY}"', SECRETS),
    (f'[ledger]\nurl = "postgresql://me:{PASSWORD}@db.example/leads"', SECRETS),
    (f'[ledger]\nurl = "postgresql+psycopg://me:p@{PASSWORD}/x@db.example/leads?password={PASSWORD}"', SECRETS),
    (f'[ledger]\nurl = "{KEY}"', SECRETS),
    (f'[webhook]\npublic_url = "https://me:{PASSWORD}@hooks.example.com"', SECRETS),
    (f'[webhook]\npublic_url = "{KEY}"\nmode = "{KEY}"\nhost = 5\nport = "{PASSWORD}"', SECRETS),
    (f'[webhook]\npublic_url = "http://hooks.example.com/{KEY}"', SECRETS),
    ('[sources.clodura.searches.one]', '[webhook]\nsigning_key = "canary"\n'),
    (f'[pipelines]\ndestination = "{KEY}"', SECRETS),
    (f'[pipelines]\ndataset = "{KEY}"', SECRETS),
    (f'[pipelines]\nduckdb_path = "no/where/md:leads?motherduck_token={KEY}"', SECRETS),
    (f'[enrichment]\nchannels = {KEY}', ""),
    ("", f"[sources.clodura]\napi_key = {KEY}\n"),
    ("", f'[sources.clodura]\napi_key = "{KEY}\n'),
    ("", f'[sources.clodura]\napi_key = "{KEY} {PASSWORD}"\n'),
    ("", f"[sources.clodura]\napi_key = '\"{KEY}\"'\n"),
    ("", f'[sources.clodura]\napi_key = ["{KEY}"]\n'),
    ("", f"{KEY}\n"),
    ("", f"{KEY} = 1\n{KEY} = 2\n"),
    ("", f"[sources.clodura]\n{KEY} = 1\n"),
    (f"[enrichment]\n{KEY} = 1\n[{KEY}]\nx = 1", ""),
    (f'[sources.clodura]\napi_key = "{KEY}"\nbase_url = 5', SECRETS),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_no_setting_that_is_wrong_is_repeated_where_it_may_be_a_secret(it: Case, number: int) -> None:
    config, secrets = WRONG[number]
    it.configure(config, secrets)
    assert it.run("sync", "--json", "--enrich", "none").exit_code in (0, 1, 2)


@pytest.mark.thorough
@pytest.mark.parametrize("number", range(len(WRONG)))
def test_nor_by_the_doctor(it: Case, number: int) -> None:
    config, secrets = WRONG[number]
    it.configure(config, secrets)
    assert it.run("doctor", "--json").exit_code in (0, 1, 2)


@pytest.mark.parametrize(
    "variable",
    [
        f"ENRICHMENT__{KEY.upper()}",
        "SOURCES__CLODURA__PLAN",
        "SOURCES__CLODURA__API_KYE",
        "ENRICHMENT__CHANNELS",
        "SOURCES__CLODURA__SEARCHES__ONE",
        "SOURCES__CLODURA__SEARCHES__ONE__SENIORITY",
        "LEDGER__URL",
        "PIPELINES__DATASET",
    ],
)
def test_nor_one_from_the_environment(it: Case, variable: str) -> None:
    it.run("sync", "--json", **{variable: f'["{KEY}", "{ADDRESS}"]'})
    it.run("sync", "--json", **{variable: f"postgresql://me:{PASSWORD}@{ADDRESS}"})


@pytest.mark.parametrize(
    "arguments",
    [
        ("sync", KEY),
        ("sync", "--limit", ADDRESS),
        ("sync", f"--{KEY}"),
        ("sync", f"--api-key={KEY}"),
        ("sync", "--enrich", ADDRESS),
        ("sync", "--wait", KEY),
        ("sync", "--budget", KEY),
        ("sync", "--destination", KEY),
        ("sync", "--dataset", ADDRESS),
        ("status", ADDRESS),
        ("status", KEY),
        ("verify", ADDRESS.replace("@", " at ")),
        ("verify", f"{ADDRESS}@", "info@example.com"),
        ("verify", "--policy", ADDRESS),
        (ADDRESS,),
        (KEY,),
    ],
    ids=range(16),
)  # fmt: skip
def test_no_argument_is_repeated_where_it_may_be_a_secret_or_somebody(it: Case, arguments: tuple[str, ...]) -> None:
    done = it.run(*arguments)
    assert done.exit_code == 2, done.stderr
    assert done.stdout == ""


# Whole runs, in a process of their own.


@pytest.fixture
def project(tmp_path: Path, vendor: Loud, tables: Path) -> Project:
    """A folder in which the tables are made; the vendor is the loud one."""
    shutil.copytree(tables, tmp_path, dirs_exist_ok=True)
    vendor.acts.clear()
    vendor.posts.clear()
    project = Project(tmp_path, cast(Server, SimpleNamespace(url=vendor.url, api_key=KEY)))
    project.configure(
        secrets=SECRETS, enrichment={"poll_interval": 0.05, "webhook_grace": 0.05}, webhook={"mode": "poll"}
    )
    return project


def test_all_that_a_run_makes_is_its_owners_alone_and_the_key_is_in_none_of_it(project: Project) -> None:
    """Under umask 0, and where what an earlier run made had been opened to everybody."""
    (project.folder / "leads.duckdb").unlink()
    for path in (project.folder / ".leadsync", *project.folder.glob(".leadsync/*")):
        path.chmod(0o777)
    project.folder.chmod(0o755)
    done = project.run("sync", "--debug", prelude="import os\nos.umask(0)\n")
    assert done.exit_code == 0, done.stderr
    assert_clean(done.stderr, done.stdout)
    assert project.sql("SELECT email FROM crm.emails") == [(ADDRESS,)]
    home = project.folder / ".leadsync"
    made = [home, project.folder / "leads.duckdb", *(path for path in home.iterdir() if path.name != "dlt")]
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in made} == {path.name: "0o0" for path in made}
    assert project.folder.stat().st_mode & 0o777 == 0o755
    for path in project.folder.rglob("*"):
        if path.is_file() and path.name != "secrets.toml":
            assert KEY.encode() not in path.read_bytes(), path
        if path.is_file() and "dlt" in path.parts:
            assert leaks(path.read_text("utf-8", "replace")) == [], path


def test_ctrl_c_twice_says_what_it_always_says(project: Project, vendor: Loud) -> None:
    vendor.acts["email"] = held(shout(422))
    process = project.start("sync", "--debug", "--enrich", "email")
    assert vendor.wire.waiting.acquire(timeout=60)
    process.send_signal(signal.SIGINT)
    lines = iter(process.stderr)
    said = next(line for line in lines if "Stopping" in line)
    process.send_signal(signal.SIGINT)
    done = finish(process)
    vendor.wire.released.set()
    assert done.exit_code == 3
    assert "stopped at once" in done.stderr
    assert_clean(said, done.stderr, done.stdout)
