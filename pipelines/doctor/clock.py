"""The machine's clock, against the vendor's and against the ledger's last entry. Pure."""

from __future__ import annotations

from pipelines.doctor.checks import Check, failed, ok, skipped, warning

WARN_OVER = 30.0
FAIL_OVER = 300.0
_SET = "Set the clock (timedatectl set-ntp true, or your system's way to NTP): caps a day and quotas go by it."


def judge_clock(ahead: float | None, set_back: float | None) -> Check:
    """``ahead``: seconds this clock is ahead of the vendor's (negative: behind); None: the vendor told no time.

    ``set_back``: seconds the ledger's last entry lies in the future; None: there is no entry.
    """
    said = []
    if ahead is not None:
        said.append("agrees with the vendor's" if abs(ahead) <= WARN_OVER else _off(ahead))
    else:
        said.append("the vendor told no time to compare with")
    back = set_back is not None and set_back > WARN_OVER
    if back and set_back is not None:
        said.append(f"the ledger's last entry is {_span(set_back)} in the future: the clock was set back since")
    elif set_back is not None:
        said.append("the ledger's last entry lies in the past")
    found = "; ".join(said)
    if ahead is not None and abs(ahead) > FAIL_OVER:
        return failed("clock", found, _SET)
    if back and set_back is not None and set_back > FAIL_OVER and ahead is None:
        return failed("clock", found, _SET)
    if back and ahead is not None and abs(ahead) <= WARN_OVER:
        return warning(
            "clock",
            found,
            "This clock is right now, so it was ahead before: what was bought then and since counts against the caps "
            "of the days up to that time. Nothing to do but wait.",
        )
    if back or (ahead is not None and abs(ahead) > WARN_OVER):
        return warning("clock", found, _SET)
    return skipped("clock", found) if ahead is None and set_back is None else ok("clock", found)


def _off(ahead: float) -> str:
    return f"is {_span(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the vendor's"


def _span(seconds: float) -> str:
    for unit, scale in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * scale:
            return f"{seconds / scale:,.0f} {unit}"
    return f"{seconds:,.0f} s"
