"""What the ledger says of who would be asked again, and who would not: the same as planning does."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from enrichment.ledger import Ledger, forecast, plans, seen, waterfalls
from enrichment.ledger.by_hand import resolve
from enrichment.ledger.forecast import Foreseen
from enrichment.ledger.schema import calls
from enrichment.ledger.standings import Asking
from enrichment.settlement import Settlement
from enrichment.states import State
from enrichment.verification import DEFAULT, Policy, Verifying
from enrichment.waterfall import StopWhen, Waterfall
from sources.providers import Channel, EmailStatus, Outcome, Person
from tests.support.fake_provider import FakeProvider
from tests.support.ledgers import new_ledger
from tests.support.purchases import MISSED, NOW, answer, call, claim, found, plan, send, tell, wanted
from tests.support.vendors import Vendor, addresses, nothing

SEARCH = ["a search"]
EVERYBODY = ("planned", "found", "missed", "odd", "dry", "doubt", "void", "twice", "old_void", "stranger")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


def asking(*providers: str, stale_before: int | None = None, run: str = "run-9", **more: object) -> Asking:
    order = Waterfall({Channel.EMAIL: providers, Channel.PHONE: providers}, **more)  # type: ignore[arg-type]
    return Asking(order, {name: FakeProvider(name) for name in providers}, run, stale_before=stale_before)


def foreseen(
    ledger: Ledger, given: Asking, searches: list[str] = SEARCH, channel: Channel = Channel.EMAIL,
    verifying: Verifying = DEFAULT,
) -> list[Foreseen]:  # fmt: skip
    bare = Asking(
        given.waterfall, {}, given.run_id, stale_before=given.stale_before, verifying=verifying is not DEFAULT
    )
    with ledger.read() as connection:
        return list(forecast.foreseen(connection, bare, channel, searches, NOW, verifying).values())


def _end(ledger: Ledger, *people: str, run: str = "run-1") -> None:
    plan(ledger, *people, run=run)
    for item in claim(ledger, run=run)[0]:
        send(ledger, item)
        person = item.parameters[0]["personId"]
        ends = {"odd": Settlement(Outcome.UNREADABLE), "dry": Settlement(Outcome.INCOMPLETE), "missed": MISSED}
        if person in ("doubt", "void", "twice"):
            answer(ledger, item, State.IN_DOUBT)
        else:
            tell(ledger, item.request_id, ends.get(person, found(f"{person}@x.io")))
        if person in ("void", "twice"):
            ledger.call(resolve, [call(ledger, person).call_id], None, NOW)


@pytest.fixture
def lived(ledger: Ledger) -> Ledger:
    """A ledger with a person in every situation that there is at one provider."""
    _end(ledger, "found", "missed", "odd", "dry", "doubt", "void", "twice", "old_void")
    _end(ledger, "twice", run="run-2")
    ledger.call(plans.plan, [wanted("old_void")], "run-3", NOW, settled_before=NOW + 1)  # bought anew, then void
    ((item,), _) = claim(ledger, run="run-3")
    send(ledger, item)
    answer(ledger, item, State.IN_DOUBT)
    ledger.call(resolve, [call(ledger, "old_void").call_id], None, NOW)
    plan(ledger, "planned", run="run-4")
    ledger.call(seen.remember_people, [Person(name) for name in EVERYBODY], NOW)
    return ledger


def goes_out(ledger: Ledger, given: Asking) -> Counter[str]:
    """Plan for everybody, as a search does that shows them; calls planned then, by provider."""
    people = ledger.call(lambda connection: waterfalls.people_of(connection, EVERYBODY))
    ledger.call(waterfalls.plan_contacts, given, people, NOW, search=SEARCH[0], channels=[Channel.EMAIL])
    with ledger.read() as connection:
        query = sa.select(calls.c.provider).where(calls.c.state == State.PLANNED, calls.c.wanted_by == given.run_id)
        return Counter(connection.execute(query).scalars())


@pytest.mark.parametrize(("stale_before", "stale"), [(None, 0), (NOW, 0), (NOW + 1, 3)])
def test_foreseen_is_what_planning_does(lived: Ledger, stale_before: int | None, stale: int) -> None:
    given = asking("vendor", stale_before=stale_before)
    (one,) = foreseen(lived, given)
    sent = goes_out(lived, given)["vendor"]
    assert (len(EVERYBODY) - one.closed, one.open + one.unasked) == (sent, sent)
    assert (one.open, one.next, one.left, one.unasked) == (4 + stale, 4 + stale, 4 + stale, 1)


def test_calls_of_other_searches_are_not_left_to_this_one(lived: Ledger) -> None:
    assert [one.left for one in foreseen(lived, asking("vendor"), ["another"])] == [0]
    assert foreseen(lived, asking("vendor"), channel=Channel.PHONE) == [Foreseen(unasked=len(EVERYBODY))]


def test_a_further_provider_is_asked_for_whom_the_first_has_not_found(lived: Ledger) -> None:
    """Missed and odd ones now; those that the first is asked for again, and the one in doubt, perhaps later."""
    given = asking("vendor", "other")
    first, second = foreseen(lived, given)
    assert first == foreseen(lived, asking("vendor"))[0]
    assert (second.closed, second.open, second.next, second.late) == (4, 2 + first.open, 2, 1)  # and the planned one
    assert goes_out(lived, given) == {"vendor": first.open + first.unasked, "other": 2}


def test_what_is_left_at_a_further_provider_may_go_out_before_the_first_is_asked(ledger: Ledger) -> None:
    plan(ledger, "ann")
    ledger.call(seen.remember_people, [Person("ann")], NOW)
    first, second = foreseen(ledger, asking("other", "vendor"))
    assert (first.open, first.closed, first.left) == (1, 1, 0)
    assert (second.open, second.closed, second.left) == (1, 0, 0)


VENDORS = [Vendor(name, "credits") for name in ("a", "b", "c")]
ENDS = (
    nothing(), nothing(Outcome.UNREADABLE), nothing(Outcome.INCOMPLETE), addresses(("x@x.io", EmailStatus.DELIVERABLE)),
    addresses(("x@x.io", EmailStatus.UNVERIFIED)), addresses(("x@x.io", EmailStatus.UNDELIVERABLE)), None, None,
)  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_so_it_is_after_whatever_history_at_three_providers(ledger: Ledger, seed: int) -> None:
    """Nobody is asked anywhere who was not foreseen there; who is next somewhere is asked there, and nowhere else."""
    dice = random.Random(seed)
    everybody = [f"p{n}" for n in range(8)]
    ledger.call(seen.remember_people, [Person(name) for name in everybody], NOW)
    for person in everybody:
        for vendor in VENDORS:
            if (end := dice.choice(ENDS)) is not None:
                vendor.buy(ledger, person, end, NOW)
    stop_when = dice.choice(list(StopWhen))
    given = asking("a", "b", "c", stop_when=stop_when, stale_before=dice.choice([None, NOW + 1]))
    counted = foreseen(ledger, given)
    ledger.call(
        waterfalls.plan_contacts,
        given,
        [Person(name) for name in everybody],
        NOW,
        search=SEARCH[0],
        channels=[Channel.EMAIL],
    )
    with ledger.read() as connection:
        sent = Counter(connection.execute(sa.select(calls.c.provider).where(calls.c.state == State.PLANNED)).scalars())
    never = sum(one.unasked for one in counted[:1])
    assert [sent[vendor.name] for vendor in VENDORS] == [counted[0].next + never, counted[1].next, counted[2].next]
    assert all(one.left <= one.next <= one.open <= len(everybody) - one.closed for one in counted)


def test_what_may_turn_out_not_to_be_enough_may_lead_on(ledger: Ledger) -> None:
    vendor = Vendor("vendor", "credits")
    vendor.buy(ledger, "sure", addresses(("sure@x.io", EmailStatus.DELIVERABLE)), NOW)
    vendor.buy(ledger, "unsure", addresses(("unsure@x.io", EmailStatus.UNVERIFIED)), NOW)
    ledger.call(seen.remember_people, [Person("sure"), Person("unsure")], NOW)
    given = asking("vendor", "other")
    assert [one.late for one in foreseen(ledger, given)] == [0, 0]
    assert [one.late for one in foreseen(ledger, given, verifying=Verifying(Policy.RISKY))] == [0, 1]
    assert [one.late for one in foreseen(ledger, given, verifying=Verifying(Policy.ALL))] == [0, 2]
    vendor.verify(ledger, "unsure@x.io", EmailStatus.DELIVERABLE, NOW)
    assert [one.late for one in foreseen(ledger, given, verifying=Verifying(Policy.ALL))] == [0, 1]
