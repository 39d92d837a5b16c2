"""Why a call stands where it does, and what would bring it further: in words, for whoever must decide. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from enrichment.ledger.listing import Listed
from enrichment.states import State
from sources.providers import Outcome

SECOND = 1_000_000


@dataclass(frozen=True)
class Surroundings:
    """What else it depends on. ``listening``: webhooks can reach a run here; ``give_up_after`` is in seconds."""

    now: int
    listening: bool
    give_up_after: float


def why(call: Listed) -> str | None:
    """Why a call is in doubt; of others what the ledger noted."""
    note = call.note or ""
    if call.state is not State.IN_DOUBT:
        return call.note
    shared = f"one of {call.carried} calls that share its request" if call.carried > 1 else ""
    return "; ".join(filter(None, (_doubt(note), shared))) or None


def _doubt(note: str) -> str:
    if note.startswith("lost:"):
        return f"the answer to the request was lost ({note.removeprefix('lost:')}): whether it was taken is unknown"
    if status := re.fullmatch(r"http_(\d+)", note):
        if status[1] == "409":
            return "the vendor answered HTTP 409 while an earlier purchase of the same is unresolved"
        return f"the vendor answered HTTP {status[1]}: whether it took the request is unknown"
    return note


def outlook(call: Listed, around: Surroundings) -> str:
    """What happens next, or what would resolve it."""
    match call.state:
        case State.PLANNED:
            wait = call.not_before - around.now
            return "goes out in the next run that wants it" + (f", in {span(wait)} or later" if wait > 0 else "")
        case State.RESERVED:
            return _held(call, around, "a run is about to send it", "planned again")
        case State.SENT:
            return _held(call, around, "on the wire: a run waits for its answer", "in doubt")
        case State.ACCEPTED:
            return _accepted(call, around)
        case State.IN_DOUBT:
            return _in_doubt(call, around)
        case State.REJECTED:
            return "not sent again as it is; anew if it is asked for with other parameters"
        case State.VOID if (call.note or "").startswith("not needed"):
            return "not bought, and not needed: what is known already answers it"
        case State.VOID:
            return "nothing was bought: planned anew by the next run that wants it"
        case State.SETTLED:
            return _settled(call)


def span(micros: int) -> str:
    """A length of time in one unit: ``3 h``."""
    seconds = max(0, micros) / SECOND
    for unit, scale in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * scale:
            return f"{seconds / scale:,.0f} {unit}"
    return f"{seconds:,.0f} s"


def _held(call: Listed, around: Surroundings, alive: str, then: str) -> str:
    if call.lease_until is not None and call.lease_until >= around.now:
        return alive
    return f"its run is gone: {then} from the next run on"


def _accepted(call: Listed, around: Surroundings) -> str:
    ends = (call.accepted_at or around.now) + round(around.give_up_after * SECOND)
    left = f"another {span(ends - around.now)}" if ends > around.now else None
    if call.tracking_id is not None:
        also = ", and a webhook may come" if around.listening else ""
        until = f"for {left}" if left else "until the next run gives it up"
        return f"under way: asked about {until}, then once a run{also}"
    then = f"in doubt after {left}" if left else "in doubt from the next run on"
    if around.listening:
        return f"under way without a tracking id: only a webhook can tell; {then}"
    return f"under way without a tracking id, and no webhook reaches this place: {then}"


def _in_doubt(call: Listed, around: Surroundings) -> str:
    given_up = f"accepted {span(around.now - call.accepted_at)} ago, given up: " if call.accepted_at is not None else ""
    if call.tracking_id is not None:
        also = ", and a webhook can still come" if around.listening else ""
        return f"{given_up}has a tracking id, and is asked about once a run{also}; else `leadsync resolve`"
    known = "no tracking id" if call.http_outcome == "answered" else "no answer and no id"
    if around.listening:
        return f"{given_up}{known}: only a webhook can still tell, or `leadsync resolve`"
    return f"{given_up}{known}, and no webhook reaches this place: only `leadsync resolve`"


def _settled(call: Listed) -> str:
    match call.outcome:
        case Outcome.INCOMPLETE:
            return "the vendor ran out of credits half-way: asked for anew by the next run that wants it"
        case Outcome.UNREADABLE:
            return "not asked for again; a document that still comes, or a later version, may say more"
        case Outcome.FAILED:
            return "the vendor's job failed: not asked for again"
        case _:
            return "not asked for again until it is stale (enrichment.refresh_after, reverify_after)"
