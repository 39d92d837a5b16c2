"""Refusals, and the bodies of errors: of two families, both of which the vendor states."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from typing import Any, Final

import orjson

from sandbox.sixtyfour.switches import SixtyfourSwitches, ValidationForm
from sandbox.wire import Answer

_JSON: Final = (b"content-type", b"application/json")
_HTML: Final = (b"content-type", b"text/html; charset=UTF-8")

MESSAGES: Final = {
    400: "Invalid request body",
    401: "Invalid API key",
    402: "Insufficient API credits",
    403: "This endpoint is not enabled for this org. Contact sales to request access.",
    404: "Job not found",
    429: "Rate limit exceeded",
    500: "Internal server error",
}
"""The texts of the published schema (OpenAPI) for each status; that of 403 names another feature there."""


class Refusal(Exception):
    """The call is answered with an error. ``errors`` are the entries of a 422 that the schema check wrote."""

    def __init__(self, status: int, message: str | None = None, errors: Sequence[dict[str, Any]] = ()) -> None:
        self.status = status
        self.message = message or MESSAGES.get(status) or HTTPStatus(status).phrase
        self.errors = errors
        super().__init__(self.message)


def json_body(body: object, status: int = 200) -> Answer:
    """``body`` as JSON."""
    return Answer(status, orjson.dumps(body), (_JSON,))


def refusal_answer(refusal: Refusal, switches: SixtyfourSwitches) -> Answer:
    """The answer to a call that is refused. The two families differ for all statuses but 422."""
    if refusal.errors:
        return json_body({"detail": _validation(refusal.errors, switches.sixtyfour_validation_form)}, refusal.status)
    return error_answer(refusal.status, refusal.message, switches)


def error_answer(status: int, message: str | None, switches: SixtyfourSwitches) -> Answer:
    """An error with that status; without ``message`` the documented one."""
    text = message or MESSAGES.get(status) or _phrase(status)
    match switches.sixtyfour_error_body:
        case "detail":
            return json_body({"detail": text}, status)
        case "error":
            return json_body({"error": _phrase(status), "message": text}, status)
        case "empty":
            return Answer(status, b"", ())
    page = f"<!DOCTYPE html><html><head><title>{status}</title></head><body>{escape(text)}</body></html>"
    return Answer(status, page.encode(), (_HTML,))


def _validation(errors: Sequence[dict[str, Any]], form: ValidationForm) -> object:
    if form == "text":
        return "; ".join(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in errors)
    return list(errors) if form == "v2" else [_older(entry) for entry in errors]


def _older(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry as the errors page prints it: without input, in the words of the framework's version before."""
    if entry["type"] == "missing":
        return {"loc": entry["loc"], "msg": "field required", "type": "value_error.missing"}
    return {"loc": entry["loc"], "msg": entry["msg"], "type": f"type_error.{entry['type']}"}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
