"""The receiver's own OpenAPI document, written by hand and held to be true by the tests."""

from __future__ import annotations

from typing import Any

from enrichment.capability import PREFIX
from pipelines.receiver.bodies import BODY_LIMIT


def _flag(*names: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(names),
        "properties": {name: {"type": "boolean"} for name in names},
        "additionalProperties": False,
    }


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _part(name: str, description: str) -> dict[str, Any]:
    return {
        "name": name, "in": "path", "required": True, "description": description,
        "schema": {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$"},
    }  # fmt: skip


#: those that JSON is likely to come as; any other is taken as well, but for those that 415 speaks of
_KINDS = {"application/json": {"schema": {}}, "text/plain": {"schema": {"type": "string", "minLength": 1}}}
_RECEIVED, _HEALTH = _flag("received"), _flag("ok", "inbox_writable")

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {
        "title": "leadsync's webhook receiver",
        "version": "1",
        "description": "Keeps what vendors post to the URLs that they were given. A 200 says that it is on disk.",
    },
    "paths": {
        f"{PREFIX}/{{provider}}/{{request_id}}/{{mac}}": {
            "parameters": [
                _part("provider", "Who was asked."),
                _part("request_id", "The request that the document answers."),
                _part("mac", "Proves that this URL was made by leadsync."),
            ],
            "post": {
                "operationId": "receive",
                "summary": "Take a document",
                "description": "Any content type that may hold a JSON document is taken, also one that does not stand "
                "here, and none. The body may be packed (Content-Encoding: gzip, deflate).",
                "requestBody": {
                    "required": True,
                    "description": f"{BODY_LIMIT} bytes at most, packed or not.",
                    "content": _KINDS,
                },
                "responses": {
                    "200": _json("It is kept; so too if it was kept before.", _RECEIVED),
                    "400": {"description": "The body is empty, or the request is no HTTP, or its head is too large."},
                    "401": {"description": "It is not signed as its vendor signs, or too long ago. It was not kept."},
                    "404": {"description": "No such URL was given to anybody. The body was not read."},
                    "408": {"description": "Head or body did not come in time."},
                    "413": {"description": "The body is too large."},
                    "415": {"description": "No document: multipart, image, audio, video or font."},
                    "503": _json("It cannot be kept now: post it again later.", _RECEIVED),
                },
            },
        },
        "/health": {
            "get": {
                "operationId": "health",
                "summary": "Whether documents can be kept",
                "responses": {
                    "200": _json("They can.", _HEALTH),
                    "503": _json("They cannot: the inbox is locked, or its disk is full.", _HEALTH),
                },
            }
        },
        "/openapi.json": {
            "get": {
                "operationId": "openapi",
                "summary": "This document",
                "responses": {"200": _json("This document.", {"type": "object"})},
            }
        },
    },
}
