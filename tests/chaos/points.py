"""Every named moment of a run (`sources.crashpoints`), by the scenario in which it comes.

A test holds that each scenario reaches exactly these, so that a commit or a send that is added has its crash tested.
"""

from __future__ import annotations


def _both(*points: str) -> list[str]:
    return sorted(point.format(moment) for moment in ("before", "after") for point in points)


def _committed(names: str) -> list[str]:
    """Moments around the commits of work, by the names of the functions that do it."""
    return [f"ledger.{{}}:{name}" for name in names.split()]


#: moments inside of a load
LOADED = ["load.extracted", "load.normalized"]
WEBHOOKS = LOADED + _both(
    "load.{}",
    "receiver.{}",
    "inbox.{}:documents.keep",
    "inbox.{}:documents.remove",
    "fetch.{}:POST",
    *(f"submit.{{}}:{kind}" for kind in ("reveal_email", "reveal_phone", "verify_email")),
    *_committed("""
        carrying.take_in claims.claim claims.mark_sent collecting.Collector._apply_some counters.LedgerCounters.add
        arrivals.Arrivals._know deliveries.announce deliveries.deliver learned.Learned.note runs.cover runs.finish
        runs.signing_key runs.start scans.keep_windows searches.SearchBudget.reserve
        searches.SearchBudget.settle
        sending.Sender._answered sync._Run._flush vendor.keep_realm
    """),
)
POLLING = _both("fetch.{}:GET", *_committed("polling.Poller._heard"))
INTERRUPTED = _both(*_committed("claims.release"))
HURRIED = _both(*_committed("polls.asked"))
FLUSHING = LOADED + _both("load.{}", *_committed("deliveries.announce"))


def _in_turn(names: str) -> list[str]:
    """In this order: what came once does not come again."""
    return [f"ledger.{moment}:{name}" for name in names.split() for moment in ("before", "after")]


RESUMED = _in_turn("engine.Engine.start session.Session._want_again")
#: a ledger is made, and a search read whole: one with a limit notes nothing that the next would go on with
NEW = _in_turn("migrate.to_newest scans.begin scans.keep_windows arrivals.Arrivals._know")
#: of a request for many, of what its answers lead to, and of one who is passed over
TWO_VENDORS = _both(
    *(f"submit.{{}}:{kind}" for kind in ("find_email", "find_phone")),
    *_committed("waterfalls.plan_next collecting.Collector._apply_some"),
)
#: the same, less tightly: each of them comes at the first vendor, too
BETWEEN_TWO = _both(*_committed("claims.claim claims.mark_sent sending.Sender._answered carrying.take_in"))

#: moments that come only in the first run of a folder, or in one that meets a new organization
FIRST = [
    point
    for point in WEBHOOKS + NEW
    if any(word in point for word in ("signing_key", "keep_realm", "remember_organizations", "before:migrate"))
]
#: moments that come often and where it matters what else is under way: they are tried at a later time as well
BUSY = [
    point
    for point in WEBHOOKS
    if any(word in point for word in ("claims.", "submit.", "_answered", "_apply_some", "take_in", "documents."))
]
