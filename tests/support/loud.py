"""A vendor that knows one person, the canary, and shouts: whatever it refuses, it repeats key, request and person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

from tests.integration.wire import Act, Exchange, Wire, answer, serving
from tests.support.canaries import ADDRESS, BODIES, NUMBER, PERSON, PERSON_ID, SENTENCE

#: operations by the path they are asked at
PATHS = {
    "/api/v1/search/people": "search",
    "/api/v1/search/people/email/match": "email",
    "/api/v1/search/people/phone/match": "phone",
    "/api/v1/search/people/track/job-1": "track",
    "/api/v1/verify/email": "verify",
    "/api/v1/credits": "credits",
}
RESULT = {
    "trackingId": "job-1",
    "status": "success",
    "people": [
        {
            "personId": PERSON_ID,
            "firstName": PERSON["firstName"],
            "results": [
                {"provider": "Hunter", "status": "Success / Deliverable", "email": ADDRESS},
                {"provider": "Wiza", "status": "found", "phone": NUMBER},
            ],
        }
    ],
}
GOOD: dict[str, Any] = {
    "search": [PERSON],
    "email": {"trackingId": "job-1", "message": SENTENCE},
    "phone": {"trackingId": "job-1", "message": SENTENCE},
    "track": RESULT,
    "verify": {"email": ADDRESS, "verificationProgress": "Completed", "verificationStatus": "Deliverable"},
    "credits": {"remainingCredits": 500, "account": SENTENCE},
}


def shout(status: int, body: str = "message") -> Act:
    """An answer that repeats all it knows and all it was sent."""

    def act(exchange: Exchange) -> None:
        seen = exchange.request
        sent = f"{seen.target} {json.dumps(seen.headers)} {seen.body.decode()}"
        told = json.dumps({"message": f"{SENTENCE} {sent}"}).encode() if body == "message" else BODIES[body]
        answer(status, told, Location=f"https://x.example/{ADDRESS}")(exchange)

    return act


@dataclass
class Loud:
    """The vendor; ``acts`` says for an operation what it does instead of answering well."""

    wire: Wire
    acts: dict[str, Act] = field(default_factory=dict)
    #: posted to the webhook URL of each submit, before it is answered
    posts: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.wire.url

    def __call__(self, exchange: Exchange) -> None:
        operation = PATHS[exchange.request.target]
        if operation in ("email", "phone", "verify") and self.posts:
            url = json.loads(exchange.request.body)["webhookUrl"]
            for body in self.posts:
                urlopen(Request(url, body, method="POST"), timeout=10).close()
        first = operation != "search" or json.loads(exchange.request.body)["page"] == 1
        good = GOOD[operation] if first else []
        act = self.acts.get(operation) or answer(200, json.dumps(good).encode())
        act(exchange)


@contextmanager
def loud() -> Iterator[Loud]:
    """Running for as long as the block lasts."""
    handler: list[Loud] = []
    with serving(lambda exchange: handler[0](exchange)) as wire:
        handler.append(Loud(wire))
        yield handler[0]
