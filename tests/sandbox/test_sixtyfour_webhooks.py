"""Sixtyfour's webhooks: what is posted and when, how it is signed, how it is repeated; and the secret that signs."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from sandbox import Receiver, Server
from sandbox.receiver import Posted
from sandbox.sixtyfour.signing import SigningSecrets, sign, signature_header
from tests.sandbox.sixtyfour import STRANGER, books, ended, find, known, lead, start, status

SECRET = "/webhooks/signing-secret"
NEW = "sk_whsec_" + "0123456789abcdef" * 4
OLD = "sk_whsec_" + "fedcba9876543210" * 4
BODY = (
    b'{"task_id":"550e8400-e29b-41d4-a716-446655440000","status":"completed","task_type":"find_email",'
    b'"result":{"name":"John Doe","company":"Acme Inc","email":[["john.doe@acme.com","OK","COMPANY"]]}}'
)
HEADERS = ("sixtyfour-signature", "sixtyfour-event-id", "sixtyfour-event-type", "sixtyfour-delivery-attempt")


@pytest.fixture
def refusing() -> Iterator[Receiver]:
    with Receiver(answers=[500, 307, 404, 503, 500, 500, 500]) as listening:
        yield listening


@pytest.fixture
def quick(server: Server) -> Server:
    """Jobs that end at once and webhooks that are repeated soon."""
    server.set_behaviour(sixtyfour_job_seconds=0, sixtyfour_webhook_retry_seconds=0.01)
    return server


def posted(post: Posted) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(post.body)
    return document


def signed(post: Posted) -> tuple[int, list[str]]:
    """Time and signatures of a posting."""
    first, *others = post.headers["sixtyfour-signature"].split(",")
    assert all(part.startswith("v1=") for part in others)
    return int(first.removeprefix("t=")), [part.removeprefix("v1=") for part in others]


# The signature.


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (NEW, "07250a202d660d4919b3ca762e77457813838654e78a5cf1bfe505572b9c2df6"),
        (OLD, "1d45ea1cf8b80768ec1c5e346cdb08cce3b978514552a8d786a27a6ff475e40d"),
    ],
)
def test_the_signature_is_that_of_vectors_computed_elsewhere(secret: str, expected: str) -> None:
    assert sign(secret, 1_760_000_000, BODY) == expected


def test_a_header_has_a_signature_for_each_secret_the_newest_first() -> None:
    header = signature_header((NEW, OLD), 1_760_000_000, BODY)
    assert header.startswith("t=1760000000,v1=07250a20")
    assert header.partition(",v1=")[2].partition(",v1=")[2].startswith("1d45ea1c")


def test_a_delivery_is_signed_over_its_bytes(quick: Server, receiver: Receiver) -> None:
    secret = quick.sixtyfour("POST", SECRET).json()["plaintext"]
    start(quick, "email-async", webhook_url=receiver.url())
    [post] = receiver.wait()
    seconds, [signature] = signed(post)
    assert abs(time.time() - seconds) < 10
    message = f"{seconds}.".encode() + post.body
    assert signature == hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def test_the_vendors_clock_can_be_wrong(quick: Server, receiver: Receiver) -> None:
    quick.sixtyfour("POST", SECRET)
    quick.set_behaviour(sixtyfour_webhook_clock=-400)
    start(quick, "email-async", webhook_url=receiver.url())
    assert 395 < time.time() - signed(receiver.wait()[0])[0] < 410


def test_without_a_secret_there_is_no_signature(quick: Server, receiver: Receiver) -> None:
    start(quick, "phone-bulk-async", [STRANGER], webhook_url=receiver.url())
    [post] = receiver.wait()
    assert [post.headers.get(name) is None for name in HEADERS] == [True, False, False, False]
    assert (post.headers["sixtyfour-event-type"], post.headers["sixtyfour-delivery-attempt"]) == (
        "find_phone_bulk",
        "1",
    )
    quick.set_behaviour(sixtyfour_webhook_headers="signed")
    start(quick, "phone-async", webhook_url=receiver.url())
    assert not set(HEADERS) & set(receiver.wait(2)[1].headers)


# The secret.


def test_a_secret_is_told_once(server: Server) -> None:
    assert server.sixtyfour("GET", SECRET).body == b"null"
    made = server.sixtyfour("POST", SECRET)
    told = made.json()
    assert made.status == 201
    assert told["plaintext"].startswith("sk_whsec_")
    assert len(told["plaintext"]) == len("sk_whsec_") + 64
    assert set(told["meta"]) == {"id", "org_id", "preview", "status", "created_at", "revoked_at"}
    assert told["meta"]["preview"] == f"sk_whsec_••••…{told['plaintext'][-4:]}"
    assert server.sixtyfour("GET", SECRET).json() == told["meta"]
    gone = server.sixtyfour("DELETE", SECRET)
    assert (gone.status, gone.body, "content-length" in gone.headers) == (204, b"", False)
    assert server.sixtyfour("GET", SECRET).json() is None


@pytest.mark.parametrize("hours", [-1, 73, "many", 0.5])
def test_the_overlap_is_of_0_to_72_hours(server: Server, hours: object) -> None:
    server.sixtyfour("POST", SECRET)
    answer = server.sixtyfour("POST", f"{SECRET}/roll", {"expire_overlap_hours": hours})
    assert (answer.status, answer.json()["detail"][0]["loc"]) == (422, ["body", "expire_overlap_hours"])


def test_a_rolled_secret_signs_beside_the_old_one(quick: Server, receiver: Receiver) -> None:
    assert quick.sixtyfour("POST", f"{SECRET}/roll", {}).status == 404
    old = quick.sixtyfour("POST", SECRET).json()["plaintext"]
    rolled = quick.sixtyfour("POST", f"{SECRET}/roll", {})
    new = rolled.json()["plaintext"]
    start(quick, "email-async", webhook_url=receiver.url())
    [post] = receiver.wait()
    seconds, signatures = signed(post)
    assert rolled.status == 200
    assert signatures == [sign(new, seconds, post.body), sign(old, seconds, post.body)]
    quick.sixtyfour("POST", f"{SECRET}/roll", {"expire_overlap_hours": 0})
    start(quick, "email-async", webhook_url=receiver.url())
    assert len(signed(receiver.wait(2)[1])[1]) == 1


def test_the_overlap_ends() -> None:
    now, texts = [1000.0], iter(["a", "b", "c", "d"])
    secrets = SigningSecrets(lambda: now[0], lambda: next(texts))
    assert (secrets.signing(), secrets.roll(1)) == ((), None)
    secrets.create()
    secrets.roll(1)
    now[0] += 3599
    assert secrets.signing() == ("sk_whsec_b", "sk_whsec_a")
    now[0] += 1
    assert secrets.signing() == ("sk_whsec_b",)
    secrets.roll(24)
    secrets.create()
    assert secrets.signing() == ("sk_whsec_d",)
    secrets.revoke()
    assert secrets.signing() == ()


# What is posted.


@pytest.mark.parametrize("path", ["email-async", "phone-async", "email-bulk-async", "phone-bulk-async"])
def test_a_webhook_posts_the_result_of_its_job(quick: Server, receiver: Receiver, path: str) -> None:
    fields = lead(known(quick))
    task_id = start(quick, path, [fields] if "bulk" in path else fields, webhook_url=receiver.url("/hooks/a?b=c"))
    [post] = receiver.wait()
    document = posted(post)
    assert (post.path, post.headers["content-type"]) == ("/hooks/a?b=c", "application/json")
    kind = f"find_{path.removesuffix('-async').replace('-', '_')}"
    result = status(quick, task_id).json()["result"]
    assert document == {"task_id": task_id, "status": "completed", "task_type": kind, "result": result}


def test_tuples_of_a_webhook_can_be_shorter(quick: Server, receiver: Receiver) -> None:
    quick.set_behaviour(sixtyfour_webhook_tuple_length=2)
    task_id = start(quick, "email-async", lead(known(quick)), webhook_url=receiver.url())
    short = posted(receiver.wait()[0])["result"]["email"]
    assert [len(entry) for entry in short] == [2]
    assert [entry[:2] for entry in status(quick, task_id).json()["result"]["email"]] == short


@pytest.mark.parametrize("form", ["array", "structured_data", "top_level"])
def test_the_forms_of_a_result_hold_for_webhooks(quick: Server, receiver: Receiver, form: str) -> None:
    quick.set_behaviour(sixtyfour_result_form=form)
    task_id = start(quick, "email-async", webhook_url=receiver.url())
    document = posted(receiver.wait()[0])
    name = "structured_data" if form == "top_level" else "result"
    assert document[name] == status(quick, task_id).json()[name]


def test_a_failed_job_posts_failed_and_why(quick: Server, receiver: Receiver) -> None:
    quick.set_behaviour(sixtyfour_end_status="failed")
    task_id = start(quick, "email-async", webhook_url=receiver.url())
    document = posted(receiver.wait()[0])
    assert isinstance(document.pop("error"), str)
    assert document == {"task_id": task_id, "status": "failed", "task_type": "find_email"}


@pytest.mark.parametrize(("switch", "told"), [("none", None), ("failed", "failed"), ("as_is", "cancelled")])
def test_a_cancelled_job_posts_nothing_failed_or_that(
    quick: Server, receiver: Receiver, switch: str, told: str | None
) -> None:
    quick.set_behaviour(sixtyfour_end_status="cancelled", sixtyfour_webhook_other_ends=switch)
    ended(quick, start(quick, "email-async", webhook_url=receiver.url()))
    quick.set_behaviour(sixtyfour_end_status="completed")
    start(quick, "email-async", webhook_url=receiver.url())
    statuses = [posted(post)["status"] for post in receiver.wait(2 if told else 1)]
    assert sorted(statuses) == sorted(filter(None, ["completed", told]))


@pytest.mark.parametrize("fate", ["dropped", "lost"])
def test_what_never_finishes_posts_nothing(quick: Server, receiver: Receiver, fate: str) -> None:
    faults = [{"operation": "find_email", "fault": fate, "nth": [1]}]
    quick.set_behaviour(sixtyfour_webhook_other_ends="as_is", faults=faults)
    first, second = (start(quick, "email-async", webhook_url=receiver.url()) for _ in range(2))
    assert [posted(post)["task_id"] for post in receiver.wait()] == [second]
    time.sleep(0.1)
    assert first not in [posted(post)["task_id"] for post in receiver.posts]


# When, how often, in which order.


def test_a_refused_webhook_is_repeated_with_another_attempt(quick: Server, refusing: Receiver) -> None:
    """1 and 5 more, whatever the answers that are no 2xx; one event, signed anew each time."""
    quick.sixtyfour("POST", SECRET)
    start(quick, "email-async", webhook_url=refusing.url())
    posts = refusing.wait(6)
    assert [post.headers["sixtyfour-delivery-attempt"] for post in posts] == list("123456")
    assert len({post.headers["sixtyfour-event-id"] for post in posts}) == 1
    assert len({post.body for post in posts}) == 1
    time.sleep(0.5)  # longer than the next pause would be, 0.32 s
    entries = books(quick)["webhooks"]
    assert [(entry["attempt"], entry["status"]) for entry in entries] == [
        *((1, 500), (2, 307), (3, 404), (4, 503), (5, 500), (6, 500))
    ]
    gaps = [after["time"] - before["time"] for before, after in pairwise(entries)]
    assert all(gap >= 0.01 * 2**position for position, gap in enumerate(gaps))


def test_a_repetition_can_have_another_event_id(quick: Server, refusing: Receiver) -> None:
    quick.set_behaviour(sixtyfour_webhook_event_id_stable=False, sixtyfour_webhook_retries=2)
    start(quick, "email-async", webhook_url=refusing.url())
    assert len({post.headers["sixtyfour-event-id"] for post in refusing.wait(3)}) == 3


@pytest.mark.parametrize("restamped", [True, False])
def test_a_repetition_is_signed_anew_or_not(quick: Server, restamped: bool) -> None:
    quick.sixtyfour("POST", SECRET)
    quick.set_behaviour(sixtyfour_webhook_retry_seconds=1.01, sixtyfour_webhook_restamped=restamped)
    with Receiver(answers=[500]) as refusing:
        start(quick, "email-async", webhook_url=refusing.url())
        times = [signed(post)[0] for post in refusing.wait(2)]
    assert (times[1] > times[0]) == restamped


def test_a_webhook_can_be_off_late_or_lost(quick: Server, receiver: Receiver) -> None:
    quick.set_behaviour(sixtyfour_webhook=False)
    ended(quick, start(quick, "email-async", webhook_url=receiver.url()))
    quick.set_behaviour(sixtyfour_webhook=True, sixtyfour_webhook_lost_probability=1)
    ended(quick, start(quick, "email-async", webhook_url=receiver.url()))
    quick.set_behaviour(sixtyfour_webhook_lost_probability=0, sixtyfour_webhook_delay=0.3)
    late = start(quick, "email-async", webhook_url=receiver.url())
    assert [posted(post)["task_id"] for post in receiver.wait()] == [late]
    assert "lost" in books(quick)["webhooks"][0]["error"]
    assert time.time() - books(quick)["jobs"][2]["finished"] > 0.28


def test_a_webhook_can_come_more_than_once(quick: Server, receiver: Receiver) -> None:
    quick.set_behaviour(sixtyfour_webhook_copies=3)
    start(quick, "email-async", webhook_url=receiver.url())
    posts = receiver.wait(3)
    assert len({(post.body, post.headers["sixtyfour-event-id"]) for post in posts}) == 1


def test_webhooks_can_come_in_reverse_order(quick: Server, receiver: Receiver) -> None:
    quick.set_behaviour(sixtyfour_webhook_reorder=3)
    task_ids = []
    for _ in range(3):
        task_ids.append(start(quick, "email-async", webhook_url=receiver.url()))
        ended(quick, task_ids[-1])
    assert [posted(post)["task_id"] for post in receiver.wait(3)] == task_ids[::-1]


def test_a_webhook_can_come_before_the_answer_that_starts_its_job(quick: Server, receiver: Receiver) -> None:
    quick.set_behaviour(sixtyfour_webhook_before_answer=True, sixtyfour_job_seconds=60, latency=0.2)
    task_id = find(quick, "email-async", webhook_url=receiver.url()).json()["task_id"]
    [post] = receiver.posts
    assert posted(post)["task_id"] == task_id


def test_the_first_vendors_switches_of_webhooks_are_not_this_ones(quick: Server, receiver: Receiver) -> None:
    quick.set_behaviour(webhook=False, webhook_copies=4, webhook_lost_probability=1)
    ended(quick, start(quick, "email-async", webhook_url=receiver.url()))
    receiver.wait()
    time.sleep(0.1)
    assert len(receiver.posts) == 1
    assert quick.books()["webhooks"] == []


def test_nothing_is_posted_to_another_machine(quick: Server) -> None:
    ended(quick, start(quick, "email-async", webhook_url="https://hooks.example/x"))
    end = time.monotonic() + 5
    while not books(quick)["webhooks"] and time.monotonic() < end:
        time.sleep(0.02)
    [entry] = books(quick)["webhooks"]
    assert "not this machine" in entry["error"]
