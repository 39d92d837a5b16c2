"""Whom to ask next: rules that hold for any standing of any providers."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.ledger.claims import Lane, batched
from enrichment.waterfall import Standing, StopWhen, Waterfall, candidates, enough
from sources.providers import Channel, EmailStatus

NAMES = ("a", "b", "c", "d")
ORDERS = st.sampled_from([order[:length] for order in permutations(NAMES) for length in range(1, 5)])
STANDINGS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(list(Standing)))
PASSED = st.sets(st.sampled_from(NAMES))


@given(ORDERS, STANDINGS, PASSED)
def test_nobody_is_asked_while_an_answer_may_come_or_is_enough(
    order: tuple[str, ...], standings: dict[str, Standing], passed: set[str]
) -> None:
    if {Standing.ENOUGH, Standing.WAITING} & set(standings.values()):
        assert candidates(order, standings, passed) == ()


@given(ORDERS, STANDINGS, PASSED)
def test_who_is_asked_comes_in_order_and_has_not_answered(
    order: tuple[str, ...], standings: dict[str, Standing], passed: set[str]
) -> None:
    found = candidates(order, standings, passed)
    assert list(found) == [name for name in order if name in found]
    assert not set(found) & passed
    assert all(standings.get(name, Standing.UNASKED) in (Standing.UNASKED, Standing.PLANNED) for name in found)


@given(ORDERS, STANDINGS)
def test_everybody_who_can_be_asked_is_unless_somebody_holds_it_up(
    order: tuple[str, ...], standings: dict[str, Standing]
) -> None:
    if not {Standing.ENOUGH, Standing.WAITING} & set(standings.values()):
        open_ = {name for name in order if standings.get(name) is not Standing.LESS}
        assert set(candidates(order, standings)) == open_


@pytest.mark.parametrize("stop_when", list(StopWhen))
@given(statuses=st.lists(st.sampled_from(list(EmailStatus))), more=st.sampled_from(list(EmailStatus)))
def test_one_address_more_never_makes_it_less(
    stop_when: StopWhen, statuses: list[EmailStatus], more: EmailStatus
) -> None:
    assert enough(Channel.EMAIL, statuses, stop_when) <= enough(Channel.EMAIL, [*statuses, more], stop_when)
    assert enough(Channel.PHONE, [], stop_when)
    assert not enough(Channel.EMAIL, [], stop_when)


def test_what_is_stricter_is_never_content_with_more() -> None:
    for status in EmailStatus:
        content = [enough(Channel.EMAIL, [status], stop_when) for stop_when in StopWhen]
        assert content == sorted(content, reverse=True), status


def test_it_goes_on_where_there_is_a_second() -> None:
    waterfall = Waterfall({Channel.EMAIL: ("a", "b"), Channel.PHONE: ("a",)})
    assert waterfall.goes_on(Channel.EMAIL)
    assert not waterfall.goes_on(Channel.PHONE)
    assert Waterfall({Channel.EMAIL: ()}).channels == ()


class Row:
    def __init__(self, call_id: str, mode: str) -> None:
        self.call_id = call_id
        self.parameters = f'{{"lead": "{call_id}", "mode": "{mode}"}}'


ROWS = st.lists(st.tuples(st.integers(0, 99), st.sampled_from("xy")), unique_by=lambda row: row[0], max_size=40)


@given(
    rows=ROWS, most=st.integers(1, 8), batch=st.integers(1, 9), whole=st.booleans(), alone=st.sets(st.integers(0, 99))
)
def test_requests_are_full_agree_in_their_options_and_keep_the_order(
    rows: list[tuple[int, str]], most: int, batch: int, whole: bool, alone: set[int]
) -> None:
    lane = Lane("v", "find", "cents", 5, most, batch, ("mode",), whole)
    given_rows = [Row(str(number), mode) for number, mode in rows]
    mode_of = {str(number): mode for number, mode in rows}
    batches = [[row.call_id for row in found] for found in batched(lane, given_rows, {str(n) for n in alone})]
    assert len(batches) <= most
    assert all(0 < len(found) <= batch for found in batches)
    assert all(len({mode_of[call] for call in found}) == 1 for found in batches)
    flat = [call for found in batches for call in found]
    assert len(flat) == len(set(flat))
    place = {row.call_id: index for index, row in enumerate(given_rows)}
    assert all([place[call] for call in found] == sorted(place[call] for call in found) for found in batches)
    if batch > 1:
        assert all(len(found) == 1 for found in batches if int(found[0]) in alone)
        if whole:
            assert all(len(found) == batch for found in batches if int(found[0]) not in alone)
    if not whole and most == 8 and len(rows) <= 8:
        assert sorted(flat) == sorted(mode_of)
