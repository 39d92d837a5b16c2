"""What both enrichments share: the refusal of a quick repetition, and the answer where nothing matches."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.behaviour import ErrorBody, NoMatch, Switchboard
from sandbox.bodies import Refused
from sandbox.wire import Answer, error_answer, json_answer

_NO_RESULTS = "No Results found, may be you can tweak the filters."


class Repetitions:
    """When each thing was last enriched. ``now`` is the clock."""

    def __init__(self, switchboard: Switchboard, now: Callable[[], float]) -> None:
        self._switchboard = switchboard
        self._now = now
        self._last: dict[tuple[str, str], float] = {}

    def check(self, operation: str, subject: str) -> None:
        """Note an enrichment. Raises Refused with 409 where the same one was answered a moment ago."""
        behaviour, now = self._switchboard.behaviour, self._now()
        last = self._last.get((operation, subject))
        if operation in behaviour.conflict_operations and last is not None and now - last < behaviour.conflict_seconds:
            raise Refused(409, "This was enriched within the last few minutes")
        self._last[operation, subject] = now


def no_match(form: NoMatch, empty: dict[str, object], error_body: ErrorBody) -> Answer:
    """The answer where nothing matches; ``empty`` is the body of a 200 without data.

    A 404 may have been charged all the same, so that it is an answer here and no refusal.
    """
    if form == "404":
        return error_answer(404, _NO_RESULTS, error_body)
    return json_answer({**empty, "message": _NO_RESULTS} if form == "message" else empty)
