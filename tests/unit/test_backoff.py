"""How long to wait before a repeatable request goes out again, and when to give up."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.backoff import LONGEST, RETRYABLE, Backoff, parse_retry_after

NOW = 1_700_000_000.0


@dataclass
class Thrown:
    """Dice that always show the same."""

    shown: float

    def random(self) -> float:
        return self.shown


LOW, HIGH = Thrown(0.0), Thrown(0.999999)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 507, 520, 524, 525, 530, 599])
def test_timeouts_throttling_and_every_server_error_are_worth_another_try(status: int) -> None:
    assert status in RETRYABLE


@pytest.mark.parametrize("status", [200, 202, 301, 302, 307, 400, 401, 402, 403, 404, 409, 410, 422, 451])
def test_answers_and_refusals_are_final(status: int) -> None:
    assert status not in RETRYABLE


@pytest.mark.parametrize(
    ("attempt", "least", "most"), [(1, 0.25, 0.5), (2, 0.5, 1.0), (3, 1.0, 2.0), (7, 15.0, 30.0), (50, 15.0, 30.0)]
)
def test_delays_double_up_to_the_largest_and_chance_moves_them_within_the_upper_half(
    attempt: int, least: float, most: float
) -> None:
    backoff = Backoff(budget=1000.0, first=0.5, largest=30.0)
    assert backoff.delay(attempt, 0.0, None, LOW) == least
    assert backoff.delay(attempt, 0.0, None, HIGH) == pytest.approx(most, rel=1e-5)


@pytest.mark.parametrize("dice", [LOW, HIGH])
def test_retry_after_is_a_floor_and_does_not_shorten_a_longer_delay(dice: Thrown) -> None:
    backoff = Backoff(budget=1000.0, first=8.0, largest=30.0)
    assert backoff.delay(1, 0.0, 40.0, dice) == 40.0
    assert backoff.delay(1, 0.0, 1.0, dice) == backoff.delay(1, 0.0, None, dice)


def test_a_wait_that_would_pass_the_budget_is_given_up_at_once() -> None:
    backoff = Backoff(budget=10.0, first=2.0, largest=2.0)
    assert backoff.delay(1, 9.0, None, LOW) == 1.0
    assert backoff.delay(1, 9.001, None, LOW) is None
    assert backoff.delay(1, 0.0, 10.0, LOW) == 10.0
    assert backoff.delay(1, 0.0, 10.1, LOW) is None


@given(
    budget=st.floats(0.1, 1000.0),
    first=st.floats(0.01, 10.0),
    retry_after=st.none() | st.floats(0.0, 2000.0),
    shown=st.floats(0.0, 0.999),
)
def test_all_waits_together_never_pass_the_budget(
    budget: float, first: float, retry_after: float | None, shown: float
) -> None:
    backoff = Backoff(budget=budget, first=first, largest=30.0)
    elapsed, attempt = 0.0, 1
    while attempt < 1000 and (wait := backoff.delay(attempt, elapsed, retry_after, Thrown(shown))) is not None:
        assert wait > 0
        assert retry_after is None or wait >= retry_after
        elapsed += wait
        attempt += 1
        assert elapsed <= budget


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("0", 0.0),
        ("3", 3.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ("-1", 0.0),
        ("172799", 172799.0),
        ("172801", LONGEST),
        ("604800", LONGEST),
        ("99999999999999999999", LONGEST),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), 0.0),
        (formatdate(NOW + 7 * 86_400, usegmt=True), LONGEST),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
        ("Tue, 14 Nov 2023 22:14:20 +0000", 60.0),
        ("Tue, 14 Nov 2023 23:14:20 +0100", 60.0),
        ("Tue, 99 Nov 2023 22:14:20 GMT", None),
        ("Tuesday, 14-Nov-23 22:14:20 GMT", 60.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, NOW) == seconds


@pytest.fixture
def far_from_greenwich() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Pacific/Kiritimati"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("far_from_greenwich")
@pytest.mark.parametrize("header", ["Tue Nov 14 22:14:20 2023", "Tue, 14 Nov 2023 22:14:20 -0000"])
def test_a_date_without_a_zone_is_utc_wherever_this_machine_stands(header: str) -> None:
    assert parse_retry_after(header, NOW) == 60.0


_DATES = st.from_regex(r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{2,5} \d{1,2}:\d{2}(:\d{2})? ([A-Z]{3}|[+-]\d{1,6})?")


@given(st.text(max_size=40) | _DATES | st.from_regex(r"[+-]?\d{1,400}(\.\d+)?(e\d+)?", fullmatch=True))
def test_no_header_breaks_the_reader_or_makes_it_wait_for_ever(header: str) -> None:
    seconds = parse_retry_after(header, NOW)
    assert seconds is None or 0.0 <= seconds <= LONGEST
