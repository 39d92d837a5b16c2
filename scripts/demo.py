"""`make demo`: 1,000 imitation people searched, bought and loaded; four queries; then the same again, for nothing.

Works in ./demo (or the folder named), which is made anew each time. Runs the very commands that a person would type.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent.parent / "demo"
CONFIG = """\
[sources.clodura.searches.everyone]            # no filter: all that the sandbox knows

[enrichment]                                   # who is asked, in this order
email_providers = ["clodura", "sixtyfour"]
phone_providers = ["clodura", "sixtyfour"]

[pipelines]
duckdb_path = "leads.duckdb"
dataset = "crm"
"""
QUERIES = (
    (
        "Leads with a deliverable address",
        """SELECT full_name, title, organization, email, phone FROM crm.leads
WHERE email_status = 'deliverable' AND title IS NOT NULL ORDER BY phone IS NULL, full_name LIMIT 5""",
    ),
    (
        "What was spent, by provider and operation",
        """SELECT provider, operation, calls, spent_min, spent_max, unit FROM crm.spend_daily ORDER BY ALL""",
    ),
    (
        "What each provider is worth",
        """SELECT provider, operation, asked, found, hit_percent, per_found_min, per_found_max, unit
FROM crm.provider_hit_rate WHERE found_by IS NULL ORDER BY ALL""",
    ),
    (
        "What the providers inside the answers are worth",
        """SELECT provider, found_by, operation, asked, found, hit_percent
FROM crm.provider_hit_rate WHERE found_by IS NOT NULL ORDER BY found DESC, found_by LIMIT 5""",
    ),
)
TABLES = (
    *("people", "people_seen", "organizations", "emails", "phones", "provider_results", "credit_spend"),
    *("calls", "runs", "search_coverage", "leads", "spend_daily", "provider_hit_rate"),
)
UNCHANGED = ("people", "organizations", "emails", "phones")


def main(arguments: list[str]) -> int:
    """Run the demo; 0 where the second run bought and changed nothing."""
    folder = Path(arguments[0]).absolute() if arguments else HERE
    console = Console(highlight=False, width=110)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / ".dlt").mkdir(parents=True)
    (folder / ".dlt" / "config.toml").write_text(CONFIG, encoding="utf-8")
    console.rule("first run: leadsync sync --sandbox")
    first = _sync(folder)
    _tell(console, first)
    before = _contents(folder)
    for title, sql in QUERIES:
        console.print(f"\n{sql}", style="dim")
        _show(console, folder, title, sql)
    _show(console, folder, "Rows in each table and view", _counting())
    console.rule("the same again: leadsync sync --sandbox")
    second = _sync(folder)
    _tell(console, second)
    changed = [table for table, rows in _contents(folder).items() if rows != before[table]]
    good = first["exit_code"] == second["exit_code"] == second["calls_sent"] == 0 and not changed
    verdict = "bought nothing and changed no row of" if good else "DID SOMETHING to"
    console.print(f"\nThe second run {verdict} {', '.join(changed or UNCHANGED)}.")
    console.print(f"Look around: {second['query'].replace(f'{folder.parent}/', '')}\n")
    return 0 if good else 1


def _sync(folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "pipelines", "sync", "--sandbox", "--json"]
    finished = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=False)
    if not finished.stdout:
        sys.exit(finished.returncode or 1)
    result: dict[str, Any] = json.loads(finished.stdout)
    return result


def _tell(console: Console, result: dict[str, Any]) -> None:
    console.print(
        f"{result['people_seen']:,} people seen, {result['people_new']:,} new; "
        f"{result['calls_settled']:,} times asked; "
        f"{result['emails_found']:,} e-mails and {result['phones_found']:,} phones found; {_spent(result)} spent; "
        f"{result['seconds']:g} s; {result['exit_reason']}"
    )


def _spent(result: dict[str, Any]) -> str:
    """By unit: units never add up."""
    spent = result["spent"]
    told = []
    for unit, bounds in sorted(spent.items(), reverse=True):
        least, most = f"{bounds['min']:,g}", f"{bounds['max']:,g}"
        told.append(f"{most} {unit}" if least == most else f"{least} to {most} {unit}")
    return " and ".join(told)


def _show(console: Console, folder: Path, title: str, sql: str) -> None:
    with duckdb.connect(str(folder / "leads.duckdb"), read_only=True) as connection:
        answer = connection.execute(sql)
        table = Table(*[column[0] for column in answer.description or ()], title=title, title_justify="left")
        for row in answer.fetchall():
            table.add_row(*["" if value is None else str(value) for value in row])
    console.print(table)


def _counting() -> str:
    return "\nUNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS rows FROM crm.{name}" for name in TABLES)


def _contents(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(folder / "leads.duckdb"), read_only=True) as connection:
        return {name: connection.execute(f"SELECT * FROM crm.{name} ORDER BY ALL").fetchall() for name in UNCHANGED}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
