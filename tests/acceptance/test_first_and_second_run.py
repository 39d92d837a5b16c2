"""The main job: search, buy once, load; then the same again for nothing."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox import Server
from tests.support.project import Finished, Project

UNCHANGED = ("people", "organizations", "emails", "phones")


def _rows(project: Project) -> dict[str, list[tuple[object, ...]]]:
    return {table: project.sql(f"SELECT * FROM crm.{table} ORDER BY ALL") for table in UNCHANGED}


@dataclass(frozen=True)
class First:
    """The first run in an empty folder, and what the vendor knew after it."""

    project: Project
    done: Finished
    truth: list[dict[str, Any]]
    charged: int


@pytest.fixture(scope="module")
def first(vendor: Server, tmp_path_factory: pytest.TempPathFactory) -> First:
    vendor.reset(people=40, seed=3, behaviour={"job_seconds": 0.05})
    project = Project(tmp_path_factory.mktemp("first"), vendor)
    project.configure()
    done = project.sync()
    assert done.exit_code == 0, done.stderr
    return First(project, done, vendor.people(), sum(charge["amount"] for charge in project.charges()))


def test_everybody_found_is_bought_once_and_what_lands_is_the_truth(first: First) -> None:
    sql, done = first.project.sql, first.done
    assert sql("SELECT person_id FROM crm.people ORDER BY 1") == sorted((p["person_id"],) for p in first.truth)
    emails = {(p["person_id"], p["email"]["address"]) for p in first.truth if p["email"]}
    found = set(sql("SELECT person_id, email FROM crm.emails"))
    assert {person for person, _ in found} == {person for person, _ in emails}
    assert emails <= found  # other providers may add a guess
    phones = {(p["person_id"], phone["e164"]) for p in first.truth for phone in p["phones"]}
    assert set(sql("SELECT person_id, number FROM crm.phones")) == phones
    assert done.json["people_seen"] == done.json["people_new"] == 40
    assert done.json["calls_sent"] == done.json["calls_settled"] == 80
    assert done.json["emails_found"] == len(found)
    assert done.json["phones_found"] == len(phones)


def test_every_credit_charged_lies_within_the_bounds_of_the_books(first: First) -> None:
    sql, done = first.project.sql, first.done
    bought = "FROM crm.credit_spend WHERE operation <> 'search_people'"
    low, high = sql(f"SELECT sum(amount_min), sum(amount_max) {bought}")[0]
    assert low <= first.charged <= high
    assert first.charged > 0
    assert done.json["spent"] == {"credits": {"min": low / 100, "max": high / 100}}
    assert sql("SELECT count(*) FROM crm.credit_spend WHERE amount_max = 0") == [(0,)]
    searched = sql("SELECT sum(amount_min), sum(amount_max) FROM crm.credit_spend WHERE kind = 'export'")
    assert searched == [(0, 4000)]  # nobody knows whom of the 40 somebody of this account has viewed before
    assert done.json["search_spent"] == {"credits": {"min": 0, "max": 40}}
    per_call = sql("SELECT call_id FROM crm.credit_spend GROUP BY call_id HAVING count(*) > 1")
    assert per_call == []  # one pool on this plan


def test_every_table_and_view_is_filled(first: First) -> None:
    one = first.project.one
    for table in (
        *("people", "people_seen", "organizations", "emails", "phones", "provider_results", "credit_spend"),
        *("calls", "runs", "search_coverage", "leads", "spend_daily", "provider_hit_rate"),
    ):
        assert one(f"SELECT count(*) FROM crm.{table}") > 0, table
    assert one("SELECT count(*) FROM crm.leads") == 40
    assert first.project.sql("SELECT DISTINCT coverage FROM crm.search_coverage") == [("complete",)]
    assert first.project.sql("SELECT DISTINCT state FROM crm.calls") == [("settled",)]


def test_the_lead_shows_the_best_address_and_what_it_cost(first: First) -> None:
    sql = first.project.sql
    truth = {p["person_id"]: p for p in first.truth if p["email"] and p["email"]["kind"] == "deliverable"}
    shown = dict(sql("SELECT person_id, email FROM crm.leads WHERE email_status = 'deliverable'"))
    assert shown == {person_id: person["email"]["address"] for person_id, person in truth.items()}
    least, most = sql("SELECT sum(credits_min), sum(credits_max) FROM crm.leads")[0]
    bought = "FROM crm.credit_spend WHERE person_id IS NOT NULL"
    assert (least * 100, most * 100) == sql(f"SELECT sum(amount_min), sum(amount_max) {bought}")[0]


def test_stdout_holds_one_json_object_and_nothing_else(first: First) -> None:
    assert len(first.done.stdout.splitlines()) == 1
    assert set(json.loads(first.done.stdout)) >= {
        *("people_seen", "people_new", "people_changed", "calls_sent", "calls_settled", "calls_in_doubt"),
        *("emails_found", "phones_found", "spent", "truncated_windows", "exit_reason"),
    }


def test_the_second_run_buys_nothing_and_changes_no_row(first: First, bare: Project) -> None:
    """In a copy of the first one's folder; the vendor has the same people, and books that are empty again."""
    project = bare
    shutil.copytree(first.project.folder, project.folder, dirs_exist_ok=True)
    before = _rows(project)
    assert all(before.values())
    again = project.sync()
    assert again.exit_code == 0
    assert again.json["calls_sent"] == 0
    assert again.json["spent"]["credits"] == {"min": 0, "max": 0}
    assert (again.json["people_new"], again.json["people_changed"], again.json["people_unchanged"]) == (0, 0, 40)
    assert project.charges() == []
    assert _rows(project) == before  # the load ids included: no row was written again


def test_what_each_provider_is_worth_and_said_adds_up_to_what_was_spent(first: First) -> None:
    project = first.project
    spent = project.sql(
        "SELECT unit, sum(amount_min), sum(amount_max) FROM crm.credit_spend WHERE operation <> 'search_people'"
        " GROUP BY unit ORDER BY unit"
    )
    assert spent
    worth = "SELECT unit, sum(spent_min) * 100, sum(spent_max) * 100 FROM crm.provider_hit_rate"
    assert project.sql(f"{worth} WHERE found_by IS NULL GROUP BY unit ORDER BY unit") == spent
    said = "SELECT unit, sum(amount_min), sum(amount_max) FROM crm.provider_results"
    assert project.sql(f"{said} WHERE unit IS NOT NULL GROUP BY unit ORDER BY unit") == spent
    found = [project.one(f"SELECT count(DISTINCT call_id) FROM crm.{table}") for table in ("emails", "phones")]
    assert project.one("SELECT sum(found) FROM crm.provider_hit_rate WHERE found_by IS NULL") == sum(found)


def test_the_summary_for_people_names_the_database_and_a_query_to_paste(project: Project) -> None:
    done = project.run("sync", "--limit", "3")
    assert done.exit_code == 0
    assert str(project.folder / "leads.duckdb") in done.stdout
    assert "SELECT * FROM crm.leads" in done.stdout


@pytest.mark.thorough
def test_people_who_share_an_employer_leave_it_unchanged_on_the_next_run(project: Project, vendor: Server) -> None:
    """Records of one organization differ in what they tell; the order in which pages come must not matter."""
    vendor.reset(people=400, seed=5, behaviour={"job_seconds": 0.05, "latency": [0.0, 0.05]})
    assert project.sync("--enrich", "none").exit_code == 0
    before = project.sql("SELECT * FROM crm.organizations ORDER BY ALL")
    assert len(before) > 10
    for _ in range(2):
        assert project.sync("--enrich", "none").exit_code == 0
        assert project.sql("SELECT * FROM crm.organizations ORDER BY ALL") == before
