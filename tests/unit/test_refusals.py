"""Polls that are refused: the pauses between them."""

from __future__ import annotations

import random

from enrichment.refusals import Refusals

DICE = random.Random(1)


def test_each_refusal_doubles_the_pause_and_an_answer_ends_it() -> None:
    refusals = Refusals()
    pauses = []
    now = 0.0
    for _ in range(8):
        refusals.another(now, now, DICE)
        pauses.append(refusals.until - now)
        now = refusals.until
    assert all(2.0**n / 2 <= pause <= 2.0**n for n, pause in enumerate(pauses[:6]))
    assert max(pauses) <= 60
    refusals.over()
    assert refusals.in_a_row == 0
    refusals.another(now, now, DICE)
    assert refusals.until - now <= 1.0


def test_polls_refused_together_count_as_one() -> None:
    refusals = Refusals()
    for _ in range(16):  # all were sent before the first of them was refused
        refusals.another(asked=1.0, now=2.0, dice=DICE)
    assert refusals.in_a_row == 1
    assert refusals.until <= 3.0
