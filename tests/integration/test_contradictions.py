"""Where the vendor's pages contradict themselves, or leave open what the sandbox has a switch for: each side is tried.

K1 to K19 are contradictions between its pages, or between them and what public clients met. Nothing to show in a client
that searches people, reveals, verifies and enriches:

- K8, K18: names only. The same endpoint has three names in prose, and "/organizations" is spoken of where the paths say
  "/organisation"; the paths are one page's each and agree.
- K12, K15: the company search (businessModel "Service" or "Services", 500 pages deep or 100), which is not built.

After them the open questions of errors (13.1, 13.2), limits (13.3) and asynchronous answers (13.4), by switch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from enrichment.settlement import Settlement
from sandbox import Receiver, Server, running
from sandbox.behaviour import DeliverableWord, ErrorBody, FinishedForm, PendingForm, SearchCharge, VerifyTracking
from sources.clock import SYSTEM_CLOCK
from sources.clodura.client import CloduraClient, make_transport
from sources.clodura.credits import Balance, Counter
from sources.clodura.enriched import read_contact
from sources.clodura.filters import SearchRequest, parse_filters
from sources.clodura.records import Page
from sources.clodura.requests import EnrichContact, RevealEmail
from sources.clodura.tables import organization_row, person_row
from sources.clodura.walks import walk
from sources.clodura.windows import Coverage, PageRead, Reading
from sources.clodura.words import Says, says
from sources.errors import ConfigurationError, KeyRefused, NotEntitled, NotProven, OutOfCredits
from sources.providers import Channel, EmailStatus, Outcome, Via
from sources.transport import Answered
from tests.integration.wire import Exchange, answer, message, serving
from tests.support.clodura import Sent, ask, reveal, verify

PLANS = ("multi_provider", "standard")
ANYBODY = parse_filters("test", {})
EXAMPLE_COMPANY = "2389402640191586304"


@pytest.fixture(scope="module")
def sandbox_process() -> Iterator[Server]:
    """Fewer people than elsewhere: each test starts them anew."""
    with running(people=200, seed=1) as server:
        yield server


def page(server: Server, settings: Mapping[str, Any] | None = None, number: int = 1) -> Page:
    filters = parse_filters("test", settings or {})
    return ask(server.url, lambda client: client.search(filters, number))


def rows(found: Page) -> list[tuple[object, object]]:
    """What a page comes to, in people and organizations."""
    return [(person_row(record), organization_row(record)) for record in found.records]


def truth(server: Server, *, email: bool = False, phone: bool = False, own: bool = True) -> Mapping[str, Any]:
    """Somebody who has what is asked for; ``own``: the vendor itself knows it, so that every plan finds it."""
    for person in server.people():
        mail, numbers = person["email"] or {}, person["phones"]
        if email and not (mail and mail["in_database"] is own):
            continue
        if phone and not (numbers and person["phone_in_database"] is own):
            continue
        return person
    raise AssertionError("there is no such person")


def nobody(server: Server) -> Mapping[str, Any]:
    """Somebody of whom neither address nor number can be found."""
    return next(person for person in server.people() if not person["email"] and not person["phones"])


def values(settled: Settlement) -> set[str]:
    return {email.email for email in settled.emails} | {phone.number for phone in settled.phones}


def bounds(settled: Settlement) -> tuple[int, int]:
    return sum(c.amount_min for c in settled.charges), sum(c.amount_max for c in settled.charges)


def revealed(
    server: Server, channel: Channel, person: Mapping[str, Any], plan: str = "multi_provider", **options: Any
) -> tuple[Sent, Settlement]:
    """A reveal, and what its webhook settles."""
    with Receiver() as receiver:
        sent = reveal(server, channel, person, receiver.url(), plan, **options)
        [post, *_] = receiver.wait()
    return sent, sent.settled(post.body, country=person["country"])


# Contradictions.


def test_k01_pages_1_to_100_and_never_1100(sandbox_server: Server) -> None:
    """One rendering of the search page reads "1100", the other "1-100"."""
    assert page(sandbox_server, number=100).records == []
    for number in (0, 101, 1100):
        with pytest.raises(ValidationError):
            SearchRequest(page=number)

    def full(exchange: Exchange) -> None:
        asked = json.loads(exchange.request.body)
        people = [{"personId": f"{asked['page']}.{place}"} for place in range(asked["perPage"])]
        exchange.write(message(200, json.dumps(people).encode(), {}))

    async def take(read: PageRead) -> int:
        return 0

    with serving(full) as host:  # a vendor who serves more
        report = ask(host.url, lambda client: walk(client, ANYBODY, take, Reading()))
    assert sorted(json.loads(request.body)["page"] for request in host.requests) == list(range(1, 101))
    assert report.coverage is Coverage.TRUNCATED


def test_k02_a_string_or_an_array(sandbox_server: Server) -> None:
    """Location, size and country are strings in the table and arrays in the example."""
    arrays = page(sandbox_server)
    sandbox_server.set_behaviour(location_form="string")
    strings = page(sandbox_server)
    assert isinstance(arrays.records[0]["personCity"], list)
    assert isinstance(strings.records[0]["personCity"], str)
    assert rows(arrays) == rows(strings)


def test_k03_what_a_search_costs(sandbox_server: Server) -> None:
    """Every record, only those viewed before, every request: the people are the same, and an empty account is told."""
    found = []
    for rule in get_args(SearchCharge):
        sandbox_server.reset(behaviour={"search_charge": rule})
        found.append(rows(page(sandbox_server)))
        charged = sum(charge["amount"] for charge in sandbox_server.books()["charges"])
        assert charged == {"every": 10_000, "request": 100}.get(rule, 0)
        sandbox_server.reset(credits=0, behaviour={"search_charge": rule, "search_marks_viewed": True})
        if charged:
            with pytest.raises(OutOfCredits):
                page(sandbox_server)
    assert all(rows_ == found[0] for rows_ in found)


def test_k04_a_size_that_is_not_among_the_sizes(sandbox_server: Server) -> None:
    """The example shows "51-100"; the list has "51 - 200", with blanks."""
    sizes = {organization_row(record)["employee_size"] for record in page(sandbox_server, CLODURA).records}  # type: ignore[index]
    assert sizes == {"51-100"}
    with pytest.raises(ConfigurationError, match="'51-100' is not one of"):
        parse_filters("test", {"company_employee_size": ["51-100"]})
    assert page(sandbox_server, {"company_employee_size": "51 - 200"}).records


CLODURA = {"company_domain": ["clodura.ai"]}


def test_k05_the_sample_call_with_fields_that_do_not_exist(sandbox_server: Server) -> None:
    """The overview sends ``name`` and ``organisationName``, and no page; the search page knows neither."""
    for field in ("name", "organisationName"):
        with pytest.raises(ConfigurationError, match="no such filter"):
            parse_filters("test", {field: "Clodura.AI"})
    with serving(answer(200, b"[]")) as host:
        ask(host.url, lambda client: client.search(parse_filters("test", {"organization_name": "Clodura.AI"}), 1))
    [request] = host.requests
    assert json.loads(request.body) == {"organizationName": "Clodura.AI", "page": 1, "perPage": 100}


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.PHONE])
def test_k06_a_reveal_that_needs_a_paid_plan_or_does_not(sandbox_server: Server, channel: Channel) -> None:
    """403 "requires a paid plan", yet Free Forever is listed as receiving answers."""
    person = truth(sandbox_server, email=True, phone=True)
    assert revealed(sandbox_server, channel, person)[1].outcome is Outcome.FOUND
    sandbox_server.set_behaviour(not_entitled=[f"reveal_{channel}"])
    refused = reveal(sandbox_server, channel, person)
    decided = refused.decision()
    assert (refused.answer.status, decided.state, decided.halt) == (403, "planned", "operation")
    other = Channel.PHONE if channel is Channel.EMAIL else Channel.EMAIL
    assert reveal(sandbox_server, other, person).decision().state == "accepted"


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.PHONE])
def test_k07_nothing_to_be_found_is_told_at_once_or_later(sandbox_server: Server, channel: Channel, plan: str) -> None:
    """404 "no email located" in the tables of endpoints that answer at once with a tracking id."""
    sandbox_server.reset(plan=plan)
    later, settled = revealed(sandbox_server, channel, nobody(sandbox_server), plan)
    assert later.decision().state == "accepted"
    assert (settled.outcome, bounds(settled), later.charged) == (Outcome.NOT_FOUND, (0, 0), 0)
    sandbox_server.reset(plan=plan, behaviour={"not_found": "404"})
    at_once = reveal(sandbox_server, channel, nobody(sandbox_server), plan=plan)
    decided = at_once.decision()
    assert at_once.answer.status == 404
    assert (decided.state, decided.outcome, at_once.charged) == ("settled", Outcome.NOT_FOUND, 0)


def test_k09_pending_with_200_or_with_202_alone(sandbox_server: Server) -> None:
    """``Pending`` is listed for the 200 and the webhook, and said to be "only seen in 202"."""
    address = truth(sandbox_server, email=True)["email"]["address"]
    for with_200 in (True, False):
        sandbox_server.set_behaviour(verify_pending_200=with_200, verify_webhook_first=True)
        with Receiver() as receiver:
            sent = verify(sandbox_server, address, receiver.url(), deep=True)
            pending, verdict = receiver.wait(2)
        assert sent.answer.status == (200 if with_200 else 202)
        assert sent.decision().state == "accepted"
        assert json.loads(pending.body)["verificationStatus"] == "Pending"
        assert sent.read(pending.body).outcome is None
        assert sent.read(verdict.body).outcome is Outcome.FOUND


def test_k10_an_allowance_that_is_a_string_or_a_number(sandbox_server: Server) -> None:
    """``maxContacts`` is a string, ``maxDirectDials`` an integer."""
    sandbox_server.reset(plan="standard", credits=200)
    told = json.loads(sandbox_server.request("GET", "/api/v1/credits").body)
    assert (type(told["maxContacts"]), type(told["maxDirectDials"])) == (str, int)
    turned = {**told, "maxContacts": int(told["maxContacts"]), "maxDirectDials": str(told["maxDirectDials"])}
    with serving(answer(200, json.dumps(turned).encode())) as host:
        both = [ask(url, lambda client: client.credits()) for url in (sandbox_server.url, host.url)]
    assert both == [Balance("standard", emails=Counter(0, 20_000), phones=Counter(0, 20_000))] * 2


@pytest.mark.parametrize("variant", range(7))
def test_k11_not_found_in_every_spelling(sandbox_server: Server, variant: int) -> None:
    """``not found`` for e-mails, ``notFound`` for phones, mixed case elsewhere."""
    sandbox_server.set_behaviour(variant=variant)
    own = re.compile(rb"not ?found", re.IGNORECASE)
    for channel in (Channel.EMAIL, Channel.PHONE):
        with Receiver() as receiver:
            sent = reveal(sandbox_server, channel, nobody(sandbox_server), receiver.url())
            [post] = receiver.wait()
        assert own.search(post.body)
        for spelling in (b"not found", b"notFound", b"NOT_FOUND", b"Not Found"):
            assert says(spelling.decode()) is Says.NOT_FOUND
            settled = sent.settled(own.sub(spelling, post.body))
            assert (settled.outcome, values(settled), bounds(settled)) == (Outcome.NOT_FOUND, set(), (0, 0)), spelling


def test_k13_the_wrong_one_of_two_hosts_is_named(sandbox_server: Server) -> None:
    """``api.clodura.ai`` in the docs, ``app.clodura.ai`` in an older guide: either may be set.

    The wrong one answers 404 to everything, which must not be read as "nobody found".
    """
    for host in ("https://api.clodura.ai", "https://app.clodura.ai"):
        assert make_transport(host, "key").base_url == host
    assert page(sandbox_server, {"first_name": "Nobody"}).records == []
    sandbox_server.set_behaviour(serves_api=False)
    with pytest.raises(NotProven, match=r"api\.clodura\.ai or app\.clodura\.ai"):
        page(sandbox_server, {"first_name": "Nobody"})


def test_k14_a_title_that_is_one_text_or_a_list(sandbox_server: Server) -> None:
    """``personTitle`` is an array in the docs, and a single string in an older guide."""
    one, several = (parse_filters("test", {"person_title": title}) for title in ("CEO", ["CEO"]))
    assert one.wire() == several.wire() == {"personTitle": ["CEO"]}
    found = page(sandbox_server, {"person_title": "CEO"})
    record = dict(found.records[0])
    assert isinstance(record["personTitle"], list)
    assert person_row({**record, "personTitle": record["personTitle"][0]})["title"] == person_row(record)["title"]


@pytest.mark.parametrize("partners", ["flag", "plan"])
def test_k16_partners_are_asked_by_the_flag_or_by_the_plan(sandbox_server: Server, partners: str) -> None:
    """Without the flag, on a multi-provider plan: is the answer the vendor's own, or that of all providers?"""
    sandbox_server.set_behaviour(phone_partners=partners)
    person = truth(sandbox_server, phone=True, own=False)
    sent, settled = revealed(sandbox_server, Channel.PHONE, person, partners=False)
    assert sent.ask.parameters["revealPhoneNumberViaPartners"] is False
    expected = {phone["e164"] for phone in person["phones"]} if partners == "plan" else set()
    assert (settled.outcome is Outcome.FOUND, values(settled)) == (bool(expected), expected)
    assert bounds(settled)[0] <= sent.charged <= bounds(settled)[1]


def test_k17_no_match_is_404_or_a_200_without_data(sandbox_server: Server) -> None:
    """404 for search and reveals, 200 with no data for an enrichment; and each the other way round."""
    for form in ("404", "array"):
        sandbox_server.set_behaviour(empty_search=form)
        assert page(sandbox_server, {"first_name": "Nobody"}).records == []
    request = EnrichContact(email="a@nowhere.example")
    for form, status in (("empty", 200), ("message", 200), ("404", 404)):
        sandbox_server.set_behaviour(contact_no_match=form)

        async def enrich(client: CloduraClient) -> object:
            async with client.transport.paid_slot() as slot:
                return await client.enrich_contact(slot, request)

        outcome = ask(sandbox_server.url, enrich)
        assert isinstance(outcome, Answered)
        assert outcome.answer.status == status
        assert read_contact(outcome.answer.body, request.body()).matched is False
    assert sandbox_server.books()["charges"] == []


def test_k19_credits_that_are_charged_and_have_no_counter(sandbox_server: Server) -> None:
    """A reveal costs an unlock and an export credit; the balance counts the one and knows nothing of the other."""
    sandbox_server.reset(plan="standard", credits=200)
    person = next(
        p
        for p in sandbox_server.people()
        if p["email"] and p["email"]["kind"] == "deliverable" and p["email"]["in_database"]
    )
    sent, settled = revealed(sandbox_server, Channel.EMAIL, person, "standard")
    kinds = [(charge["kind"], charge["amount"]) for charge in sandbox_server.books()["charges"]]
    assert (
        [(charge.kind, charge.amount_max) for charge in settled.charges] == kinds == [("unlock", 100), ("export", 100)]
    )
    left = ask(sandbox_server.url, lambda client: client.credits())
    assert left == Balance("standard", emails=Counter(100, 20_000), phones=Counter(0, 20_000))
    assert sent.charged == 200


# 13.1 Status codes.


def test_q131_409_on_a_quick_repetition_or_none(sandbox_server: Server) -> None:
    """In no table of the vendor's, yet two public clients handle it."""
    person = truth(sandbox_server, email=True)
    sandbox_server.set_behaviour(conflict_seconds=60)
    first, again = (reveal(sandbox_server, Channel.EMAIL, person) for _ in range(2))
    assert (first.answer.status, again.answer.status) == (200, 409)
    assert again.decision().state == "planned"
    assert again.decision().delay >= 300
    assert again.decision(earlier_unresolved=True).state == "in_doubt"
    sandbox_server.set_behaviour(conflict_seconds=0)
    assert reveal(sandbox_server, Channel.EMAIL, person).decision().state == "accepted"


@pytest.mark.parametrize("free", [True, False])
def test_q131_a_repeated_reveal_is_free_or_charged_and_reads_the_same(sandbox_server: Server, free: bool) -> None:
    sandbox_server.set_behaviour(repeat_reveal_free=free)
    person = truth(sandbox_server, email=True)
    (sent, first), (_, second) = (revealed(sandbox_server, Channel.EMAIL, person) for _ in range(2))
    assert (values(first), first.outcome) == (values(second), second.outcome)
    assert person["email"]["address"] in values(first)
    amounts = [charge["amount"] for charge in sandbox_server.books()["charges"]]
    assert len(amounts) == (1 if free else 2)
    assert sent.charged == sum(amounts)


@pytest.mark.parametrize(
    ("fault", "state", "halt"),
    [
        ("400", "rejected", "nothing"),
        ("401", "planned", "run"),
        ("402", "planned", "provider"),
        ("403", "planned", "operation"),
        ("422", "rejected", "nothing"),
        ("429", "planned", "nothing"),
        ("500_before", "in_doubt", "nothing"),
        ("500_after", "in_doubt", "nothing"),
    ],
)
def test_q131_every_status_of_the_tables(sandbox_server: Server, fault: str, state: str, halt: str) -> None:
    """A 500 may come before or after the charge: nobody can tell, so the call is in doubt."""
    sandbox_server.set_behaviour(faults=[{"operation": "reveal_email", "fault": fault}])
    sent = reveal(sandbox_server, Channel.EMAIL, truth(sandbox_server, email=True))
    assert sent.answer.status == int(fault[:3])
    assert (sent.decision().state, sent.decision().halt) == (state, halt)


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("several", ["first", "refused"])
def test_q131_incomplete_requests_never_reach_the_vendor(sandbox_server: Server, several: str, status: int) -> None:
    """Which status refuses them, and which of several identifiers counts, is not said: we need not know."""
    sandbox_server.set_behaviour(several_identifiers=several, incomplete_status=status)
    assert sandbox_server.request("POST", "/api/v1/search/people/email/match", {"personId": "7"}).status == status
    for fields in (
        {"person_id": "7"},
        {"person_id": "7", "linkedin_url": "linkedin.com/in/k", "webhook_url": "https://x.io"},
    ):
        with pytest.raises(ConfigurationError):
            RevealEmail(**fields)
    assert len(sandbox_server.books()["requests"]) == 1


# 13.2 Error bodies.


@pytest.mark.parametrize("form", get_args(ErrorBody))
def test_q132_an_error_is_known_by_its_status_whatever_its_body(sandbox_server: Server, form: str) -> None:
    sandbox_server.set_behaviour(error_body=form)
    assert page(sandbox_server, {"first_name": "Nobody"}).records == []
    with pytest.raises(KeyRefused) as refused:
        ask(sandbox_server.url, lambda client: client.credits(), key="another")
    assert ("Invalid access credentials" in str(refused.value)) == (form in ("message", "error"))
    sandbox_server.set_behaviour(not_found="404", not_entitled=["search"])
    with pytest.raises(NotEntitled):
        page(sandbox_server)
    missing = reveal(sandbox_server, Channel.EMAIL, nobody(sandbox_server))
    assert (missing.answer.status, missing.decision().outcome) == (404, Outcome.NOT_FOUND)


@pytest.mark.parametrize("form", get_args(ErrorBody))
def test_q132_an_unknown_route_is_no_miss_where_it_says_so(sandbox_server: Server, form: str) -> None:
    """Of a host that is proven; one that is not is asked for nothing."""
    sandbox_server.set_behaviour(error_body=form, serves_api=False)
    sent = reveal(sandbox_server, Channel.EMAIL, {"person_id": "7"})
    says_nothing = form == "empty" or b"route" not in sent.answer.body.lower()
    assert (sent.decision().state == "settled") == says_nothing
    with pytest.raises(NotProven):
        page(sandbox_server)


def test_q132_a_front_door_refuses_the_names_of_libraries_not_ours(sandbox_server: Server) -> None:
    sandbox_server.set_behaviour(refused_user_agents=["python-httpx", "python-requests", "Python-urllib"])
    assert page(sandbox_server).records
    sandbox_server.set_behaviour(refused_user_agents=["leadsync"])
    with pytest.raises(NotEntitled):
        page(sandbox_server)


# 13.3 Limits.


@pytest.mark.parametrize(("form", "least"), [("none", 0.0), ("seconds", 1.0), ("date", 0.001)])
def test_q133_a_429_says_when_to_come_back_or_does_not(sandbox_server: Server, form: str, least: float) -> None:
    sandbox_server.set_behaviour(retry_after=form, faults=[{"operation": "reveal_email", "fault": "429"}])
    sent = reveal(sandbox_server, Channel.EMAIL, truth(sandbox_server, email=True), clock=SYSTEM_CLOCK)
    told = sent.answer.retry_after
    assert (told is None) == (form == "none")
    assert (told or 0.0) <= 2.0
    assert (sent.decision().state, sent.charged) == ("planned", 0)
    assert sent.decision().delay >= min(least, told or 0.0)


def test_q133_limits_that_the_vendor_enforces_refuse_and_charge_nothing(sandbox_server: Server) -> None:
    """Ten a second and so on are documented nowhere: whatever they are, a call too many goes out again later."""
    sandbox_server.set_behaviour(rate_limits=["1/day"])
    person = truth(sandbox_server, email=True)
    first, second = (reveal(sandbox_server, Channel.EMAIL, person) for _ in range(2))
    assert (first.decision().state, second.decision().state) == ("accepted", "planned")
    assert second.answer.status == 429


# 13.4 Asynchronous answers.


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.PHONE])
@pytest.mark.parametrize("form", ["tracking", "result", "no_id"])
def test_q134_a_submit_tells_an_id_a_result_or_neither(sandbox_server: Server, form: str, channel: Channel) -> None:
    sandbox_server.set_behaviour(submit_form=form, message_key="info")
    person = truth(sandbox_server, email=True, phone=True)
    sent, settled = revealed(sandbox_server, channel, person)
    assert (sent.tracking_id is None) == (form == "no_id")
    assert sent.decision().state == ("settled" if form == "result" else "accepted")
    assert settled.outcome is Outcome.FOUND


@pytest.mark.parametrize("form", get_args(PendingForm))
def test_q134_a_job_under_way_is_no_news_in_any_form(sandbox_server: Server, form: str) -> None:
    sandbox_server.set_behaviour(job_seconds=60, pending_form=form)
    for channel in (Channel.EMAIL, Channel.PHONE):
        sent = reveal(sandbox_server, channel, truth(sandbox_server, email=True, phone=True))
        reading = sent.read(sent.poll().body, Via.POLL)
        assert (reading.outcome, reading.emails, reading.phones, reading.charges) == (None, (), (), ())


@pytest.mark.parametrize("form", get_args(FinishedForm))
@pytest.mark.parametrize("plan", PLANS)
def test_q134_tracking_and_webhook_tell_the_same(sandbox_server: Server, plan: str, form: str) -> None:
    sandbox_server.reset(plan=plan, behaviour={"finished_form": form})
    person = truth(sandbox_server, email=True)
    sent, settled = revealed(sandbox_server, Channel.EMAIL, person, plan)
    assert person["email"]["address"] in values(settled)
    assert sent.settled(sent.poll().body, Via.POLL) == settled


def test_q134_a_result_that_is_no_longer_kept_is_no_miss(sandbox_server: Server) -> None:
    """How long tracking keeps a result is not said; its 404 must not settle a call that may have been charged."""
    sandbox_server.set_behaviour(result_kept_seconds=0.001, job_seconds=0)
    sent, settled = revealed(sandbox_server, Channel.EMAIL, truth(sandbox_server, email=True))
    assert settled.outcome is Outcome.FOUND
    late = sent.poll()
    assert (late.status, sent.read(late.body, Via.POLL).outcome) == (404, None)


@pytest.mark.parametrize(
    "behaviour",
    [
        {"webhook_copies": 3},
        {"webhook_retries": 2, "webhook_retry_seconds": 0.01},
        {"webhook_delay": 0.2},
        {"webhook_reorder": 3},
        {"webhook_before_answer": True},
    ],
    ids=lambda behaviour: next(iter(behaviour)),
)
def test_q134_webhooks_come_again_late_early_and_in_any_order(
    sandbox_server: Server, behaviour: dict[str, Any]
) -> None:
    """Each is known by person and job, and says the same however often it comes."""
    sandbox_server.set_behaviour(**behaviour)
    people = [person for person in sandbox_server.people() if person["email"] and person["email"]["in_database"]][:3]
    expected = 9 if {"webhook_copies", "webhook_retries"} & behaviour.keys() else 3
    with Receiver([500] * 9 if "webhook_retries" in behaviour else []) as receiver:
        sent = [reveal(sandbox_server, Channel.EMAIL, person, receiver.url()) for person in people]
        posts = [post.body for post in receiver.wait(expected)]
    for call, person in zip(sent, people, strict=True):
        own = [call.settled(body) for body in posts if not call.read(body).foreign]
        assert len(own) == expected // 3
        assert all(settled == own[0] for settled in own)
        assert person["email"]["address"] in values(own[0])


@pytest.mark.parametrize(
    "lost", [{"webhook": False}, {"webhook_lost_probability": 1.0}], ids=lambda lost: next(iter(lost))
)
def test_q134_a_webhook_that_never_comes_is_made_up_for_by_tracking(
    sandbox_server: Server, lost: dict[str, Any]
) -> None:
    sandbox_server.set_behaviour(**lost)
    with Receiver() as receiver:
        sent = reveal(sandbox_server, Channel.EMAIL, truth(sandbox_server, email=True), receiver.url())
        assert sent.polled().outcome is Outcome.FOUND
        assert receiver.posts == []


@pytest.mark.parametrize("charged", [True, False])
def test_q134_a_job_that_never_ends_is_never_an_end(sandbox_server: Server, charged: bool) -> None:
    sandbox_server.set_behaviour(drop_probability=1.0, dropped_charged=charged, job_seconds=0)
    sent = reveal(sandbox_server, Channel.EMAIL, truth(sandbox_server, email=True))
    assert (sent.decision().state, sent.charged > 0) == ("accepted", charged)
    assert sent.read(sent.poll().body, Via.POLL).outcome is None


@pytest.mark.parametrize("word", ["failed", "error", "Failure", "cancelled", "expired", "timeout"])
def test_q134_a_job_that_fails_in_any_word(sandbox_server: Server, word: str) -> None:
    """Only ``success`` is documented. Whether a failed job costs anything is not."""
    sandbox_server.set_behaviour(failed_word=word, faults=[{"operation": "reveal_email", "fault": "failed"}])
    sent, settled = revealed(sandbox_server, Channel.EMAIL, truth(sandbox_server, email=True))
    assert settled.outcome is Outcome.FAILED
    assert bounds(settled)[0] <= sent.charged <= bounds(settled)[1]


@pytest.mark.parametrize("word", get_args(DeliverableWord))
def test_q134_deliverable_in_one_word_or_in_two(sandbox_server: Server, word: str) -> None:
    sandbox_server.set_behaviour(deliverable_word=word)
    person = next(p for p in sandbox_server.people() if p["email"] and p["email"]["kind"] == "deliverable")
    _, settled = revealed(sandbox_server, Channel.EMAIL, person)
    best = {email.email: email.status for email in settled.emails}[person["email"]["address"]]
    assert best is EmailStatus.DELIVERABLE


@pytest.mark.parametrize("key", ["isAsync", "queued", ""])
def test_q134_a_202_confirms_under_any_name(sandbox_server: Server, key: str) -> None:
    sandbox_server.set_behaviour(verify_queued_key=key)
    sent = verify(sandbox_server, "k@clodura.ai", deep=True)
    assert (sent.answer.status, sent.decision().state, sent.tracking_id is None) == (202, "accepted", False)


@pytest.mark.parametrize("form", get_args(VerifyTracking))
def test_q134_tracking_knows_verifications_or_does_not(sandbox_server: Server, form: str) -> None:
    """Their ids are said to be for polling; no page names a path."""
    sandbox_server.set_behaviour(verify_tracking=form)
    sent = verify(sandbox_server, truth(sandbox_server, email=True)["email"]["address"], deep=True)
    assert sent.polled().outcome is (Outcome.FOUND if form in ("verdict", "people") else None)


@pytest.mark.parametrize("form", ["kept", "lost", "refused"])
def test_q134_a_queued_verification_without_a_webhook(sandbox_server: Server, form: str) -> None:
    sandbox_server.set_behaviour(verify_without_webhook=form)
    sent = verify(sandbox_server, truth(sandbox_server, email=True)["email"]["address"], None, deep=True)
    if form == "refused":
        assert (sent.decision().state, sent.charged) == ("rejected", 0)
    else:
        assert sent.polled().outcome is (Outcome.FOUND if form == "kept" else None)


@pytest.mark.parametrize("switch", ["verify_remembers", "repeat_verify_free"])
def test_q134_an_address_verified_again_is_answered_at_once_or_free(sandbox_server: Server, switch: str) -> None:
    sandbox_server.set_behaviour(**{switch: True})
    address = truth(sandbox_server, email=True)["email"]["address"]
    with Receiver() as receiver:
        first = verify(sandbox_server, address, receiver.url(), deep=True)
        [post] = receiver.wait()
        again = verify(sandbox_server, address, receiver.url(), deep=True)
        posts = receiver.wait(2)
    verdict = first.read(post.body).verification
    assert verdict is not None
    second = again.read(posts[1].body).verification
    assert second is not None
    assert (second.status, second.address) == (verdict.status, verdict.address)
    assert again.decision().state == ("settled" if switch == "verify_remembers" else "accepted")
    assert again.charged == (20 if switch == "verify_remembers" else 10)
