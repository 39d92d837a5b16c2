"""Counting the people of a search by a few calls, against a sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import anyio
import pytest

import sandbox
from sandbox import Server
from sources.clodura.client import CloduraClient, make_transport
from sources.clodura.filters import SearchFilters
from sources.clodura.probe import MOST_CALLS, Probed, probe


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with sandbox.running(people=1) as server:
        yield server


def probed(server: Server, people: int, **behaviour: object) -> Probed:
    server.reset(people=people, seed=1, behaviour=behaviour)

    async def main() -> Probed:
        async with make_transport(server.url, server.api_key, rate_limits=("5000/second",)) as transport:
            return await probe(CloduraClient(transport), SearchFilters())

    return anyio.run(main)


@pytest.mark.parametrize("people", [1, 99, 100, 101, 199, 200, 1000, 4_950, 9_899, 9_999])
@pytest.mark.parametrize("empty", ["404", "array"])
def test_it_counts_exactly_by_few_calls(server: Server, people: int, empty: str) -> None:
    found = probed(server, people, empty_search=empty)
    assert (found.people, found.truncated) == (people, False)
    assert found.calls <= MOST_CALLS
    assert found.calls == sum(call["operation"] == "search" for call in server.books()["requests"])


@pytest.mark.parametrize("people", [10_000, 10_001, 12_345])
def test_a_full_last_page_may_hide_more(server: Server, people: int) -> None:
    found = probed(server, people)
    assert (found.people, found.truncated) == (10_000, True)
    assert found.calls <= MOST_CALLS


def test_nobody(server: Server) -> None:
    server.reset(people=5, seed=1)

    async def main() -> Probed:
        async with make_transport(server.url, server.api_key, rate_limits=("5000/second",)) as transport:
            return await probe(CloduraClient(transport), SearchFilters(person_id="nobody"))

    assert anyio.run(main) == Probed(0, False, 1)
