"""Which leads of a request a refusal complains of. Pure.

Wire facts: a 422 lists ``{"loc": ["body", "leads", 17, ...], "msg": ..., "type": ...}`` (HTTPValidationError of the
OpenAPI, the form of pydantic).
"""

from __future__ import annotations

from typing import Any

from sources.documents import NotJson, parse


def refused_leads(body: bytes, count: int) -> tuple[int, ...]:
    """The positions of the leads that a refusal names, of ``count``; empty where it is about the request, or unclear.

    A refusal that names the request as well would meet the other leads again.
    """
    try:
        document = parse(body)
    except NotJson:
        return ()
    detail = document.get("detail") if isinstance(document, dict) else None
    if not isinstance(detail, list):
        return ()
    named = [_lead(entry, count) for entry in detail]
    if any(position is None for position in named):
        return ()
    return tuple(sorted({position for position in named if position is not None}))


def _lead(entry: Any, count: int) -> int | None:
    place = entry.get("loc") if isinstance(entry, dict) else None
    if not isinstance(place, list):
        return None
    path = place[1:] if place[:1] == ["body"] else place
    if path[:1] == ["lead"]:
        return 0 if count == 1 else None
    position = path[1] if path[:1] == ["leads"] and len(path) > 1 else None
    if isinstance(position, str) and position.isascii() and position.isdigit() and len(position) < 10:
        position = int(position)
    if isinstance(position, bool) or not isinstance(position, int) or not 0 <= position < count:
        return None
    return position
