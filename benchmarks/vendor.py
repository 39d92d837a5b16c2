"""Clodura's people search, imitated so that it answers faster than any client asks: bytes prepared, nothing looked up.

    with serving({"w000": 9_900}) as vendor: ...            # one window of 99 pages
    with serving({"w000": 30_000}, by_seniority=True) as vendor: ...

A window is what `webKeywords` names. A record has some 580 bytes; an employer has ten of the people. By seniority, the
people of a window differ in nothing else that can be filtered by: any other filter shows all of them or nobody. Where
it is not by seniority, a filter beside the keyword is refused (422): to ignore it would be a lie.

Wire facts: the vendor's search page. A page past the end is an empty array; every call is counted (`Vendor.calls`).
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple
from urllib.request import urlopen

KEY = "a-key-of-the-benchmarks-alone"
SEARCH = "/api/v1/search/people"
PAGE, LAST_PAGE = 100, 100
#: stands in a record for the three digits of the window: all show the same people, under numbers, profiles and
#: employers of their own
_MARK = b"~~~"

#: of 1,000 people how many have which seniority, where a window can be split by it
SENIORITIES: Mapping[str, int] = {
    "Senior": 231, "Manager": 205, "Entry Level": 142, "Director": 96, "Executive": 81, "Founder": 62, "Head": 51,
    "Vice President": 38, "Junior": 33, "CXO": 25, "CEO": 20, "President": 11, "Chairman": 5,
}  # fmt: skip
#: what else can be filtered by, and the value that everybody has there
_ALIKE: Mapping[str, str] = {
    "functional": "Sales", "personCity": "Pune", "personState": "Maharashtra", "personCountry": "India",
    "contactEmailStatus": "verified", "companyEmployeeSize": "51 - 200", "companyCountry": "India",
    "industry": "Software Development", "revenue": "11M-100M", "fundingType": "Series A", "businessModel": "Services",
}  # fmt: skip
_FIRST = """Aarav Aditi Ahmed Alice Amara André Anna Arjun Beatriz Björn Carlos Chen Chloé Daniel Diego Elena Emily
Fatima Felix Gabriel Grace Hannah Haruto Hugo Ines Ivan Jack James João Julia Kapil Karan Laura Leon Lucia Maria
Mehmet Mia Michael Mohammed Natalia Neha Noah Oliver Olivia Priya Rahul Rohan Sakura Sanjay Sara Sofia Thomas Yusuf
Zoe""".split()
_LAST = """Agarwal Ahmed Almeida Andersson Bauer Brown Chatterjee Costa Davies Desai Dubois Fernandes García Gupta
Hansen Iyer Jackson Johnson Joshi Kapoor Khan Khangaonkar Kim Kowalski Kulkarni Lambert Lee López Mehta Meyer Miller
Moreau Müller Nair Nakamura Novák Okafor Patel Pereira Reddy Rossi Schmidt Schneider Sharma Silva Singh Smith Tanaka
Taylor Thompson Wagner Wang Weber Williams Wilson Yamamoto Yilmaz Zhang""".split()
_PLACES = (
    ("Pune", "Maharashtra", "India"), ("Bengaluru", "Karnataka", "India"), ("Austin", "Texas", "United States"),
    ("San Francisco", "California", "United States"), ("London", "England", "United Kingdom"),
    ("München", "Bavaria", "Germany"), ("São Paulo", "São Paulo", "Brazil"), ("Singapore", "Singapore", "Singapore"),
)  # fmt: skip
_TITLES = (
    (["Founder"], ["Founder & CEO", "Board Member"], ["Admin", "Operations"]),
    (["Director"], ["Director of Sales, Enterprise Accounts"], ["Sales"]),
    (["Senior"], ["Senior Software Engineer, Platform"], ["Engineering", "IT"]),
    (["Manager"], ["Regional Marketing Manager"], ["Marketing"]),
    (["Vice President", "Executive"], ["Vice President of Product Management"], ["Product Management"]),
    (["Head"], ["Head of Information Security"], ["Security", "IT"]),
)
_SIZES = ("2 - 10", "11 - 50", "51 - 200", "201 - 500", "1001 - 5000", "10000+")
_COMPANIES = "Northwind Acme Globex Initech Umbrella Contoso Vandelay Hooli Stark Wayne Soylent Cyberdyne".split()
_TRADES = "Systems Software Consulting Logistics Analytics Health Foods Energy Capital Robotics".split()


class Call(NamedTuple):
    """A page asked for: seconds since the server began, what was asked, and how many people it showed."""

    time: float
    filters: str
    page: int
    people: int


@dataclass(frozen=True)
class Vendor:
    """A server that is running."""

    url: str

    def calls(self) -> list[Call]:
        """All calls since this was asked last."""
        with urlopen(f"{self.url}/calls") as answer:
            return [Call(*call) for call in json.load(answer)]


@contextmanager
def serving(windows: Mapping[str, int], *, latency: float = 0.0, by_seniority: bool = False) -> Iterator[Vendor]:
    """The server in a process of its own on any free port; ``windows``: people by keyword; ``latency`` in seconds."""
    what = json.dumps([windows, latency, by_seniority])
    child = subprocess.Popen([sys.executable, "-m", __name__, what], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        yield Vendor(child.stdout.readline().strip())
    finally:
        child.terminate()
        child.wait()
        child.stdout.close()


class _Refused(Exception):
    """Asked for something that this imitation cannot tell."""


class App:
    """The ASGI application."""

    def __init__(self, windows: Mapping[str, int], latency: float, by_seniority: bool) -> None:
        self._windows = {name: (number, people) for number, (name, people) in enumerate(windows.items())}
        self._latency = latency
        self._by_seniority = by_seniority
        self._began = time.monotonic()
        self._calls: list[Call] = []
        written = list(_records(max(windows.values()), by_seniority))
        self._written = written
        self._pages = [
            _page(written[first : first + PAGE], first // PAGE + 1) for first in range(0, len(written), PAGE)
        ]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        status, answer = self._answer(scope["path"], body)
        if self._latency and scope["path"] == SEARCH:
            await asyncio.sleep(self._latency)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, path: str, body: bytes) -> tuple[int, bytes]:
        if path == "/calls":
            calls, self._calls = self._calls, []
            return 200, json.dumps(calls).encode()
        if path == "/api/v1/credits":
            return 200, b'{"exportCredits": 1000000}'
        if path != SEARCH:
            return 404, b'{"message": "no such page"}'
        asked = json.loads(body)
        page, size = asked.pop("page"), asked.pop("perPage")
        if not (1 <= page <= LAST_PAGE and 1 <= size <= PAGE):
            return 400, b'{"message": "page and perPage are 1 to 100"}'
        try:
            window, people = self._shown(dict(asked))
        except _Refused as refused:
            return 422, json.dumps({"message": str(refused)}).encode()
        first, end = (page - 1) * size, min(page * size, len(people))
        shown = range(first, end) if first < end else range(0)
        self._calls.append(Call(time.monotonic() - self._began, json.dumps(asked, sort_keys=True), page, len(shown)))
        return 200, self._written_page(window, people, page, size, shown)

    def _written_page(self, window: int, people: Sequence[int], page: int, size: int, shown: range) -> bytes:
        if len(shown) == PAGE == size and isinstance(people, range):
            whole = self._pages[page - 1]
        else:
            whole = _page([self._written[people[place]] for place in shown], page, size)
        return whole.replace(_MARK, b"%03d" % window)

    def _shown(self, asked: dict[str, Any]) -> tuple[int, Sequence[int]]:
        """The window's number, and the numbers in it of the people that the filters let through."""
        keywords = asked.pop("webKeywords", None)
        if not isinstance(keywords, list) or len(keywords) != 1 or keywords[0] not in self._windows:
            raise _Refused(f"webKeywords must name one of {', '.join(self._windows)}")
        window, people = self._windows[keywords[0]]
        seniorities = asked.pop("seniority", None)
        exclude = asked.pop("personLocationExclude", False)
        if not self._by_seniority and (asked or seniorities):
            raise _Refused(f"nothing is known here of {', '.join(asked) or 'seniority'}")
        for name, wanted in asked.items():
            if name not in _ALIKE:
                raise _Refused(f"nothing is known here of {name}")
            holds = _ALIKE[name] in ([wanted] if isinstance(wanted, str) else wanted)
            if holds == (exclude and name.startswith("person")):
                return window, range(0)
        if seniorities is None:
            return window, range(people)
        parts = _parts(people)
        return window, [number for name, part in parts.items() if name in seniorities for number in part]


def _parts(people: int) -> dict[str, range]:
    """The numbers of the people of each seniority; they stand behind one another."""
    ends = [people * share // 1000 for share in accumulate(SENIORITIES.values())]
    return {name: range(first, end) for name, first, end in zip(SENIORITIES, [0, *ends], ends, strict=False)}


def _records(count: int, by_seniority: bool) -> Iterator[bytes]:
    """Records without page and perPage and closing brace; ``by_seniority``: in the order of `_parts`, else alike."""
    draw = random.Random(1)
    seniorities = [name for name, part in _parts(count).items() for _ in part]
    for number in range(count):
        first, last = draw.choice(_FIRST), draw.choice(_LAST)
        city, state, country = draw.choice(_PLACES)
        seniority, title, function = draw.choice(_TITLES)
        firm = draw.randrange(1 + count // 10)
        company = f"{_COMPANIES[firm % 12]} {firm} {_TRADES[firm % 10]}"
        record: dict[str, Any] = {
            "personId": f"3597~~~{number * 2_654_435_761 % 10**12:012}",
            "firstName": first,
            "lastName": last,
            "linkedinUrl": f"https://www.linkedin.com/in/{first.lower()}-{last.lower()}-{number:04x}~~~/",
            "seniority": seniority,
            "personTitle": title,
            "functional": function,
            "personCity": [city],
            "personState": [state],
            "personCountry": [country],
            "contactEmailStatus": draw.choice(("verified", "verified", "unverified", "unavailable")),
            "organizationId": f"2389~~~{firm * 7_368_787 % 10**12:012}",
            "organizationName": company,
            "companyDomain": [f"{company.lower().replace(' ', '-')}-~~~.com"],
            "companyEmployeeSize": [_SIZES[firm % 6]],
            "companyCountry": [_PLACES[firm % 8][2]],
        }
        if by_seniority:
            alike = {name: [value] for name, value in _ALIKE.items() if name in record}
            record |= alike | {"contactEmailStatus": "verified", "seniority": [seniorities[number]]}
        yield json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()[:-1]


def _page(records: Sequence[bytes], page: int, size: int = PAGE) -> bytes:
    tail = b',"page":%d,"perPage":%d}' % (page, size)
    return b"[" + b",".join([record + tail for record in records]) + b"]"


def main(what: str) -> None:
    """Serve until a signal, the URL on stdout first."""
    import uvicorn

    windows, latency, by_seniority = json.loads(what)
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    app = App(windows, latency, by_seniority)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, lifespan="off", access_log=False, log_level="error", server_header=False)
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main(sys.argv[1])
