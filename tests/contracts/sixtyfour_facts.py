"""What Sixtyfour's published OpenAPI says of the bodies that we send and read, written down by hand as JSON schemas.

Requests are the same in all its snapshots (`leads` has no bounds there; 100 are the most by its pages). Answers are
described in the newer ones only; the older leave all of them untyped.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

LEAD: Schema = {"type": "object", "additionalProperties": True}
_WEBHOOK_URL: Schema = {
    "anyOf": [{"type": "string", "minLength": 1, "maxLength": 2083, "format": "uri"}, {"type": "null"}]
}
_COMMON: Schema = {
    "providers": {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]},
    "webhook_url": _WEBHOOK_URL,
}
_OF_EMAIL: Schema = {
    "verify_emails": {"type": "boolean"},
    "mode": {"type": "string", "enum": ["PROFESSIONAL", "PERSONAL"]},
}


def _request(required: str, value: Schema, *more: Schema) -> Schema:
    properties = {required: value, **_COMMON}
    for fields in more:
        properties |= fields
    # the vendor ignores what it does not know; we send nothing of the kind
    return {"type": "object", "required": [required], "properties": properties, "additionalProperties": False}


_LEADS: Schema = {"type": "array", "items": LEAD, "minItems": 1, "maxItems": 100}
#: path of the synchronous form -> its body; the form that adds ``-async`` takes the same
REQUESTS: dict[str, Schema] = {
    "/find-email": _request("lead", LEAD, _OF_EMAIL),
    "/find-email-bulk": _request("leads", _LEADS, _OF_EMAIL),
    "/find-phone": _request("lead", LEAD),
    "/find-phone-bulk": _request("leads", _LEADS),
}

START: Schema = {
    "type": "object",
    "required": ["task_id", "status"],
    "properties": {"task_id": {"type": "string"}, "status": {"const": "RUNNING"}},
}
BALANCE: Schema = {"type": "object", "required": ["credits"], "properties": {"credits": {"type": "number"}}}

_JOB: Schema = {name: {"type": "string"} for name in ("id", "run_id", "start_time")}
NOT_COMPLETED = ["running", "failed", "cancelled", "terminated", "continued_as_new", "timed_out"]
_CHARGES: Schema = {"charge_amount": {"type": "number"}, "charge_credits": {"type": "number"}}


def _completed(field: str, value: Schema) -> Schema:
    properties = {"status": {"const": "completed"}, **_JOB, "close_time": {"type": "string"}, field: value, **_CHARGES}
    return {"type": "object", "required": ["status", *_JOB, "close_time", field], "properties": properties}


_OBJECT: Schema = {"type": "object"}
JOB_STATUS: Schema = {
    "oneOf": [
        {
            "type": "object",
            "required": ["status", *_JOB],
            "properties": {"status": {"enum": NOT_COMPLETED}, **_JOB},
        },
        _completed("result", {"anyOf": [_OBJECT, {"type": "array", "items": _OBJECT}]}),
        _completed("results", {"type": "array", "items": _OBJECT}),
    ]
}
VALIDATION_ERROR: Schema = {
    "type": "object",
    "properties": {
        "detail": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["loc", "msg", "type"],
                "properties": {
                    "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "msg": {"type": "string"},
                    "type": {"type": "string"},
                },
            },
        }
    },
}
