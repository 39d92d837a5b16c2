"""Python's collector looks seldom for as long as a block lasts, and is as it was afterwards."""

from __future__ import annotations

import gc

import pytest

from sources.garbage import THRESHOLDS, seldom_collected

Collector = tuple[tuple[int, int, int], int, bool]


def collector() -> Collector:
    return gc.get_threshold(), gc.get_freeze_count(), gc.isenabled()


@pytest.fixture(autouse=True)
def before(usual_collector: None) -> Collector:
    return collector()


def test_what_is_there_is_left_out_until_the_block_ends(before: Collector) -> None:
    def block() -> None:
        with seldom_collected():
            assert gc.get_threshold() == THRESHOLDS
            assert gc.get_freeze_count() > 0
            raise ValueError("in the block")

    with pytest.raises(ValueError, match="in the block"):
        block()
    assert collector() == before


def test_a_block_within_another_changes_nothing(before: Collector) -> None:
    with seldom_collected():
        outer = collector()
        with seldom_collected():
            assert collector() == outer
        assert collector() == outer
    assert collector() == before


def test_a_process_with_views_of_its_own_is_left_as_it_is() -> None:
    gc.disable()
    try:
        with seldom_collected():
            assert collector()[1:] == (0, False)
    finally:
        gc.enable()
    gc.freeze()
    frozen = collector()
    with seldom_collected():
        assert collector() == frozen
    assert collector() == frozen
