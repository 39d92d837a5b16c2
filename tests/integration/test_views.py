"""The views over what the ledger hands on, in a real DuckDB: the best answer, what vendors cost and are worth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pytest

from enrichment.ledger import Ledger
from enrichment.ledger.deliveries import deliver
from enrichment.ledger.owed import owed_people_history
from enrichment.ledger.seen import remember
from enrichment.settlement import Settlement
from enrichment.source import enrichment
from enrichment.tables import CREDIT_SPEND, EMAILS, PHONES, TableSpec
from pipelines import views
from pipelines.tables import ORGANIZATIONS, PEOPLE
from scripts.reference.schema import make_tables
from sources.providers import Channel, EmailStatus, Outcome, ProviderResult
from tests.support.ledgers import new_ledger
from tests.support.purchases import NOW, claim, plan, send, tell
from tests.support.vendors import CLODURA, DELIVERABLE, SIXTYFOUR, addresses, nothing, numbers

DAY = 86_400 * 1_000_000
Row = dict[str, Any]


@dataclass(frozen=True)
class Dataset:
    """Tables in memory with the views over them."""

    connection: duckdb.DuckDBPyConnection

    def insert(self, spec: TableSpec, rows: Sequence[Row]) -> None:
        self.add(spec.name, spec.table(list(rows)))

    def add(self, name: str, table: Any) -> None:
        self.connection.register("arrow", table)
        self.connection.execute(f"INSERT INTO crm.{name} BY NAME SELECT * FROM arrow")
        self.connection.unregister("arrow")

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()


@contextmanager
def dataset(emails: Sequence[str] = (), phones: Sequence[str] = ()) -> Iterator[Dataset]:
    """With the views that settings with these orders of providers make."""
    with duckdb.connect() as connection:
        make_tables(connection)
        for statement in views.statements("crm", emails, phones):
            connection.execute(statement)
        made = Dataset(connection)
        made.insert(PEOPLE, [{"person_id": "ann", "source": "test"}])
        yield made


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


def hand_on(ledger: Ledger, made: Dataset) -> None:
    """Everything the ledger has, as a new dataset is given it."""
    for name, resource in enrichment(ledger).resources.items():
        for table in resource:
            made.add(name, table)


def _at(text: str) -> int:
    return round(datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC).timestamp() * 1_000_000)


def _email(status: str = "deliverable", kind: str = "company", at: str = "10T12:00", by: str = "b", **more: Any) -> Row:
    row = {"status": status, "type": kind, "revealed_at": _at(at), "provider": by, "providers": [by], "former": False}
    return {"person_id": "ann", **row, **more}


def _phone(kind: str = "mobile", country: str | None = "IN", at: str = "10T12:00", by: str = "b", **more: Any) -> Row:
    row = {"type": kind, "country": country, "revealed_at": _at(at), "provider": by, "providers": [by]}
    return {"person_id": "ann", **row, **more}


#: name -> (the order of providers, rows from the best to the worst)
EMAIL_CASES: dict[str, tuple[Sequence[str], Sequence[Row]]] = {
    "each status beats the next": ((), [_email(status) for status in (
        "deliverable", "risky", "unverified", "guessed", "undeliverable")]),
    "status beats type": (("b",), [_email("deliverable", "personal"), _email("risky", "company")]),
    "status beats recency": (("b",), [_email("risky", at="01T00:00"), _email("unverified", at="30T00:00")]),
    "status beats the order": (("b", "c"), [_email("deliverable", by="c"), _email("risky", by="b")]),
    "type beats recency": (("b",), [_email(kind="company", at="01T00:00"), _email(kind="personal", at="30T00:00")]),
    "type beats the order": (("b", "c"), [_email(kind="company", by="c"), _email(kind="personal", by="b")]),
    "recency beats the order": (("b", "c"), [_email(at="11T00:00", by="c"), _email(at="10T23:59", by="b")]),
    "the order decides within a day": (
        ("c", "b"), [_email(at="10T00:00", by="c"), _email(at="10T23:59", by="b")]),
    "of several that gave it the first in the order counts": (
        ("c", "b"), [_email(by="d", providers=["d", "c"]), _email(by="b"), _email(by="d")]),
    "before the first load by a version that knows them": (
        ("c", "b"), [_email(by="c", providers=None), _email(by="b", providers=None)]),
    "who is not in the order comes last, by name": (("z",), [_email(by="z"), _email(by="a"), _email(by="b")]),
    "without an order by name": ((), [_email(by="a"), _email(by="b")]),
    "one provider's later answer of a day": (("b",), [_email(at="10T12:01"), _email(at="10T12:00")]),
    "former ones last": (("b",), [_email("undeliverable", "personal"), _email("deliverable", former=True)]),
}  # fmt: skip
PHONE_CASES: dict[str, tuple[Sequence[str], Sequence[Row]]] = {
    "a number that can be dialled beats its type": (("b",), [_phone("unknown"), _phone("mobile", country=None)]),
    "each type beats the next": ((), [_phone(kind) for kind in (
        "mobile", "fixed_line_or_mobile", "fixed_line", "toll_free")]),
    "type beats recency": (("b",), [_phone(at="01T00:00"), _phone("fixed_line", at="30T00:00")]),
    "type beats the order": (("b", "c"), [_phone(by="c"), _phone("fixed_line", by="b")]),
    "recency beats the order": (("b", "c"), [_phone(at="11T00:00", by="c"), _phone(at="10T23:59", by="b")]),
    "the order decides within a day": (("c", "b"), [_phone(at="10T00:00", by="c"), _phone(at="10T23:59", by="b")]),
    "of several that gave it the first in the order counts": (
        ("c", "b"), [_phone(by="d", providers=["d", "c"]), _phone(by="b"), _phone(by="d")]),
    "who is not in the order comes last, by name": (("z",), [_phone(by="z"), _phone(by="a"), _phone(by="b")]),
}  # fmt: skip
CASES = [
    *(pytest.param(EMAILS, "email", *case, id=f"email: {name}") for name, case in EMAIL_CASES.items()),
    *(pytest.param(PHONES, "number", *case, id=f"phone: {name}") for name, case in PHONE_CASES.items()),
]


@pytest.mark.parametrize(("spec", "value", "order", "rows"), CASES)
def test_a_lead_shows_the_best_answer(spec: TableSpec, value: str, order: Sequence[str], rows: Sequence[Row]) -> None:
    """Each row beats all after it, whatever their order in the table and in the alphabet."""
    orders = {"emails": order} if spec is EMAILS else {"phones": order}
    shown = "email, email_provider" if spec is EMAILS else "phone, phone_provider"
    with dataset(**orders) as made:
        for better, worse in combinations(rows, 2):
            for names in ("kl", "lk"):
                made.connection.execute(f"DELETE FROM crm.{spec.name}")
                named = [{**row, value: name} for row, name in zip((better, worse), names, strict=True)]
                made.insert(spec, sorted(named, key=lambda row: str(row[value])))
                assert made.sql(f"SELECT {shown} FROM crm.leads") == [(names[0], better["provider"])]


def test_a_verdict_counts_as_the_status_whatever_the_vendors_said(ledger: Ledger) -> None:
    guessed = addresses(("guess@x.io", EmailStatus.GUESSED))
    CLODURA.buy(ledger, "ann", addresses(("said@x.io", DELIVERABLE), ("risky@x.io", EmailStatus.RISKY)), NOW)
    SIXTYFOUR.buy(ledger, "ann", guessed, NOW)
    for address, status, best in (
        ("said@x.io", EmailStatus.UNDELIVERABLE, "risky@x.io"),
        ("guess@x.io", DELIVERABLE, "guess@x.io"),
    ):
        CLODURA.verify(ledger, address, status, NOW + DAY)
        with dataset() as made:
            hand_on(ledger, made)
            assert made.sql("SELECT email FROM crm.leads") == [(best,)]


def test_a_name_of_a_provider_is_no_sql() -> None:
    with dataset(emails=["it's", "b"]) as made:
        made.insert(EMAILS, [_email(email="x", by="it's"), _email(email="a", by="b")])
        assert made.sql("SELECT email FROM crm.leads") == [("x",)]


def _bought(ledger: Ledger) -> None:
    """Two vendors, asked for four people: answers of every kind, and calls that have none."""
    inside = (ProviderResult("Hunter", "ok", "ann@x.io"), ProviderResult("Wiza", "not found"))
    CLODURA.buy(ledger, "ann", addresses(("ann@x.io", DELIVERABLE), ("a@x.io", DELIVERABLE), results=inside), NOW)
    CLODURA.buy(ledger, "bob", replace(nothing(), results=inside[1:]), NOW)
    CLODURA.buy(ledger, "cid", nothing(Outcome.FAILED, (0, 600)), NOW)
    SIXTYFOUR.buy(ledger, "bob", addresses(("bob@x.io", DELIVERABLE), cost=(500, 500)), NOW)
    SIXTYFOUR.buy(ledger, "cid", nothing(), NOW + DAY)
    SIXTYFOUR.buy(ledger, "ann", numbers("+911"), NOW, Channel.PHONE)
    CLODURA.buy(ledger, "dan", nothing(), NOW, Channel.PHONE)
    CLODURA.verify(ledger, "ann@x.io", DELIVERABLE, NOW)
    plan(ledger, "eve")  # of a third vendor, and not answered to the end
    ((claimed,), _) = claim(ledger)
    send(ledger, claimed)
    tell(ledger, claimed.request_id, Settlement(None, results=inside))


def test_what_each_provider_is_worth(ledger: Ledger) -> None:
    _bought(ledger)
    with dataset() as made:
        hand_on(ledger, made)
        shown = made.sql("SELECT * FROM crm.provider_hit_rate ORDER BY provider, operation, found_by NULLS FIRST")
    inside = (None,) * 5
    credits_each = tuple(map(Decimal, ("1.00", "12.00", "1.00", "12.00")))
    nobody = (Decimal(0), Decimal(0), None, None)
    assert shown == [
        ("clodura", None, "find_email", 3, 1, Decimal("33.3"), "credits", *credits_each),
        ("clodura", "Hunter", "find_email", 1, 1, Decimal("100.0"), *inside),
        ("clodura", "Wiza", "find_email", 2, 0, Decimal("0.0"), *inside),
        ("clodura", None, "find_phone", 1, 0, Decimal("0.0"), "credits", *nobody),
        ("sixtyfour", None, "find_email", 2, 1, Decimal("50.0"), "cents", *[Decimal("5.00")] * 4),
        ("sixtyfour", None, "find_phone", 1, 1, Decimal("100.0"), "cents", *map(Decimal, (10, 20, 10, 20))),
    ]


def test_a_lead_costs_credits_and_cents_and_the_two_never_add_up(ledger: Ledger) -> None:
    _bought(ledger)
    with dataset() as made:
        hand_on(ledger, made)
        made.insert(PEOPLE, [{"person_id": name, "source": "test"} for name in ("bob", "cid", "zoe")])
        columns = "person_id, credits_min, credits_max, cents_min, cents_max"
        assert made.sql(f"SELECT {columns} FROM crm.leads ORDER BY 1") == [
            ("ann", 1, 6, 10, 20),
            ("bob", 0, 0, 5, 5),
            ("cid", 0, 6, 0, 0),
            ("zoe", 0, 0, 0, 0),
        ]


def test_a_day_is_summed_by_provider_and_unit() -> None:
    """A vendor that changes its unit, or charges in two, has a line for each."""
    lines = [("a", "credits", 100), ("a", "credits", 250), ("a", "cents", 500), ("b", "cents", 700)]
    spend = [
        {"call_id": str(number), "kind": "pool", "provider": provider, "operation": "find", "unit": unit,
         "amount_min": amount, "amount_max": 2 * amount, "occurred_at": NOW}
        for number, (provider, unit, amount) in enumerate(lines)
    ]  # fmt: skip
    with dataset() as made:
        made.insert(CREDIT_SPEND, spend)
        shown = made.sql("SELECT provider, unit, calls, spent_min, spent_max FROM crm.spend_daily ORDER BY 1, 2")
    assert shown == [
        ("a", "cents", 1, 5, 10),
        ("a", "credits", 2, Decimal("3.50"), 7),
        ("b", "cents", 1, 7, 14),
    ]


class TestJobChanges:
    QUERY = """
        SELECT person_id, full_name, epoch_us(changed_at), from_title, from_organization, to_title, to_organization
        FROM crm.job_changes ORDER BY person_id, changed_at
    """

    def test_who_changed_from_what_to_what_and_when(self, ledger: Ledger) -> None:
        def job(*parts: str | None) -> str:
            return json.dumps(parts)

        acme, apex = job("Engineer", "Senior", "o1", "Acme"), job("CTO", "C-Level", "o2", "Apex")
        last = job("CEO", None, "o2", "Apex Ltd")
        for now, jobs in enumerate([(acme, acme), (apex, acme), (last, None)], start=1):
            ledger.call(remember, ["ann", "bob"], ["{}", "{}"], jobs, NOW + now)
        with dataset() as made:
            made.insert(ORGANIZATIONS, [{"organization_id": "o2", "name": "Apex Limited", "source": "test"}])
            made.connection.execute("UPDATE crm.people SET full_name = 'Ann', title = 'CEO', organization_id = 'o2'")
            hand_on(ledger, made)
            assert made.sql(self.QUERY) == [
                ("ann", "Ann", NOW + 2, "Engineer", "Acme", "CTO", "Apex"),
                ("ann", "Ann", NOW + 3, "CTO", "Apex", "CEO", "Apex Limited"),
            ]

    def test_a_former_job_is_owed_until_it_is_loaded_and_only_then(self, ledger: Ledger) -> None:
        for now, title in enumerate(["Engineer", "CTO", "CEO"], start=1):
            ledger.call(remember, ["ann"], ["{}"], [json.dumps([title, None, "o1", "Acme"])], NOW + now)
        with ledger.read() as connection:
            rows, deliveries = owed_people_history(connection, "sink")
        assert [(row["title"], row["valid_from"], row["valid_to"]) for row in rows] == [
            ("Engineer", NOW + 1, NOW + 2), ("CTO", NOW + 2, NOW + 3),
        ]  # fmt: skip
        ledger.call(deliver, "sink", [deliveries[:1]], "load")
        with ledger.read() as connection:
            assert [row["title"] for row in owed_people_history(connection, "sink")[0]] == ["CTO"]
            assert len(owed_people_history(connection, "other")[0]) == 2
            assert len(owed_people_history(connection, None)[0]) == 2
