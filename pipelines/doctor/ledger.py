"""The ledger: can it be opened, whose is it, what does it hold, what was spent. Makes none where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from enrichment.caps import Cap, Scope
from enrichment.ledger import Ledger, ledger_path, ledger_version, runs, sums
from enrichment.ledger.claims import used_of
from enrichment.ledger.ledger_time import latest, ledger_time
from enrichment.ledger.migrate import NEWEST
from enrichment.states import State
from enrichment.storage import open_to_others
from pipelines.doctor.checks import Check, by_error, failed, ok, skipped, warning
from pipelines.doctor.disk import may_make
from pipelines.settings import Settings
from pipelines.status import status
from pipelines.vendor import kind_of, realm_of, same_realm
from sources.clodura.prices import UNIT
from sources.errors import ConfigurationError, LeadsyncError

#: when a cap that is reached gives room again
_NEXT = {Scope.DAY: "of tomorrow", Scope.MONTH: "of the first of next month"}


def open_ledger(settings: Settings, folder: Path, stack: ExitStack) -> tuple[Ledger | None, Check]:
    """The ledger, open until ``stack`` ends, and what can be said of it before it is read. None: there is none."""
    try:
        path = ledger_path(settings.ledger.url, folder)
        if not path.exists():
            if not may_make(path):
                return None, failed(
                    "ledger",
                    f"{path} is not there yet, and cannot be made: no file can be written there. Nothing goes out "
                    f"without it",
                    "Change the rights of that folder, or set ledger.url to another file.",
                )
            return None, ok("ledger", f"none yet: the first sync makes {path}")
        if path.is_file() and not path.stat().st_size:
            return None, ok("ledger", f"{path} is empty: the first sync makes its tables")
        found = ledger_version(path)
        if found is None or found < NEWEST:
            return None, ok(
                "ledger",
                f"{path} has version {found or 'none'}: the next sync brings it to {NEWEST}, and keeps what it holds",
            )
        open_to_all = open_to_others(path)
        ledger = stack.enter_context(Ledger(settings.ledger.url, folder))
    except LeadsyncError as error:
        return None, by_error("ledger", error)
    if open_to_all:
        return ledger, warning(
            "ledger",
            f"{path} could be read by other users of this machine, and it holds addresses",
            "This look has taken that right away; find out who gives it, and look at copies and backups.",
        )
    return ledger, ok("ledger", f"{path}, version {found}")


def check_ledger(ledger: Ledger, opened: Check, settings: Settings, now: int, alone: bool) -> Check:
    """What it holds. ``alone``: no other leadsync is at work on it."""
    with ledger.read() as connection:
        realm = runs.fact(connection, "realm")
        wrong = sums.drift(connection)
    states = status(ledger, now)["calls"]
    counted = ", ".join(f"{count:,} {state}" for state, count in states.items() if count)
    said = [opened.found, kind_of(realm), f"calls: {counted or 'none'}"]
    if not alone:
        said.append("another leadsync is at work on it")
    found = "; ".join(said)
    if realm is not None and realm != realm_of(settings):
        try:
            same_realm(realm, settings, ledger.path)
        except ConfigurationError as error:
            return by_error("ledger", error)
    if wrong:
        return warning(
            "ledger",
            f"{found}; {wrong} of its running sums are not what its calls add up to",
            "Something else than leadsync has changed it. The next sync sets them right before it buys anything.",
        )
    if opened.todo:
        return warning("ledger", found, opened.todo)
    if states[State.IN_DOUBT]:
        return warning(
            "ledger",
            f"{found}; whether those in doubt were charged is unknown",
            "They keep their place in the caps, are never sent again by themselves, and settle if an answer still "
            "comes. `leadsync calls --state in_doubt` says what each waits for; `leadsync resolve` settles by hand.",
        )
    return ok("ledger", found)


def check_spending(
    ledger: Ledger | None,
    caps: Sequence[Cap],
    now: int,
    units: Sequence[str] = (UNIT,),
    warnings: Sequence[str] = (),
    imitated: bool = False,
) -> Check:
    """What was spent today and in all, against the caps. ``units``: those of all vendors that a run may pay.

    ``warnings``: what a sync would warn of as it starts. ``imitated``: with --sandbox, where no cap counts.
    """
    several = len(units) > 1
    limits = ", ".join(
        f"{cap.amount / 100:,g}{f' {cap.unit}' if several else ''} a {cap.scope}"
        + (f" from {cap.provider}" if cap.provider else "")
        for cap in caps
    )
    reached = []
    said = ["nothing was bought yet"]
    if ledger is not None:
        state = status(ledger, now, units)
        said = [
            f"{today['min']:,g} to {today['max']:,g} {unit} today, {total['min']:,g} to {total['max']:,g} in all"
            for unit, today in state["spent_today"].items()
            for total in [state["spent"][unit]]
        ]
        searched = state["search_spent"][UNIT]
        if searched["max"]:
            said.append(f"searching {searched['min']:,g} to {searched['max']:,g} export credits in all")
        with ledger.read() as connection:
            now = ledger_time(connection, now)
            spent = used_of(connection, caps, "", now)
            reached = [cap for cap in caps if cap.scope is not Scope.RUN and spent[cap] >= cap.amount]
    if imitated:
        return ok("spending", "; ".join([*said, "imitated: of the caps --budget alone counts"]))
    found = "; ".join([*said, f"caps: {limits or 'none'}"])
    if not caps:
        return warning(
            "spending",
            found,
            "Nothing bounds what an unattended sync may buy: set enrichment.max_credits_per_run and "
            "enrichment.max_credits_per_day.",
        )
    if reached:
        return warning(
            "spending",
            f"{found}; {reached[0].setting} is reached",
            f"A sync searches and collects, and buys again from 00:00 UTC {_NEXT[reached[0].scope]} on; or raise the "
            f"cap.",
        )
    if warnings:
        return warning("spending", "; ".join([found, *warnings]), "Set what they name, or ask those vendors no more.")
    return ok("spending", found)


def no_ledger(name: str) -> Check:
    """What cannot be said because the ledger cannot be opened."""
    return skipped(name, "not looked at: the ledger cannot be opened", "See ledger, above.")


def last_entry(ledger: Ledger) -> int | None:
    """The latest time in the ledger, in microseconds since the epoch."""
    with ledger.read() as connection:
        return latest(connection) or None
