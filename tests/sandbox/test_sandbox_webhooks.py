"""Webhooks: what is posted, when, how often and in which order, and how the books tell of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox import Receiver, Server

SEARCH = "/api/v1/search/people"


def submit(server: Server, url: str, count: int = 1) -> list[str]:
    """Reveal the first persons' addresses; return the tracking ids in order."""
    bodies = [{"personId": person["person_id"], "webhookUrl": url} for person in server.people(limit=count)]
    return [server.request("POST", f"{SEARCH}/email/match", body).json()["trackingId"] for body in bodies]


def booked(server: Server, count: int = 1) -> list[dict[str, Any]]:
    """The webhooks in the books once there are ``count``: they are booked after the receiver has answered."""
    end = time.monotonic() + 5
    entries: list[dict[str, Any]] = []
    while len(entries) < count and time.monotonic() < end:
        time.sleep(0.02)
        entries = server.books()["webhooks"]
    return entries


@pytest.fixture
def refusing() -> Iterator[Receiver]:
    with Receiver(answers=[500, 404]) as listening:
        yield listening


def test_a_webhook_is_a_post_of_json_to_the_given_address(server: Server, receiver: Receiver) -> None:
    [tracking_id] = submit(server, receiver.url("/hooks/clodura/abc?x=1"))
    post = receiver.wait()[0]
    assert post.path == "/hooks/clodura/abc?x=1"
    assert post.headers["content-type"] == "application/json"
    assert json.loads(post.body)["trackingId"] == tracking_id
    [entry] = booked(server)
    assert (entry["tracking_id"], entry["attempt"], entry["status"]) == (tracking_id, 1, 200)


def test_webhooks_can_be_off(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(webhook=False, job_seconds=0)
    submit(server, receiver.url())
    time.sleep(0.1)
    assert receiver.posts == []
    assert server.books()["jobs"][0]["outcome"] == "found"


def test_some_webhooks_can_be_lost_although_their_jobs_end(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(webhook_lost_probability=0.5, job_seconds=0)
    tracking_ids = submit(server, receiver.url(), 20)
    lost = {entry["tracking_id"] for entry in booked(server, 20) if entry["status"] is None}
    assert 4 < len(lost) < 16
    assert {json.loads(post.body)["trackingId"] for post in receiver.posts} == set(tracking_ids) - lost
    assert all(job["finished"] for job in server.books()["jobs"])
    assert server.books()["totals"]["webhooks"]["accepted"] == 20 - len(lost)


def test_a_job_takes_its_time(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(job_seconds=0.3)
    submit(server, receiver.url())
    job = server.books()["jobs"][0]
    assert job["finished"] is None
    receiver.wait()
    job = server.books()["jobs"][0]
    assert 0.28 < job["finished"] - job["created"] < 1


def test_a_webhook_can_come_more_than_once(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(webhook_copies=3, job_seconds=0)
    submit(server, receiver.url())
    posts = receiver.wait(3)
    assert len({post.body for post in posts}) == 1


def test_a_webhook_can_be_late(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(webhook_delay=[0.3, 0.4], job_seconds=0)
    submit(server, receiver.url())
    receiver.wait()
    books = server.books()
    assert time.time() - books["jobs"][0]["finished"] > 0.28


def test_webhooks_can_come_in_reverse_order(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(webhook_reorder=3, job_seconds=0)
    tracking_ids = submit(server, receiver.url(), 3)
    posts = receiver.wait(3)
    assert [json.loads(post.body)["trackingId"] for post in posts] == tracking_ids[::-1]


def test_webhooks_held_back_for_company_come_alone_in_the_end(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(webhook_reorder=3, job_seconds=0)
    submit(server, receiver.url())
    assert len(receiver.wait(1, seconds=2)) == 1


def test_a_refused_webhook_is_not_repeated_unless_switched_on(server: Server, refusing: Receiver) -> None:
    server.set_behaviour(job_seconds=0, webhook_retry_seconds=0.05)
    submit(server, refusing.url())
    refusing.wait()
    time.sleep(0.2)
    assert len(refusing.posts) == 1
    assert server.books()["totals"]["webhooks"] == {"posted": 1, "accepted": 0}


def test_a_refused_webhook_can_be_repeated_until_it_is_taken(server: Server, refusing: Receiver) -> None:
    server.set_behaviour(job_seconds=0, webhook_retries=5, webhook_retry_seconds=0.02)
    submit(server, refusing.url())
    assert [(entry["attempt"], entry["status"]) for entry in booked(server, 3)] == [
        (1, 500),
        (2, 404),
        (3, 200),
    ]
    time.sleep(0.1)
    assert len(refusing.posts) == 3


def test_a_webhook_can_come_before_the_submit_is_answered(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(webhook_before_answer=True, latency=0.2, job_seconds=60)
    start = time.monotonic()
    [tracking_id] = submit(server, receiver.url())
    assert time.monotonic() - start > 0.18
    [post] = receiver.posts
    assert json.loads(post.body)["trackingId"] == tracking_id
    books = server.books()
    assert books["webhooks"][0]["time"] < books["requests"][0]["time"] + 0.15


def test_a_receiver_that_is_not_there_is_booked(server: Server) -> None:
    with Receiver() as gone:
        url = gone.url()
    server.set_behaviour(job_seconds=0)
    submit(server, url)
    [entry] = booked(server)
    assert entry["status"] is None
    assert "Connect" in entry["error"]


def test_nothing_is_posted_to_another_machine(server: Server) -> None:
    server.set_behaviour(job_seconds=0)
    submit(server, "https://hooks.example/x")
    [entry] = booked(server)
    assert "not this machine" in entry["error"]


def test_webhooks_may_leave_this_machine_when_told_to(server: Server) -> None:
    """The name is reserved and resolves nowhere, so that the attempt fails; that it is made is the point."""
    server.set_behaviour(job_seconds=0, webhook_any_host=True)
    submit(server, "http://hooks.invalid/x")
    [entry] = booked(server)
    assert "not this machine" not in entry["error"]


def test_redirects_are_not_followed(server: Server) -> None:
    with Receiver(answers=[307]) as redirecting:
        server.set_behaviour(job_seconds=0)
        submit(server, redirecting.url())
        assert booked(server)[0]["status"] == 307
        assert len(redirecting.posts) == 1


def test_a_reset_stops_running_jobs(server: Server, receiver: Receiver) -> None:
    server.set_behaviour(job_seconds=0.2)
    submit(server, receiver.url())
    server.reset()
    time.sleep(0.4)
    assert receiver.posts == []
    assert server.books()["jobs"] == []
