"""Which item of a bulk result answers which ask, and what each is said to have cost."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import pytest

from sources.providers import Basis, Outcome, Reading, Via
from sources.sixtyfour import payload
from sources.sixtyfour.prices import FIND_EMAIL, FIND_PHONE

JOB = "job_123"
ANN = {"name": "Ann Lee", "company": "Acme Inc.", "domain": "acme.com", "linkedin_url": "https://linkedin.com/in/ann"}
BOB = {"name": "Bob Ray", "company": "Globex", "linkedin_url": "https://www.linkedin.com/in/bob-ray/"}
CY = {"name": "Cy Orr", "company": "Initech", "domain": "initech.com"}
THREE = (ANN, BOB, CY)
FOUND, MISS, UNREADABLE, FAILED = Outcome.FOUND, Outcome.NOT_FOUND, Outcome.UNREADABLE, Outcome.FAILED


def read(items: Any, leads: Sequence[Any], operation: str = FIND_EMAIL, **more: Any) -> list[Reading]:
    body = json.dumps({"status": "completed", "id": JOB, "result": items, **more}).encode()
    return payload.read(body, operation, [{"lead": lead} for lead in leads], JOB, Via.POLL)


def item(address: str | None, **echo: Any) -> dict[str, Any]:
    return {**echo, "email": [[address, "OK", "COMPANY"]] if address else [["", "NOT_FOUND", "COMPANY"]]}


def who(readings: Sequence[Reading]) -> list[str | Outcome | None]:
    """The name before the @ of what each ask found, else its outcome."""
    return [r.emails[0].address.partition("@")[0] if r.emails else r.outcome for r in readings]


# By echo.

ECHOES: list[tuple[Any, Any, Any]] = [
    # what each item repeats
    ({"linkedin": "linkedin.com/in/ANN?trk=x"}, {"linkedin_url": BOB["linkedin_url"]}, {"name": "Cy Orr", "company": "initech ltd"}),
    ({"name": "Ann Lee", "company": "ACME"}, {"name": "bob ray", "company": "Globex LLC"}, {"name": "Cy Orr", "domain": "www.initech.com"}),
    ({"name": "Ann Lee"}, {"name": "Bob Ray"}, {"name": "Cy Orr"}),
    ({"lead": ANN}, {"lead": BOB}, {"input": CY}),
    ({"first_name": "Ann", "last_name": "Lee", "website": "https://acme.com/about"}, {"full_name": "Bob Ray"}, {"name": "Cy Orr", "company": {"name": "Initech"}}),
]  # fmt: skip


@pytest.mark.parametrize("echoes", ECHOES)
def test_items_are_matched_by_what_they_repeat_in_whatever_order(echoes: tuple[Any, Any, Any]) -> None:
    items = [item(f"{name}@x.io", **echo) for name, echo in zip(("ann", "bob", "cy"), echoes, strict=True)]
    for order in itertools.permutations(items):
        assert who(read(list(order), THREE)) == ["ann", "bob", "cy"]
    for wrapper in ("results", "leads", "data"):
        assert who(read({wrapper: items[::-1]}, THREE)) == ["ann", "bob", "cy"]


def test_an_address_that_was_sent_along_and_an_id_are_echoes_too() -> None:
    leads = [{**ANN, "email": "ann@old.io"}, {**BOB, "id": "7"}, CY]
    items = [{"phone": "", "email": "ANN@old.io"}, {"phone": "5551234567", "id": 7}, {"phone": "", "name": "Cy Orr"}]
    for order in itertools.permutations(items):
        assert [r.outcome for r in read(list(order), leads, FIND_PHONE)] == [MISS, FOUND, MISS]


def test_fewer_items_than_asks_are_matched_by_echo_only() -> None:
    items = [item("cy@x.io", name="Cy Orr"), item("somebody@x.io")]
    assert who(read(items, THREE)) == [UNREADABLE, UNREADABLE, "cy"]
    assert who(read([item("somebody@x.io")], THREE)) == [UNREADABLE] * 3


def test_more_items_than_asks_are_matched_by_echo_only() -> None:
    items = [item("a@x.io"), item("b@x.io"), item("c@x.io"), item("cy@x.io", name="Cy Orr")]
    assert who(read(items, THREE)) == [UNREADABLE, UNREADABLE, "cy"]


def test_two_items_for_one_person_are_matched_to_nobody() -> None:
    items = [item("one@x.io", name="Ann Lee"), item("two@x.io", name="Ann Lee"), item("cy@x.io", name="Cy Orr")]
    for order in itertools.permutations(items):
        assert who(read(list(order), THREE)) == [UNREADABLE, UNREADABLE, "cy"]


# Another request's.


def test_what_is_posted_about_other_people_only_is_set_aside_unless_it_names_our_job() -> None:
    """As where it comes on the URL of a request whose answer, and so its job's id, was lost."""
    di, ed = {"name": "Di Poe", "company": "Hooli"}, {"name": "Ed Fox", "linkedin_url": "https://linkedin.com/in/ed"}

    def foreign(items: Any, leads: Sequence[Any] = (ANN, BOB), job: str | None = None, **more: Any) -> set[bool]:
        body = json.dumps({"status": "completed", "task_id": "job_9", "result": items, **more}).encode()
        asks = [{"lead": lead} for lead in leads]
        return {reading.foreign for reading in payload.read(body, FIND_EMAIL, asks, job, Via.WEBHOOK)}

    theirs = [item("di@x.io", **di), item(None, **ed)]
    assert foreign(theirs) == foreign(theirs[:1]) == foreign(theirs, [ANN]) == foreign(theirs[:1], [ANN]) == {True}
    assert foreign(theirs, job=JOB, task_id=None) == {True}
    assert foreign(theirs, job=JOB, task_id=JOB) == {False}, "ours, whatever is in it"
    assert foreign([*theirs, item("ann@x.io", **ANN)]) == {False}
    assert foreign([*theirs, item("somebody@x.io")]) == foreign([]) == {False}, "it may be ours"
    assert foreign([item("ann@x.io", name="Ann Lee-Ray")], [ANN]) == {False}, "the only one for the only one"
    assert who(read(theirs, (ANN, BOB))) == [UNREADABLE, UNREADABLE], "the answer to a poll of our job"


# By position.


def test_items_that_repeat_nothing_are_matched_by_position() -> None:
    assert who(read([item("a@x.io"), item(None), item("c@x.io")], THREE)) == ["a", MISS, "c"]
    assert who(read([item("a@x.io"), item("b@x.io", name="Bob Ray"), item(None)], THREE)) == ["a", "b", MISS]
    assert who(read([item("a@x.io", name="Ann"), item("b@x.io", name="Robert Ray Bob"), item(None)], THREE))[0] == "a"


def test_an_item_that_names_somebody_else_is_not_matched_by_position() -> None:
    """And neither are those that name nobody: who knows what the order means then."""
    items = [item("ann@x.io", name="Ann Lee"), item("x@x.io", name="Zoe Zed"), item("c@x.io")]
    assert who(read(items, THREE)) == ["ann", UNREADABLE, UNREADABLE]
    items = [item("ann@x.io", **ANN), item("x@x.io", name="Zoe Zed"), item("cy@x.io", **CY)]
    assert who(read(items, THREE)) == ["ann", UNREADABLE, "cy"]


@pytest.mark.parametrize(
    "echo",
    [
        {"linkedin": "https://linkedin.com/in/someone-else"},
        {"name": "Ann Lee", "linkedin": "https://linkedin.com/in/ann-2"},
        {"name": "Ann Lee", "company": "Globex", "domain": "globex.com"},
        {"domain": "globex.com"},
        {"company": "Globex"},
    ],
)
def test_any_field_speaks_against_a_position(echo: dict[str, str]) -> None:
    items = [item("x@x.io", **echo), item("bob@x.io", **BOB), item("cy@x.io", **CY)]
    assert who(read(items, THREE)) == [UNREADABLE, "bob", "cy"]


def test_an_order_that_is_not_kept_tells_nothing_of_those_that_name_nobody() -> None:
    four = (*THREE, {"name": "Di Poe", "company": "Hooli"})
    items = [item("bob@x.io", **BOB), item("ann@x.io", **ANN), item("c@x.io"), item("d@x.io")]
    assert who(read(items, four)) == ["ann", "bob", UNREADABLE, UNREADABLE]


# Namesakes.


def test_equal_leads_share_their_items_in_order() -> None:
    leads = [ANN, BOB, ANN]
    items = [item("first@x.io", **ANN), item("bob@x.io", **BOB), item("second@x.io", **ANN)]
    assert who(read(items, leads)) == ["first", "bob", "second"]
    assert who(read([items[1], items[0], items[2]], leads)) == ["first", "bob", "second"]
    assert who(read([items[1], items[0]], leads)) == ["first", "bob", UNREADABLE]


def test_namesakes_are_told_apart_or_not_matched() -> None:
    one = {"name": "Ann Lee", "company": "Acme", "linkedin_url": "https://linkedin.com/in/ann"}
    two = {"name": "Ann Lee", "company": "Acme", "linkedin_url": "https://linkedin.com/in/ann-2"}
    told = [item("two@x.io", **two), item("one@x.io", **one)]
    assert who(read(told, [one, two])) == ["one", "two"]
    untold = [item("one@x.io", name="Ann Lee", company="Acme"), item("two@x.io", name="Ann Lee")]
    assert who(read(untold, [one, two])) == ["one", "two"], "by position"
    assert who(read([*untold, item(None, **BOB)], [one, two, BOB, CY])) == [UNREADABLE, UNREADABLE, MISS, UNREADABLE]
    assert who(read([told[0], untold[0]], [one, two])) == [UNREADABLE, "two"], "the order is not kept"


def test_less_than_was_sent_may_be_a_namesakes() -> None:
    """One of two is known by employer alone: what repeats just that may be the answer about either."""
    known, unknown = {**ANN, "linkedin_url": "https://linkedin.com/in/ann-2"}, dict(ANN)
    del unknown["linkedin_url"]
    both = [item("unknown@x.io", **unknown), item("known@x.io", **known)]
    assert who(read(both, [known, unknown])) == ["known", "unknown"]
    assert who(read(both[:1], [known, unknown])) == [UNREADABLE, UNREADABLE]
    assert who(read([both[0], item("x@x.io", **unknown)], [known, unknown])) == ["unknown", "x"], "by position"


def test_the_company_tells_namesakes_apart() -> None:
    acme, robots = {"name": "Ann Lee", "company": "Acme"}, {"name": "Ann Lee", "company": "Acme Robots"}
    items = [item("robots@x.io", **robots), item("acme@x.io", **acme)]
    assert who(read(items, [acme, robots])) == ["acme", "robots"]


@pytest.mark.parametrize("company", ["Acme", "ACME, LLC", "The Acme Corporation", "Acmé", "Acme Robotics"])
def test_a_company_may_be_written_in_other_ways(company: str) -> None:
    items = [item("cy@x.io", **CY), item("ann@x.io", name="Ann Lee", company=company), item("bob@x.io", **BOB)]
    assert who(read(items, THREE)) == ["ann", "bob", "cy"]


# Parts that went wrong.


def test_what_goes_wrong_with_one_touches_nobody_else() -> None:
    items: list[Any] = [{**ANN, "error": "no such lead"}, {**BOB, "email": 7}, item("cy@x.io", **CY)]
    assert who(read(items, THREE)) == [FAILED, UNREADABLE, "cy"]
    assert who(read([None, "x", item("cy@x.io", **CY)], THREE)) == [UNREADABLE, UNREADABLE, "cy"]


def test_an_item_under_way_is_no_news_and_the_others_are() -> None:
    readings = read([{**ANN, "status": "running"}, item(None, **BOB), item("cy@x.io", **CY)], THREE, charge_amount=10)
    assert who(readings) == [None, MISS, "cy"]
    assert readings[0].charges == ()
    # what the whole cost so far is not what it will cost
    assert costs(readings) == [(0, 500, Basis.BOUNDED), (500, 500, Basis.DOCUMENTED)]


@pytest.mark.parametrize("result", [[], {}, 7, "x", {"results": 7}, [[]], {"files": [{"filename": "a"}]}])
def test_a_result_without_items_is_unreadable_for_all(result: Any) -> None:
    assert who(read(result, THREE)) == [UNREADABLE] * 3


def test_a_job_that_failed_failed_for_all_but_what_it_had_found() -> None:
    body = {"status": "timed_out", "id": JOB}
    asks = [{"lead": lead} for lead in THREE]
    assert who(payload.read(json.dumps(body).encode(), FIND_EMAIL, asks, JOB, Via.POLL)) == [FAILED] * 3
    part = {**body, "result": [item("bob@x.io", **BOB)]}
    assert who(payload.read(json.dumps(part).encode(), FIND_EMAIL, asks, JOB, Via.POLL)) == [FAILED, "bob", FAILED]


def test_a_start_that_is_answered_at_once_is_read() -> None:
    items = [item("ann@x.io", **ANN), item(None, **BOB)]
    asks = [{"lead": ANN}, {"lead": BOB}]
    for document in (items, {"results": items}, {"leads": items}):
        assert who(payload.read(json.dumps(document).encode(), FIND_EMAIL, asks, None, Via.SUBMIT)) == ["ann", MISS]


# What it cost.


def costs(readings: Sequence[Reading]) -> list[tuple[int, int, Basis]]:
    return [(c.amount_min, c.amount_max, c.basis) for r in readings for c in r.charges]


TOLD = Basis.REPORTED
TWO_OF_THREE = [item("ann@x.io", **ANN), item(None, **BOB), item("cy@x.io", **CY)]
TOTALS: list[tuple[Any, list[tuple[int, int, Basis]], bool]] = [
    # what the job tells; what the calls cost; whether each is but a share
    ({"charge_amount": 15}, [(500, 500, TOLD)] * 3, False),
    ({"charge_amount": 10}, [(500, 500, TOLD), (0, 0, TOLD), (500, 500, TOLD)], False),
    ({"charge_amount": 0}, [(0, 0, TOLD)] * 3, False),
    ({"charge_amount": 7}, [(234, 234, TOLD), (233, 233, TOLD), (233, 233, TOLD)], True),
    ({"charge_amount": 100}, [(3334, 3334, TOLD), (3333, 3333, TOLD), (3333, 3333, TOLD)], True),
    ({"charge_amount": 0.005}, [(0, 1, TOLD), (0, 0, TOLD), (0, 0, TOLD)], True),
    ({"charge_amount": "15.0"}, [(500, 500, TOLD)] * 3, False),
    ({"charge_amount": 15, "charge_credits": 9}, [(500, 500, TOLD)] * 3, False),
    ({"charge_credits": 1.5}, [(500, 500, Basis.DOCUMENTED)] * 3, False),
    (
        {"charge_credits": 1},
        [(500, 500, Basis.DOCUMENTED), (0, 500, Basis.BOUNDED), (500, 500, Basis.DOCUMENTED)],
        False,
    ),
    ({"charge_credits": 0}, [(0, 0, TOLD)] * 3, False),
    (
        {"charge_amount": None},
        [(500, 500, Basis.DOCUMENTED), (0, 500, Basis.BOUNDED), (500, 500, Basis.DOCUMENTED)],
        False,
    ),
]


@pytest.mark.parametrize(("told", "expected", "share"), TOTALS)
def test_what_the_whole_cost_is_shared_out(told: dict[str, Any], expected: list[Any], share: bool) -> None:
    readings = read(TWO_OF_THREE, THREE, **told)
    assert costs(readings) == expected
    note = "the vendor tells the cost of the whole request only: this is an even share of it"
    assert [r.note for r in readings] == [note if share else None] * 3
    inside = read({"results": TWO_OF_THREE, **told}, THREE)
    assert costs(inside) == expected


def test_what_each_item_tells_counts_for_it() -> None:
    each = [{**one, "cost_cents": cents} for one, cents in zip(TWO_OF_THREE, (5, 0, 6.5), strict=True)]
    told = [(500, 500, TOLD), (0, 0, TOLD), (650, 650, TOLD)]
    assert costs(read(each, THREE)) == told
    assert costs(read(each, THREE, charge_amount=11.5)) == told
    # the whole is what was charged, where the parts do not add up to it
    assert costs(read(each, THREE, charge_amount=15)) == [(500, 500, TOLD)] * 3
    some = [each[0], TWO_OF_THREE[1], each[2]]
    assert costs(read(some, THREE)) == [told[0], (0, 500, Basis.BOUNDED), told[2]]
    assert costs(read(some, THREE, charge_amount=11.5)) == told


def test_what_cannot_be_matched_may_have_cost_its_price() -> None:
    readings = read([item("cy@x.io", **CY)], THREE)
    assert costs(readings) == [(0, 500, Basis.BOUNDED), (0, 500, Basis.BOUNDED), (500, 500, Basis.DOCUMENTED)]
    assert costs(read([item("cy@x.io", **CY)], THREE, charge_amount=15)) == [(500, 500, TOLD)] * 3
    assert costs(read([item("cy@x.io", **CY)], THREE, charge_amount=0)) == [(0, 0, TOLD)] * 3


@pytest.mark.parametrize("cents", [5, 10])
def test_a_total_is_not_shared_out_among_calls_of_which_one_is_not_told_of_yet(cents: int) -> None:
    """What an answer leaves out another may tell, with a charge of its own: shares and that would be more than all."""
    readings = read([item("ann@x.io", **ANN), item(None, **BOB)], THREE, charge_amount=cents)
    assert costs(readings) == [(500, 500, Basis.DOCUMENTED), (0, 500, Basis.BOUNDED), (0, 500, Basis.BOUNDED)]
    odd = read([item("ann@x.io", **ANN), item(None, **BOB)], THREE, charge_amount=100)
    assert sum(least for least, *_ in costs(odd)) == 10_000
