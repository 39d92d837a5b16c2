"""docs/guides/real-api.md, step by step, with a key, against a sandbox that runs as a server of its own.

As a user would: `init`, the guide's TOML written over what `init` made, then its commands in order. What a step says it
may cost is compared with the vendor's books.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from sandbox import Server
from tests.support.project import Project

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "real-api.md").read_text(encoding="utf-8")


def _blocks(text: str, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def _steps() -> list[tuple[str, list[str]]]:
    """(heading, command lines) in order."""
    parts = re.split(r"^## (.*)\n", GUIDE, flags=re.MULTILINE)[1:]
    return [
        (heading, [line for block in _blocks(text, "sh") for line in block.splitlines()])
        for heading, text in zip(parts[::2], parts[1::2], strict=True)
    ]


def _write(folder: Path, key: str) -> None:
    """The guide's settings over those of `init`: each stands there already, in use or behind a #."""
    for block in _blocks(GUIDE, "toml"):
        section = ""
        for line in block.splitlines():
            if line.startswith("["):
                section = line
            elif line:
                name = line.split(" = ")[0]
                path = folder / ".dlt" / ("secrets.toml" if name == "api_key" else "config.toml")
                before, heading, after = path.read_text(encoding="utf-8").partition(section + "\n")
                assert heading, section
                wanted = f'api_key = "{key}"' if name == "api_key" else line
                changed, times = re.subn(rf"^(# )?{name} = .*$", wanted, after, count=1, flags=re.MULTILINE)
                assert times == 1, line
                path.write_text(before + heading + changed, encoding="utf-8")


def _charged(vendor: Server, *operations: str) -> float:
    charges = vendor.books()["charges"]
    return float(sum(charge["amount"] for charge in charges if charge["operation"] in operations)) / 100


def test_the_guide_leads_from_a_key_to_leads_within_the_costs_it_states(vendor: Server, tmp_path: Path) -> None:
    vendor.reset(people=3000, seed=3, behaviour={"job_seconds": 0.05, "search_charge": "every"})  # the dearest reading
    env = {"SOURCES__CLODURA__BASE_URL": vendor.url, "ENRICHMENT__POLL_INTERVAL": "0.2"}
    project = Project(tmp_path, vendor, env=env)
    ran = []
    for heading, lines in _steps():
        searched = _charged(vendor, "search")
        for line in lines:
            words = shlex.split(line)
            if words[0] == "duckdb":
                assert project.sql(words[2]), line
                continue
            assert words[0] == "leadsync", line
            done = project.run(*words[1:])
            assert done.exit_code in ((0, 3) if "--budget" in words else (0,)), (line, done.stderr)
            ran.append(words[1])
            if words[1] == "init":
                _write(tmp_path, vendor.api_key)
        costs = re.search(r"at most (\d+) export credits", heading)
        assert _charged(vendor, "search") - searched <= (int(costs[1]) if costs else 0), heading
        spent = _charged(vendor, "reveal_email", "reveal_phone")
        assert spent == 0 or int(heading[0]) >= 6, heading
    assert ran[:3] == ["init", "doctor", "plan"]
    assert ran[-3:] == ["sync", "sync", "status"]
    assert 0 < _charged(vendor, "reveal_email", "reveal_phone") <= 40
    assert _charged(vendor, "search") > 0
    assert project.one("SELECT count(*) FROM crm.people") == 5
    bought = "FROM crm.credit_spend WHERE kind <> 'export'"
    low, high = project.sql(f"SELECT sum(amount_min) / 100, sum(amount_max) / 100 {bought}")[0]
    assert low <= _charged(vendor, "reveal_email", "reveal_phone") <= high <= 40
