"""Verification: validation, verdicts, prices, answers at once and queued, webhook and tracking."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from sandbox import Receiver, Response, Server
from sandbox.verdicts import verdict

VERIFY = "/api/v1/verify/email"
TRACK = "/api/v1/search/people/track/"
CREDITS = "/api/v1/credits"
STRANGER = "stranger@nowhere.example"
MEMBERS = ["email", "deepVerification", "trackingId", "verificationProgress", "verificationStatus", "createdAt"]
QUEUED = {"verify_finish": "queued", "verify_seconds": 0}


def verify(server: Server, email: str = STRANGER, receiver: Receiver | None = None, **body: object) -> Response:
    hook = {"webhookUrl": receiver.url()} if receiver else {}
    return server.request("POST", VERIFY, {"email": email, **hook, **body})


def state(document: dict[str, Any]) -> tuple[str, str]:
    return document["verificationProgress"], document["verificationStatus"]


def posted(receiver: Receiver, count: int = 1) -> list[dict[str, Any]]:
    return [json.loads(post.body) for post in receiver.wait(count)]


def charges(server: Server) -> list[tuple[str, int, str, str]]:
    return [(c["kind"], c["amount"], c["operation"], c["subject"]) for c in server.books()["charges"]]


def known(server: Server, deliverability: str) -> str:
    """An address whose holder's truth is this, and which nobody else has."""
    emails = [person["email"] for person in server.people() if person["email"]]
    addresses = [email["address"] for email in emails]
    found = (
        e["address"] for e in emails if e["deliverability"] == deliverability and addresses.count(e["address"]) == 1
    )
    return str(next(found))


# Validation and refusals.


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"email": ""}, 400),
        ({"email": 7}, 400),
        ({"email": "no address"}, 400),
        ({"email": "a@b"}, 400),
        ({"email": "a@@b.example"}, 400),
        ({"email": "@b.example"}, 400),
        ({"email": "a b@c.example"}, 400),
        ({"email": f"{'a' * 65}@b.example"}, 400),
        ({"email": f"a@{'b' * 250}.example"}, 400),
        ({"email": STRANGER, "deepVerification": "yes"}, 400),
        ({"email": STRANGER, "webhookUrl": "no address"}, 400),
        ({"email": STRANGER, "webhookUrl": "http://[x"}, 400),
        (b"{", 400),
        ({"email": STRANGER}, 200),
        ({"email": "O'Neil+leads@mail-1.b.example"}, 200),
        ({"email": "jürgen@bücher.example"}, 200),
    ],
    ids=str,
)
def test_a_request_is_validated(server: Server, body: object, status: int) -> None:
    assert server.request("POST", VERIFY, body).status == status
    books = server.books()
    assert len(books["jobs"]) == len(books["charges"]) == (status == 200)


def test_prospect_plans_cannot_verify(server: Server) -> None:
    """Verify e-mail page: Free Forever, Max and PAYG; others must ask."""
    server.reset(plan="standard")
    assert verify(server).status == 403
    assert server.request("POST", VERIFY, {}).status == 403
    assert server.books()["charges"] == []


def test_without_credits_a_verification_is_refused(server: Server) -> None:
    server.reset(credits=0.13)
    assert [verify(server, deepVerification=True).status, verify(server).status] == [202, 402]
    assert server.request("GET", CREDITS).json() == {"remainingCredits": 0.03}
    assert len(server.books()["jobs"]) == 1


# Verdicts and prices.


@pytest.mark.parametrize(
    ("deliverability", "word"),
    [("deliverable", "Deliverable"), ("undeliverable", "Undeliverable"), ("catch_all", "Risky (Catch-all)")],
)
def test_an_address_of_the_population_has_the_status_it_says(server: Server, deliverability: str, word: str) -> None:
    address = known(server, deliverability)
    assert state(verify(server, address.upper()).json()) == ("Completed", word)
    assert verify(server, address).json()["email"] == address


def test_people_tell_the_verdict_on_their_address(server: Server) -> None:
    for person in server.people(limit=80):
        if person["email"]:
            answer = verify(server, person["email"]["address"]).json()
            assert answer["verificationStatus"] == person["email"]["verdict"]


def test_a_wrong_guess_reaches_nobody(server: Server, receiver: Receiver) -> None:
    """A partner asked before the finder may have guessed another address."""
    server.set_behaviour(job_seconds=0)
    for count, person in enumerate(server.people(limit=60), start=1):
        body = {"personId": person["person_id"], "webhookUrl": receiver.url()}
        server.request("POST", "/api/v1/search/people/email/match", body)
        receiver.wait(count)
    guesses = set(re.findall(r"info\.[^\"]+@[^\"]+", b" ".join(post.body for post in receiver.posts).decode()))
    assert guesses
    assert {verify(server, guess).json()["verificationStatus"] for guess in guesses} == {"Undeliverable"}


def test_a_stranger_has_a_verdict_that_does_not_change(server: Server) -> None:
    addresses = [f"person{number}@company{number % 20}.example" for number in range(40)]
    first = [verify(server, address).json()["verificationStatus"] for address in addresses]
    server.reset()
    assert [verify(server, address).json()["verificationStatus"] for address in addresses] == first
    assert set(first) == {"Deliverable", "Undeliverable", "Risky (Catch-all)"}
    assert [verdict(1, address, None) for address in addresses] == first
    assert [verdict(2, address, None) for address in addresses] != first


def test_a_deep_verification_can_tell_a_catch_all_domain_apart(server: Server) -> None:
    server.set_behaviour(verify_finish="at_once")
    address = known(server, "catch_all")
    assert verify(server, address, deepVerification=True).json()["verificationStatus"] == "Risky (Catch-all)"
    server.set_behaviour(deep_settles=True)
    assert verify(server, address).json()["verificationStatus"] == "Risky (Catch-all)"
    assert verify(server, address, deepVerification=True).json()["verificationStatus"] != "Risky (Catch-all)"


@pytest.mark.parametrize(("deep", "amount"), [(False, 4), (True, 10)])
@pytest.mark.parametrize("finish", ["at_once", "queued"])
def test_each_request_is_charged_by_depth(server: Server, finish: str, deep: bool, amount: int) -> None:
    server.reset(credits=100, behaviour={"verify_finish": finish, "verify_seconds": 60})
    verify(server, STRANGER.upper(), deepVerification=deep)
    assert charges(server) == [("pool", amount, "verify_email", STRANGER)]
    [job] = server.books()["jobs"]
    assert (job["operation"], job["subject"], job["amount"]) == ("verify_email", STRANGER, amount)
    assert server.request("GET", CREDITS).json() == {"remainingCredits": 100 - amount / 100}
    assert server.books()["totals"]["charges_by_operation"] == {"verify_email": amount}
    assert server.books()["requests"][0]["subject"] == STRANGER


def test_an_address_verified_again_is_charged_again_or_free(server: Server) -> None:
    for _ in range(2):
        verify(server)
    assert [amount for _, amount, _, _ in charges(server)] == [4, 4]
    assert server.books()["totals"]["charged_again"] == 1
    server.set_behaviour(repeat_verify_free=True)
    for _ in range(2):
        assert verify(server, deepVerification=True).status == 202  # not as deep before
        assert verify(server).status == 200
    assert [amount for _, amount, _, _ in charges(server)] == [4, 4, 10]


def test_a_quick_repetition_is_refused_where_the_switches_say_so(server: Server) -> None:
    server.set_behaviour(conflict_seconds=60)
    assert [verify(server).status for _ in range(2)] == [200, 200]
    server.set_behaviour(conflict_operations=["verify_email"])
    assert [verify(server).status, verify(server, "other@nowhere.example").status] == [409, 200]
    assert len(charges(server)) == 3


# Finished at once, or queued.


def test_what_is_finished_at_once_is_a_200(server: Server) -> None:
    answer = verify(server)
    document = answer.json()
    assert (answer.status, list(document)) == (200, MEMBERS)
    assert (document["email"], document["deepVerification"]) == (STRANGER, False)
    assert document["verificationProgress"] == "Completed"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", document["createdAt"])
    [job] = server.books()["jobs"]
    assert (job["tracking_id"], job["outcome"]) == (document["trackingId"], document["verificationStatus"])


@pytest.mark.parametrize(
    ("finish", "statuses"), [("by_deep", [200, 202]), ("at_once", [200, 200]), ("queued", [202, 202])]
)
def test_what_is_queued_is_a_switch(server: Server, finish: str, statuses: list[int]) -> None:
    server.set_behaviour(verify_finish=finish)
    assert [verify(server, deepVerification=deep).status for deep in (False, True)] == statuses


def test_a_202_says_that_it_is_queued(server: Server) -> None:
    server.set_behaviour(**QUEUED)
    document = verify(server).json()
    assert list(document) == [*MEMBERS, "isAsync"]
    assert (state(document), document["isAsync"]) == (("In-progress", "Pending"), True)
    server.set_behaviour(verify_queued_key="queued")
    assert verify(server).json()["queued"] is True
    server.set_behaviour(verify_queued_key="")
    assert list(verify(server).json()) == MEMBERS


def test_a_200_can_be_pending(server: Server, receiver: Receiver) -> None:
    """The table of the 200 lists In-progress and Pending; beside them Pending is said to be seen in a 202 alone."""
    server.set_behaviour(**QUEUED, verify_pending_200=True)
    answer = verify(server, receiver=receiver)
    assert (answer.status, list(answer.json()), state(answer.json())) == (200, MEMBERS, ("In-progress", "Pending"))
    assert posted(receiver)[0]["verificationProgress"] == "Completed"


def test_a_queued_verification_takes_its_time(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(verify_finish="queued", verify_seconds=0.3)
    verify(server, receiver=receiver)
    assert server.books()["jobs"][0]["finished"] is None
    receiver.wait()
    [job] = server.books()["jobs"]
    assert 0.28 < job["finished"] - job["created"] < 1


def test_what_was_verified_before_can_be_answered_at_once(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(**QUEUED, verify_remembers=True)
    assert verify(server, receiver=receiver).status == 202
    receiver.wait()
    assert [verify(server).status, verify(server, deepVerification=True).status] == [200, 202]
    assert [amount for _, amount, _, _ in charges(server)] == [4, 4, 10]
    server.set_behaviour(verify_seconds=60)
    assert [verify(server, "other@nowhere.example").status for _ in range(2)] == [202, 202]  # not known yet


# The webhook.


def test_the_webhook_posts_the_verdict_of_a_queued_verification(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(**QUEUED)
    answer = verify(server, receiver=receiver).json()
    [document] = posted(receiver)
    assert list(document) == MEMBERS
    final = document["verificationProgress"], document["verificationStatus"]
    assert final == ("Completed", verdict(1, STRANGER, None))
    assert {**answer, "verificationProgress": final[0], "verificationStatus": final[1]} == {**document, "isAsync": True}


def test_the_webhook_posts_what_the_answer_held_already_or_not(server: Server, receiver: Receiver) -> None:
    answer = verify(server, receiver=receiver).json()
    assert posted(receiver) == [answer]
    server.set_behaviour(verify_webhook_when_finished=False)
    verify(server, receiver=receiver)
    time.sleep(0.1)
    assert len(receiver.posts) == 1


def test_the_webhook_can_post_pending_first(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(verify_finish="queued", verify_seconds=0.2, verify_webhook_first=True)
    verify(server, receiver=receiver)
    first, second = posted(receiver, 2)
    assert state(first) == ("In-progress", "Pending")
    assert state(second) == ("Completed", verdict(1, STRANGER, None))
    assert first["trackingId"] == second["trackingId"]


def test_the_switches_of_webhooks_are_for_verifications_too(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(**QUEUED, webhook_copies=2)
    verify(server, receiver=receiver)
    assert len({post.body for post in receiver.wait(2)}) == 1
    server.set_behaviour(webhook_copies=1, webhook_reorder=2)
    ids = [verify(server, receiver=receiver).json()["trackingId"] for _ in range(2)]
    assert [document["trackingId"] for document in posted(receiver, 4)[2:]] == ids[::-1]
    server.set_behaviour(webhook_reorder=0, webhook_before_answer=True, verify_seconds=60)
    answer = verify(server, receiver=receiver)
    assert (answer.status, state(answer.json())) == (202, ("In-progress", "Pending"))
    assert json.loads(receiver.posts[4].body)["verificationProgress"] == "Completed"
    server.set_behaviour(webhook=False)
    verify(server, receiver=receiver)
    time.sleep(0.1)
    assert len(receiver.posts) == 5


# Tracking.


TRACKED: dict[str, tuple[int, object]] = {
    "404": (404, {"message": "No Results found, may be you can tweak the filters."}),
    "empty_object": (200, {}),
    "empty_people": (200, {"pagination": {}, "people": []}),
}


@pytest.mark.parametrize("form", TRACKED)
def test_tracking_may_not_know_verifications(server: Server, form: str) -> None:
    server.set_behaviour(verify_tracking=form)
    answer = server.request("GET", TRACK + verify(server).json()["trackingId"])
    assert (answer.status, answer.json()) == TRACKED[form]


def test_tracking_tells_the_state_of_a_verification(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(verify_finish="queued", verify_seconds=0.2)
    path = TRACK + verify(server, receiver=receiver).json()["trackingId"]
    assert state(server.request("GET", path).json()) == ("In-progress", "Pending")
    [document] = posted(receiver)
    assert server.request("GET", path).json() == document
    server.set_behaviour(verify_tracking="people")
    assert server.request("GET", path).json()["people"] == [document]


def test_a_queued_verification_without_webhook_is_kept_lost_or_refused(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(**QUEUED)
    path = TRACK + verify(server).json()["trackingId"]
    assert server.request("GET", path).status == 200
    server.set_behaviour(verify_without_webhook="lost")
    assert server.request("GET", path).status == 404
    hooked = verify(server, receiver=receiver).json()["trackingId"]
    assert server.request("GET", TRACK + hooked).status == 200
    server.set_behaviour(verify_without_webhook="refused")
    assert [verify(server).status, verify(server, receiver=receiver).status] == [422, 202]
    assert len(charges(server)) == 3
    server.set_behaviour(verify_finish="at_once")
    assert verify(server).status == 200


# Faults.


def test_a_500_comes_before_or_after_the_charge(server: Server) -> None:
    """Verify e-mail page, error table: 500."""
    rule = {"operation": "verify_email", "subject": STRANGER, "nth": [1]}
    for fault, count in (("500_before", 0), ("500_after", 1)):
        server.set_behaviour(faults=[{**rule, "fault": fault}])
        assert [verify(server, "other@nowhere.example").status, verify(server).status] == [200, 500]
        assert [subject for _, _, _, subject in charges(server)].count(STRANGER) == count
    assert server.books()["requests"][-1]["acted"]


@pytest.mark.parametrize("charged", [True, False])
def test_a_verification_can_be_dropped(server: Server, receiver: Receiver, charged: bool) -> None:
    faults = [{"operation": "verify_email", "fault": "dropped"}]
    server.set_behaviour(faults=faults, dropped_charged=charged, verify_finish="at_once")
    answer = verify(server, receiver=receiver)
    assert answer.status == 202  # what never ends cannot be finished at once
    assert state(server.request("GET", TRACK + answer.json()["trackingId"]).json()) == ("In-progress", "Pending")
    [job] = server.books()["jobs"]
    assert (job["finished"], job["outcome"], len(charges(server))) == (None, "dropped", charged)
    server.set_behaviour(faults=[], **QUEUED, drop_probability=1)
    verify(server, receiver=receiver)
    time.sleep(0.1)
    assert receiver.posts == []


def test_a_verification_can_fail(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(**QUEUED, faults=[{"operation": "verify_email", "fault": "failed"}])
    verify(server, receiver=receiver)
    assert state(posted(receiver)[0]) == ("Failed", "Unknown")
    assert server.books()["jobs"][0]["outcome"] == "failed"


def test_a_reset_stops_running_verifications(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(verify_finish="queued", verify_seconds=0.2)
    verify(server, receiver=receiver)
    server.reset()
    time.sleep(0.35)
    assert receiver.posts == []
    assert server.books()["jobs"] == []
