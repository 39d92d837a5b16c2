"""Searches that may be charged: what is booked before each attempt, and what after it, against a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

import sandbox
from enrichment.ledger import Ledger, searches
from enrichment.ledger.schema import search_charges
from enrichment.ledger.searches import SearchBudget
from enrichment.metering import LedgerMeter, SearchPrice
from sandbox import Server
from sources.backoff import Backoff
from sources.clodura.client import CloduraClient, make_transport
from sources.clodura.filters import SearchFilters
from sources.clodura.walks import walk
from sources.clodura.windows import PageRead, Reading
from sources.errors import CapReached, LeadsyncError
from tests.support.ledgers import new_ledger
from tests.support.purchases import rows


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with sandbox.running(people=250, seed=5) as server:
        yield server


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path, "home/ledger.db") as ledger:
        yield ledger


def search(
    server: Server, ledger: Ledger, charge: str, cap: int | None = None, **behaviour: Any
) -> tuple[int, LeadsyncError | None]:
    """Read everybody; how many came, and the error that ended it."""
    server.reset(people=250, seed=5, behaviour={"search_charge": charge, "search_marks_viewed": True, **behaviour})
    found: list[int] = []

    async def main() -> None:
        async with make_transport(server.url, server.api_key, rate_limits=("5000/second",)) as transport:
            transport._backoff = Backoff(budget=20.0, first=0.01, largest=0.02)
            meter = LedgerMeter(
                ledger, SearchPrice("clodura", "credits", charge, cap), SearchBudget("run-1", cap), "all", lambda: 1
            )

            async def on_page(read: PageRead) -> int:
                found.append(len(read.page.records))
                return 0

            await walk(CloduraClient(transport), SearchFilters(), on_page, Reading(meter=meter))

    try:
        anyio.run(main)
    except LeadsyncError as error:
        return sum(found), error
    return sum(found), None


def charged(server: Server) -> int:
    return sum(charge["amount"] for charge in server.books()["charges"] if charge["operation"] == "search")


@pytest.mark.parametrize(
    ("charge", "least", "most"), [("every", 25_000, 25_000), ("viewed", 0, 25_000)], ids=["every", "viewed"]
)
def test_what_was_charged_lies_within_what_is_booked(
    server: Server, ledger: Ledger, charge: str, least: int, most: int
) -> None:
    assert search(server, ledger, charge) == (250, None)
    spent = ledger.call(searches.spent, "run-1")
    assert (spent.least, spent.most) == (least, most)
    assert charged(server) == (25_000 if charge == "every" else 0)
    assert spent.least <= charged(server) <= spent.most
    booked = rows(ledger, search_charges)
    assert sorted(row["records"] for row in booked if row["records"]) == [50, 100, 100]
    assert all(row["amount_max"] == 0 for row in booked if row["records"] == 0)  # a page past the end


@pytest.mark.parametrize(
    ("fault", "at_worst"),
    [
        ({"fault": "503", "first": 2}, 0), ({"fault": "503_after", "first": 2}, 2), ({"fault": "429", "first": 3}, 0),
        ({"fault": "reset_after", "first": 1}, 1),
    ],
    ids=["503", "503_after", "429", "reset_after"],
)  # fmt: skip
def test_every_attempt_is_booked_and_a_lost_answer_stays_at_its_worst(
    server: Server, ledger: Ledger, fault: dict[str, Any], at_worst: int
) -> None:
    found, error = search(server, ledger, "every", faults=[{"operation": "search", **fault}])
    assert (found, error) == (250, None)
    booked = rows(ledger, search_charges)
    unknown = [row for row in booked if row["records"] is None]
    assert all((row["amount_min"], row["amount_max"]) == (0, 10_000) for row in unknown)
    assert len(unknown) >= at_worst
    spent = ledger.call(searches.spent, "run-1")
    assert spent.least <= charged(server) <= spent.most
    assert len(booked) == sum(call["operation"] == "search" for call in server.books()["requests"])


@pytest.mark.parametrize("cap", [0, 99, 100, 150, 200, 249, 250, 299, 350])
def test_a_cap_is_never_passed_and_leaves_no_room_unused(server: Server, ledger: Ledger, cap: int) -> None:
    found, error = search(server, ledger, "every", cap * 100)
    assert charged(server) <= cap * 100
    if cap < 350:
        assert isinstance(error, CapReached)
        assert "max_search_credits_per_run" in str(error)
        assert error.exit_code == 3
        assert found == min(250, cap // 100 * 100) or found == 250 > cap - 100
    else:
        assert (found, error) == (250, None)


def test_a_search_that_costs_nothing_is_not_held_up_by_a_cap(server: Server, ledger: Ledger) -> None:
    assert search(server, ledger, "none", 0) == (250, None)
