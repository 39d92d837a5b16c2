"""Seven shapes of the e-mail result on Prospect and Prospect Pro: one address with its status, somewhere."""

from __future__ import annotations

from typing import Final

from sandbox.payloads.result import Payload, Result, Shape, person


def _nested(result: Result) -> Payload:
    email = {"email": result.value, "emailStatus": result.status} if result.value else {}
    return {**person(result), "email": email}


def _flat(result: Result) -> Payload:
    return {**person(result), "email": result.value, "emailStatus": result.status or "unavailable"}


def _listed(result: Result) -> Payload:
    emails = [
        {"value": value, "type": "work", "verificationStatus": result.status.capitalize()} for value in result.values
    ]
    return {**person(result), "emails": emails}


def _strings(result: Result) -> Payload:
    found = {"contactEmailStatus": result.status} if result.value else {}
    return {**person(result), "emails": list(result.values), **found}


def _deep(result: Result) -> Payload:
    work = {"emailAddress": result.value, "deliverability": result.status} if result.value else None
    return {**person(result), "contactInfo": {"workEmail": work}, "trackingId": result.tracking_id, "status": "success"}


def _keyed_by_address(result: Result) -> Payload:
    return {**person(result), "emails": {value: {"status": result.status} for value in result.values}}


def _tuple(result: Result) -> Payload:
    email = [result.value, result.status, "work"] if result.value else []
    return {**person(result), "email": email, "creditsUsed": result.credits_used}


SHAPES: Final[tuple[Shape, ...]] = (_nested, _flat, _listed, _strings, _deep, _keyed_by_address, _tuple)
