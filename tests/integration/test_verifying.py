"""Planning verifications in the ledger, and how a verdict changes the address that is handed on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import sqlalchemy as sa

from enrichment.ledger import Ledger, owed, verdicts, verifying
from enrichment.ledger.claims import Lane
from enrichment.ledger.deliveries import deliver
from enrichment.ledger.schema import calls
from enrichment.settlement import Settlement
from enrichment.verification import Policy, Verifying
from sources.providers import Ask, Basis, Charge, EmailStatus, Outcome, Provider, Verification
from tests.support.fake_provider import FakeProvider
from tests.support.ledgers import new_ledger
from tests.support.purchases import NOW, call, claim, found, plan, send, tell

DAY = 86_400 * 1_000_000
LANE = Lane("vendor", "verify", "credits", 10, 16)


class Verifier(FakeProvider):
    """The fake, able to verify."""

    def ask_verification(self, address: str) -> Ask | None:
        return Ask("verify", address, {"email": address})


PROVIDER = cast(Provider, Verifier())


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with new_ledger(tmp_path, "home/ledger.db") as ledger:
        yield ledger


def buy(ledger: Ledger, person: str, *addresses: str) -> None:
    plan(ledger, person)
    ((claimed,), _) = claim(ledger)
    send(ledger, claimed)
    tell(ledger, claimed.request_id, found(*addresses))


def want(
    ledger: Ledger, *people: str, policy: str = "all", again_after: float = 90 * 86_400.0, now: int = NOW,
    run: str = "run-2",
) -> int:  # fmt: skip
    settings = Verifying(Policy(policy), again_after)
    return ledger.call(verifying.plan_for_people, PROVIDER, settings, people, run, now)


def verify(ledger: Ledger, status: EmailStatus, body: bytes = b"v", now: int = NOW, run: str = "run-2") -> str:
    """Send what is planned, and let the verdict come; returns the address."""
    ((claimed,), _) = claim(ledger, [LANE], run=run, now=now)
    send(ledger, claimed, now)
    address = claimed.parameters[0]["email"]
    verdict = Verification(address, status, status.title(), deep=True, created_at="2026-01-15T10:20:30.000Z")
    settled = Settlement(Outcome.FOUND, charges=(Charge("pool", 4, 4, Basis.DOCUMENTED),), verification=verdict)
    tell(ledger, claimed.request_id, settled, body=body, now=now)
    return str(address)


def hand_on(ledger: Ledger) -> list[dict[str, Any]]:
    """What the sink is owed of addresses; it is loaded."""
    with ledger.read() as connection:
        rows, deliveries = owed.owed_emails(connection, "sink")
    ledger.call(deliver, "sink", [deliveries], "load")
    return rows


def test_an_address_is_verified_once_whoever_has_it_and_again_when_its_verdict_is_stale(ledger: Ledger) -> None:
    buy(ledger, "ann", "info@x.io")
    buy(ledger, "bob", "info@x.io")
    assert want(ledger, "ann", "bob") == 1
    assert want(ledger, "ann", "bob") == 0  # planned
    assert verify(ledger, EmailStatus.RISKY) == "info@x.io"
    assert want(ledger, "ann", "bob", now=NOW + 89 * DAY) == 0
    assert want(ledger, "ann", "bob", now=NOW + 91 * DAY) == 0  # one run never buys a thing twice
    assert want(ledger, "ann", "bob", again_after=0.0, now=NOW + DAY) == 0
    assert want(ledger, "ann", "bob", now=NOW + 91 * DAY, run="run-3") == 1
    assert call(ledger, "info@x.io").epoch == 2


@pytest.mark.parametrize(("policy", "planned"), [("none", 0), ("risky", 1), ("all", 2)])
def test_the_policy_chooses_by_what_was_bought(ledger: Ledger, policy: str, planned: int) -> None:
    buy(ledger, "ann", "good@x.io")
    plan(ledger, "bob")
    ((claimed,), _) = claim(ledger)
    send(ledger, claimed)
    guessed = found("guess@x.io")
    email = guessed.emails[0]
    tell(ledger, claimed.request_id, Settlement(Outcome.FOUND, emails=(type(email)(
        email.email, email.type, EmailStatus.GUESSED, "guessed", None),)))  # fmt: skip
    assert want(ledger, "ann", "bob", policy=policy) == planned


@pytest.mark.parametrize(
    ("policy", "searches", "taken"),
    [("all", ["a search"], 1), ("risky", ["a search"], 0), ("none", ["a search"], 0), ("all", ["another"], 0)],
)
def test_what_a_run_that_died_had_planned_is_taken_on_by_the_next_one_of_that_search(
    ledger: Ledger, policy: str, searches: list[str], taken: int
) -> None:
    """It goes on where that one stopped: whose address it is, no search shows again."""
    buy(ledger, "ann", "ann@x.io")
    ledger.call(lambda connection: connection.execute(sa.update(calls).values(search="a search")) and None)
    assert want(ledger, "ann", run="dead") == 1
    settings = Verifying(Policy(policy))
    new = ledger.call(verifying.want_again, PROVIDER, settings, searches, "next", NOW)
    assert new == 0  # planned it was before
    claimed, _ = claim(ledger, [LANE], run="next")
    assert len(claimed) == taken


def test_the_latest_verdict_is_the_status_of_the_address_that_is_handed_on(ledger: Ledger) -> None:
    buy(ledger, "ann", "ann@x.io")
    buy(ledger, "bob", "bob@x.io")
    assert {row["email"]: (row["status"], row["verified_at"]) for row in hand_on(ledger)} == {
        "ann@x.io": ("deliverable", None), "bob@x.io": ("deliverable", None),
    }  # fmt: skip
    want(ledger, "ann")
    verify(ledger, EmailStatus.UNDELIVERABLE)
    (row,) = hand_on(ledger)  # and nothing else: bob's address has not changed
    assert (row["email"], row["status"], row["status_raw"]) == ("ann@x.io", "undeliverable", "Undeliverable")
    assert row["verified_at"] == NOW
    assert hand_on(ledger) == []
    want(ledger, "ann", again_after=0.0, now=NOW + DAY, run="run-3")
    verify(ledger, EmailStatus.DELIVERABLE, body=b"w", now=NOW + DAY, run="run-3")
    (row,) = hand_on(ledger)
    assert (row["status"], row["verified_at"]) == ("deliverable", NOW + DAY)
    with ledger.read() as connection:
        told, _ = owed.owed_email_verifications(connection, None)
        assert sorted(row["status"] for row in told) == ["deliverable", "undeliverable"]
        assert {row["created_at"] for row in told} == {1_768_472_430_000_000}
        (latest,) = verdicts.of_addresses(connection, ["ann@x.io"])
        assert latest["status"] == "deliverable"


def test_an_address_bought_after_its_verdict_has_it_at_once(ledger: Ledger) -> None:
    ledger.call(verifying.plan_addresses, PROVIDER, 86_400.0, ["ann@x.io"], "run-2", NOW)
    assert call(ledger, "ann@x.io").person_id is None
    verify(ledger, EmailStatus.RISKY)
    buy(ledger, "ann", "ann@x.io")
    (row,) = hand_on(ledger)
    assert row["status"] == "risky"


def test_a_ledger_that_knows_no_verdicts_owes_nothing_anew(ledger: Ledger) -> None:
    buy(ledger, "ann", "ann@x.io")
    with ledger.read() as connection:
        _, deliveries = owed.owed_emails(connection, "sink")
    assert list(deliveries.hashes) == ["1"]  # as it was named before there were verdicts
