"""What a document says of its job as a whole: whether it ended, how, and where its result stands. Pure.

The same reading serves the answer to a submit, a poll (``/job-status``) and a webhook. An end needs positive evidence:
a status that says so, or a result that stands there without any status.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sources.providers import Channel, Via
from sources.sixtyfour import words
from sources.sixtyfour.items import failure_note, has_value_field, items_of
from sources.sixtyfour.words import State

#: where a result stands; ``structured_data`` without ``result`` around it is what one early client read
_RESULTS = ("result", "results", "leads", "structured_data")
_JOB_IDS = ("task_id", "id")
#: says nothing of how a job stands
_SAYS_NOTHING = frozenset({*_JOB_IDS, "job_id", "run_id", "event_id", "task_type", "start_time"})


@dataclass(frozen=True)
class Job:
    """What a document says. ``state`` None: it speaks of no job, and holds no result.

    ``items`` are those of the result, None where none can be read; ``only_if_found``: an empty result proves nothing.
    ``silent``: there is nothing in it but ids.
    """

    state: State | None
    items: list[Any] | None = field(default=None, repr=False)
    only_if_found: bool = False
    silent: bool = False
    note: str | None = None


def task_id(document: Any) -> str | None:
    """The job's id in the answer to a start: ``task_id``, or ``id`` beside a status."""
    if not isinstance(document, dict):
        return None
    names = ("task_id", "job_id", "id") if "status" in document else ("task_id", "job_id")
    return next((text for name in names if (text := _id(document.get(name)))), None)


def is_of_another_job(document: Any, tracking_id: str | None) -> bool:
    """Whether a document names a job that is not ours. An id that holds ours, with something added, is ours."""
    named = [_id(document.get(name)) for name in _JOB_IDS] if isinstance(document, dict) else []
    return bool(tracking_id) and any(named) and not is_of_this_job(document, tracking_id)


def is_of_this_job(document: Any, tracking_id: str | None) -> bool:
    """Whether a document names our job; False where its id is not known, or none is told."""
    if not tracking_id or not isinstance(document, dict):
        return False
    ours = re.compile(rf"(?<![^\W_]){re.escape(tracking_id)}(?![^\W_])", re.IGNORECASE)
    return any(ours.search(text) for name in _JOB_IDS if (text := _id(document.get(name))))


def read_job(document: Any, channel: Channel, via: Via) -> Job:
    """What a document says of the job."""
    if isinstance(document, list):
        return _without_status(document, channel) if document else Job(None, silent=True)
    if not isinstance(document, dict):
        return Job(None)
    result = _result(document, channel)
    if "status" not in document:
        if result is None:
            return _without_result(document, via)
        # a start may repeat its leads beside the id
        return _without_status(result, channel, only_if_found=via is Via.SUBMIT and task_id(document) is not None)
    state = words.state(document["status"])
    if state is State.PENDING:
        return Job(state)
    if state is State.FAILED:
        return Job(state, _items(result, channel), note=failure_note(document["status"], document.get("error")))
    if state is State.UNKNOWN:
        return Job(state, _items(result, channel), note="a status that nobody knows")
    if result is None:
        # "completed" in the answer to a start may be said of the start
        return Job(None) if via is Via.SUBMIT else Job(state, note="the job has ended, and its result is missing")
    return _ended(result, channel)


def _without_status(result: Any, channel: Channel, *, only_if_found: bool = False) -> Job:
    """A result that stands there without a status is one only where an item has a field for the answer."""
    items = _items(result, channel) or []
    if not any(has_value_field(item, channel) for item in items):
        return Job(None)
    return Job(State.ENDED, items, only_if_found=only_if_found)


def _without_result(document: dict[str, Any], via: Via) -> Job:
    if via is Via.WEBHOOK and document.get("error"):
        return Job(State.FAILED, note=failure_note("failed", document["error"]))
    told = (value for name, value in document.items() if name not in _SAYS_NOTHING)
    return Job(None, silent=all(value in (None, "", [], {}) for value in told))


def _ended(result: Any, channel: Channel) -> Job:
    items = _items(result, channel)
    if items is None:
        return Job(State.ENDED, note="the result can only be downloaded, or is no object")
    return Job(State.ENDED, items)


def _result(document: dict[str, Any], channel: Channel) -> Any:
    """The result of a document, which may be the document itself; None: there is none."""
    for name in _RESULTS:
        if document.get(name) is not None:
            return document[name]
    return document if has_value_field(document, channel) else None


def _items(result: Any, channel: Channel) -> list[Any] | None:
    items = items_of(result, channel) if result is not None else None
    if items is None or any(isinstance(item, dict) and "download_url" in item for item in items):
        return None
    return list(items)


def _id(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    return text if 0 < len(text) <= 300 else None
