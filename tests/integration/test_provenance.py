"""An address or number that several vendors gave keeps them all, from the ledger into DuckDB, whenever each comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from enrichment.ledger import Ledger
from enrichment.ledger.deliveries import Deliveries, deliver
from enrichment.ledger.owed import owed_emails, owed_phones, owed_provider_results
from enrichment.tables import WHOLE
from sources.providers import Channel, Outcome, ProviderResult
from tests.support.ledgers import new_ledger
from tests.support.loads import Home
from tests.support.purchases import NOW, call, claim, plan, send, tell
from tests.support.vendors import (
    CLODURA,
    DELIVERABLE,
    GUESSED,
    SIXTYFOUR,
    UNVERIFIED,
    addresses,
    nothing,
    numbers,
)

MINUTE = 60_000_000
Rows = list[dict[str, Any]]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


def _hand_on(ledger: Ledger) -> tuple[Rows, Rows]:
    """The addresses and numbers that the sink is owed; they are loaded."""
    with ledger.read() as connection:
        emails, of_emails = owed_emails(connection, "sink")
        phones, of_phones = owed_phones(connection, "sink")
    ledger.call(deliver, "sink", [of_emails, of_phones], "load")
    return emails, phones


def _providers(rows: Rows) -> list[tuple[str, str | None, list[str]]]:
    return [(row["provider"], row["found_by"], row["providers"]) for row in rows]


def test_an_address_that_a_second_vendor_gives_later_is_owed_again_with_both(ledger: Ledger) -> None:
    CLODURA.buy(ledger, "ann", addresses(("ann@x.io", DELIVERABLE), ("ann@old.io", GUESSED), by="Hunter"), NOW)
    CLODURA.buy(ledger, "bob", addresses(("bob@x.io", DELIVERABLE)), NOW)
    first, _ = _hand_on(ledger)
    assert _providers(first) == [("clodura", "Hunter", ["clodura"])] * 2 + [("clodura", None, ["clodura"])]
    SIXTYFOUR.buy(ledger, "ann", addresses(("ann@x.io", UNVERIFIED)), NOW + MINUTE)
    again, _ = _hand_on(ledger)  # and neither ann's other address nor bob's
    assert [(row["email"], row["status"]) for row in again] == [("ann@x.io", "deliverable")]
    assert _providers(again) == [("clodura", "Hunter", ["clodura", "sixtyfour"])]  # of the answer that knows most
    assert _hand_on(ledger) == ([], [])


def test_whoever_knows_more_names_the_address_and_whoever_came_first_stands_first(ledger: Ledger) -> None:
    CLODURA.buy(ledger, "ann", addresses(("ann@x.io", GUESSED), by="Hunter"), NOW)
    SIXTYFOUR.buy(ledger, "ann", addresses(("ann@x.io", DELIVERABLE), by="probe"), NOW + MINUTE)
    ((row,), _) = _hand_on(ledger)
    assert _providers([row]) == [("sixtyfour", "probe", ["clodura", "sixtyfour"])]


def test_a_vendor_that_gives_an_address_again_is_named_once_and_stays_where_it_stood(ledger: Ledger) -> None:
    for minutes, vendor in enumerate((SIXTYFOUR, CLODURA, SIXTYFOUR)):
        vendor.buy(ledger, "ann", addresses(("ann@x.io", DELIVERABLE)), NOW + minutes * MINUTE)
        rows, _ = _hand_on(ledger)
    assert _providers(rows) == [("sixtyfour", None, ["sixtyfour", "clodura"])]


def test_an_address_that_one_vendor_gives_no_more_and_another_does_is_not_former(ledger: Ledger) -> None:
    CLODURA.buy(ledger, "ann", addresses(("ann@x.io", DELIVERABLE)), NOW)
    SIXTYFOUR.buy(ledger, "ann", addresses(("ann@x.io", UNVERIFIED)), NOW + MINUTE)
    _hand_on(ledger)
    CLODURA.buy(ledger, "ann", addresses(("ann@new.io", DELIVERABLE)), NOW + 2 * MINUTE)
    rows, _ = _hand_on(ledger)
    assert {row["email"]: (row["former"], row["status"], row["providers"]) for row in rows} == {
        "ann@x.io": (False, "unverified", ["clodura", "sixtyfour"]),
        "ann@new.io": (False, "deliverable", ["clodura"]),
    }


def test_a_number_keeps_both_vendors_and_the_row_is_of_the_one_that_knows_its_type(ledger: Ledger) -> None:
    CLODURA.buy(ledger, "ann", numbers("+911", kind="mobile", by="Wiza"), NOW, Channel.PHONE)
    _hand_on(ledger)
    SIXTYFOUR.buy(ledger, "ann", numbers("+911", kind="unknown"), NOW + MINUTE, Channel.PHONE)
    _, (row,) = _hand_on(ledger)
    assert (row["type"], *_providers([row])[0]) == ("mobile", "clodura", "Wiza", ["clodura", "sixtyfour"])
    SIXTYFOUR.buy(ledger, "ann", numbers("+911", kind="mobile"), NOW + 2 * MINUTE, Channel.PHONE)
    _, (row,) = _hand_on(ledger)
    assert _providers([row]) == [("sixtyfour", None, ["clodura", "sixtyfour"])]  # of two alike the later


class TestWhatEachSaid:
    def _owed(self, ledger: Ledger, sink: str | None = "sink") -> tuple[Rows, Deliveries]:
        with ledger.read() as connection:
            return owed_provider_results(connection, sink)

    def test_the_price_stands_once_in_the_vendors_own_row(self, ledger: Ledger) -> None:
        inside = (ProviderResult("clodura", "not found"), ProviderResult("Hunter", "ok", "ann@x.io"))
        call_id = CLODURA.buy(ledger, "ann", addresses(("ann@x.io", DELIVERABLE), results=inside), NOW)
        rows, _ = self._owed(ledger)
        assert {(row["provider"], row["value"]): (row["hit"], row.get("amount_max")) for row in rows} == {
            ("clodura", WHOLE): (1, 600),
            ("clodura", ""): (0, None),  # inside its own answer it found nothing; the answer as a whole is a find
            ("Hunter", "ann@x.io"): (1, None),
        }
        (own,) = (row for row in rows if row["value"] == WHOLE)
        assert {name: own[name] for name in ("call_id", "asked", "outcome", "amount_min", "unit", "answered_at")} == {
            "call_id": call_id, "asked": "clodura", "outcome": "found", "amount_min": 100, "unit": "credits",
            "answered_at": NOW,
        }  # fmt: skip

    def test_only_calls_that_were_answered_have_one_and_it_is_owed_until_loaded(self, ledger: Ledger) -> None:
        SIXTYFOUR.buy(ledger, "ann", nothing(), NOW)
        SIXTYFOUR.buy(ledger, "bob", nothing(Outcome.FAILED, (0, 500)), NOW)
        plan(ledger, "cid", "dan")
        claimed, _ = claim(ledger)
        assert send(ledger, claimed[0])
        rows, deliveries = self._owed(ledger)
        assert [(row["person_id"], row["hit"], row["outcome"], row["amount_max"], row["unit"]) for row in rows] == [
            ("ann", 0, "not_found", 0, "cents"),
            ("bob", 0, "failed", 500, "cents"),
        ]
        ledger.call(deliver, "sink", [deliveries], "load")
        assert self._owed(ledger)[0] == []
        assert len(self._owed(ledger, None)[0]) == 2
        found = addresses(("bob@x.io", DELIVERABLE), cost=(500, 500))
        tell(ledger, call(ledger, "bob").request_id, found, body=b"2", now=NOW + MINUTE, provider="sixtyfour")
        (row,), _ = self._owed(ledger)  # a second document made it a find
        assert (row["person_id"], row["hit"], row["outcome"], row["amount_min"]) == ("bob", 1, "found", 500)


def test_all_that_gave_it_are_in_the_table_of_a_dataset_made_before_there_were_several(tmp_path: Path) -> None:
    home = Home(tmp_path)
    query = "SELECT provider, found_by, CAST(providers AS VARCHAR) FROM crm.{} ORDER BY ALL"
    with home.open() as opened:
        CLODURA.buy(opened.ledger, "ann", addresses(("ann@x.io", DELIVERABLE), by="Hunter"), NOW)
        CLODURA.buy(opened.ledger, "ann", numbers("+911"), NOW, Channel.PHONE)
        opened.flush("ann")
        opened.destination.execute(
            [f"ALTER TABLE crm.{table} DROP COLUMN providers" for table in ("emails", "phones")]
            + [f"ALTER TABLE crm.provider_results DROP COLUMN {column}" for column in ("amount_min", "unit", "outcome")]
            + [f"DELETE FROM crm.provider_results WHERE value = '{WHOLE}'"]
        )
    with home.open() as opened:  # by this version: the columns are made, and filled from the ledger
        opened.flush()
        assert home.sql(query.format("emails")) == [("clodura", "Hunter", '["clodura"]')]
        costs = home.sql("SELECT operation, outcome, amount_min, unit FROM crm.provider_results ORDER BY 1")
        assert costs == [("find_email", "found", 100, "credits"), ("find_phone", "found", 1000, "credits")]
        SIXTYFOUR.buy(opened.ledger, "ann", addresses(("ann@x.io", UNVERIFIED)), NOW + MINUTE)
        SIXTYFOUR.buy(opened.ledger, "ann", numbers("+911"), NOW + MINUTE, Channel.PHONE)
        opened.flush()
        rows = [*home.sql(query.format("emails")), *home.sql(query.format("phones"))]
        both = ["clodura", "sixtyfour"]
        assert [(*row[:2], json.loads(row[2])) for row in rows] == [
            ("clodura", "Hunter", both),
            ("sixtyfour", None, both),
        ]
        assert opened.flush() == []
