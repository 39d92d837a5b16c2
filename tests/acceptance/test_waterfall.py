"""Two vendors in one run: the second is asked only where the first had nothing, each at its price, nobody twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from sandbox import Server
from tests.support.project import Project

BOTH = {"email_providers": ["clodura", "sixtyfour"], "phone_providers": ["clodura", "sixtyfour"], "batch_wait": 1}
QUICK = {"job_seconds": 0.05, "sixtyfour_job_seconds": 0.05, "sixtyfour_rate_limit": 0}


def asked_at_second(vendor: Server) -> list[tuple[str, str]]:
    """(operation, person) of everybody whom the second vendor was asked for."""
    jobs = vendor.books(vendor="sixtyfour")["jobs"]
    return [(job["operation"], lead["person_id"]) for job in jobs for lead in job["leads"]]


@pytest.mark.parametrize("people", [70, pytest.param(500, marks=pytest.mark.thorough)])
def test_the_second_is_asked_only_where_the_first_had_nothing(project: Project, vendor: Server, people: int) -> None:
    vendor.reset(people=people, seed=3, behaviour=QUICK)
    project.configure(enrichment=BOTH, sixtyfour={})
    done = project.sync()
    assert (done.exit_code, done.json["exit_reason"]) == (0, "done"), done.stderr
    truth = {person["person_id"]: person for person in vendor.people()}
    first = Counter((job["operation"], job["person_id"]) for job in vendor.books()["jobs"])
    assert first == {(kind, person): 1 for kind in ("reveal_email", "reveal_phone") for person in truth}
    missed = {
        *(("find_email", person) for person, known in truth.items() if not known["email"]),
        *(("find_phone", person) for person, known in truth.items() if not known["phones"]),
    }
    found_guessed = dict(
        project.sql("SELECT person_id, count(*) FROM crm.emails WHERE provider = 'clodura' GROUP BY ALL")
    )
    missed -= {("find_email", person) for person in found_guessed}
    assert Counter(asked_at_second(vendor)) == dict.fromkeys(missed, 1)
    assert len(vendor.books(vendor="sixtyfour")["jobs"]) < len(missed) / 5  # many in one request
    _adds_up(project, vendor)
    again = project.sync(load=False)
    assert (again.exit_code, again.json["calls_sent"]) == (0, 0)
    assert len(asked_at_second(vendor)) == len(missed)


def _adds_up(project: Project, vendor: Server) -> None:
    """What each vendor charged lies within the books, in its own unit; the hit rates say the same."""
    spent = {
        unit: (least, most)
        for unit, least, most in project.sql(
            "SELECT unit, sum(amount_min), sum(amount_max) FROM crm.credit_spend"
            " WHERE operation <> 'search_people' GROUP BY ALL"
        )
    }
    charged = sum(charge["amount"] for charge in project.charges())
    assert spent["credits"][0] <= charged <= spent["credits"][1]
    cents = vendor.books(vendor="sixtyfour")["totals"]["charged"]
    assert spent["cents"][0] <= cents <= spent["cents"][1]
    worth = dict(
        project.sql("SELECT provider, sum(found) FROM crm.provider_hit_rate WHERE found_by IS NULL GROUP BY ALL")
    )
    calls = dict(project.sql("SELECT provider, count(*) FROM crm.calls WHERE outcome = 'found' GROUP BY ALL"))
    assert worth == calls
    assert set(worth) == {"clodura", "sixtyfour"}


def test_a_vendor_without_credits_is_passed_over_and_asked_when_it_has_some(project: Project, vendor: Server) -> None:
    vendor.reset(people=20, seed=3, credits=0, behaviour=QUICK)
    project.configure(enrichment={**BOTH, "channels": ["email"]}, sixtyfour={}, clodura={"search_charge": "none"})
    dry = project.sync(load=False)
    assert dry.exit_code == 3, dry.stderr
    assert "Clodura has no credits left" in dry.stderr
    asked = asked_at_second(vendor)
    assert len(asked) == len(set(asked)) == 20
    found = {person for (person,) in project.ledger("SELECT DISTINCT person_id FROM emails")}
    assert found
    vendor.charge("pool", -100_000)
    done = project.sync(load=False)
    assert done.exit_code == 0, done.stderr
    assert {job["person_id"] for job in vendor.books()["jobs"]} == {p["person_id"] for p in vendor.people()} - found
    assert len(asked_at_second(vendor)) == 20


def test_the_cap_of_the_second_bounds_it_alone(project: Project, vendor: Server) -> None:
    vendor.reset(people=40, seed=3, behaviour=QUICK)
    caps: dict[str, Any] = {"enrichment.caps.sixtyfour": {"cents_per_run": 95}}
    project.configure(enrichment=BOTH, sixtyfour={}, **caps)
    done = project.sync(load=False)
    assert (done.exit_code, done.json["exit_reason"]) == (3, "cap"), done.stderr
    assert "enrichment.caps.sixtyfour.cents_per_run" in done.stderr
    assert 0 < vendor.books(vendor="sixtyfour")["totals"]["charged"] <= 9500
    assert len(vendor.books()["jobs"]) == 80  # and nothing of the first


def test_what_an_answer_may_not_cost_is_not_asked_for(project: Project, vendor: Server) -> None:
    vendor.reset(people=20, seed=3, behaviour=QUICK)
    caps: dict[str, Any] = {"enrichment.caps.sixtyfour": {"cents_per_answer": 10}}
    project.configure(enrichment=BOTH, sixtyfour={}, **caps)
    done = project.sync(load=False)
    assert done.exit_code == 0, done.stderr
    assert {operation for operation, _ in asked_at_second(vendor)} == {"find_email"}


def test_one_vendor_real_and_the_other_imitated_is_refused(project: Project, vendor: Server) -> None:
    project.configure(enrichment=BOTH, sixtyfour={"base_url": "https://api.sixtyfour.ai"})
    done = project.sync()
    assert done.exit_code == 2
    assert "sources.sixtyfour.base_url" in done.stderr
    assert vendor.books()["jobs"] == []
