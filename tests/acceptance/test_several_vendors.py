"""What a run with two vendors tells: who did what, in which unit, and what one that is passed over means."""

from __future__ import annotations

from typing import Any

from sandbox import Server
from tests.support.project import WITHOUT_LOADING, Finished, Project
from tests.support.second_vendor import with_sixtyfour

CAPS = {"cents_per_run": 5000}


def sync(project: Project, *arguments: str) -> Finished:
    return project.run("sync", "--json", "--enrich", "email", *arguments, prelude=WITHOUT_LOADING)


def shares(done: Finished) -> dict[str, dict[str, Any]]:
    return {row["provider"]: row for row in done.json["providers"]}


def test_each_vendor_is_told_by_what_it_was_asked_found_and_cost(bare: Project, vendor: Server) -> None:
    with_sixtyfour(bare, caps=CAPS)
    done = sync(bare)
    assert (done.exit_code, done.json["halted"]) == (0, []), done.stderr
    first, second = shares(done)["clodura"], shares(done)["sixtyfour"]
    missed = 40 - first["found"]
    assert (first["asked"], first["settled"], second["asked"], second["settled"]) == (40, 40, missed, missed)
    assert done.json["outcomes"]["found"] == first["found"] + second["found"]
    assert 0 < second["found"] < missed
    assert done.json["waterfall"] == {"email": ["clodura", "sixtyfour"]}
    books = vendor.books(vendor="sixtyfour")
    asked = sum(request["operation"].startswith("find") for request in books["requests"])
    assert (done.json["calls_sent"], done.json["purchases_sent"]) == (40 + asked, 40 + missed)
    assert asked < missed
    spent = done.json["spent"]
    assert {unit: (first if unit == "credits" else second)["spent"] for unit in spent} == spent
    charged = sum(charge["amount"] for charge in books["charges"]) / 100
    assert spent["cents"]["min"] <= charged <= spent["cents"]["max"] <= 5 * missed
    assert "warning: Nothing bounds" not in done.stderr

    again = sync(bare)
    assert again.json["spent"] == {"cents": {"min": 0, "max": 0}, "credits": {"min": 0, "max": 0}}
    assert (again.json["providers"], again.json["purchases_sent"]) == ([], 0)
    assert bare.run("status", "--json").json["spent"] == spent


def test_one_without_credits_is_passed_over_and_the_run_says_so(bare: Project, vendor: Server) -> None:
    with_sixtyfour(bare, caps=CAPS)
    vendor.set_behaviour(faults=[{"operation": "reveal_email", "fault": "402", "first": 1000}])
    done = sync(bare)
    assert (done.exit_code, done.json["exit_reason"]) == (3, "out_of_credits"), done.stderr
    (halted,) = done.json["halted"]
    assert (halted["provider"], halted["passed_over"], halted["exit_code"]) == ("clodura", 40, 3)
    assert "no credits left" in halted["message"]
    assert "For 40 people another provider was asked in its place." in done.stderr
    assert done.json["message"] == halted["message"]
    second = shares(done)["sixtyfour"]
    assert (second["asked"], second["found"]) == (40, done.json["outcomes"]["found"])
    assert done.json["spent"]["credits"] == {"min": 0, "max": 0}


def test_a_refused_key_of_the_second_fails_a_run_that_went_on(bare: Project, vendor: Server) -> None:
    with_sixtyfour(bare, caps=CAPS, key="another-account")
    done = sync(bare)
    assert (done.exit_code, done.json["exit_reason"]) == (1, "key_refused"), done.stderr
    assert "Sixtyfour refused the key (401)" in done.json["message"]
    first = shares(done)["clodura"]
    assert (first["asked"], first["settled"]) == (40, 40)
    assert done.json["calls_left"] == 40 - first["found"] > 0
    assert done.json["spent"]["cents"] == {"min": 0, "max": 0}
    assert vendor.books(vendor="sixtyfour")["charges"] == []


def test_what_was_left_at_a_vendor_that_is_asked_no_more_is_not_bought(bare: Project, vendor: Server) -> None:
    with_sixtyfour(bare, caps=CAPS)
    assert sync(bare, "--budget", "0").json["calls_left"] == 40
    nobody = {"everyone": {"person_country": ["Antarctica"]}}  # whom it shows is asked for elsewhere anyhow
    with_sixtyfour(bare, caps=CAPS, enrichment={"email_providers": ["sixtyfour"]}, searches=nobody)
    done = sync(bare)
    assert (done.exit_code, done.json["people_seen"], done.json["providers"]) == (0, 0, []), done.stderr
    assert not any(request["operation"] == "reveal_email" for request in vendor.books()["requests"])
