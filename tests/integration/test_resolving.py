"""`leadsync calls` and `leadsync resolve` without their command line: what is chosen, refused, warned of, raced for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from enrichment.ids import new_id
from enrichment.ledger import Ledger, by_hand, evidence, plans, settle
from enrichment.ledger.claims import Claimed, Lane
from enrichment.ledger.plans import Wanted
from enrichment.states import State
from pipelines.calls import CallsOptions, calls
from pipelines.resolving import ResolveOptions, resolving
from pipelines.settings import (
    EnrichmentSettings,
    LedgerSettings,
    PipelineSettings,
    Settings,
    WebhookSettings,
)
from sources.clodura.settings import CloduraSettings
from sources.errors import ConfigurationError
from sources.providers import Ask, Channel, Via
from tests.support.purchases import MISSED, NOW, answer, call, claim, plan, send, tell
from tests.support.vendors import Vendor

DAY = 86_400 * 1_000_000


class Desk:
    """A folder with a ledger in it, and an operator."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(
            clodura=CloduraSettings(),
            enrichment=EnrichmentSettings(),
            ledger=LedgerSettings(url="sqlite:///ledger.db"),
            webhook=WebhookSettings(port=8080),
            pipelines=PipelineSettings(),
        )
        self.ledger = Ledger(self.settings.ledger.url, folder)
        self.warned: list[str] = []

    def doubt(self, *people: str, sent: int = NOW) -> list[Claimed]:
        plan(self.ledger, *people)
        claimed, _ = claim(self.ledger)
        for item in claimed:
            send(self.ledger, item, now=sent)
            answer(self.ledger, item, State.IN_DOUBT, event="lost:ReadTimeout", tracking_id=None)
        return claimed

    def id(self, person: str) -> str:
        return str(call(self.ledger, person).call_id)

    def resolve(self, *texts: str, now: int = NOW, **options: Any) -> dict[str, Any]:
        return resolving(ResolveOptions(self.folder, texts, **options), self.settings, lambda: now, self.warned.append)

    def refused(self, *texts: str, **options: Any) -> str:
        """What it says; nothing was changed by it."""
        with pytest.raises(ConfigurationError) as error:
            self.resolve(*texts, **options)
        assert "Nothing was changed." in str(error.value)
        return str(error.value)

    def states(self, *people: str) -> list[str]:
        return [call(self.ledger, person).state for person in people]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_several_are_resolved_at_once_each_by_what_names_it(desk: Desk) -> None:
    desk.doubt("ann", "bob", "cid")
    done = desk.resolve(desk.id("ann"), desk.id("bob")[-12:].upper(), f" {desk.id('ann')} ", settled="2.05")
    assert [(row["done"], row["booked"]) for row in done["calls"]] == [(True, 2.05), (True, 2.05)]
    assert done["exit_code"] == 0
    assert desk.states("ann", "bob", "cid") == ["settled", "settled", "in_doubt"]
    assert call(desk.ledger, "bob").amount_max == 205


def test_one_that_is_wrong_leaves_all_as_they_are(desk: Desk) -> None:
    (ann, _) = desk.doubt("ann", "bob")
    tell(desk.ledger, ann.request_id, MISSED, now=NOW - 7_200_000_000)
    plan(desk.ledger, "cid")
    told = desk.refused(desk.id("bob"), desk.id("ann"), desk.id("cid"), new_id(), "zz", void=True, now=NOW).splitlines()
    assert told[0].endswith(
        "is not in doubt: it is settled (not_found) by evidence:webhook, 2 h ago, and what it cost is known. Only what "
        "is in doubt can be resolved."
    )
    assert "it is planned by wanted, 0 s ago, and it was not sent" in told[1]
    assert "names no call of this ledger" in told[2]
    assert told[3].startswith("'zz' names no call")
    assert desk.states("ann", "bob", "cid") == ["settled", "in_doubt", "planned"]


def test_a_part_that_several_calls_share_names_none(desk: Desk) -> None:
    desk.doubt(*(f"p{n}" for n in range(8)))
    told = desk.refused(desk.id("p0")[:4], void=True)
    assert sum(desk.id(f"p{n}") in told for n in range(8)) == 5  # so many are shown
    assert ", ..." in told


@pytest.mark.parametrize(
    ("texts", "options", "says"),
    [
        (["0199"], {}, "Say one of --settled AMOUNT"),
        (["0199"], {"settled": "1", "void": True}, "Say one of --settled AMOUNT"),
        ([], {"void": True}, "Name the calls to resolve, or say --all-older-than 7d"),
        (["0199"], {"void": True, "older_than": 5.0}, "one of the two"),
        (["0199"], {"settled": "1.005"}, "--settled: '1.005' is no amount"),
        (["0199"], {"settled": "-1"}, "--settled: '-1' is no amount"),
        (["0199"], {"settled": "1e3"}, "--settled: '1e3' is no amount"),
        (["0199"], {"settled": ""}, "--settled: '' is no amount"),
    ],
)
def test_wrong_usage(desk: Desk, texts: Sequence[str], options: dict[str, Any], says: str) -> None:
    desk.doubt("ann")
    assert says in desk.refused(*texts, **options)
    assert desk.states("ann") == ["in_doubt"]


@pytest.mark.parametrize(
    ("text", "booked"), [("0", 0), ("0.0", 0), ("6", 600), ("4.5", 450), ("4.05", 405), ("007", 700)]
)
def test_amounts(desk: Desk, text: str, booked: int) -> None:
    desk.doubt("ann")
    desk.resolve(desk.id("ann"), settled=text)
    assert call(desk.ledger, "ann").amount_max == booked
    assert bool(desk.warned) == (booked > 600)


def test_more_than_the_price_list_allows_is_booked_with_a_warning(desk: Desk) -> None:
    desk.doubt("ann")
    done = desk.resolve(desk.id("ann"), settled="7.5")
    assert done["calls"][0]["booked"] == 7.5
    (said,) = desk.warned
    assert "7.5 credits is more than the 6 that the price list allows" in said


def test_a_call_of_a_batch_says_how_many_share_its_request_and_is_booked_in_its_own_unit(desk: Desk) -> None:
    cents = Vendor("sixtyfour", "cents")
    asks = [Wanted(cents.name, Channel.EMAIL, cents.unit, name, Ask("find_email", name, {}), "s") for name in "abc"]
    desk.ledger.call(plans.plan, asks, "run-1", NOW)
    ((item,), _) = claim(desk.ledger, [Lane(cents.name, "find_email", cents.unit, 500, 1, batch=100)])
    send(desk.ledger, item)
    answer(desk.ledger, item, State.IN_DOUBT, event="lost:ReadTimeout", tracking_id=None)
    shown = calls(CallsOptions(desk.folder, ["in_doubt"]), desk.settings, NOW)
    assert {(row["calls_in_request"], row["unit"], row["at_risk"]) for row in shown["calls"]} == {(3, "cents", 5.0)}
    assert all(row["why"].endswith("; one of 3 calls that share its request") for row in shown["calls"])
    assert shown["at_risk"] == {"cents": 15.0}
    done = desk.resolve(desk.id("a"), settled="5")
    assert [(row["unit"], row["booked"]) for row in done["calls"]] == [("cents", 5.0)]
    assert desk.warned == []
    desk.resolve(desk.id("b"), settled="20")
    assert "20 cents is more than the 5" in desk.warned[0]
    assert "sources.clodura.plan" not in desk.warned[0]


def test_one_amount_is_never_booked_in_two_units(desk: Desk) -> None:
    desk.doubt("ann", sent=NOW - 8 * DAY)
    ask = Wanted("sixtyfour", Channel.EMAIL, "cents", "bob", Ask("find_email", "bob", {}), "s")
    desk.ledger.call(plans.plan, [ask], "run-1", NOW)
    ((item,), _) = claim(desk.ledger, [Lane("sixtyfour", "find_email", "cents", 500, 1)])
    send(desk.ledger, item, now=NOW - 8 * DAY)
    answer(desk.ledger, item, State.IN_DOUBT)
    told = desk.refused(settled="5", older_than=7 * 86_400.0)
    assert "charged in cents and credits" in told
    assert desk.states("ann", "bob") == ["in_doubt", "in_doubt"]
    assert len(desk.resolve(void=True, older_than=7 * 86_400.0)["calls"]) == 2


def test_all_that_were_sent_longer_ago_and_no_others(desk: Desk) -> None:
    desk.doubt("ann", sent=NOW - 8 * DAY)
    desk.doubt("bob", sent=NOW - 6 * DAY)
    done = desk.resolve(void=True, older_than=7 * 86_400.0)
    assert [row["call_id"] for row in done["calls"]] == [desk.id("ann")]
    assert desk.states("ann", "bob") == ["void", "in_doubt"]
    assert desk.resolve(void=True, older_than=7 * 86_400.0)["calls"] == []


def test_who_comes_too_late_is_told_and_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look and the writing an answer comes."""
    (ann, _) = desk.doubt("ann", "bob")

    def late(*given: Any) -> Any:
        connection = given[0]
        inbox_id = evidence.receive(connection, "vendor", ann.request_id, Via.WEBHOOK, b"1", NOW)
        assert inbox_id is not None
        document = evidence.with_calls(connection, inbox_id, "vendor", ann.request_id, Via.WEBHOOK, b"1")
        settle.apply(connection, document, [MISSED], NOW, foreign=False)
        return by_hand.resolve(*given)

    monkeypatch.setattr("pipelines.resolving.resolve", late)
    done = desk.resolve(desk.id("ann"), desk.id("bob"), settled="3")
    assert [(row["done"], row["state"], row["by"], row["booked"]) for row in done["calls"]] == [
        (False, "settled", "evidence:webhook", None), (True, "settled", "by_hand", 3.0),
    ]  # fmt: skip
    assert (done["exit_code"], done["message"].startswith("Somebody else was faster: 1 of 2")) == (1, True)
    assert call(desk.ledger, "ann").outcome == "not_found"


def test_states_may_be_listed_and_a_wrong_one_is_told_with_the_nearest(desk: Desk) -> None:
    desk.doubt("ann")
    plan(desk.ledger, "bob", "cid")

    def listed(*states: str, limit: int = 50) -> dict[str, Any]:
        return calls(CallsOptions(desk.folder, states, limit=limit), desk.settings, NOW + 3600_000_000)

    assert [row["state"] for row in listed("in_doubt")["calls"]] == ["in_doubt"]
    both = listed("in_doubt,planned", limit=2)
    assert (len(both["calls"]), both["count"], both["at_risk"]) == (2, 3, {"credits": 6.0})
    assert len(listed("in_doubt", "planned")["calls"]) == 3
    (ann,) = listed("in_doubt")["calls"]
    assert (ann["age"], ann["age_seconds"], ann["spent"]) == ("60 min", 3600, None)
    assert "a webhook can still tell" in ann["outlook"]
    for wrong, says in (("in-doubt", "Did you mean 'in_doubt'?"), ("lost", "is not one of planned, reserved,")):
        with pytest.raises(ConfigurationError, match=r"--state: ") as error:
            listed(wrong)
        assert says in str(error.value)
    with pytest.raises(ConfigurationError, match="--limit: 0 calls are none"):
        listed(limit=0)
