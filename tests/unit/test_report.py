"""What a person reads: each unit for itself, requests that carry many, and who did what where there are several."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.report import print_plan, print_report, print_status, warnings_of

SHARES = [
    {"provider": "clodura", "channel": "email", "asked": 60, "settled": 60, "found": 42, "unit": "credits"},
    {"provider": "sixtyfour", "channel": "email", "asked": 18, "settled": 18, "found": 7, "unit": "cents"},
]
SPENT = {"credits": {"min": 42.0, "max": 252.0}, "cents": {"min": 90.0, "max": 90.0}}
HALTED = {
    "provider": "sixtyfour", "operations": ["find_email"], "passed_over": 4, "exit_code": 1,
    "exit_reason": "key_refused", "message": "Sixtyfour refused the key.",
}  # fmt: skip
RUN: dict[str, Any] = {
    "people_seen": 60, "people_new": 60, "people_changed": 0, "people_unchanged": 0, "search_calls": 2,
    "search_spent": {"credits": {"min": 0.0, "max": 60.0}}, "calls_sent": 61, "purchases_sent": 78,
    "calls_settled": 78, "calls_in_doubt": 0, "calls_rejected": 0, "calls_outstanding": 0, "calls_left": 0,
    "outcomes": {"found": 49, "not_found": 29}, "emails_found": 49, "phones_found": 0, "addresses_verified": {},
    "verification_refused": None, "spent": SPENT, "unproven_searches": [],
    "providers": [{**share, "spent": SPENT[str(share["unit"])]} for share in SHARES], "halted": [HALTED],
    "database": "leads.duckdb", "query": "SELECT 1", "message": None,
}  # fmt: skip


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    lines = capsys.readouterr().out.splitlines()
    width = min(len(line) - len(line[line.index("  ") :].lstrip()) for line in lines if "  " in line)
    return {line[:width].strip(): line[width:] for line in lines}


def test_a_run_of_two_providers(capsys: pytest.CaptureFixture[str]) -> None:
    print_report(RUN)
    said = told(capsys)
    assert said["calls"].startswith("61 sent for 78 purchases, 78 settled")
    assert said["spent"] == "42 to 252 credits, 90 to 90 cents for what was bought"
    assert said["email sixtyfour"] == "18 asked, 18 settled, 7 found, 90 to 90 cents"
    assert said["passed over"] == "sixtyfour: Sixtyfour refused the key."
    assert warnings_of(RUN) == ["Sixtyfour refused the key."]
    assert warnings_of({**RUN, "message": "Other. Sixtyfour refused the key."}) == []


def test_a_run_of_one_provider_says_no_more_than_it_must(capsys: pytest.CaptureFixture[str]) -> None:
    halted = {**HALTED, "passed_over": 0}
    one = {**RUN, "providers": RUN["providers"][:1], "purchases_sent": 61, "halted": [halted]}
    print_report(one)
    said = told(capsys)
    assert "purchases" not in said["calls"]
    assert {"email clodura", "passed over"}.isdisjoint(said)
    assert warnings_of(one) == []


def test_status_tells_each_unit(capsys: pytest.CaptureFixture[str]) -> None:
    zero = {"credits": {"min": 0.0, "max": 0.0}, "cents": {"min": 0.0, "max": 0.0}}
    sums = {"spent_today": zero, "spent_this_month": SPENT, "spent": SPENT}
    held = {"ledger": "l", "realm": "live", "calls": {"settled": 3}, "documents_waiting": 0}
    print_status({**held, "runs": [], **sums})
    said = told(capsys)
    assert said["ledger"] == "l: real purchases"
    assert said["spent today"] == "0 to 0 credits, 0 to 0 cents"
    assert said["spent in all"] == "42 to 252 credits, 90 to 90 cents"


def _row(provider: str, unit: str, asks: int, requests: int) -> dict[str, Any]:
    return {
        "channel": "email", "provider": provider, "asks": {"min": asks, "max": asks}, "unit": unit, "hit_rate": None,
        "requests": {"min": requests, "max": asks}, "cost": {"min": 0.0, "max": 5.0, "expected": None},
    }  # fmt: skip


def test_a_plan_tells_each_provider_and_each_unit(capsys: pytest.CaptureFixture[str]) -> None:
    costs = {unit: {"min": 0.0, "max": 5.0, "expected": None} for unit in ("cents", "credits")}
    plan = {
        "searches": [], "channels": [_row("clodura", "credits", 60, 60), _row("sixtyfour", "cents", 60, 1)],
        "pages": {"min": 1, "max": 1}, "search_cost": {"min": 0, "max": 0}, "cost": costs,
        "capped_by": {"cents": "enrichment.caps.sixtyfour.cents_per_run"}, "calls": {"min": 1, "max": 2},
        "seconds": {"min": 0, "max": 1}, "calls_under_way": 0, "calls_in_doubt": 0, "note": "n",
    }  # fmt: skip
    print_plan(plan)
    out = capsys.readouterr().out
    assert "email clodura    60 calls, 0 to 5 credits" in out
    assert "email sixtyfour  60 calls in 1 to 60 requests, 0 to 5 cents" in out
    assert "0 to 5 cents for what is bought, held by enrichment.caps.sixtyfour.cents_per_run" in out
    assert "0 to 5 credits for what is bought\n" in out


def test_a_search_read_in_parts_that_prove_nothing_is_told() -> None:
    (note,) = warnings_of({**RUN, "halted": [], "unproven_searches": ["everyone"]})
    assert note.startswith("Read in parts: everyone.")
