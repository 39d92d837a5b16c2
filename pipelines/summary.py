"""What a run comes to: the object that `--json` prints, the exit code, the words for people. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from enrichment.engine import Ending, Report
from enrichment.ledger.books import Amount, RunBooks, Share
from enrichment.states import State
from pipelines.search_context import SearchTally, Unseen
from sources.clodura.prices import UNIT
from sources.errors import (
    CapReached,
    ConfigurationError,
    KeyRefused,
    LeadsyncError,
    NotEntitled,
    OutOfCredits,
    QuotaExhausted,
    Unavailable,
)

DONE, FAILED, WRONG_USAGE, STOPPED_EARLY = 0, 1, 2, 3
#: windows with people who cannot be seen that are named for each search; `--json` has all of them
PLACES = 3


@dataclass(frozen=True)
class Verdict:
    """How a run ended."""

    exit_code: int
    exit_reason: str
    message: str | None = None


@dataclass(frozen=True)
class Halted:
    """A provider that could not be asked any more in a run, or some of its operations, and why.

    ``passed_over``: people for whom another provider was asked in its place.
    """

    provider: str
    operations: tuple[str, ...]
    error: LeadsyncError
    passed_over: int = 0

    @property
    def verdict(self) -> Verdict:
        """What it means for the run where it counts; see `judge`."""
        people = self.passed_over
        instead = f" For {people} people another provider was asked in its place." if people else ""
        if people and isinstance(self.error, Unavailable):
            return Verdict(STOPPED_EARLY, "passed_over", f"{self.error}{instead}")
        return Verdict(self.error.exit_code, _reason(self.error), f"{self.error}{instead}")


def halted_by(
    errors: Mapping[tuple[str, str], LeadsyncError], passed_over: Mapping[tuple[str, str], Collection[str]]
) -> list[Halted]:
    """What halted in a run, by (provider, operation), one item for each error of a provider."""
    found: dict[tuple[str, str], list[tuple[str, LeadsyncError]]] = {}
    for (provider, operation), error in errors.items():
        found.setdefault((provider, str(error)), []).append((operation, error))
    halted = []
    for (provider, _), items in found.items():
        operations = tuple(operation for operation, _ in items)
        people = {person for operation in operations for person in passed_over.get((provider, operation), ())}
        halted.append(Halted(provider, operations, items[0][1], len(people)))
    return halted


def judge(
    *,
    errors: Sequence[BaseException | None],
    run_error: LeadsyncError | None,
    halted: Sequence[Halted],
    tally: SearchTally,
    report: Report | None,
    interrupted: bool,
    unwritten: int = 0,
) -> Verdict:
    """The verdict on a run: what failed outranks what stopped early, which outranks what was only not all there.

    A provider that halted counts where anybody missed it: another was asked in its place, calls are left, or its own
    credits ended half-way. It counts as its error does, though the others have answered the rest: without credits the
    run stopped early (3), what nobody but the user can mend is a failure (1). A refused key is always told. One that
    failed or could not be reached is a failure only where nobody was asked in its place: else the run stopped early,
    for the next one asks it again.

    ``unwritten``: answers to purchases that the ledger could not take.
    """
    found: list[Verdict] = []
    for error in filter(None, errors):
        code = error.exit_code if isinstance(error, LeadsyncError) else FAILED
        ours = isinstance(error, LeadsyncError)  # anybody else's words may quote what nobody should read here
        words = str(error) if ours else f"Something broke that should not: {type(error).__name__}."
        found.append(Verdict(code, _reason(error), words))
    for problem in [run_error, *tally.errors]:
        if problem is not None:
            found.append(Verdict(problem.exit_code, _reason(problem), str(problem)))
    if interrupted:
        found.append(Verdict(STOPPED_EARLY, "interrupted", "Stopped as asked. The next run goes on from here."))
    if report is not None:
        for one in halted:
            dry = report.ran_dry and isinstance(one.error, OutOfCredits)
            if report.left or one.passed_over or dry or isinstance(one.error, KeyRefused):
                found.append(one.verdict)
        found += _endings(report)
    if tally.truncated:
        found.append(Verdict(STOPPED_EARLY, "truncated", _truncated(tally)))
    if tally.incomplete and not found:
        names = ", ".join(tally.incomplete)
        found.append(Verdict(STOPPED_EARLY, "incomplete", f"Not read to the end: {names}. Run again."))
    failures = [verdict for verdict in found if verdict.exit_code not in (DONE, STOPPED_EARLY)]
    first = (failures or found or [Verdict(DONE, "done")])[0]
    told = dict.fromkeys(verdict.message for verdict in failures if verdict.message)
    if unwritten:
        told[
            f"{unwritten} calls were on the wire, and the ledger could not take their answers: whether they were "
            f"charged is unknown. From the next start on they are in doubt: they keep their place in the caps, are "
            f"never sent again by themselves, and settle if an answer still comes."
        ] = None
    return replace(first, message="\n".join(told)) if len(told) > 1 else first


def _truncated(tally: SearchTally) -> str:
    told = []
    for name in tally.truncated:
        told.append(f"Search {name}: {_unseen([one for one in tally.unseen if one.search == name])}.")
    return (
        f"Not everybody can be seen. {' '.join(told)} All others were read. To see these, too, narrow the search in "
        f"the settings or make several of it, by a filter that tells them apart; search_coverage shows which were "
        f"tried."
    )


def _unseen(windows: Sequence[Unseen]) -> str:
    """About how many people are left in a search, and where: its windows, those with most people left first."""
    windows = sorted(windows, key=lambda one: one.left or 0, reverse=True)
    known = [one.left for one in windows if one.left is not None]
    more = " or more" if len(known) < len(windows) else ""
    left = f"about {sum(known):,}{more} people are" if known else "nobody knows how many people are"
    if not windows:
        return f"{left} on no page"
    if len(windows) == 1:
        return f"{left} on no page, in the window [{windows[0].window}]"
    places = [f"[{one.window}]" + (f" about {one.left:,}" if one.left is not None else "") for one in windows]
    others = f" and {len(places) - PLACES:,} more" if len(places) > PLACES else ""
    return f"{left} on no page, in {len(places):,} windows: {', '.join(places[:PLACES])}{others}"


def _endings(report: Report) -> list[Verdict]:
    if report.ending is Ending.CAP and report.left:
        cap = report.refused_by.setting if report.refused_by is not None else "a cap"
        text = f"{cap} is reached: {report.left} calls are left for later. Raise it, or run again when it allows more."
        return [Verdict(STOPPED_EARLY, "cap", text)]
    if report.ending is Ending.QUOTA and report.left:
        text = f"The rate limits allow no more calls for now: {report.left} are left. Run again later."
        return [Verdict(STOPPED_EARLY, "quota", text)]
    if report.ending is Ending.DEADLINE and (report.left or report.outstanding):
        text = (
            f"The time to wait (--wait) is over: {report.outstanding} accepted calls have no answer yet, {report.left} "
            f"are still to be sent. The next run collects and sends them; nothing is bought twice."
        )
        return [Verdict(STOPPED_EARLY, "deadline", text)]
    return []


def _reason(error: BaseException) -> str:
    for kind, reason in (
        (KeyRefused, "key_refused"),
        (OutOfCredits, "out_of_credits"),
        (NotEntitled, "not_entitled"),
        (QuotaExhausted, "quota"),
        (CapReached, "cap"),
        (ConfigurationError, "configuration"),
    ):
        if isinstance(error, kind):
            return reason
    return "failed"


def spent_by_unit(spent: Mapping[str, Amount], units: Sequence[str]) -> dict[str, dict[str, float]]:
    """Whole units with two decimals, for people and machines: ``{"credits": {"min": 12.0, "max": 40.5}}``."""
    return {
        unit: {"min": spent.get(unit, Amount()).least / 100, "max": spent.get(unit, Amount()).most / 100}
        for unit in sorted({*units, *spent})
    }


def as_object(
    *,
    run_id: str,
    channels: Sequence[str],
    waterfall: Mapping[str, Sequence[str]],
    verdict: Verdict,
    halted: Sequence[Halted],
    tally: SearchTally,
    books: RunBooks,
    states: Mapping[State, int],
    report: Report | None,
    units: Sequence[str],
    search_spent: Amount,
    seconds: float,
    database: str,
    query: str,
    verification_refused: str | None = None,
) -> dict[str, Any]:
    """The object that `sync --json` prints. Names are stable; more may be added.

    ``waterfall``: by contact, who was to be asked, in this order. ``units``: those of all providers in the run.
    """
    return {
        "run_id": run_id,
        "channels": channels,
        "waterfall": {channel: list(names) for channel, names in waterfall.items()},
        "people_seen": tally.people,
        "people_new": tally.new,
        "people_changed": tally.changed,
        "people_unchanged": tally.unchanged,
        "people_missing": tally.missing,
        "search_calls": tally.calls,
        "search_spent": spent_by_unit({UNIT: search_spent}, [UNIT]),
        "calls_sent": books.calls_sent,
        "purchases_sent": books.purchases_sent,
        "calls_settled": books.calls_settled,
        "calls_in_doubt": states.get(State.IN_DOUBT, 0),
        "calls_rejected": states.get(State.REJECTED, 0),
        "calls_outstanding": report.outstanding if report is not None else 0,
        "calls_left": report.left if report is not None else 0,
        "outcomes": books.outcomes,
        "emails_found": books.emails_found,
        "phones_found": books.phones_found,
        "addresses_verified": books.verified,
        "verification_refused": verification_refused,
        "spent": spent_by_unit(books.spent, units),
        "providers": [_share(share) for share in books.shares],
        "halted": [_halted(one) for one in halted],
        "truncated_windows": len(tally.unseen),
        "truncated_searches": tally.truncated,
        "truncated": [{"search": one.search, "window": one.window, "people_left": one.left} for one in tally.unseen],
        "unproven_searches": tally.unproven,
        "seconds": round(seconds, 1),
        "database": database,
        "query": query,
        "exit_code": verdict.exit_code,
        "exit_reason": verdict.exit_reason,
        "message": verdict.message,
    }


def _share(share: Share) -> dict[str, Any]:
    return {
        "provider": share.provider,
        "channel": str(share.channel),
        "asked": share.asked,
        "settled": share.settled,
        "found": share.found,
        "spent": {"min": share.spent.least / 100, "max": share.spent.most / 100},
        "unit": share.unit,
    }


def _halted(one: Halted) -> dict[str, Any]:
    verdict = one.verdict
    return {
        "provider": one.provider,
        "operations": list(one.operations),
        "passed_over": one.passed_over,
        "exit_code": verdict.exit_code,
        "exit_reason": verdict.exit_reason,
        "message": verdict.message,
    }
