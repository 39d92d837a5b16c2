"""Seven shapes of the phone result on Free Forever, Max and PAYG: what each provider asked has answered."""

from __future__ import annotations

from typing import Final

from sandbox.outcomes import Row
from sandbox.payloads.result import Payload, Result, Shape, job
from sandbox.payloads.result import person as described


def _person(result: Result) -> Payload:
    """The members described for a phone result: no domain among them."""
    return described(result, domain=False)


def _listed(result: Result) -> Payload:
    rows = [
        {"provider": row.provider, "status": row.status, "phoneNumbers": list(row.values)}
        for row in result.outcome.rows
    ]
    return {**job(result), "person": _person(result), "providers": rows}


def _keyed_by_provider(result: Result) -> Payload:
    rows = {
        row.provider: {"status": row.status, "phones": list(row.values)} if row.values else row.status
        for row in result.outcome.rows
    }
    return {**job(result), **_person(result), "results": rows, "creditsUsed": result.credits_used}


def _people(result: Result) -> Payload:
    rows = [{"source": row.provider, "status": row.status, "numbers": _numbers(row)} for row in result.outcome.rows]
    return {**job(result), "people": [{**_person(result), "phones": rows}]}


def _deep(result: Result) -> Payload:
    rows = [
        {"vendor": row.provider, "phoneStatus": row.status, **_first_and_others(row.values)}
        for row in result.outcome.rows
    ]
    return {**job(result), "data": {"contact": _person(result), "enrichment": {"providerResults": rows}}}


def _strings(result: Result) -> Payload:
    names = [{"name": row.provider, "status": row.status} for row in result.outcome.rows]
    return {**job(result), "personId": result.subject.person_id, "phones": list(result.values), "sources": names}


def _tuples(result: Result) -> Payload:
    rows = [[list(row.values), row.status, row.provider] for row in result.outcome.rows]
    return {**job(result), "person": _person(result), "phoneNumbers": rows}


def _keyed_by_number(result: Result) -> Payload:
    numbers = {
        number["number"]: {"type": number["type"], "provider": row.provider, "status": row.status}
        for row in result.outcome.rows
        for number in _numbers(row)
    }
    misses = {row.provider: row.status for row in result.outcome.rows if not row.values}
    return {**job(result), **_person(result), "numbers": numbers, "providers": misses}


def _first_and_others(values: tuple[str, ...]) -> Payload:
    return {"mobile": values[0], "otherNumbers": list(values[1:])} if values else {}


def _numbers(row: Row) -> list[dict[str, str]]:
    return [{"number": value, "type": kind} for value, kind in zip(row.values, row.kinds, strict=True)]


SHAPES: Final[tuple[Shape, ...]] = (_listed, _keyed_by_provider, _people, _deep, _strings, _tuples, _keyed_by_number)
