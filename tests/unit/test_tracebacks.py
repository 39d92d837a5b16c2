"""Exceptions that nobody foresaw: told by type and line, never by what they quote."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import sqlalchemy as sa

from enrichment.storage import open_file
from sources.clodura.filters import SearchFilters
from sources.errors import LedgerError
from sources.tracebacks import disarm, said, trace
from tests.support.canaries import ADDRESS, BODIES, FIRST_NAME, SENTENCE, assert_clean, leaks, told_by


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError(SENTENCE)


def _group() -> None:
    raise ExceptionGroup("several", [KeyError(SENTENCE), ExceptionGroup("inner", [ValueError(SENTENCE)])])


def _chain() -> None:
    try:
        dict[str, str]()[FIRST_NAME]
    except KeyError as error:
        error.add_note(SENTENCE)
        try:
            int(FIRST_NAME)
        except ValueError:
            raise LedgerError("The ledger cannot be used.") from error


def _statement(path: Any) -> None:
    with open_file(path / "x.db", "ledger").begin() as connection:
        connection.execute(sa.text("SELECT nothing(:x)"), {"x": SENTENCE})


BROKEN: dict[str, Callable[[Any], Any]] = {
    "KeyError": lambda _: dict[str, str]()[FIRST_NAME],
    "ValueError": lambda _: int(FIRST_NAME),
    "UnicodeEncodeError": lambda _: f"{SENTENCE}\ud800".encode(),
    "UnicodeDecodeError": lambda _: (SENTENCE.encode() + b"\xff").decode(),
    "JSONDecodeError": lambda _: json.loads(BODIES["broken"]),
    "ArrowInvalid": lambda _: pa.Table.from_pylist([{"x": SENTENCE}], schema=pa.schema([("x", pa.int64())])),
    "ConversionException": lambda _: duckdb.connect().execute("SELECT ?::INTEGER", [SENTENCE]),
    "ExceptionGroup": lambda _: _group(),
    "LedgerError": lambda _: _chain(),
    "OperationalError": _statement,
    "FileNotFoundError": lambda path: (path / "nothing").read_text(),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_type_and_line_are_told_and_not_what_is_quoted(kind: str, tmp_path: Any) -> None:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - whatever breaks
        BROKEN[kind](tmp_path)
    told = trace(caught.value)
    assert_clean(told)
    assert f"\n{kind}" in told
    assert 'test_tracebacks.py", line' in told
    disarm(caught.value)
    assert_clean(caught.value)
    assert_clean("".join(traceback.format_exception_only(caught.value)))


def test_the_canaries_were_there_before() -> None:
    """Else the test above shows nothing."""
    for kind in BROKEN:
        if kind not in ("OperationalError", "FileNotFoundError", "JSONDecodeError"):
            with pytest.raises(BaseException) as caught:  # noqa: PT011
                BROKEN[kind](None)
            assert any(leaks(text) for text in told_by(caught.value)), kind


def test_the_words_of_our_own_errors_are_told_and_left_alone() -> None:
    error = LedgerError("Kapil is a word of ours here, and " + ADDRESS + " is not.")
    disarm(error)
    assert str(error) == said(error) == "Kapil is a word of ours here, and <address> is not."


def test_an_error_of_ours_is_masked_wherever_its_text_comes_from() -> None:
    assert_clean(LedgerError(f"{ADDRESS} /hooks/clodura/x/{'0a' * 20}"))


def test_a_chain_is_told_from_its_beginning_on_and_each_error_once() -> None:
    with pytest.raises(LedgerError) as caught:
        _chain()
    told = trace(caught.value)
    assert told.index("KeyError: '…'") < told.index("LedgerError: The ledger cannot be used.")
    assert told.count("Traceback") == 2
    first, second = ValueError("x"), ValueError("y")
    first.__context__, second.__context__ = second, first
    assert trace(first).count("Traceback") == 2


def test_each_error_of_a_group_is_told() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        _group()
    told = trace(caught.value)
    assert "KeyError: '" in told
    assert "ValueError: " in told


def test_one_that_cannot_be_told_does_not_break_the_telling() -> None:
    assert said(Unspeakable()) == "…"
    disarm(Unspeakable(SENTENCE))
    assert "Unspeakable: …" in trace(Unspeakable(SENTENCE))


def test_an_error_without_words_has_none() -> None:
    assert trace(ZeroDivisionError()).endswith("ZeroDivisionError\n")


def test_models_that_hold_persons_hide_them_from_their_own_errors() -> None:
    with pytest.raises(Exception, match="Input should be a valid string") as caught:
        SearchFilters.model_validate({"first_name": [SENTENCE]})
    assert_clean(caught.value)
