"""Seven shapes of the e-mail result on Free Forever, Max and PAYG: what each provider asked has answered."""

from __future__ import annotations

from typing import Final

from sandbox.payloads.result import Payload, Result, Shape, job, person


def _listed(result: Result) -> Payload:
    rows = [
        {"provider": row.provider, "status": row.status, "email": row.values[0] if row.values else None}
        for row in result.outcome.rows
    ]
    return {**job(result), "person": person(result), "providers": rows}


def _keyed_by_provider(result: Result) -> Payload:
    rows = {
        row.provider: {"status": row.status, "emailAddress": row.values[0]} if row.values else {"status": row.status}
        for row in result.outcome.rows
    }
    return {**job(result), **person(result), "results": rows, "creditsUsed": result.credits_used}


def _people(result: Result) -> Payload:
    rows = [
        {"source": row.provider, "emailStatus": row.status, "value": row.values[0] if row.values else ""}
        for row in result.outcome.rows
    ]
    return {**job(result), "people": [{**person(result), "emails": rows}]}


def _deep(result: Result) -> Payload:
    rows = [
        {"vendor": row.provider, "verificationStatus": row.status.upper(), **_address("emailAddress", row.values)}
        for row in result.outcome.rows
    ]
    contact = {"contact": person(result), "enrichment": {"providerResults": rows}}
    return {**job(result), "data": {**contact, "creditsUsed": result.credits_used}}


def _strings(result: Result) -> Payload:
    names = [{"name": row.provider, "status": row.status} for row in result.outcome.rows]
    return {**job(result), "personId": result.subject.person_id, "emails": list(result.values), "sources": names}


def _tuples(result: Result) -> Payload:
    rows = [[row.values[0] if row.values else None, row.status, row.provider] for row in result.outcome.rows]
    return {**job(result), "person": person(result), "emails": rows}


def _keyed_by_address(result: Result) -> Payload:
    emails: dict[str, object] = {}
    misses = {}
    for row in result.outcome.rows:
        if row.values:
            emails[row.values[0]] = {"deliverability": row.status, "provider": row.provider}
        else:
            misses[row.provider] = row.status
    return {**job(result), **person(result), "emails": emails, "providers": misses}


def _address(name: str, values: tuple[str, ...]) -> Payload:
    return {name: values[0]} if values else {}


SHAPES: Final[tuple[Shape, ...]] = (_listed, _keyed_by_provider, _people, _deep, _strings, _tuples, _keyed_by_address)
