"""What a run says while it works: on stderr, live on a terminal, in plain lines elsewhere."""

from __future__ import annotations

import io
import threading

import pytest
from rich.console import Console

from pipelines import telling
from pipelines.telling import Progress, Teller
from tests.support.canaries import ADDRESS, NUMBER

MOMENT = Progress(
    pages=3,
    people=250,
    sent=40,
    in_flight=7,
    settled=30,
    emails=20,
    phones=9,
    spent={"credits": 61.5},
    caps={"credits": 100},
)


def test_a_moment_in_one_line() -> None:
    assert str(MOMENT) == (
        "3 pages, 250 people | 40 calls sent, 7 in flight, 30 settled | found 20 e-mails, 9 phones | "
        "at most 61.5 of 100 credits spent"
    )
    assert " of " not in str(Progress(spent={"credits": 5}))


def test_requests_that_carry_many_and_units_are_told_apart() -> None:
    moment = Progress(sent=3, purchases=120, spent={"credits": 12, "cents": 0}, caps={"cents": 500})
    assert "3 calls sent for 120 purchases" in str(moment)
    assert str(moment).endswith("at most 12 credits, 0 of 500 cents spent")
    assert "purchases" not in str(Progress(sent=3, purchases=3))


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_shown_while_the_block_runs(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "PLAIN_EVERY", 0.01)
    written = io.StringIO()
    teller = Teller(Console(file=written, force_terminal=terminal, width=200))
    looked = threading.Event()

    def look() -> Progress:
        looked.set()
        return MOMENT

    with teller.watching(look):
        assert looked.wait(10)
        while "40 calls sent" not in written.getvalue():
            assert looked.wait(10)
    assert "40 calls sent" in written.getvalue()


def test_it_goes_to_stderr_and_markup_in_texts_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller()
    teller.say("sources [red]not a colour[/red]")
    teller.warn("mind this")
    told = capsys.readouterr()
    assert told.out == ""
    assert "[red]not a colour[/red]" in told.err
    assert "warning: mind this" in told.err


def test_what_it_tells_holds_no_secret_and_nobodys_data(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller()
    teller.say(f"found {ADDRESS}")
    teller.warn(f"known: {NUMBER}")
    assert capsys.readouterr().err == "found <address>\nwarning: known: <number>\n"
