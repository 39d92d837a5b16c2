"""What the tests of the second vendor share: people by what it knows of them, leads, calls, jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sandbox import Response, Server

STRANGER = {"name": "Nobody Atall", "company": "Nowhere & Sons"}


def person(server: Server, fits: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The first person with a LinkedIn address and an employer who fits; ``fits`` is given what the vendor knows."""
    people = server.people(limit=100)
    return next(p for p in people if p["linkedin_url"] and p["company_domains"] and fits(p["sixtyfour"]))


def known(server: Server) -> dict[str, Any]:
    """Somebody with one company address that is worth something."""
    return person(server, lambda knows: [email["worth"] for email in knows["email"]] == ["ok"])


def unknown(server: Server) -> dict[str, Any]:
    """Somebody of whom nothing is known."""
    return person(server, lambda knows: not (knows["email"] or knows["personal_email"] or knows["phone"]))


def lead(who: dict[str, Any]) -> dict[str, Any]:
    """How a caller might name that person."""
    name = f"{who['first_name']} {who['last_name']}"
    return {"name": name, "company": who["organization_name"], "linkedin_url": who["linkedin_url"]}


def listed(who: dict[str, Any]) -> list[dict[str, str]]:
    """That person's numbers as a list has them."""
    return [{"number": phone["shown"], "region": phone["region"]} for phone in who["sixtyfour"]["phone"]]


def find(server: Server, path: str, fields: object = None, **options: object) -> Response:
    """One of the eight calls: of one lead, or of the list of them that is given."""
    name = "leads" if "bulk" in path else "lead"
    return server.sixtyfour("POST", f"/find-{path}", {name: STRANGER if fields is None else fields, **options})


def start(server: Server, path: str, fields: object = None, **options: object) -> str:
    """Start a job; its task_id."""
    answer = find(server, path, fields, **options)
    assert answer.status == 200, answer.body
    task_id: str = answer.json()["task_id"]
    return task_id


def status(server: Server, task_id: str, query: str = "") -> Response:
    """What job-status says."""
    return server.sixtyfour("GET", f"/job-status/{task_id}{query}")


def ended(server: Server, task_id: str, query: str = "") -> dict[str, Any]:
    """The document of a job once it is under way no more."""
    end = time.monotonic() + 5
    while True:
        document: dict[str, Any] = status(server, task_id, query).json()
        if document["status"].lower() not in {"running", "pending", "processing"}:
            return document
        assert time.monotonic() < end, document
        time.sleep(0.02)


def books(server: Server) -> dict[str, Any]:
    """The second vendor's books."""
    return server.books(vendor="sixtyfour")


def charges(server: Server) -> list[tuple[str, int]]:
    """Operation and 1/100 cents of every charge."""
    return [(charge["operation"], charge["amount"]) for charge in books(server)["charges"]]
