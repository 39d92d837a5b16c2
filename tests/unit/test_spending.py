"""What is warned of before a run: charges that no cap counts, and vendors whom a ceiling leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from enrichment.caps import Cap
from pipelines.options import SyncOptions
from pipelines.provider_caps import parse_caps
from pipelines.settings import EnrichmentSettings, LedgerSettings, PipelineSettings, Settings, WebhookSettings
from pipelines.spending import spending_warnings, unbounded
from pipelines.vendor import waterfall_of
from sources.clodura.settings import CloduraSettings
from sources.providers import CONTACTS
from sources.sixtyfour.settings import SixtyfourSettings

BOTH = {"email_providers": ["clodura", "sixtyfour"], "phone_providers": ["clodura", "sixtyfour"]}
OPEN = "Nothing bounds what sixtyfour may cost; set enrichment.caps.sixtyfour.cents_per_run."


def settings(caps: dict[str, dict[str, float]] | None = None, **enrichment: Any) -> Settings:
    parsed = parse_caps(caps or {})
    return Settings(
        clodura=CloduraSettings(),
        enrichment=EnrichmentSettings(**{**BOTH, **enrichment}),
        ledger=LedgerSettings(),
        webhook=WebhookSettings(),
        pipelines=PipelineSettings(),
        caps=tuple(cap for cap in parsed if cap.scope != "answer"),
        ceilings={str(cap.provider): cap.amount for cap in parsed if cap.scope == "answer"},
        vendors={"sixtyfour": SixtyfourSettings()},
    )


def warned(given: Settings, **options: Any) -> list[str]:
    return spending_warnings(SyncOptions(Path(), **options), given, waterfall_of(given, CONTACTS))


@pytest.mark.parametrize(
    ("given", "options", "open_ended"),
    [
        (settings(), {}, True),
        (settings(), {"budget": 100.0}, True),  # counts credits
        (settings(max_credits_per_run=5), {}, True),
        (settings({"clodura": {"credits_per_day": 5}}), {}, True),
        (settings({"sixtyfour": {"cents_per_month": 5}}), {}, False),
        (settings(), {"sandbox": True}, False),
        (settings(email_providers=["clodura"], phone_providers=["clodura"]), {}, False),
    ],
)
def test_a_vendor_whose_charges_no_cap_counts_is_told(
    given: Settings, options: dict[str, Any], open_ended: bool
) -> None:
    said = warned(given, **options)
    assert [text.startswith(OPEN) for text in said] == ([True] if open_ended else [])
    assert all("--budget" in text for text in said)


def test_where_nothing_is_bought_nothing_is_told() -> None:
    given = settings()
    assert unbounded(waterfall_of(given, []), given, list[Cap]()) == []


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        ({"sixtyfour": {"cents_per_run": 9, "cents_per_answer": 5}}, ["phone numbers: one may cost 30 cents, and "]),
        ({"sixtyfour": {"cents_per_run": 9, "cents_per_answer": 4.99}}, ["e-mail addresses: ", "phone numbers: "]),
        ({"sixtyfour": {"cents_per_run": 9, "cents_per_answer": 30}}, []),
        ({"sixtyfour": {"cents_per_run": 9}, "clodura": {"credits_per_answer": 6}}, ["clodura is not asked for phone"]),
    ],
)
def test_whom_a_ceiling_leaves_out_is_told_once_for_each_channel(
    caps: dict[str, dict[str, float]], said: list[str]
) -> None:
    found = warned(settings(caps))
    assert len(found) == len(said)
    for text, part in zip(found, said, strict=True):
        assert part in text
        assert "_per_answer is " in text
        assert "Nobody is left" not in text


def test_where_nobody_is_left_to_ask_it_says_so() -> None:
    given = settings({"clodura": {"credits_per_answer": 1}}, email_providers=["clodura"], phone_providers=["clodura"])
    assert [text.endswith("Nobody is left to ask for them.") for text in warned(given)] == [True, True]


def test_of_every_cap_a_misspelled_name_is_a_mistake() -> None:
    caps = {name for name in EnrichmentSettings.model_fields if "credits" in name}
    assert set(EnrichmentSettings.bounds) == caps | set(EnrichmentSettings.below)
