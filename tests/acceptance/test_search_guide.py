"""docs/guides/search.md: its commands run, its queries answer, and its figures are those of a run."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox import Server
from sources.clodura.choices import FIELDS
from sources.clodura.windows import Coverage
from tests.support.project import WITHOUT_LOADING, Project

PAGE = Path(__file__).resolve().parents[2] / "docs" / "guides" / "search.md"
GUIDE = PAGE.read_text(encoding="utf-8")

#: windows of 300 people instead of 10,000, so that a search of 1,500 is split
SMALL = """
import sources.clodura.splitting as splitting, sources.clodura.walks as walks
walks.LAST_PAGE, splitting.AIM = 3, 200
"""


def _blocks(language: str, text: str = GUIDE) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def _queries(heading: str) -> list[str]:
    section = re.split(r"^##+ ", GUIDE, flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(heading)]
    return [query for block in _blocks("sql", text) for query in block.split(";") if query.strip()]


def _table(first: str) -> list[list[str]]:
    _, _, rest = GUIDE.partition(f"| {first} | ")
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]


def _number(text: str) -> int:
    return int(text.replace(",", ""))


def test_every_coverage_has_its_line() -> None:
    assert {row[0].strip("`") for row in _table("coverage")} == {str(coverage) for coverage in Coverage}


def test_every_choice_of_a_search_is_in_its_example() -> None:
    (example,) = _blocks("toml")
    assert set(FIELDS) <= {line.split(" = ")[0] for line in example.splitlines()}


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", GUIDE):
        assert (PAGE.parent / target).exists(), target


def test_the_commands_run_and_the_queries_tell_what_could_not_be_seen(project: Project, vendor: Server) -> None:
    vendor.reset(people=1500, seed=3, kind="skewed")
    project.configure()
    path = project.folder / ".dlt" / "config.toml"
    path.write_text(path.read_text(encoding="utf-8") + _blocks("toml")[0], encoding="utf-8")
    (block,) = _blocks("sh")
    calls = 0
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "leadsync"
        asked = len(vendor.books()["requests"])
        done = project.run(*words[1:], *(["--json"] if words[1] == "sync" else []), prelude=SMALL)
        assert done.exit_code == (3 if words[1] == "sync" else 0), done.stderr
        if words[1] == "sync":
            calls += done.json["search_calls"]
            assert done.json["search_calls"] == len(vendor.books()["requests"]) - asked
            assert "new_only" not in done.stderr
    searches, unseen, runs = (project.sql(query) for query in _queries("What could not be seen"))
    said = done.json
    assert dict(row[:2] for row in searches) == {"everyone": "truncated", "leaders": "complete"}
    everyone = next(row for row in searches if row[0] == "everyone")
    assert everyone[3] == sum(row["people_left"] for row in said["truncated"]) > 0
    assert said["truncated_windows"] == len(unseen) == len(said["truncated"])
    assert sum(row[3] for row in unseen) == everyone[3]
    assert sum(row[4] for row in runs) == calls
    assert [row[1:3] for row in runs if row[1] == "everyone"] == [("everyone", "truncated")] * 2
    assert "Not everybody can be seen" in said["message"]
    for query in _queries("Who changed jobs"):
        assert project.sql(query) == []


def test_who_is_missing_is_told_until_a_search_shows_them_again(project: Project, vendor: Server) -> None:
    (query,) = _queries("Who is still there")
    gone = {"change": "remove", "after": 1, "times": 1, "count": 2}  # once the first run has seen them
    vendor.set_behaviour(search_shifts=[gone])
    assert project.sync("--enrich", "none").json["people_missing"] == 0
    assert project.sync("--enrich", "none", "--limit", "30").json["people_missing"] == 0
    before = datetime.now(UTC)
    assert project.sync("--enrich", "none").json["people_missing"] == 2
    missing = project.sql(query)
    assert len(missing) == 2
    assert all(before <= row[4] for row in missing)
    assert project.one("SELECT count(*) FROM crm.people") == 40
    vendor.set_behaviour(search_shifts=[])
    assert project.sync("--enrich", "none").json["people_missing"] == 0
    assert project.sql(query) == []


@pytest.mark.thorough
def test_the_worked_example_comes_out(project: Project, vendor: Server) -> None:
    """Of 30,000 people: each line of the table is a run, or the run after it."""
    behaviour = {"search_marks_viewed": True}
    vendor.reset(people=30_000, seed=3, behaviour=behaviour)

    def run(**search: Any) -> tuple[int, float]:
        project.configure(searches={"everyone": search})
        charged = sum(charge["amount"] for charge in vendor.books()["charges"])
        done = project.run("sync", "--json", "--enrich", "none", prelude=WITHOUT_LOADING)
        assert done.exit_code == 0, done.stderr
        charged = (sum(charge["amount"] for charge in vendor.books()["charges"]) - charged) / 100
        assert charged <= done.json["search_spent"]["credits"]["max"]
        return done.json["search_calls"], charged

    calls, charged = run()
    ((told, least, most),) = re.findall(
        r"first run takes some (\d+) calls and bills ([\d,]+) to ([\d,]+) credits", " ".join(GUIDE.split())
    )
    assert calls == pytest.approx(int(told), rel=0.08)
    assert _number(least) * 0.9 <= charged <= _number(most) * 1.1
    later = [(_number(row[1]), _number(row[2])) for row in _table("then")]
    sums = [_number(text) for text in re.findall(r"([\d,]+) calls and (?:some )?[\d,]+ credits", GUIDE)]
    assert sums == [int(told) + 29 * each for each, _ in later[:2]]
    settings: list[dict[str, Any]] = [
        {},
        {"new_only": True},
        {"new_only": True, "full_scan_every": 0},
        {"exclude_viewed_people": True},
    ]
    for row, search in zip(later, settings, strict=True):
        calls, charged = run(**search)
        assert calls == pytest.approx(row[0], rel=0.05), search
        assert charged == pytest.approx(row[1], rel=0.05), search
