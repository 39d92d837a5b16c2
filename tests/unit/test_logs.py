"""Whatever Python or a library writes to stderr by itself is redacted: logs, warnings, exceptions nobody catches."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
import structlog

from pipelines import logs
from sources.errors import LedgerError
from sources.redaction import secrets
from tests.support.canaries import ADDRESS, FIRST_NAME, KEY, SENTENCE, assert_clean
from tests.support.logged import logging_restored, logging_set_up


@pytest.fixture(autouse=True)
def _log() -> Iterator[None]:
    with logging_set_up():
        secrets.add(KEY, "key")
        yield


Captured = pytest.CaptureFixture[str]


def broken() -> None:
    raise KeyError(SENTENCE)


def caught() -> KeyError:
    try:
        broken()
    except KeyError as error:
        return error
    raise AssertionError


def written(capsys: Captured) -> str:
    """What stands on stderr: something does, and nothing of it is a canary."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err
    assert_clean(err)
    return err


@pytest.mark.parametrize(
    "name", ["dlt", "sqlalchemy.engine", "alembic", "uvicorn.error", "asyncio", "httpx", "any.other"]
)
def test_of_a_librarys_words_those_of_errors_are_logged(capsys: Captured, name: str) -> None:
    logging.getLogger(name).setLevel(logging.NOTSET)  # whatever a server or a pipeline of this process had set
    logging.getLogger(name).error("Could not convert %s to %d: %s", SENTENCE, 7, FIRST_NAME)
    (line,) = written(capsys).splitlines()
    event = json.loads(line)
    assert event["level"] == "error"
    assert event["logger"] == name
    assert event["event"].startswith("Could not convert ")
    assert event["event"].endswith(" to 7: …")


def test_a_handler_of_somebody_elses_gets_nothing_more(capsys: Captured) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s %(args)s %(exc_info)s %(exc_text)s"))
    logger = logging.getLogger("a.library")
    logger.addHandler(handler)
    try:
        logger.error("%s of %s", SENTENCE, FIRST_NAME, exc_info=caught(), stack_info=True)
    finally:
        logger.removeHandler(handler)
    assert " of …" in stream.getvalue()
    assert_clean(stream.getvalue())
    written(capsys)


def test_dlt_gets_no_handler_and_no_form_of_its_own(capsys: Captured) -> None:
    from dlt.common import logger as dlts

    before = dlts.LOGGER
    dlts._create_logger("dlt", "ERROR", "{message} {args}", "leadsync", {})
    logging.getLogger("dlt").error("Job failed: %s", SENTENCE, extra={"metrics": SENTENCE})
    dlts.LOGGER = before
    assert json.loads(written(capsys))["event"].startswith("Job failed: ")


def test_our_own_words_are_logged_and_what_they_carry_is_masked(capsys: Captured) -> None:
    log = structlog.get_logger("leadsync.anything")
    log.warning("A name of ours", key=KEY, to=[ADDRESS, {"deep": ADDRESS}], count=7, rate=0.5, ok=None, kind=ValueError)
    logging.getLogger("leadsync.clodura").warning("search %s: %s", "founders", ADDRESS)
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first["event"] == "A name of ours"
    assert first["key"] == "<key>"
    assert first["to"] == ["<address>", {"deep": "<address>"}]
    assert (first["count"], first["rate"], first["ok"]) == (7, 0.5, None)
    assert first["logger"] == "leadsync.anything"
    assert first["level"] == "warning"
    assert second["event"] == "search founders: <address>"


def test_a_terminal_gets_pairs_and_the_traceback_below_them(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    structlog.get_logger("leadsync.anything").error("broke", exc_info=caught(), key=KEY)
    logging.getLogger("a.library").error("broke", exc_info=caught())
    told = written(capsys)
    assert (
        "level='error' logger='leadsync.anything' event='broke' key='<key>'\nTraceback (most recent call last):" in told
    )
    assert told.count("\nKeyError: '") == 2


def test_a_traceback_in_a_log_quotes_nobody(capsys: Captured) -> None:
    try:
        broken()
    except KeyError:
        logging.getLogger("a.library").exception("failed for %s", FIRST_NAME)
        structlog.get_logger("leadsync.x").error("failed", exc_info=True)
    for line in written(capsys).splitlines():
        assert "in broken" in json.loads(line)["trace"]


def test_a_message_that_does_not_fit_its_arguments_shows_none(capsys: Captured) -> None:
    logging.getLogger("a.library").error("error %d", SENTENCE)
    assert json.loads(written(capsys))["event"] == "error %d"


def test_what_cannot_be_written_is_missed_and_neither_shown_nor_raised(capsys: Captured) -> None:
    class Unspeakable:
        def __str__(self) -> str:
            raise ValueError(SENTENCE)

    structlog.get_logger("leadsync.x").error("An event", about=Unspeakable())
    assert json.loads(written(capsys))["about"] == "…"
    structlog.get_logger("leadsync.x").error("An event", about={ADDRESS: float("nan"), (1, ADDRESS): Unspeakable})
    written(capsys)
    logging.getLogger("a.library").error(Unspeakable())
    logging.getLogger("a.library").error({"about": ADDRESS})
    written(capsys)
    logging.getLogger("a.library").handle(logging.LogRecord("a", 40, "", 0, Unspeakable(), (), None))
    assert written(capsys) == "leadsync: a line of the log could not be written\n"


def test_below_warnings_nothing_is_logged_but_with_debug(capsys: Captured) -> None:
    structlog.get_logger("leadsync.x").info("quiet")
    logging.getLogger("httpx").info("HTTP Request")
    assert capsys.readouterr().err == ""
    logs.set_up(debug=True)
    structlog.get_logger("leadsync.x").info("loud")
    logging.getLogger("httpx").info("HTTP Request")
    assert json.loads(written(capsys))["event"] == "loud"


def test_a_warning_is_a_line_of_the_log(capsys: Captured) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)  # pytest has its own way with them
        logs.install()
        warnings.warn(SENTENCE, stacklevel=1)
    assert json.loads(written(capsys))["logger"] == "py.warnings"


@pytest.mark.parametrize("set_up", [True, False])
def test_an_exception_that_nobody_catches(capsys: Captured, set_up: bool) -> None:
    with logging_restored():
        if not set_up:
            logging.getLogger().handlers = []
        sys.excepthook(KeyError, caught(), None)
        told = written(capsys)
    assert "something broke that should not" in told
    assert "in broken" in told


def test_ctrl_c_is_told_by_whoever_ends_the_run(capsys: Captured) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr().err == ""


def test_an_exception_that_ends_a_thread(capsys: Captured) -> None:
    thread = threading.Thread(target=broken, name=FIRST_NAME)
    thread.start()
    thread.join()
    assert "a thread ended that should not" in written(capsys)


def test_an_exception_in_a_finalizer(capsys: Captured) -> None:
    class Careless:
        def __del__(self) -> None:
            broken()

    Careless()
    gc.collect()
    assert "something broke while it was cleaned up" in written(capsys)


def test_an_exception_that_an_event_loop_has_nobody_to_tell(capsys: Captured) -> None:
    async def forgotten() -> None:
        task = asyncio.create_task(failing(), name=FIRST_NAME)
        await asyncio.sleep(0)
        del task
        gc.collect()
        asyncio.get_running_loop().call_soon(broken)
        await asyncio.sleep(0)

    async def failing() -> None:
        raise KeyError(SENTENCE)

    asyncio.run(forgotten())
    lines = [json.loads(line) for line in written(capsys).splitlines()]
    assert [line["logger"] for line in lines] == ["asyncio"] * 2
    assert "exception was never" in lines[0]["event"]
    assert "in broken" in lines[1]["trace"]


def test_our_own_error_is_told_in_its_own_words(capsys: Captured) -> None:
    sys.excepthook(LedgerError, LedgerError("The ledger is gone."), None)
    assert "LedgerError: The ledger is gone." in written(capsys)
