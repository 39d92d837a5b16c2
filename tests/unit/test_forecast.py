"""What plan says of caps and of answers that are old: pure bounds from facts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from enrichment.caps import Cap, Scope
from enrichment.ledger.forecast import Experience
from enrichment.metering import SearchPrice
from pipelines.forecast import ChannelFacts, Expected, Facts, forecast
from sources.providers import Channel, Operation

EMAIL, PHONE = Operation("e", Channel.EMAIL, 600), Operation("p", Channel.PHONE, 2000)


def facts(*caps: tuple[Cap, int], phones_from: str = "clodura") -> Facts:
    """100 people never asked: e-mails for up to 600 credits, phones for up to 2,000."""
    return Facts(
        searches=[Expected("s", 100, 100, "probe")],
        channels={
            Channel.EMAIL: ChannelFacts(EMAIL, 0, 0, Experience()),
            Channel.PHONE: ChannelFacts(PHONE, 0, 0, Experience(), provider=phones_from),
        },
        price=SearchPrice("clodura", "credits", "none"),
        caps=caps,
        windows=[],
    )


def cap(name: str, amount: float, provider: str | None = None, unit: str = "credits") -> Cap:
    return Cap(name, Scope.MONTH, unit, round(amount * 100), provider)


@pytest.mark.parametrize(
    ("given", "most", "by"),
    [
        (facts(), 2600, None),
        (facts((cap("a", 3000), 0)), 2600, None),
        (facts((cap("a", 3000), 60_000)), 2400, "a"),
        (facts((cap("a", 1000), 100_001)), 0, "a"),
        (facts((cap("a", 1000), 0), (cap("b", 900, "clodura"), 0)), 900, "b"),
        (facts((cap("a", 1000), 0), (cap("b", 900, "clodura"), 0), phones_from="other"), 1000, "a"),
        (facts((cap("b", 500, "clodura"), 0), phones_from="other"), 2500, "b"),
        (facts((cap("b", 500, "clodura"), 0), (cap("c", 100, "other"), 0), phones_from="other"), 600, "c"),
        (facts((cap("a", 5, unit="cents"), 0)), 2600, None),
    ],
)
def test_caps_hold_what_they_concern_and_the_one_that_holds_is_named(given: Facts, most: float, by: str | None) -> None:
    said = forecast(given)
    assert (said["cost"]["max"], said["capped_by"]) == (most, by)


def test_old_answers_are_asked_for_anew() -> None:
    read = [Expected("s", 100, 100, "last run", 1, frozenset(Channel))]
    known = ChannelFacts(EMAIL, answered=30, planned=0, experience=Experience(), stale=70)
    given = replace(facts(), searches=read, channels={Channel.EMAIL: known})
    assert forecast(given)["channels"][0]["asks"] == {"min": 70, "max": 70}
    fresh = replace(known, answered=100, stale=0)
    assert forecast(replace(given, channels={Channel.EMAIL: fresh}))["channels"][0]["asks"] == {"min": 0, "max": 0}
    # of people known, 20 cannot be asked about: they may be among those shown
    some = replace(known, unasked=20)
    assert forecast(replace(given, channels={Channel.EMAIL: some}))["channels"][0]["asks"] == {"min": 50, "max": 70}
    assert forecast(replace(given, limit=10))["channels"][0]["asks"]["min"] == 0
