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
SEARCHED = {
    "search_spent_today": {"credits": {"min": 0.0, "max": 0.0}},
    "search_spent_this_month": {"credits": {"min": 0.0, "max": 60.0}},
    "search_spent": {"credits": {"min": 5.0, "max": 5.0}},
}
RUN: dict[str, Any] = {
    "people_seen": 60, "people_new": 60, "people_changed": 0, "people_unchanged": 0, "people_missing": 0,
    "unproven_searches": [], "search_calls": 2,
    "search_spent": {"credits": {"min": 0.0, "max": 60.0}}, "calls_sent": 61, "purchases_sent": 78,
    "calls_settled": 78, "calls_in_doubt": 0, "calls_rejected": 0, "calls_outstanding": 0, "calls_left": 0,
    "outcomes": {"found": 49, "not_found": 29}, "emails_found": 49, "phones_found": 0, "addresses_verified": {},
    "verification_refused": None, "spent": SPENT,
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
    assert said["spent"] == "42 to 252 credits, 90 cents for what was bought"
    assert said["email sixtyfour"] == "18 asked, 18 settled, 7 found, 90 cents"
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
    assert said["search"] == "2 pages asked for, which may have cost 0 to 60 export credits"
    assert warnings_of(one) == []


def test_status_tells_each_unit(capsys: pytest.CaptureFixture[str]) -> None:
    zero = {"credits": {"min": 0.0, "max": 0.0}, "cents": {"min": 0.0, "max": 0.0}}
    sums = {"spent_today": zero, "spent_this_month": SPENT, "spent": SPENT, **SEARCHED}
    held = {"ledger": "l", "realm": "live", "calls": {"settled": 3}, "documents_waiting": 0}
    print_status({**held, "runs": [], **sums})
    said = told(capsys)
    assert said["ledger"] == "l: real purchases"
    assert said["spent today"] == "0 credits, 0 cents"
    assert said["spent this month"] == "42 to 252 credits, 90 cents; 0 to 60 export credits for searching"
    assert said["spent in all"] == "42 to 252 credits, 90 cents; 5 export credits for searching"


def _row(provider: str, unit: str, asks: int, requests: int) -> dict[str, Any]:
    return {
        "channel": "email", "provider": provider, "asks": {"min": asks, "max": asks}, "unit": unit, "hit_rate": None,
        "requests": {"min": requests, "max": asks}, "cost": {"min": 0.0, "max": 5.0, "expected": None},
    }  # fmt: skip


def test_a_plan_tells_each_provider_and_each_unit(capsys: pytest.CaptureFixture[str]) -> None:
    costs = {unit: {"min": 0.0, "max": 5.0, "expected": None} for unit in ("cents", "credits")}
    plan = {
        "searches": [], "channels": [_row("clodura", "credits", 60, 60), _row("sixtyfour", "cents", 60, 1)],
        "pages": {"min": 1, "max": 1, "expected": 1}, "search_cost": {"min": 0, "max": 0}, "cost": costs,
        "capped_by": {"cents": "enrichment.caps.sixtyfour.cents_per_run"}, "calls": {"min": 1, "max": 2},
        "seconds": {"min": 0, "max": 1}, "calls_under_way": 0, "calls_in_doubt": 0, "note": "n",
    }  # fmt: skip
    print_plan(plan)
    out = capsys.readouterr().out
    assert "email clodura    60 calls, 0 to 5 credits" in out
    assert "email sixtyfour  60 calls in 1 to 60 requests, 0 to 5 cents" in out
    assert "0 to 5 cents for what is bought, held by enrichment.caps.sixtyfour.cents_per_run" in out
    assert "0 to 5 credits for what is bought\n" in out


def test_a_plan_of_what_nobody_knows_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    unknown = {"min": 0, "max": None, "expected": None}
    row = {**_row("clodura", "credits", 0, 0), "asks": unknown, "requests": unknown, "cost": unknown}
    search = {"search": "s", "people": {"min": 30_000, "max": None}, "source": "last run, truncated", "as_of": 1}
    plan: dict[str, Any] = {
        "searches": [search], "channels": [row], "pages": {"min": 300, "max": None, "expected": 1330},
        "search_cost": unknown, "cost": {"credits": unknown}, "capped_by": {}, "calls": {"min": 300, "max": None},
        "seconds": {"min": 0, "max": None}, "calls_under_way": 0, "calls_in_doubt": 0, "note": "n",
    }  # fmt: skip
    print_plan(plan)
    said = told(capsys)
    assert said["search s"] == "30,000 or more people (last run, truncated, 1970-01-01)"
    assert said["email"] == "0 or more calls, 0 or more credits"
    assert said["searching"] == "300 or more pages (1,330 when last read), 0 or more export credits"
    assert said["in all"] == "0 or more credits for what is bought"
    assert said["time"] == "300 or more calls: nobody knows for how long"


def test_amounts_of_a_million_are_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_report({**RUN, "search_spent": {"credits": {"min": 0.0, "max": 1_234_567.0}}})
    assert "which may have cost 0 to 1,234,567 export credits" in capsys.readouterr().out
    print_report({**RUN, "spent": {"credits": {"min": 0.04, "max": 1_234_567.5}}})
    assert "0.04 to 1,234,567.5 credits" in capsys.readouterr().out


def test_people_who_are_missing_and_searches_that_are_not_proven_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_report({**RUN, "people_missing": 12})
    assert told(capsys)["people"] == "60 seen: 60 new, 0 changed, 0 unchanged; 12 no longer shown"
    (text, _) = warnings_of({**RUN, "unproven_searches": ["a", "b"]})
    assert text.startswith("Whether everybody was seen is not proven for a, b:")


def test_status_tells_runs_that_could_not_see_all(capsys: pytest.CaptureFixture[str]) -> None:
    sums = {**dict.fromkeys(("spent_today", "spent_this_month", "spent"), SPENT), **SEARCHED}
    run = {"started_at": "t", "exit_reason": "truncated", "people_seen": 9, "calls_sent": 0}
    held = {"ledger": "l", "realm": "live", "calls": {}, "documents_waiting": 0}
    windows = {"t": 3, "u": 0, "v": 1}
    runs = [{**run, "started_at": at, "truncated_windows": count} for at, count in windows.items()]
    print_status({**held, **sums, "runs": runs})
    said = told(capsys)
    assert said["run t"] == "truncated 9 people, 0 calls, 3 windows with people whom no page shows"
    assert said["run u"] == "truncated 9 people, 0 calls"
    assert said["run v"] == "truncated 9 people, 0 calls, 1 window with people whom no page shows"
