"""Seven shapes of the phone result on Prospect and Prospect Pro: numbers, in the plural, somewhere."""

from __future__ import annotations

from typing import Final

from sandbox.payloads.result import Payload, Result, Shape
from sandbox.payloads.result import person as described


def _person(result: Result) -> Payload:
    """The members described for a phone result: no domain among them."""
    return described(result, domain=False)


def _strings(result: Result) -> Payload:
    return {**_person(result), "phoneNumbers": list(result.values)}


def _listed(result: Result) -> Payload:
    phones = [{"number": value, "type": kind} for value, kind in zip(result.values, result.kinds, strict=True)]
    return {**_person(result), "phones": phones}


def _by_kind(result: Result) -> Payload:
    return {**_person(result), "contactInfo": dict(zip(result.kinds, result.values, strict=True))}


def _flat(result: Result) -> Payload:
    return {**_person(result), "mobile": result.value, "otherNumbers": ", ".join(result.values[1:])}


def _keyed_by_number(result: Result) -> Payload:
    numbers = {value: {"type": kind} for value, kind in zip(result.values, result.kinds, strict=True)}
    return {**_person(result), "numbers": numbers, "status": "found" if numbers else "notFound"}


def _tuples(result: Result) -> Payload:
    phones = [[value, kind] for value, kind in zip(result.values, result.kinds, strict=True)]
    return {**_person(result), "phones": phones, "creditsUsed": result.credits_used}


def _deep(result: Result) -> Payload:
    direct = {"directDials": [{"phoneNumber": {"value": value}} for value in result.values]}
    return {**_person(result), "phone": direct if result.values else None, "trackingId": result.tracking_id}


SHAPES: Final[tuple[Shape, ...]] = (_strings, _listed, _by_kind, _flat, _keyed_by_number, _tuples, _deep)
