"""Duplicate, late, reordered or forged webhooks change nothing: from the wire through inbox and ledger to the books."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path
from typing import Any

import anyio
import pytest
import sqlalchemy as sa

from enrichment.capability import Capability
from enrichment.collecting import Collector
from enrichment.context import Context, EngineSettings
from enrichment.inbox import inbox_path
from enrichment.ledger import Ledger, plans
from enrichment.ledger.claims import Lane
from enrichment.ledger.plans import Wanted
from enrichment.ledger.schema import calls, charges, emails, inbox, metadata, phones, provider_results
from enrichment.polling import Poller
from enrichment.states import State
from sources.clock import SYSTEM_CLOCK
from sources.providers import Channel, Person
from tests.support.clodura import reader
from tests.support.ledgers import new_ledger
from tests.support.purchases import NOW, RUN, answer, claim, rows, send
from tests.support.receiving import CAPABILITY, Receiving, path_of, post, receiving

PROVIDER = reader("multi_provider")
OLD, NEW = "the old key, long enough", "the new key, long enough"
LANES = [
    Lane("clodura", operation.name, "credits", operation.reserve, 100) for operation in PROVIDER.operations.values()
]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


@contextmanager
def hearing(ledger: Ledger, capability: Capability = CAPABILITY) -> Iterator[House]:
    with receiving(inbox_path(ledger.path), capability) as it:
        yield House(ledger, it)


@pytest.fixture
def house(ledger: Ledger) -> Iterator[House]:
    with hearing(ledger) as house:
        yield house


class House:
    """A ledger with jobs under way, and the receiver that hears of them."""

    def __init__(self, ledger: Ledger, it: Receiving) -> None:
        self.ledger = ledger
        self.it = it

    def accepted(self, *people: str, channel: Channel = Channel.EMAIL) -> list[str]:
        """Buy for each person; the request ids, in the order of the people. Jobs have ids that name them."""
        asks = [PROVIDER.ask(channel, Person(person)) for person in people]
        wanted = [
            Wanted("clodura", channel, "credits", person, ask, "a search")
            for person, ask in zip(people, asks, strict=True)
            if ask is not None
        ]
        self.ledger.call(plans.plan, wanted, RUN, NOW)
        claimed, _ = claim(self.ledger, LANES)
        by_person = {str(item.parameters[0]["personId"]): item for item in claimed}
        for person, item in by_person.items():
            send(self.ledger, item)
            answer(self.ledger, item, State.ACCEPTED, tracking_id=job_of(person))
        return [by_person[person].request_id for person in people]

    def post(self, request_id: str, document: object, capability: Capability = CAPABILITY) -> int:
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return post(self.it.address, path_of(request_id, capability=capability), body)

    def apply(self) -> int:
        """What a run does with its mail."""
        context = Context(
            ledger=self.ledger,
            providers={"clodura": PROVIDER},
            settings=EngineSettings(channels=[Channel.EMAIL, Channel.PHONE], receiving=True),
            clock=SYSTEM_CLOCK,
            dice=random.Random(1),
            run_id=RUN,
            owner="me",
            capability=CAPABILITY,
            started=SYSTEM_CLOCK.monotonic(),
            inbox=self.it.inbox,
        )

        async def story() -> int:
            return await Collector(context, Poller(context)).apply_inbox()

        return anyio.run(story)

    def everything(self) -> Mapping[str, Any]:
        """All rows there are, but for the raw documents."""
        return {table.name: rows(self.ledger, table) for table in metadata.sorted_tables if table is not inbox}

    def verdicts(self) -> list[str]:
        return [str(row["verdict"]) for row in rows(self.ledger, inbox)]

    def end_of(self, person: str) -> Any:
        """What is known of a person in the end: nothing of when and in what order it was learned."""
        with self.ledger.read() as connection:
            of_person = sa.select(calls).where(calls.c.person_id == person)
            call = connection.execute(of_person).mappings().one()

            def about(table: sa.Table, *names: str) -> list[tuple[Any, ...]]:
                columns = [table.c[name] for name in names]
                of_call = sa.select(*columns).where(table.c.call_id == call["call_id"])
                return sorted(map(tuple, connection.execute(of_call)))

            return (
                [call[name] for name in ("state", "outcome", "reserved", "amount_min", "amount_max", "basis")],
                about(emails, "email", "type", "status", "status_raw", "found_by"),
                about(phones, "number", "type", "country"),
                about(provider_results, "provider", "status_raw"),
                about(charges, "kind", "amount_min", "amount_max", "basis"),
            )


def job_of(person: str) -> str:
    return f"job-{person}"


def found(person: str, **more: object) -> dict[str, object]:
    return {
        "trackingId": job_of(person), "status": "success", "personId": person, "email": "ann@x.io",
        "emailStatus": "Deliverable", "provider": "Hunter", **more,
    }  # fmt: skip


def missed(person: str) -> dict[str, object]:
    rows = [{"provider": name, "status": "not found", "email": None} for name in ("Clodura", "Hunter")]
    return {"trackingId": job_of(person), "status": "success", "personId": person, "results": rows}


def pending(person: str) -> dict[str, object]:
    return {"trackingId": job_of(person), "status": "In-progress"}


def test_in_whatever_order_and_however_often_they_come_the_end_is_the_same(house: House) -> None:
    """Each order for a person of its own; half of them are applied as they come, the others all at once."""
    documents = [pending, found, found, missed]
    orders = [order for order in permutations(range(4)) if order.index(1) < order.index(2)]
    people = [f"{number:019}" for number in range(2 * len(orders))]
    requests = dict(zip(people, house.accepted(*people), strict=True))
    for number, person in enumerate(people):
        for place in orders[number // 2]:
            assert house.post(requests[person], documents[place](person)) == 200
            if number % 2:
                house.apply()
    house.apply()
    ends = [house.end_of(person) for person in people]
    assert ends[0][0][:2] == ["settled", "found"]
    assert [end for end in ends if end != ends[0]] == []
    before = house.everything()
    for person in reversed(people):
        for document in documents:
            house.post(requests[person], document(person))
    house.apply()
    assert house.everything() == before


def test_a_replay_minutes_later_is_acknowledged_and_changes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    (request_id,) = house.accepted("1")
    house.post(request_id, found("1"))
    assert house.apply() == 1
    before, documents = house.everything(), rows(house.ledger, inbox)
    later = SYSTEM_CLOCK.time() + 400
    monkeypatch.setattr(type(SYSTEM_CLOCK), "time", lambda self: later)
    assert [house.post(request_id, found("1")) for _ in range(3)] == [200] * 3
    assert house.it.kept()[0].received_at > documents[0]["received_at"] + 300_000_000
    assert house.apply() == 0
    assert (house.everything(), rows(house.ledger, inbox)) == (before, documents)
    assert house.it.kept() == []


def test_one_that_comes_late_settles_what_was_given_up(house: House) -> None:
    (request_id,) = house.accepted("1")

    def give_up(connection: sa.Connection) -> None:
        connection.execute(calls.update().values(state=State.IN_DOUBT))

    house.ledger.call(give_up)
    house.post(request_id, found("1"))
    house.apply()
    assert house.end_of("1")[0][:2] == ["settled", "found"]


def test_a_url_with_any_one_character_changed_is_nowhere(house: House) -> None:
    """In provider, request id and mac alike; the body is that of the genuine post."""
    (request_id,) = house.accepted("1")
    before = house.everything()
    path = path_of(request_id)
    start = path.index("clodura")
    flipped = [path[:at] + chr(ord(path[at]) ^ 1) + path[at + 1 :] for at in range(start, len(path)) if path[at] != "/"]
    assert len(flipped) == len("clodura") + len(request_id) + 40
    body = json.dumps(found("1")).encode()
    assert {post(house.it.address, forged, body) for forged in flipped} == {404}
    assert house.apply() == 0
    assert house.everything() == before
    assert rows(house.ledger, inbox) == []


@pytest.mark.parametrize("settled", [False, True])
def test_what_names_somebody_else_is_set_aside(house: House, settled: bool) -> None:
    """On a genuine URL: another person's document, another job's, another person's in a settled call's name."""
    mine, other = house.accepted("1", "2")
    if settled:
        house.post(mine, found("1"))
        house.apply()
    before = house.everything()
    theirs = [found("2"), found("1", trackingId=job_of("2")), found("1", personId="2"), missed("2")]
    for document in theirs:
        assert house.post(mine, document) == 200
    house.apply()
    assert house.everything() == before
    assert house.verdicts()[-len(theirs) :] == ["quarantined"] * len(theirs)
    house.post(other, found("2"))  # the other one's own is none the worse for it
    house.apply()
    assert house.end_of("2")[0][:2] == ["settled", "found"]


def test_a_body_that_was_damaged_takes_nothing_away(house: House) -> None:
    """A byte changed here and there, by somebody who knows the URL: what was found and what it cost stays so."""
    (request_id,) = house.accepted("1")
    body = json.dumps(found("1")).encode()
    house.post(request_id, body)
    house.apply()
    before = house.end_of("1")
    places = range(0, len(body), 3)
    for at in places:
        house.post(request_id, body[:at] + bytes([body[at] ^ 0x15]) + body[at + 1 :])
    assert house.apply() == len(places)
    after = house.end_of("1")
    assert after[0][:3] == before[0][:3]
    assert set(before[1]) <= set(after[1])
    assert 0 <= after[0][3] <= after[0][4] <= PROVIDER.operations[Channel.EMAIL].reserve
    assert {"broken"} & set(house.verdicts()) == set()


def test_a_change_of_keys_loses_nothing_and_counts_nothing_twice(ledger: Ledger) -> None:
    old, new = Capability(OLD), Capability(NEW, [OLD])
    with hearing(ledger, old) as house:
        before_change, after_change, forged = house.accepted("1", "2", "3")
        assert house.post(before_change, found("1"), old) == 200
    with hearing(ledger, new) as house:
        assert house.post(before_change, found("1"), old) == 200  # again, on the URL that was given out
        assert house.post(before_change, found("1"), new) == 200  # the same request by another URL
        assert house.post(after_change, found("2"), old) == 200
        assert house.apply() == 2
        assert house.apply() == 0
    with hearing(ledger, Capability(NEW)) as house:
        assert house.post(forged, found("3"), old) == 404
        assert house.apply() == 0
    assert [row["state"] for row in rows(ledger, calls)].count("settled") == 2
    assert len(rows(ledger, inbox)) == 2
