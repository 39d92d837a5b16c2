"""The database may vanish, change or be damaged: what was bought is in the ledger and lands again, at no cost."""

from __future__ import annotations

import shutil

import duckdb
import pytest

from sandbox import Server
from tests.support.project import Project

PEOPLE = 12
BOUGHT = ("emails", "phones", "provider_results", "credit_spend", "calls")


@pytest.fixture
def project(made: Project, vendor: Server) -> Project:
    vendor.reset(people=PEOPLE, seed=3, behaviour={"job_seconds": 0.05})
    return made


def _bought(project: Project, dataset: str = "crm") -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for table in BOUGHT:
        columns = [row[0] for row in project.sql(f"DESCRIBE {dataset}.{table}") if row[0] != "_dlt_load_id"]
        bought = "WHERE operation <> 'search_people'" if table == "credit_spend" else ""  # each run searches anew
        found[table] = project.sql(f"SELECT {', '.join(columns)} FROM {dataset}.{table} {bought} ORDER BY ALL")
    return found


def test_a_deleted_database_is_filled_again_from_the_ledger(project: Project, vendor: Server) -> None:
    project.sync()
    before, first_seen = _bought(project), project.sql("SELECT person_id, first_seen_at FROM crm.people ORDER BY 1")
    (project.folder / "leads.duckdb").unlink()
    done = project.sync()
    assert (done.exit_code, done.json["calls_sent"]) == (0, 0), done.stderr
    assert _bought(project) == before
    assert project.sql("SELECT person_id, first_seen_at FROM crm.people ORDER BY 1") == first_seen


@pytest.mark.thorough
def test_a_dropped_table_is_filled_again(project: Project) -> None:
    project.sync()
    before = _bought(project)
    with duckdb.connect(str(project.folder / "leads.duckdb")) as connection:
        connection.execute("DROP TABLE crm.emails CASCADE")
    done = project.sync()
    assert (done.exit_code, done.json["calls_sent"]) == (0, 0), done.stderr
    assert _bought(project) == before


def test_another_dataset_gets_everything_at_no_cost(project: Project) -> None:
    project.sync()
    done = project.sync("--dataset", "other")
    assert (done.exit_code, done.json["calls_sent"]) == (0, 0), done.stderr
    assert _bought(project, "other") == _bought(project)
    assert project.sync().exit_code == 0  # and the first one is still itself
    assert project.one("SELECT count(*) FROM crm.people") == PEOPLE


@pytest.mark.thorough
def test_losing_dlts_working_folder_loses_nothing(project: Project) -> None:
    project.sync()
    before = _bought(project)
    shutil.rmtree(project.folder / ".leadsync" / "dlt")
    done = project.sync()
    assert (done.exit_code, done.json["calls_sent"]) == (0, 0), done.stderr
    assert _bought(project) == before


def test_a_damaged_database_is_named_and_nothing_is_spent(project: Project, vendor: Server) -> None:
    (project.folder / "leads.duckdb").write_bytes(b"this is no database" * 1000)
    done = project.sync()
    assert done.exit_code == 1
    assert "leads.duckdb" in done.stderr
    assert "Move it aside" in done.stderr
    assert vendor.books()["requests"] == []


def test_the_file_and_the_dataset_must_not_share_a_name(project: Project, vendor: Server) -> None:
    project.configure(pipelines={"duckdb_path": "crm.duckdb", "dataset": "crm"})
    done = project.sync()
    assert done.exit_code == 2
    assert "same name" in done.stderr
    assert vendor.books()["requests"] == []


def test_an_unknown_destination_is_named_with_the_nearest_one(project: Project) -> None:
    done = project.sync("--destination", "duckbd")
    assert done.exit_code == 2
    assert "Did you mean 'duckdb'?" in done.stderr
