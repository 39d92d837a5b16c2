"""docs/guides/add-a-provider.md: its folder, and its one line of the registry, are all it takes to buy from a vendor.

The sources are copied, the files of the page written into the copy, and `leadsync` is run on that: Clodura first, then
Rolodex, which a server on loopback imitates.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox import Server
from sources.registry import VENDORS
from tests.integration.wire import Exchange, Seen, answer, serving
from tests.support import guide
from tests.support.project import PATIENCE, WITHOUT_LOADING, Finished, Project

KEY = "rolodex-key-4711"
CAP, PRICE = 60, 12
RUN = "\nfrom pipelines.cli import main\nmain()\n"
#: what is ours is imported anew, from the copy where that has it
OVER = """
import sys
sys.path.insert(0, {copy!r})
for name in [*sys.modules]:
    if name.partition(".")[0] in ("sources", "enrichment", "destinations", "pipelines"):
        del sys.modules[name]
import sources
assert sources.__file__.startswith({copy!r})
"""


@dataclass
class Imitation:
    """Rolodex. In turn it answers at once, by a job, not at all (though it charges), and that it knows nobody."""

    questions: list[dict[str, str]] = field(default_factory=list)
    polls: list[str] = field(default_factory=list)
    refused: list[Seen] = field(default_factory=list)
    #: what was charged, in cents, in the order of the questions
    charged: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, exchange: Exchange) -> None:
        request = exchange.request
        said: Any = None
        if request.headers.get("authorization") != f"Bearer {KEY}":
            self.refused.append(request)
            answer(401)(exchange)
        elif request.target == "/v1/account":
            said = {"account": "a-1", "euro_cents": 4200}
        elif request.method == "POST":
            with self._lock:
                turn, question = len(self.questions), json.loads(request.body)
                self.questions.append(question)
                self.charged.append(0 if turn % 4 == 3 else PRICE)
            if turn == 2:
                exchange.reset()
            else:
                said = [self.found(turn), {"job": f"j-{turn}", "status": "pending"}, self.found(turn), _MISSED][
                    turn % 4
                ]
        else:
            job = request.target.rpartition("/")[2]
            self.polls.append(job)
            said = {"job": job, **self.found(int(job.removeprefix("j-")))}
        if said is not None:
            answer(200, json.dumps(said).encode())(exchange)

    def found(self, turn: int) -> dict[str, Any]:
        """An answer with an address; of every other one the vendor does not tell the cost."""
        cost = {"cost": PRICE} if turn % 2 == 0 else {}
        asked = self.questions[turn]
        return {"status": "found", "person": asked, "email": f"n{turn}@rolodex.example", "verdict": "valid", **cost}


_MISSED = {"status": "not_found", "cost": 0}


@dataclass(frozen=True)
class Bought:
    """Three runs: to the cap, to the end, and the same once more."""

    project: Project
    rolodex: Imitation
    capped: Finished
    asked_by_then: int
    rest: Finished
    again: Finished
    asked_in_all: int
    truth: Mapping[str, Mapping[str, Any]]

    def calls(self, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Of Rolodex's calls."""
        return self.project.sql(f"SELECT {columns} FROM crm.calls WHERE provider = 'rolodex' AND {where} ORDER BY ALL")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `sources` as they are once somebody has done what the page says."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(guide.ROOT / "sources", folder / "sources", ignore=shutil.ignore_patterns("__pycache__"))
    guide.write(folder, "sources/")
    (folder / "sources" / "registry.py").write_text(guide.registry(), encoding="utf-8")
    return folder


def python(copy: Path, folder: Path, code: str, *arguments: str) -> Finished:
    """Code in a process of its own, over these sources."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def sync(copy: Path, project: Project, rolodex: str, cap: int, prelude: str = "") -> Finished:
    """`leadsync sync` with what the page's last part says."""
    sections: dict[str, Any] = {
        "sources.rolodex": {"base_url": rolodex},
        "enrichment.caps.rolodex": {"euro_cents_per_run": cap},
    }
    keys = f'[sources.clodura]\napi_key = "{project.server.api_key}"\n[sources.rolodex]\napi_key = "{KEY}"\n'
    project.configure(
        secrets=keys,
        enrichment={
            "channels": ["email"], "email_providers": ["clodura", "rolodex"], "stop_when": "deliverable",
            "poll_interval": 0.05,
        },
        webhook={"mode": "poll"},
        **sections,
    )  # fmt: skip
    return project.run("sync", "--json", prelude=OVER.format(copy=str(copy)) + prelude)


@pytest.fixture(scope="module")
def bought(copy: Path, vendor: Server, tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bought]:
    vendor.reset(people=40, seed=3, behaviour={"job_seconds": 0.02})
    project, rolodex = Project(tmp_path_factory.mktemp("project"), vendor), Imitation()
    shutil.copytree(tables, project.folder, dirs_exist_ok=True)
    with serving(rolodex) as host:
        capped = sync(copy, project, host.url, CAP, WITHOUT_LOADING)
        asked_by_then = len(rolodex.questions)
        rest = sync(copy, project, host.url, 1000)
        asked_in_all = len(rolodex.questions)
        again = sync(copy, project, host.url, 1000, WITHOUT_LOADING)
        truth = {person["person_id"]: person for person in vendor.people()}
        yield Bought(project, rolodex, capped, asked_by_then, rest, again, asked_in_all, truth)


def test_its_cap_ends_the_run_and_the_next_goes_on(bought: Bought) -> None:
    assert (bought.capped.exit_code, bought.capped.json["exit_reason"]) == (3, "cap"), bought.capped.stderr
    assert "enrichment.caps.rolodex.euro_cents_per_run is reached" in bought.capped.json["message"]
    assert 3 < bought.asked_by_then < bought.asked_in_all
    assert CAP - PRICE < sum(bought.rolodex.charged[: bought.asked_by_then]) <= CAP  # the lost one was charged, too
    assert bought.rest.exit_code == 0, bought.rest.stderr


def test_it_is_asked_about_everybody_of_whom_the_first_knows_too_little_and_nobody_else(bought: Bought) -> None:
    known = bought.project.sql(
        "SELECT person_id FROM crm.emails WHERE provider = 'clodura' AND status = 'deliverable' GROUP BY 1"
    )
    others = sorted(set(bought.truth) - {person_id for (person_id,) in known})
    assert bought.calls("person_id") == [(person_id,) for person_id in others]
    profiles = {person["linkedin_url"].rstrip("/").lower(): person_id for person_id, person in bought.truth.items()}
    asked = [profiles[question["profile"].rstrip("/").lower()] for question in bought.rolodex.questions]
    assert sorted(asked) == others  # each once, the lost one included
    assert len(others) > 8
    assert bought.rolodex.refused == []


def test_what_it_found_is_in_the_tables(bought: Bought) -> None:
    outcomes = {turn: "found" if turn % 4 != 3 else "not_found" for turn in range(bought.asked_in_all) if turn != 2}
    assert bought.calls("outcome", "state = 'settled'") == sorted((outcome,) for outcome in outcomes.values())
    found = bought.project.sql("SELECT email, status, provider FROM crm.emails WHERE provider = 'rolodex' ORDER BY 1")
    addresses = sorted(f"n{turn}@rolodex.example" for turn, outcome in outcomes.items() if outcome == "found")
    assert found == [(address, "deliverable", "rolodex") for address in addresses]
    jobs = [f"j-{turn}" for turn in range(bought.asked_in_all) if turn % 4 == 1]
    assert set(bought.rolodex.polls) == set(jobs)


def test_a_lost_answer_is_in_doubt_keeps_its_place_in_the_cap_and_is_never_sent_again(bought: Bought) -> None:
    reserve = PRICE * 100
    assert bought.calls("state, reserved, amount_max, attempts", "state <> 'settled'") == [
        ("in_doubt", reserve, None, 1)
    ]
    for done in (bought.capped, bought.rest, bought.again):
        assert done.json["calls_in_doubt"] == 1
    lost = bought.rolodex.questions[2]
    assert bought.rolodex.questions.count(lost) == 1


def test_what_it_cost_is_told_in_its_own_unit(bought: Bought) -> None:
    spent = bought.project.sql(
        "SELECT unit, basis, amount_min, amount_max, count(*) FROM crm.credit_spend WHERE provider = 'rolodex'"
        " GROUP BY ALL ORDER BY ALL"
    )
    paid = [turn for turn in range(bought.asked_in_all) if turn % 4 != 3 and turn != 2]
    told = [turn for turn in paid if turn % 2 == 0]
    amount = PRICE * 100
    assert spent == [
        ("euro_cents", "bounded", 0, amount, 1),  # the one in doubt
        ("euro_cents", "documented", amount, amount, len(paid) - len(told)),
        ("euro_cents", "reported", amount, amount, len(told)),
    ]
    assert bought.rest.json["spent"]["euro_cents"]["max"] > 0
    assert "credits" in bought.rest.json["spent"]
    of_leads = bought.project.sql("SELECT sum(euro_cents_min), sum(euro_cents_max) FROM crm.leads")
    assert of_leads == [(len(paid) * PRICE, (len(paid) + 1) * PRICE)]
    assert bought.project.sql(
        "SELECT asked, found, spent_max, unit FROM crm.provider_hit_rate"
        " WHERE provider = 'rolodex' AND found_by IS NULL"
    ) == [(bought.asked_in_all - 1, len(paid), len(paid) * PRICE, "euro_cents")]


def test_a_run_after_that_buys_nothing(bought: Bought) -> None:
    assert bought.again.exit_code == 0, bought.again.stderr
    assert bought.again.json["calls_sent"] == 0
    assert len(bought.rolodex.questions) == bought.asked_in_all


def test_the_line_of_the_page_leaves_nobody_out() -> None:
    (line,) = (line for line in guide.registry().splitlines() if line.startswith("VENDORS = "))
    assert ast.literal_eval(line.partition(" = ")[2]) == (*VENDORS, "rolodex")


def test_its_settings_are_in_the_reference(copy: Path, tmp_path: Path) -> None:
    code = f"import sys; sys.path.append({str(guide.ROOT)!r})\nfrom scripts import docs\n"
    done = python(copy, tmp_path, code + "for name, make in docs.PAGES.items(): print(make())")
    assert done.exit_code == 0, done.stderr
    for line in (
        "## [sources.rolodex]",
        "`SOURCES__ROLODEX__API_KEY`",
        "list of `clodura`, `sixtyfour`, `rolodex`",
        "| `rolodex` | `euro_cents_per_month` |",
        "| `euro_cents_max` | DECIMAL(18,2) |",
    ):
        assert line in done.stdout, line


@pytest.mark.thorough
def test_the_sandbox_leaves_it_out(copy: Path, tmp_path: Path) -> None:
    """It would be asked for real, with imitated people."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text('[enrichment]\nemail_providers = ["rolodex", "clodura"]\n')
    code = WITHOUT_LOADING + "import pipelines.playground\npipelines.playground.PEOPLE = 10" + RUN
    done = python(copy, tmp_path, code, "sync", "--sandbox", "--json", "--enrich", "email")
    assert done.exit_code == 0, done.stderr
    assert "The sandbox does not imitate rolodex: not asked in this run." in done.stderr
    assert done.json["calls_sent"] == 10


def test_the_code_on_the_page_is_as_clean_as_ours(copy: Path) -> None:
    config = str(guide.ROOT / "pyproject.toml")
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--config", config, "--no-cache", "sources/rolodex"],
            cwd=copy, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.thorough
def test_the_code_on_the_page_is_typed_as_strictly_as_ours(copy: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(copy / "cache"), "sources/rolodex"],
        cwd=copy, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
