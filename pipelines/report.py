"""Results for people, on stdout."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.vendor import kind_of


def print_report(result: dict[str, Any]) -> None:
    """What a run did."""
    searched = result["search_spent"]["credits"]
    asked = sum(result["outcomes"].values())
    found = result["outcomes"].get("found", 0)
    rate = f" ({found / asked:.0%} of {asked} settled reveals found something)" if asked else ""
    missing = f"; {result['people_missing']:,} no longer shown" if result["people_missing"] else ""
    carried = ""
    if result["purchases_sent"] > result["calls_sent"]:
        carried = f" for {result['purchases_sent']:,} purchases"
    rows = [
        (
            "people",
            f"{result['people_seen']:,} seen: {result['people_new']:,} new, {result['people_changed']:,} changed, "
            f"{result['people_unchanged']:,} unchanged{missing}",
        ),
        (
            "calls",
            f"{result['calls_sent']:,} sent{carried}, {result['calls_settled']:,} settled, "
            f"{result['calls_in_doubt']:,} in doubt, {result['calls_outstanding']:,} under way, "
            f"{result['calls_left']:,} left",
        ),
        ("found", f"{result['emails_found']:,} e-mails, {result['phones_found']:,} phones{rate}"),
        *([("verified", _counted(result["addresses_verified"]))] if result["addresses_verified"] else []),
        ("spent", f"{_by_unit(result['spent'])} for what was bought"),
        *(_providers(result["providers"])),
        *(("passed over", f"{row['provider']}: {row['message']}") for row in result["halted"] if row["passed_over"]),
        (
            "search",
            f"{_many(result['search_calls'], 'page')} asked for, which may have cost {_span(searched)} export credits",
        ),
        ("database", result["database"]),
        ("try", result["query"]),
    ]
    _print(rows)


def print_status(result: dict[str, Any]) -> None:
    """What the ledger holds."""
    calls = ", ".join(f"{count:,} {state}" for state, count in result["calls"].items() if count) or "none"
    rows = [
        ("ledger", f"{result['ledger']}: {kind_of(result['realm'])}"),
        ("calls", calls),
        ("inbox", f"{result['documents_waiting']:,} documents wait for the next sync"),
        ("spent today", _with_searching(result, "_today")),
        ("spent this month", _with_searching(result, "_this_month")),
        ("spent in all", _with_searching(result, "")),
    ]
    for run in result["runs"]:
        seen = f"{run['people_seen']:,} people, {run['calls_sent']:,} calls" if run["people_seen"] is not None else ""
        if run["truncated_windows"]:
            seen += f", {_many(run['truncated_windows'], 'window')} with people whom no page shows"
        rows.append((f"run {run['started_at']}", f"{run['exit_reason']} {seen}".strip()))
    _print(rows)


def print_plan(result: dict[str, Any]) -> None:
    """What a sync would ask and cost."""
    rows = []
    for search in result["searches"]:
        as_of = f", {_day(search['as_of'])}" if search["as_of"] else ""
        rows.append((f"search {search['search']}", f"{_span(search['people'])} people ({search['source']}{as_of})"))
    several = len({row["provider"] for row in result["channels"]}) > 1
    for row in result["channels"]:
        rate = f", {row['hit_rate']:.0%} of those so far found something" if row["hit_rate"] is not None else ""
        shared = "" if row["requests"] == row["asks"] else f" in {_span(row['requests'])} requests"
        name = f"{row['channel']} {row['provider']}" if several else row["channel"]
        rows.append((name, f"{_span(row['asks'])} calls{shared}, {_span(row['cost'])} {row['unit']}{rate}"))
    pages = result["pages"]
    last = f" ({pages['expected']:,} when last read)" if pages["max"] is None and pages["expected"] is not None else ""
    rows.append(("searching", f"{_span(pages)} pages{last}, {_span(result['search_cost'])} export credits"))
    for unit, cost in result["cost"].items():
        holds = result["capped_by"].get(unit)
        capped = f", held by {holds}" if holds else ""
        expected = cost["expected"]
        likely = f"; going by past results about {_number(expected)}" if expected is not None else ""
        rows.append(("in all", f"{_span(cost)} {unit} for what is bought{capped}{likely}"))
    seconds = result["seconds"]["max"]
    time = "nobody knows for how long" if seconds is None else f"{_time(seconds)} at these rate limits at the most"
    rows.append(("time", f"{_span(result['calls'])} calls: {time}"))
    if result["calls_under_way"] or result["calls_in_doubt"]:
        rows.append(
            ("open", f"{result['calls_under_way']:,} under way, {result['calls_in_doubt']:,} in doubt: no new cost")
        )
    rows.append(("note", result["note"]))
    _print(rows)


def _by_unit(spent: dict[str, dict[str, float]]) -> str:
    """Amounts of each unit, the search vendor's first: they never add up."""
    units = sorted(spent, key=lambda unit: (unit != "credits", unit))
    return ", ".join(f"{_span(spent[unit])} {unit}" for unit in units)


def _with_searching(result: dict[str, Any], when: str) -> str:
    """What was spent in a time: for what was bought, and what searching may have cost."""
    searched = result[f"search_spent{when}"]["credits"]
    more = f"; {_span(searched)} export credits for searching" if searched["max"] else ""
    return _by_unit(result[f"spent{when}"]) + more


def _many(count: int, name: str) -> str:
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def _providers(shares: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What each provider did, where there is more than one of them."""
    if len({share["provider"] for share in shares}) < 2:
        return []
    return [
        (
            f"{share['channel']} {share['provider']}",
            f"{share['asked']:,} asked, {share['settled']:,} settled, {share['found']:,} found, "
            f"{_span(share['spent'])} {share['unit']}",
        )
        for share in shares
    ]


def _span(bounds: dict[str, Any]) -> str:
    """Two bounds; there may be no upper one."""
    least, most = bounds["min"], bounds["max"]
    if most is None:
        return f"{_number(least)} or more"
    return _number(least) if least == most else f"{_number(least)} to {_number(most)}"


def _number(amount: float) -> str:
    return f"{amount:,.0f}" if amount == round(amount) else f"{amount:,.2f}".rstrip("0")


def _day(micros: int) -> str:
    return datetime.fromtimestamp(micros / 1e6, UTC).date().isoformat()


def _time(seconds: float) -> str:
    hours = seconds / 3600
    return f"{seconds:,.0f} s" if hours < 0.1 else f"{hours:,.1f} h" if hours < 48 else f"{hours / 24:,.1f} days"


def print_verdicts(result: dict[str, Any]) -> None:
    """Addresses with their verdicts, one a line."""
    for row in result["verifications"]:
        said = f" ({row['status_raw']})" if row["status_raw"] else ""
        print(f"{row['email']}  {row['status'] or 'not verified'}{said}")  # noqa: T201 - the result, on stdout


def print_calls(result: dict[str, Any]) -> None:
    """Calls, two or three lines each, and what they may cost together."""
    for call in result["calls"]:
        whom = f"person {call['person_id']}" if call["person_id"] is not None else ""
        outcome = f" ({call['outcome']})" if call["outcome"] else ""
        parts = [
            call["call_id"],
            f"{call['provider']} {call['operation']}",
            whom,
            call["state"] + outcome,
            f"{call['age']} old",
            _money(call),
        ]
        lines = ["  ".join(part for part in parts if part)]
        if call["tracking_id"]:
            lines.append(f"    tracking id {call['tracking_id']}")
        lines += [f"    {text}" for text in (call["why"], call["outlook"]) if text]
        print("\n".join(lines))  # noqa: T201 - the result, on stdout
    shown, count = len(result["calls"]), result["count"]
    at_risk = ", ".join(f"{_number(amount)} {unit}" for unit, amount in result["at_risk"].items()) or "nothing"
    print(f"{shown:,} of {count:,} calls; at risk in all: {at_risk}")  # noqa: T201 - the result, on stdout


def _money(call: dict[str, Any]) -> str:
    if call["at_risk"]:
        return f"up to {_number(call['at_risk'])} {call['unit']} at risk"
    return f"{_span(call['spent'])} {call['unit']} spent" if call["spent"] else ""


def print_resolved(result: dict[str, Any]) -> None:
    """What became of each call, a line each."""
    for call in result["calls"]:
        if not call["done"]:
            said = f"left as it is: {call['state']} by {call['by']} meanwhile"
        elif call["booked"] is None:
            said = f"void: {_number(call['was_at_risk'])} {call['unit']} are free again, and the next run may buy it"
        else:
            held = _number(call["was_at_risk"])
            said = f"settled: {_number(call['booked'])} {call['unit']} booked, no answer; {held} were held"
        print(f"{call['call_id']}  {said}")  # noqa: T201 - the result, on stdout
    if not result["calls"]:
        print("No call was in doubt that long: nothing was changed.")  # noqa: T201 - the result, on stdout


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _print(rows: list[tuple[str, str]]) -> None:
    table = Table.grid(padding=(0, 2))
    for label, text in rows:
        table.add_row(label, text)
    console = Console(highlight=False, soft_wrap=False)
    if console.is_terminal:
        console.print(table)
    else:
        width = max(len(label) for label, _ in rows) + 2
        for label, text in rows:
            print(f"{label:<{width}}{text}")  # noqa: T201 - the result, on stdout


def warnings_of(result: dict[str, Any]) -> list[str]:
    """What a person should know beyond the sums."""
    found = []
    if result["calls_in_doubt"]:
        found.append(
            f"{result['calls_in_doubt']} calls are in doubt: whether they were charged is unknown. They keep their "
            f"place in the caps, are never sent again by themselves, and settle if an answer still comes. See "
            f"`leadsync calls --state in_doubt`; `leadsync resolve` settles them by hand."
        )
    if result["outcomes"].get("unreadable"):
        found.append(
            f"{result['outcomes']['unreadable']} answers could not be read; they are kept whole in the ledger."
        )
    if result["calls_rejected"]:
        found.append(f"{result['calls_rejected']} calls were rejected by the vendor as wrong; nothing was charged.")
    if result["unproven_searches"]:
        found.append(
            f"Whether everybody was seen is not proven for {', '.join(result['unproven_searches'])}: parts of it were "
            f"read by a filter that may leave somebody out, though nobody is known to be. See `search_coverage`."
        )
    for row in result["halted"]:
        if row["passed_over"] and row["message"] not in (result["message"] or ""):
            found.append(row["message"])
    if result["verification_refused"]:
        found.append(f'{result["verification_refused"]} Say enrichment.verify = "none" to leave it out.')
    return found
