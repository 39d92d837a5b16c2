"""The balance, against the plan and the caps in the settings. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.doctor.asking import Look, Told
from pipelines.doctor.checks import Check, ok, skipped, warning
from sources.clodura.credits import Balance, Counter
from sources.clodura.prices import CREDIT, RESERVE
from sources.providers import Channel

_PLANS = {
    "multi_provider": "multi_provider (Free Forever, Max, PAYG)",
    "standard": "standard (Prospect, Prospect Pro)",
}


def judge_credits(looks: Sequence[Look], plan: str, cap: float | None, channels: Sequence[Channel]) -> Check:
    """``plan`` and ``cap`` (credits a run) are what the settings say, ``channels`` what is bought."""
    look = next((look for look in looks if look.told is Told.BALANCE), None)
    if look is not None:
        return judge_balance(look.balance, plan, cap, channels)
    first = looks[0]
    if first.told is Told.NOTHING_THERE:
        return warning(
            "credits",
            "no look-up of credits there (404): some plans have none",
            "Look at your balance in the Clodura app, and try a search with `leadsync sync --limit 1 --enrich none`.",
        )
    if first.told is Told.NOT_ENTITLED:
        return warning("credits", first.words, "Look at your balance in the Clodura app.")
    return skipped("credits", "not told: see host and key")


def judge_balance(balance: Balance, plan: str, cap: float | None, channels: Sequence[Channel]) -> Check:
    """What is left, whether it is the plan's form of answer, and whether it is enough for a run."""
    found, todo = [_shown(balance)], []
    if balance.plan is None:
        todo.append(f"Find out which plan you have: sources.clodura.plan says {plan}, and prices go by it.")
    else:
        found.append(f"the answer of a {_PLANS[balance.plan]} plan")
        if balance.plan != plan:
            found.append(f"but sources.clodura.plan says {plan}")
            todo.append(
                f'Write plan = "{balance.plan}" under [sources.clodura] into .dlt/config.toml, if that is your plan: '
                f"caps reserve by its prices" + (", and here too little for each call." if plan == "standard" else ".")
            )
    left = left_for(balance, channels)
    if left is not None and channels:
        if left <= 0:
            found.append("nothing is left to buy with")
            todo.append("Top up; until then a sync searches, and what it wants to buy waits.")
        elif cap is not None and left < cap:
            found.append(f"less than a run may spend (enrichment.max_credits_per_run = {cap:g})")
            todo.append("Top up, or expect runs to stop when the credits are used up: nothing is lost by it.")
    text = "; ".join(found)
    return warning("credits", text, " ".join(todo)) if todo else ok("credits", text)


def left_for(balance: Balance, channels: Sequence[Channel]) -> float | None:
    """Credits that can still be spent on these channels, None where the answer does not tell.

    A standard plan's counters count purchases, of which each costs a second, export, credit.
    """
    if balance.plan != "standard":
        return None if balance.pool is None else balance.pool / CREDIT
    counters = {Channel.EMAIL: balance.emails, Channel.PHONE: balance.phones}
    left = 0.0
    for channel in channels:
        if channel not in counters:  # verification, which these plans do not have
            continue
        counter = counters[channel]
        if counter is None or counter.left is None:
            return None
        left += counter.left / CREDIT * RESERVE["standard", channel] / CREDIT
    return left


def _shown(balance: Balance) -> str:
    said = []
    if balance.pool is not None:
        said.append(f"{balance.pool / CREDIT:,.10g} credits left")
    for counter, of, what in (
        (balance.emails, "contacts", "e-mails"),
        (balance.phones, "direct dials", "phones"),
    ):
        if counter is not None:
            said.append(_counted(counter, of, what))
    return ", ".join(said) or "the answer holds no balance that can be read"


def _counted(counter: Counter, of: str, what: str) -> str:
    if counter.left is None or counter.most is None:
        return f"{of} not told as numbers"
    return f"{counter.left / CREDIT:,g} of {counter.most / CREDIT:,g} {of} left for {what}"
