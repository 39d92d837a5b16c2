"""Every paid endpoint and the balance, over sockets: what is sent, what it finds, what it costs; and that once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import pytest

from sandbox import Receiver, Server, running
from sandbox.behaviour import ContactShape, CreditUsage, NoMatch, OrganizationShape, RemainingForm
from sources.clodura import payload
from sources.clodura.client import CloduraClient
from sources.clodura.credits import Balance, Counter
from sources.clodura.enriched import Enriched, read_contact, read_organization
from sources.clodura.requests import EnrichContact, EnrichOrganization, PaidRequest, RevealEmail, RevealPhone
from sources.errors import RequestRefused
from sources.providers import Ask, Basis, Channel, EmailStatus, Outcome, Via
from sources.transport import Answer, Answered, Lost, NeverSent, PaidOutcome
from tests.integration.wire import Act, answer, reset, serving
from tests.support.clodura import NOWHERE, ask, reveal, submit, verify

PLANS = ("multi_provider", "standard")
EXAMPLE_COMPANY = "2389402640191586304"
PARTS = ("include_technographics", "include_acquisitions", "include_funding")
#: verdicts of the verify-email page in the house's words
VERDICTS = {
    "Deliverable": EmailStatus.DELIVERABLE,
    "Undeliverable": EmailStatus.UNDELIVERABLE,
    "Risky (Catch-all)": EmailStatus.RISKY,
}


@pytest.fixture(scope="module")
def sandbox_process() -> Iterator[Server]:
    """Fewer people than elsewhere: each test starts them anew."""
    with running(people=300, seed=1) as server:
        yield server


def send(url: str, request: PaidRequest) -> PaidOutcome:
    """One paid request by the client's method for it."""

    async def question(client: CloduraClient) -> PaidOutcome:
        async with client.transport.paid_slot() as slot:
            match request:
                case RevealEmail():
                    return await client.reveal_email(slot, request)
                case RevealPhone():
                    return await client.reveal_phone(slot, request)
                case EnrichContact():
                    return await client.enrich_contact(slot, request)
                case EnrichOrganization():
                    return await client.enrich_organization(slot, request)
        raise AssertionError(request)

    return ask(url, question)


def answered(server: Server, request: PaidRequest) -> Answer:
    outcome = send(server.url, request)
    assert isinstance(outcome, Answered)
    return outcome.answer


def charged(server: Server) -> int:
    return sum(charge["amount"] for charge in server.books()["charges"])


def someone(server: Server, test: Callable[[Mapping[str, Any]], Any] = bool) -> Mapping[str, Any]:
    """Somebody of whom everything is known, and who shares name and address with nobody."""
    people = server.people()
    names = [(p["first_name"], p["last_name"], p["organization_id"]) for p in people]
    addresses = [p["email"]["address"] for p in people if p["email"]]
    for person, name in zip(people, names, strict=True):
        known = all(name) and person["email"] and person["linkedin_url"] and person["company_domains"]
        if known and names.count(name) == addresses.count(person["email"]["address"]) == 1 and test(person):
            return person
    raise AssertionError("nobody is known so well")


# Reveals.


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("way", ["person_id", "linkedin_url", "name"])
def test_an_address_is_found_by_each_way_of_naming_a_person(sandbox_server: Server, way: str, plan: str) -> None:
    sandbox_server.reset(plan=plan)
    person = someone(sandbox_server, lambda p: p["email"]["in_database"])
    ways: dict[str, tuple[str, ...]] = {"name": ("first_name", "last_name")}
    fields = {name: person[name] for name in ways.get(way, (way,))}
    if way == "name":
        fields["company_domain"] = person["company_domains"][0]
    with Receiver() as receiver:
        request = RevealEmail(**fields, webhook_url=receiver.url())
        submitted = answered(sandbox_server, request)
        [post] = receiver.wait()
    tracking_id = payload.tracking_id(submitted.body)
    reading = payload.read(post.body, Channel.EMAIL, plan, request.body(), tracking_id, Via.WEBHOOK)
    assert (reading.outcome, reading.foreign) == (Outcome.FOUND, False)
    assert person["email"]["address"] in {email.address for email in reading.emails}


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("way", ["person_id", "linkedin_url"])
def test_numbers_are_found_by_each_way_of_naming_a_person(sandbox_server: Server, way: str, plan: str) -> None:
    sandbox_server.reset(plan=plan)
    person = someone(sandbox_server, lambda p: p["phone_in_database"])
    with Receiver() as receiver:
        request = RevealPhone(**{way: person[way]}, webhook_url=receiver.url())
        submitted = answered(sandbox_server, request)
        [post] = receiver.wait()
    tracking_id = payload.tracking_id(submitted.body)
    reading = payload.read(post.body, Channel.PHONE, plan, request.body(), tracking_id, Via.WEBHOOK)
    numbers = {shown for phone in person["phones"] for shown in (phone["e164"], phone["shown"])}
    assert reading.outcome is Outcome.FOUND
    assert {phone.number for phone in reading.phones} <= numbers


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("partners", [True, False])
def test_partners_are_asked_only_where_wanted(sandbox_server: Server, partners: bool, plan: str) -> None:
    sandbox_server.reset(plan=plan)
    person = someone(sandbox_server, lambda p: p["phones"] and not p["phone_in_database"])
    with Receiver() as receiver:
        sent = reveal(sandbox_server, Channel.PHONE, person, receiver.url(), plan, partners)
        [post] = receiver.wait()
    found = sent.read(post.body)
    assert found.outcome is (Outcome.FOUND if partners else Outcome.NOT_FOUND)
    amounts = [sum(getattr(c, bound) for c in found.charges) for bound in ("amount_min", "amount_max")]
    assert amounts[0] <= sent.charged <= amounts[1]


@pytest.mark.parametrize("plan", PLANS)
def test_numbers_without_a_webhook_come_by_tracking(sandbox_server: Server, plan: str) -> None:
    sandbox_server.reset(plan=plan)
    person = someone(sandbox_server, lambda p: p["phone_in_database"])
    sent = reveal(sandbox_server, Channel.PHONE, person, None, plan, partners=False)
    assert sent.polled().outcome is Outcome.FOUND
    assert [job["webhook_url"] for job in sandbox_server.books()["jobs"]] == [None]


# What the engine has in its ledger, as it goes out.


@pytest.mark.parametrize(
    ("asked", "callback", "path", "body"),
    [
        (
            Ask("reveal_email", "7", {"personId": "7"}),
            "https://x.io/a",
            "/api/v1/search/people/email/match",
            {"personId": "7", "webhookUrl": "https://x.io/a"},
        ),
        (
            Ask("reveal_phone", "7", {"personId": "7", "revealPhoneNumberViaPartners": True}),
            "https://x.io/a",
            "/api/v1/search/people/phone/match",
            {"personId": "7", "revealPhoneNumberViaPartners": True, "webhookUrl": "https://x.io/a"},
        ),
        (
            Ask("reveal_phone", "7", {"personId": "7", "revealPhoneNumberViaPartners": False}),
            None,
            "/api/v1/search/people/phone/match",
            {"personId": "7", "revealPhoneNumberViaPartners": False},
        ),
        (
            Ask("verify_email", "k@x.io", {"email": "k@x.io", "deepVerification": True}),
            None,
            "/api/v1/verify/email",
            {"email": "k@x.io", "deepVerification": True},
        ),
    ],
)
def test_what_was_planned_goes_out_as_it_was_planned(
    asked: Ask, callback: str | None, path: str, body: dict[str, Any]
) -> None:
    with serving(answer(200, b'{"trackingId": "t"}')) as host:
        submit(Server(host.url, "sandbox-key"), asked, callback)
    [request] = host.requests
    assert (request.method, request.target, json.loads(request.body)) == ("POST", path, body)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Ask("reveal_email", "7", {"personId": "7"}), "reveal_email.webhook_url: is missing"),
        (Ask("reveal_phone", "7", {"personId": "7", "linkedinUrl": "linkedin.com/in/k"}), "which would count"),
        (Ask("reveal_phone", "7", {"personId": "7", "revealPhoneNumberViaPartners": True}), "webhook_url is missing"),
        (Ask("verify_email", "k", {"email": "k"}), "verify_email.email: the value is not one e-mail address"),
    ],
)
def test_a_planned_call_that_is_wrong_is_never_sent_and_never_in_doubt(
    sandbox_server: Server, asked: Ask, said: str
) -> None:
    sent = submit(sandbox_server, asked, None)
    assert isinstance(sent.outcome, NeverSent)
    assert said in sent.outcome.reason
    assert sent.decision().state == "rejected"
    assert sandbox_server.books()["requests"] == []


# Verifications.


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("finish", ["by_deep", "at_once", "queued"])
def test_a_verdict_comes_at_once_or_by_webhook(sandbox_server: Server, finish: str, deep: bool) -> None:
    """200 where it is finished, 202 where it is queued; the webhook says the same."""
    sandbox_server.set_behaviour(verify_finish=finish)
    address, verdict = next(
        (p["email"]["address"], p["email"]["verdict"]) for p in sandbox_server.people() if p["email"]
    )
    with Receiver() as receiver:
        sent = verify(sandbox_server, address, receiver.url(), deep=deep)
        [post] = receiver.wait()
    queued = finish == "queued" or (finish == "by_deep" and deep)
    assert sent.answer.status == (202 if queued else 200)
    at_once, posted = sent.read(sent.answer.body, Via.SUBMIT), sent.read(post.body)
    assert (at_once.outcome is None) == queued
    assert sent.decision().state == ("accepted" if queued else "settled")
    for reading in (posted, *(() if queued else (at_once,))):
        assert reading.verification is not None
        assert (reading.outcome, reading.verification.status) == (Outcome.FOUND, VERDICTS[verdict])
        assert [(c.amount_min, c.amount_max, c.basis) for c in reading.charges] == [
            (sent.charged, sent.charged, Basis.DOCUMENTED)
        ]
    assert sent.charged == (10 if deep else 4)


def test_every_verdict_is_met(sandbox_server: Server) -> None:
    """Of the sandbox's people, so that the test above may take anybody; and each is read as what it is."""
    by_verdict = {p["email"]["verdict"]: p["email"]["address"] for p in sandbox_server.people() if p["email"]}
    assert set(by_verdict) == set(VERDICTS)
    for verdict, address in by_verdict.items():
        sent = verify(sandbox_server, address, None)
        reading = sent.read(sent.answer.body, Via.SUBMIT)
        assert reading.verification is not None
        assert reading.verification.status is VERDICTS[verdict]


def test_a_queued_verdict_without_a_webhook_comes_by_tracking_where_it_does(sandbox_server: Server) -> None:
    address = next(p["email"]["address"] for p in sandbox_server.people() if p["email"])
    sent = verify(sandbox_server, address, None, deep=True)
    assert sent.polled().outcome is Outcome.FOUND
    sandbox_server.set_behaviour(verify_without_webhook="lost")
    assert sent.read(sent.poll().body, Via.POLL).outcome is None


def test_prospect_plans_are_told_that_they_cannot_verify(sandbox_server: Server) -> None:
    sandbox_server.reset(plan="standard")
    sent = verify(sandbox_server, "k@clodura.ai")
    assert (sent.answer.status, sent.decision().state, sent.decision().halt) == (403, "planned", "operation")


# The balance.


@pytest.mark.parametrize("form", get_args(RemainingForm))
def test_the_pool_is_told_in_every_form_and_fractional(sandbox_server: Server, form: str) -> None:
    sandbox_server.reset(credits=357, behaviour={"remaining_form": form, "credits_extra": form == "string"})
    verify(sandbox_server, "k@clodura.ai")
    found = ask(sandbox_server.url, lambda client: client.credits())
    assert found == Balance("multi_provider", pool=35_600 if form == "integer" else 35_696)


def test_counters_are_told_on_prospect_plans(sandbox_server: Server) -> None:
    sandbox_server.reset(plan="standard", credits=1000)
    person = someone(sandbox_server, lambda p: p["phone_in_database"])
    sent = reveal(sandbox_server, Channel.PHONE, person, plan="standard")
    assert sent.polled().outcome is Outcome.FOUND
    found = ask(sandbox_server.url, lambda client: client.credits())
    assert found == Balance("standard", emails=Counter(0, 100_000), phones=Counter(100, 100_000))


def test_a_plan_without_a_credits_page_is_refused_and_proves_nothing(sandbox_server: Server) -> None:
    sandbox_server.set_behaviour(credits_page=False)

    async def look(client: CloduraClient) -> bool:
        with pytest.raises(RequestRefused, match="404"):
            await client.credits()
        return client.proven

    assert not ask(sandbox_server.url, look)


# Contacts.


def combinations(person: Mapping[str, Any]) -> list[EnrichContact]:
    """The five of the enrich-contacts page."""
    first, last, address = person["first_name"], person["last_name"], person["email"]["address"]
    return [
        EnrichContact(linkedin_url=person["linkedin_url"]),
        EnrichContact(first_name=first, last_name=last, email=address),
        EnrichContact(email=address),
        EnrichContact(first_name=first, last_name=last, org_linkedin_url=person["organization_linkedin_url"]),
        EnrichContact(first_name=first, last_name=last, organisation_name=person["organization_name"]),
    ]


def test_a_contact_is_enriched_by_each_combination(sandbox_server: Server) -> None:
    person = someone(sandbox_server)
    for position, request in enumerate(combinations(person), start=1):
        found = read_contact(answered(sandbox_server, request).body, request.body())
        assert (found.matched, found.person_id, found.credits) == (True, person["person_id"], 200), request
        assert charged(sandbox_server) == 200 * position


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(shape, marks=() if shape in ("data", "flat") else pytest.mark.thorough)
        for shape in get_args(ContactShape)
    ],
)
def test_a_contact_is_read_in_every_shape(sandbox_server: Server, shape: str) -> None:
    """And what it cost, under every name."""
    person = someone(sandbox_server)
    nobody = EnrichContact(linkedin_url="https://www.linkedin.com/in/nobody-at-all/")
    employer = EnrichContact(first_name="Nobody", last_name="Atall", organisation_name=person["organization_name"])
    whole = EnrichContact(linkedin_url=person["linkedin_url"])
    ids = person["person_id"], person["organization_id"]
    told: list[tuple[EnrichContact, bool, tuple[str | None, str | None], int]] = [
        (whole, True, ids, 200),
        (employer, True, (None, ids[1]), 100),
        (nobody, False, (None, None), 0),
    ]
    for usage, (request, matched, found_ids, cost) in itertools.product(get_args(CreditUsage), told):
        sandbox_server.set_behaviour(contact_shape=shape, credit_usage=usage)
        before = charged(sandbox_server)
        body = answered(sandbox_server, request).body
        found = read_contact(body, request.body())
        assert charged(sandbox_server) - before == cost
        assert request.price[0] <= cost <= request.price[1]
        assert (found.matched, (found.person_id, found.organization_id)) == (matched, found_ids), body
        assert found.credits == (None if usage == "none" else cost), body
        assert (found.raw, found.document) == (body, json.loads(body))


@pytest.mark.parametrize("shape", get_args(ContactShape))
def test_nobody_is_nobody_in_every_form(sandbox_server: Server, shape: str) -> None:
    request = EnrichContact(email="a@nowhere.example")
    for form in get_args(NoMatch):
        sandbox_server.set_behaviour(contact_shape=shape, contact_no_match=form, credit_usage="none")
        got = answered(sandbox_server, request)
        assert (got.status, charged(sandbox_server)) == (404 if form == "404" else 200, 0)
        assert read_contact(got.body, request.body()).matched is False


# Companies.


@pytest.mark.parametrize("shape", get_args(OrganizationShape))
def test_a_company_is_enriched_at_the_price_of_its_parts(sandbox_server: Server, shape: str) -> None:
    sandbox_server.set_behaviour(organization_shape=shape)
    for flags in itertools.product([False, True], repeat=3):
        parts: dict[str, Any] = dict(zip(PARTS, flags, strict=True))
        request = EnrichOrganization(organisation_id=EXAMPLE_COMPANY, **parts)
        before = charged(sandbox_server)
        body = answered(sandbox_server, request).body
        found = read_organization(body, request.body())
        assert (found.matched, found.organization_id, found.person_id) == (True, EXAMPLE_COMPANY, None), body
        assert found.document == json.loads(body)
        assert request.price == (100, charged(sandbox_server) - before)


def test_a_company_is_found_by_its_linkedin_url_and_the_id_counts(sandbox_server: Server) -> None:
    person = someone(sandbox_server)
    url = person["organization_linkedin_url"]

    def found(**fields: str) -> Enriched:
        request = EnrichOrganization(**fields)  # type: ignore[arg-type]  # its flags are not given
        return read_organization(answered(sandbox_server, request).body, request.body())

    assert found(org_linkedin_url=url).organization_id == person["organization_id"]
    assert found(organisation_id=EXAMPLE_COMPANY, org_linkedin_url=url).organization_id == EXAMPLE_COMPANY


@pytest.mark.parametrize("shape", get_args(OrganizationShape))
def test_an_unknown_company_is_none_in_every_form(sandbox_server: Server, shape: str) -> None:
    request = EnrichOrganization(organisation_id="1000000000000000007")
    for form in get_args(NoMatch):
        sandbox_server.set_behaviour(organization_shape=shape, organization_no_match=form)
        got = answered(sandbox_server, request)
        assert got.status == (404 if form == "404" else 200)
        found = read_organization(got.body, request.body())
        assert (found.matched, found.organization_id) == (False, None)


# Once.

PAID: list[PaidRequest] = [
    EnrichContact(email="k@clodura.ai"),
    EnrichOrganization(organisation_id=EXAMPLE_COMPANY),
    RevealEmail(person_id="7", webhook_url=NOWHERE),
    RevealPhone(person_id="7"),
]


@pytest.mark.parametrize("act", [answer(429), answer(503), reset])
@pytest.mark.parametrize("request_", PAID, ids=lambda request: request.operation)
def test_a_paid_request_is_on_the_wire_once_whatever_comes_of_it(request_: PaidRequest, act: Act) -> None:
    with serving(act, answer(200)) as host:
        outcome = send(host.url, request_)
    [request] = host.requests
    assert json.loads(request.body) == request_.body()
    assert isinstance(outcome, Lost) == (act is reset)


@pytest.mark.parametrize("fault", ["500_before", "500_after", "reset_before", "reset_after"])
def test_an_enrichment_that_breaks_is_charged_once_at_most(sandbox_server: Server, fault: str) -> None:
    sandbox_server.set_behaviour(faults=[{"operation": "enrich_organization", "fault": fault}])
    outcome = send(sandbox_server.url, EnrichOrganization(organisation_id=EXAMPLE_COMPANY))
    assert isinstance(outcome, Lost) == fault.startswith("reset")
    assert charged(sandbox_server) == (100 if fault.endswith("after") else 0)
    assert len(sandbox_server.books()["requests"]) == 1
