"""What the vendor's answer says of the host and the key. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.doctor.asking import Look, Told
from pipelines.doctor.checks import Check, Verdict, failed, ok, skipped, warning

_SEARCH = "`leadsync sync --limit 1 --enrich none` shows whether a search works (it may bill one export credit)."
#: answers that only the right host gives
_AT_HOME = (Told.BALANCE, Told.KEY_REFUSED, Told.NOT_ENTITLED, Told.REFUSED)


def judge_host(looks: Sequence[Look]) -> Check:
    """Whether ``base_url`` is a host that serves the API; the first look is at it, a second at the other one."""
    first, others = looks[0], looks[1:]
    better = next((look for look in others if look.told in _AT_HOME), None)
    if better is not None:
        return failed(
            "host",
            f"{first.host} does not serve you: {first.words}. {better.host} does. Nothing was bought",
            f'Write base_url = "{better.host}" under [sources.clodura] into .dlt/config.toml.',
        )
    found = "; ".join(f"{look.host}: {look.words}" for look in looks)
    if first.told in _AT_HOME:
        return ok("host", f"{first.host} answers")
    if first.told is Told.BUSY:
        return warning("host", found, "Try again in a few minutes; a sync tries for two minutes by itself.")
    if first.told is Told.OWN_LIMITS:
        return skipped("host", found, "Look again when the limits allow a call.")
    if first.told is Told.NOTHING_THERE:
        return warning(
            "host",
            f"{found}. Either this is not the API's host, or your plan has no credits look-up, as some have none",
            f"Look up in your Clodura dashboard which host is yours, and compare base_url. {_SEARCH}",
        )
    if first.told is Told.FRONT_DOOR:
        return failed(
            "host", found, "Ask Clodura whether your network or plan is blocked; try from another network to compare."
        )
    return failed("host", found, "Check base_url, the network, and a proxy or firewall between here and there.")


def judge_key(form: Check, looks: Sequence[Look]) -> Check:
    """The key by its ``form``, and by what the host said of it."""
    if form.verdict not in (Verdict.OK, Verdict.WARNING):
        return form
    told = {look.told for look in looks}
    refused = next((look for look in looks if look.told is Told.KEY_REFUSED), None)
    if refused is not None:
        return failed("key", refused.words, "Paste it again from Clodura: Settings > Developer/API; it is shown once.")
    if told & {Told.BALANCE, Told.NOT_ENTITLED}:
        return _with(form, f"{form.found}; accepted")
    return _with(form, f"{form.found}; no answer has proved it yet")


def _with(form: Check, found: str) -> Check:
    return Check(form.name, form.verdict, found, form.todo, form.misconfigured)
