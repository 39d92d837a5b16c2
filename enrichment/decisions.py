"""What becomes of a call after its submit: one table from what the wire said to what the ledger writes. Pure.

| answer to a paid submit                      | decision                                                            |
|----------------------------------------------|---------------------------------------------------------------------|
| never connected, 3xx, 401, 402, 403, 429     | planned again: provably nothing was bought                          |
| 409                                          | planned again after 5 minutes; in doubt where an earlier purchase   |
|                                              | of the same subject is unresolved                                   |
| 404, host and key proven                     | settled: not found, nothing charged                                 |
| the request is wrong, and was not sent       | rejected                                                            |
| other 4xx                                    | rejected                                                            |
| 408, 5xx, reset, timeout after the first byte| in doubt: never sent again by itself                                |
| 2xx                                          | settled where the result is in it, else accepted                    |
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from enrichment.states import State
from sources.backoff import Backoff
from sources.clock import Dice
from sources.providers import Outcome, Reading
from sources.transport import Answer, Answered, Lost, NeverConnected, NeverSent, PaidOutcome

#: seconds before a call that met 409 ("already enriched within the last few minutes") is tried again
CONFLICT_WAIT = 300.0
#: delays for calls that were provably refused
REFUSED = Backoff(budget=float("inf"), first=1.0, largest=60.0)
#: what a server says that knows no such path
_ROUTE = r"\broute\b|\b(no such|unknown|invalid) (endpoint|path)\b|\bendpoint not found\b|\bcannot (post|get)\b"


class Halt(StrEnum):
    """How far a refusal reaches beyond the call that met it."""

    NOTHING = "nothing"
    OPERATION = "operation"
    PROVIDER = "provider"
    RUN = "run"


@dataclass(frozen=True)
class Decision:
    """What the ledger writes. ``delay`` (seconds) is for calls that are planned again."""

    state: State
    event: str
    outcome: Outcome | None = None
    delay: float = 0.0
    halt: Halt = Halt.NOTHING


def decide(
    outcome: PaidOutcome,
    readings: Sequence[Reading],
    *,
    proven: bool,
    attempts: int,
    earlier_unresolved: bool,
    dice: Dice,
    missing_is_answer: bool = True,
) -> Decision:
    """The decision for one request.

    ``readings`` are of a 2xx answer's body; ``attempts`` counts this one too; ``missing_is_answer``: a 404 may mean
    that there is nothing to be found.
    """
    if isinstance(outcome, Lost):
        return Decision(State.IN_DOUBT, f"lost:{outcome.reason}")
    if isinstance(outcome, NeverSent):
        return Decision(State.REJECTED, "wrong_request")
    if isinstance(outcome, NeverConnected):
        return Decision(State.PLANNED, f"never_connected:{outcome.reason}", delay=_wait(attempts, None, dice))
    assert isinstance(outcome, Answered)
    answer = outcome.answer
    status, event = answer.status, f"http_{answer.status}"
    if 200 <= status < 300:
        ended = readings and all(reading.outcome is not None for reading in readings)
        return Decision(State.SETTLED if ended else State.ACCEPTED, event)
    if status == 429:
        return Decision(State.PLANNED, event, delay=_wait(attempts, answer.retry_after, dice))
    if status == 401:
        return Decision(State.PLANNED, event, halt=Halt.RUN)
    if status == 402:
        return Decision(State.PLANNED, event, halt=Halt.PROVIDER)
    if status == 403:
        return Decision(State.PLANNED, event, halt=Halt.OPERATION)
    if status == 409:
        if earlier_unresolved:
            return Decision(State.IN_DOUBT, event)
        return Decision(State.PLANNED, event, delay=max(CONFLICT_WAIT, answer.retry_after or 0.0))
    if status == 404:
        if proven and missing_is_answer and not _wrong_route(answer):
            return Decision(State.SETTLED, event, outcome=Outcome.NOT_FOUND)
        return Decision(State.PLANNED, event, halt=Halt.OPERATION)
    if 300 <= status < 400:
        return Decision(State.PLANNED, event, halt=Halt.PROVIDER)
    if status == 408 or status >= 500 or status < 200:
        return Decision(State.IN_DOUBT, event)
    return Decision(State.REJECTED, event)


def _wait(attempts: int, retry_after: float | None, dice: Dice) -> float:
    delay = REFUSED.delay(attempts, 0.0, retry_after, dice)
    assert delay is not None  # the budget is infinite
    return delay


def _wrong_route(answer: Answer) -> bool:
    """A 404 that speaks of the path, not of the person: "Route NOT FOUND", as JSON, text or HTML."""
    words = re.sub(r"<[^>]*>|\s+", " ", answer.body[:4000].decode("utf-8", "replace"))
    return re.search(_ROUTE, words, re.IGNORECASE) is not None
