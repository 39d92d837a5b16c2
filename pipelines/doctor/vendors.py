"""The further vendors that a run would ask: one check each, of key, host, balance and rate limits. Buys nothing.

A look is one free call, where the vendor tells what is left on the account (`Balancing`); it proves key and host, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enrichment.caps import Cap, Scope
from pipelines.doctor.asking import why_unreachable
from pipelines.doctor.checks import Check, failed, ok, skipped, warning
from pipelines.doctor.limits import Notes, shown_windows, used
from sources.connecting import Balancing, Given, Left
from sources.errors import (
    KeyRefused,
    NotEntitled,
    OutOfCredits,
    QuotaExhausted,
    Unavailable,
    VendorError,
)
from sources.limits import Window
from sources.registry import connecting
from sources.settings import VendorSettings


@dataclass(frozen=True)
class Seen:
    """What came of a look. ``left`` None: nothing was told; then ``error`` says why, where somebody was asked."""

    left: Left | None = None
    error: VendorError | None = None
    unreachable: str = ""


async def look(settings: VendorSettings, given: Given) -> Seen:
    """Ask a vendor what is left, once."""
    module = connecting(settings.name)
    if not isinstance(module, Balancing):
        return Seen()
    try:
        return Seen(left=await module.balance(settings, given))
    except Unavailable as error:
        return Seen(error=error, unreachable=await why_unreachable(settings.base_url) if error.status is None else "")
    except VendorError as error:
        return Seen(error=error)


def judge_vendor(settings: VendorSettings, seen: Seen, caps: Sequence[Cap], notes: Notes | None, now: float) -> Check:
    """What a look says, and what the settings say of spending and speed. Pure.

    ``notes``: what its rate counters hold; None: there is no ledger.
    """
    name, error = settings.name, seen.error
    limits, wait = _limits(settings, notes, now)
    if isinstance(error, KeyRefused):
        return failed(name, f"{settings.base_url} answers; {error}", f"Paste the key of {settings.label} again.")
    if isinstance(error, QuotaExhausted):
        return skipped(name, f"not asked: {error}", "Look again when the limits allow a call.")
    if isinstance(error, Unavailable):
        if error.status is not None:
            return warning(name, f"{settings.base_url}: it answered {error.status}", "Try again in a few minutes.")
        found = f"{settings.base_url}: {seen.unreachable}"
        return failed(name, found, "Check base_url, the network, and a proxy or firewall between here and there.")
    if isinstance(error, OutOfCredits | NotEntitled):
        return warning(name, f"key accepted; {error}", f"Look at your account at {settings.label}.")
    if error is not None:
        return failed(name, str(error), f"Check sources.{name}.base_url.")
    if seen.left is None:
        return ok(name, f"the key looks like one; it tells no balance, so nobody was asked; {limits}")
    balance, todo = _balance(settings, seen.left, caps)
    found = f"key accepted; {settings.base_url} answers; {balance}; {limits}"
    todos = [text for text in (todo, wait) if text]
    return warning(name, found, " ".join(todos)) if todos else ok(name, found)


def _balance(settings: VendorSettings, left: Left, caps: Sequence[Cap]) -> tuple[str, str]:
    """What is left, and what to do about it."""
    if left.amount is None:
        return "how much is left it does not tell", f"Look at your balance at {settings.label}."
    told = f" ({left.words})" if left.words else ""
    found = f"{left.amount / 100:,.10g} {settings.unit} left{told}"
    if left.amount <= 0:
        return f"{found}: nothing to buy with", "Top up; until then the others are asked in its place."
    of_run = [cap for cap in caps if cap.scope is Scope.RUN and cap.concerns(settings.name, settings.unit)]
    least = min(of_run, key=lambda cap: cap.amount, default=None)
    if least is not None and left.amount < least.amount:
        return (
            f"{found}: less than a run may spend ({least.setting} = {least.amount / 100:g})",
            "Top up, or expect that it is passed over when that is used up: nothing is lost by it.",
        )
    return found, ""


def _limits(settings: VendorSettings, notes: Notes | None, now: float) -> tuple[str, str]:
    """The rate limits, and what to do about them."""
    windows = [Window.parse(text) for text in settings.rate_limits]
    setting = f"sources.{settings.name}.rate_limits"
    if not windows:
        return "no rate limits are set", f"Set {setting}: requests go out as fast as they can."
    full = [window for window in windows if notes is not None and used(notes, window, now) >= window.limit]
    if full:
        return f"at most {shown_windows(windows)}, of which none is left", "Wait: a sync goes on when there is."
    return f"at most {shown_windows(windows)}", ""
