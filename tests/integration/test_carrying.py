"""From the inbox into the ledger: carried once or twice, noticed soon, lost never."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from enrichment.capability import Capability
from enrichment.carrying import AT_ONCE, carry, take_in
from enrichment.context import Context, EngineSettings
from enrichment.engine import Ending, Engine, Report
from enrichment.inbox import Document, Inbox, documents, inbox_path
from enrichment.ledger import Ledger
from enrichment.ledger.schema import emails, metadata
from enrichment.ledger.schema import inbox as ledger_inbox
from sources import crashpoints
from sources.clock import SYSTEM_CLOCK
from sources.errors import LedgerError
from sources.providers import Channel
from sources.transport import PaidOutcome
from tests.support.fake_provider import ACCEPTED, FakeProvider
from tests.support.ledgers import new_ledger
from tests.support.purchases import NOW, RUN, call, plan, rows

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path) as ledger:
        yield ledger


@pytest.fixture
def inbox(ledger: Ledger) -> Iterator[Inbox]:
    with Inbox(inbox_path(ledger.path)) as inbox:
        yield inbox


def keep(inbox: Inbox, request_id: str, body: bytes) -> None:
    inbox.call(documents.keep, Document("vendor", request_id, NOW, body))


def left(inbox: Inbox) -> int:
    with inbox.read() as connection:
        return documents.count(connection)


def in_ledger(ledger: Ledger) -> list[tuple[Any, ...]]:
    return [(row["request_id"], row["body"], row["via"], row["received_at"]) for row in rows(ledger, ledger_inbox)]


def everything(ledger: Ledger) -> dict[str, list[dict[str, Any]]]:
    return {table.name: rows(ledger, table) for table in metadata.sorted_tables}


def an_engine(ledger: Ledger, inbox: Inbox, provider: FakeProvider, **settings: Any) -> Engine:
    """A run that counts on webhooks which another process hears."""
    chosen = {"callback_base": "http://127.0.0.1:1", "receiving": True, "wait": 20.0, "webhook_grace": 15.0, **settings}
    return Engine(
        Context(
            ledger=ledger,
            providers={provider.name: provider},
            settings=EngineSettings(channels=[Channel.EMAIL], **chosen),
            clock=SYSTEM_CLOCK,
            dice=random.Random(1),
            run_id=RUN,
            owner="me",
            capability=Capability("k" * 16),
            started=SYSTEM_CLOCK.monotonic(),
            inbox=inbox,
        )
    )


async def to_the_end(engine: Engine) -> Report:
    await engine.start(alone=True)
    engine.no_more_plans()
    with anyio.fail_after(20):
        return await engine.run()


def webhook_to(keep: Callable[[str], None], after: float = 0.0) -> Callable[..., Any]:
    """A vendor that accepts and has its webhook kept elsewhere, in its own time; ``keep`` is told the request."""

    async def submit(parameters: Mapping[str, Any], url: str | None) -> PaidOutcome:
        assert url is not None
        threading.Timer(after, keep, [url.split("/")[-2]]).start()
        return ACCEPTED

    return submit


async def test_what_waits_is_in_the_ledger_and_no_longer_in_the_inbox(ledger: Ledger, inbox: Inbox) -> None:
    for number in range(AT_ONCE + 3):
        keep(inbox, f"r-{number}", b"1")
    assert await carry(inbox, ledger) == AT_ONCE + 3
    assert in_ledger(ledger) == [(f"r-{number}", b"1", "webhook", NOW) for number in range(AT_ONCE + 3)]
    assert left(inbox) == 0
    assert await carry(inbox, ledger) == 0


async def test_it_leaves_the_inbox_only_after_the_ledger_has_committed(ledger: Ledger, inbox: Inbox) -> None:
    keep(inbox, "r-1", b"1")
    moments: list[str] = []
    with crashpoints.armed(moments.append):
        await carry(inbox, ledger)
    assert moments == [
        "ledger.before:carrying.take_in", "ledger.after:carrying.take_in",
        "inbox.before:documents.remove", "inbox.after:documents.remove",
    ]  # fmt: skip


async def test_carried_twice_it_counts_once(ledger: Ledger, inbox: Inbox) -> None:
    """Whoever died between ledger and inbox left the document in both, whether it was applied meanwhile or not."""
    plan(ledger, "ann")
    provider = FakeProvider()
    provider.submit_with = webhook_to(lambda request_id: keep(inbox, request_id, b"found ann@x.io"))
    assert (await to_the_end(an_engine(ledger, inbox, provider))).ending is Ending.DONE
    before = everything(ledger)
    (document,) = rows(ledger, ledger_inbox)
    keep(inbox, document["request_id"], document["body"])
    ledger.call(take_in, [Document("vendor", document["request_id"], NOW, document["body"])])
    assert await carry(inbox, ledger) == 1
    assert (await to_the_end(an_engine(ledger, inbox, provider))).ending is Ending.DONE
    assert everything(ledger) == before
    assert left(inbox) == 0


async def test_what_the_ledger_does_not_take_stays_in_the_inbox(ledger: Ledger, inbox: Inbox) -> None:
    keep(inbox, "r-1", b"1")
    ledger.close()
    with pytest.raises(LedgerError):
        await carry(inbox, ledger)
    assert left(inbox) == 1


async def test_what_came_before_the_run_settles_its_calls_without_a_poll(ledger: Ledger, inbox: Inbox) -> None:
    plan(ledger, "ann", "bob")
    provider = FakeProvider()
    first = an_engine(ledger, inbox, provider, wait=0.0, receiving=False)
    await to_the_end(first)
    assert len(provider.polled) == 2  # asked once more at the end of the run
    provider.polled.clear()
    for person in ("ann", "bob"):
        keep(inbox, call(ledger, person).request_id, f"found {person}@x.io".encode())
    report = await to_the_end(an_engine(ledger, inbox, provider))
    assert (report.ending, report.outstanding) == (Ending.DONE, 0)
    assert {row["email"] for row in rows(ledger, emails)} == {"ann@x.io", "bob@x.io"}
    assert provider.polled == []


async def test_what_another_process_keeps_during_the_run_is_noticed_soon(ledger: Ledger, inbox: Inbox) -> None:
    """Nobody tells this run: it sees the other's commit, within a quarter of a second and the little that it does."""
    plan(ledger, "ann")
    provider = FakeProvider()
    with Inbox(inbox.path) as elsewhere:
        kept: list[float] = []

        def keep_elsewhere(request_id: str) -> None:
            keep(elsewhere, request_id, b"found ann@x.io")
            kept.append(time.monotonic())

        provider.submit_with = webhook_to(keep_elsewhere, after=0.7)
        report = await to_the_end(an_engine(ledger, inbox, provider))
        took = time.monotonic() - kept[0]
    assert report.ending is Ending.DONE
    assert provider.polled == []
    assert took < 3.0  # on a machine with other work; without the look it is five


async def test_a_run_that_waits_does_not_burn_time(ledger: Ledger, inbox: Inbox) -> None:
    plan(ledger, "ann")
    before = time.process_time()
    await to_the_end(an_engine(ledger, inbox, FakeProvider(), wait=2.0))
    assert time.process_time() - before < 1.0
