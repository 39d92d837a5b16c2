"""`enrich` and `find-email`: people a user already has, bought once however they are named, by each vendor in turn."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import pytest

from sandbox import Server
from tests.support.project import WITHOUT_LOADING, Project
from tests.support.second_vendor import with_sixtyfour

PEOPLE = 20
BOTH = {"email_providers": ["clodura", "sixtyfour"], "phone_providers": ["clodura", "sixtyfour"], "batch_wait": 0.2}


@pytest.fixture
def project(made: Project, vendor: Server) -> Project:
    vendor.reset(
        people=PEOPLE,
        seed=3,
        behaviour={"job_seconds": 0.05, "sixtyfour_job_seconds": 0.05, "sixtyfour_rate_limit": 0},
    )
    made.configure(enrichment=BOTH, sixtyfour={})
    return made


def write(project: Project, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """A list in the project's folder."""
    with (project.folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def by_profile(person: Mapping[str, Any]) -> dict[str, object]:
    return {"Full Name": f"{person['first_name']} {person['last_name']}", "LinkedIn": person["linkedin_url"]}


def asked(vendor: Server) -> int:
    """Jobs of the first vendor, and people asked for at the second."""
    second = vendor.books(vendor="sixtyfour")["jobs"]
    return len(vendor.books()["jobs"]) + sum(len(job["leads"]) for job in second)


def test_a_list_is_bought_once_and_what_names_nobody_is_told(project: Project, vendor: Server) -> None:
    people = [person for person in vendor.people() if person["linkedin_url"]][:8]
    rows = [by_profile(person) for person in people]
    write(project, "list.csv", [*rows, {"Full Name": "Nobody", "LinkedIn": ""}, rows[0]])
    done = project.run("enrich", "list.csv", "--json")
    assert done.exit_code == 0, done.stderr
    assert "linkedin_url = 'LinkedIn'" in done.stderr
    assert "1 of 10 rows name nobody: see" in done.stderr
    assert (done.json["people_seen"], done.json["rows"], done.json["rejected"]) == (8, 10, 1)
    told = (project.folder / "list.rejects.csv").read_text(encoding="utf-8-sig")
    assert "linkedin_url" in told
    assert (project.folder / "list.rejects.csv").stat().st_mode & 0o777 == 0o600
    assert project.one("SELECT count(*) FROM crm.people") == 8
    truth = {person["linkedin_url"].strip("/").rsplit("/", 1)[-1]: person for person in people}
    found = dict(project.sql("SELECT person_id, email FROM crm.leads WHERE email IS NOT NULL"))
    known = {
        f"linkedin:{slug}": person for slug, person in truth.items() if person["email"] or person["sixtyfour"]["email"]
    }
    assert set(found) == set(known)
    before = asked(vendor)
    again = project.run("enrich", "list.csv", "--json", prelude=WITHOUT_LOADING)
    assert (again.exit_code, again.json["calls_sent"]) == (0, 0)
    assert asked(vendor) == before


def test_by_profile_here_and_by_id_there_is_one_person(project: Project, vendor: Server) -> None:
    people = [person for person in vendor.people() if person["linkedin_url"]][:4]
    write(project, "list.csv", [by_profile(person) for person in people])
    assert project.run("enrich", "list.csv", "--enrich", "email", prelude=WITHOUT_LOADING).exit_code == 0
    before = asked(vendor)
    write(project, "ids.csv", [{"Clodura ID": person["person_id"], **by_profile(person)} for person in people[:2]])
    assert project.run("enrich", "ids.csv", "--enrich", "email", prelude=WITHOUT_LOADING).exit_code == 0
    assert asked(vendor) == before
    done = project.sync("--enrich", "email")  # shows all of them under the vendor's ids
    assert done.exit_code == 0, done.stderr
    assert done.json["people_seen"] == PEOPLE
    few = project.sync("--enrich", "none", "--limit", "10", load=False)
    assert few.json["people_seen"] == 10
    assert {job["person_id"] for job in vendor.books()["jobs"]} == {person["person_id"] for person in vendor.people()}
    assert max(_times(vendor).values()) == 1
    assert project.one("SELECT count(*) FROM crm.people") == PEOPLE
    write(project, "rest.csv", [by_profile(person) for person in vendor.people() if person["linkedin_url"]])
    last = project.run("enrich", "rest.csv", "--enrich", "email", "--json", prelude=WITHOUT_LOADING)
    assert (last.exit_code, last.json["calls_sent"]) == (0, 0)


def _times(vendor: Server) -> dict[str, int]:
    times: dict[str, int] = {}
    for job in vendor.books()["jobs"]:
        times[job["person_id"]] = times.get(job["person_id"], 0) + 1
    return times


def test_a_table_of_a_database_and_a_query_on_the_destination(project: Project, vendor: Server) -> None:
    people = vendor.people()[:3]
    with closing(sqlite3.connect(project.folder / "crm.db")) as connection:
        connection.execute("CREATE TABLE contacts (first TEXT, last TEXT, site TEXT)")
        rows = [(p["first_name"], p["last_name"], p["company_domains"][0]) for p in people]
        connection.executemany("INSERT INTO contacts VALUES (?, ?, ?)", rows)
        connection.commit()
    named = ["--map", "first_name=first", "--map", "last_name=last", "--map", "company_domain=site"]
    done = project.run("enrich", "sqlite:///crm.db", "--table", "contacts", *named, "--enrich", "email", "--json")
    assert (done.exit_code, done.json["people_seen"]) == (0, 3), done.stderr
    assert project.one("SELECT count(*) FROM crm.people WHERE source = 'list'") == 3
    query = ["--query", "SELECT * FROM crm.people"]
    more = project.run("enrich", *query, "--enrich", "email", "--json", prelude=WITHOUT_LOADING)
    assert (more.exit_code, more.json["people_seen"], more.json["calls_sent"]) == (0, 3, 0), more.stderr


def test_one_person_is_found_without_a_search(project: Project, vendor: Server) -> None:
    known = next(person for person in vendor.people() if person["email"] and person["email"]["kind"] == "deliverable")
    person = ["--name", f"{known['first_name']} {known['last_name']}", "--domain", known["company_domains"][0]]
    done = project.run("find-email", *person)
    assert done.exit_code == 0, done.stderr
    address, status, kind, provider = done.stdout.splitlines()[0].split("\t")
    assert (address, status, provider) == (known["email"]["address"], "deliverable", "clodura")
    assert kind == "company"
    again = project.run("find-email", *person, "--json", prelude=WITHOUT_LOADING)
    assert (again.json["emails"][0]["email"], again.json["calls_sent"]) == (address, 0)
    second = next(p for p in vendor.people() if not p["email"] and p["sixtyfour"]["email"])
    name = f"{second['first_name']} {second['last_name']}"
    other = ["--name", name, "--domain", second["company_domains"][0]]
    found = project.run("find-email", *other, "--json", prelude=WITHOUT_LOADING)
    assert found.exit_code == 0, found.stderr
    assert found.json["emails"][0]["provider"] == "sixtyfour"
    assert "find_email" in vendor.books(vendor="sixtyfour")["totals"]["requests"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["enrich", "nowhere.csv"], "There is no file 'nowhere.csv'"),
        (["enrich"], "Name a list"),
        (["find-email", "--name", "Ada Lovelace"], "company_domain, company_name or linkedin_url is missing"),
        (["find-email", "--name", "Ada"], 'Give first and last name, as in --name "Ada Lovelace", and the employer by'),
    ],
)
def test_wrong_usage_sends_nothing(project: Project, vendor: Server, arguments: list[str], told: str) -> None:
    done = project.run(*arguments)
    assert done.exit_code == 2
    assert told in done.stderr
    assert asked(vendor) == 0


def test_where_nobody_can_be_asked_find_email_says_so_and_what_it_takes(bare: Project, vendor: Server) -> None:
    """Clodura takes no employer's name; Sixtyfour does, and a person who was asked for is one who was not found."""
    person = ["find-email", "--name", "Ada Lovelace", "--company", "Analytical Engines"]
    bare.configure()
    done = bare.run(*person, prelude=WITHOUT_LOADING)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "Nobody could be asked for an address: for clodura this is too little of a person." in done.stderr
    assert "Give --domain or --linkedin as well." in done.stderr
    assert "No address was found" not in done.stderr
    told = bare.run(*person, "--json", prelude=WITHOUT_LOADING).json
    assert (told["emails"], told["lacking"]) == ([], ["company_domain", "linkedin_url"])
    assert asked(vendor) == 0

    with_sixtyfour(bare)
    done = bare.run(*person, "--json", prelude=WITHOUT_LOADING)
    assert (done.json["emails"], done.json["lacking"], done.json["calls_sent"]) == ([], None, 1), done.stderr
    assert "No address was found." in done.stderr
    bare.configure()
    assert bare.run(*person, "--json", prelude=WITHOUT_LOADING).json["lacking"] is None  # it was asked for before


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["find-email", "--name", "Ada Lovelace", "--domain", "example.com"], "find-email"),
        (["enrich", "people.csv"], "enrich"),
        (["verify", "ada@example.com"], "verify"),
        (["sync"], "sync"),
        (["plan", "--probe"], "plan --probe"),
    ],
)
def test_without_a_key_each_command_says_how_it_goes_without(bare: Project, arguments: list[str], command: str) -> None:
    bare.configure(secrets="")
    done = bare.run(*arguments)
    assert done.exit_code == 2
    assert f"Without a key: leadsync {command} --sandbox." in done.stderr
