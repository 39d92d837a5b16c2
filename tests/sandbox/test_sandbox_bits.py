"""Sets of numbers as bits, against Python's own sets."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.bits import Numbers, all_below, bits_of

SIZE = 20_000
# A few numbers anywhere, and runs that fill whole blocks.
members = st.builds(
    lambda some, runs: some.union(*(range(start, min(SIZE, start + length)) for start, length in runs)),
    st.sets(st.integers(0, SIZE - 1), max_size=50),
    st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, 9000)), max_size=3),
)


@settings(deadline=None)
@given(members, st.integers(0, SIZE), st.integers(0, SIZE))
def test_a_slice_of_a_set_is_that_of_the_sorted_set(numbers: set[int], start: int, length: int) -> None:
    read = Numbers(bits_of(numbers, SIZE), SIZE)
    assert len(read) == len(numbers)
    assert read.slice(start, start + length) == sorted(numbers)[start : start + length]


@settings(deadline=None)
@given(members, st.integers(20, 500))
def test_pages_side_by_side_are_the_whole_set(numbers: set[int], size: int) -> None:
    read = Numbers(bits_of(numbers, SIZE), SIZE)
    found = [number for start in range(0, len(numbers), size) for number in read.slice(start, start + size)]
    assert found == sorted(numbers)


@settings(deadline=None)
@given(members, members)
def test_sets_are_joined_as_sets_are(one: set[int], other: set[int]) -> None:
    left, right = bits_of(one, SIZE), bits_of(other, SIZE)
    for bits, expected in ((left & right, one & other), (left | right, one | other), (left & ~right, one - other)):
        assert Numbers(bits, SIZE).slice(0, SIZE) == sorted(expected)


def test_everybody_is_every_number() -> None:
    assert [Numbers(all_below(size), size).slice(0, 9) for size in (1, 7, 8, 9)] == [
        list(range(size)) for size in (1, 7, 8, 9)
    ]
