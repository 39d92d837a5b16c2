"""Two vendors, one asked for what the other has not: webhooks that are signed, and caps in a unit of their own."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox import Server
from sandbox.sixtyfour.signing import signature_header
from tests.support.compared import assert_charges_within_bounds, assert_nothing_bought_twice, charged
from tests.support.forked import Forked
from tests.support.project import BOTH, Project, finish
from tests.support.receiving import post

SECRET = "/webhooks/signing-secret"
QUICK = {
    "job_seconds": 0.05,
    "sixtyfour_job_seconds": 0.05,
    "sixtyfour_rate_limit": 0,
    "sixtyfour_webhook_retries": 1,
    "sixtyfour_webhook_retry_seconds": 0.01,
}
#: only the second vendor, and only numbers: forty people in a request
NUMBERS: dict[str, Any] = {"channels": ["phone"], "phone_providers": ["sixtyfour"], "batch_wait": 0.3}


@pytest.fixture
def project(made: Project, vendor: Server) -> Project:
    vendor.set_behaviour(**QUICK)
    return made


def secret_of(vendor: Server) -> str:
    """A new signing secret of the vendor's."""
    return str(vendor.sixtyfour("POST", SECRET).json()["plaintext"])


def books(vendor: Server) -> dict[str, Any]:
    return vendor.books(vendor="sixtyfour")


def posted(vendor: Server) -> Counter[int]:
    """How the second vendor's webhooks were answered."""
    return Counter(entry["status"] for entry in books(vendor)["webhooks"])


def polls(vendor: Server) -> int:
    return sum(request["operation"] == "job_status" for request in books(vendor)["requests"])


def verdicts(project: Project) -> dict[tuple[str, str], int]:
    """What became of the second vendor's documents, by how they came."""
    query = "SELECT via, verdict, count(*) FROM inbox WHERE provider = 'sixtyfour' GROUP BY 1, 2"
    return {(via, verdict): count for via, verdict, count in project.ledger(query)}


def states(project: Project) -> dict[str, int]:
    return dict(project.ledger("SELECT state, count(*) FROM calls WHERE provider = 'sixtyfour' GROUP BY 1"))


def nothing_for_all(project: Project, operation: str) -> list[dict[str, Any]]:
    """A bulk result of a request for all whom we ask for so: nobody has a number."""
    query = f"SELECT parameters FROM calls WHERE operation = '{operation}' ORDER BY call_id"
    return [{**json.loads(parameters)["lead"], "phone": ""} for (parameters,) in project.ledger(query)]


@pytest.mark.parametrize("signed", ["with our secret", "with a newer one, too", "not, and we have none"])
def test_a_webhook_that_proves_itself_settles_every_call_of_its_request(
    project: Project, vendor: Server, signed: str
) -> None:
    """While a secret is being rolled there are two signatures, and one of them is by the secret that we know."""
    known = {} if signed.startswith("not") else {"webhook_secret": secret_of(vendor)}
    if "newer" in signed:
        assert vendor.sixtyfour("POST", f"{SECRET}/roll", {"expire_overlap_hours": 1}).status == 200
    project.configure(sixtyfour=known, enrichment={**NUMBERS, "webhook_grace": 20, "poll_interval": 20})
    done = project.sync(load=False)
    assert done.exit_code == 0, done.stderr
    [job] = books(vendor)["jobs"]
    assert len(job["leads"]) == states(project)["settled"] == 40
    assert (posted(vendor), polls(vendor), verdicts(project)) == ({200: 1}, 0, {("webhook", "applied"): 1})


@pytest.mark.parametrize("signed", ["with another secret", "too long ago", "not at all"])
def test_a_webhook_that_proves_nothing_is_kept_nowhere_and_its_result_is_fetched(
    project: Project, vendor: Server, signed: str
) -> None:
    ours = secret_of(vendor)
    if signed == "with another secret":
        secret_of(vendor)
    elif signed == "too long ago":
        vendor.set_behaviour(sixtyfour_webhook_clock=-301)
    else:
        assert vendor.sixtyfour("DELETE", SECRET).status == 204
    enrichment = {**NUMBERS, "webhook_grace": 0.2, "poll_interval": 0.1}
    project.configure(sixtyfour={"webhook_secret": ours}, enrichment=enrichment)
    done = project.sync(load=False)
    assert done.exit_code == 0, done.stderr
    assert states(project) == {"settled": 40}
    assert set(posted(vendor)) == {401}
    assert verdicts(project) == {("poll", "applied"): 1}
    assert "webhook_not_signed" in done.stderr
    assert ours not in done.stderr + done.stdout


class TestBesideServe:
    """`serve` hears what is posted, also when no run is at work."""

    @pytest.fixture
    def port(self) -> int:
        with socket.create_server(("127.0.0.1", 0)) as free:
            return int(free.getsockname()[1])

    @pytest.fixture
    def secret(self, vendor: Server, project: Project) -> str:
        return secret_of(vendor)

    @pytest.fixture
    def project(self, project: Project, vendor: Server, port: int) -> Project:
        vendor.set_behaviour(sixtyfour_job_seconds=300)
        return project

    def begun(self, project: Project, vendor: Server, port: int, secret: str, **enrichment: Any) -> list[Any]:
        """A run that leaves its jobs under way; the vendor's jobs."""
        project.configure(
            sixtyfour={"webhook_secret": secret}, webhook={"port": port}, enrichment={**NUMBERS, **enrichment}
        )
        done = project.sync("--wait", "0.1s", load=False)
        assert done.exit_code == 3, done.stderr
        found: list[Any] = books(vendor)["jobs"]
        return found

    def serve(self, project: Project) -> Forked:
        process = project.start("serve", "--json")
        assert any("Listening on " in line for line in process.stderr)
        return process

    def post(self, port: int, job: Any, body: object, secret: str, event: str, *, age: int = 0) -> int:
        raw = json.dumps(body).encode()
        headers = {"Sixtyfour_Signature": signature_header([secret], int(time.time()) - age, raw)}
        path = urlsplit(job["webhook_url"]).path
        return post(("127.0.0.1", port), path, raw, **headers, Sixtyfour_Event_Id=event)

    def test_only_what_is_signed_is_kept_and_an_event_once(
        self, project: Project, vendor: Server, port: int, secret: str
    ) -> None:
        [job] = self.begun(project, vendor, port, secret)
        result = nothing_for_all(project, "find_phone")
        told = {"task_id": job["task_id"], "status": "completed", "result": result}
        assert len(result) == 40
        service = self.serve(project)
        try:
            assert self.post(port, job, told, "sk_whsec_" + "0" * 64, "e-1") == 401
            assert self.post(port, job, told, secret, "e-1", age=301) == 401
            assert self.post(port, job, told, secret, "e-1") == 200
            other = {**told, "result": [{**item, "phone": "+14155550100"} for item in result]}
            assert self.post(port, job, other, secret, "e-1") == 200  # acknowledged, and not kept
        finally:
            service.send_signal(signal.SIGTERM)
        heard = finish(service).json
        assert (heard["kept"], heard["known"], heard["unsigned"], heard["waiting"]) == (1, 1, 2, 1)
        before = polls(vendor)
        done = project.sync(load=False)
        assert done.exit_code == 0, done.stderr
        assert dict(project.ledger("SELECT outcome, count(*) FROM calls GROUP BY 1")) == {"not_found": 40}
        assert polls(vendor) == before
        assert_nothing_bought_twice(project)

    def test_one_on_the_url_of_another_request_is_set_aside(
        self, project: Project, vendor: Server, port: int, secret: str
    ) -> None:
        """Both jobs are about the same people: what tells them apart is the job's id."""
        both = {"channels": ["email", "phone"], "email_providers": ["sixtyfour"]}
        jobs = {job["operation"]: job for job in self.begun(project, vendor, port, secret, **both)}
        result = nothing_for_all(project, "find_phone")
        told = {"task_id": jobs["find_phone"]["task_id"], "status": "completed", "result": result}
        service = self.serve(project)
        try:
            assert self.post(port, jobs["find_email"], told, secret, "e-1") == 200
            assert self.post(port, jobs["find_phone"], told, secret, "e-1") == 200
        finally:
            service.send_signal(signal.SIGTERM)
        assert finish(service).json["kept"] == 2
        done = project.sync("--wait", "0.1s", load=False)
        assert done.exit_code == 3, done.stderr
        query = "SELECT operation, state, count(*) FROM calls GROUP BY 1, 2"
        assert set(project.ledger(query)) == {("find_email", "accepted", 40), ("find_phone", "settled", 40)}
        assert verdicts(project) == {("webhook", "quarantined"): 1, ("webhook", "applied"): 1}


class TestCaps:
    def test_one_in_cents_cuts_a_request_and_the_next_run_buys_the_rest(self, project: Project, vendor: Server) -> None:
        """A number costs thirty cents: three fit. The first vendor is not touched by it."""
        capped: dict[str, Any] = {"enrichment.caps.sixtyfour": {"cents_per_run": 100}}
        numbers = {**BOTH, "channels": ["phone"]}
        project.configure(sixtyfour={}, enrichment=numbers, **capped)
        done = project.sync(load=False)
        assert (done.exit_code, done.json["exit_reason"]) == (3, "cap"), done.stderr
        assert "enrichment.caps.sixtyfour.cents_per_run is reached" in done.stderr
        assert done.json["spent"]["cents"]["max"] <= 100
        assert [len(job["leads"]) for job in books(vendor)["jobs"]] == [3]
        assert sum(charge["amount"] for charge in books(vendor)["charges"]) <= 100 * 100
        assert states(project).keys() == {"settled", "planned"}
        project.configure(sixtyfour={}, enrichment=numbers)
        rest = project.sync()
        assert (rest.exit_code, rest.json["calls_left"]) == (0, 0), rest.stderr
        assert_nothing_bought_twice(project)
        assert_charges_within_bounds(project)
        assert Counter(operation for operation, _ in charged(project)).keys() == {"reveal_phone", "find_phone"}

    def test_one_for_the_first_leaves_the_second_alone_and_nobody_is_asked_out_of_turn(
        self, project: Project, vendor: Server
    ) -> None:
        project.configure(sixtyfour={}, enrichment={**BOTH, "channels": ["phone"], "max_credits_per_run": 200})
        done = project.sync()
        assert (done.exit_code, done.json["exit_reason"]) == (3, "cap"), done.stderr
        missed = {person for (person,) in project.sql(
            "SELECT person_id FROM crm.calls WHERE provider = 'clodura' AND outcome = 'not_found'")}  # fmt: skip
        asked = {lead["person_id"] for job in books(vendor)["jobs"] for lead in job["leads"]}
        assert asked == missed != set()
        assert_charges_within_bounds(project)
