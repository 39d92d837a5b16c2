"""The reader against the sandbox: what is read of a reveal, in every shape it has, is what there was to be found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from enrichment.settlement import Settlement, settlement
from sandbox import Receiver, Server, running
from sources.clodura import payload, prices
from sources.providers import CONTACTS, Channel, Outcome, Via

PATHS = {Channel.EMAIL: "/api/v1/search/people/email/match", Channel.PHONE: "/api/v1/search/people/phone/match"}
TRACK = "/api/v1/search/people/track/"
PLANS = ("standard", "multi_provider")
#: "mixed" differs by person: it holds all of them
VARIANTS = ("mixed", *(pytest.param(variant, marks=pytest.mark.thorough) for variant in range(7)))
KINDS = {"deliverable": "deliverable", "unverified": "unverified", "guessed": "guessed"}
#: shapes of the sandbox that do not say how good an address is, or which provider found it
NOTHING_SAID: set[tuple[str, Channel, object]] = set()


@dataclass(frozen=True)
class Revealed:
    """Somebody, and every document there was about one reveal, by way and form."""

    person: Mapping[str, Any]
    documents: Mapping[str, bytes]
    charged: int

    def readings(self, channel: Channel, plan: str, tracking_id: str) -> Iterator[tuple[str, Settlement]]:
        for form, body in self.documents.items():
            via = Via.WEBHOOK if form == "webhook" else Via.POLL
            asked = {"personId": self.person["person_id"]}
            reading = payload.read(body, channel, plan, asked, tracking_id, via)
            assert not reading.foreign
            yield form, settlement(reading, self.person["country"])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running(people=400, seed=7) as process:
        yield process


def chosen(server: Server) -> list[Mapping[str, Any]]:
    """A few people of each sort: whom an address or a number is found for, by whom, how good, and nobody."""
    sorts: dict[object, Mapping[str, Any]] = {}
    for person in server.people():
        email = person["email"] or {}
        several = len(person["phones"]) > 1
        sorts.setdefault(("email", email.get("kind"), email.get("in_database"), email.get("provider")), person)
        sorts.setdefault(("phone", person["phone_provider"], several), person)
    return list({person["person_id"]: person for person in sorts.values()}.values())


def reveal_all(server: Server, plan: str, variant: object, channel: Channel) -> dict[str, Revealed]:
    server.reset(plan=plan, behaviour={"variant": variant, "job_seconds": 0})
    people = chosen(server)
    extra = {"revealPhoneNumberViaPartners": True} if channel is Channel.PHONE else {}
    with Receiver() as receiver:
        asked = {}
        for person in people:
            body = {"personId": person["person_id"], "webhookUrl": receiver.url(f"/{person['person_id']}"), **extra}
            asked[server.request("POST", PATHS[channel], body).json()["trackingId"]] = person
        posts = {post.path.strip("/"): post.body for post in receiver.wait(len(people))}
    polled = {}
    for form in ("people", "payload"):
        server.set_behaviour(finished_form=form)
        polled[form] = {tracking_id: server.request("GET", f"{TRACK}{tracking_id}").body for tracking_id in asked}
    amounts = {job["tracking_id"]: job["amount"] for job in server.books()["jobs"]}
    return {
        tracking_id: Revealed(
            person,
            {"webhook": posts[person["person_id"]], **{form: bodies[tracking_id] for form, bodies in polled.items()}},
            amounts[tracking_id],
        )
        for tracking_id, person in asked.items()
    }


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("plan", PLANS)
def test_an_address_is_read_as_it_is(server: Server, plan: str, variant: object) -> None:
    for tracking_id, revealed in reveal_all(server, plan, variant, Channel.EMAIL).items():
        truth = revealed.person["email"]
        for form, found in revealed.readings(Channel.EMAIL, plan, tracking_id):
            where = (form, revealed.documents[form])
            if truth is None or (plan == "standard" and not truth["in_database"]):
                assert (found.outcome, found.emails) == (Outcome.NOT_FOUND, ()), where
                assert all(result.value is None for result in found.results)
                continue
            assert found.outcome is Outcome.FOUND, where
            emails = {email.email: email for email in found.emails}
            best = emails.pop(truth["address"])
            assert best.status == truth["kind"], where
            assert best.found_by in ((None,) if plan == "standard" else (truth["provider"],)), where
            # another provider may have guessed another address before
            assert set(emails) <= {f"info.{truth['address']}"}, where
            assert all(email.status == "guessed" and email.found_by != truth["provider"] for email in emails.values())
            by = "clodura" if plan == "standard" else truth["provider"]
            assert {r.provider for r in found.results if r.value == truth["address"]} == {by}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("plan", PLANS)
def test_numbers_are_read_as_they_are(server: Server, plan: str, variant: object) -> None:
    for tracking_id, revealed in reveal_all(server, plan, variant, Channel.PHONE).items():
        truth = {phone["e164"] for phone in revealed.person["phones"]}
        for form, found in revealed.readings(Channel.PHONE, plan, tracking_id):
            where = (form, revealed.documents[form])
            assert found.outcome is (Outcome.FOUND if truth else Outcome.NOT_FOUND), where
            assert {phone.number for phone in found.phones} == truth, where
            if plan == "multi_provider":
                assert {phone.found_by for phone in found.phones} <= {revealed.person["phone_provider"]}, where


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("channel", CONTACTS)
def test_what_was_charged_lies_within_what_is_booked(
    server: Server, channel: Channel, plan: str, variant: object
) -> None:
    """And each provider that was asked has its row, once."""
    for tracking_id, revealed in reveal_all(server, plan, variant, channel).items():
        for form, found in revealed.readings(channel, plan, tracking_id):
            least, most = (sum(getattr(c, name) for c in found.charges) for name in ("amount_min", "amount_max"))
            assert least <= revealed.charged <= most <= prices.RESERVE[plan, channel], (form, revealed.documents[form])
            providers = [result.provider for result in found.results if result.value is None]
            assert len(providers) == len(set(providers))


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("channel", CONTACTS)
def test_no_answer_to_a_poll_before_the_end_is_news(server: Server, channel: Channel, plan: str) -> None:
    server.reset(plan=plan, behaviour={"job_seconds": 60})
    person = next(p for p in server.people() if p["email"] and p["phones"])
    body = {"personId": person["person_id"], "webhookUrl": "http://127.0.0.1:9/"}
    answer = server.request("POST", PATHS[channel], body)
    tracking_id = payload.tracking_id(answer.body)
    assert tracking_id == answer.json()["trackingId"]
    asked = {"personId": person["person_id"]}
    assert payload.read(answer.body, channel, plan, asked, tracking_id, Via.SUBMIT).outcome is None
    for form in ("status_word", "empty_object", "empty_people", "404", "person_status", "queued", "running"):
        server.set_behaviour(pending_form=form)
        polled = server.request("GET", f"{TRACK}{tracking_id}")
        reading = payload.read(polled.body, channel, plan, asked, tracking_id, Via.POLL)
        assert (reading.outcome, reading.charges) == (None, ()), form


@pytest.mark.parametrize("variant", range(7))
@pytest.mark.parametrize("channel", CONTACTS)
def test_the_result_in_the_answer_to_a_submit(server: Server, channel: Channel, variant: int) -> None:
    for plan in PLANS:
        server.reset(plan=plan, behaviour={"variant": variant, "submit_form": "result"})
        person = next(p for p in server.people() if p["phone_in_database"] and (p["email"] or {}).get("in_database"))
        body = {"personId": person["person_id"], "webhookUrl": "http://127.0.0.1:9/"}
        answer = server.request("POST", PATHS[channel], body).body
        asked = {"personId": person["person_id"]}
        reading = payload.read(answer, channel, plan, asked, payload.tracking_id(answer), Via.SUBMIT)
        found = settlement(reading, person["country"])
        values = {e.email for e in found.emails} | {p.number for p in found.phones}
        truth = {person["email"]["address"]} if channel is Channel.EMAIL else {p["e164"] for p in person["phones"]}
        assert (found.outcome, values) == (Outcome.FOUND, truth), answer
