"""Settings and the folder. What is said of wrong ones is held by docs/errors.md and its test; here is what they do."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Server
from tests.support.project import Project


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"searches": {"a": {"seniority": ["founder"]}}}, ["a.seniority", "'founder'", "Did you mean 'Founder'?"]),
        ({"clodura": {"plan": "prospect"}}, ["sources.clodura.plan", "'prospect'", "multi_provider, standard"]),
        ({"secrets": "[sources.clodura]\napi_key = 'canary with blanks'\n"}, ["api_key", "Paste it again"]),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_wrong_setting_names_itself_the_value_and_the_mend(
    project: Project, vendor: Server, settings: dict[str, dict[str, object]], told: list[str]
) -> None:
    project.configure(**settings)  # type: ignore[arg-type]
    done = project.sync()
    assert (done.exit_code, done.stdout) == (2, ""), done.stderr
    for text in told:
        assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert "canary" not in done.stderr
    assert vendor.books()["requests"] == []


def test_all_mistakes_are_told_at_once(project: Project) -> None:
    project.configure(enrichment={"channels": ["fax"], "flush_every": "often"}, webhook={"port": 70_000})
    done = project.sync()
    assert done.exit_code == 2
    for text in ("enrichment.channels", "enrichment.flush_every", "webhook.port"):
        assert text in done.stderr


def test_a_setting_nobody_knows_is_warned_of_with_the_nearest_one(project: Project) -> None:
    project.configure(enrichment={"flush_evry": 5})
    project.env["WEBHOOK__PUBLIC_ULR"] = "https://example.com"
    done = project.sync("--limit", "1", load=False)
    assert done.exit_code == 0
    assert "enrichment.flush_evry: leadsync has no such setting, it is ignored." in done.stderr
    assert "Did you mean 'flush_every'?" in done.stderr
    assert "Did you mean 'public_url'?" in done.stderr


@pytest.mark.parametrize(
    ("settings", "env", "named"),
    [
        ({"enrichment": {"max_credit_per_run": 5}}, {}, "Did you mean 'max_credits_per_run'?"),
        ({"enrichment": {"max_credits_per_week": 5}}, {}, "enrichment.max_credits_per_week"),
        ({"enrichment": {"max_search_credits": 5}}, {}, "Did you mean 'max_search_credits_per_run'?"),
        ({"enrichment.cap.clodura": {"credits_per_day": 40}}, {}, "enrichment.cap: leadsync has no such setting"),
        ({"enrichmnet": {"max_credits_per_run": 5}}, {}, "no section [enrichmnet], it is ignored. Did you mean"),
        ({"enrichmnet.caps.clodura": {"credits_per_day": 40}}, {}, "no section [enrichmnet]"),
        ({}, {"ENRICHMENT__MAX_CREDIT_PER_DAY": "5"}, "ENRICHMENT__MAX_CREDIT_PER_DAY: leadsync has no such setting"),
    ],
)
def test_a_misspelled_cap_stops_every_command_that_reads_it(
    bare: Project, vendor: Server, settings: dict[str, Any], env: dict[str, str], named: str
) -> None:
    """It would bound nothing, and nobody looks at a warning of an unattended run."""
    bare.configure(**settings)
    bare.env |= env
    done = bare.sync()
    assert done.exit_code == 2
    assert named in done.stderr
    assert "Nothing was sent or bought" in done.stderr
    assert vendor.books()["requests"] == []
    checks = {check["name"]: check["verdict"] for check in bare.run("doctor", "--json").json["checks"]}
    assert (checks["settings"], checks["spending"]) == ("failed", "skipped")


@pytest.mark.parametrize("name", ["max_credits_per_run", "max_credit_per_run"])
def test_so_does_one_outside_of_every_section(bare: Project, name: str) -> None:
    path = bare.folder / ".dlt" / "config.toml"
    path.write_text(f"{name} = 5\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    done = bare.run("plan")
    assert done.exit_code == 2
    assert f"{name} stands outside of every section and is ignored. Move it to [enrichment]" in done.stderr


def test_a_cap_on_a_provider_may_come_from_the_environment_too(project: Project) -> None:
    caps: dict[str, Any] = {"enrichment.caps.clodura": {"credits_per_month": 900, "credits_per_day": 40}}
    project.configure(**caps)
    project.env["ENRICHMENT__CAPS__CLODURA__CREDITS_PER_DAY"] = "12.5"
    done = project.run("plan", "--json")
    assert done.json["cost"]["credits"]["max"] == 12.5
    assert done.json["capped_by"] == {"credits": "enrichment.caps.clodura.credits_per_day"}
    assert "leadsync has no" not in done.stderr


def test_every_setting_may_come_from_the_environment(project: Project, vendor: Server) -> None:
    project.configure(searches={}, secrets="")
    project.env |= {
        "SOURCES__CLODURA__API_KEY": vendor.api_key,
        "SOURCES__CLODURA__SEARCHES__KNOWN__PERSON_ID": "3597524184265130552",
        "ENRICHMENT__CHANNELS": '["email"]',
        "PIPELINES__DATASET": "somewhere",
    }
    done = project.sync()
    assert done.exit_code == 0, done.stderr
    assert done.json["calls_sent"] == 1
    assert project.one("SELECT full_name FROM somewhere.leads") == "Kapil Khangaonkar"


@pytest.mark.thorough
def test_one_search_of_several_may_be_named(project: Project) -> None:
    project.configure(searches={"india": {"person_country": ["India"]}, "all": {}})
    assert project.sync("india", "--enrich", "none").json["people_seen"] < 40
    wrong = project.sync("indai")
    assert wrong.exit_code == 2
    assert "Did you mean 'india'?" in wrong.stderr


def test_values_of_open_lists_only_warn(project: Project) -> None:
    project.configure(searches={"odd": {"person_country": ["Inda"], "functional": ["Juggling"]}})
    done = project.sync("--enrich", "none", load=False)
    assert done.exit_code == 0
    assert "'Inda'" in done.stderr
    assert "Did you mean 'India'?" in done.stderr
    assert "'Juggling'" in done.stderr


@pytest.mark.parametrize("webhook", [{}, {"port": 8080}, {"mode": "poll"}])
def test_a_real_host_without_a_url_for_answers_is_refused_before_anything_is_spent(
    project: Project, webhook: dict[str, object]
) -> None:
    project.configure(clodura={"base_url": "https://api.clodura.ai"}, webhook=webhook)
    done = project.sync()
    assert done.exit_code == 2
    assert "webhook.public_url" in done.stderr
    assert "Nothing was sent" in done.stderr


def test_a_folder_is_for_the_sandbox_or_for_real_never_for_both(project: Project) -> None:
    assert project.sync("--limit", "1", load=False).exit_code == 0
    project.configure(
        clodura={"base_url": "https://api.clodura.ai"}, webhook={"mode": "poll", "public_url": "https://x.io"}
    )
    done = project.sync()
    assert done.exit_code == 2
    assert "imitated purchases" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--limit", "0"), "--limit"),
        (("--budget", "-3"), "--budget"),
        (("--enrich", "emails"), "Did you mean 'email'?"),
        (("--wait", "a while"), "--wait"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_wrong_usage_is_exit_2(project: Project, arguments: tuple[str, ...], told: str) -> None:
    done = project.sync(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_it_works_in_its_own_folder_and_leaves_nothing_elsewhere(project: Project) -> None:
    project.env["HOME"] = str(project.folder / "home")
    (project.folder / "home").mkdir()
    assert project.sync("--limit", "1").exit_code == 0
    assert len(list((project.folder / ".leadsync" / "dlt").glob("duckdb-crm-*/leadsync"))) == 1
    assert (project.folder / ".leadsync" / "ledger.db").stat().st_mode & 0o777 == 0o600
    assert not (project.folder / "home" / ".dlt").exists()


def test_a_wrong_toml_file_is_named(project: Project) -> None:
    (project.folder / ".dlt" / "config.toml").write_text("[enrichment\nchannels = 3")
    done = project.sync()
    assert done.exit_code == 2
    assert "config.toml" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_settings_file_that_is_no_text_or_may_not_be_read_is_not_called_bad_toml(project: Project) -> None:
    path = project.folder / ".dlt" / "config.toml"
    refused = project.run("status", prelude=REFUSED)
    assert refused.exit_code == 2
    assert ".dlt/config.toml cannot be opened (Permission denied)" in refused.stderr
    path.write_bytes(b"\xff\xfe[")
    binary = project.sync()
    assert binary.exit_code == 2
    assert ".dlt/config.toml is no text in UTF-8" in binary.stderr
    assert "Save it as UTF-8." in binary.stderr
    assert not any("TOML" in done.stderr or "line" in done.stderr for done in (refused, binary))


#: lets nobody read a file of settings; whoever runs the tests may be allowed to read all files
REFUSED = """
import builtins
opened = builtins.open
def refuse(file, *rest, **named):
    if str(file).endswith("config.toml"):
        raise PermissionError(13, "Permission denied", str(file))
    return opened(file, *rest, **named)
builtins.open = refuse
"""
