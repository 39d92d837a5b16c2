"""The doctor over real sockets, ledgers and DuckDB files, in this process: hosts, keys, locks, webhooks."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import anyio
import duckdb
import pytest
import sqlalchemy as sa

from enrichment.capability import Capability
from enrichment.ids import micros
from enrichment.inbox import inbox_path
from enrichment.ledger import runs
from enrichment.ledger.counters import LedgerCounters
from enrichment.ledger.migrate import NEWEST
from enrichment.storage import sqlite
from pipelines import receiver
from pipelines.configuration import Reading
from pipelines.doctor import examination
from pipelines.doctor.asking import HOSTS
from pipelines.doctor.checks import Check, Verdict, exit_code, ok
from pipelines.doctor.examination import examine_settings
from pipelines.locks import lock_of_serve, only_one
from pipelines.settings import (
    EnrichmentSettings,
    LedgerSettings,
    PipelineSettings,
    Settings,
    WebhookSettings,
)
from pipelines.vendor import account_of
from sandbox import Server
from sources.clock import SYSTEM_CLOCK
from sources.clodura.settings import CloduraSettings
from sources.errors import AlreadyRunning
from sources.sixtyfour.settings import SixtyfourSettings
from tests.integration.wire import Act, Wire, answer, hang_up, refusing, reset, serving
from tests.support.ledgers import new_ledger
from tests.support.receiving import Receiving, receiving

KEY = "canary-key"
BALANCE = b'{"remainingCredits": 357.5}'
HTML = b"<html>Attention Required! | Cloudflare</html>"

OK, WARNING, FAILED, SKIPPED = Verdict.OK, Verdict.WARNING, Verdict.FAILED, Verdict.SKIPPED


def settings(base_url: str, **sections: Mapping[str, Any]) -> Settings:
    """Settings as a user would write them who polls, buys both and has caps."""
    caps = {"max_credits_per_run": 200, "max_credits_per_day": 500}
    return Settings(
        clodura=CloduraSettings(**{"base_url": base_url, "api_key": KEY, **sections.get("clodura", {})}),
        enrichment=EnrichmentSettings(**{**caps, **sections.get("enrichment", {})}),
        ledger=LedgerSettings(**sections.get("ledger", {})),
        webhook=WebhookSettings(**{"mode": "poll", **sections.get("webhook", {})}),
        pipelines=PipelineSettings(**sections.get("pipelines", {})),
        searches={"everyone": {}},
    )


def examine(folder: Path, read: Settings | Reading, hosts: Sequence[str] = HOSTS) -> dict[str, Check]:
    reading = read if isinstance(read, Reading) else Reading(read)
    checks = list(examine_settings(folder, reading, hosts=hosts, debug=True))
    assert KEY not in repr(checks)
    return {check.name: check for check in checks}


@contextmanager
def two_hosts(configured: Act, other: Act) -> Iterator[tuple[Wire, Wire]]:
    with serving(configured) as first, serving(other) as second:
        yield first, second


def keys(server: Wire) -> list[str | None]:
    """The key that each request carried; every request was the free look-up."""
    assert all((seen.method, seen.target) == ("GET", "/api/v1/credits") for seen in server.requests)
    return [seen.headers.get("x-api-key") for seen in server.requests]


# --- key, host and credits ---


@pytest.mark.parametrize(
    ("answers", "key", "host", "balance"),
    [
        (answer(200, BALANCE), OK, OK, OK),
        (answer(401, b'{"message": "Invalid API key canary-key"}'), FAILED, OK, SKIPPED),
        (answer(403, b'{"message": "needs a paid plan"}'), OK, OK, WARNING),
        (answer(403, HTML), OK, FAILED, SKIPPED),
        (answer(403, b""), OK, FAILED, SKIPPED),
        (answer(404, b""), OK, WARNING, WARNING),
        (answer(200, HTML), OK, WARNING, WARNING),
        (answer(302, b"", location="https://elsewhere.example"), OK, WARNING, WARNING),
        (answer(400, b"{}"), OK, OK, SKIPPED),
        (answer(503, b""), OK, WARNING, SKIPPED),
        (answer(429, b""), OK, WARNING, SKIPPED),
        (hang_up, OK, FAILED, SKIPPED),
        (reset, OK, FAILED, SKIPPED),
    ],
)
def test_the_one_free_call_tells_key_host_and_credits(
    tmp_path: Path, answers: Act, key: Verdict, host: Verdict, balance: Verdict
) -> None:
    with serving(answers) as server:
        found = examine(tmp_path, settings(server.url))
        assert keys(server) == [KEY]  # one call, whatever came of it
    assert tuple(found[name].verdict for name in ("key", "host", "credits")) == (key, host, balance), found
    assert all(check.todo for check in found.values() if check.verdict in (WARNING, FAILED))
    assert exit_code(list(found.values())) == (1 if FAILED in (key, host) else 0)


@pytest.mark.parametrize("refused", [answer(404, b""), answer(403, HTML), answer(200, HTML), reset])
def test_where_one_of_the_two_hosts_does_not_serve_the_other_is_tried_and_named(tmp_path: Path, refused: Act) -> None:
    with two_hosts(refused, answer(200, BALANCE)) as (first, second):
        found = examine(tmp_path, settings(first.url), hosts=(second.url, first.url))
        assert (keys(first), keys(second)) == ([KEY], [KEY])
    assert found["host"].verdict is FAILED
    assert f'base_url = "{second.url}"' in found["host"].todo
    assert "357.5 credits left" in found["credits"].found
    assert "accepted" in found["key"].found


@pytest.mark.parametrize("given", [answer(200, BALANCE), answer(401, b"{}"), answer(403, b'{"message": "no"}')])
def test_a_host_that_answers_for_itself_is_the_only_one_asked(tmp_path: Path, given: Act) -> None:
    with two_hosts(given, answer(200, BALANCE)) as (first, second):
        examine(tmp_path, settings(first.url), hosts=(first.url, second.url))
        assert (len(first.requests), second.connections) == (1, 0)


def test_the_key_goes_to_no_host_that_the_settings_do_not_name(tmp_path: Path) -> None:
    with serving(answer(404, b"")) as mine, two_hosts(answer(), answer()) as (first, second):
        found = examine(tmp_path, settings(mine.url), hosts=(first.url, second.url))
        assert (first.connections, second.connections) == (0, 0)
    assert found["host"].verdict is WARNING


def test_both_hosts_without_a_look_up_is_only_a_warning_that_says_what_to_try(tmp_path: Path) -> None:
    with two_hosts(answer(404, b""), answer(404, b"")) as (first, second):
        found = examine(tmp_path, settings(first.url), hosts=(first.url, second.url))
    assert found["host"].verdict is WARNING
    assert "--limit 1 --enrich none" in found["credits"].todo


def test_a_wrong_base_url_sends_the_key_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(examination, "ask", lambda *args: asked.append(args))
    wrong = Reading(settings("https://api.clodura.ai"), ("base_url is wrong",), frozenset({"sources.clodura.base_url"}))
    found = examine(tmp_path, wrong)
    assert asked == []
    assert found["settings"].misconfigured
    assert {found[name].verdict for name in ("host", "credits", "webhook")} == {SKIPPED}
    assert found["destination"].verdict is OK


def test_a_vendor_whose_clock_differs_is_told(tmp_path: Path) -> None:
    then = formatdate(SYSTEM_CLOCK.time() - 3600, usegmt=True)
    with serving(answer(200, BALANCE, date=then)) as server:
        found = examine(tmp_path, settings(server.url))
    assert found["clock"].verdict is FAILED
    assert "ahead of the vendor's" in found["clock"].found


def test_a_host_that_refuses_connections_is_told_apart_from_a_name_that_does_not_resolve(tmp_path: Path) -> None:
    with refusing() as url:
        assert "no connection" in examine(tmp_path, settings(url))["host"].found
    check = examine(tmp_path, settings("https://leadsync.invalid", webhook={"public_url": "https://x.example"}))["host"]
    assert (check.verdict, "does not resolve" in check.found) == (FAILED, True)


# --- a further vendor ---


@pytest.mark.parametrize(
    ("answers", "verdict", "told", "calls"),
    [
        ([answer(200, b'{"credits": 12.5}')], OK, "125 cents left (12.5 credits, at 10 cents a credit", 1),
        ([answer(200, b'{"credits": "lots"}')], WARNING, "it does not tell", 1),
        ([answer(404, b""), answer(404, b'{"detail": "Job not found"}')], WARNING, "it does not tell", 2),
        ([answer(404, b""), answer(404, b"")], FAILED, "wrong host", 2),
        ([answer(401, b"{}")], FAILED, "refused the key", 1),
        ([answer(503, b"")], WARNING, "it answered 503", 1),
        ([hang_up], FAILED, "no connection", 1),
    ],
)
def test_each_vendor_that_would_be_asked_is_looked_at_by_free_calls(
    tmp_path: Path, vendor: Wire, answers: list[Act], verdict: Verdict, told: str, calls: int
) -> None:
    left = list(answers)
    with serving(lambda exchange: left.pop(0)(exchange)) as second:
        found = examine(tmp_path, _two(vendor, second.url))
        assert [seen.method for seen in second.requests] == ["GET"] * calls
        assert {seen.headers.get("x-api-key") for seen in second.requests} == {"canary-key-2"}
    check = found["sixtyfour"]
    assert (check.verdict, told in check.found) == (verdict, True), check
    assert "canary-key-2" not in repr(found)
    assert list(found).index("sixtyfour") == list(found).index("credits") + 1
    assert "sixtyfour may cost" in found["spending"].found
    assert (found["spending"].verdict, found["credits"].verdict) == (WARNING, OK)


def test_no_key_goes_to_a_vendor_of_the_other_kind_and_a_missing_one_is_told(tmp_path: Path, vendor: Wire) -> None:
    check = examine(tmp_path, _two(vendor, "https://api.sixtyfour.ai"))["sixtyfour"]
    assert (check.verdict, check.misconfigured) == (FAILED, True)
    check = examine(tmp_path, _two(vendor, "http://127.0.0.1:9", api_key=None))["sixtyfour"]
    assert (check.verdict, check.misconfigured, "api_key: missing" in check.found) == (FAILED, True, True)
    assert "sixtyfour" not in examine(tmp_path, settings(vendor.url))


def _two(vendor: Wire, url: str, **of_second: Any) -> Settings:
    """Both vendors for e-mail addresses, one for phones."""
    enrichment = {"email_providers": ["clodura", "sixtyfour"]}
    second = SixtyfourSettings(**{"base_url": url, "api_key": "canary-key-2", **of_second})
    return settings(vendor.url, enrichment=enrichment).model_copy(update={"vendors": {"sixtyfour": second}})


# --- the ledger ---


def test_nothing_is_made_where_nothing_is(tmp_path: Path, sandbox_server: Server) -> None:
    found = examine(tmp_path, settings(sandbox_server.url, clodura={"api_key": sandbox_server.api_key}))
    assert [path.name for path in tmp_path.iterdir()] == []
    assert {check.verdict for check in found.values()} <= {OK, SKIPPED, WARNING}
    assert "first sync makes" in found["ledger"].found
    assert "first sync makes" in found["destination"].found
    assert [request["operation"] for request in sandbox_server.books()["requests"]] == ["credits"]


def test_the_call_counts_against_the_days_quota(tmp_path: Path) -> None:
    with new_ledger(tmp_path, ".leadsync/ledger.db") as ledger:
        anyio.run(LedgerCounters(ledger).add, account_of(KEY), SYSTEM_CLOCK.time() - 3600, 1500)
    limits = {"rate_limits": ["2000/day"]}
    with serving(answer(200, BALANCE)) as server:
        found = examine(tmp_path, settings(server.url, clodura=limits))
        assert "499 of 2,000 left" in found["limits"].found
        found = examine(tmp_path, settings(server.url, clodura=limits))
        assert "498 of 2,000 left" in found["limits"].found


def test_a_quota_that_is_used_up_is_not_waited_for(tmp_path: Path) -> None:
    with new_ledger(tmp_path, ".leadsync/ledger.db") as ledger:
        anyio.run(LedgerCounters(ledger).add, account_of(KEY), SYSTEM_CLOCK.time(), 2000)
    with serving(answer(200, BALANCE)) as server:
        found = examine(tmp_path, settings(server.url, clodura={"rate_limits": ["2000/day"]}))
        assert server.requests == []
    assert (found["host"].verdict, found["limits"].verdict) == (SKIPPED, WARNING)


@pytest.fixture
def vendor() -> Iterator[Wire]:
    with serving(answer(200, BALANCE)) as server:
        yield server


def test_a_ledger_of_the_other_realm_stops_a_sync(tmp_path: Path, vendor: Wire) -> None:
    with new_ledger(tmp_path, ".leadsync/ledger.db") as ledger:
        ledger.call(runs.keep_fact, "realm", "live")
    check = examine(tmp_path, settings(vendor.url))["ledger"]
    assert (check.verdict, check.misconfigured, "real purchases" in check.found) == (FAILED, True, True)


def _set_version(connection: sa.Connection, version: str) -> None:
    connection.execute(sa.text("UPDATE alembic_version SET version_num = :it"), {"it": version})


def test_a_ledger_of_a_newer_leadsync_or_none_at_all_is_told(tmp_path: Path, vendor: Wire) -> None:
    path = tmp_path / ".leadsync" / "ledger.db"
    with new_ledger(tmp_path, ".leadsync/ledger.db") as ledger:
        ledger.call(
            lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'") and None
        )
    check = examine(tmp_path, settings(vendor.url))["ledger"]
    assert (check.verdict, "newer leadsync" in check.found) == (FAILED, True)
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    found = examine(tmp_path, settings(vendor.url))
    assert (found["ledger"].verdict, "not a database" in found["ledger"].found) == (FAILED, True)
    assert found["spending"].verdict is SKIPPED
    assert exit_code(list(found.values())) == 1


def test_an_older_ledger_is_left_as_it_is(tmp_path: Path, vendor: Wire) -> None:
    path = tmp_path / ".leadsync" / "ledger.db"
    with new_ledger(tmp_path, ".leadsync/ledger.db") as ledger:
        ledger.call(
            lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'") and None
        )
    before = path.read_bytes()
    check = examine(tmp_path, settings(vendor.url))["ledger"]
    assert (check.verdict, f"brings it to {NEWEST}" in check.found) == (OK, True)
    assert path.read_bytes() == before


def test_a_ledger_that_others_may_read_is_warned_of(tmp_path: Path, vendor: Wire) -> None:
    with new_ledger(tmp_path, ".leadsync/ledger.db") as ledger:
        os.chmod(ledger.path, 0o644)
    assert "other users" in examine(tmp_path, settings(vendor.url))["ledger"].found


def test_a_clock_set_back_behind_the_ledger_is_told(tmp_path: Path, vendor: Wire) -> None:
    with new_ledger(tmp_path, ".leadsync/ledger.db") as ledger:
        ledger.call(runs.start, "r", micros(SYSTEM_CLOCK) + 3 * 86_400 * 1_000_000)
    check = examine(tmp_path, settings(vendor.url))["clock"]  # this vendor tells no time
    assert (check.verdict, "3 days in the future" in check.found) == (FAILED, True)


def test_a_ledger_that_is_no_file_is_a_wrong_setting(tmp_path: Path, vendor: Wire) -> None:
    found = examine(tmp_path, settings(vendor.url, ledger={"url": "mysql://somewhere/x"}))
    assert (found["ledger"].verdict, found["ledger"].misconfigured) == (FAILED, True)
    assert found["destination"].verdict is OK


# --- the destination ---


@contextmanager
def another_program(code: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-c", code + "; print('ready', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline()
    try:
        yield
    finally:
        process.communicate(b"\n")


def test_a_duckdb_file_that_another_program_has_open_is_told(tmp_path: Path, vendor: Wire) -> None:
    path = tmp_path / "leads.duckdb"
    with another_program(f"import duckdb; c = duckdb.connect({str(path)!r})"):
        check = examine(tmp_path, settings(vendor.url))["destination"]
    assert (check.verdict, "open in another program" in check.found) == (FAILED, True)


def test_while_a_sync_is_at_work_its_files_are_left_alone_and_that_is_no_failure(tmp_path: Path, vendor: Wire) -> None:
    duckdb.connect(str(tmp_path / "leads.duckdb")).close()
    new_ledger(tmp_path, ".leadsync/ledger.db").close()
    with only_one([tmp_path / ".leadsync" / "sync.lock"]), receiver.listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        found = examine(tmp_path, settings(vendor.url, webhook={"mode": "webhook", "port": port}))
    assert (found["destination"].verdict, found["webhook"].verdict) == (SKIPPED, SKIPPED)
    assert "at work" in found["ledger"].found
    assert exit_code(list(found.values())) == 0


def test_a_sync_that_starts_in_the_middle_of_a_look_is_told_to_come_again(
    tmp_path: Path, vendor: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / ".leadsync" / "sync.lock"
    with only_one([lock]):
        pass

    def look(*_: object) -> Check:
        with pytest.raises(AlreadyRunning), only_one([lock]):
            pass
        return ok("destination", "looked at")

    monkeypatch.setattr(examination, "check_destination", look)
    assert examine(tmp_path, settings(vendor.url))["destination"].found == "looked at"
    with only_one([lock]):  # given back
        pass


@pytest.mark.parametrize(
    ("pipelines", "told"),
    [
        ({"destination": "duckdbb"}, "Did you mean 'duckdb'?"),
        ({"duckdb_path": "no/such/folder/x.duckdb"}, "does not exist"),
        ({"duckdb_path": "crm.duckdb"}, "same name"),
    ],
)
def test_a_destination_that_cannot_be_meant_is_a_wrong_setting(
    tmp_path: Path, vendor: Wire, pipelines: dict[str, str], told: str
) -> None:
    found = examine(tmp_path, settings(vendor.url, pipelines=pipelines))
    assert (found["destination"].misconfigured, told in found["destination"].found) == (True, True)
    assert exit_code(list(found.values())) == 2


def test_a_file_that_is_no_duckdb_database_is_told(tmp_path: Path, vendor: Wire) -> None:
    (tmp_path / "leads.duckdb").write_bytes(b"rows, rows, rows" * 1000)
    check = examine(tmp_path, settings(vendor.url))["destination"]
    assert (check.verdict, check.misconfigured) == (FAILED, False)
    assert "not a DuckDB database" in check.found


def test_a_pending_package_is_told_and_left_where_it_is(tmp_path: Path, vendor: Wire) -> None:
    package = tmp_path / ".leadsync" / "dlt" / "duckdb-crm-0" / "leadsync" / "load" / "normalized" / "1700000000.1"
    package.mkdir(parents=True)
    assert "1 package(s)" in examine(tmp_path, settings(vendor.url))["destination"].found
    assert package.is_dir()


# --- the webhook ---


def webhook_check(folder: Path, vendor: Wire, **webhook: object) -> Check:
    return examine(folder, settings(vendor.url, webhook={"mode": "webhook", **webhook}))["webhook"]


def test_the_receiver_is_started_and_reached_and_ended(tmp_path: Path, vendor: Wire) -> None:
    with receiver.listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    check = webhook_check(tmp_path, vendor, port=port, public_url=f"http://localhost:{port}")
    assert check.verdict is OK, check
    receiver.listen("127.0.0.1", port).close()  # the port is free again


def test_a_port_that_is_taken_is_a_wrong_setting(tmp_path: Path, vendor: Wire) -> None:
    with receiver.listen("127.0.0.1", 0) as taken:
        check = webhook_check(tmp_path, vendor, port=taken.getsockname()[1])
    assert (check.verdict, check.misconfigured, "cannot listen" in check.found) == (FAILED, True, True)


def test_somebody_else_at_the_public_url_gets_no_key_and_is_told(tmp_path: Path, vendor: Wire) -> None:
    with serving(answer(404, b"")) as other:
        check = webhook_check(tmp_path, vendor, port=0, public_url=other.url)
        (seen,) = other.requests
    assert (check.verdict, "somebody else" in check.found) == (FAILED, True)  # on loopback it must work
    assert seen.target.startswith("/hooks/doctor/")
    assert "x-api-key" not in seen.headers
    assert KEY.encode() not in seen.body


def test_a_proxy_that_changes_the_path_is_told(tmp_path: Path, vendor: Wire) -> None:
    with receiver.listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    check = webhook_check(tmp_path, vendor, port=port, public_url=f"http://127.0.0.1:{port}/prefix")
    assert (check.verdict, "another path" in check.found) == (WARNING, True)


def test_a_public_url_that_cannot_be_reached_from_here_is_only_a_warning(tmp_path: Path, vendor: Wire) -> None:
    check = webhook_check(tmp_path, vendor, port=0, public_url="https://leadsync.invalid")
    assert (check.verdict, "NAT" in check.todo) == (WARNING, True)


@pytest.mark.parametrize(
    ("base_url", "webhook", "verdict", "told"),
    [
        (None, {"mode": "poll"}, SKIPPED, "fetched"),
        ("https://leadsync.invalid", {"mode": "poll"}, FAILED, "webhook.public_url: missing"),
        ("https://leadsync.invalid", {"mode": "webhook", "port": 0}, FAILED, "webhook.public_url: missing"),
        ("https://leadsync.invalid", {"mode": "webhook", "public_url": "https://x.example"}, WARNING, "webhook.port"),
    ],
)
def test_a_webhook_that_is_not_listened_to(
    tmp_path: Path, vendor: Wire, base_url: str | None, webhook: dict[str, object], verdict: Verdict, told: str
) -> None:
    found = examine(tmp_path, settings(base_url or vendor.url, webhook=webhook))
    assert (found["webhook"].verdict, told in found["webhook"].found) == (verdict, True)


# --- the webhook, where serve listens ---


@contextmanager
def service(folder: Path, key: str | None = None) -> Iterator[Receiving]:
    """What `leadsync serve` is to others: a lock, and a receiver that knows the key that the ledger made."""
    with new_ledger(folder, ".leadsync/ledger.db") as ledger:
        made = ledger.call(runs.signing_key)
        path = Path(ledger.path)
    with only_one([lock_of_serve(path)]), receiving(inbox_path(path), Capability(key or made)) as it:
        yield it


def check_beside(it: Receiving, folder: Path, vendor: Wire, **webhook: object) -> Check:
    check = webhook_check(folder, vendor, **{"port": it.address[1], **webhook})
    assert it.kept() == []  # whatever was asked, nothing is left behind
    return check


def test_serve_is_checked_through_and_keeps_its_port(tmp_path: Path, vendor: Wire) -> None:
    with service(tmp_path) as it:
        for public_url in (None, f"http://localhost:{it.address[1]}"):
            check = check_beside(it, tmp_path, vendor, public_url=public_url)
            assert (check.verdict, "arrived at the leadsync serve" in check.found) == (OK, True), check


def test_serve_is_checked_through_while_a_sync_is_at_work(tmp_path: Path, vendor: Wire) -> None:
    with service(tmp_path) as it, only_one([tmp_path / ".leadsync" / "sync.lock"]):
        assert check_beside(it, tmp_path, vendor).verdict is OK


def test_a_key_of_the_settings_is_the_one_that_counts(tmp_path: Path, vendor: Wire) -> None:
    with service(tmp_path, "a key of the settings") as it:
        assert check_beside(it, tmp_path, vendor, signing_key="a key of the settings").verdict is OK
        check = check_beside(it, tmp_path, vendor, public_url=f"http://localhost:{it.address[1]}")
    assert (check.verdict, "other signing keys" in check.todo) == (FAILED, True)


def test_a_public_url_that_does_not_lead_to_serve_is_told(tmp_path: Path, vendor: Wire) -> None:
    with service(tmp_path) as it, serving(answer(404, b"")) as other:
        check = check_beside(it, tmp_path, vendor, public_url=other.url)
        assert (check.verdict, "somebody else" in check.found) == (FAILED, True)
        check = check_beside(it, tmp_path, vendor, public_url="https://leadsync.invalid")
        assert (check.verdict, "NAT" in check.todo) == (WARNING, True)


def test_a_serve_that_nobody_can_reach_is_told(tmp_path: Path, vendor: Wire) -> None:
    with receiver.listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    with service(tmp_path) as it:
        for public_url in ("http://localhost:9", None):
            check = check_beside(it, tmp_path, vendor, port=port, public_url=public_url)
            assert (check.verdict, "nobody answers" in check.found) == (FAILED, True)


def test_a_serve_that_cannot_keep_what_comes_is_told(
    tmp_path: Path, vendor: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY", 0.2)
    with service(tmp_path) as it, closing(sqlite3.connect(it.inbox.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        check = check_beside(it, tmp_path, vendor)
    assert (check.verdict, "cannot keep what comes" in check.found) == (FAILED, True)


# --- a check that breaks ---


def test_a_check_that_breaks_does_not_keep_back_the_others(
    tmp_path: Path, vendor: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> Check:
        raise ZeroDivisionError("canary")

    monkeypatch.setattr(examination, "check_disk", breaks)
    checks = {check.name: check for check in examine_settings(tmp_path, Reading(settings(vendor.url)))}
    assert (checks["disk"].verdict, "ZeroDivisionError" in checks["disk"].found) == (FAILED, True)
    assert checks["versions"].verdict is OK
    with pytest.raises(ZeroDivisionError):
        list(examine_settings(tmp_path, Reading(settings(vendor.url)), debug=True))
