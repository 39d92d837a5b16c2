"""Both reveals on both families of plans: validation, identification, prices, shapes, webhook and tracking."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import Receiver, Response, Server
from sandbox.behaviour_json import VARIANTS
from sandbox.payloads import _SHAPES
from sandbox.values.providers import EMAIL_PRICES, PHONE_PRICES

EMAIL = "/api/v1/search/people/email/match"
PHONE = "/api/v1/search/people/phone/match"
TRACK = "/api/v1/search/people/track/"
UNKNOWN = "1000000000000000007"
HOOK = "http://127.0.0.1:9/"
AT_ONCE = {"job_seconds": 0}


def strings(value: object) -> Iterator[str]:
    """Every string in a JSON document, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from strings(member)


def reveal(server: Server, path: str, receiver: Receiver | None = None, **body: object) -> Response:
    return server.request("POST", path, {"webhookUrl": receiver.url() if receiver else HOOK, **body})


def track(server: Server, tracking_id: str) -> Any:
    return server.request("GET", f"{TRACK}{tracking_id}").json()


def everybody(server: Server, many: int = 100) -> Iterator[dict[str, Any]]:
    """People with the truth about them, a hundred at a time: most of those who are looked for are among the first."""
    for offset in range(0, 1000, many):
        yield from server.people(offset, many)


def someone(server: Server, **wanted: object) -> dict[str, Any]:
    """The first person whose truth has these values: email kind, email provider, in_database, phone_provider, ..."""
    for entry in everybody(server):
        facts = {**entry, **{f"email_{name}": value for name, value in (entry["email"] or {"kind": None}).items()}}
        if all(facts.get(name) == value for name, value in wanted.items()):
            return entry
    raise AssertionError(f"nobody has {wanted}")


def charges(server: Server) -> list[tuple[str, int]]:
    return [(charge["kind"], charge["amount"]) for charge in server.books()["charges"]]


# Validation.


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (EMAIL, {"webhookUrl": HOOK}, 422),
        (EMAIL, {"personId": UNKNOWN}, 422),
        (EMAIL, {"webhookUrl": HOOK, "firstName": "A", "lastName": "B"}, 422),
        (EMAIL, {"webhookUrl": HOOK, "firstName": "A", "companyDomain": "clodura.ai"}, 422),
        (EMAIL, {"webhookUrl": "ftp://example.org/", "personId": UNKNOWN}, 400),
        (EMAIL, {"webhookUrl": "no address", "personId": UNKNOWN}, 400),
        (EMAIL, {"webhookUrl": 7, "personId": UNKNOWN}, 400),
        (EMAIL, {"webhookUrl": HOOK, "personId": 3597524184265130552}, 400),
        (EMAIL, {"webhookUrl": HOOK, "linkedinUrl": "https://www.linkedin.com/sales/people/x"}, 400),
        (EMAIL, {"webhookUrl": HOOK, "firstName": "A", "lastName": "B", "companyDomain": "www.clodura.ai"}, 400),
        (EMAIL, {"webhookUrl": HOOK, "firstName": "A", "lastName": "B", "companyDomain": "clodura.ai/team"}, 400),
        (EMAIL, {"webhookUrl": HOOK, "firstName": "A", "lastName": "B", "companyDomain": ["clodura.ai"]}, 400),
        (EMAIL, b"{", 400),
        (PHONE, {}, 422),
        (PHONE, {"firstName": "A", "lastName": "B", "companyDomain": "clodura.ai", "webhookUrl": HOOK}, 422),
        (PHONE, {"personId": UNKNOWN, "revealPhoneNumberViaPartners": True}, 422),
        (PHONE, {"personId": UNKNOWN, "revealPhoneNumberViaPartners": "yes"}, 400),
        (PHONE, {"personId": UNKNOWN}, 200),
        (PHONE, {"personId": UNKNOWN, "revealPhoneNumberViaPartners": True, "webhookUrl": HOOK}, 200),
    ],
    ids=str,
)
def test_a_submit_is_validated(server: Server, path: str, body: object, status: int) -> None:
    assert server.request("POST", path, body).status == status
    assert len(server.books()["jobs"]) == (status == 200)


def test_the_status_of_an_incomplete_submit_is_a_switch(server: Server) -> None:
    server.set_behaviour(incomplete_status=403)
    assert server.request("POST", PHONE, {}).status == 403


# Prices and books.


@pytest.mark.parametrize("provider", EMAIL_PRICES)
def test_multi_provider_email_costs_what_the_finder_costs(server: Server, receiver: Receiver, provider: str) -> None:
    server.set_behaviour(**AT_ONCE)
    person = someone(server, email_provider=provider)
    answer = reveal(server, EMAIL, receiver, personId=person["person_id"])
    assert set(answer.json()) == {"trackingId", "message"}
    payload = json.loads(receiver.wait()[0].body)
    assert payload["trackingId"] == answer.json()["trackingId"]
    assert payload["status"] == "success"
    rows = {row["provider"]: row for row in payload["providers"]}
    assert rows[provider]["email"] == person["email"]["address"]
    assert charges(server) == [("pool", EMAIL_PRICES[provider])]
    job = server.books()["jobs"][0]
    assert job["outcome"] == "found"
    assert job["amount"] == EMAIL_PRICES[provider]
    assert job["webhook_url"] == receiver.url()
    assert job["finished"] >= job["created"]


@pytest.mark.parametrize(
    ("plan", "kind", "word", "cost"),
    [
        ("standard", "deliverable", "verified", [("unlock", 100), ("export", 100)]),
        ("standard", "unverified", "unverified", []),
        ("standard", "guessed", "guessed", []),
        ("multi_provider", "deliverable", "Success / Deliverable", [("pool", 100)]),
        ("multi_provider", "unverified", "not verified", [("pool", 100)]),
        ("multi_provider", "guessed", "guessed", [("pool", 100)]),
    ],
)
def test_an_email_in_the_database_is_charged_by_plan_and_kind(
    server: Server, receiver: Receiver, plan: str, kind: str, word: str, cost: list[tuple[str, int]]
) -> None:
    """Reveal email page, paragraph Credit cost: Prospect plans pay for verified addresses alone, the others for all."""
    server.reset(plan=plan, behaviour=AT_ONCE)
    person = someone(server, email_kind=kind, email_in_database=True)
    reveal(server, EMAIL, receiver, personId=person["person_id"])
    assert {person["email"]["address"], word} <= set(strings(json.loads(receiver.wait()[0].body)))
    assert charges(server) == cost
    assert server.books()["jobs"][0]["amount"] == sum(amount for _, amount in cost)


def test_prospect_plans_know_only_the_database(server: Server, receiver: Receiver) -> None:
    server.reset(plan="standard", behaviour=AT_ONCE)
    person = someone(server, email_kind="deliverable", email_in_database=False)
    reveal(server, EMAIL, receiver, personId=person["person_id"])
    assert person["email"]["address"] not in set(strings(json.loads(receiver.wait()[0].body)))
    assert server.books()["jobs"][0]["outcome"] == "not_found"


@pytest.mark.parametrize("provider", PHONE_PRICES)
def test_multi_provider_phone_costs_what_the_finder_costs(server: Server, receiver: Receiver, provider: str) -> None:
    server.set_behaviour(**AT_ONCE)
    person = someone(server, phone_provider=provider)
    reveal(server, PHONE, receiver, personId=person["person_id"], revealPhoneNumberViaPartners=True)
    rows = {row["provider"]: row for row in json.loads(receiver.wait()[0].body)["providers"]}
    assert rows[provider]["phoneNumbers"] == [phone["shown"] for phone in person["phones"]]
    assert rows[provider]["status"] == "found"
    assert [row["status"] for row in rows.values()].count("notFound") == list(PHONE_PRICES).index(provider)
    assert charges(server) == [("pool", PHONE_PRICES[provider])]


@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
def test_partners_are_asked_for_a_phone_when_the_flag_says_so(server: Server, receiver: Receiver, plan: str) -> None:
    server.reset(plan=plan, behaviour=AT_ONCE)
    person = someone(server, phone_provider="Wiza")
    reveal(server, PHONE, receiver, personId=person["person_id"])
    receiver.wait(1)
    assert charges(server) == []
    reveal(server, PHONE, receiver, personId=person["person_id"], revealPhoneNumberViaPartners=True)
    receiver.wait(2)
    assert charges(server) == ([("phone", 100), ("export", 100)] if plan == "standard" else [("pool", 1500)])


def test_multi_provider_plans_can_ask_partners_without_the_flag(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(**AT_ONCE, phone_partners="plan")
    reveal(server, PHONE, receiver, personId=someone(server, phone_provider="Wiza")["person_id"])
    receiver.wait()
    assert charges(server) == [("pool", 1500)]


@pytest.mark.parametrize("path", [EMAIL, PHONE])
@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
def test_nothing_found_costs_nothing(server: Server, receiver: Receiver, plan: str, path: str) -> None:
    server.reset(plan=plan, behaviour=AT_ONCE)
    for person_id in (someone(server, email=None, phones=[])["person_id"], UNKNOWN):
        assert reveal(server, path, receiver, personId=person_id).status == 200
    receiver.wait(2)
    assert charges(server) == []
    assert [job["outcome"] for job in server.books()["jobs"]] == ["not_found"] * 2


def test_nothing_to_be_found_can_be_a_404_at_once(server: Server) -> None:
    server.set_behaviour(not_found="404")
    nobody = someone(server, email=None, phones=[])["person_id"]
    assert [reveal(server, path, personId=nobody).status for path in (EMAIL, PHONE)] == [404, 404]
    assert reveal(server, EMAIL, personId=UNKNOWN).status == 404
    assert reveal(server, EMAIL, personId=someone(server, email_kind="deliverable")["person_id"]).status == 200
    assert [request["acted"] for request in server.books()["requests"]] == [False, False, False, True]


def test_a_repeated_reveal_is_charged_again_or_free(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(**AT_ONCE)
    person_id = someone(server, email_provider="Clodura", email_kind="deliverable")["person_id"]
    for count in (1, 2):
        reveal(server, EMAIL, receiver, personId=person_id)
        receiver.wait(count)
    assert charges(server) == [("pool", 100)] * 2
    assert server.books()["totals"]["charged_again"] == 1
    server.set_behaviour(repeat_reveal_free=True)
    reveal(server, EMAIL, receiver, personId=person_id)
    first, _, third = receiver.wait(3)
    assert charges(server) == [("pool", 100)] * 2
    assert json.loads(third.body)["providers"] == json.loads(first.body)["providers"]


def test_a_repetition_within_the_conflict_time_is_refused(server: Server) -> None:
    server.set_behaviour(conflict_seconds=0.4)
    person_id = someone(server, email_kind="deliverable")["person_id"]
    assert [reveal(server, EMAIL, personId=person_id).status for _ in range(2)] == [200, 409]
    assert reveal(server, PHONE, personId=person_id).status == 200
    for name in ("Nobody", "Noone"):  # two persons, although neither is known
        answer = reveal(server, EMAIL, firstName=name, lastName="Known", companyDomain="nowhere.example")
        assert answer.status == 200
    time.sleep(0.45)
    assert reveal(server, EMAIL, personId=person_id).status == 200


# Credits.


def test_credits_of_multi_provider_plans_follow_the_books(server: Server, receiver: Receiver) -> None:
    """Credits page, second tab."""
    server.reset(credits=357, behaviour=AT_ONCE)
    assert server.request("GET", "/api/v1/credits").json() == {"remainingCredits": 357}
    reveal(server, EMAIL, receiver, personId=someone(server, email_provider="Hunter")["person_id"])
    receiver.wait()
    assert server.request("GET", "/api/v1/credits").json() == {"remainingCredits": 354}
    server.charge("pool", 4)
    assert server.request("GET", "/api/v1/credits").json() == {"remainingCredits": 353.96}


def test_credits_of_prospect_plans_follow_the_books(server: Server, receiver: Receiver) -> None:
    """Credits page, first tab: used contacts and dials, the allowance once as a string and once as a number."""
    server.reset(plan="standard", credits=1000, behaviour=AT_ONCE)
    reveal(
        server, EMAIL, receiver, personId=someone(server, email_kind="deliverable", email_in_database=True)["person_id"]
    )
    reveal(server, PHONE, receiver, personId=someone(server, phone_in_database=True)["person_id"])
    receiver.wait(2)
    assert server.request("GET", "/api/v1/credits").json() == {
        "contactsView": 1,
        "maxContacts": "1000",
        "directDials": 1,
        "maxDirectDials": 1000,
    }


@pytest.mark.parametrize(("plan", "paths"), [("standard", [EMAIL]), ("multi_provider", [EMAIL, PHONE])])
def test_without_credits_a_submit_is_refused(server: Server, receiver: Receiver, plan: str, paths: list[str]) -> None:
    server.reset(plan=plan, credits=1, behaviour=AT_ONCE)
    person_id = someone(server, email_kind="deliverable", email_provider="Clodura")["person_id"]
    assert reveal(server, EMAIL, receiver, personId=person_id).status == 200
    receiver.wait()
    assert [reveal(server, path, receiver, personId=person_id).status for path in paths] == [402] * len(paths)


def test_credits_that_run_out_half_way_end_the_asking(server: Server, receiver: Receiver) -> None:
    """Reveal email page, Provider Status Definitions: Insufficient Credits, no further provider is called."""
    server.reset(credits=2.5, behaviour=AT_ONCE)
    person = someone(server, email_provider="RocketReach", email_kind="deliverable")
    reveal(server, EMAIL, receiver, personId=person["person_id"])
    rows = json.loads(receiver.wait()[0].body)["providers"]
    assert [row["provider"] for row in rows] == ["Clodura", "Prospeo", "Hunter"]
    assert rows[-1]["status"] == "Insufficient Credits"
    assert person["email"]["address"] not in set(strings(rows))
    assert server.books()["jobs"][0]["outcome"] in {"insufficient_credits", "found"}
    reveal(server, PHONE, receiver, personId=someone(server, phone_provider="Clodura")["person_id"])
    assert json.loads(receiver.wait(2)[1].body)["providers"][0]["status"] == "Insufficient Credits"


def test_jobs_that_run_at_the_same_time_do_not_overdraw(server: Server, receiver: Receiver) -> None:
    for plan in ("multi_provider", "standard"):
        server.reset(plan=plan, credits=3, behaviour={"job_seconds": 0.2})
        found = [
            p
            for p in server.people()
            if p["email"] and p["email"]["kind"] == "deliverable" and p["email"]["in_database"]
        ]
        for person in found[:6]:
            assert reveal(server, EMAIL, receiver, personId=person["person_id"]).status == 200
        receiver.wait(6 if plan == "multi_provider" else 12)
        outcomes = [job["outcome"] for job in server.books()["jobs"]]
        assert sorted(outcomes) == ["found"] * 3 + ["insufficient_credits"] * 3


@pytest.mark.parametrize(
    ("form", "told"), [("number", "353.96"), ("decimal", "353.96"), ("integer", "353"), ("string", '"353.96"')]
)
def test_the_form_of_the_balance_is_a_switch(server: Server, form: str, told: str) -> None:
    server.reset(credits=354, behaviour={"remaining_form": form})
    whole = {"number": b"354", "decimal": b"354.0", "integer": b"354", "string": b'"354"'}[form]
    assert server.request("GET", "/api/v1/credits").body == b'{"remainingCredits":%s}' % whole
    server.charge("pool", 4)
    assert server.request("GET", "/api/v1/credits").body.decode() == f'{{"remainingCredits":{told}}}'


def test_the_balance_can_have_company(server: Server) -> None:
    server.reset(credits=354, behaviour={"credits_extra": True})
    server.charge("pool", 4)
    body = server.request("GET", "/api/v1/credits").json()
    assert (body["remainingCredits"], body["totalCredits"], body["usedCredits"]) == (353.96, 354, 0.04)
    assert len(body) == 5


@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
def test_there_may_be_no_credits_page(server: Server, plan: str) -> None:
    server.reset(plan=plan, behaviour={"credits_page": False})
    assert server.request("GET", "/api/v1/credits").status == 404


# Identification.


def test_a_reveal_finds_by_profile_and_by_name_and_domain(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(**AT_ONCE)
    person = next(p for p in server.people()[1:] if p["email"] and p["linkedin_url"] and p["last_name"])
    reveal(server, EMAIL, receiver, linkedinUrl=person["linkedin_url"])
    name = {"firstName": person["first_name"].upper(), "lastName": person["last_name"]}
    reveal(server, EMAIL, receiver, **name, companyDomain=person["company_domains"][0])
    receiver.wait(2)
    assert [job["person_id"] for job in server.books()["jobs"]] == [person["person_id"]] * 2
    reveal(server, EMAIL, receiver, **name, companyDomain="nowhere.example")
    payload = json.loads(receiver.wait(3)[2].body)
    assert payload["person"]["companyDomain"] == "nowhere.example"
    assert server.books()["jobs"][2]["outcome"] == "not_found"


def test_of_several_identifiers_the_person_id_counts(server: Server) -> None:
    one, other = server.people(offset=1, limit=2)
    reveal(server, EMAIL, personId=one["person_id"], linkedinUrl=other["linkedin_url"])
    assert server.books()["jobs"][0]["person_id"] == one["person_id"]


def test_a_phone_is_found_by_profile(server: Server) -> None:
    server.set_behaviour(submit_form="result")
    person = next(p for p in server.people()[1:] if p["phone_in_database"] and p["linkedin_url"])
    answer = server.request("POST", PHONE, {"linkedinUrl": person["linkedin_url"]}).json()
    assert {person["person_id"], person["phones"][0]["shown"]} <= set(strings(answer))


def test_a_profile_counts_before_a_name(server: Server) -> None:
    one, other = [p for p in server.people()[1:] if p["linkedin_url"] and p["last_name"] and p["company_domains"]][:2]
    names = {"firstName": other["first_name"], "lastName": other["last_name"]}
    reveal(server, EMAIL, linkedinUrl=one["linkedin_url"], **names, companyDomain=other["company_domains"][0])
    assert server.books()["jobs"][0]["person_id"] == one["person_id"]


@pytest.mark.parametrize("variant", range(VARIANTS))
@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
@pytest.mark.parametrize("path", [EMAIL, PHONE])
def test_who_was_asked_for_by_profile_is_named_in_every_shape(
    server: Server, path: str, plan: str, variant: int
) -> None:
    server.reset(plan=plan, behaviour={"variant": variant, "submit_form": "result"})
    person = next(p for p in server.people(offset=1, limit=9) if p["linkedin_url"])
    told = set(strings(reveal(server, path, linkedinUrl=person["linkedin_url"]).json()))
    assert person["person_id"] in told


def test_several_identifiers_can_be_refused(server: Server) -> None:
    server.set_behaviour(several_identifiers="refused")
    profile: dict[str, Any] = {"linkedinUrl": "https://www.linkedin.com/in/kapilkhangaonkar/"}
    names: dict[str, Any] = {"firstName": "Kapil", "lastName": "Khangaonkar", "companyDomain": "clodura.ai"}
    assert reveal(server, EMAIL, personId=UNKNOWN, **profile).status == 422
    assert reveal(server, EMAIL, **profile, **names).status == 422
    assert reveal(server, PHONE, personId=UNKNOWN, **profile).status == 422
    by_id: dict[str, Any] = {"personId": UNKNOWN}
    assert [reveal(server, EMAIL, **one).status for one in (by_id, profile, names)] == [200] * 3


# Tracking.


PENDING = {
    "status_word": {"status": "In-progress"},
    "empty_object": {},
    "empty_people": {"pagination": {}, "people": []},
    "404": {"message": "No Results found, may be you can tweak the filters."},
    "person_status": {"pagination": {}, "people": [{"personId": UNKNOWN, "status": "Pending"}]},
    "queued": {"trackingId": "ID", "status": "queued", "message": "Your request is being processed."},
    "running": {"trackingId": "ID", "status": "running", "data": None},
}


@pytest.mark.parametrize("form", PENDING)
def test_tracking_is_pending_before_in_each_form(server: Server, form: str) -> None:
    server.set_behaviour(job_seconds=60, pending_form=form)
    tracking_id = reveal(server, EMAIL, personId=UNKNOWN).json()["trackingId"]
    answer = server.request("GET", TRACK + tracking_id)
    assert answer.status == (404 if form == "404" else 200)
    assert json.loads(answer.body.replace(tracking_id.encode(), b"ID")) == PENDING[form]


def test_tracking_gives_the_result_after_in_each_form(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(job_seconds=[0.05, 0.1])
    person = someone(server, email_kind="deliverable")
    tracking_id = reveal(server, EMAIL, receiver, personId=person["person_id"]).json()["trackingId"]
    assert track(server, tracking_id) == {"status": "In-progress"}
    payload = json.loads(receiver.wait()[0].body)
    assert track(server, tracking_id)["people"] == [payload]
    assert set(track(server, tracking_id)) == {"pagination", "people"}
    server.set_behaviour(finished_form="payload")
    assert track(server, tracking_id) == payload
    assert charges(server) == charges(server)[:1]


def test_a_result_can_be_forgotten(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(job_seconds=0, result_kept_seconds=60)
    tracking_id = reveal(server, EMAIL, receiver, personId=UNKNOWN).json()["trackingId"]
    receiver.wait()
    assert "people" in track(server, tracking_id)
    server.set_behaviour(result_kept_seconds=0.01)
    time.sleep(0.05)
    assert server.request("GET", TRACK + tracking_id).status == 404


def test_an_unknown_tracking_id_is_a_404(server: Server) -> None:
    assert server.request("GET", f"{TRACK}000000000000000000000000").status == 404


def test_without_webhook_url_a_phone_is_found_by_tracking(server: Server) -> None:
    server.set_behaviour(submit_form="result")
    person = someone(server, phone_in_database=True)
    tracking_id = server.request("POST", PHONE, {"personId": person["person_id"]}).json()["trackingId"]
    assert person["phones"][0]["shown"] in set(strings(track(server, tracking_id)))


# Forms of the submit's answer, and shapes of the result.


def test_the_submit_can_answer_with_the_result_or_without_id(server: Server, receiver: Receiver) -> None:
    person = someone(server, email_kind="deliverable")
    server.set_behaviour(submit_form="result", message_key="msg")
    answer = reveal(server, EMAIL, receiver, personId=person["person_id"]).json()
    assert answer["msg"] == "Callback will be triggered once processing is complete."
    assert person["email"]["address"] in set(strings(answer))
    assert len(charges(server)) == 1
    assert json.loads(receiver.wait()[0].body)["trackingId"] == answer["trackingId"]
    server.set_behaviour(submit_form="no_id", job_seconds=0)
    answer = reveal(server, EMAIL, receiver, personId=person["person_id"]).json()
    assert set(answer) == {"msg"}
    receiver.wait(2)


def test_there_are_as_many_shapes_as_variants() -> None:
    assert {len(shapes) for shapes in _SHAPES.values()} == {VARIANTS}


@pytest.mark.parametrize("variant", range(VARIANTS))
@pytest.mark.parametrize("plan", ["standard", "multi_provider"])
@pytest.mark.parametrize("path", [EMAIL, PHONE])
def test_every_shape_says_what_was_found_and_nothing_else(
    server: Server, receiver: Receiver, path: str, plan: str, variant: int
) -> None:
    server.reset(plan=plan, behaviour={"variant": variant, **AT_ONCE})
    wanted = {"email_kind": "deliverable", "email_in_database": True} if path == EMAIL else {"phone_in_database": True}
    found = someone(server, **wanted)
    if path == PHONE:
        found = next(p for p in server.people() if p["phone_in_database"] and len(p["phones"]) > 1)
    missed = someone(server, email=None, phones=[])
    for count, person in enumerate((found, missed), start=1):
        reveal(server, path, receiver, personId=person["person_id"])
        receiver.wait(count)
    bodies = [json.loads(post.body) for post in receiver.posts]
    asked = {found["person_id"], missed["person_id"]}
    documents = {person_id: body for body in bodies for person_id in asked & set(strings(body))}
    assert set(documents) == asked
    values = [found["email"]["address"]] if path == EMAIL else [phone["shown"] for phone in found["phones"]]
    shown = " ".join(strings(documents[found["person_id"]]))
    assert all(value in shown for value in values)
    other = " ".join(strings(documents[missed["person_id"]]))
    assert not any(value in other for value in values)
    assert "@" not in other
    if plan == "multi_provider":
        assert documents[found["person_id"]]["status"] == "success"
        assert documents[found["person_id"]]["trackingId"]


def test_shapes_differ_and_mixed_varies_by_person(server: Server, receiver: Receiver) -> None:
    person = someone(server, email_kind="deliverable", email_in_database=True)
    shapes = []
    for variant in range(VARIANTS):
        server.set_behaviour(variant=variant, **AT_ONCE)
        reveal(server, EMAIL, receiver, personId=person["person_id"])
        body = json.loads(receiver.wait(variant + 1)[-1].body)
        shapes.append(json.dumps({**body, "trackingId": ""}))
    assert len(set(shapes)) == VARIANTS
    server.set_behaviour(variant="mixed")
    keys = set()
    for count, entry in enumerate(server.people(limit=40), start=VARIANTS + 1):
        reveal(server, EMAIL, receiver, personId=entry["person_id"])
        keys.add(tuple(json.loads(receiver.wait(count)[-1].body)))
    assert len(keys) >= 5


@pytest.mark.parametrize("word", ["Success / Deliverable", "Success", "Deliverable"])
def test_the_word_for_a_deliverable_address_is_a_switch(server: Server, receiver: Receiver, word: str) -> None:
    server.set_behaviour(deliverable_word=word, **AT_ONCE)
    reveal(server, EMAIL, receiver, personId=someone(server, email_kind="deliverable")["person_id"])
    assert word in [row["status"] for row in json.loads(receiver.wait()[0].body)["providers"]]
