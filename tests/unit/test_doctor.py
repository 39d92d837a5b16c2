"""The doctor's judgements: pure, each by a table of what was seen and what it comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from enrichment.caps import Cap, Scope
from pipelines.doctor.checks import Check, Verdict, as_object, exit_code, failed, ok, skipped, warning
from pipelines.doctor.clock import judge_clock
from pipelines.doctor.credits import judge_balance, left_for
from pipelines.doctor.disk import judge_disk, may_make, nearest
from pipelines.doctor.limits import calls_of, judge_limits, used
from pipelines.doctor.setup import needed
from pipelines.doctor.vendors import Seen, judge_vendor
from pipelines.doctor.versions import judge_versions
from pipelines.doctor.webhook import Echo, judge_echo
from pipelines.forecast import seconds_for
from pipelines.vendor import usable_key
from sources.clodura.credits import read_balance
from sources.clodura.settings import CloduraSettings
from sources.connecting import Left
from sources.errors import (
    ConfigurationError,
    KeyRefused,
    NotEntitled,
    NotProven,
    OutOfCredits,
    QuotaExhausted,
    RequestRefused,
    Unavailable,
)
from sources.limits import Window
from sources.providers import Channel
from sources.sixtyfour.settings import SixtyfourSettings

BOTH = (Channel.EMAIL, Channel.PHONE)
STANDARD = {"contactsView": 142, "maxContacts": "1000", "directDials": 38, "maxDirectDials": 200}
GB = 10**9


@pytest.mark.parametrize(
    ("document", "plan", "left"),
    [
        ({"remainingCredits": 357}, "multi_provider", 357.0),
        ({"remainingCredits": 12.75}, "multi_provider", 12.75),
        ({"remainingCredits": "1,357.5"}, "multi_provider", 1357.5),
        ({"remainingCredits": None}, "multi_provider", None),
        ({"remainingCredits": "unlimited"}, "multi_provider", None),
        ({"remainingCredits": True}, "multi_provider", None),
        ({"remainingCredits": "nan"}, "multi_provider", None),
        ({"data": {"remainingCredits": 5}}, "multi_provider", 5.0),
        (STANDARD, "standard", 2 * (858 + 162.0)),
        ({**STANDARD, "maxContacts": "a thousand"}, "standard", None),
        ({"contactsView": 1500, "maxContacts": "1000", "directDials": 0, "maxDirectDials": 0}, "standard", 0.0),
        ({"contactsView": 1, "maxContacts": "2"}, "standard", None),
        ({**STANDARD, "remainingCredits": 3}, None, 3.0),
        ({"balance": 3}, None, None),
        ({}, None, None),
    ],
)
def test_the_balance_of_both_plan_families(document: dict[str, Any], plan: str | None, left: float | None) -> None:
    balance = read_balance(document)
    assert (balance.plan, left_for(balance, BOTH)) == (plan, left)


@pytest.mark.parametrize(
    ("document", "plan", "cap", "verdict", "told"),
    [
        ({"remainingCredits": 357.25}, "multi_provider", 200.0, Verdict.OK, "357.25 credits left"),
        ({"remainingCredits": 357}, "multi_provider", None, Verdict.OK, "multi_provider (Free Forever, Max, PAYG)"),
        ({"remainingCredits": 199.9}, "multi_provider", 200.0, Verdict.WARNING, "max_credits_per_run = 200"),
        ({"remainingCredits": 0}, "multi_provider", None, Verdict.WARNING, "nothing is left"),
        ({"remainingCredits": -2.5}, "multi_provider", None, Verdict.WARNING, "nothing is left"),
        ({"remainingCredits": 357}, "standard", None, Verdict.WARNING, "too little for each call"),
        (STANDARD, "standard", 200.0, Verdict.OK, "858 of 1,000 contacts left for e-mails, 162 of 200 direct dials"),
        (STANDARD, "standard", 3000.0, Verdict.WARNING, "less than a run may spend"),
        (STANDARD, "multi_provider", 200.0, Verdict.WARNING, 'plan = "standard"'),
        ({"x": 1}, "standard", 200.0, Verdict.WARNING, "no balance that can be read"),
    ],
)
def test_credits_are_held_against_plan_and_cap(
    document: dict[str, Any], plan: str, cap: float | None, verdict: Verdict, told: str
) -> None:
    check = judge_balance(read_balance(document), plan, cap, BOTH)
    assert check.verdict == verdict
    assert told in check.found + check.todo


def test_who_buys_nothing_needs_no_credits() -> None:
    assert judge_balance(read_balance({"remainingCredits": 0}), "multi_provider", 10.0, ()).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("ahead", "set_back", "verdict", "told"),
    [
        (0.4, None, Verdict.OK, "agrees"),
        (-30.0, 0.0, Verdict.OK, "agrees"),
        (31.0, 0.0, Verdict.WARNING, "31 s ahead of the vendor's"),
        (-200.0, None, Verdict.WARNING, "3 minutes behind the vendor's"),
        (301.0, None, Verdict.FAILED, "5 minutes ahead"),
        (-90_000.0, 90_000.0, Verdict.FAILED, "25 hours behind"),
        (0.0, 3 * 86_400.0, Verdict.WARNING, "3 days in the future"),
        (None, 3 * 86_400.0, Verdict.FAILED, "3 days in the future"),
        (None, 100.0, Verdict.WARNING, "100 s in the future"),
        (None, 0.0, Verdict.OK, "lies in the past"),
        (None, None, Verdict.SKIPPED, "no time to compare"),
    ],
)
def test_the_clock_is_held_against_the_vendors_and_the_ledger(
    ahead: float | None, set_back: float | None, verdict: Verdict, told: str
) -> None:
    check = judge_clock(ahead, set_back)
    assert (check.verdict, told in check.found) == (verdict, True), check


@pytest.mark.parametrize(
    ("free", "verdict"),
    [
        ({"a": 5 * GB, "b": GB}, Verdict.OK),
        ({"a": 5 * GB, "b": GB - 1}, Verdict.WARNING),
        ({"a": GB // 10}, Verdict.WARNING),
        ({"a": 5 * GB, "b": GB // 10 - 1}, Verdict.FAILED),
    ],
)
def test_the_tightest_disk_decides(free: dict[str, int], verdict: Verdict) -> None:
    assert judge_disk(free).verdict == verdict


def test_what_is_not_there_yet_lies_on_the_disk_of_the_nearest_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert nearest(tmp_path / "no" / "such" / "thing") == nearest(tmp_path / "file") == tmp_path
    assert may_make(tmp_path / "no" / "such" / "thing")
    assert not may_make(tmp_path / "file" / "thing")


@pytest.mark.parametrize(
    ("python", "missing", "verdict"),
    [
        ((3, 11, 0), None, Verdict.OK),
        ((3, 13, 9), None, Verdict.OK),
        ((3, 10, 14), None, Verdict.FAILED),
        ((3, 14, 0), None, Verdict.FAILED),
        ((3, 12, 1), "duckdb", Verdict.FAILED),
    ],
)
def test_versions(python: tuple[int, ...], missing: str | None, verdict: Verdict) -> None:
    packages = {name: None if name == missing else "1.0" for name in ("leadsync", "duckdb")}
    check = judge_versions(python, packages)
    assert check.verdict == verdict
    assert f"Python {'.'.join(map(str, python))}" in check.found


DAILY = [Window.parse("10/second"), Window.parse("2000/day")]


def test_what_is_left_of_the_day_is_what_the_counters_leave() -> None:
    notes = [(0.0, 500), (90_000.0, 300), (90_001.0, -9)]
    assert used(notes, DAILY[1], now=100_000.0) == 291
    check = judge_limits(DAILY, notes, 100_000.0, channels=2, polling=False)
    assert check.verdict is Verdict.OK
    assert "1,709 of 2,000 left" in check.found
    assert judge_limits(DAILY, None, 0.0, 2, polling=False).found.count("left") == 0


@pytest.mark.parametrize(("spent", "verdict"), [(1899, Verdict.OK), (1900, Verdict.WARNING), (2500, Verdict.WARNING)])
def test_a_day_whose_calls_are_used_up_is_warned_of(spent: int, verdict: Verdict) -> None:
    assert judge_limits(DAILY, [(1.0, spent)], 2.0, 2, polling=False).verdict == verdict


def test_no_limits_at_all_are_warned_of() -> None:
    assert judge_limits([], None, 0.0, 2, polling=False).verdict is Verdict.WARNING


@pytest.mark.parametrize(
    ("calls", "seconds"), [(1, 0), (10, 0), (11, 1), (2000, 199), (2001, 86_400), (4001, 2 * 86_400)]
)
def test_how_long_calls_take_at_sliding_windows(calls: int, seconds: float) -> None:
    assert seconds_for(calls, DAILY) == seconds


def test_calls_of_a_sync() -> None:
    assert calls_of(1000, 2, polling=False) == (2011, 4011)
    assert calls_of(150, 0, polling=True) == (3, 3)


URL = "https://hooks.example.com"


@pytest.mark.parametrize(
    ("echo", "base", "verdict", "told"),
    [
        (Echo("u", 200, True, ["/hooks/x"]), URL, Verdict.OK, "arrived"),
        (Echo("u", 502, True, ["/hooks/x"]), URL, Verdict.WARNING, "502"),
        (Echo("u", None, True, ["/hooks/x"]), URL, Verdict.WARNING, "lost"),
        (Echo("u", 404, False, ["/x"]), URL, Verdict.WARNING, "another path"),
        (Echo("u", 404, False, []), URL, Verdict.WARNING, "somebody else answers"),
        (Echo("u", 200, False, []), URL, Verdict.WARNING, "somebody else answers"),
        (Echo("u", None, False, []), URL, Verdict.WARNING, "NAT"),
        (Echo("u", None, False, []), "http://127.0.0.1:8080", Verdict.FAILED, "webhook.port"),
    ],
)
def test_what_a_post_to_ones_own_url_says(echo: Echo, base: str, verdict: Verdict, told: str) -> None:
    check = judge_echo(echo, base, "127.0.0.1:8080")
    assert (check.verdict, told in check.found + check.todo) == (verdict, True), check


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (None, "missing"),
        ("", "missing"),
        ("  ", "missing"),
        ("...", "example"),
        ("<your key>", "example"),
        ("YOUR_API_KEY", "example"),
        ("'canary'", "quotes"),
        ('canary"', "quotes"),
        ("canary with blanks", "Paste it again"),
        ("canary\nline", "Paste it again"),
    ],
)
def test_what_is_no_key_is_told_without_being_shown(key: str | None, told: str) -> None:
    with pytest.raises(ConfigurationError, match=r"sources\.clodura\.api_key") as error:
        usable_key(CloduraSettings(api_key=key))
    assert told in str(error.value)
    assert "canary" not in str(error.value)


@pytest.mark.parametrize("key", ["xX0aYourKey9", " 7f3b-long-key \n", "x" * 2 + "y"])
def test_what_may_be_a_key_is_taken_stripped(key: str) -> None:
    assert usable_key(CloduraSettings(api_key=key)) == key.strip()


def test_a_check_whose_settings_are_wrong_names_them() -> None:
    check = needed("webhook", frozenset({"webhook.port", "ledger.url"}), "webhook.*")
    assert check is not None
    assert check.verdict is Verdict.SKIPPED
    assert "webhook.port" in check.found
    assert "ledger" not in check.found
    assert needed("webhook", frozenset({"ledger.url"}), "webhook.*") is None


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ([ok("a", ""), skipped("b", "")], 0),
        ([ok("a", ""), warning("b", "", "")], 0),
        ([failed("a", ""), warning("b", "", "")], 1),
        ([failed("a", ""), Check("b", Verdict.FAILED, "", "", misconfigured=True)], 2),
    ],
)
def test_the_exit_code_of_all_checks(checks: list[Check], code: int) -> None:
    assert exit_code(checks) == code
    assert as_object(checks)["exit_code"] == code


SIXTYFOUR = SixtyfourSettings(api_key="k")


def _cents(amount: float, scope: Scope = Scope.RUN) -> Cap:
    return Cap("enrichment.caps.sixtyfour.cents_per_run", scope, "cents", round(amount * 100), "sixtyfour")


@pytest.mark.parametrize(
    ("seen", "caps", "verdict", "told"),
    [
        (Seen(Left(12_000)), [], Verdict.OK, "120 cents left"),
        (Seen(Left(12_000, "12 credits")), [_cents(120)], Verdict.OK, "120 cents left (12 credits)"),
        (Seen(Left(12_000)), [_cents(121)], Verdict.WARNING, "less than a run may spend (enrichment.caps.sixtyfour"),
        (Seen(Left(12_000)), [_cents(121, Scope.MONTH)], Verdict.OK, "key accepted"),
        (Seen(Left(12_000)), [Cap("--budget", Scope.RUN, "credits", 10**6)], Verdict.OK, "key accepted"),
        (Seen(Left(0)), [], Verdict.WARNING, "nothing to buy with"),
        (Seen(Left(None)), [], Verdict.WARNING, "it does not tell"),
        (Seen(), [], Verdict.OK, "nobody was asked"),
        (Seen(error=KeyRefused("refused")), [], Verdict.FAILED, "refused"),
        (Seen(error=OutOfCredits("none")), [], Verdict.WARNING, "key accepted; none"),
        (Seen(error=NotEntitled("no")), [], Verdict.WARNING, "key accepted; no"),
        (Seen(error=NotProven("wrong host")), [], Verdict.FAILED, "wrong host"),
        (Seen(error=RequestRefused("redirects")), [], Verdict.FAILED, "redirects"),
        (Seen(error=Unavailable("no", status=503)), [], Verdict.WARNING, "it answered 503"),
        (Seen(error=Unavailable("no"), unreachable="no answer from x"), [], Verdict.FAILED, "no answer from x"),
        (Seen(error=QuotaExhausted("full", until=0.0)), [], Verdict.SKIPPED, "full"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_further_vendor(seen: Seen, caps: list[Cap], verdict: Verdict, told: str) -> None:
    check = judge_vendor(SIXTYFOUR, seen, caps, None, 0.0)
    assert (check.name, check.verdict) == ("sixtyfour", verdict)
    assert told in check.found
    assert bool(check.todo) is (verdict is not Verdict.OK)


def test_the_rate_limits_of_a_further_vendor() -> None:
    def check(limits: list[str], *notes: tuple[float, int]) -> Check:
        return judge_vendor(SixtyfourSettings(api_key="k", rate_limits=limits), Seen(Left(100)), [], notes, 100.0)

    assert "at most 500 in 1 minute" in check(["500/minute"]).found
    assert check(["500/minute"], (50.0, 499)).verdict is Verdict.OK
    assert check(["500/minute"], (50.0, 500)).verdict is Verdict.WARNING
    assert check(["500/minute"], (39.0, 500)).verdict is Verdict.OK
    assert "no rate limits" in check([]).found
    assert check([]).verdict is Verdict.WARNING
